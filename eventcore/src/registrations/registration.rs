//! The registration, its row, and the inputs that make or change one.

use sqlx::FromRow;

use super::ticket;
use crate::accounts::PublicProfile;
use crate::changes::Change;
use crate::db::{Queries, sql, text_enum};
use crate::error::{Result, Violations};
use crate::events::Occurrence;
use crate::id::{EventId, OccurrenceId, RegistrationId, UserId};
use crate::input::{Fields, deserialize_by_fields};
use crate::precondition::{self, Precondition};
use crate::seats::{Holding, Promoted};
use crate::time::Timestamp;

text_enum! {
    /// The status of a registration.
    ///
    /// Transitions: `waitlisted` → `confirmed`, `confirmed` ⇄ `attended`, and any of them → `cancelled`.
    pub enum RegistrationStatus {
        /// Has seats.
        Confirmed = "confirmed",
        /// Waits for seats.
        Waitlisted = "waitlisted",
        /// Cancelled by the attendee, or removed by an organizer.
        Cancelled = "cancelled",
        /// Has seats and was checked in.
        Attended = "attended",
    }
}

impl RegistrationStatus {
    /// Whether a registration of this status has seats.
    pub const fn has_seats(self) -> bool {
        matches!(self, Self::Confirmed | Self::Attended)
    }
}

/// One user's registration for one occurrence, for a party of one or more people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Registration {
    /// The id.
    pub id: RegistrationId,
    /// The occurrence.
    pub occurrence_id: OccurrenceId,
    /// The event of the occurrence.
    pub event_id: EventId,
    /// The attendee.
    pub user: PublicProfile,
    /// The status.
    pub status: RegistrationStatus,
    /// Number of people, the attendee included.
    pub party_size: i64,
    /// Position on the waitlist, from 1; null unless waitlisted.
    pub position: Option<i64>,
    /// Whether it may be promoted. If false it keeps its position but is passed over, like a party larger
    /// than the capacity.
    pub auto_promote: bool,
    /// The code to show at the entrance, also as a QR code; null unless it has seats.
    pub ticket_code: Option<String>,
    /// Time of registration.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// Time of check-in; null unless attended.
    pub checked_in_at: Option<Timestamp>,
    /// The organizer who checked the attendee in.
    pub checked_in_by: Option<UserId>,
    /// Links.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub links: RegistrationLinks,
}

/// Links of a registration.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegistrationLinks {
    /// Path of the page of the ticket on this server; null unless the registration has seats. The page needs
    /// no sign-in: the address is a secret of the attendee.
    pub page: Option<String>,
}

impl Registration {
    /// The version. It changes with every change of the registration, but not with its waitlist position.
    pub const fn version(&self) -> i64 {
        self.updated_at.as_micros()
    }
}

/// A registration with its occurrence.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MyRegistration {
    /// The registration.
    #[serde(flatten)]
    pub registration: Registration,
    /// The occurrence; null if the attendee may no longer see it.
    pub occurrence: Option<Occurrence>,
}

/// The outcome of a request to register.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// The registration after the request.
    pub registration: Registration,
    /// Whether the request created it.
    pub created: bool,
    /// Who has moved up from the waitlist, in its order, because a smaller party has freed seats.
    pub promoted: Vec<Promoted>,
}

/// Input of a registration. Absent fields keep their value; the defaults of a new registration are a party of
/// one and `auto_promote`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = PartyInput))]
pub struct Party {
    /// Number of people, the attendee included: 1 to the event's `max_party_size`.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub party_size: Option<i64>,
    /// Whether the registration may be promoted from the waitlist.
    pub auto_promote: Option<bool>,
    /// The version that the change expects; another one, or no registration, is refused.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub expected: Option<Precondition>,
    /// Fields that could not be parsed; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(Party);

impl Party {
    /// A party of this many people.
    pub fn of(party_size: i64) -> Self {
        Self { party_size: Some(party_size), ..Self::default() }
    }

    fn take(fields: &mut Fields) -> Self {
        let (party_size, auto_promote) = (fields.integer("party_size"), fields.boolean("auto_promote"));
        Self { party_size, auto_promote, ..Self::default() }
    }

    /// Checks all fields of a new registration.
    pub(super) fn validate(&self) -> Result<()> {
        self.violations(self.parse_errors.clone()).into_result()
    }

    /// Checks all fields of a change. What a client has read of the registration may be sent back.
    pub(super) fn validate_change(&self, stored: &Registration) -> Result<()> {
        let mut violations = self.parse_errors.clone();
        violations.settle_read_only(stored)?;
        self.violations(violations).into_result()
    }

