//! An import at work: which UIDs are imported together, and the report.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::batch::{ImportBatch, NewUid};
use super::known::UidOwner;
use super::note::ImportNote;
use super::occurrence::{Fault, Index, ZoneOfDates};
use super::options::ImportOptions;
use super::parsed::{ParsedFile, UidGroup};
use super::plan::{PlanContext, UidComponents, UidPlan, plan};
use super::report::{ImportOutcome, ImportReport, ImportedComponent};
use super::store::{Fate, UidImport, UidResult};
use super::vevent::Vevent;
use crate::core::EventCore;
use crate::error::{Error, Result};
use crate::events::Importer;
use crate::quotas::Quotas;

/// After so many faults of rules, each of which may have taken much work, no others are examined.
const MAX_RULE_FAULTS: usize = 100;
/// After so many UIDs that exceed a quota, no others are tried.
const MAX_QUOTA_FAULTS: usize = 200;

/// An import at work.
pub(super) struct Import<'i> {
    core: &'i EventCore,
    owner: UidOwner,
    importer: Arc<Importer>,
    options: &'i ImportOptions,
    context: PlanContext,
    /// The UIDs that had events when the import began.
    known: HashSet<String>,
    /// New UIDs that wait for their transaction.
    batch: ImportBatch,
    components: Vec<ImportedComponent>,
    events: HashMap<Index, (Vevent, ZoneOfDates)>,
    rule_faults: usize,
    /// How many UIDs exceeded a quota, and the last error.
    quota_fault: (usize, Option<String>),
    /// What a dry run would have created: events and occurrences.
    counted: (u32, u32),
}

impl<'i> Import<'i> {
    pub(super) fn new(
        core: &'i EventCore,
        owner: UidOwner,
        importer: Importer,
        context: PlanContext,
        known: HashSet<String>,
        options: &'i ImportOptions,
    ) -> Self {
        Self {
            core,
            owner,
            importer: Arc::new(importer),
            options,
            context,
            known,
            batch: ImportBatch::default(),
            components: Vec::new(),
            events: HashMap::new(),
            rule_faults: 0,
            quota_fault: (0, None),
            counted: (0, 0),
        }
    }

    /// Imports a file.
    ///
    /// # Errors
    /// Only those after which nothing more can be imported.
    pub(super) async fn run(mut self, file: ParsedFile) -> Result<ImportReport> {
        self.components = file.components;
        self.events = file.events;
        for group in file.groups {
            self.group(group).await?;
            // A rule may take long to expand.
            tokio::task::yield_now().await;
        }
        self.store_batch().await?;
        Ok(ImportReport::new(self.options.dry_run, self.components))
    }

    /// Imports the components of a UID, or lets it wait for its batch.
    async fn group(&mut self, group: UidGroup) -> Result<()> {
        let UidGroup { group, fault, only_cancels } = group;
        let components: Vec<Index> = group.masters.iter().chain(&group.overrides).copied().collect();
        if let Some(fault) = fault.or_else(|| self.fault_before(&group)) {
            self.skip(&components, fault);
            return Ok(());
        }
        let plan = match plan(&group, &self.events, &self.context) {
            Ok(plan) => plan,
            Err(fault) => {
                self.rule_faults += 1;
                self.skip(&components, fault);
                return Ok(());
            }
        };
        let is_known = self.known.contains(&plan.uid);
        // Most of an exported calendar is over: it needs no transaction.
        let is_over = !plan.parts.is_empty() && plan.parts.iter().all(|part| part.is_over);
        if is_over && !is_known && !self.options.past {
            self.leave_out(&plan);
            self.report(UidResult::over(&plan));
            return Ok(());
        }
        let (owner, importer, at) = (self.owner, self.importer.clone(), AtomicUsize::new(0));
        let import = Arc::new(UidImport { owner, importer, plan, components, only_cancels, at });
        if is_known {
            return self.alone(import).await;
        }
        match NewUid::prepare(import.clone()) {
            Ok(new) => {
                if !self.batch.has_room_for(&new) {
                    self.store_batch().await?;
                }
                self.batch.push(new);
            }
            Err((_, error)) if is_final(&error) => return Err(error),
            Err((index, error)) => self.fail(&import, index, &error),
        }
        Ok(())
    }

    /// Stores the UIDs that wait. If the transaction fails, perhaps because of one of them, each gets a
    /// transaction of its own.
    async fn store_batch(&mut self) -> Result<()> {
        let batch = Arc::new(std::mem::take(&mut self.batch));
        if batch.uids.is_empty() {
            return Ok(());
        }
        let (quotas, dry_run) = (self.quotas(), self.options.dry_run);
        let stored = self.core.import_batch(&self.owner, &self.importer, batch.clone(), quotas, dry_run);
        let outcomes = match stored.await {
            Ok(outcomes) => outcomes,
            Err(error @ Error::Unauthenticated) => return Err(error),
            Err(error) if error.is_unavailable() => return Err(error),
            Err(_) => batch.uids.iter().map(|_| None).collect(),
        };
        for (uid, outcome) in batch.uids.iter().zip(outcomes) {
            match outcome {
                Some(Ok(result)) => {
                    self.leave_out(&uid.import.plan);
                    self.report(result);
                }
                Some(Err((index, error))) => self.fail(&uid.import, index, &error),
                None => self.alone(uid.import.clone()).await?,
            }
        }
        Ok(())
    }

