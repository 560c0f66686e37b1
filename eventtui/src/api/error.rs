//! Why a request failed, as a message for the user.

use eventcore::{Error, Violation};

/// A failed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) message: String,
    /// The invalid fields, for forms to show beside them.
    pub(crate) fields: Vec<Violation>,
    pub(crate) kind: ErrorKind,
}

/// What can be done about a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// Sign in.
    SignedOut,
    /// Give the password again: the request changes credentials.
    PasswordRequired,
    /// Try again later.
    Unavailable,
    /// The ticket is for another occurrence: ask whether to take it all the same.
    WrongOccurrence,
    /// Depends on the message; the user decides.
    Other,
}

/// The message when the version sent is not the current one.
const VERSION_MISMATCH: &str = "this has changed meanwhile: reload it, then try again";

impl ApiError {
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self { message: message.into(), fields: Vec::new(), kind: ErrorKind::Unavailable }
    }

    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self { message: message.into(), fields: Vec::new(), kind: ErrorKind::Other }
    }

    /// The change was made to an outdated version.
    pub(crate) fn version_mismatch() -> Self {
        Self::other(VERSION_MISMATCH)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let kind = match &error {
            // The current version number would mean nothing to the user.
            Error::VersionMismatch { .. } => return Self::version_mismatch(),
            Error::Unauthenticated | Error::TokenExpired => ErrorKind::SignedOut,
            Error::PasswordRequired => ErrorKind::PasswordRequired,
            Error::WrongOccurrence { .. } => ErrorKind::WrongOccurrence,
            error if error.is_unavailable() => ErrorKind::Unavailable,
            _ => ErrorKind::Other,
        };
        let message = match &error {
            // It comes from the database, whose operator needs the cause.
            Error::Internal(cause) => format!("{error}: {cause}"),
            other => other.to_string(),
        };
        let fields = match error {
            Error::Invalid(violations) => violations.as_slice().to_vec(),
            _ => Vec::new(),
        };
        Self { message, fields, kind }
    }
}
