//! Batches of new events: those that come while a batch runs form the next one, each in one transaction.

use std::collections::{BTreeMap, HashSet};

use super::creation::{self, CreationFacts};
use super::creation_queue::{CreationRequest, FactsKey};
use super::event::Event;
use super::insert::insert_events;
use super::rows::created::created;
use crate::core::EventCore;
use crate::db::{JointQueue, JointWork, Locking, Queries, Tx, run_jointly, transaction_in_this_task};
use crate::error::Result;
use crate::id::EventId;
use crate::time::Timestamp;

/// Occurrences in a batch after which no other event joins it, so that others can write between.
const BATCH_OCCURRENCES: usize = 1_000;

/// The creation of events by the library.
#[derive(Clone)]
struct CreationWork(EventCore);

impl EventCore {
    /// Creates an event in a batch with others, whatever becomes of the caller.
    pub(super) async fn create_jointly(&self, request: CreationRequest) -> Result<Event> {
        run_jointly(&CreationWork(self.clone()), EventId::at(self.now()), request).await
    }
}

impl JointWork for CreationWork {
    type Key = EventId;
    type Request = CreationRequest;
    type Answer = Event;

    fn queue(&self) -> &JointQueue<EventId, CreationRequest, Event> {
        self.0.creations().queue()
    }

    async fn run_together(
        &self,
        requests: &[CreationRequest],
        locking: Locking,
    ) -> Result<Vec<Option<Result<Event>>>> {
        if let ([request], Locking::Wait) = (requests, locking) {
            return Ok(vec![Some(self.run_alone(request).await)]);
        }
        let now = self.0.now();
        transaction_in_this_task!(self.0.db(), |tx| create_all(tx, requests, locking, now))
    }

    async fn run_alone(&self, request: &CreationRequest) -> Result<Event> {
        let now = self.0.now();
        let CreationRequest { input, organizer, horizon } = request;
        transaction_in_this_task!(self.0.db(), |tx| creation::create(tx, input, *organizer, now, *horizon))
    }
}

/// The outcomes of several requests. `None` for those that have to be tried again, in another transaction.
async fn create_all(
    tx: &mut Tx,
    requests: &[CreationRequest],
    locking: Locking,
    now: Timestamp,
) -> Result<Vec<Option<Result<Event>>>> {
    let facts = load_all(tx, requests, locking, now).await?;
    let (mut new, mut outcomes, mut occurrences) = (Vec::new(), Vec::new(), 0);
    let mut counted = HashSet::new();
    for request in requests {
        // The quotas of an account are those before the batch, so that one event of it counts against them.
        let is_next = !request.horizon.quotas.counts_events() || counted.insert(request.organizer);
        let facts = facts.get(&request.key()).filter(|_| is_next && occurrences < BATCH_OCCURRENCES);
        let Some(facts) = facts else {
            outcomes.push(None);
            continue;
        };
        let prepared = creation::prepare(tx.dialect(), facts, &request.input, now, request.horizon);
        outcomes.push(Some(prepared.and_then(|prepared| {
            let event = created(&prepared.row, &facts.organizer, &prepared.occurrences, now)?;
            occurrences += prepared.occurrences.len();
            new.push(prepared);
            Ok(event)
        })));
    }
    insert_events(tx, &new.iter().collect::<Vec<_>>()).await?;
    Ok(outcomes)
}

/// The facts of the requests. Those are left out that one alone must wait for, or whose category may be
/// unknown.
async fn load_all<'r>(
    tx: &mut Tx,
    requests: &'r [CreationRequest],
    locking: Locking,
    now: Timestamp,
) -> Result<BTreeMap<FactsKey<'r>, CreationFacts>> {
    // In the order of the accounts, which is the order of locks.
    let keys: BTreeMap<FactsKey<'r>, &CreationRequest> =
        requests.iter().rev().map(|request| (request.key(), request)).collect();
    let mut loaded = BTreeMap::new();
    for ((organizer, category), request) in keys {
        let quotas = &request.horizon.quotas;
        if !quotas.lock_for_events(tx, organizer, locking).await? {
            continue;
        }
        let facts = CreationFacts::load(tx, organizer, category, quotas, locking, now).await?;
        if let Some(facts) = facts.filter(|facts| category.is_none() || facts.category_id.is_some()) {
            loaded.insert((organizer, category), facts);
        }
    }
    Ok(loaded)
}
