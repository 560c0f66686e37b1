//! [`OccurrenceChanges`]: the occurrences of one event that change together, stored by one statement.

use super::state::OccurrenceState;
use crate::db::{Queries, RowList, SqlWriter, Tx};
use crate::error::Result;
use crate::events::copies::Copies;
use crate::id::OccurrenceId;
use crate::time::Timestamp;

/// Locked occurrences of one event as they will be.
#[derive(Debug, Default)]
pub(crate) struct OccurrenceChanges {
    changed: Vec<OccurrenceState>,
    /// Those that get another original start, which another occurrence may have until now.
    shifted: Vec<OccurrenceId>,
}

impl OccurrenceChanges {
    /// Adds an occurrence, if it changes.
    pub(crate) fn add(&mut self, old: &OccurrenceState, new: &OccurrenceState) {
        if old != new {
            self.changed.push(new.clone());
        }
        if old.original_start != new.original_start {
            self.shifted.push(new.id);
        }
    }

    /// Writes all columns that can change together with those of the event. Their versions must have been
    /// incremented where that is due.
    pub(crate) async fn store(&self, tx: &mut Tx, copies: &Copies, now: Timestamp) -> Result<()> {
        park_original_starts(tx, &self.shifted).await?;
        update(tx, &self.changed, copies, now).await
    }
}

/// The latest temporary original start, in microseconds since 1970: 1969-12-20. No event can start before
/// 1970, so no occurrence is there.
const PARKED_FROM: i64 = -1_000_000_000_000;

/// Sets the original starts that are about to change to distinct temporary values before 1970. Invitations
/// keep the former ones.
///
/// The original start is unique within an event, and an occurrence may move to where another one is now.
/// Both databases check unique indexes row by row.
async fn park_original_starts(tx: &mut Tx, shifted: &[OccurrenceId]) -> Result<()> {
    if shifted.is_empty() {
        return Ok(());
    }
    let parked = (0..).map(|n: i64| Timestamp::from_micros(PARKED_FROM - n)).take(shifted.len());
    let rows = RowList::default()
        .ids("id", shifted.iter().map(|id| id.as_uuid()))
        .instants("original_start", parked);
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push(
        "UPDATE occurrences SET original_start = v.original_start, \
            invitation_local = CASE WHEN occurrences.invitation_event IS NULL \
                THEN coalesce(occurrences.invitation_local, occurrences.original_local) \
                ELSE occurrences.invitation_local END, \
            invitation_start = CASE WHEN occurrences.invitation_event IS NULL \
                THEN coalesce(occurrences.invitation_start, occurrences.original_start) \
                ELSE occurrences.invitation_start END FROM ",
    );
    sql.rows("v", rows);
    sql.push(" WHERE occurrences.id = v.id");
    sql.query(tx).execute().await?;
    Ok(())
}

async fn update(tx: &mut Tx, changed: &[OccurrenceState], copies: &Copies, now: Timestamp) -> Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let of = || changed.iter();
    let rows = RowList::default()
        .ids("id", of().map(|state| state.id.as_uuid()))
        .instants("original_start", of().map(|state| state.original_start))
        .texts("original_local", of().map(|state| state.original_local.clone()))
        .instants("starts_at", of().map(|state| state.starts_at))
        .instants("ends_at", of().map(|state| state.ends_at))
        .texts("starts_local", of().map(|state| state.starts_local.clone()))
        .booleans("moved", of().map(|state| state.moved))
        .texts("status", of().map(|state| state.status.to_string()))
        .booleans("cancelled_by_rule", of().map(|state| state.cancelled_by_rule))
        .integers("capacity", of().map(|state| state.capacity))
        .instants("opens_at", of().map(|state| state.open_period.opens_at))
        .instants("closes_at", of().map(|state| state.open_period.closes_at))
        .booleans("all_day", of().map(|state| state.all_day))
        .integers("version", of().map(|state| state.version));
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push(
        "UPDATE occurrences SET original_start = v.original_start, original_local = v.original_local, \
            starts_at = v.starts_at, ends_at = v.ends_at, starts_local = v.starts_local, moved = v.moved, \
            status = v.status, cancelled_by_rule = v.cancelled_by_rule, capacity = v.capacity, \
            registration_opens_at = v.opens_at, registration_closes_at = v.closes_at, \
            all_day = v.all_day, version = v.version, updated_at = ",
    );
    sql.value(now).push(", ");
    copies.push_assignments(&mut sql);
    sql.push(" FROM ").rows("v", rows).push(" WHERE occurrences.id = v.id");
    sql.query(tx).execute().await?;
    Ok(())
}
