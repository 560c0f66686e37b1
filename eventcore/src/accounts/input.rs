//! Input of account operations, and its validation.

use chrono_tz::Tz;

use super::login::{Email, Username};
use super::password;
use crate::actor::Role;
use crate::error::{Error, Result, Violations};
use crate::input::{Fields, Lines, check_text, deserialize_by_fields};

/// An account to create.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewUser {
    /// 3–32 of the characters `a-z 0-9 . _ -`, compared without case.
    #[cfg_attr(feature = "openapi", schema(min_length = 3, max_length = 32))]
    pub username: String,
    /// An e-mail address, compared without case.
    #[cfg_attr(feature = "openapi", schema(max_length = 254))]
    pub email: String,
    /// At least 10 characters of any kind, and not a common password.
    // Only the system may create a user without a password, who then cannot sign in with one.
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = String, required = true, min_length = 10, max_length = 1024, format = Password)
    )]
    pub password: Option<String>,
    /// 1–100 characters. Default: the username.
    #[cfg_attr(feature = "openapi", schema(required = false, min_length = 1, max_length = 100))]
    pub display_name: Option<String>,
    /// IANA time zone. Default: UTC.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub timezone: Option<String>,
    /// Only admins may create admins. Default: `user`.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub role: Option<Role>,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(NewUser);

impl NewUser {
    /// An account with a username (3–32 of `a-z 0-9 . _ -`) and an e-mail address.
    pub fn new(username: impl Into<String>, email: impl Into<String>) -> Self {
        Self { username: username.into(), email: email.into(), ..Self::default() }
    }

    /// The password: at least 10 characters. Only the system may create a user without one.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The name for display, 1–100 characters. Default: the username.
    #[must_use]
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// The IANA time zone. Default: UTC.
    #[must_use]
    pub fn timezone(mut self, name: impl Into<String>) -> Self {
        self.timezone = Some(name.into());
        self
    }

    /// The role. Only admins may create admins. Default: a user.
    #[must_use]
    pub const fn role(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    fn take(fields: &mut Fields) -> Self {
        Self {
            username: fields.string("username").unwrap_or_default(),
            email: fields.string("email").unwrap_or_default(),
            password: fields.string("password"),
            display_name: fields.string("display_name"),
            timezone: fields.string("timezone"),
            role: fields.parsed("role"),
            parse_errors: Violations::default(),
        }
    }

    /// Validates all fields. `password_required` is false if the system creates the user.
    pub(super) fn validate(&self, password_required: bool) -> Result<ValidUser> {
        let mut violations = self.parse_errors.clone();
        let username = parse::<Username>(&mut violations, "/username", &self.username);
        let email = parse::<Email>(&mut violations, "/email", &self.email);
        match &self.password {
            Some(password) => {
                let names = [&*self.username, &*self.email, self.display_name.as_deref().unwrap_or_default()];
                password::check(&mut violations, "/password", password, names);
            }
            None if password_required => violations.add("/password", "required", "is required"),
            None => {}
        }
        let display_name = self.display_name.clone().unwrap_or_else(|| self.username.clone());
        if self.display_name.is_some() {
            check_text(&mut violations, "display_name", &display_name, 1, 100, Lines::One);
        }
        let timezone = check_zone(&mut violations, self.timezone.as_deref().unwrap_or("UTC"));
        match (username, email, timezone) {
            (Some(username), Some(email), Some(timezone)) if violations.is_empty() => Ok(ValidUser {
                username,
                email,
                password: self.password.clone(),
                display_name: display_name.trim().to_owned(),
                timezone,
            }),
            _ => Err(Error::Invalid(violations)),
        }
    }
}

/// A validated [`NewUser`].
#[derive(Debug, Clone)]
pub(super) struct ValidUser {
    pub(super) username: Username,
    pub(super) email: Email,
    pub(super) password: Option<String>,
    pub(super) display_name: String,
    pub(super) timezone: Tz,
}

fn parse<T: std::str::FromStr<Err = &'static str>>(
    violations: &mut Violations,
    pointer: &str,
    text: &str,
) -> Option<T> {
    if text.trim().is_empty() {
        violations.add(pointer, "required", "is required");
        return None;
    }
    text.parse().map_err(|error| violations.add(pointer, "invalid", error)).ok()
}

pub(super) fn check_zone(violations: &mut Violations, name: &str) -> Option<Tz> {
    name.parse()
        .map_err(|_| {
            violations.add("/timezone", "invalid", "must be an IANA time zone such as Europe/London");
        })
        .ok()
}

