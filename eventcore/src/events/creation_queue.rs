//! The queue of the new events that wait for their batch.

use super::event::Event;
use super::input::EventInput;
use super::schedule::expansion::Horizon;
use crate::db::{BatchLimits, Db, Dialect, JointQueue};
use crate::id::{EventId, UserId};

/// Maximum number of events in a batch.
const BATCH_SIZE: usize = 32;
/// Batches that run at once on PostgreSQL. SQLite has one writer.
const RUNNING: usize = 3;

/// The requests that wait for their batch. Each has a key of its own: none waits for another.
#[derive(Debug)]
pub(crate) struct Creations(JointQueue<EventId, CreationRequest, Event>);

/// A request to create an event.
#[derive(Debug, Clone)]
pub(super) struct CreationRequest {
    pub(super) input: EventInput,
    pub(super) organizer: UserId,
    pub(super) horizon: Horizon,
}

impl Creations {
    pub(crate) fn new(db: &Db) -> Self {
        let running = match db.dialect() {
            Dialect::Sqlite => 1,
            Dialect::Postgres => RUNNING,
        };
        Self(JointQueue::new(BatchLimits { size: BATCH_SIZE, running, wait: db.queue_timeout() }))
    }

    pub(super) const fn queue(&self) -> &JointQueue<EventId, CreationRequest, Event> {
        &self.0
    }
}

/// The organizer and the slug of the category.
pub(super) type FactsKey<'r> = (UserId, Option<&'r str>);

impl CreationRequest {
    /// What the facts that it needs depend on.
    pub(super) fn key(&self) -> FactsKey<'_> {
        (self.organizer, self.input.category.as_deref())
    }
}
