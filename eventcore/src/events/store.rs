//! Writing rows of `events`, and inserting rows of `occurrences`.

use super::classification;
use super::copies::Copies;
use super::rows::EventRow;
use super::schedule::expansion::PlannedOccurrence;
use crate::db::{Dialect, Queries, RowList, SqlValue, SqlWriter, Tx, sql};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId};
use crate::recurrence::{DateValue, Recurrence};
use crate::search::{Document, IndexEntry, push_document, push_search_tokens};
use crate::time::{Timestamp, format_local};

/// A new event with its occurrences.
pub(super) struct NewEvent<'e> {
    pub(super) row: &'e EventRow,
    /// Pairs of the folded and the displayed name.
    pub(super) tags: &'e [(String, String)],
    /// The search document of the event and of all its occurrences.
    pub(super) index_entry: &'e IndexEntry,
    pub(super) occurrences: &'e [NewOccurrence],
}

/// An occurrence to insert.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewOccurrence {
    pub(super) id: OccurrenceId,
    pub(super) planned: PlannedOccurrence,
}

impl NewOccurrence {
    /// The planned occurrences, with new ids.
    pub(super) fn list(planned: &[PlannedOccurrence], now: Timestamp) -> Vec<Self> {
        planned.iter().map(|planned| Self { id: OccurrenceId::at(now), planned: *planned }).collect()
    }

    /// Its start and end.
    pub(super) const fn times(&self) -> (Timestamp, Timestamp) {
        (self.planned.original_start, self.planned.ends_at)
    }
}

/// Inserts a new event with its tags, its search document and its occurrences: in one statement on
/// PostgreSQL, where each one is a way to the server and back.
pub(super) async fn insert_event(tx: &mut Tx, new: &NewEvent<'_>) -> Result<()> {
    let copies = Copies::of(new.row)?;
    let mut sql = SqlWriter::new(tx.dialect());
    match tx.dialect() {
        Dialect::Postgres => {
            sql.push("WITH event AS (");
            push_event(&mut sql, new.row);
            sql.push("), document AS (");
            push_document(&mut sql, new.row.id, new.index_entry);
            sql.push("), search AS (");
            push_search_tokens(&mut sql, Document::InStatement, new.index_entry);
            if !new.tags.is_empty() {
                sql.push("), tag AS (");
                classification::push_tags(&mut sql, new.row.id, new.tags);
            }
            sql.push(") ");
            push_occurrences(&mut sql, &copies, Document::InStatement, new.occurrences, new.row.created_at);
            sql.query(tx).execute().await?;
        }
        Dialect::Sqlite => {
            push_event(&mut sql, new.row);
            sql.query(tx).execute().await?;
            if !new.tags.is_empty() {
                let mut sql = SqlWriter::new(Dialect::Sqlite);
                classification::push_tags(&mut sql, new.row.id, new.tags);
                sql.query(tx).execute().await?;
            }
            let mut sql = SqlWriter::new(Dialect::Sqlite);
            push_document(&mut sql, new.row.id, new.index_entry);
            let document = Document::Id(sql.query(tx).scalar().await?);
            let mut sql = SqlWriter::new(Dialect::Sqlite);
            push_search_tokens(&mut sql, document, new.index_entry);
            sql.query(tx).execute().await?;
            let mut sql = SqlWriter::new(Dialect::Sqlite);
            push_occurrences(&mut sql, &copies, document, new.occurrences, new.row.created_at);
            sql.query(tx).execute_deferred().await?;
        }
    }
    Ok(())
}

/// Updates all columns of an event that can be changed. Its version must have been incremented.
pub(super) async fn update_event(tx: &mut Tx, event: &EventRow) -> Result<()> {
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("UPDATE events SET ").separated(", ", columns(event), |sql, (name, value)| {
        sql.push(name).push(" = ").value(value);
    });
    sql.push(" WHERE id = ").value(event.id.as_uuid());
    sql.query(tx).execute().await?;
    Ok(())
}

/// The columns of an event that can be changed, with their values.
fn columns(event: &EventRow) -> Vec<(&'static str, SqlValue)> {
    let edge = |edge: Option<super::window::WindowEdge>| SqlValue::from(edge.map(|edge| edge.to_string()));
    let window = event.window();
    vec![
        ("title", event.title.as_str().into()),
        ("description", event.description.as_str().into()),
        ("location", event.location.as_str().into()),
        ("url", event.url.as_deref().into()),
        ("starts_local", event.starts_local.as_str().into()),
        ("timezone", event.timezone.as_str().into()),
        ("starts_offset_seconds", event.starts_offset_seconds.into()),
        ("duration_seconds", event.duration_seconds.into()),
        ("all_day", event.all_day.into()),
        ("capacity", event.capacity.into()),
        ("visibility", event.visibility.as_str().into()),
        ("waitlist_enabled", event.waitlist_enabled.into()),
        ("registration_opens", edge(window.opens)),
        ("registration_closes", edge(window.closes)),
        ("max_party_size", event.max_party_size.into()),
        ("status", event.status.as_str().into()),
        ("category_id", event.category_id.map(crate::id::CategoryId::as_uuid).into()),
        ("tags", event.tags.as_str().into()),
        ("rrule", event.rrule.as_deref().into()),
        ("rdate", event.rdate.as_str().into()),
        ("exdate", event.exdate.as_str().into()),
        ("expanded_until", event.expanded_until.into()),
        ("updated_at", event.updated_at.into()),
        ("version", event.version.into()),
    ]
}

