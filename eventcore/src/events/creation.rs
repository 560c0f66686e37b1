//! What creates an event: the facts that it depends on, and what is stored of it.

use sqlx::FromRow;

use super::classification;
use super::event::{Event, EventStatus, zone};
use super::input::{EventInput, ValidationContext};
use super::insert::{NewEvent, insert_events};
use super::rows::EventRow;
use super::rows::created::created;
use super::schedule::expansion::Horizon;
use super::store::NewOccurrence;
use crate::accounts::PublicProfile;
use crate::categories::{self, CategoryName};
use crate::db::{Dialect, Locking, Queries, SqlWriter, Tx};
use crate::error::{Error, Result};
use crate::id::{CategoryId, UserId};
use crate::quotas::{QuotaUse, Quotas};
use crate::search::IndexEntry;
use crate::time::Timestamp;

/// Creates an event in a transaction that may create others, too.
pub(super) async fn create(
    tx: &mut Tx,
    input: &EventInput,
    organizer: UserId,
    now: Timestamp,
    horizon: Horizon,
) -> Result<Event> {
    horizon.quotas.lock_for_events(tx, organizer, Locking::Wait).await?;
    let category = input.category.as_deref();
    let facts = CreationFacts::load(tx, organizer, category, &horizon.quotas, Locking::Wait, now).await?;
    let facts = facts.ok_or(Error::Unauthenticated)?;
    if let (Some(slug), None) = (category, facts.category_id) {
        categories::must_be_unknown(tx, slug).await?;
    }
    let new = prepare(tx.dialect(), &facts, input, now, horizon)?;
    insert_events(tx, &[&new]).await?;
    created(&new.row, &facts.organizer, &new.occurrences, now)
}

/// Validates an event, and computes all that is stored of it.
pub(super) fn prepare(
    dialect: Dialect,
    facts: &CreationFacts,
    input: &EventInput,
    now: Timestamp,
    horizon: Horizon,
) -> Result<NewEvent> {
    let default_zone = zone(&facts.timezone);
    let context = ValidationContext { now, default_zone, horizon, current: None, imported_since: None };
    let new = new_event(dialect, facts.organizer.id, facts.category().as_ref(), input, &context)?;
    horizon.quotas.check_new_event(&facts.used, new.planned, new.is_bounded(), now)?;
    Ok(new)
}

/// As [`prepare`], without quotas.
pub(super) fn new_event(
    dialect: Dialect,
    organizer: UserId,
    category: Option<&CategoryName>,
    input: &EventInput,
    context: &ValidationContext,
) -> Result<NewEvent> {
    let input = classification::with_category(input, category);
    let event = input.validate(context).map_err(Error::Invalid)?;
    let status = event.status.unwrap_or(EventStatus::Published);
    if status == EventStatus::Cancelled {
        return Err(Error::invalid("/status", "invalid", "must be draft or published for a new event"));
    }
    let row = EventRow::new(organizer, &event, category, status, context.now)?;
    let occurrences = NewOccurrence::list(&event.occurrences, context.now);
    let index_entry = IndexEntry::of(dialect, &row.texts()?);
    Ok(NewEvent { row, tags: event.tags, index_entry, occurrences, planned: event.planned })
}

/// What the creation of an event depends on besides the input.
#[derive(Debug, FromRow)]
pub(super) struct CreationFacts {
    #[sqlx(flatten)]
    pub(super) organizer: PublicProfile,
    timezone: String,
    pub(super) category_id: Option<CategoryId>,
    category: Option<String>,
    #[sqlx(flatten)]
    used: QuotaUse,
}

impl CreationFacts {
    /// Loads them; `None` if the account does not exist, or its row is left out. Locks the organizer, so that
    /// a deletion of the account waits until the event exists and finds it, and the category with the slug
    /// `category`, so that it is not deleted.
    pub(super) async fn load(
        tx: &mut Tx,
        organizer: UserId,
        category: Option<&str>,
        quotas: &Quotas,
        locking: Locking,
        now: Timestamp,
    ) -> Result<Option<Self>> {
        let mut sql = SqlWriter::new(tx.dialect());
        sql.push("WITH category AS (");
        categories::push_locked_by_slug(&mut sql, category, locking);
        sql.push(") SELECT u.id, u.username, u.display_name, u.timezone, ");
        sql.push("(SELECT id FROM category) AS category_id, (SELECT slug FROM category) AS category, ");
        quotas.push_use(&mut sql, organizer, now);
        sql.push(" FROM users u WHERE u.id = ").value(organizer.as_uuid());
        sql.push(" AND u.deleted_at IS NULL").push_for_postgres(" FOR KEY SHARE OF u");
        sql.push_for_postgres(locking.clause());
        Ok(sql.query(tx).optional().await?)
    }

    fn category(&self) -> Option<CategoryName> {
        Some(CategoryName { id: self.category_id?, slug: self.category.clone()? })
    }
}
