//! What people say of accounts, and the rules that it must keep.

use chrono_tz::Tz;
use serde_json::Value;

use super::address::{Email, Username};
use super::password;
use crate::actor::Role;
use crate::error::{Error, Result, Violations};
use crate::input::{Fields, Lines, check_text};

/// Implements reading from JSON through a function of [`Fields`].
macro_rules! read_from_fields {
    ($name:ident) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Value::deserialize(deserializer).map(|value| Self::read(Fields::of(value)))
            }
        }
    };
}
pub(super) use read_from_fields;

/// Someone who signs up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewUser {
    /// 3–32 of `a-z 0-9 . _ -`, compared without case.
    #[cfg_attr(feature = "openapi", schema(min_length = 3, max_length = 32))]
    pub username: String,
    /// An e-mail address, compared without case.
    #[cfg_attr(feature = "openapi", schema(max_length = 254))]
    pub email: String,
    /// At least 10 characters, any, not among known-bad ones. Only the system may leave it out: such a user can't sign in with a password.
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = true, min_length = 10, max_length = 1024, format = Password))]
    pub password: Option<String>,
    /// 1–100 characters; the username when nothing is said.
    #[cfg_attr(feature = "openapi", schema(required = false, min_length = 1, max_length = 100))]
    pub display_name: Option<String>,
    /// IANA name; UTC when nothing is said.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub timezone: Option<String>,
    /// Only admins and the system make admins.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub role: Option<Role>,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

read_from_fields!(NewUser);

impl NewUser {
    fn read(mut fields: Fields) -> Self {
        let mut input = Self {
            username: fields.text("username").unwrap_or_default(),
            email: fields.text("email").unwrap_or_default(),
            password: fields.text("password"),
            display_name: fields.text("display_name"),
            timezone: fields.text("timezone"),
            role: fields.parsed("role"),
            misread: Violations::default(),
        };
        input.misread = fields.finish();
        input
    }

    /// Checks every rule. `password_needed` is false where the system makes a user.
    pub(super) fn validate(&self, password_needed: bool) -> Result<ValidUser> {
        let mut wrong = self.misread.clone();
        let username = parse::<Username>(&mut wrong, "/username", &self.username);
        let email = parse::<Email>(&mut wrong, "/email", &self.email);
        match &self.password {
            Some(password) => {
                let names = [&*self.username, &*self.email, self.display_name.as_deref().unwrap_or_default()];
                password::check(&mut wrong, "/password", password, names);
            }
            None if password_needed => wrong.add("/password", "required", "must be given"),
            None => {}
        }
        let display_name = self.display_name.clone().unwrap_or_else(|| self.username.clone());
        if self.display_name.is_some() {
            check_text(&mut wrong, "display_name", &display_name, 1, 100, Lines::One);
        }
        let timezone = check_zone(&mut wrong, self.timezone.as_deref().unwrap_or("UTC"));
        match (username, email, timezone) {
            (Some(username), Some(email), Some(timezone)) if wrong.is_empty() => Ok(ValidUser {
                username,
                email,
                password: self.password.clone(),
                display_name: display_name.trim().to_owned(),
                timezone,
            }),
            _ => Err(Error::Invalid(wrong)),
        }
    }
}

/// Someone whose account can be made.
pub(super) struct ValidUser {
    pub(super) username: Username,
    pub(super) email: Email,
    pub(super) password: Option<String>,
    pub(super) display_name: String,
    pub(super) timezone: Tz,
}

fn parse<T: std::str::FromStr<Err = &'static str>>(
    wrong: &mut Violations,
    pointer: &str,
    text: &str,
) -> Option<T> {
    if text.trim().is_empty() {
        wrong.add(pointer, "required", "must be given");
        return None;
    }
    text.parse().map_err(|error| wrong.add(pointer, "invalid", error)).ok()
}

pub(super) fn check_zone(wrong: &mut Violations, name: &str) -> Option<Tz> {
    name.parse()
        .map_err(|_| wrong.add("/timezone", "invalid", "must be an IANA time zone such as Europe/London"))
        .ok()
}

/// What of an account can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) email: String,
    pub(super) display_name: String,
    pub(super) timezone: String,
    pub(super) role: Option<Role>,
    misread: Violations,
}

read_from_fields!(Profile);

impl Profile {
    fn read(mut fields: Fields) -> Self {
        let mut profile = Self {
            email: fields.text("email").unwrap_or_default(),
            display_name: fields.text("display_name").unwrap_or_default(),
            timezone: fields.text("timezone").unwrap_or_else(|| "UTC".to_owned()),
            role: fields.parsed("role"),
            misread: Violations::default(),
        };
        profile.misread = fields.finish();
        profile
    }

    pub(super) fn validate(&self) -> Result<(Email, Tz)> {
        let mut wrong = self.misread.clone();
        let email = parse::<Email>(&mut wrong, "/email", &self.email);
        check_text(&mut wrong, "display_name", &self.display_name, 1, 100, Lines::One);
        let timezone = check_zone(&mut wrong, &self.timezone);
        match (email, timezone) {
            (Some(email), Some(timezone)) if wrong.is_empty() => Ok((email, timezone)),
            _ => Err(Error::Invalid(wrong)),
        }
    }
}

/// A name and a password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credentials {
    /// The username or the e-mail address.
    pub login: String,
    /// The password.
    #[cfg_attr(feature = "openapi", schema(format = Password))]
    pub password: String,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

read_from_fields!(Credentials);

impl Credentials {
    fn read(mut fields: Fields) -> Self {
        let (login, password) = (required(&mut fields, "login"), required(&mut fields, "password"));
        Self { login, password, misread: fields.finish() }
    }
}

/// A refresh token, to be exchanged or given up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefreshToken {
    /// As it was given at sign-in or at the last refresh.
    pub refresh_token: String,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

read_from_fields!(RefreshToken);

impl RefreshToken {
    fn read(mut fields: Fields) -> Self {
        let refresh_token = required(&mut fields, "refresh_token");
        Self { refresh_token, misread: fields.finish() }
    }
}

/// A change of password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPassword {
    /// The password that holds.
    #[cfg_attr(feature = "openapi", schema(format = Password))]
    pub current_password: String,
    /// The one that shall hold.
    #[cfg_attr(feature = "openapi", schema(min_length = 10, max_length = 1024, format = Password))]
    pub new_password: String,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

read_from_fields!(NewPassword);

impl NewPassword {
    fn read(mut fields: Fields) -> Self {
        let (current_password, new_password) =
            (required(&mut fields, "current_password"), required(&mut fields, "new_password"));
        Self { current_password, new_password, misread: fields.finish() }
    }
}

/// A string that must be there.
fn required(fields: &mut Fields, name: &str) -> String {
    if !fields.has(name) {
        fields.wrong(name, "required", "must be given");
    }
    fields.text(name).unwrap_or_default()
}
