//! The dates of an event: what becomes of them when the event changes.

use std::collections::HashSet;

use sqlx::FromRow;

use super::expansion::{Date, Horizon};
use crate::db::batches;
use crate::db::values;
use crate::db::{Dialect, Queries, Sql, Tx, sql};
use crate::error::{Error, Result};
use crate::events::event::dates_of;
use crate::events::event::listed;
use crate::events::event::{EventStatus, OccurrenceStatus, zone};
use crate::events::input::ValidEvent;
use crate::events::rows::EventRow;
use crate::events::store::{self, Inherited};
use crate::id::{EventId, OccurrenceId};
use crate::recurrence::{Existing, Realignment, Removal, realign};
use crate::time::Timestamp;
use crate::time::wall_clock;

/// Keeps everyone else from all dates of an event until the transaction ends. Whoever writes to several does this first, after the event is locked and
/// before anything is written to them: a statement that writes takes them as it finds them, and two that take the same in another order wait for each
/// other.
pub(crate) async fn lock_dates(tx: &mut Tx, event: EventId) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        let lock = tx.query(sql!("SELECT id FROM occurrences WHERE event_id = $1 ORDER BY id", for update));
        let _: Vec<(OccurrenceId,)> = lock.bind(event).all().await?;
    }
    Ok(())
}

/// Gives the dates that are over words of their own where the event's are about to change: they never change.
pub(crate) async fn keep_what_is_over(
    tx: &mut Tx,
    old: &EventRow,
    new: &ValidEvent,
    now: Timestamp,
) -> Result<()> {
    let same = (&old.title, &old.description, &old.location, &old.url)
        == (&new.title, &new.description, &new.location, &new.url);
    let over: bool = tx
        .query(sql!("SELECT EXISTS (SELECT 1 FROM occurrences WHERE event_id = $1 AND ends_at <= $2)"))
        .bind(old.id)
        .bind(now)
        .scalar()
        .await?;
    if same || !over {
        return Ok(());
    }
    let text = store::insert_words(tx, old.id, &old.title, &old.location).await?;
    tx.query(sql!(
        "UPDATE occurrences SET text_id = CASE WHEN title IS NULL AND location IS NULL AND description IS NULL THEN $3 ELSE text_id END,
            title = coalesce(title, $4), description = coalesce(description, $5), location = coalesce(location, $6), url = coalesce(url, $7)
         WHERE event_id = $1 AND ends_at <= $2"
    ))
    .bind(old.id)
    .bind(now)
    .bind(text)
    .bind((old.title != new.title).then(|| old.title.clone()))
    .bind((old.description != new.description).then(|| old.description.clone()))
    .bind((old.location != new.location).then(|| old.location.clone()))
    .bind(if old.url == new.url { None } else { old.url.clone() })
    .execute()
    .await?;
    Ok(())
}

/// A date that is not over, or that the rule places ahead.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Ahead {
    pub(crate) id: OccurrenceId,
    pub(crate) original_start: Timestamp,
    pub(crate) original_local: String,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    /// Its own wall clock, where it was moved.
    pub(crate) starts_local: Option<String>,
    moved: bool,
    status: OccurrenceStatus,
    registered: bool,
}

/// The first instant from which dates of an event can still change: now, or where the rule places a date that is not over.
pub(crate) async fn first_ahead(tx: &mut Tx, id: EventId, now: Timestamp) -> Result<Timestamp> {
    let first: Option<Timestamp> = tx
        .query(sql!("SELECT min(original_start) FROM occurrences WHERE event_id = $1 AND ends_at > $2"))
        .bind(id)
        .bind(now)
        .scalar()
        .await?;
    Ok(first.map_or(now, |first| first.min(now)))
}

/// The dates of an event that are not over, or that the rule places ahead; nobody registers for them until the transaction ends.
pub(crate) async fn ahead(tx: &mut Tx, id: EventId, now: Timestamp) -> Result<Vec<Ahead>> {
    // The lock comes first: the second query then sees everyone who got in before.
    let _locked: Vec<(OccurrenceId,)> = tx
        .query(sql!(
            "SELECT id FROM occurrences WHERE event_id = $1 AND (ends_at > $2 OR original_start > $2) ORDER BY id",
            for update
        ))
        .bind(id)
        .bind(now)
        .all()
        .await?;
    Ok(tx
        .query(sql!(
            "SELECT o.id, o.original_start, o.original_local, o.starts_at, o.ends_at, o.starts_local, o.moved, o.status,
                EXISTS (SELECT 1 FROM registrations r WHERE r.occurrence_id = o.id) AS registered
             FROM occurrences o WHERE o.event_id = $1 AND (o.ends_at > $2 OR o.original_start > $2) ORDER BY o.id"
        ))
        .bind(id)
        .bind(now)
        .all()
        .await?)
}

