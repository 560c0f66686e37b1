//! What a registration is, as people see it, and what they send to get one.

use sqlx::FromRow;

use super::ticket;
use crate::accounts::PublicProfile;
use crate::db::{Queries, sql, text_enum};
use crate::error::{Error, Result, Violations};
use crate::events::Occurrence;
use crate::id::{EventId, OccurrenceId, RegistrationId, UserId};
use crate::input::Fields;
use crate::seats::Held;
use crate::time::Timestamp;

text_enum! {
    /// How a registration stands: `confirmed` and `attended` become each other, `waitlisted` becomes `confirmed`, and any of them `cancelled`.
    pub enum RegistrationStatus {
        /// Holds seats.
        Confirmed = "confirmed",
        /// Waits for seats.
        Waitlisted = "waitlisted",
        /// Was given up, or taken off.
        Cancelled = "cancelled",
        /// Holds seats, and was checked in.
        Attended = "attended",
    }
}

impl RegistrationStatus {
    /// Whether it holds seats.
    pub const fn sits(self) -> bool {
        matches!(self, Self::Confirmed | Self::Attended)
    }
}

/// One user's place at one occurrence.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Registration {
    /// Names it.
    pub id: RegistrationId,
    /// The date that it is for.
    pub occurrence_id: OccurrenceId,
    /// The event of that date.
    pub event_id: EventId,
    /// Whose it is.
    pub user: PublicProfile,
    /// How it stands.
    pub status: RegistrationStatus,
    /// People that come, the user included.
    pub party_size: i64,
    /// Place in the waitlist, from 1; null unless it waits.
    pub position: Option<i64>,
    /// Whether it is promoted when seats get free; otherwise it keeps its place in the list, and is passed over, as a party is that is larger than the
    /// whole date.
    pub auto_promote: bool,
    /// Shown at the door, also as a QR code; null unless it holds seats.
    pub ticket_code: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When they came in; null unless they have.
    pub checked_in_at: Option<Timestamp>,
    /// Who checked them in.
    pub checked_in_by: Option<UserId>,
}

impl Registration {
    /// Which version of it this is: it is another after each change, though not with each step in the list.
    pub const fn version(&self) -> i64 {
        self.updated_at.as_micros()
    }
}

/// A registration together with its date.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MyRegistration {
    /// The registration.
    #[serde(flatten)]
    pub registration: Registration,
    /// The date; null where it is no longer for the user's eyes.
    pub occurrence: Option<Occurrence>,
}

/// What became of a request to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The registration as it is now.
    pub registration: Registration,
    /// It is new.
    pub created: bool,
}

/// What someone wants of their registration. What is not said stays as it is; a new registration is for one person, who wants to be promoted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = PartyInput))]
pub struct Party {
    /// People that come, the user included: 1 to the event's `max_party_size`.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub party_size: Option<i64>,
    /// Whether to be promoted when seats get free.
    pub auto_promote: Option<bool>,
    /// The version of the registration that this is to change; it is refused where that is another by now, or gone.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub expected: Option<i64>,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

impl Party {
    /// A party of this many people.
    pub fn of(party_size: i64) -> Self {
        Self { party_size: Some(party_size), ..Self::default() }
    }

    pub(super) fn read(fields: &mut Fields) -> Self {
        let (party_size, auto_promote) = (fields.number("party_size"), fields.truth("auto_promote"));
        Self { party_size, auto_promote, ..Self::default() }
    }

    pub(super) fn validate(&self) -> Result<()> {
        let mut wrong = self.misread.clone();
        if self.party_size.is_some_and(|size| size < 1) {
            wrong.add("/party_size", "out_of_range", "must be at least 1");
        }
        wrong.into_result()
    }
}

impl<'de> serde::Deserialize<'de> for Party {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields::of(serde_json::Value::deserialize(deserializer)?);
        let party = Self::read(&mut fields);
        Ok(Self { misread: fields.finish(), ..party })
    }
}

/// Someone whom an organizer registers: named by `user_id` or by `username`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAttendee {
    /// Who, by id.
    pub user_id: Option<UserId>,
    /// Who, by name.
    pub username: Option<String>,
    /// People that come, the user included: 1 to the event's `max_party_size`.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub party_size: Option<i64>,
    /// Whether to be promoted when seats get free.
    pub auto_promote: Option<bool>,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

impl NewAttendee {
    pub(super) fn party(&self) -> Party {
        let mut misread = self.misread.clone();
        match (self.user_id, &self.username) {
            (Some(_), Some(_)) => {
                misread.add("/username", "conflicting", "give user_id or username, not both")
            }
            (None, None) if !misread.names("/user_id") && !misread.names("/username") => {
                misread.add("/user_id", "required", "give user_id or username");
            }
            _ => {}
        }
        Party { party_size: self.party_size, auto_promote: self.auto_promote, expected: None, misread }
    }
}

