//! New events of calendar files: prepared without a database, then created, many in one transaction.

use std::collections::{BTreeSet, HashMap};

use chrono_tz::Tz;

use super::creation::new_event;
use super::event::{EventStatus, OccurrenceStatus};
use super::imported::{ImportDefaults, ImportedEvent, OccurrenceOutcome};
use super::input::{EventInput, ValidationContext};
use super::insert::{NewEvent, insert_events};
use super::occurrence::impose::NewOverrides;
use super::schedule::expansion::Horizon;
use super::schedule::reschedule;
use super::status;
use crate::actor::Actor;
use crate::categories::{self, CategoryName};
use crate::db::{Dialect, Locking, Queries, SqlWriter, Tx};
use crate::error::{Error, Result};
use crate::id::{CategoryId, EventId, OccurrenceId, SubscriptionId, UserId};
use crate::quotas::{QuotaCounts, Quotas};
use crate::time::Timestamp;

/// What new events depend on besides the file.
#[derive(Debug, Clone)]
pub(crate) struct Importer {
    pub(crate) dialect: Dialect,
    pub(crate) organizer: UserId,
    /// The calendar that the organizer follows, if the file is that: nothing else changes its events.
    pub(crate) subscription: Option<SubscriptionId>,
    /// The time zone of new events whose start has an offset, and that name none.
    pub(crate) default_zone: Tz,
    pub(crate) defaults: ImportDefaults,
    /// By slug.
    pub(crate) categories: HashMap<String, CategoryName>,
    pub(crate) now: Timestamp,
    pub(crate) horizon: Horizon,
}

/// A new event of a file, with all that is stored of it.
#[derive(Debug)]
pub(crate) struct NewImported {
    new: NewEvent,
    /// Those of occurrences that differ.
    overrides: Vec<NewOverrides>,
    cancelled: Vec<OccurrenceId>,
    /// Whether all of it is cancelled.
    is_cancelled: bool,
    /// What becomes of the occurrences that the file lists.
    outcomes: Vec<OccurrenceOutcome>,
}

impl Importer {
    /// Validates an event, and computes all that is stored of it.
    ///
    /// # Errors
    /// `invalid_input`, also if it has no occurrence that is not over.
    pub(crate) fn prepare(&self, event: &ImportedEvent) -> Result<NewImported> {
        let defaults = &self.defaults;
        let mut input = event.new_input(defaults);
        let is_draft = input.status == Some(EventStatus::Draft);
        if is_draft {
            input = event.for_draft().new_input(defaults);
        }
        let context = ValidationContext {
            now: self.now,
            default_zone: self.default_zone,
            horizon: self.horizon,
            current: None,
            imported_since: Some(defaults.since),
        };
        let category = input.category.as_ref().and_then(|slug| self.categories.get(slug));
        let mut new = new_event(self.dialect, self.organizer, category, &input, &context)?;
        new.row.subscription_id = self.subscription;
        let (mut overrides, mut cancelled, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
        for occurrence in &event.occurrences {
            let mut stored = new.occurrences.iter();
            let found = stored.find(|stored| occurrence.is_at(stored.planned.original_start, &new.row));
            outcomes.push(match found {
                Some(found) if occurrence.is_cancelled => {
                    cancelled.push(found.id);
                    OccurrenceOutcome::Changed
                }
                Some(found) => {
                    overrides.extend(NewOverrides::of(&new.row, found, &occurrence.patch(&new.row))?);
                    OccurrenceOutcome::Changed
                }
                None if is_draft && occurrence.is_cancelled => OccurrenceOutcome::Changed,
                None => occurrence.outcome_without_row(&new.row, self.now),
            });
        }
        let is_cancelled = event.status == Some(EventStatus::Cancelled) && !is_draft;
        Ok(NewImported { new, overrides, cancelled, is_cancelled, outcomes })
    }

    /// As [`Self::prepare`], for an event that a program has as a value.
    pub(crate) fn prepare_listed(&self, input: &EventInput) -> Result<NewImported> {
        let context = ValidationContext {
            now: self.now,
            default_zone: self.default_zone,
            horizon: self.horizon,
            current: None,
            imported_since: Some(self.now),
        };
        let category = input.category.as_ref().and_then(|slug| self.categories.get(slug));
        let new = new_event(self.dialect, self.organizer, category, input, &context)?;
        let (overrides, cancelled, outcomes) = (Vec::new(), Vec::new(), Vec::new());
        Ok(NewImported { new, overrides, cancelled, is_cancelled: false, outcomes })
    }
}

impl NewImported {
    pub(crate) const fn id(&self) -> EventId {
        self.new.row.id
    }

