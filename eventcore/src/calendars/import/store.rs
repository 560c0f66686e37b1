//! Storing what a plan says: all of a UID, or nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::known::{KnownEvents, UidEvent, UidOwner, must_be_followed, remember};
use super::note::ImportNote;
use super::occurrence::Index;
use super::plan::{PartPlan, UidPlan};
use super::report::ImportOutcome;
use crate::core::EventCore;
use crate::db::{Tx, transaction};
use crate::error::Result;
use crate::events::{
    ImportRoom, Importer, NewImported, OccurrenceOutcome, insert_imported, is_over, update_imported,
    update_imported_occurrences,
};
use crate::id::EventId;
use crate::quotas::Quotas;
use crate::time::Timestamp;

/// The import of a UID.
#[derive(Debug)]
pub(super) struct UidImport {
    pub(super) owner: UidOwner,
    pub(super) importer: Arc<Importer>,
    pub(super) plan: UidPlan,
    /// All its components.
    pub(super) components: Vec<Index>,
    /// Whether the file only cancels events (METHOD is CANCEL).
    pub(super) only_cancels: bool,
    /// The component at work, to report an error with its line.
    pub(super) at: AtomicUsize,
}

/// What becomes of a component.
#[derive(Debug, Clone)]
pub(super) enum Fate {
    Stored(ImportOutcome, EventId),
    /// The code and the message of the reason.
    Skipped(&'static str, &'static str),
    /// It is stored, with this note.
    Noted(ImportNote),
}

/// What has become of a UID.
#[derive(Debug, Default)]
pub(super) struct UidResult {
    pub(super) fates: Vec<(Index, Fate)>,
    /// The number of new events and of their future occurrences.
    pub(super) new_events: u32,
    pub(super) new_occurrences: u32,
}

const PAST: (&str, &str) = ("past", "it is over");

/// What becomes of an occurrence whose event nobody has.
pub(super) const WITHOUT_SERIES: Fate =
    Fate::Skipped("without_series", "neither the file nor the account has its series");

impl EventCore {
    /// Imports a UID in a transaction of its own, with these quotas. A dry run is rolled back.
    pub(super) async fn import_uid(
        &self,
        import: Arc<UidImport>,
        quotas: Quotas,
        dry_run: bool,
    ) -> Result<UidResult> {
        if !dry_run {
            return transaction!(self.db(), |tx| import_uid(tx, import.clone(), quotas));
        }
        let one = self.begin_transaction().await?;
        transaction!(one.core().db(), |tx| import_uid(tx, import.clone(), quotas))
    }
}

async fn import_uid(tx: &mut Tx, import: Arc<UidImport>, quotas: Quotas) -> Result<UidResult> {
    let UidImport { owner, importer, plan, .. } = &*import;
    let (actor, now, horizon) = (&owner.actor, importer.now, importer.horizon.with_quotas(quotas));
    let mut known = KnownEvents::find(tx, owner, &plan.uid).await?;
    let mut result = UidResult::default();
    // Existing events are locked before the account.
    let (stored, new): (Vec<_>, Vec<_>) =
        plan.parts.iter().partition(|part| known.events.contains_key(&part.key));
    for part in stored {
        import.at.store(part.component, Ordering::Relaxed);
        let id = known.events[&part.key];
        match update_imported(tx, actor, id, &part.event, now, horizon).await {
            Ok((changed, outcomes)) => result.add_updated(part, id, changed, &outcomes),
            Err(error) if is_over(&error) && part.is_over && plan.parts.len() == 1 => {
                return Ok(UidResult::past(part));
            }
            Err(error) => return Err(error),
        }
    }
    for part in new {
        import.at.store(part.component, Ordering::Relaxed);
        if let Some(mut fates) = import.not_created(part) {
            result.fates.append(&mut fates);
            continue;
        }
        let new = importer.prepare(&part.event)?;
        let categories = new.category().into_iter().collect();
        let mut room = ImportRoom::lock(tx, owner.user, quotas, &categories, now).await?;
        room.take(&[&new]).map_err(|(_, error)| error)?;
        must_be_followed(tx, owner).await?;
        insert_imported(tx, actor, &[&new], now).await?;
        known.forget_stale(tx, owner, &part.key).await?;
        let (uid, event) = (plan.uid.as_str(), new.id());
        remember(tx, owner, vec![UidEvent { uid, part: &part.key, event }]).await?;
        result.add_created(part, &new, importer);
    }
    for (component, occurrence) in &plan.alone {
        import.at.store(*component, Ordering::Relaxed);
        let occurrences = std::slice::from_ref(occurrence);
        let mut fate = WITHOUT_SERIES;
        for id in known.events.values() {
            let outcome = update_imported_occurrences(tx, actor, *id, occurrences, now).await?;
            let outcome = outcome.first().copied().unwrap_or(OccurrenceOutcome::Unknown);
            fate = fate_of(outcome, ImportOutcome::Updated, *id);
            if matches!(fate, Fate::Stored(..)) {
                break;
            }
        }
        result.fates.push((*component, fate));
    }
    Ok(result)
}

