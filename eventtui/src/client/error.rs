//! Errors of calls, and their messages for the user.

use eventcore::Violation;
use hyper::StatusCode;

use crate::api::{ApiError, ErrorKind};

/// A failed call.
#[derive(Debug)]
pub(crate) enum Error {
    /// No complete response arrived.
    Connection(String),
    /// The response is not of the documented form.
    UnexpectedResponse,
    /// The refresh token is no longer valid.
    SessionEnded,
    /// The token of the environment is not valid.
    TokenRefused,
    /// A status other than success.
    Status(StatusCode, Option<Problem>),
}

/// The parts of a problem (RFC 9457) that are used.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Problem {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<Violation>,
}

impl Problem {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Whether the password sent with the call is wrong. The session itself is still valid.
    pub(super) fn is_wrong_password(&self) -> bool {
        self.r#type == "/problems/invalid-credentials"
    }

    /// Whether the password must be given again before the call.
    fn is_password_required(&self) -> bool {
        self.r#type == "/problems/password-required"
    }

    /// Whether the ticket is for another occurrence than the one that is checked in to.
    fn is_of_another_occurrence(&self) -> bool {
        self.r#type == "/problems/wrong-occurrence"
    }
}

impl Error {
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Status(StatusCode::NOT_FOUND, _))
    }
}

impl From<hyper_util::client::legacy::Error> for Error {
    fn from(error: hyper_util::client::legacy::Error) -> Self {
        let message = if error.is_connect() {
            "the server cannot be reached"
        } else {
            "the connection to the server was lost"
        };
        Self::Connection(message.to_owned())
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let (status, problem) = match error {
            Error::Connection(message) => return Self::unavailable(message),
            Error::UnexpectedResponse => {
                return Self::other("unexpected response from the server: is it an eventd of this version?");
            }
            Error::SessionEnded => {
                let message = "you were signed out".to_owned();
                return Self { message, fields: Vec::new(), kind: ErrorKind::SignedOut };
            }
            Error::TokenRefused => {
                return Self::other(
                    "EVENTTUI_TOKEN is refused: it has expired, was revoked, or is for another server",
                );
            }
            Error::Status(StatusCode::PRECONDITION_FAILED, _) => return Self::version_mismatch(),
            Error::Status(status, problem) => (status, problem),
        };
        let wrong_password = problem.as_ref().is_some_and(Problem::is_wrong_password);
        let password_required = problem.as_ref().is_some_and(Problem::is_password_required);
        let kind = match status {
            _ if password_required => ErrorKind::PasswordRequired,
            StatusCode::UNAUTHORIZED if !wrong_password => ErrorKind::SignedOut,
            _ if problem.as_ref().is_some_and(Problem::is_of_another_occurrence) => {
                ErrorKind::WrongOccurrence
            }
            StatusCode::TOO_MANY_REQUESTS => ErrorKind::Unavailable,
            status if status.is_server_error() => ErrorKind::Unavailable,
            _ => ErrorKind::Other,
        };
        match problem.filter(|problem| !problem.detail.is_empty()) {
            Some(problem) => Self { message: problem.detail, fields: problem.errors, kind },
            None => Self { message: format!("the server answers {status}"), fields: Vec::new(), kind },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_repeat_the_server_s_detail_if_there_is_one() {
        let problem = br#"{"type":"/problems/event-full","title":"Full","status":409,
            "detail":"no seats are left for this party","instance":"x"}"#;
        let error = |status, body: &[u8]| ApiError::from(Error::Status(status, Problem::read(body)));
        let full = error(StatusCode::CONFLICT, problem);
        assert_eq!(
            (full.message.as_str(), full.kind),
            ("no seats are left for this party", ErrorKind::Other)
        );
        let changed = error(StatusCode::PRECONDITION_FAILED, problem);
        assert_eq!(changed, eventcore::Error::VersionMismatch { current: 7 }.into(), "the library's words");
        assert!(changed.message.starts_with("this has changed meanwhile: reload it"));
        let ticket =
            br#"{"type":"/problems/wrong-occurrence","detail":"this ticket is for another occurrence"}"#;
        assert_eq!(error(StatusCode::CONFLICT, ticket).kind, ErrorKind::WrongOccurrence);
        let garbage = error(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!(
            (garbage.message.as_str(), garbage.kind),
            ("the server answers 502 Bad Gateway", ErrorKind::Unavailable)
        );
    }
}
