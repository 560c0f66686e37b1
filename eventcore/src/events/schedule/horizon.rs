//! Jobs that maintain stored occurrences: extending unbounded rules, and following updates of the tz
//! database.

use std::collections::HashMap;
use std::time::Duration;

use super::calendar_rule;
use super::expansion::{Horizon, PlannedOccurrence, STEP};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::events::aggregate::lock_remaining;
use crate::events::copies::Copies;
use crate::events::event::{Event, zone};
use crate::events::occurrence::changes::OccurrenceChanges;
use crate::events::occurrence::state::OccurrenceState;
use crate::events::read;
use crate::events::rows::EventRow;
use crate::events::store::{self, NewOccurrence};
use crate::id::EventId;
use crate::search;
use crate::time::{self, Timestamp, ZoneEdition, format_local, parse_local, round_to_days, zones_in_force};
use crate::zone_edition::StoredEdition;

const DAY: Duration = Duration::from_hours(24);

impl EventCore {
    /// The horizon to which unbounded rules of an actor are expanded at `now`.
    pub(crate) fn horizon(&self, actor: &Actor, now: Timestamp) -> Horizon {
        Horizon::after(now, self.horizon_length()).with_quotas(self.quotas().of(actor))
    }

    /// Creates the occurrences of a new event that its first step left out. If that fails, the job creates
    /// them.
    pub(crate) async fn complete_schedule(
        &self,
        event: Event,
        horizon: &Horizon,
        now: Timestamp,
    ) -> Result<Event> {
        let is_complete = usize::try_from(event.occurrence_count).is_ok_and(|count| count < STEP);
        if is_complete || event.recurrence.is_none() {
            return Ok(event);
        }
        let (id, due_until) = (event.id, horizon.until.minus(Duration::from_micros(1)));
        match self.extend_event(id, horizon, due_until, now).await {
            Ok(0) => Ok(event),
            Ok(_) => transaction!(self.db(), |tx| read::load_event(tx, id, now)),
            Err(error) => {
                tracing::warn!(event = %id, %error, "not all occurrences of a new event were created yet");
                Ok(event)
            }
        }
    }

    /// Expands the rule of an event up to the horizon, in steps; returns the number of new occurrences.
    async fn extend_event(
        &self,
        id: EventId,
        horizon: &Horizon,
        due_until: Timestamp,
        now: Timestamp,
    ) -> Result<u64> {
        let mut inserted = 0;
        loop {
            let step = transaction!(self.db(), |tx| extend(tx, id, horizon, due_until, now))?;
            inserted += step.inserted;
            if step.is_last {
                return Ok(inserted);
            }
        }
    }

    /// Expands unbounded rules to the current horizon; returns the number of new occurrences.
    ///
    /// Safe to run at any time and in several processes at once. An event is extended at most once a day:
    /// only when its expansion ends a day before the horizon or earlier.
    pub async fn extend_schedules(&self) -> Result<u64> {
        self.follow_zone_edition().await?;
        let now = self.now();
        // The quotas of the organizers hold for the job as well.
        let horizon = Horizon::after(now, self.horizon_length()).with_quotas(self.quotas());
        let due_until = horizon.until.minus(DAY);
        let mut inserted = 0;
        // Dense series, whose horizon is nearer, are due each time.
        let mut after = EventId::from(uuid::Uuid::nil());
        loop {
            let due: Vec<(EventId,)> = self
                .db()
                .read()
                .await?
                .query(sql!(
                    "SELECT id FROM events
                     WHERE expanded_until IS NOT NULL AND expanded_until <= $1 AND status <> 'cancelled'
                        AND id > $2
                     ORDER BY id LIMIT 100"
                ))
                .bind(due_until)
                .bind(after)
                .all()
                .await?;
            let Some((last,)) = due.last() else { return Ok(inserted) };
            after = *last;
            for (event,) in due {
                inserted += self.extend_event(event, &horizon, due_until, now).await?;
            }
        }
    }

