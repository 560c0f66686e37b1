//! [`Error`], and what is invalid in an input.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::cause::Cause;

/// The result of an operation of the library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation failed. Its transaction was rolled back, so nothing of it was stored.
///
/// The text of an error is a message for the user, except for [`Error::Internal`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input is invalid. Lists the violations of all fields.
    #[error("{0}")]
    Invalid(Violations),
    /// The operation needs a signed-in user.
    #[error("sign in first")]
    Unauthenticated,
    /// The username, the e-mail address or the password is wrong.
    #[error("wrong username or password")]
    InvalidCredentials,
    /// The token is unknown, revoked, malformed or expired, or its user was disabled or deleted.
    #[error("this token is not valid: sign in again")]
    InvalidToken,
    /// The access token has expired. A refresh token gives a new one.
    #[error("the token has expired")]
    TokenExpired,
    /// The operation concerns credentials, and the password was given too long ago.
    #[error("give your password again: more than 5 minutes have passed since you last gave it")]
    PasswordRequired,
    /// The actor may see the record, but lacks the permission for the operation.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The record does not exist, or the actor may not see it. Holds the kind of record, such as `event`.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// Another user has this username.
    #[error("another user has this username")]
    UsernameTaken,
    /// Another user has this e-mail address.
    #[error("another user has this e-mail address")]
    EmailTaken,
    /// The party does not fit into the seats left, and cannot join the waitlist.
    #[error("not enough seats are left for this party")]
    EventFull,
    /// Registration has closed.
    #[error("registration has closed")]
    RegistrationClosed,
    /// Registration has not opened yet.
    #[error("registration has not opened yet")]
    RegistrationNotOpen,
    /// The occurrence is over.
    #[error("this occurrence is over")]
    OccurrencePast,
    /// The occurrence has started. Shares the code of [`Error::OccurrencePast`].
    #[error("this occurrence has already started")]
    OccurrenceBegun,
    /// The occurrence or its event was cancelled.
    #[error("this occurrence was cancelled")]
    OccurrenceCancelled,
    /// The event is a draft.
    #[error("this event is not published")]
    EventNotPublished,
    /// The operation needs a verified e-mail address.
    #[error("verify your e-mail address first, by the link that was sent to it")]
    EmailNotVerified,
    /// The party exceeds `max_party_size` of the event.
    #[error("a party may have at most {max} {}", if *max == 1 { "person" } else { "people" })]
    PartyTooLarge {
        /// `max_party_size` of the event.
        max: i64,
    },
    /// The event or occurrence has registrations, so it can only be cancelled.
    #[error("it has registrations: cancel it instead, so that attendees are notified")]
    HasRegistrations,
    /// Events have the category, and no other category to move them to was given.
    #[error("events use this category: give another category (move_to) to move them to")]
    CategoryInUse,
    /// The record has changed since the caller read it.
    #[error("changed since you read it: the current version is {current}")]
    VersionMismatch {
        /// The stored version.
        current: i64,
    },
    /// The idempotency key belongs to another request, or to one whose response was lost.
    #[error("this Idempotency-Key was already used for another request, or the response to it was lost")]
    IdempotencyKeyReused,
    /// The operation is for attendees with a confirmed registration.
    #[error("only attendees with a confirmed registration can do this")]
    NotAttended,
    /// The registration is not confirmed, so it cannot be checked in.
    #[error("{}", not_confirmed(*.waits))]
    NotConfirmed {
        /// Whether the registration is waitlisted; otherwise it was cancelled.
        waits: bool,
    },
    /// The ticket is for another occurrence than the one that is checked in to.
    #[error("this ticket is for another occurrence: {title}, {starts_at}")]
    WrongOccurrence {
        /// The title of the occurrence of the ticket.
        title: String,
        /// The local start of the occurrence of the ticket.
        starts_at: String,
    },
    /// A ticket is shown without naming the occurrence, long before or after the one that it is for.
    #[error(
        "this ticket is for {title}, {starts_at}: it can be checked in from 24 hours before the start \
         until 24 hours after the end"
    )]
    CheckInClosed {
        /// The title of the occurrence of the ticket.
        title: String,
        /// The local start of the occurrence of the ticket.
        starts_at: String,
    },
    /// The operation is possible only after the end of the occurrence.
    #[error("this occurrence is not over yet")]
    OccurrenceNotOver,
    /// A delivery to a webhook is still being tried.
    #[error("this delivery is still being tried: wait until it has ended")]
    DeliveryWaiting,
    /// The event comes from a calendar that its organizer follows, which alone changes it.
    #[error(
        "this event comes from a calendar that is followed: change it in that calendar, or end the \
         subscription and keep its events; admins may cancel it, or make it private"
    )]
    SubscribedEvent,
    /// The calendar is not followed at the moment.
    #[error("this calendar is not followed at the moment: enable the subscription first")]
    SubscriptionDisabled,
    /// An [observer](crate::db::Observer) of the embedding program has refused the change. Its text is that
    /// of the observer's error.
    #[error("{0}")]
    Refused(Box<dyn std::error::Error + Send + Sync>),
    /// The database, or something else that the operation needs, cannot be used. The text says what to do.
    #[error("{message}")]
    Unavailable {
        /// Why.
        cause: Cause,
        /// What is wrong and what to do.
        message: String,
    },
    /// The transaction lost against concurrent ones, and so did its retries.
    #[error("too many concurrent changes: try again shortly")]
    Contended,
    /// The client called too often, or failed too often. It may call again after `wait`.
    #[error("{reason}: try again in {}", in_seconds(*.wait))]
    RateLimited {
        /// What happened too often.
        reason: &'static str,
        /// How long to wait.
        wait: Duration,
    },
    /// The account has, or has created, as much as it may.
    #[error("too many {what}: at most {limit} are allowed")]
    QuotaExceeded {
        /// Of what, and within which time.
        what: &'static str,
        /// How many are allowed.
        limit: u32,
    },
    /// Too many callers wait for the same resource.
    #[error("the server is overloaded: try again shortly")]
    Overloaded,
    /// A bug, or invalid data in the database. The source is for logs and must not be shown to clients.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

