//! The job that adds to the counters what they do not have yet.

use std::collections::BTreeSet;
use std::time::Duration;

use foldhash::{HashMap, HashMapExt};

use super::counted::{CountedEvent, UncountedChange, day_and_quarter, last_upcoming};
use super::key::{CountKey, Labels, add};
use crate::db::{Queries, RowList, SqlWriter, Tx, sql};
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::jobs::{Job, Next};
use crate::time::Timestamp;

/// How often the job looks.
const PERIOD: Duration = Duration::from_secs(5);
/// The changes of one transaction.
const BATCH: i64 = 5_000;
/// The counters of one statement.
const COUNTERS_AT_ONCE: usize = 5_000;

/// Adds the next changes to the counters and deletes them. Run it in one transaction at a time: the job is
/// locked.
pub(crate) async fn count_changes(tx: &mut Tx, now: Timestamp) -> Result<Next> {
    let changes: Vec<UncountedChange> = tx
        .query(sql!(
            "DELETE FROM uncounted_changes WHERE id IN
                (SELECT c.id FROM uncounted_changes c ORDER BY c.id LIMIT $1)
             RETURNING event_id, day, quarter, status, labels, change"
        ))
        .bind(BATCH)
        .all()
        .await?;
    if !changes.is_empty() {
        let mut counts = HashMap::new();
        count_occurrences(&mut counts, &changes);
        count_events(tx, &mut counts, &changes).await?;
        store(tx, counts).await?;
    }
    let is_full = i64::try_from(changes.len()).map_err(Error::internal)? >= BATCH;
    Ok(Next::Again { job: Job::CountChanges, at: if is_full { now } else { now.plus(PERIOD) } })
}

/// Begins anew: all occurrences in lists are left to be counted.
pub(crate) async fn recount(tx: &mut Tx) -> Result<()> {
    for table in ["agenda_counts", "counted_events", "uncounted_changes"] {
        let mut sql = SqlWriter::new(tx.dialect());
        sql.push("DELETE FROM ").push(table);
        sql.query(tx).execute().await?;
    }
    let [day, quarter] = day_and_quarter(tx.dialect());
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("INSERT INTO uncounted_changes (event_id, day, quarter, status, labels, change) SELECT ");
    sql.push(&format!(
        "o.event_id, {day}, {quarter}, o.status, o.labels, 1 FROM occurrences o WHERE o.listed"
    ));
    sql.query(tx).execute().await?;
    Ok(())
}

fn count_occurrences(counts: &mut HashMap<CountKey, i64>, changes: &[UncountedChange]) {
    // Occurrences of an event share their labels.
    let mut known: HashMap<&str, Labels> = HashMap::new();
    for change in changes {
        let labels = known.entry(&change.labels).or_insert_with(|| Labels::parse(&change.labels));
        add(counts, labels.keys(change.day, change.quarter, &change.status), change.change);
    }
}

/// An event with what is counted of it, and what it is now.
type EventRows = (EventId, Option<Timestamp>, Option<String>, Option<Timestamp>, Option<String>);

/// Counts the events of the changes as they are now, which may be later: then they have further changes, and
/// are counted once more.
async fn count_events(
    tx: &mut Tx,
    counts: &mut HashMap<CountKey, i64>,
    changes: &[UncountedChange],
) -> Result<()> {
    let events: BTreeSet<EventId> = changes.iter().map(|change| change.event_id).collect();
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("SELECT v.event_id, c.upcoming_until, c.labels, ");
    sql.push(&last_upcoming("upcoming_until", "v.event_id")).push(" AS last_until, ");
    sql.push(&last_upcoming("labels", "v.event_id")).push(" AS last_labels FROM ");
    sql.rows("v", RowList::default().ids("event_id", events.iter().map(|event| event.as_uuid())));
    sql.push(" LEFT JOIN counted_events c ON c.event_id = v.event_id");
    let rows: Vec<EventRows> = sql.query(tx).all().await?;
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for (event, until, labels, last_until, last_labels) in rows {
        let (old, new) = (CountedEvent::of(until, labels), CountedEvent::of(last_until, last_labels));
        if old == new {
            continue;
        }
        for (counted, change) in [(&old, -1), (&new, 1)] {
            if let Some(counted) = counted {
                add(counts, Labels::parse(&counted.labels).keys_of_event(counted.day()), change);
            }
        }
        match new {
            Some(new) => kept.push((event, new)),
            None => gone.push(event),
        }
    }
    store_events(tx, kept, &gone).await
}