    /// Recomputes the times of future occurrences from their local times, if those were computed by another
    /// edition of the tz database than the one that this process uses; returns how many changed.
    ///
    /// Safe to run at any time and in several processes at once.
    pub async fn recompute_occurrence_times(&self) -> Result<u64> {
        self.recompute_times().await.map(|recomputed| recomputed.moved)
    }

    /// [`EventCore::recompute_occurrence_times`], with when it is due once more.
    pub(crate) async fn recompute_times(&self) -> Result<Recomputed> {
        self.follow_zone_edition().await?;
        let now = self.now();
        let edition = zones_in_force().edition;
        let stored: Option<(String,)> = self
            .db()
            .read()
            .await?
            .query(sql!("SELECT value FROM settings WHERE key = 'tz_database'"))
            .optional()
            .await?;
        if stored.is_some_and(|(stored,)| stored == edition.to_string()) {
            return Ok(Recomputed { moved: 0, again_at: None });
        }
        let followed_from = self.stored_zone_edition().await?.map_or(now, StoredEdition::followed_from);
        let mut changed = 0;
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
                changed += transaction!(self.db(), |tx| recompute(tx, event, now))?;
            }
        }
        if now < followed_from {
            return Ok(Recomputed { moved: changed, again_at: Some(followed_from) });
        }
        transaction!(self.db(), |tx| store_edition(tx, edition))?;
        Ok(Recomputed { moved: changed, again_at: None })
    }
}

/// What became of [`EventCore::recompute_times`].
pub(crate) struct Recomputed {
    /// How many occurrences were moved.
    pub(crate) moved: u64,
    /// When it is due once more: until then, another process may store times by an older edition.
    pub(crate) again_at: Option<Timestamp>,
}

