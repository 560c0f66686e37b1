//! New UIDs of a file, created in one transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::known::{UidEvent, UidOwner, known_uids, must_be_followed, remember};
use super::occurrence::Index;
use super::store::{Fate, UidImport, UidResult, WITHOUT_SERIES};
use crate::core::EventCore;
use crate::db::{Tx, transaction};
use crate::error::{Error, Result};
use crate::events::{ImportRoom, Importer, NewImported, insert_imported};
use crate::quotas::Quotas;

/// The UIDs of a batch.
pub(super) const MAX_UIDS: usize = 256;
/// The occurrences of a batch after which no other UID joins it, so that others can write between.
pub(super) const MAX_OCCURRENCES: usize = 2_000;

/// A UID that had no event when the import began, with its new events.
#[derive(Debug)]
pub(super) struct NewUid {
    pub(super) import: Arc<UidImport>,
    /// What becomes of what is not created.
    skipped: Vec<(Index, Fate)>,
    /// With the index of the part that each comes from.
    events: Vec<(usize, NewImported)>,
}

/// Why a UID is not imported: the component at fault, and the error.
pub(super) type UidError = (Index, Error);

/// What became of a UID of a batch. `None` if it has an event by now, and is to be imported by itself.
pub(super) type BatchOutcome = Option<std::result::Result<UidResult, UidError>>;

impl NewUid {
    /// Decides what is created.
    ///
    /// # Errors
    /// What is invalid, of the first event that is.
    pub(super) fn prepare(import: Arc<UidImport>) -> std::result::Result<Self, UidError> {
        let alone = import.plan.alone.iter().map(|(component, _)| (*component, WITHOUT_SERIES));
        let (mut skipped, mut events) = (alone.collect::<Vec<_>>(), Vec::new());
        for (index, part) in import.plan.parts.iter().enumerate() {
            match import.not_created(part) {
                Some(mut fates) => skipped.append(&mut fates),
                None => {
                    let new = import.importer.prepare(&part.event);
                    events.push((index, new.map_err(|error| (part.component, error))?));
                }
            }
        }
        Ok(Self { import, skipped, events })
    }

    fn uid(&self) -> &str {
        &self.import.plan.uid
    }

    fn events(&self) -> impl Iterator<Item = &NewImported> {
        self.events.iter().map(|(_, event)| event)
    }

    /// Its events with their UIDs.
    fn to_remember(&self) -> impl Iterator<Item = UidEvent<'_>> {
        self.events.iter().map(|(part, event)| UidEvent {
            uid: self.uid(),
            part: &self.import.plan.parts[*part].key,
            event: event.id(),
        })
    }

    /// What became of it, once it is stored.
    fn stored(&self) -> UidResult {
        let mut result = UidResult { fates: self.skipped.clone(), ..UidResult::default() };
        for (part, event) in &self.events {
            result.add_created(&self.import.plan.parts[*part], event, &self.import.importer);
        }
        result
    }
}

/// New UIDs, to be created together.
#[derive(Debug, Default)]
pub(super) struct ImportBatch {
    pub(super) uids: Vec<NewUid>,
    occurrences: usize,
}

impl ImportBatch {
    /// Whether a UID can join it.
    pub(super) fn has_room_for(&self, uid: &NewUid) -> bool {
        let occurrences: usize = uid.events().map(NewImported::size).sum();
        self.uids.is_empty()
            || (self.uids.len() < MAX_UIDS && self.occurrences + occurrences <= MAX_OCCURRENCES)
    }

    pub(super) fn push(&mut self, uid: NewUid) {
        self.occurrences += uid.events().map(NewImported::size).sum::<usize>();
        self.uids.push(uid);
    }
}

impl EventCore {
    /// Creates the events of new UIDs in one transaction, with these quotas. A dry run is rolled back.
    ///
    /// # Errors
    /// Those after which none of them is stored. One of them may be the cause.
    pub(super) async fn import_batch(
        &self,
        owner: &UidOwner,
        importer: &Arc<Importer>,
        batch: Arc<ImportBatch>,
        quotas: Quotas,
        dry_run: bool,
    ) -> Result<Vec<BatchOutcome>> {
        let (owner, importer) = (*owner, importer.clone());
        if !dry_run {
            return transaction!(self.db(), |tx| import_batch(tx, owner, importer, batch, quotas));
        }
        let one = self.begin_transaction().await?;
        transaction!(one.core().db(), |tx| import_batch(tx, owner, importer, batch, quotas))
    }
}

async fn import_batch(
    tx: &mut Tx,
    owner: UidOwner,
    importer: Arc<Importer>,
    batch: Arc<ImportBatch>,
    quotas: Quotas,
) -> Result<Vec<BatchOutcome>> {
    let uids: Vec<String> = batch.uids.iter().map(|uid| uid.uid().to_owned()).collect();
    let known = known_uids(tx, &owner, &uids).await?;
    let all = || batch.uids.iter().flat_map(NewUid::events);
    let (mut events, mut outcomes, mut to_remember) = (Vec::new(), Vec::new(), Vec::new());
    let categories: BTreeSet<_> = all().filter_map(NewImported::category).collect();
    let mut room = ImportRoom::lock(tx, owner.user, quotas, &categories, importer.now).await?;
    for uid in &batch.uids {
        if known.contains(uid.uid()) {
            outcomes.push(None);
            continue;
        }
        let of_uid: Vec<&NewImported> = uid.events().collect();
        outcomes.push(Some(match room.take(&of_uid) {
            Ok(()) => {
                events.extend(of_uid);
                to_remember.extend(uid.to_remember());
                Ok(uid.stored())
            }
            Err((index, error)) => {
                let part = uid.events.get(index).map_or(0, |(part, _)| *part);
                Err((uid.import.plan.parts.get(part).map_or(0, |part| part.component), error))
            }
        }));
    }
    if !events.is_empty() {
        must_be_followed(tx, &owner).await?;
        insert_imported(tx, &owner.actor, &events, importer.now).await?;
        remember(tx, &owner, to_remember).await?;
    }
    Ok(outcomes)
}
