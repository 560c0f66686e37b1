//! Overrides of an occurrence that the same transaction has created.

use serde_json::Value;

use super::change::{Overrides, store_overrides};
use super::editable::{EditableOccurrence, StoredOccurrence};
use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::events::rows::EventRow;
use crate::id::OccurrenceId;
use crate::time::Timestamp;

/// Changes the overrides of an occurrence of an event that the transaction has created, also if it is over.
/// Nobody is told: nobody knew it.
pub(crate) async fn impose(
    tx: &mut Tx,
    event: &EventRow,
    id: OccurrenceId,
    patch: &Value,
    now: Timestamp,
) -> Result<()> {
    let occurrence: StoredOccurrence =
        tx.query(sql!("SELECT * FROM occurrences WHERE id = $1")).bind(id).one().await?;
    let locked = EditableOccurrence { event: event.clone(), occurrence };
    let overrides = Overrides::patched(&locked, patch)?;
    // Nothing is in the past at the beginning of time.
    let times = overrides.validate(&locked, Timestamp::from_micros(0))?;
    if !overrides.are_stored(&locked.occurrence, &times) {
        store_overrides(tx, &locked, &overrides, &times, now).await?;
    }
    Ok(())
}
