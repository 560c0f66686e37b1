//! The jobs that keep the dates of events up to date: moving the horizon, and following the tz database.

use std::collections::HashMap;
use std::time::Duration;

use super::expansion::{Date, Horizon};
use super::reschedule::{self, Ahead};
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::events::event::dates_of;
use crate::events::event::listed;
use crate::events::event::zone;
use crate::events::rows::EventRow;
use crate::events::store::{self, Inherited};
use crate::id::EventId;
use crate::time;
use crate::time::Timestamp;
use crate::time::read_wall_clock;
use crate::time::wall_clock;

/// Events are looked at again when they lack this much of the horizon, so that each is written once a day.
const DAY: Duration = Duration::from_hours(24);

impl EventCore {
    /// How far ahead of `now` dates are made.
    pub(crate) fn horizon(&self, now: Timestamp) -> Horizon {
        Horizon::ahead(now, self.horizon_length())
    }

    /// Makes the dates that have come within the horizon, of all rules that go on for ever; answers how many. It may run at any time, any number of
    /// times, in any number of processes.
    pub async fn extend_schedules(&self) -> Result<u64> {
        let now = self.now();
        let horizon = self.horizon(now);
        let behind = horizon.until.minus(DAY);
        let mut made = 0;
        loop {
            let due: Vec<(EventId,)> = self
                .db()
                .read()
                .await?
                .query(sql!(
                    "SELECT id FROM events WHERE expanded_until IS NOT NULL AND expanded_until <= $1 AND status <> 'cancelled'
                     ORDER BY expanded_until, id LIMIT 100"
                ))
                .bind(behind)
                .all()
                .await?;
            if due.is_empty() {
                return Ok(made);
            }
            for (event,) in due {
                made += transaction!(self.db(), tx => { extend(tx, event, &horizon, behind, now).await })?;
            }
        }
    }

    /// Recomputes the dates ahead from their wall clocks, if the tz database of this program is another than the one that they were computed with;
    /// answers how many moved. It may run at any time, in any number of processes.
    pub async fn follow_time_zones(&self) -> Result<u64> {
        self.follow_time_zones_to(chrono_tz::IANA_TZDB_VERSION).await
    }