const fn not_confirmed(waits: bool) -> &'static str {
    if waits { "still on the waitlist: cannot be checked in" } else { "this registration was cancelled" }
}

/// A wait in whole seconds, rounded up, in words.
fn in_seconds(wait: Duration) -> String {
    match wait.as_millis().div_ceil(1_000) {
        1 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}

impl Error {
    /// A stable code. The HTTP problem type ends with it, with `-` instead of `_`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_input",
            Self::Unauthenticated => "unauthenticated",
            Self::InvalidCredentials | Self::InvalidToken => "invalid_credentials",
            Self::TokenExpired => "token_expired",
            Self::PasswordRequired => "password_required",
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
            Self::EmailNotVerified => "email_not_verified",
            Self::PartyTooLarge { .. } => "party_too_large",
            Self::HasRegistrations => "has_registrations",
            Self::CategoryInUse => "category_in_use",
            Self::VersionMismatch { .. } => "version_mismatch",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::NotAttended => "not_attended",
            Self::NotConfirmed { .. } => "not_confirmed",
            Self::WrongOccurrence { .. } => "wrong_occurrence",
            Self::CheckInClosed { .. } => "check_in_closed",
            Self::OccurrenceNotOver => "occurrence_not_over",
            Self::DeliveryWaiting => "delivery_waiting",
            Self::SubscribedEvent => "subscribed_event",
            Self::SubscriptionDisabled => "subscription_disabled",
            Self::Refused(_) => "refused",
            Self::RateLimited { .. } => "rate_limited",
            Self::QuotaExceeded { .. } => "quota_exceeded",
            Self::Unavailable { .. } | Self::Contended | Self::Overloaded => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// An error with one violation. `pointer` is an RFC 6901 JSON pointer into the input.
    pub fn invalid(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        let mut violations = Violations::default();
        violations.add(pointer, code, message);
        Self::Invalid(violations)
    }

    /// Replaces the kind of record in [`Error::NotFound`].
    ///
    /// A request for an occurrence of a hidden event must fail like one for an occurrence that does not
    /// exist.
    pub(crate) fn rename_not_found(self, record: &'static str) -> Self {
        match self {
            Self::NotFound(_) => Self::NotFound(record),
            other => other,
        }
    }

    /// An [`Error::Refused`] because of `reason`, a text or an error.
    pub fn refused(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Refused(reason.into())
    }

    /// An [`Error::Internal`] caused by `source`.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// [`Error::Unavailable`] with its cause and a message.
    pub fn unavailable(cause: Cause, message: impl Into<String>) -> Self {
        Self::Unavailable { cause, message: message.into() }
    }

    /// [`Error::Unavailable`] because of others who came before.
    pub(crate) fn busy() -> Self {
        Self::unavailable(Cause::Busy, "many others change the same record: try again shortly")
    }
}

/// A rule that a field of an input breaks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Violation {
    /// The field: an RFC 6901 JSON pointer into the input, such as `/title`.
    pub pointer: String,
    /// A stable code, such as `required` or `in_the_past`.
    pub code: Cow<'static, str>,
    /// A message for the user, which continues the name of the field: "is required".
    pub message: String,
}

/// Fields of records that change without a change of the record: the state of other records, the place on a
/// waitlist, and links, which begin with the address under which the server is reached.
const CHANGE_BY_THEMSELVES: [&str; 4] = ["/next_occurrence", "/occurrence_count", "/position", "/links"];

/// The violations of an input, at most one for each field, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations {
    found: Vec<Violation>,
    /// The values of the fields that are violations because they are unknown, by their pointers.
    unknown: Vec<(String, Value)>,
}