impl<'de> serde::Deserialize<'de> for NewAttendee {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields::of(serde_json::Value::deserialize(deserializer)?);
        let (user_id, username) = (fields.parsed("user_id"), fields.text("username"));
        let Party { party_size, auto_promote, .. } = Party::read(&mut fields);
        Ok(Self { user_id, username, party_size, auto_promote, misread: fields.finish() })
    }
}

/// A row of `registrations` with the name of its user.
#[derive(Debug, Clone, FromRow)]
pub(super) struct RegistrationRow {
    pub(super) id: RegistrationId,
    pub(super) occurrence_id: OccurrenceId,
    pub(super) event_id: EventId,
    pub(super) user_id: UserId,
    pub(super) username: String,
    pub(super) display_name: String,
    pub(super) status: RegistrationStatus,
    pub(super) party_size: i64,
    pub(super) waitlist_number: Option<i64>,
    pub(super) auto_promote: bool,
    pub(super) ticket_code: String,
    pub(super) checked_in_at: Option<Timestamp>,
    pub(super) checked_in_by: Option<UserId>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// What every query for registrations selects, from `registrations r`, `users u`.
pub(super) const COLUMNS: &str = "r.id, r.occurrence_id, r.event_id, r.user_id, u.username, u.display_name, r.status, r.party_size, \
     r.waitlist_number, r.auto_promote, r.ticket_code, r.checked_in_at, r.checked_in_by, r.created_at, r.updated_at";

/// A registration that is read by itself: status and place in the list are of one moment.
#[derive(Debug, Clone, FromRow)]
pub(super) struct CountedRow {
    #[sqlx(flatten)]
    pub(super) row: RegistrationRow,
    position: Option<i64>,
}

/// What a query for a [`CountedRow`] selects beside [`COLUMNS`].
pub(super) const POSITION: &str = "CASE WHEN r.status = 'waitlisted' THEN (SELECT count(*) FROM registrations w WHERE w.occurrence_id = r.occurrence_id \
     AND w.status = 'waitlisted' AND w.waitlist_number <= r.waitlist_number) END AS position";

impl CountedRow {
    /// What people see of it.
    pub(super) fn registration(self) -> Registration {
        self.row.registration(self.position)
    }
}

/// Passes where nobody expects a registration that is not there.
pub(super) const fn must_be_none(expected: Option<i64>) -> Result<()> {
    match expected {
        Some(_) => Err(Error::VersionMismatch { current: 0 }),
        None => Ok(()),
    }
}

impl RegistrationRow {
    /// Passes if nobody changed it since the caller read it. It is written once at an instant, so that this names the version.
    pub(super) fn must_be_version(&self, expected: Option<i64>) -> Result<()> {
        crate::error::must_be_version(self.updated_at.as_micros(), expected)
    }

    /// What it holds; nothing once it is cancelled.
    pub(super) const fn held(&self) -> Option<Held> {
        match self.status {
            RegistrationStatus::Confirmed | RegistrationStatus::Attended => {
                Some(Held::Place(self.party_size))
            }
            RegistrationStatus::Waitlisted => Some(Held::Waiting(self.party_size)),
            RegistrationStatus::Cancelled => None,
        }
    }

    /// What people see of it, its place in the list counted. Whoever has not locked its date may count others than stood there when it was read.
    pub(super) async fn counted(self, db: &mut impl Queries) -> Result<Registration> {
        let position = match (self.status, self.waitlist_number) {
            (RegistrationStatus::Waitlisted, Some(number)) => {
                Some(waiting_between(db, self.occurrence_id, 0, number).await?.max(1))
            }
            _ => None,
        };
        Ok(self.registration(position))
    }

    /// What people see of it.
    pub(super) fn registration(self, position: Option<i64>) -> Registration {
        Registration {
            id: self.id,
            occurrence_id: self.occurrence_id,
            event_id: self.event_id,
            user: PublicProfile {
                id: self.user_id,
                username: self.username,
                display_name: self.display_name,
            },
            status: self.status,
            party_size: self.party_size,
            position,
            auto_promote: self.auto_promote,
            ticket_code: self.status.sits().then(|| ticket::shown(&self.ticket_code)),
            created_at: self.created_at,
            updated_at: self.updated_at,
            checked_in_at: self.checked_in_at,
            checked_in_by: self.checked_in_by,
        }
    }
}

/// How many wait with a number above `after` and up to `number`.
pub(super) async fn waiting_between(
    db: &mut impl Queries,
    occurrence: OccurrenceId,
    after: i64,
    number: i64,
) -> Result<i64> {
    Ok(db
        .query(sql!(
            "SELECT count(*) FROM registrations WHERE occurrence_id = $1 AND status = 'waitlisted' AND waitlist_number > $2 AND waitlist_number <= $3"
        ))
        .bind(occurrence)
        .bind(after)
        .bind(number)
        .scalar()
        .await?)
}
