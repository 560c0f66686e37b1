//! A user as a request names them.

use std::str::FromStr;

use eventcore::{Actor, Error, UserId};

use crate::http::call::Call;

/// The length of an id in the form in which ids are sent. A username is shorter, and may consist of
/// hexadecimal digits only, which would be another form of an id.
const ID_LENGTH: usize = 36;

/// A user as a request names them: `me`, an id, or a username.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum UserReference {
    Me,
    Id(UserId),
    Username(String),
}

impl FromStr for UserReference {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "me" {
            return Ok(Self::Me);
        }
        match text.parse() {
            Ok(id) if text.len() == ID_LENGTH => Ok(Self::Id(id)),
            _ if text.chars().any(char::is_control) => Err(()),
            _ => Ok(Self::Username(text.to_owned())),
        }
    }
}

impl UserReference {
    /// The user in the path.
    pub(super) fn of(call: &Call) -> Result<Self, Error> {
        call.parameter("user").parse().map_err(|()| Error::NotFound("user"))
    }

    /// The id of the user.
    ///
    /// # Errors
    /// `not_found` for an unknown username. An id is not looked up.
    pub(super) async fn resolve(self, call: &Call, actor: &Actor) -> Result<UserId, Error> {
        match self {
            Self::Me => Ok(actor.signed_in()?.id),
            Self::Id(id) => Ok(id),
            Self::Username(name) => Ok(call.core.profile_by_username(&name).await?.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_of_hexadecimal_digits_is_no_id() {
        let id = "01890000-0000-7000-8000-000000000000";
        assert_eq!(id.parse(), Ok(UserReference::Id(id.parse().unwrap())));
        for name in ["ada", "01890000000070008000000000000000", "", "x/y"] {
            assert_eq!(name.parse(), Ok(UserReference::Username(name.to_owned())), "{name}");
        }
        assert_eq!("me".parse(), Ok(UserReference::Me));
        assert_eq!("a\0b".parse::<UserReference>(), Err(()));
    }
}