    async fn follow_time_zones_to(&self, version: &str) -> Result<u64> {
        let now = self.now();
        let known: Option<(String,)> = self
            .db()
            .read()
            .await?
            .query(sql!("SELECT value FROM settings WHERE key = 'tz_database'"))
            .optional()
            .await?;
        if known.as_ref().is_some_and(|(known,)| known == version) {
            return Ok(0);
        }
        let mut moved = 0;
        let mut after = EventId::from(uuid::Uuid::nil());
        loop {
            let events: Vec<(EventId,)> = self
                .db()
                .read()
                .await?
                .query(sql!(
                    "SELECT e.id FROM events e WHERE e.id > $1
                        AND EXISTS (SELECT 1 FROM occurrences o WHERE o.event_id = e.id AND o.starts_at > $2)
                     ORDER BY e.id LIMIT 100"
                ))
                .bind(after)
                .bind(now)
                .all()
                .await?;
            let Some((last,)) = events.last() else { break };
            after = *last;
            for (event,) in events {
                moved += transaction!(self.db(), tx => { recompute(tx, event, now).await })?;
            }
        }
        transaction!(self.db(), tx => {
            tx.query(sql!(
                "INSERT INTO settings (key, value) VALUES ('tz_database', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            ))
            .bind(version.to_owned())
            .execute()
            .await?;
            Ok(())
        })?;
        Ok(moved)
    }
}

async fn lock(tx: &mut Tx, id: EventId) -> Result<Option<EventRow>> {
    let lock = sql!(
        sqlite "SELECT e.*, (SELECT c.slug FROM categories c WHERE c.id = e.category_id) AS category FROM events e WHERE e.id = $1",
        postgres "SELECT e.*, (SELECT c.slug FROM categories c WHERE c.id = e.category_id) AS category FROM events e WHERE e.id = $1 FOR NO KEY UPDATE"
    );
    Ok(tx.query(lock).bind(id).optional().await?)
}

/// Makes the dates of one event up to the horizon, unless another process has.
async fn extend(
    tx: &mut Tx,
    id: EventId,
    horizon: &Horizon,
    behind: Timestamp,
    now: Timestamp,
) -> Result<u64> {
    let Some(event) = lock(tx, id).await? else { return Ok(0) };
    let Some(from) = event.expanded_until.filter(|until| *until <= behind) else { return Ok(0) };
    tx.query(sql!("UPDATE events SET expanded_until = $2 WHERE id = $1"))
        .bind(id)
        .bind(horizon.until)
        .execute()
        .await?;
    let dates = match event.dates(from, horizon) {
        Ok(dates) => dates,
        // One rule that has become unusable keeps no other from going on.
        Err(error) => {
            tracing::error!(event = %id, ?error, "the dates of an event cannot be made");
            return Ok(0);
        }
    };
    let inherited = inherited(tx, &event).await?;
    store::insert_dates(tx, &inherited, &dates, now).await
}

async fn inherited(tx: &mut Tx, event: &EventRow) -> Result<Inherited> {
    let text = store::base_words(tx, event.id).await?;
    Ok(Inherited {
        event: event.id,
        organizer: event.organizer_id,
        capacity: event.capacity,
        listed: listed(event.visibility, event.status),
        status: dates_of(event.status),
        text,
    })
}

/// Moves the dates ahead of one event to the instants that their wall clocks now mean; answers how many moved.
async fn recompute(tx: &mut Tx, id: EventId, now: Timestamp) -> Result<u64> {
    let Some(event) = lock(tx, id).await? else { return Ok(0) };
    let ahead: Vec<Ahead> =
        reschedule::ahead(tx, id, now).await?.into_iter().filter(|date| date.starts_at > now).collect();
    let by_clock = by_clock(&event, &ahead)?;
    let found: Vec<(&Ahead, &Date)> =
        ahead.iter().filter_map(|date| Some((date, by_clock.get(&date.original_local)?))).collect();
    let mut moved = reschedule::place(tx, &found, now).await?;
    for date in &ahead {
        moved += u64::from(follow_own_clock(tx, &event, date, now).await?);
    }
    Ok(moved)
}

/// The dates by rule around those that are ahead, by what the rule says that the clocks show.
fn by_clock(event: &EventRow, ahead: &[Ahead]) -> Result<HashMap<String, Date>> {
    let starts = || ahead.iter().map(|date| date.original_start);
    let (Some(first), Some(last)) = (starts().min(), starts().max()) else { return Ok(HashMap::new()) };
    // No zone ever changed its mind by more than a day.
    let horizon = Horizon::unlimited(last.plus(2 * DAY));
    let dates = event.dates(first.minus(2 * DAY), &horizon)?;
    Ok(dates.into_iter().map(|date| (wall_clock(date.local), date)).collect())
}

/// A date that was moved by hand stays at its own wall clock.
async fn follow_own_clock(tx: &mut Tx, event: &EventRow, date: &Ahead, now: Timestamp) -> Result<bool> {
    let Some(local) = &date.starts_local else { return Ok(false) };
    let (local, tz) = (read_wall_clock(local)?, zone(&event.timezone));
    let starts_at = time::resolve_leniently(local, tz);
    // Where the clock shows that time twice, either is as good as the other.
    if starts_at == date.starts_at || date.starts_at.in_zone(tz).naive_local() == local {
        return Ok(false);
    }
    let seconds = i64::try_from(date.ends_at.since(date.starts_at).as_secs()).map_err(Error::internal)?;
    let ends_at = time::end_of(local, starts_at, time::whole_days(seconds, event.all_day), event.all_day, tz);
    tx.query(sql!(
        "UPDATE occurrences SET starts_at = $2, ends_at = $3, updated_at = $4, version = version + 1 WHERE id = $1"
    ))
    .bind(date.id)
    .bind(starts_at)
    .bind(ends_at)
    .bind(now)
    .execute()
    .await?;
    Ok(true)
}