    pub(crate) const fn category(&self) -> Option<CategoryId> {
        self.new.row.category_id
    }

    /// What becomes of the occurrences that the file lists.
    pub(crate) fn outcomes(&self) -> &[OccurrenceOutcome] {
        &self.outcomes
    }

    /// The number of its occurrences.
    pub(crate) const fn size(&self) -> usize {
        self.new.occurrences.len()
    }

    /// The number of its occurrences that are in the future.
    pub(crate) fn ahead(&self, now: Timestamp) -> usize {
        self.new.occurrences.iter().filter(|occurrence| occurrence.times().0 > now).count()
    }
}

/// What decides in a transaction whether new events are created.
#[derive(Debug)]
pub(crate) struct ImportRoom {
    quotas: Quotas,
    counts: QuotaCounts,
    categories: BTreeSet<CategoryId>,
    now: Timestamp,
}

impl ImportRoom {
    /// Locks the organizer, and the categories of the events. Existing events are locked before.
    ///
    /// # Errors
    /// `unauthenticated` if the account is gone.
    pub(crate) async fn lock(
        tx: &mut Tx,
        organizer: UserId,
        quotas: Quotas,
        categories: &BTreeSet<CategoryId>,
        now: Timestamp,
    ) -> Result<Self> {
        quotas.lock_for_events(tx, organizer, Locking::Wait).await?;
        let categories = categories::lock_by_ids(tx, categories).await?;
        let mut sql = SqlWriter::new(tx.dialect());
        sql.push("SELECT ");
        quotas.push_counts(&mut sql, organizer, now);
        sql.push(" FROM users u WHERE u.id = ").value(organizer.as_uuid());
        sql.push(" AND u.deleted_at IS NULL").push_for_postgres(" FOR KEY SHARE OF u");
        let counts: Option<QuotaCounts> = sql.query(tx).optional().await?;
        let counts = counts.ok_or(Error::Unauthenticated)?;
        Ok(Self { quotas, counts, categories, now })
    }

    /// Counts the events of a UID: all, or none if one is refused. Returns the index of that one.
    ///
    /// # Errors
    /// `quota_exceeded`; `invalid_input` if its category is gone.
    pub(crate) fn take(&mut self, events: &[&NewImported]) -> std::result::Result<(), (usize, Error)> {
        let mut counts = self.counts;
        for (index, event) in events.iter().enumerate() {
            if event.category().is_some_and(|category| !self.categories.contains(&category)) {
                let gone = Error::invalid("/category", "unknown", "must be the slug of a category");
                return Err((index, gone));
            }
            let size = (event.new.planned, event.ahead(self.now));
            let taken = self.quotas.count_new_event(&mut counts, size, event.new.is_bounded());
            taken.map_err(|error| (index, error))?;
        }
        self.counts = counts;
        Ok(())
    }
}

/// Creates events for which there is room, with the actor as their organizer.
pub(crate) async fn insert_imported(
    tx: &mut Tx,
    actor: &Actor,
    events: &[&NewImported],
    now: Timestamp,
) -> Result<()> {
    tx.act_as(actor.user_id());
    insert_events(tx, &events.iter().map(|event| &event.new).collect::<Vec<_>>()).await?;
    for event in events {
        for overrides in &event.overrides {
            overrides.store(tx, &event.new.row, now).await?;
        }
    }
    let cancelled = events.iter().flat_map(|event| event.cancelled.iter().copied());
    reschedule::set_statuses(tx, cancelled.collect(), OccurrenceStatus::Cancelled, now).await?;
    for event in events.iter().filter(|event| event.is_cancelled) {
        status::set_status(tx, actor, event.id(), EventStatus::Cancelled, None, now).await?;
    }
    Ok(())
}