    /// Imports a UID by itself.
    async fn alone(&mut self, import: Arc<UidImport>) -> Result<()> {
        match self.core.import_uid(import.clone(), self.quotas(), self.options.dry_run).await {
            Ok(result) => {
                self.leave_out(&import.plan);
                self.report(result);
            }
            Err(error) if is_final(&error) => return Err(error),
            Err(error) => self.fail(&import, import.at.load(Ordering::Relaxed), &error),
        }
        Ok(())
    }

    /// The quotas of the actor, less what a dry run would have created.
    fn quotas(&self) -> Quotas {
        self.importer.horizon.quotas.less(self.counted.0, self.counted.1)
    }

    /// Reports that a UID is not imported because of an error of a component.
    fn fail(&mut self, import: &UidImport, index: Index, error: &Error) {
        let fault = (index, self.note_of(error, index));
        self.skip(&import.components, fault);
    }

    /// Reports what the plan leaves out and notes.
    fn leave_out(&mut self, plan: &UidPlan) {
        for (index, note) in &plan.left_out {
            self.components[*index].skip(note.clone());
        }
        for (index, note) in &plan.notes {
            self.components[*index].notes.push(note.clone());
        }
    }

    /// Why a group is not tried, after too many faults.
    fn fault_before(&self, group: &UidComponents) -> Option<Fault> {
        let index = *group.masters.first().or(group.overrides.first())?;
        let line = self.components.get(index)?.line;
        if let (MAX_QUOTA_FAULTS.., Some(message)) = &self.quota_fault {
            return Some((index, ImportNote::new("quota_exceeded", line, message.clone())));
        }
        let has_rule = self.events.get(&index).is_some_and(|(event, _)| event.rule.is_some());
        let message = "the file has too many rules that cannot be used: correct those before it first";
        (has_rule && self.rule_faults >= MAX_RULE_FAULTS)
            .then(|| (index, ImportNote::new("too_much_work", line, message)))
    }

    fn report(&mut self, result: UidResult) {
        if self.options.dry_run {
            self.counted.0 += result.new_events;
            self.counted.1 += result.new_occurrences;
        }
        for (index, fate) in result.fates {
            let component = &mut self.components[index];
            match fate {
                Fate::Stored(outcome, id) => {
                    let exists = !(self.options.dry_run && outcome == ImportOutcome::Created);
                    component.store(outcome, exists.then_some(id));
                }
                Fate::Skipped(code, message) => {
                    component.skip(ImportNote::new(code, component.line, message));
                }
                Fate::Noted(note) => component.notes.push(ImportNote { line: component.line, ..note }),
            }
        }
    }

    /// Skips all components of a UID because of one of them.
    fn skip(&mut self, all: &[Index], (faulty, note): Fault) {
        for index in all {
            let Some(component) = self.components.get_mut(*index) else { continue };
            if *index == faulty {
                component.skip(note.clone());
                continue;
            }
            let message = format!("line {} of the same UID cannot be imported: {}", note.line, note.message);
            component.skip(ImportNote::new("with_others", component.line, message));
        }
    }

    /// The note of an error of a component.
    fn note_of(&mut self, error: &Error, index: Index) -> ImportNote {
        let line = self.components.get(index).map_or(0, |component| component.line);
        match error {
            Error::Invalid(violations) => {
                let Some(first) = violations.as_slice().first() else {
                    return ImportNote::new("invalid_input", line, error.to_string());
                };
                if first.code == "in_the_past" {
                    return ImportNote::new("past", line, "it is over");
                }
                let is_rule = first.pointer.starts_with("/recurrence");
                let of_rule = self.events.get(&index).map(|(event, _)| event.rule_place.line);
                self.rule_faults += usize::from(is_rule);
                let line = of_rule.filter(|_| is_rule).unwrap_or(line);
                let message = if is_rule { first.message.clone() } else { violations.to_string() };
                ImportNote::new(first.code.clone(), line, message)
            }
            Error::QuotaExceeded { .. } => {
                self.quota_fault = (self.quota_fault.0 + 1, Some(error.to_string()));
                ImportNote::new(error.code(), line, error.to_string())
            }
            _ => ImportNote::new(error.code(), line, error.to_string()),
        }
    }
}

/// Whether nothing more can be imported after an error.
const fn is_final(error: &Error) -> bool {
    matches!(error, Error::Internal(_) | Error::Unauthenticated) || error.is_unavailable()
}