/// The fields of an account that can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) email: String,
    pub(super) display_name: String,
    pub(super) timezone: String,
    pub(super) role: Option<Role>,
    pub(super) takes_replies: bool,
    pub(super) parse_errors: Violations,
}

deserialize_by_fields!(Profile);

impl Profile {
    fn take(fields: &mut Fields) -> Self {
        // Verified before the change, and not a field of the account.
        fields.string("current_password");
        Self {
            email: fields.string("email").unwrap_or_default(),
            display_name: fields.string("display_name").unwrap_or_default(),
            timezone: fields.string("timezone").unwrap_or_else(|| "UTC".to_owned()),
            role: fields.parsed("role"),
            takes_replies: fields.boolean("takes_replies").unwrap_or_default(),
            parse_errors: Violations::default(),
        }
    }

    pub(super) fn validate(&self) -> Result<(Email, Tz)> {
        let mut violations = self.parse_errors.clone();
        let email = parse::<Email>(&mut violations, "/email", &self.email);
        check_text(&mut violations, "display_name", &self.display_name, 1, 100, Lines::One);
        let timezone = check_zone(&mut violations, &self.timezone);
        match (email, timezone) {
            (Some(email), Some(timezone)) if violations.is_empty() => Ok((email, timezone)),
            _ => Err(Error::Invalid(violations)),
        }
    }
}

/// A login name and a password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credentials {
    /// The username or the e-mail address.
    pub login: String,
    /// The password.
    #[cfg_attr(feature = "openapi", schema(format = Password))]
    pub password: String,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(Credentials);

impl Credentials {
    /// A username or an e-mail address, and the password.
    pub fn new(login: impl Into<String>, password: impl Into<String>) -> Self {
        Self { login: login.into(), password: password.into(), ..Self::default() }
    }

    fn take(fields: &mut Fields) -> Self {
        let (login, password) = (required(fields, "login"), required(fields, "password"));
        Self { login, password, parse_errors: Violations::default() }
    }
}

/// The password of a signed-in user, given again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Confirmation {
    /// The password.
    #[cfg_attr(feature = "openapi", schema(format = Password))]
    pub password: String,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(Confirmation);

impl Confirmation {
    fn take(fields: &mut Fields) -> Self {
        let password = required(fields, "password");
        Self { password, parse_errors: Violations::default() }
    }
}

/// A refresh token to exchange or to revoke.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefreshToken {
    /// The refresh token of the sign-in or of the last refresh.
    pub refresh_token: String,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(RefreshToken);

impl RefreshToken {
    fn take(fields: &mut Fields) -> Self {
        let refresh_token = required(fields, "refresh_token");
        Self { refresh_token, parse_errors: Violations::default() }
    }
}

/// A change of password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPassword {
    /// The current password.
    #[cfg_attr(feature = "openapi", schema(format = Password))]
    pub current_password: String,
    /// The new password: at least 10 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 10, max_length = 1024, format = Password))]
    pub new_password: String,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(NewPassword);

impl NewPassword {
    fn take(fields: &mut Fields) -> Self {
        let (current_password, new_password) =
            (required(fields, "current_password"), required(fields, "new_password"));
        Self { current_password, new_password, parse_errors: Violations::default() }
    }
}

/// The token of a link in a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkToken {
    /// The value of `token` in the address of the link.
    pub token: String,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(LinkToken);

impl LinkToken {
    fn take(fields: &mut Fields) -> Self {
        Self { token: required(fields, "token"), parse_errors: Violations::default() }
    }
}

/// The address of someone who has forgotten their password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForgottenPassword {
    /// The e-mail address of the account.
    #[cfg_attr(feature = "openapi", schema(max_length = 254))]
    pub email: String,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(ForgottenPassword);

impl ForgottenPassword {
    fn take(fields: &mut Fields) -> Self {
        Self { email: required(fields, "email"), parse_errors: Violations::default() }
    }
}

/// A new password, by the token of a link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordReset {
    /// The value of `token` in the address of the link.
    pub token: String,
    /// The new password: at least 10 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 10, max_length = 1024, format = Password))]
    pub new_password: String,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(PasswordReset);

impl PasswordReset {
    fn take(fields: &mut Fields) -> Self {
        let (token, new_password) = (required(fields, "token"), required(fields, "new_password"));
        Self { token, new_password, parse_errors: Violations::default() }
    }
}

/// Takes a required string.
fn required(fields: &mut Fields, name: &str) -> String {
    if !fields.has(name) {
        fields.add_violation(name, "required", "is required");
    }
    fields.string(name).unwrap_or_default()
}