async fn store_edition(tx: &mut Tx, edition: ZoneEdition) -> Result<()> {
    tx.query(sql!(
        "INSERT INTO settings (key, value) VALUES ('tz_database', $1)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    ))
    .bind(edition.to_string())
    .execute()
    .await?;
    Ok(())
}

/// Locks and loads an event without checking permissions; `None` if it was deleted.
async fn lock_event(tx: &mut Tx, id: EventId) -> Result<Option<EventRow>> {
    let lock = sql!(
        sqlite "SELECT e.*, (SELECT c.slug FROM categories c WHERE c.id = e.category_id) AS category
            FROM events e WHERE e.id = $1",
        postgres "SELECT e.*, (SELECT c.slug FROM categories c WHERE c.id = e.category_id) AS category
            FROM events e WHERE e.id = $1 FOR NO KEY UPDATE"
    );
    Ok(tx.query(lock).bind(id).optional().await?)
}

/// One step of the expansion of an event.
struct ExtensionStep {
    inserted: u64,
    /// Whether nothing is left to do for now.
    is_last: bool,
}

/// Inserts the next occurrences of one event up to the horizon, unless another process has.
async fn extend(
    tx: &mut Tx,
    id: EventId,
    horizon: &Horizon,
    due_until: Timestamp,
    now: Timestamp,
) -> Result<ExtensionStep> {
    let nothing = ExtensionStep { inserted: 0, is_last: true };
    let Some(event) = lock_event(tx, id).await? else { return Ok(nothing) };
    let Some(from) = event.expanded_until.filter(|until| *until <= due_until) else { return Ok(nothing) };
    let room = horizon.quotas.room_for(tx, (id, event.organizer_id), now).await?;
    if room == 0 {
        return Ok(nothing);
    }
    let step = horizon.step(room);
    let (occurrences, until) = match event.expand(from, horizon) {
        Ok(mut occurrences) => {
            let until = step.cut(&mut occurrences);
            (occurrences, until)
        }
        // Log it and go on: one unusable rule must not block the expansion of all others.
        Err(error) => {
            tracing::error!(event = %id, ?error, "the rule of an event cannot be expanded");
            (Vec::new(), horizon.until)
        }
    };
    tx.query(sql!("UPDATE events SET expanded_until = $2 WHERE id = $1"))
        .bind(id)
        .bind(until)
        .execute()
        .await?;
    let document = search::own_document(tx, event.id).await?;
    let new = NewOccurrence::list(&occurrences, now);
    let inserted = store::insert_occurrences(tx, &Copies::of(&event)?, document, &new, now).await?;
    if inserted > 0 {
        if calendar_rule::misses_any(&event, &occurrences)? {
            store::count_calendar_change(tx, id).await?;
        }
        tx.record(Change::OccurrencesAdded { event: id, count: inserted });
    }
    Ok(ExtensionStep { inserted, is_last: until >= horizon.until || occurrences.len() == room })
}

/// Recomputes the times of the future occurrences of one event from their local times; returns how many
/// changed.
async fn recompute(tx: &mut Tx, id: EventId, now: Timestamp) -> Result<u64> {
    let Some(event) = lock_event(tx, id).await? else { return Ok(0) };
    let mut future = lock_remaining(tx, id, now).await?;
    // What a change of the rule cancelled is not at a start of the rule: another may be there.
    future.retain(|occurrence| occurrence.starts_at > now && !occurrence.cancelled_by_rule);
    let copies = Copies::of(&event)?;
    let planned = planned_by_local_start(&event, &future)?;
    let mut changes = OccurrenceChanges::default();
    let mut moved = 0;
    for old in &future {
        let mut new = old.clone();
        follow_clocks(&mut new, &event, planned.get(&old.original_local))?;
        copies.copy_to(&mut new);
        let times = |state: &OccurrenceState| (state.original_start, state.starts_at, state.ends_at);
        if times(old) != times(&new) {
            moved += 1;
            let old_starts_at = old.starts_at;
            tx.record(Change::OccurrenceMoved { event: id, occurrence: old.id, old_starts_at });
            new.version += 1;
        }
        changes.add(old, &new);
    }
    changes.store(tx, &copies, now).await?;
    if moved > 0 {
        store::count_calendar_change(tx, id).await?;
    }
    Ok(moved)
}

/// The planned occurrences around the stored ones, by their nominal local starts as they are stored.
fn planned_by_local_start(
    event: &EventRow,
    stored: &[OccurrenceState],
) -> Result<HashMap<String, PlannedOccurrence>> {
    let starts = || stored.iter().map(|occurrence| occurrence.original_start);
    let (Some(first), Some(last)) = (starts().min(), starts().max()) else { return Ok(HashMap::new()) };
    // Two days of margin: no change of a zone's rules has moved a local time by more than one.
    let horizon = Horizon::unlimited(last.plus(2 * DAY));
    let planned = event.expand(first.minus(2 * DAY), &horizon)?;
    Ok(planned.into_iter().map(|planned| (format_local(planned.local), planned)).collect())
}

/// Gives an occurrence the instants of its local times. `planned` is where the rule has its local start.
fn follow_clocks(
    occurrence: &mut OccurrenceState,
    event: &EventRow,
    planned: Option<&PlannedOccurrence>,
) -> Result<()> {
    if let Some(planned) = planned {
        occurrence.original_start = planned.original_start;
        if !occurrence.moved {
            (occurrence.starts_at, occurrence.ends_at) = (planned.original_start, planned.ends_at);
        }
    }
    let Some(local) = &occurrence.starts_local else { return Ok(()) };
    let (local, tz) = (parse_local(local)?, zone(&event.timezone));
    let starts_at = time::resolve_leniently(local, tz);
    // A local time that occurs twice may mean its second instant, which still has the same local time.
    if starts_at == occurrence.starts_at || occurrence.starts_at.in_zone(tz).naive_local() == local {
        return Ok(());
    }
    let elapsed = occurrence.ends_at.since(occurrence.starts_at).as_secs();
    let seconds = round_to_days(i64::try_from(elapsed).map_err(Error::internal)?, event.all_day);
    occurrence.ends_at = time::end_of(local, starts_at, seconds, event.all_day, tz);
    occurrence.starts_at = starts_at;
    Ok(())
}