fn push_event(sql: &mut SqlWriter, event: &EventRow) {
    let mut columns = columns(event);
    columns.extend([
        ("id", event.id.as_uuid().into()),
        ("organizer_id", event.organizer_id.as_uuid().into()),
        ("created_at", event.created_at.into()),
    ]);
    sql.push("INSERT INTO events (");
    sql.separated(", ", columns.iter().map(|(name, _)| *name), |sql, name| _ = sql.push(name));
    sql.push(") VALUES (");
    sql.separated(", ", columns, |sql, (_, value)| _ = sql.value(value));
    sql.push(")");
}

fn push_occurrences(
    sql: &mut SqlWriter,
    copies: &Copies,
    document: Document,
    occurrences: &[NewOccurrence],
    now: Timestamp,
) {
    let planned = || occurrences.iter().map(|occurrence| occurrence.planned);
    let periods = || planned().map(|planned| copies.open_period(planned.original_start));
    let rows = RowList::default()
        .ids("id", occurrences.iter().map(|occurrence| occurrence.id.as_uuid()))
        .instants("original_start", planned().map(|planned| planned.original_start))
        .instants("ends_at", planned().map(|planned| planned.ends_at))
        .texts("original_local", planned().map(|planned| format_local(planned.local)))
        .instants("opens_at", periods().map(|period| period.opens_at))
        .instants("closes_at", periods().map(|period| period.closes_at));
    sql.push(
        "INSERT INTO occurrences (event_id, organizer_id, category_id, tags, capacity, listed, all_day, \
            status, created_at, updated_at, document_id, id, original_start, starts_at, ends_at, \
            original_local, registration_opens_at, registration_closes_at) SELECT ",
    );
    let inherited: [SqlValue; 10] = [
        copies.event.as_uuid().into(),
        copies.organizer.as_uuid().into(),
        copies.category.map(crate::id::CategoryId::as_uuid).into(),
        copies.tags.as_str().into(),
        copies.capacity.into(),
        copies.listed.into(),
        copies.all_day.into(),
        copies.status.as_str().into(),
        now.into(),
        now.into(),
    ];
    sql.separated(", ", inherited, |sql, value| _ = sql.value(value)).push(", ");
    document.push(sql);
    sql.push(
        ", v.id, v.original_start, v.original_start, v.ends_at, v.original_local, v.opens_at, v.closes_at",
    );
    sql.push(" FROM ").rows("v", rows);
    // Without WHERE, SQLite would parse ON CONFLICT as the condition of a join.
    sql.push(" WHERE TRUE ON CONFLICT (event_id, original_start) DO NOTHING");
}

/// Inserts occurrences and returns their number; those with an original start that the event already has are
/// skipped.
pub(super) async fn insert_occurrences(
    tx: &mut Tx,
    copies: &Copies,
    document: i64,
    occurrences: &[NewOccurrence],
    now: Timestamp,
) -> Result<u64> {
    if occurrences.is_empty() {
        return Ok(0);
    }
    let mut sql = SqlWriter::new(tx.dialect());
    push_occurrences(&mut sql, copies, Document::Id(document), occurrences, now);
    Ok(sql.query(tx).execute().await?)
}

/// The values of the columns `rrule`, `rdate` and `exdate`; the last two are JSON lists.
pub(super) fn recurrence_columns(
    recurrence: Option<&Recurrence>,
) -> Result<(Option<String>, String, String)> {
    let none = Recurrence::default();
    let Recurrence { rrule, rdate, exdate } = recurrence.unwrap_or(&none);
    let list = |dates: &[DateValue]| serde_json::to_string(dates).map_err(Error::internal);
    Ok((rrule.as_ref().map(ToString::to_string), list(rdate)?, list(exdate)?))
}

/// Stores a changed recurrence of an event whose occurrences already agree with it.
pub(super) async fn update_recurrence(
    tx: &mut Tx,
    id: EventId,
    recurrence: &Recurrence,
    now: Timestamp,
) -> Result<()> {
    let (rrule, rdate, exdate) = recurrence_columns(Some(recurrence))?;
    tx.query(sql!(
        "UPDATE events SET rrule = $2, rdate = $3, exdate = $4,
            expanded_until = CASE WHEN $5 THEN NULL ELSE expanded_until END,
            updated_at = $6, version = version + 1
         WHERE id = $1"
    ))
    .bind(id)
    .bind(rrule)
    .bind(rdate)
    .bind(exdate)
    .bind(recurrence.is_bounded())
    .bind(now)
    .execute()
    .await?;
    Ok(())
}