/// Moves the dates of an event to where its start and its rule now place them: the dates that are over, and those that have begun, stay.
pub(crate) async fn follow(
    tx: &mut Tx,
    old: &EventRow,
    new: &ValidEvent,
    status: EventStatus,
    now: Timestamp,
) -> Result<()> {
    let dates = ahead(tx, old.id, now).await?;
    let orphans = orphans(old, &dates)?;
    let existing: Vec<Existing> = dates
        .iter()
        .map(|date| Existing {
            original_start: date.original_start,
            settled: date.starts_at <= now || orphans.contains(&date.id),
            registered: date.registered,
        })
        .collect();
    let starts: Vec<Timestamp> = new.dates.iter().map(|date| date.original_start).collect();
    let plan = realign(&existing, &starts, (zone(&old.timezone), new.tz), now);
    carry_out(tx, old, new, status, &dates, &plan, now).await
}

/// The cancelled dates that the rule had left already: they stay what they are, a record.
fn orphans(event: &EventRow, dates: &[Ahead]) -> Result<HashSet<OccurrenceId>> {
    let cancelled = || dates.iter().filter(|date| date.status == OccurrenceStatus::Cancelled);
    let (Some(first), Some(last)) = (
        cancelled().map(|date| date.original_start).min(),
        cancelled().map(|date| date.original_start).max(),
    ) else {
        return Ok(HashSet::new());
    };
    let horizon = Horizon::unlimited(Timestamp::from_micros(last.as_micros() + 1));
    let by_rule: HashSet<Timestamp> =
        event.dates(first, &horizon)?.iter().map(|date| date.original_start).collect();
    Ok(cancelled().filter(|date| !by_rule.contains(&date.original_start)).map(|date| date.id).collect())
}

async fn carry_out(
    tx: &mut Tx,
    old: &EventRow,
    new: &ValidEvent,
    status: EventStatus,
    dates: &[Ahead],
    plan: &Realignment,
    now: Timestamp,
) -> Result<()> {
    for (i, removal) in &plan.removed {
        remove(tx, dates[*i].id, *removal, now).await?;
    }
    let kept: Vec<(&Ahead, &Date)> =
        plan.kept.iter().map(|(from, to)| (&dates[*from], &new.dates[*to])).collect();
    place(tx, &kept, now).await?;
    let begun = plan.settled.iter().map(|i| &dates[*i]).filter(|date| date.starts_at <= now);
    for date in begun {
        if let Some(by_rule) = new.dates.iter().find(|by_rule| by_rule.original_start == date.original_start)
        {
            end(tx, date, by_rule.ends_at, now).await?;
        }
    }
    if old.timezone != new.tz.name() {
        read_moved_clocks(tx, dates, new, now).await?;
    }
    let text = store::base_words(tx, old.id).await?;
    let inherited = Inherited {
        event: old.id,
        organizer: old.organizer_id,
        capacity: new.capacity,
        listed: listed(new.visibility, status),
        status: dates_of(status),
        text,
    };
    let added: Vec<Date> = plan.added.iter().map(|i| new.dates[*i]).collect();
    store::insert_dates(tx, &inherited, &added, now).await?;
    must_have_a_date(tx, old.id).await
}

/// Takes a date off the schedule.
async fn remove(tx: &mut Tx, id: OccurrenceId, removal: Removal, now: Timestamp) -> Result<()> {
    match removal {
        Removal::Delete => delete_date(tx, id).await,
        Removal::Cancel => set_status(tx, id, OccurrenceStatus::Cancelled, now).await,
    }
}

/// Deletes a date that nobody registered for, with the words that only it has.
pub(crate) async fn delete_date(tx: &mut Tx, id: OccurrenceId) -> Result<()> {
    let text: Option<(i64,)> =
        tx.query(sql!("DELETE FROM occurrences WHERE id = $1 RETURNING text_id")).bind(id).optional().await?;
    match text {
        Some((text,)) => store::drop_unused_words(tx, text).await,
        None => Ok(()),
    }
}

