//! Inserting new events with all that belongs to them: many at once, with one statement for each table.

use super::classification;
use super::copies::Copies;
use super::event::EventStatus;
use super::rows::EventRow;
use super::store::{self, NewOccurrence, OWN_COLUMNS, OWN_VALUES};
use crate::changes::Change;
use crate::db::{Dialect, Queries, RowList, SqlWriter, Tx};
use crate::error::Result;
use crate::id::EventId;
use crate::search::{IndexEntry, push_documents, push_tokens_of};

/// A new event with its occurrences.
#[derive(Debug)]
pub(super) struct NewEvent {
    pub(super) row: EventRow,
    /// Pairs of the folded and the displayed name.
    pub(super) tags: Vec<(String, String)>,
    /// The search document of the event and of all its occurrences.
    pub(super) index_entry: IndexEntry,
    pub(super) occurrences: Vec<NewOccurrence>,
    /// How many occurrences there are up to the horizon, those included that a later step creates.
    pub(super) planned: usize,
}

impl NewEvent {
    /// Whether all its occurrences are stored: its rule has an end, or it has none.
    pub(super) const fn is_bounded(&self) -> bool {
        self.row.expanded_until.is_none()
    }
}

/// Inserts new events with their tags, search documents and occurrences, and records that. This takes one
/// statement on PostgreSQL, and one command to the writer on SQLite, where each one costs more than its work.
pub(super) async fn insert_events(tx: &mut Tx, new: &[&NewEvent]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let entries: Vec<(EventId, &IndexEntry)> = new.iter().map(|new| (new.row.id, &new.index_entry)).collect();
    let tags = || new.iter().flat_map(|new| new.tags.iter().map(|tag| (new.row.id, tag)));
    let has_tags = tags().next().is_some();
    let changes = new.iter().flat_map(|new| changes(new));
    let mut sql = SqlWriter::new(tx.dialect());
    match tx.dialect() {
        Dialect::Postgres => {
            let inserts = tx.record_with_inserts(changes.collect())?;
            sql.push("WITH event AS (");
            push_events(&mut sql, new);
            sql.push("), document AS (");
            push_documents(&mut sql, &entries);
            sql.push("), search AS (");
            push_tokens_of(&mut sql, "document", &entries);
            if has_tags {
                sql.push("), tag AS (");
                classification::push_tags(&mut sql, tags());
            }
            sql.push("), ");
            for (n, insert) in inserts.into_iter().enumerate() {
                sql.named_insert(n, insert).push(", ");
            }
            push_occurrences(&mut sql, "document", new)?;
        }
        Dialect::Sqlite => {
            changes.for_each(|change| tx.record(change));
            push_events(&mut sql, new);
            if has_tags {
                sql.push("; ");
                classification::push_tags(&mut sql, tags());
            }
            sql.push("; ");
            push_documents(&mut sql, &entries);
            sql.push("; ");
            push_tokens_of(&mut sql, "search_documents", &entries);
            sql.push("; WITH ");
            push_occurrences(&mut sql, "search_documents", new)?;
        }
    }
    sql.query(tx).execute_deferred().await?;
    Ok(())
}

/// What subscribers are told of a new event.
fn changes(new: &NewEvent) -> impl Iterator<Item = Change> {
    let (event, organizer) = (new.row.id, new.row.organizer_id);
    let is_published = new.row.status == EventStatus::Published;
    std::iter::once(Change::EventCreated { event, organizer })
        .chain(is_published.then_some(Change::EventPublished { event }))
}

fn push_events(sql: &mut SqlWriter, new: &[&NewEvent]) {
    let rows: Vec<_> = new.iter().map(|new| store::all_columns(&new.row)).collect();
    let names: Vec<_> = rows.iter().take(1).flatten().map(|(name, _)| *name).collect();
    sql.push("INSERT INTO events (").separated(", ", &names, |sql, name| _ = sql.push(name));
    sql.push(") SELECT ").separated(", ", &names, |sql, name| _ = sql.push("v.").push(name));
    sql.push(" FROM ").rows("v", RowList::of(rows));
}

/// Writes the common table expression `copied` and an INSERT of the occurrences. `documents` is a table with
/// the documents of their events.
fn push_occurrences(sql: &mut SqlWriter, documents: &str, new: &[&NewEvent]) -> Result<()> {
    let copies = new.iter().map(|new| Copies::of(&new.row)).collect::<Result<Vec<_>>>()?;
    let common = new.iter().zip(&copies).map(|(new, copies)| store::inherited(copies, new.row.created_at));
    let common: Vec<_> = common.collect();
    let names: Vec<_> = common.iter().take(1).flatten().map(|(name, _)| *name).collect();
    sql.push("copied AS MATERIALIZED (SELECT * FROM ").rows("r", RowList::of(common)).push(") ");
    let occurrences = new
        .iter()
        .zip(&copies)
        .flat_map(|(new, copies)| new.occurrences.iter().map(move |occurrence| (copies, occurrence)));
    let occurrences: Vec<_> = occurrences.collect();
    sql.push("INSERT INTO occurrences (").separated(", ", &names, |sql, name| _ = sql.push(name));
    sql.push(", document_id, ").push(OWN_COLUMNS).push(") SELECT ");
    sql.separated(", ", &names, |sql, name| _ = sql.push("c.").push(name));
    sql.push(", d.id, ").push(OWN_VALUES).push(" FROM ").rows("v", store::own_rows(&occurrences));
    // In the order of the joins SQLite looks the copies and the document of each occurrence up.
    sql.push(" CROSS JOIN copied c CROSS JOIN ").push(documents);
    sql.push(" d WHERE c.event_id = v.of_event AND d.event_id = v.of_event");
    sql.push(" ON CONFLICT (event_id, original_start) DO NOTHING");
    Ok(())
}