impl Violations {
    /// The maximum number of violations. Further ones are dropped, so that hostile input cannot inflate the
    /// response.
    pub const MAX: usize = 100;

    /// Adds a violation, unless the field has one already.
    pub fn add(&mut self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.push(Violation { pointer: pointer.into(), code: code.into(), message: message.into() });
    }

    fn push(&mut self, violation: Violation) {
        if self.found.len() < Self::MAX && !self.contains(&violation.pointer) {
            self.found.push(violation);
        }
    }

    /// Adds the violation of a field that the input does not have.
    pub(crate) fn add_unknown(&mut self, pointer: String, value: Value) {
        self.add(pointer.as_str(), "unknown_field", "unknown field");
        if self.unknown.len() < Self::MAX {
            self.unknown.push((pointer, value));
        }
    }

    /// Takes back the violations of unknown fields that repeat what the stored record has, so that a client
    /// can send back what it has read. A field that the record has with another value becomes a violation
    /// with the code `read_only`.
    ///
    /// Fields in [`CHANGE_BY_THEMSELVES`] are ignored, because a client cannot keep them up to date.
    pub(crate) fn settle_read_only(&mut self, stored: &impl serde::Serialize) -> Result<()> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        let stored = serde_json::to_value(stored).map_err(Error::internal)?;
        for (pointer, value) in std::mem::take(&mut self.unknown) {
            let Some(current) = stored.pointer(&pointer) else { continue };
            if *current == value || CHANGE_BY_THEMSELVES.contains(&pointer.as_str()) {
                self.found.retain(|violation| violation.pointer != pointer);
            } else if let Some(violation) = self.found.iter_mut().find(|found| found.pointer == pointer) {
                violation.code = "read_only".into();
                "is read-only: leave it out".clone_into(&mut violation.message);
            }
        }
        Ok(())
    }

    /// Whether there are unknown fields, which [`Self::settle_read_only`] may take back.
    pub(crate) fn has_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// Adds the violations of an object that is the field at `pointer`.
    pub fn add_within(&mut self, pointer: &str, inner: &Self) {
        for violation in &inner.found {
            self.push(Violation { pointer: format!("{pointer}{}", violation.pointer), ..violation.clone() });
        }
        for (inside, value) in &inner.unknown {
            if self.unknown.len() < Self::MAX {
                self.unknown.push((format!("{pointer}{inside}"), value.clone()));
            }
        }
    }

    /// Whether the field at `pointer` has a violation.
    pub fn contains(&self, pointer: &str) -> bool {
        self.found.iter().any(|violation| violation.pointer == pointer)
    }

    /// Whether there are no violations.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All violations.
    pub fn as_slice(&self) -> &[Violation] {
        &self.found
    }

    /// Iterates over all violations, in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.found.iter()
    }

    /// `Ok` if there are no violations, [`Error::Invalid`] otherwise.
    pub fn into_result(self) -> Result<()> {
        if self.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }
}

impl<'v> IntoIterator for &'v Violations {
    type Item = &'v Violation;
    type IntoIter = std::slice::Iter<'v, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Violations {
    type Item = Violation;
    type IntoIter = std::vec::IntoIter<Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.found.into_iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self
            .found
            .iter()
            .map(|v| match v.pointer.trim_start_matches('/') {
                // The input as a whole.
                "" => v.message.clone(),
                field => format!("{field}: {}", v.message),
            })
            .collect();
        match texts.as_slice() {
            [one] => f.write_str(one),
            many => {
                write!(f, "{} fields are invalid", many.len())?;
                if !many.is_empty() {
                    write!(f, ": {}", many.join("; "))?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_repeats_the_stored_record_is_no_violation() {
        let mut inner = Violations::default();
        inner.add_unknown("/text".to_owned(), json!("every day"));
        let mut violations = Violations::default();
        violations.add("/title", "required", "is required");
        violations.add_within("/recurrence", &inner);
        for (name, value) in [
            ("/id", json!("1")),
            ("/version", json!(3)),
            ("/organizer", json!({"id": "7"})),
            ("/next_occurrence", json!({"seats_taken": 1})),
            ("/colour", json!("red")),
            ("/url~1x", json!(null)),
        ] {
            violations.add_unknown(name.to_owned(), value);
        }
        let stored = json!({
            "id": "1", "version": 4, "organizer": {"id": "7"}, "next_occurrence": {"seats_taken": 2},
            "recurrence": {"text": "every day"},
        });
        violations.settle_read_only(&stored).unwrap();
        let left: Vec<_> = violations.as_slice().iter().map(|v| (v.pointer.as_str(), &*v.code)).collect();
        assert_eq!(
            left,
            [
                ("/title", "required"),
                ("/version", "read_only"),
                ("/colour", "unknown_field"),
                ("/url~1x", "unknown_field"),
            ]
        );
    }
}