/// Places dates where the rule now has them, and answers how many it changed. What was moved by hand stays where it is.
pub(crate) async fn place(tx: &mut Tx, kept: &[(&Ahead, &Date)], now: Timestamp) -> Result<u64> {
    let shifted: Vec<_> =
        kept.iter().filter(|(date, by_rule)| date.original_start != by_rule.original_start).collect();
    // One may move to where another still stands: all make room first, to before the first that any event can have.
    for (n, rows) in batches(&shifted).enumerate() {
        let text = format!(
            "UPDATE occurrences SET original_start = v.column2 FROM (VALUES {}) AS v WHERE occurrences.id = v.column1",
            values(rows.len(), 2, 1)
        );
        let mut query = tx.query(Sql::built(text));
        for (i, (date, _)) in rows.iter().enumerate() {
            let room = i64::try_from(n * 64 + i).map_err(Error::internal)?;
            query = query.bind(date.id).bind(Timestamp::from_micros(-1_000_000_000_000 - room));
        }
        query.execute().await?;
    }
    let mut touched = 0;
    let changed: Vec<_> = kept.iter().filter(|(date, by_rule)| !date.stands_at(by_rule)).collect();
    for rows in batches(&changed) {
        let text = format!(
            "UPDATE occurrences SET original_start = v.column2, original_local = v.column3, starts_at = v.column4, ends_at = v.column5,
                updated_at = $1, version = version + 1
             FROM (VALUES {}) AS v WHERE occurrences.id = v.column1",
            values(rows.len(), 5, 2)
        );
        let mut query = tx.query(Sql::built(text)).bind(now);
        for (date, by_rule) in rows {
            let (starts_at, ends_at) = date.times(by_rule);
            query = query
                .bind(date.id)
                .bind(by_rule.original_start)
                .bind(wall_clock(by_rule.local))
                .bind(starts_at)
                .bind(ends_at);
        }
        touched += query.execute().await?;
    }
    Ok(touched)
}

impl Ahead {
    /// When it takes place, placed there by the rule.
    fn times(&self, by_rule: &Date) -> (Timestamp, Timestamp) {
        if self.moved { (self.starts_at, self.ends_at) } else { (by_rule.original_start, by_rule.ends_at) }
    }

    fn stands_at(&self, by_rule: &Date) -> bool {
        self.original_start == by_rule.original_start
            && self.original_local == wall_clock(by_rule.local)
            && (self.starts_at, self.ends_at) == self.times(by_rule)
    }
}

/// A date that has begun ends when the event says now.
async fn end(tx: &mut Tx, date: &Ahead, ends_at: Timestamp, now: Timestamp) -> Result<()> {
    if date.moved || date.ends_at == ends_at {
        return Ok(());
    }
    tx.query(sql!(
        "UPDATE occurrences SET ends_at = $2, updated_at = $3, version = version + 1 WHERE id = $1"
    ))
    .bind(date.id)
    .bind(ends_at)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// What was moved by hand keeps its instant in another zone, and is shown by other clocks there.
async fn read_moved_clocks(tx: &mut Tx, dates: &[Ahead], new: &ValidEvent, now: Timestamp) -> Result<()> {
    for date in dates.iter().filter(|date| date.moved && date.starts_at > now) {
        let local = date.starts_at.in_zone(new.tz).naive_local();
        tx.query(sql!("UPDATE occurrences SET starts_local = $2 WHERE id = $1"))
            .bind(date.id)
            .bind(wall_clock(local))
            .execute()
            .await?;
    }
    Ok(())
}

/// An event without a date is none.
pub(crate) async fn must_have_a_date(tx: &mut Tx, id: EventId) -> Result<()> {
    let has: bool = tx
        .query(sql!("SELECT EXISTS (SELECT 1 FROM occurrences WHERE event_id = $1)"))
        .bind(id)
        .scalar()
        .await?;
    if has {
        Ok(())
    } else {
        Err(Error::invalid(
            "/recurrence/rrule",
            "nothing_left",
            "leaves the event without a date: delete it instead",
        ))
    }
}

/// Sets whether a date takes place; one that already is so stays as it was, its version too.
pub(crate) async fn set_status(
    tx: &mut Tx,
    id: OccurrenceId,
    status: OccurrenceStatus,
    now: Timestamp,
) -> Result<()> {
    tx.query(sql!(
        "UPDATE occurrences SET status = $2, updated_at = $3, version = version + 1 WHERE id = $1 AND status <> $2"
    ))
    .bind(id)
    .bind(status)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}
