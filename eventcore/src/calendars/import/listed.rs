//! Importing events that an embedding program has as values, each with a UID of its own.

use std::collections::HashSet;
use std::sync::Arc;

use super::batch::{MAX_OCCURRENCES, MAX_UIDS};
use super::known::{KnownEvents, UidEvent, UidOwner, known_uids, remember};
use super::parsed::stored_uid;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Tx, transaction};
use crate::error::{Error, Result};
use crate::events::{
    EventInput, EventStatus, ImportRoom, Importer, NewImported, insert_imported, replace_imported,
};
use crate::id::EventId;

/// After so many events are computed, other tasks get their turn.
const TURN: usize = 32;

/// An event to import, and the UID by which it is known again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedEvent {
    /// The UID: any text that is not empty. One that is longer than 255 bytes is stored as its digest.
    pub uid: String,
    /// The event, whole: what it omits gets its default, also when it changes an event that exists.
    pub event: EventInput,
}

impl ListedEvent {
    /// An event with its UID.
    pub fn new(uid: impl Into<String>, event: EventInput) -> Self {
        Self { uid: uid.into(), event }
    }
}

/// What belongs together in [`EventCore::import_events`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportMode {
    /// Each event is stored whole or not at all, and others can write between.
    #[default]
    EventByEvent,
    /// All events are stored, or none. Others cannot write meanwhile: anything on SQLite, the events and
    /// quotas of the same organizer on PostgreSQL.
    Atomic,
}

/// What became of an event of [`EventCore::import_events`].
#[derive(Debug)]
#[non_exhaustive]
pub enum EventImport {
    /// It is new.
    Created(EventId),
    /// An earlier import had created it, and it has changed.
    Updated(EventId),
    /// An earlier import had created it, and it is as it was.
    Unchanged(EventId),
    /// It is refused.
    Failed(Error),
    /// It is not stored, because another event was refused: only with [`ImportMode::Atomic`].
    NotStored,
}

/// An event of the list, computed as far as it can be without the database.
struct Prepared {
    uid: String,
    event: Arc<EventInput>,
    /// `None` if the UID is known.
    new: Option<Arc<NewImported>>,
}

impl EventCore {
    /// Creates events of the actor, or changes those that an earlier import of the same UIDs has created: so
    /// an import that was interrupted is repeated. Returns what became of each, in the order of the list.
    ///
    /// An import does what its actor could do by hand: permissions, validation, quotas and notifications are
    /// those of creating and [replacing](Self::replace_event) events. Only a new series may have begun
    /// already: its occurrences that are over are left out.
    ///
    /// ```
    /// use eventcore::calendars::{EventImport, ImportMode, ListedEvent};
    /// use eventcore::events::EventInput;
    /// use eventcore::recurrence::Recurrence;
    /// use eventcore::{EventCore, accounts::ExternalUser};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let core = EventCore::builder().temporary().open().await?;
    /// let ada = core.user_for("1815", &ExternalUser::new("ada@example.org", "Ada")).await?.actor();
    /// let weekly = Recurrence { rrule: Some("FREQ=WEEKLY;COUNT=10".parse()?), ..Recurrence::default() };
    /// let course = EventInput::new("Course", "Lecture hall", "2035-03-04T18:30:00".parse()?, 30)
    ///     .timezone("Europe/London")
    ///     .recurrence(weekly);
    /// let list = vec![ListedEvent::new("course 7", course)];
    /// let first = core.import_events(&ada, list.clone(), ImportMode::Atomic).await?;
    /// assert!(matches!(first[..], [EventImport::Created(_)]));
    /// let again = core.import_events(&ada, list, ImportMode::Atomic).await?;
    /// assert!(matches!(again[..], [EventImport::Unchanged(_)]));
    /// # core.close().await;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Only those that concern no single event, after which the import can be repeated: `unavailable`;
    /// `email_not_verified` unless all events are drafts, see
    /// [`Builder::require_verified_email`](crate::Builder::require_verified_email); for callers who cannot
    /// write.
    pub async fn import_events(
        &self,
        actor: &Actor,
        events: Vec<ListedEvent>,
        mode: ImportMode,
    ) -> Result<Vec<EventImport>> {
        let user = actor.writer()?.id;
        if events.iter().any(|listed| listed.event.status != Some(EventStatus::Draft)) {
            self.must_be_verified(actor).await?;
        }
        let owner = UidOwner { actor: *actor, user, subscription: None };
        let importer = Arc::new(self.importer_of_events(actor, user).await?);
        let (prepared, mut outcomes) = self.prepare(&owner, &importer, events).await?;
        let list = Listed { owner, importer, prepared };
        match mode {
            ImportMode::EventByEvent => list.store(self, &mut outcomes, mode).await?,
            ImportMode::Atomic if outcomes.iter().any(Option::is_some) => {}
            ImportMode::Atomic => {
                let stored = self
                    .transact(async |tx| {
                        let mut outcomes: Vec<_> = list.prepared.iter().map(|_| None).collect();
                        match list.store(tx.core(), &mut outcomes, mode).await {
                            Ok(()) => Ok(outcomes),
                            Err(error) => Err(NotAllStored { error, outcomes }),
                        }
                    })
                    .await;
                outcomes = match stored {
                    Ok(outcomes) => outcomes,
                    Err(NotAllStored { error, outcomes }) => not_stored(outcomes, error)?,
                };
            }
        }
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or(EventImport::NotStored)).collect())
    }

    /// Computes what is stored of the events with new UIDs. Also returns why others are refused.
    async fn prepare(
        &self,
        owner: &UidOwner,
        importer: &Importer,
        events: Vec<ListedEvent>,
    ) -> Result<(Vec<Prepared>, Vec<Option<EventImport>>)> {
        let uids: Vec<String> = events.iter().map(|listed| stored_uid(&listed.uid)).collect();
        let mut known = self.known_uids(owner, &uids).await?;
        let (mut prepared, mut outcomes) = (Vec::with_capacity(uids.len()), Vec::with_capacity(uids.len()));
        for (index, (uid, listed)) in uids.into_iter().zip(events).enumerate() {
            // The second of two with one UID changes what the first creates.
            let is_new = !uid.is_empty() && known.insert(uid.clone());
            let computed = if is_new {
                importer.prepare_listed(&listed.event).map(|new| Some(Arc::new(new)))
            } else if uid.is_empty() {
                Err(Error::invalid("/uid", "required", "is required"))
            } else {
                Ok(None)
            };
            let (new, outcome) = match computed {
                Ok(new) => (new, None),
                Err(error) => (None, Some(EventImport::Failed(error))),
            };
            prepared.push(Prepared { uid, event: Arc::new(listed.event), new });
            outcomes.push(outcome);
            if index % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
        }
        Ok((prepared, outcomes))
    }
}

