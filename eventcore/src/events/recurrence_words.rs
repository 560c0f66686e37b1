//! The text of the recurrence of events and occurrences in English.

use std::collections::{HashMap, HashSet};

use super::event::{EventRecurrence, Occurrence, RecurrenceInWords, zone};
use super::rows::EventRow;
use super::schedule::expansion;
use crate::db::{Queries, Sql, placeholders};
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::recurrence::Recurrence;

impl EventRow {
    /// The recurrence with its text; `None` for a single occurrence.
    pub(crate) fn recurrence_with_text(&self) -> Result<Option<EventRecurrence>> {
        let Some(recurrence) = self.recurrence()? else { return Ok(None) };
        let series = expansion::series(&self.span()?, zone(&self.timezone), &recurrence);
        let text = series.map_err(Error::internal)?.to_english();
        let Recurrence { rrule, rdate, exdate } = recurrence;
        Ok(Some(EventRecurrence { rrule, rdate, exdate, text }))
    }
}

/// Adds the recurrences in words to occurrences: one statement for all of them, because many occurrences are
/// of few events.
pub(crate) async fn add_recurrences<'o>(
    db: &mut impl Queries,
    occurrences: impl IntoIterator<Item = &'o mut Occurrence>,
) -> Result<()> {
    let mut recurring: Vec<&mut Occurrence> =
        occurrences.into_iter().filter(|occurrence| occurrence.recurring).collect();
    let ids: HashSet<EventId> = recurring.iter().map(|occurrence| occurrence.event_id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let text =
        format!("SELECT e.*, NULL AS category FROM events e WHERE e.id IN ({})", placeholders(ids.len(), 1));
    let query = ids.iter().fold(db.query(Sql::dynamic(text)), |query, id| query.bind(*id));
    let rows: Vec<EventRow> = query.all().await?;
    let mut texts = HashMap::with_capacity(rows.len());
    for row in rows {
        texts.insert(row.id, row.recurrence_with_text()?.map(|recurrence| recurrence.text));
    }
    for occurrence in &mut recurring {
        let text = texts.get(&occurrence.event_id).cloned().flatten();
        occurrence.recurrence = text.map(|text| RecurrenceInWords { text });
    }
    Ok(())
}
