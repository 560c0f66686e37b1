//! Creating an event, also as a copy of another.

use sqlx::FromRow;

use super::event::{Event, EventStatus, zone};
use super::input::{EventInput, ValidationContext};
use super::rows::{self, EventRow};
use super::schedule::expansion::{Horizon, STEP};
use super::store::{self, NewEvent, NewOccurrence};
use super::{change, classification};
use crate::accounts::PublicProfile;
use crate::actor::Actor;
use crate::categories::{self, CategoryName};
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, SqlWriter, Tx, transaction};
use crate::error::{Error, Result, Violations};
use crate::id::{CategoryId, EventId, UserId};
use crate::input::{Fields, deserialize_by_fields};
use crate::quotas::{QuotaUse, Quotas};
use crate::search::IndexEntry;
use crate::time::{TimeInput, Timestamp};

impl EventCore {
    /// Creates an event with the actor as its organizer. It is published, unless the input has the status
    /// `draft`.
    ///
    /// The occurrences of a long series without an end are created in several transactions.
    ///
    /// # Errors
    /// `invalid_input` with all violations; `quota_exceeded`, see [`Quotas`].
    pub async fn create_event(&self, actor: &Actor, input: &EventInput) -> Result<Event> {
        let organizer = actor.writer()?.id;
        let now = self.now();
        let horizon = self.horizon(actor, now);
        let event = transaction!(self.db(), |tx| create(tx, input, organizer, now, horizon.step(STEP)))?;
        self.complete_schedule(event, &horizon, now).await
    }

    /// Creates a draft as a copy of an event that the actor organizes, with another start.
    ///
    /// EXDATE, RDATE and UNTIL move with the start. Registration times that are instants are not copied. The
    /// actor becomes the organizer.
    ///
    /// # Errors
    /// `invalid_input` with all violations; `quota_exceeded`, see [`Quotas`].
    pub async fn duplicate_event(&self, actor: &Actor, id: EventId, input: &DuplicateInput) -> Result<Event> {
        let organizer = actor.writer()?.id;
        let now = self.now();
        let horizon = self.horizon(actor, now);
        let first = horizon.step(STEP);
        let event = transaction!(self.db(), |tx| duplicate(tx, actor, id, input, organizer, now, first))?;
        self.complete_schedule(event, &horizon, now).await
    }
}

async fn duplicate(
    tx: &mut Tx,
    actor: &Actor,
    id: EventId,
    duplicate: &DuplicateInput,
    organizer: UserId,
    now: Timestamp,
    horizon: Horizon,
) -> Result<Event> {
    let row = rows::find(tx, actor, id).await?.must_organize()?.row;
    let mut input = change::as_input(&row)?;
    input.starts_at = duplicate.starts_at;
    if duplicate.timezone.is_some() {
        input.timezone.clone_from(&duplicate.timezone);
    }
    // They are instants, which belong to the old start.
    (input.registration_opens_at, input.registration_closes_at) = (None, None);
    input.status = Some(EventStatus::Draft);
    input.parse_errors = duplicate.parse_errors.clone();
    change::shift_recurrence(&row, &mut input)?;
    create(tx, &input, organizer, now, horizon).await
}

async fn create(
    tx: &mut Tx,
    input: &EventInput,
    organizer: UserId,
    now: Timestamp,
    horizon: Horizon,
) -> Result<Event> {
    horizon.quotas.lock_for_events(tx, organizer).await?;
    let facts = CreationFacts::load(tx, organizer, input.category.as_deref(), &horizon.quotas, now).await?;
    let category = facts.category();
    let input = classification::with_category(input, category.as_ref());
    let default_zone = zone(&facts.timezone);
    let context = ValidationContext { now, default_zone, horizon, current: None };
    let event = input.validate(&context).map_err(Error::Invalid)?;
    let status = event.status.unwrap_or(EventStatus::Published);
    if status == EventStatus::Cancelled {
        return Err(Error::invalid("/status", "invalid", "must be draft or published for a new event"));
    }
    let bounded = event.expanded_until.is_none();
    horizon.quotas.check_new_event(&facts.used, event.planned, bounded, now)?;
    let row = EventRow::new(organizer, &event, category.as_ref(), status, now)?;
    let occurrences = NewOccurrence::list(&event.occurrences, now);
    let index_entry = IndexEntry::of(tx.dialect(), &row.texts()?);
    let new = NewEvent { row: &row, tags: &event.tags, index_entry: &index_entry, occurrences: &occurrences };
    store::insert_event(tx, &new).await?;
    tx.record(Change::EventCreated { event: row.id });
    if status == EventStatus::Published {
        tx.record(Change::EventPublished { event: row.id });
    }
    rows::created::created(&row, &facts.organizer, &occurrences, now)
}

/// What the creation of an event depends on besides the input.
#[derive(Debug, FromRow)]
struct CreationFacts {
    #[sqlx(flatten)]
    organizer: PublicProfile,
    timezone: String,
    category_id: Option<CategoryId>,
    category: Option<String>,
    #[sqlx(flatten)]
    used: QuotaUse,
}

impl CreationFacts {
    /// Loads them. Locks the organizer, so that a deletion of the account waits until the event exists and
    /// finds it, and the category with the slug `category`, so that it is not deleted.
    async fn load(
        tx: &mut Tx,
        organizer: UserId,
        category: Option<&str>,
        quotas: &Quotas,
        now: Timestamp,
    ) -> Result<Self> {
        let mut sql = SqlWriter::new(tx.dialect());
        sql.push("WITH category AS (");
        categories::push_locked_by_slug(&mut sql, category);
        sql.push(") SELECT u.id, u.username, u.display_name, u.timezone, ");
        sql.push("(SELECT id FROM category) AS category_id, (SELECT slug FROM category) AS category, ");
        quotas.push_use(&mut sql, organizer, now);
        sql.push(" FROM users u WHERE u.id = ").value(organizer.as_uuid());
        sql.push(" AND u.deleted_at IS NULL").push_for_postgres(" FOR KEY SHARE OF u");
        let facts: Option<Self> = sql.query(tx).optional().await?;
        let facts = facts.ok_or(Error::Unauthenticated)?;
        if let (Some(slug), None) = (category, facts.category_id) {
            categories::must_be_unknown(tx, slug).await?;
        }
        Ok(facts)
    }

    fn category(&self) -> Option<CategoryName> {
        Some(CategoryName { id: self.category_id?, slug: self.category.clone()? })
    }
}

/// The start of an event that is created as a copy of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DuplicateInput {
    /// Start: with an offset, or a local time in `timezone`; a date for an all-day event.
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = true))]
    pub starts_at: Option<TimeInput>,
    /// IANA time zone. Default: that of the other event.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub timezone: Option<String>,
    /// Errors of parsing JSON, which validation reports; empty for values built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(DuplicateInput);

impl DuplicateInput {
    fn take(fields: &mut Fields) -> Self {
        let (starts_at, timezone) = (fields.parsed("starts_at"), fields.string("timezone"));
        Self { starts_at, timezone, parse_errors: Violations::default() }
    }
}