/// Why a transaction of all events failed, and what had become of them by then.
struct NotAllStored {
    error: Error,
    outcomes: Vec<Option<EventImport>>,
}

impl From<Error> for NotAllStored {
    fn from(error: Error) -> Self {
        Self { error, outcomes: Vec::new() }
    }
}

/// Nothing is stored, because one event was refused.
///
/// # Errors
/// The error, if it concerns no single event.
fn not_stored(outcomes: Vec<Option<EventImport>>, error: Error) -> Result<Vec<Option<EventImport>>> {
    let refused = |outcome: &EventImport| matches!(outcome, EventImport::Failed(_));
    if !outcomes.iter().flatten().any(refused) {
        return Err(error);
    }
    Ok(outcomes.into_iter().map(|outcome| outcome.filter(refused)).collect())
}

/// The events of an import.
struct Listed {
    owner: UidOwner,
    importer: Arc<Importer>,
    prepared: Vec<Prepared>,
}

/// New events, with their places in the list and their UIDs.
type NewEvents = Vec<(usize, String, Arc<NewImported>)>;

impl Listed {
    /// Stores the events that have no outcome yet.
    ///
    /// # Errors
    /// Those after which nothing more can be stored.
    async fn store(
        &self,
        core: &EventCore,
        outcomes: &mut [Option<EventImport>],
        mode: ImportMode,
    ) -> Result<()> {
        let (mut batch, mut size) = (NewEvents::new(), 0);
        for (index, listed) in self.prepared.iter().enumerate() {
            if outcomes[index].is_some() {
                continue;
            }
            match &listed.new {
                Some(new) => {
                    if batch.len() >= MAX_UIDS || (!batch.is_empty() && size + new.size() > MAX_OCCURRENCES) {
                        self.create(core, std::mem::take(&mut batch), outcomes, mode).await?;
                        size = 0;
                    }
                    size += new.size();
                    batch.push((index, listed.uid.clone(), new.clone()));
                }
                None => {
                    self.create(core, std::mem::take(&mut batch), outcomes, mode).await?;
                    size = 0;
                    self.alone(core, index, outcomes, mode).await?;
                }
            }
        }
        self.create(core, batch, outcomes, mode).await
    }

