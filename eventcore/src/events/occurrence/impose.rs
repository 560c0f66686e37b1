//! Overrides of an occurrence that the same transaction creates.

use serde_json::Value;

use super::change::{Overrides, Times, store_overrides};
use super::editable::{EditableOccurrence, StoredOccurrence};
use crate::db::Tx;
use crate::error::Result;
use crate::events::rows::EventRow;
use crate::events::store::NewOccurrence;
use crate::time::Timestamp;

/// Valid overrides of a new occurrence.
#[derive(Debug, Clone)]
pub(crate) struct NewOverrides {
    occurrence: StoredOccurrence,
    overrides: Overrides,
    times: Times,
}

impl NewOverrides {
    /// The overrides that a merge patch gives a new occurrence, also if it is over. `None` if it has no
    /// others than without.
    ///
    /// # Errors
    /// `invalid_input`.
    pub(crate) fn of(event: &EventRow, new: &NewOccurrence, patch: &Value) -> Result<Option<Self>> {
        let locked =
            EditableOccurrence { event: event.clone(), occurrence: StoredOccurrence::of_new(event, new) };
        let overrides = Overrides::patched(&locked, patch)?;
        // Nothing is in the past at the beginning of time.
        let times = overrides.validate(&locked, Timestamp::from_micros(0))?;
        let differs = !overrides.are_stored(&locked.occurrence, &times);
        Ok(differs.then_some(Self { occurrence: locked.occurrence, overrides, times }))
    }

    /// Stores them, after the event and its occurrences. Nobody is told: nobody knew the occurrence.
    pub(crate) async fn store(&self, tx: &mut Tx, event: &EventRow, now: Timestamp) -> Result<()> {
        let locked = EditableOccurrence { event: event.clone(), occurrence: self.occurrence.clone() };
        store_overrides(tx, &locked, &self.overrides, &self.times, now).await
    }
}
