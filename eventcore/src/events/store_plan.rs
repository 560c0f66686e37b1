//! Storing a [`ChangePlan`]: the only place that writes what a change of an event decides.

use super::aggregate::EventAggregate;
use super::change_plan::ChangePlan;
use super::copies::Copies;
use super::event::Event;
use super::occurrence::state::OccurrenceState;
use super::{classification, read, rows, store};
use crate::db::{Dialect, Queries, RowList, SqlWriter, Tx};
use crate::error::Result;
use crate::search;
use crate::seats;
use crate::time::Timestamp;

impl ChangePlan {
    /// Writes all that differs from `old`, which is locked; returns the event as it is then. If it has past
    /// occurrences, all its occurrences must be locked.
    pub(super) async fn store(&self, tx: &mut Tx, old: &EventAggregate, now: Timestamp) -> Result<Event> {
        let mut inserts = Vec::new();
        match tx.dialect() {
            Dialect::Sqlite => self.recorded(old).into_iter().for_each(|change| tx.record(change)),
            // One round trip less.
            Dialect::Postgres => inserts = tx.record_with_inserts(self.recorded(old))?,
        }
        store::update_event(tx, &self.event, inserts).await?;
        if let Some(tags) = &self.tags {
            classification::replace_tags(tx, self.event.id, tags).await?;
        }
        if let Some(copies) = &self.past_copies {
            update_past(tx, copies, now).await?;
        }
        if old.has_past && self.has_new_texts {
            // The documents of past occurrences have the tags of the event, too.
            search::refresh_documents(tx, self.event.id).await?;
        } else {
            search::update_documents(tx, &self.documents).await?;
        }
        delete(tx, &self.deleted, old.document).await?;
        let copies = Copies::of(&self.event)?;
        self.changes.store(tx, &copies, now).await?;
        store::insert_occurrences(tx, &copies, old.document, &self.added, now).await?;
        for occurrence in &self.promotable {
            seats::promote_waitlist(tx, *occurrence, now).await?;
        }
        if self.promotable.is_empty() {
            rows::created::answer(old, &self.event, &self.remaining, &self.added, now)
        } else {
            // The promotions changed the counts.
            read::load_event(tx, self.event.id, now).await
        }
    }
}

/// Updates what past occurrences copy from their event. The copies decide whether lists show them, so their
/// versions stay.
async fn update_past(tx: &mut Tx, copies: &Copies, now: Timestamp) -> Result<()> {
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("UPDATE occurrences SET ");
    copies.push_past_assignments(&mut sql);
    sql.push(" WHERE event_id = ").value(copies.event.as_uuid()).push(" AND ends_at <= ").value(now);
    sql.query(tx).execute().await?;
    Ok(())
}

/// Deletes occurrences without registrations, and the search documents that only they had. `shared` is the
/// event's own.
async fn delete(tx: &mut Tx, deleted: &[OccurrenceState], shared: i64) -> Result<()> {
    if deleted.is_empty() {
        return Ok(());
    }
    let ids = RowList::default().ids("id", deleted.iter().map(|occurrence| occurrence.id.as_uuid()));
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("DELETE FROM occurrences WHERE id IN (SELECT v.id FROM ").rows("v", ids).push(")");
    sql.query(tx).execute().await?;
    let documents = deleted.iter().map(|occurrence| occurrence.document_id);
    let own: Vec<i64> = documents.filter(|document| *document != shared).collect();
    search::delete_unused(tx, own).await
}