    /// Creates events in one transaction. If that fails, perhaps because of one of them, each gets a
    /// transaction of its own, unless all are stored in one.
    async fn create(
        &self,
        core: &EventCore,
        batch: NewEvents,
        outcomes: &mut [Option<EventImport>],
        mode: ImportMode,
    ) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let indexes: Vec<usize> = batch.iter().map(|(index, ..)| *index).collect();
        let (owner, importer, batch) = (self.owner, self.importer.clone(), Arc::new(batch));
        let created = transaction!(core.db(), |tx| create(tx, owner, importer, batch));
        match created {
            Ok(created) => {
                for (index, outcome) in indexes.into_iter().zip(created) {
                    match outcome {
                        Some(Ok(id)) => outcomes[index] = Some(EventImport::Created(id)),
                        Some(Err(error)) => refuse(outcomes, index, error, mode)?,
                        None => self.alone(core, index, outcomes, mode).await?,
                    }
                }
                Ok(())
            }
            Err(error) if is_final(&error) || mode == ImportMode::Atomic => Err(error),
            Err(_) => {
                for index in indexes {
                    self.alone(core, index, outcomes, mode).await?;
                }
                Ok(())
            }
        }
    }

    /// Changes the event of a UID, or creates it, in a transaction of its own.
    async fn alone(
        &self,
        core: &EventCore,
        index: usize,
        outcomes: &mut [Option<EventImport>],
        mode: ImportMode,
    ) -> Result<()> {
        let Prepared { uid, event, .. } = &self.prepared[index];
        let (owner, importer, uid, event) = (self.owner, self.importer.clone(), uid.clone(), event.clone());
        match transaction!(core.db(), |tx| store_one(tx, owner, importer, uid, event)) {
            Ok(stored) => outcomes[index] = Some(stored),
            Err(error) if is_final(&error) => return Err(error),
            Err(error) => refuse(outcomes, index, error, mode)?,
        }
        Ok(())
    }
}

/// Notes that an event is refused.
///
/// # Errors
/// If all events are stored in one transaction, which is to end then.
fn refuse(outcomes: &mut [Option<EventImport>], index: usize, error: Error, mode: ImportMode) -> Result<()> {
    outcomes[index] = Some(EventImport::Failed(error));
    match mode {
        ImportMode::EventByEvent => Ok(()),
        ImportMode::Atomic => Err(Error::internal("an event of the import is refused")),
    }
}

/// Whether an error concerns more than one event.
fn is_final(error: &Error) -> bool {
    error.is_unavailable() || matches!(error, Error::Unauthenticated | Error::Contended)
}

/// The events, as far as there is room for them. `None` for those whose UID is known by now.
async fn create(
    tx: &mut Tx,
    owner: UidOwner,
    importer: Arc<Importer>,
    batch: Arc<NewEvents>,
) -> Result<Vec<Option<Result<EventId>>>> {
    let uids: Vec<String> = batch.iter().map(|(_, uid, _)| uid.clone()).collect();
    let known: HashSet<String> = known_uids(tx, &owner, &uids).await?;
    let categories = batch.iter().filter_map(|(.., new)| new.category()).collect();
    let quotas = importer.horizon.quotas;
    let mut room = ImportRoom::lock(tx, owner.user, quotas, &categories, importer.now).await?;
    let (mut outcomes, mut events, mut to_remember) = (Vec::new(), Vec::new(), Vec::new());
    for (_, uid, new) in &*batch {
        if known.contains(uid) {
            outcomes.push(None);
            continue;
        }
        let taken = room.take(&[&**new]).map_err(|(_, error)| error);
        if taken.is_ok() {
            events.push(&**new);
            to_remember.push(UidEvent { uid, part: "", event: new.id() });
        }
        outcomes.push(Some(taken.map(|()| new.id())));
    }
    if !events.is_empty() {
        insert_imported(tx, &owner.actor, &events, importer.now).await?;
        remember(tx, &owner, to_remember).await?;
    }
    Ok(outcomes)
}

async fn store_one(
    tx: &mut Tx,
    owner: UidOwner,
    importer: Arc<Importer>,
    uid: String,
    event: Arc<EventInput>,
) -> Result<EventImport> {
    let (now, horizon) = (importer.now, importer.horizon);
    let mut known = KnownEvents::find(tx, &owner, &uid).await?;
    if let Some(id) = known.events.get("").copied() {
        let changed = replace_imported(tx, &owner.actor, id, &event, now, horizon).await?;
        return Ok(if changed { EventImport::Updated(id) } else { EventImport::Unchanged(id) });
    }
    let new = importer.prepare_listed(&event)?;
    let categories = new.category().into_iter().collect();
    let mut room = ImportRoom::lock(tx, owner.user, horizon.quotas, &categories, now).await?;
    room.take(&[&new]).map_err(|(_, error)| error)?;
    insert_imported(tx, &owner.actor, &[&new], now).await?;
    known.forget_stale(tx, &owner, "").await?;
    remember(tx, &owner, vec![UidEvent { uid: &uid, part: "", event: new.id() }]).await?;
    Ok(EventImport::Created(new.id()))
}