    fn violations(&self, mut violations: Violations) -> Violations {
        if self.party_size.is_some_and(|size| size < 1) {
            violations.add("/party_size", "out_of_range", "must be at least 1");
        }
        violations
    }
}

/// A user whom an organizer registers, named by `user_id` or by `username`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAttendee {
    /// The user's id.
    pub user_id: Option<UserId>,
    /// The username.
    pub username: Option<String>,
    /// Number of people, the attendee included: 1 to the event's `max_party_size`.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub party_size: Option<i64>,
    /// Whether the registration may be promoted from the waitlist.
    pub auto_promote: Option<bool>,
    /// Fields that could not be parsed; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(NewAttendee);

impl NewAttendee {
    fn take(fields: &mut Fields) -> Self {
        let (user_id, username) = (fields.parsed("user_id"), fields.string("username"));
        let Party { party_size, auto_promote, .. } = Party::take(fields);
        Self { user_id, username, party_size, auto_promote, parse_errors: Violations::default() }
    }

    pub(super) fn party(&self) -> Party {
        let mut parse_errors = self.parse_errors.clone();
        match (self.user_id, &self.username) {
            (Some(_), Some(_)) => {
                parse_errors.add("/username", "conflicting", "give user_id or username, not both")
            }
            (None, None) if !parse_errors.contains("/user_id") && !parse_errors.contains("/username") => {
                parse_errors.add("/user_id", "required", "give user_id or username");
            }
            _ => {}
        }
        Party { party_size: self.party_size, auto_promote: self.auto_promote, expected: None, parse_errors }
    }
}

/// A row of `registrations` with the names of its user.
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

impl RegistrationRow {
    /// What is told of it when it is new.
    pub(super) const fn registered(&self) -> Change {
        let (occurrence, registration, user) = (self.occurrence_id, self.id, self.user_id);
        match self.status {
            RegistrationStatus::Waitlisted => Change::Waitlisted { occurrence, registration, user },
            _ => Change::Registered { occurrence, registration, user },
        }
    }
}

/// The columns of a [`RegistrationRow`], from `registrations r` and `users u`.
pub(super) const COLUMNS: &str = "r.id, r.occurrence_id, r.event_id, r.user_id, u.username, u.display_name, \
     r.status, r.party_size, r.waitlist_number, r.auto_promote, r.ticket_code, r.checked_in_at, \
     r.checked_in_by, r.created_at, r.updated_at";

/// A row with its waitlist position, read in one statement so that both are of one moment.
#[derive(Debug, Clone, FromRow)]
pub(super) struct PositionedRow {
    #[sqlx(flatten)]
    pub(super) row: RegistrationRow,
    position: Option<i64>,
}

/// The column that a [`PositionedRow`] has beside [`COLUMNS`].
pub(super) const POSITION: &str = "CASE WHEN r.status = 'waitlisted' THEN (SELECT count(*)
    FROM registrations w \
     WHERE w.occurrence_id = r.occurrence_id AND w.status = 'waitlisted'
         AND w.waitlist_number <= r.waitlist_number) END AS position";

impl PositionedRow {
    /// The public form.
    pub(super) fn registration(self) -> Registration {
        self.row.registration(self.position)
    }
}

impl RegistrationRow {
    /// Fails if the registration changed since the caller read it. `updated_at` serves as the version.
    pub(super) fn must_be_version(&self, expected: Option<&Precondition>) -> Result<()> {
        precondition::must_be_version(self.updated_at.as_micros(), expected)
    }

    /// The seats or the waitlist place that it holds; `None` once cancelled.
    pub(super) const fn holding(&self) -> Option<Holding> {
        match self.status {
            RegistrationStatus::Confirmed | RegistrationStatus::Attended => {
                Some(Holding::Seats(self.party_size))
            }
            RegistrationStatus::Waitlisted => Some(Holding::WaitlistPlace(self.party_size)),
            RegistrationStatus::Cancelled => None,
        }
    }

    /// The public form with the waitlist position counted now. Lock the occurrence first: otherwise the
    /// position may be of a later moment than the row.
    pub(super) async fn with_position(self, db: &mut impl Queries) -> Result<Registration> {
        let position = match (self.status, self.waitlist_number) {
            (RegistrationStatus::Waitlisted, Some(number)) => {
                Some(waiting_between(db, self.occurrence_id, 0, number).await?.max(1))
            }
            _ => None,
        };
        Ok(self.registration(position))
    }

    /// The public form.
    pub(super) fn registration(self, position: Option<i64>) -> Registration {
        let ticket_code = self.status.has_seats().then(|| ticket::format(&self.ticket_code));
        let page = ticket_code.as_ref().map(|code| format!("/tickets/{code}"));
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
            ticket_code,
            created_at: self.created_at,
            updated_at: self.updated_at,
            checked_in_at: self.checked_in_at,
            checked_in_by: self.checked_in_by,
            links: RegistrationLinks { page },
        }
    }
}

/// The number of waiting registrations with a waitlist number in `after + 1..=number`.
pub(super) async fn waiting_between(
    db: &mut impl Queries,
    occurrence: OccurrenceId,
    after: i64,
    number: i64,
) -> Result<i64> {
    Ok(db
        .query(sql!(
            "SELECT count(*) FROM registrations WHERE occurrence_id = $1 AND status = 'waitlisted'
                AND waitlist_number > $2 AND waitlist_number <= $3"
        ))
        .bind(occurrence)
        .bind(after)
        .bind(number)
        .scalar()
        .await?)
}
