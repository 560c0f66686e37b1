//! The closed set of ways in which an operation can fail, each with a stable code.

use std::borrow::Cow;
use std::fmt;

/// What the library's operations answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation did not happen. Nothing of it was stored then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input breaks rules; every broken one is listed.
    #[error("{0}")]
    Invalid(Violations),
    /// Who asks must sign in first.
    #[error("sign in first")]
    Unauthenticated,
    /// The name or the password, or the token, is not right.
    #[error("these credentials are not right")]
    InvalidCredentials,
    /// The token was good once and has run out.
    #[error("the token has expired")]
    TokenExpired,
    /// Who asks may see the thing, but not do this to it.
    #[error("this is not yours to do: {0}")]
    Forbidden(&'static str),
    /// There is no such thing, or it is not for the eyes of who asks.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Another user has this name.
    #[error("another user has this username")]
    UsernameTaken,
    /// Another user has this address.
    #[error("another user has this e-mail address")]
    EmailTaken,
    /// No seat is left, and there is no waitlist.
    #[error("no seats are left for this party")]
    EventFull,
    /// Registration has closed.
    #[error("registration has closed")]
    RegistrationClosed,
    /// Registration has not opened yet.
    #[error("registration has not opened yet")]
    RegistrationNotOpen,
    /// The occurrence is over.
    #[error("this date is over")]
    OccurrencePast,
    /// The occurrence has begun: the same code, in other words.
    #[error("this date has begun")]
    OccurrenceBegun,
    /// The occurrence, or its event, was cancelled.
    #[error("this date was cancelled")]
    OccurrenceCancelled,
    /// The event is still a draft.
    #[error("the event is not published")]
    EventNotPublished,
    /// The party is larger than the event allows.
    #[error("a party may have at most {max} {} here", if *max == 1 { "person" } else { "people" })]
    PartyTooLarge {
        /// The event's `max_party_size`.
        max: i64,
    },
    /// People registered; the thing can be cancelled, not deleted.
    #[error("people have registered: cancel it instead, so that they are told")]
    HasRegistrations,
    /// Events use the category.
    #[error("events use this category: name another one to take them")]
    CategoryInUse,
    /// Somebody changed the thing since the caller read it.
    #[error("it was changed meanwhile: it is at version {current} now")]
    VersionMismatch {
        /// The version that is stored.
        current: i64,
    },
    /// The key served another request before.
    #[error("this Idempotency-Key was used before, with another request or one whose answer was lost")]
    IdempotencyKeyReused,
    /// Only people who attended may do this.
    #[error("only people who held a place can do this")]
    NotAttended,
    /// They have no place that they could be checked in to.
    #[error("{}", if *.waits { "they wait for seats: there is no place yet to check in to" } else { "they gave the place up" })]
    NotConfirmed {
        /// They wait; otherwise it was cancelled.
        waits: bool,
    },
    /// The occurrence must be over first.
    #[error("this date is not over yet")]
    OccurrenceNotOver,
    /// The database is away, full, locked or of another version: the sentence says which, and what to do.
    #[error("{0}")]
    Unavailable(String),
    /// Other transactions got in the way each time that this one was tried.
    #[error("too many changes at once: try again shortly")]
    Contended,
    /// A fault of the program or of the stored data. What it was is for logs, never for clients.
    #[error("an internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// The stable code: the last part of the problem type in HTTP, with `_` for `-`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_input",
            Self::Unauthenticated => "unauthenticated",
            Self::InvalidCredentials => "invalid_credentials",
            Self::TokenExpired => "token_expired",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::UsernameTaken => "username_taken",
            Self::EmailTaken => "email_taken",
            Self::EventFull => "event_full",
            Self::RegistrationClosed => "registration_closed",
            Self::RegistrationNotOpen => "registration_not_open",
            Self::OccurrencePast | Self::OccurrenceBegun => "occurrence_past",
            Self::OccurrenceCancelled => "occurrence_cancelled",
            Self::EventNotPublished => "event_not_published",
            Self::PartyTooLarge { .. } => "party_too_large",
            Self::HasRegistrations => "has_registrations",
            Self::CategoryInUse => "category_in_use",
            Self::VersionMismatch { .. } => "version_mismatch",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::NotAttended => "not_attended",
            Self::NotConfirmed { .. } => "not_confirmed",
            Self::OccurrenceNotOver => "occurrence_not_over",
            Self::Unavailable(_) | Self::Contended => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// One field is wrong.
    pub fn invalid(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        let mut violations = Violations::default();
        violations.add(pointer, code, message);
        Self::Invalid(violations)
    }

    /// The same, said of the thing that was asked for where it was found by way of another: whoever may not see an event learns nothing by its dates.
    pub(crate) fn of(self, thing: &'static str) -> Self {
        match self {
            Self::NotFound(_) => Self::NotFound(thing),
            other => other,
        }
    }

    /// A fault that no caller can mend.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// Whether asking again later may help.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Contended)
    }
}

/// Passes if nobody changed the thing since the caller read it.
pub(crate) fn must_be_version(stored: i64, expected: Option<i64>) -> Result<()> {
    match expected {
        Some(expected) if expected != stored => Err(Error::VersionMismatch { current: stored }),
        _ => Ok(()),
    }
}

/// One wrong field of an input.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Violation {
    /// Where it is: an RFC 6901 JSON pointer into the input, such as `/title`.
    pub pointer: String,
    /// What is wrong, as a stable word, such as `required` or `in_the_past`.
    pub code: Cow<'static, str>,
    /// What is wrong, in words for a person.
    pub message: String,
}

/// Every wrong field of an input, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// How many are noted at most: nobody mends more at once, and hostile input has a hundred thousand.
    pub const MOST: usize = 100;

    /// Notes a wrong field; the first word about a field stands.
    pub fn add(&mut self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.note(pointer.into(), code.into(), message.into());
    }

    fn note(&mut self, pointer: String, code: Cow<'static, str>, message: String) {
        if self.0.len() < Self::MOST && !self.names(&pointer) {
            self.0.push(Violation { pointer, code, message });
        }
    }

    /// Notes what is wrong within the field at `pointer`.
    pub fn add_within(&mut self, pointer: &str, inner: &Self) {
        for Violation { pointer: field, code, message } in &inner.0 {
            self.note(format!("{pointer}{field}"), code.clone(), message.clone());
        }
    }

    /// Whether this very field is noted as wrong.
    pub fn names(&self, pointer: &str) -> bool {
        self.0.iter().any(|v| v.pointer == pointer)
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The wrong fields.
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }

    /// `Ok` if nothing is wrong.
    pub fn into_result(self) -> Result<()> {
        if self.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "{}: {}", one.pointer.trim_start_matches('/'), one.message),
            many => {
                write!(f, "{} fields are wrong", many.len())?;
                for (i, v) in many.iter().enumerate() {
                    write!(
                        f,
                        "{} {}: {}",
                        if i == 0 { ":" } else { ";" },
                        v.pointer.trim_start_matches('/'),
                        v.message
                    )?;
                }
                Ok(())
            }
        }
    }
}
