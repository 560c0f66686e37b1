//! One transaction: requests are loaded, decided one after another, and stored.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::{OccurrenceAdmission, Stop};
use super::load::{self, LoadedRequest};
use super::request::{AdmissionRequest, Admitted};
use super::store;
use crate::accounts::identify;
use crate::db::{Locking, Tx};
use crate::error::{Error, Result};
use crate::id::OccurrenceId;
use crate::seats;
use crate::time::Timestamp;

/// The outcomes of several requests. `None` for those that have to be tried again, in another transaction:
/// their occurrence is locked by another one, or what was loaded is out of date.
pub(super) async fn admit_all(
    tx: &mut Tx,
    requests: &[AdmissionRequest],
    locking: Locking,
    now: Timestamp,
) -> Result<Vec<Option<Result<Admitted>>>> {
    let may_change = load::lock(tx, requests, locking).await?;
    let mut loaded = load::load(tx, requests, now).await?;
    // Seats that are due to the waitlist go to it first, so that nobody is overtaken.
    let due = due_to_waitlists(&loaded, &may_change, now);
    for occurrence in &due {
        seats::promote_waitlist(tx, *occurrence, now).await?;
    }
    if !due.is_empty() {
        loaded = load::load(tx, requests, now).await?;
    }
    let mut occurrences = occurrences(&loaded);
    let mut outcomes = Vec::with_capacity(requests.len());
    for ((request, loaded), may_change) in requests.iter().zip(&loaded).zip(may_change) {
        let found = loaded.as_ref().and_then(|loaded| Some((loaded, occurrences.get_mut(&loaded.facts.id)?)));
        let Some((loaded, occurrence)) = found else {
            let actor = identify(tx, &request.caller, now).await;
            outcomes.push(Some(actor.and_then(|_| Err(Error::NotFound("occurrence")))));
            continue;
        };
        let decision = match request.caller.actor(loaded.session) {
            Ok(actor) => occurrence.decide(request, &actor, loaded, may_change, now),
            Err(error) => Err(error.into()),
        };
        outcomes.push(match decision {
            Ok(admitted) => Some(Ok(admitted)),
            Err(Stop::Refused(refusal)) => Some(Err(refusal)),
            Err(Stop::Undecided) => None,
        });
    }
    let occurrences: Vec<&OccurrenceAdmission> = occurrences.values().collect();
    store::store(tx, &occurrences, now).await?;
    for occurrence in occurrences.iter().filter(|occurrence| occurrence.must_promote_more(now)) {
        let id = occurrence.facts().id;
        let promoted = seats::promote_waitlist(tx, id, now).await?;
        // The line was exhausted by the last request that has freed seats: the ones before were decided.
        let of_occurrence =
            requests.iter().zip(&mut outcomes).filter(|(request, _)| request.occurrence == id);
        if let Some(Ok(last)) =
            of_occurrence.filter_map(|(_, outcome)| outcome.as_mut()).filter(|o| o.is_ok()).last()
        {
            last.add_promoted(promoted);
        }
    }
    Ok(outcomes)
}

/// Carries out one request in a transaction that has other work too, or locks of its own.
pub(in super::super) async fn admit_in(
    tx: &mut Tx,
    request: &AdmissionRequest,
    now: Timestamp,
) -> Result<Admitted> {
    let outcomes = admit_all(tx, std::slice::from_ref(request), Locking::Wait, now).await?;
    // Undecided: the registration changed before it was locked. The whole transaction runs again.
    outcomes.into_iter().next().flatten().unwrap_or(Err(Error::Contended))
}

/// The occurrences with free seats for the next of the waitlist, by id.
fn due_to_waitlists(
    loaded: &[Option<LoadedRequest>],
    may_change: &[bool],
    now: Timestamp,
) -> BTreeSet<OccurrenceId> {
    let locked = loaded.iter().zip(may_change).filter(|(_, may_change)| **may_change);
    let due = locked.filter_map(|(loaded, _)| loaded.as_ref()).filter(|loaded| {
        let next = loaded.line.first();
        next.is_some_and(|next| loaded.facts.seats().fits(next.party)) && loaded.facts.promotes(now)
    });
    due.map(|loaded| loaded.facts.id).collect()
}

/// The occurrences before the first request.
fn occurrences(loaded: &[Option<LoadedRequest>]) -> BTreeMap<OccurrenceId, OccurrenceAdmission> {
    let mut occurrences = BTreeMap::new();
    // Of those who have a registration more of the waitlist was loaded.
    let (with, without): (Vec<_>, Vec<_>) = loaded.iter().flatten().partition(|loaded| loaded.live.is_some());
    for loaded in with.into_iter().chain(without) {
        occurrences.entry(loaded.facts.id).or_insert_with(|| OccurrenceAdmission::before(loaded));
    }
    occurrences
}