async fn store_events(tx: &mut Tx, kept: Vec<(EventId, CountedEvent)>, gone: &[EventId]) -> Result<()> {
    if !kept.is_empty() {
        let rows = RowList::default()
            .ids("event_id", kept.iter().map(|(event, _)| event.as_uuid()))
            .instants("upcoming_until", kept.iter().map(|(_, counted)| counted.upcoming_until))
            .texts("labels", kept.into_iter().map(|(_, counted)| counted.labels));
        let mut sql = SqlWriter::new(tx.dialect());
        sql.push("INSERT INTO counted_events (event_id, upcoming_until, labels)");
        sql.push(" SELECT v.event_id, v.upcoming_until, v.labels FROM ").rows("v", rows);
        sql.push(" WHERE TRUE ON CONFLICT (event_id) DO UPDATE SET");
        sql.push(" upcoming_until = excluded.upcoming_until, labels = excluded.labels");
        sql.query(tx).execute().await?;
    }
    if !gone.is_empty() {
        let rows = RowList::default().ids("event_id", gone.iter().map(|event| event.as_uuid()));
        let mut sql = SqlWriter::new(tx.dialect());
        sql.push("DELETE FROM counted_events WHERE event_id IN (SELECT v.event_id FROM ");
        sql.rows("v", rows).push(")");
        sql.query(tx).execute().await?;
    }
    Ok(())
}

/// The columns of the key of a counter.
const KEY: &str = "scope, series, bucket, label, status";

async fn store(tx: &mut Tx, counts: HashMap<CountKey, i64>) -> Result<()> {
    let mut counts: Vec<(CountKey, i64)> = counts.into_iter().filter(|(_, change)| *change != 0).collect();
    // In the order of the primary key, which costs fewer pages.
    counts.sort_unstable();
    for counts in counts.chunks(COUNTERS_AT_ONCE) {
        let rows = rows(counts).integers("n", counts.iter().map(|(_, change)| *change));
        let mut sql = SqlWriter::new(tx.dialect());
        sql.push(&format!("INSERT INTO agenda_counts ({KEY}, n) SELECT {KEY}, n FROM ")).rows("v", rows);
        sql.push(&format!(" WHERE TRUE ON CONFLICT ({KEY}) DO UPDATE SET n = agenda_counts.n + excluded.n"));
        sql.query(tx).execute().await?;
    }
    counts.retain(|(_, change)| *change < 0);
    for counts in counts.chunks(COUNTERS_AT_ONCE) {
        let mut sql = SqlWriter::new(tx.dialect());
        sql.push(&format!("DELETE FROM agenda_counts WHERE n = 0 AND ({KEY}) IN (SELECT {KEY} FROM "));
        sql.rows("v", rows(counts)).push(")");
        sql.query(tx).execute().await?;
    }
    Ok(())
}

fn rows(counts: &[(CountKey, i64)]) -> RowList {
    let keys = || counts.iter().map(|(key, _)| key);
    RowList::default()
        .texts("scope", keys().map(|key| key.scope.name()))
        .integers("series", keys().map(|key| key.series.number()))
        .integers("bucket", keys().map(|key| key.bucket))
        .texts("label", keys().map(|key| key.label.clone()))
        .texts("status", keys().map(|key| key.status.clone()))
}