impl UidImport {
    /// What becomes of the components of a new event that is not created.
    pub(super) fn not_created(&self, part: &PartPlan) -> Option<Vec<(Index, Fate)>> {
        if self.only_cancels {
            return Some(vec![(part.component, Fate::Skipped("not_found", "no event has this UID"))]);
        }
        let skips_past = self.importer.defaults.since > Timestamp::MIN;
        (part.is_over && skips_past).then(|| UidResult::past(part).fates)
    }
}

/// What becomes of the component of an occurrence.
const fn fate_of(outcome: OccurrenceOutcome, changed: ImportOutcome, id: EventId) -> Fate {
    match outcome {
        OccurrenceOutcome::Changed => Fate::Stored(changed, id),
        OccurrenceOutcome::Unchanged => Fate::Stored(ImportOutcome::Unchanged, id),
        OccurrenceOutcome::Past => Fate::Skipped(PAST.0, PAST.1),
        OccurrenceOutcome::Unknown => {
            Fate::Skipped("not_in_series", "the series has no occurrence at its RECURRENCE-ID")
        }
        OccurrenceOutcome::BeyondHorizon => {
            Fate::Skipped("beyond_horizon", "it is later than occurrences are stored: import it again later")
        }
    }
}

impl UidResult {
    /// All of a plan is over.
    pub(super) fn over(plan: &UidPlan) -> Self {
        let fates = plan.parts.iter().flat_map(|part| Self::past(part).fates);
        Self { fates: fates.collect(), ..Self::default() }
    }

    pub(super) fn past(part: &PartPlan) -> Self {
        let components = part.components.iter().copied().flatten().chain([part.component]);
        let fates = components.map(|component| (component, Fate::Skipped(PAST.0, PAST.1)));
        Self { fates: fates.collect(), ..Self::default() }
    }

    fn add_updated(&mut self, part: &PartPlan, id: EventId, changed: bool, outcomes: &[OccurrenceOutcome]) {
        // A period of RDATE belongs to the component of the event.
        let own = part
            .components
            .iter()
            .zip(outcomes)
            .any(|(component, outcome)| component.is_none() && *outcome == OccurrenceOutcome::Changed);
        let outcome = if changed || own { ImportOutcome::Updated } else { ImportOutcome::Unchanged };
        self.fates.push((part.component, Fate::Stored(outcome, id)));
        self.add_occurrences(part, id, outcomes, ImportOutcome::Updated);
    }

    pub(super) fn add_created(&mut self, part: &PartPlan, new: &NewImported, importer: &Importer) {
        let (id, defaults) = (new.id(), &importer.defaults);
        self.new_events += 1;
        self.new_occurrences += u32::try_from(new.ahead(importer.now)).unwrap_or(u32::MAX);
        self.fates.push((part.component, Fate::Stored(ImportOutcome::Created, id)));
        let mut note = |code: &'static str, message: String| {
            self.fates.push((part.component, Fate::Noted(ImportNote::new(code, 0, message))));
        };
        if part.event.title.is_none() {
            note("title_filled", format!("SUMMARY is missing: “{}” is filled in", defaults.title));
        }
        if part.event.location.is_none() {
            note("location_filled", format!("LOCATION is missing: “{}” is filled in", defaults.location));
        }
        self.add_occurrences(part, id, new.outcomes(), ImportOutcome::Created);
    }

    fn add_occurrences(
        &mut self,
        part: &PartPlan,
        id: EventId,
        outcomes: &[OccurrenceOutcome],
        changed: ImportOutcome,
    ) {
        let with_component = part.components.iter().zip(outcomes);
        let fates = with_component
            .filter_map(|(component, outcome)| Some(((*component)?, fate_of(*outcome, changed, id))));
        self.fates.extend(fates);
    }
}
