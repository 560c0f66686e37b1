//! Personal calendars: what a user attends, waits for and organizes, at a secret address.

use std::collections::BTreeMap;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::feed::{CalendarFeed, FeedContent};
use super::shown::{Attendance, FeedEvent, Shown};
use crate::accounts::token;
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId, UserId};
use crate::registrations::RegistrationStatus;
use crate::reminder_list::ReminderList;
use crate::time::Timestamp;

/// How long an occurrence stays in the calendar after its end.
pub(super) const KEPT: Duration = Duration::from_hours(90 * 24);
/// What programs show as the name of the calendar.
const NAME: &str = "My events";

/// The new secret address of a personal calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalCalendar {
    /// The secret, which cannot be read again: letters, digits, `-` and `_`. Whoever has it can read the
    /// calendar.
    pub secret: String,
    /// When it was made.
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct AttendedRow {
    event_id: EventId,
    occurrence_id: OccurrenceId,
    ends_at: Timestamp,
    status: RegistrationStatus,
    /// The lead times of the registration.
    reminders: Option<String>,
}

impl EventCore {
    /// Makes a secret address for the calendar of the actor. Their former address, if they had one, has
    /// ended.
    ///
    /// It outlives sign-outs and changes of the password, because calendar programs keep it: it ends when it
    /// is made anew or revoked.
    ///
    /// # Errors
    /// `forbidden` for personal access tokens, which the address would outlive.
    pub async fn create_personal_calendar(&self, actor: &Actor) -> Result<PersonalCalendar> {
        actor.may_manage_credentials()?;
        let owner = actor.signed_in()?.id;
        let made = PersonalCalendar { secret: token::random()?, created_at: self.now() };
        transaction!(self.db(), |tx| store(tx, owner, &made))?;
        Ok(made)
    }

    /// Ends the secret address of the actor's calendar, if there is one.
    ///
    /// # Errors
    /// `forbidden` for personal access tokens.
    pub async fn revoke_personal_calendar(&self, actor: &Actor) -> Result<()> {
        actor.may_manage_credentials()?;
        let owner = actor.signed_in()?.id;
        transaction!(self.db(), |tx| revoke(tx, owner))
    }

    /// When the user's secret address was made. Makes no permission check.
    pub(crate) async fn personal_calendar_created_at(&self, owner: UserId) -> Result<Option<Timestamp>> {
        let mut db = self.db().read().await?;
        let found: Option<(Timestamp,)> = db
            .query(sql!("SELECT created_at FROM personal_calendars WHERE user_id = $1"))
            .bind(owner)
            .optional()
            .await?;
        Ok(found.map(|(at,)| at))
    }

    /// The calendar of the user whose address has this secret: the occurrences that they attend or wait for,
    /// and the events that they organize, until 90 days after the end. Entries of the waitlist are tentative;
    /// of the others programs remind by the lead times of the user.
    ///
    /// # Errors
    /// `not_found` unless the secret is that of an account that can sign in.
    pub async fn personal_calendar(&self, secret: &str) -> Result<CalendarFeed> {
        let mut db = self.db().read().await?;
        let found: Option<(UserId, Option<String>)> = db
            .query(sql!(
                "SELECT u.id, u.reminders FROM personal_calendars c JOIN users u ON u.id = c.user_id
                 WHERE c.hash = $1 AND u.deleted_at IS NULL AND u.disabled_at IS NULL"
            ))
            .bind(token::hash(secret))
            .optional()
            .await?;
        let (owner, reminders) = found.ok_or(Error::NotFound("calendar"))?;
        let reminders = ReminderList::read(reminders.as_deref())?;
        let now = self.now();
        let shown = shown_to(&mut db, owner, &reminders, now).await?.events;
        let events = shown.into_iter().map(|(id, shown)| FeedEvent { id, shown }).collect();
        let reminders = reminders.as_slice().to_vec();
        let feed = Sha256::digest([b"personal ".as_slice(), owner.as_uuid().as_bytes()].concat()).into();
        let name = NAME.to_owned();
        self.feed_of(&mut db, FeedContent { feed, name, events, reminders }, now).await
    }
}

