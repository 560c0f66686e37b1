//! The text of the recurrence of events and occurrences in English.

use std::collections::{HashMap, HashSet};

use super::event::{EventRecurrence, Occurrence, RecurrenceInWords, zone};
use super::rows::EventRow;
use super::schedule::expansion;
use crate::db::{Dialect, Queries, Sql, placeholders};
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::recurrence::Recurrence;
use crate::time::{Span, parse_local};

impl EventRow {
    /// The recurrence; `None` for a single occurrence.
    pub(crate) fn recurrence(&self) -> Result<Option<Recurrence>> {
        stored_recurrence(self.rrule.as_deref(), &self.rdate, &self.exdate)
    }

    /// The recurrence with its text; `None` for a single occurrence.
    pub(crate) fn recurrence_with_text(&self) -> Result<Option<EventRecurrence>> {
        let Some(recurrence) = self.recurrence()? else { return Ok(None) };
        let text = text_of(&recurrence, &self.span()?, &self.timezone)?;
        let Recurrence { rrule, rdate, exdate } = recurrence;
        Ok(Some(EventRecurrence { rrule, rdate, exdate, text }))
    }
}

/// A recurrence from its columns; `None` for a single occurrence.
fn stored_recurrence(rrule: Option<&str>, rdate: &str, exdate: &str) -> Result<Option<Recurrence>> {
    let recurrence = Recurrence {
        rrule: rrule.map(str::parse).transpose().map_err(Error::internal)?,
        rdate: serde_json::from_str(rdate).map_err(Error::internal)?,
        exdate: serde_json::from_str(exdate).map_err(Error::internal)?,
    };
    Ok((recurrence != Recurrence::default()).then_some(recurrence))
}

fn text_of(recurrence: &Recurrence, first: &Span, timezone: &str) -> Result<String> {
    let series = expansion::series(first, zone(timezone), recurrence);
    Ok(series.map_err(Error::internal)?.to_english())
}

/// SQL for the recurrence of an event `e` as [`StoredSeries`] in JSON; null for a single occurrence.
pub(crate) const fn series_column(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => {
            "CASE WHEN e.rrule IS NOT NULL OR e.rdate <> '[]' THEN json_array(e.starts_local, e.timezone,
                e.starts_offset_seconds, e.duration_seconds, CASE WHEN e.all_day THEN 1 ELSE 0 END,
                e.rrule, e.rdate, e.exdate) END"
        }
        Dialect::Postgres => {
            "CASE WHEN e.rrule IS NOT NULL OR e.rdate <> '[]' THEN CAST(json_build_array(e.starts_local,
                e.timezone, e.starts_offset_seconds, e.duration_seconds,
                CASE WHEN e.all_day THEN 1 ELSE 0 END, e.rrule, e.rdate, e.exdate) AS TEXT) END"
        }
    }
}

/// What the text of a recurrence depends on.
#[derive(serde::Deserialize)]
struct StoredSeries {
    starts_local: String,
    timezone: String,
    starts_offset_seconds: Option<i64>,
    duration_seconds: i64,
    /// 1 or 0.
    all_day: u8,
    rrule: Option<String>,
    rdate: String,
    exdate: String,
}

impl StoredSeries {
    fn text(&self) -> Result<Option<String>> {
        let recurrence = stored_recurrence(self.rrule.as_deref(), &self.rdate, &self.exdate)?;
        let Some(recurrence) = recurrence else { return Ok(None) };
        let start = parse_local(&self.starts_local)?;
        let (offset, duration) = (self.starts_offset_seconds, self.duration_seconds);
        let first = Span::stored(start, offset, duration, self.all_day == 1, zone(&self.timezone));
        text_of(&recurrence, &first, &self.timezone).map(Some)
    }
}

/// Adds the recurrences in words to occurrences, from the [columns](series_column) of their events.
pub(crate) fn add_recurrences_of<'o>(
    occurrences: impl IntoIterator<Item = (&'o mut Occurrence, Option<String>)>,
) -> Result<()> {
    let mut texts: HashMap<EventId, Option<String>> = HashMap::new();
    for (occurrence, series) in occurrences {
        let Some(series) = series else { continue };
        let text = match texts.get(&occurrence.event_id) {
            Some(text) => text.clone(),
            None => {
                let series: StoredSeries = serde_json::from_str(&series).map_err(Error::internal)?;
                texts.entry(occurrence.event_id).or_insert(series.text()?).clone()
            }
        };
        occurrence.recurrence = text.map(|text| RecurrenceInWords { text });
    }
    Ok(())
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
