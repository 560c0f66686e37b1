//! Kinds of errors, for programs that treat many alike.

use super::cause::Cause;
use super::variants::Error;

/// The kind of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is invalid.
    Invalid,
    /// The caller must sign in, again or with the password.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// There is no such record, or the caller may not see it.
    NotFound,
    /// The state of a record does not permit it, or the record has changed.
    Conflict,
    /// The caller has had too much: too many attempts, or too many records.
    LimitExceeded,
    /// Something that the operation needs cannot be used at the moment, or until an operator acts.
    Unavailable,
    /// A bug, or invalid data in the database.
    Internal,
}

impl Error {
    /// The kind of the error. Further variants of [`Error`] will have one of these kinds, so that programs
    /// need not know them all.
    ///
    /// ```
    /// use eventcore::error::{Cause, ErrorKind};
    /// use eventcore::{Actor, EventCore, EventId};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let core = EventCore::builder().temporary().open().await?;
    /// let unknown: EventId = "018bcfe5-6800-7000-8000-000000000001".parse()?;
    /// let refused = core.event(&Actor::System, unknown).await.unwrap_err();
    /// assert!(refused.is_not_found() && !refused.is_transient());
    /// assert_eq!(refused.kind(), ErrorKind::NotFound);
    /// # core.close().await;
    ///
    /// let refused = EventCore::open("mysql://localhost/events").await.unwrap_err();
    /// assert_eq!(refused.cause(), Some(Cause::WrongUrl));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Unauthenticated
            | Self::InvalidCredentials
            | Self::InvalidToken
            | Self::TokenExpired
            | Self::PasswordRequired => ErrorKind::Unauthenticated,
            Self::Forbidden(_) | Self::EmailNotVerified | Self::NotAttended | Self::SubscribedEvent => {
                ErrorKind::Forbidden
            }
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::UsernameTaken
            | Self::EmailTaken
            | Self::EventFull
            | Self::RegistrationClosed
            | Self::RegistrationNotOpen
            | Self::OccurrencePast
            | Self::OccurrenceBegun
            | Self::OccurrenceCancelled
            | Self::EventNotPublished
            | Self::PartyTooLarge { .. }
            | Self::HasRegistrations
            | Self::CategoryInUse
            | Self::VersionMismatch { .. }
            | Self::IdempotencyKeyReused
            | Self::NotConfirmed { .. }
            | Self::WrongOccurrence { .. }
            | Self::CheckInClosed { .. }
            | Self::OccurrenceNotOver
            | Self::DeliveryWaiting
            | Self::SubscriptionDisabled
            | Self::Refused(_) => ErrorKind::Conflict,
            Self::RateLimited { .. } | Self::QuotaExceeded { .. } => ErrorKind::LimitExceeded,
            Self::Unavailable { .. } | Self::Contended | Self::Overloaded => ErrorKind::Unavailable,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    /// The status of HTTP with which eventd answers the error (RFC 9110, section 15; 429 is of RFC 6585), for
    /// programs that answer HTTP requests themselves.
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::PasswordRequired | Self::QuotaExceeded { .. } => 403,
            Self::VersionMismatch { .. } => 412,
            _ => match self.kind() {
                ErrorKind::Invalid => 400,
                ErrorKind::Unauthenticated => 401,
                ErrorKind::Forbidden => 403,
                ErrorKind::NotFound => 404,
                ErrorKind::Conflict => 409,
                ErrorKind::LimitExceeded => 429,
                ErrorKind::Unavailable => 503,
                ErrorKind::Internal => 500,
            },
        }
    }

    /// Whether there is no such record, or the caller may not see it.
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }

    /// Whether the state of a record does not permit the operation, or the record has changed.
    pub const fn is_conflict(&self) -> bool {
        matches!(self.kind(), ErrorKind::Conflict)
    }

    /// Whether something that the operation needs cannot be used. [`Error::is_transient`] tells whether that
    /// passes.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self.kind(), ErrorKind::Unavailable)
    }

    /// Whether the same call may succeed later, though nobody does anything: after others have ended, the
    /// server is back, or a limit has passed.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable { cause, .. } => cause.is_transient(),
            Self::Contended | Self::Overloaded | Self::RateLimited { .. } => true,
            _ => false,
        }
    }

    /// Why something is unavailable, for [`Error::Unavailable`].
    pub const fn cause(&self) -> Option<Cause> {
        match self {
            Self::Unavailable { cause, .. } => Some(*cause),
            _ => None,
        }
    }
}
