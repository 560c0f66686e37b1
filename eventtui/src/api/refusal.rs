//! Why a request failed, as a message for the user.

use eventcore::{Error, Violation};

/// A failed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    /// The invalid fields, for forms to show beside them.
    pub(crate) fields: Vec<Violation>,
    pub(crate) cause: Cause,
}

/// What can be done about a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Sign in.
    SignedOut,
    /// Try again later.
    Away,
    /// Depends on the message; the user decides.
    Other,
}

/// The message when the version sent is not the current one.
const CHANGED: &str = "this has changed meanwhile: reload it, then try again";

impl Refusal {
    pub(crate) fn away(message: impl Into<String>) -> Self {
        Self { message: message.into(), fields: Vec::new(), cause: Cause::Away }
    }

    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self { message: message.into(), fields: Vec::new(), cause: Cause::Other }
    }

    /// The change was made to an outdated version.
    pub(crate) fn changed() -> Self {
        Self::other(CHANGED)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let cause = match &error {
            // The current version number would mean nothing to the user.
            Error::VersionMismatch { .. } => return Self::changed(),
            Error::Unauthenticated | Error::TokenExpired => Cause::SignedOut,
            error if error.is_unavailable() => Cause::Away,
            _ => Cause::Other,
        };
        let message = error.to_string();
        let fields = match error {
            Error::Invalid(violations) => violations.as_slice().to_vec(),
            _ => Vec::new(),
        };
        Self { message, fields, cause }
    }
}