/// What a user attends, waits for and organizes.
#[derive(Debug, Default)]
pub(super) struct ShownToUser {
    /// By event. One that they organize is shown whole, also if they attend it.
    pub(super) events: BTreeMap<EventId, Shown>,
    /// The first end of an occurrence that they attend or wait for.
    pub(super) first_end: Option<Timestamp>,
}

/// What a user attends, waits for and organizes. `reminders` are the lead times of the user.
pub(super) async fn shown_to(
    db: &mut impl Queries,
    owner: UserId,
    reminders: &ReminderList,
    now: Timestamp,
) -> Result<ShownToUser> {
    let since = now.minus(KEPT);
    let attended = attended(db, owner, since).await?;
    let first_end = attended.iter().map(|row| row.ends_at).min();
    let mut shown: BTreeMap<EventId, Shown> = BTreeMap::new();
    for AttendedRow { event_id, occurrence_id, status, reminders: own, .. } in attended {
        let attendance = if status == RegistrationStatus::Waitlisted {
            Attendance::Waits
        } else {
            let own = own.as_deref().map(|own| ReminderList::read(Some(own))).transpose()?;
            Attendance::Attends(own.as_ref().unwrap_or(reminders).as_slice().to_vec())
        };
        let of_event = shown.entry(event_id).or_insert_with(|| Shown::Some(BTreeMap::new()));
        if let Shown::Some(occurrences) = of_event {
            occurrences.insert(occurrence_id, attendance);
        }
    }
    for (event,) in organized(db, owner, since).await? {
        shown.insert(event, Shown::Whole);
    }
    Ok(ShownToUser { events: shown, first_end })
}

async fn store(tx: &mut Tx, owner: UserId, made: &PersonalCalendar) -> Result<()> {
    tx.query(sql!(
        "INSERT INTO personal_calendars (user_id, hash, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at"
    ))
    .bind(owner)
    .bind(token::hash(&made.secret))
    .bind(made.created_at)
    .execute()
    .await?;
    tx.record(Change::CalendarAddressCreated { user: owner });
    Ok(())
}

async fn revoke(tx: &mut Tx, owner: UserId) -> Result<()> {
    if delete(tx, owner).await? {
        tx.record(Change::CalendarAddressRevoked { user: owner });
    }
    Ok(())
}

/// Deletes the secret address of a user. Returns whether there was one.
pub(crate) async fn delete(tx: &mut Tx, owner: UserId) -> Result<bool> {
    let deleted =
        tx.query(sql!("DELETE FROM personal_calendars WHERE user_id = $1")).bind(owner).execute().await?;
    Ok(deleted > 0)
}

/// The occurrences for which a user is registered and that end after `since`. A draft is shown to its
/// organizers only.
async fn attended(db: &mut impl Queries, user: UserId, since: Timestamp) -> Result<Vec<AttendedRow>> {
    Ok(db
        .query(sql!(
            "SELECT r.event_id, r.occurrence_id, o.ends_at, r.status, r.reminders
             FROM registrations r JOIN occurrences o ON o.id = r.occurrence_id
                JOIN events e ON e.id = r.event_id
             WHERE r.user_id = $1 AND r.status <> 'cancelled' AND o.ends_at > $2 AND e.status <> 'draft'"
        ))
        .bind(user)
        .bind(since)
        .all()
        .await?)
}

/// The events that a user organizes, as organizer or co-organizer, with an occurrence that ends after
/// `since`.
async fn organized(db: &mut impl Queries, user: UserId, since: Timestamp) -> Result<Vec<(EventId,)>> {
    Ok(db
        .query(sql!(
            "SELECT e.id FROM events e
             WHERE (e.organizer_id = $1
                    OR e.id IN (SELECT c.event_id FROM event_organizers c WHERE c.user_id = $1))
                AND EXISTS (SELECT 1 FROM occurrences o WHERE o.event_id = e.id AND o.ends_at > $2)"
        ))
        .bind(user)
        .bind(since)
        .all()
        .await?)
}
