//! Importing iCalendar files of any origin.
//!
//! 1. `content` unfolds the file, bounds it, and keeps the lines that an import reads, with their numbers;
//! 2. `vevent` reads each component, `zones` its time zones;
//! 3. `plan` and `series` turn the components of a UID into inputs of events and occurrences, without a
//!    database;
//! 4. `store` creates or changes the events of a UID in one transaction. A dry run is the same, rolled back.
//!
//! An import does what its actor could do by hand: permissions, validation, quotas and notifications are
//! those of creating and changing events. Only a new event may have started already.
//!
//! # Why `calcard`
//!
//! `calcard` and `icalendar` were compared by their sources, not by running them. `icalendar` refuses a whole
//! file for one line that it cannot read, such as a text with an unfolded line break, and knows no names of
//! Windows time zones. `calcard` skips such lines, and has the names. It guesses at times that are cut off
//! (`20270304T1830Z` becomes a local time), cuts `TZID=tzone://Microsoft/Utc` at its first colon, and reads
//! rules into a form that lacks parts it does not know. Texts and names are therefore its part, times and
//! rules that of this library.

mod content;
mod note;
mod occurrence;
mod options;
mod plan;
mod report;
mod series;
mod store;
mod texts;
mod vevent;
mod zones;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono_tz::Tz;

use self::content::RawComponent;
use self::occurrence::{Fault, Index, ZoneOfDates};
use self::plan::{PlanContext, UidComponents, UidPlan};
use self::store::{Fate, UidImport, UidResult};
use self::vevent::{FileStatus, Vevent};
use self::zones::Zones;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::{Error, Result};
use crate::events::{ImportDefaults, zone};
use crate::fold::fold;
use crate::id::{EventId, SubscriptionId, UserId};
use crate::seal::digest;
use crate::time::Timestamp;
pub use note::ImportNote;
pub use options::ImportOptions;
pub use report::{ImportOutcome, ImportReport, ImportedComponent};
pub use store::ImportedUid;
pub(crate) use store::forget_imports;

/// The title of an event without SUMMARY.
const UNTITLED: &str = "Untitled event";
/// The greatest length of a UID in bytes. A longer one is stored as its digest.
const MAX_UID: usize = 255;
/// After so many faults of rules, each of which may have taken much work, no others are examined.
const MAX_RULE_FAULTS: usize = 100;
/// After so many UIDs that exceed a quota, no others are tried.
const MAX_QUOTA_FAULTS: usize = 200;

impl EventCore {
    /// The greatest size of a file in bytes: 10 MiB.
    pub const MAX_IMPORT: usize = 10 * 1024 * 1024;

    /// Imports an iCalendar file (RFC 5545): each UID becomes an event of the actor, with its occurrences
    /// that differ. A UID that the actor has imported before, or that is the id of an event that they
    /// organize, changes that event, as an edit would. Properties that the file lacks keep their values.
    ///
    /// Each UID is stored whole or not at all. The report says what became of each component.
    ///
    /// # Errors
    /// `invalid_input` if the options are invalid, or if the file is no complete iCalendar file in UTF-8 with
    /// at most 10 MiB and 20,000 components: then nothing is stored. `email_not_verified` unless all new
    /// events are drafts, see [`Builder::require_verified_email`](crate::Builder::require_verified_email).
    pub async fn import_calendar(
        &self,
        actor: &Actor,
        file: Vec<u8>,
        options: &ImportOptions,
    ) -> Result<ImportReport> {
        Ok(self.import_file(actor, file, options, None).await?.0)
    }

    /// Imports the file of a calendar that the actor follows, as [`EventCore::import_calendar`] does. A UID
    /// changes only what came from that calendar. Also returns all UIDs of the file, in the form in which
    /// they are stored.
    ///
    /// # Errors
    /// Those of [`EventCore::import_calendar`].
    pub(crate) async fn import_subscribed(
        &self,
        actor: &Actor,
        file: Vec<u8>,
        options: &ImportOptions,
        subscription: SubscriptionId,
    ) -> Result<(ImportReport, Vec<String>)> {
        self.import_file(actor, file, options, Some(subscription)).await
    }

    async fn import_file(
        &self,
        actor: &Actor,
        file: Vec<u8>,
        options: &ImportOptions,
        subscription: Option<SubscriptionId>,
    ) -> Result<(ImportReport, Vec<String>)> {
        let user = actor.writer()?.id;
        options.violations().into_result()?;
        let named = options.zone();
        if store::may_publish(options.status) {
            self.must_be_verified(actor).await?;
        }
        if file.len() > Self::MAX_IMPORT {
            return Err(content::refused("too_large", "the file is larger than 10 MiB: split it"));
        }
        let now = self.now();
        let (own, context) = self.import_context(user, now).await?;
        let known = match subscription {
            None => self.imports_of(user).await?.into_iter().map(|import| import.uid).collect(),
            Some(subscription) => self.subscribed_uids(subscription).await?,
        };
        let parsed = tokio::task::spawn_blocking(move || ParsedFile::read(&file, named, own, now));
        let parsed = parsed.await.map_err(Error::internal)??;
        let uids = parsed.groups.iter().map(|group| group.group.uid.clone()).collect();
        let mut import = Import {
            core: self,
            actor: *actor,
            subscription,
            options,
            context,
            known,
            components: parsed.components,
            events: parsed.events,
            rule_faults: 0,
            quota_fault: (0, None),
            counted: (0, 0),
        };
        for group in parsed.groups {
            import.group(group).await?;
        }
        Ok((ImportReport::new(options.dry_run, import.components), uids))
    }

    /// The time zone of a user, and what plans depend on.
    async fn import_context(&self, user: UserId, now: Timestamp) -> Result<(Tz, PlanContext)> {
        let mut db = self.db().read().await?;
        let own: Option<(String,)> =
            db.query(sql!("SELECT timezone FROM users WHERE id = $1")).bind(user).optional().await?;
        let (own,) = own.ok_or(Error::Unauthenticated)?;
        let categories: Vec<(String, String)> =
            db.query(sql!("SELECT slug, name FROM categories ORDER BY id")).all().await?;
        let by_name = categories.iter().map(|(slug, name)| (fold(name), slug.clone()));
        let by_slug = categories.iter().map(|(slug, _)| (fold(slug), slug.clone()));
        Ok((zone(&own), PlanContext { now, categories: by_slug.chain(by_name).collect() }))
    }
}

/// A file with its components, read as far as they can be.
struct ParsedFile {
    components: Vec<ImportedComponent>,
    events: HashMap<Index, (Vevent, ZoneOfDates)>,
    groups: Vec<UidGroup>,
}

/// The components of a UID, and why one of them cannot be read.
#[derive(Default)]
struct UidGroup {
    group: UidComponents,
    fault: Option<Fault>,
    only_cancels: bool,
}

impl ParsedFile {
    fn read(file: &[u8], named: Option<Tz>, own: Tz, now: Timestamp) -> Result<Self> {
        let mut parsed = Self { components: Vec::new(), events: HashMap::new(), groups: Vec::new() };
        let mut by_uid: HashMap<String, usize> = HashMap::new();
        for calendar in content::read(file)? {
            let of_calendar = calendar.timezone.as_deref().and_then(zones::by_name).map(|(tz, _)| tz);
            let mut zones = Zones::new(&calendar.zones, named.or(of_calendar), own, now);
            let refusal = match calendar.method.as_deref() {
                None | Some("PUBLISH" | "REQUEST" | "CANCEL") => None,
                Some(_) => Some("the METHOD of its calendar is an answer, which has no events"),
            };
            let only_cancels = calendar.method.as_deref() == Some("CANCEL");
            for raw in &calendar.components {
                let refusal = refusal.or((raw.kind != "VEVENT").then_some("only events are imported"));
                parsed.add(raw, &mut zones, refusal, only_cancels, &mut by_uid);
            }
        }
        Ok(parsed)
    }

    fn add(
        &mut self,
        raw: &RawComponent,
        zones: &mut Zones<'_>,
        refusal: Option<&str>,
        only_cancels: bool,
        by_uid: &mut HashMap<String, usize>,
    ) {
        let index = self.components.len();
        let mut report = ImportedComponent::of(raw);
        if let Some(refusal) = refusal {
            report.skip(ImportNote::at("unsupported", raw.place, refusal));
            self.components.push(report);
            return;
        }
        let read = vevent::read(raw, zones, &mut report);
        let uid = vevent::uid(raw).unwrap_or_else(|| {
            let message = "UID is missing: it is known again by its start and title";
            report.notes.push(ImportNote::at("uid_filled", raw.place, message));
            uid_of_content(raw)
        });
        self.components.push(report);
        // Those that differ by what is not stored are the same.
        let uid = stored_uid(&uid);
        let groups = &mut self.groups;
        let group = *by_uid.entry(uid.clone()).or_insert_with(|| {
            groups.push(UidGroup {
                group: UidComponents { uid, ..UidComponents::default() },
                ..UidGroup::default()
            });
            groups.len() - 1
        });
        let Some(UidGroup { group, fault, only_cancels: cancels }) = self.groups.get_mut(group) else {
            return;
        };
        *cancels |= only_cancels;
        let is_override = raw.lines.iter().any(|line| line.name == "RECURRENCE-ID");
        if is_override {
            group.overrides.push(index)
        } else {
            group.masters.push(index)
        }
        match read {
            Ok(mut event) => {
                if only_cancels {
                    event.status = Some(FileStatus::Cancelled);
                }
                let zone = ZoneOfDates { tz: zones.default, is_named: zones.is_named };
                self.events.insert(index, (event, zone));
            }
            Err(note) => _ = fault.get_or_insert((index, note)),
        }
    }
}

/// A UID for a component that has none.
fn uid_of_content(raw: &RawComponent) -> String {
    let identity = raw.lines.iter().filter(|line| matches!(line.name.as_str(), "DTSTART" | "SUMMARY"));
    let parts: Vec<&[u8]> = identity.map(|line| line.text.as_bytes()).collect();
    hex(&digest(&parts))
}

/// The form in which a UID is stored.
fn stored_uid(uid: &str) -> String {
    let visible: String = uid.chars().filter(|c| !c.is_control()).collect();
    if visible.len() <= MAX_UID { visible } else { hex(&digest(&[visible.as_bytes()])) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("sha256-".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// An import at work.
struct Import<'i> {
    core: &'i EventCore,
    actor: Actor,
    /// The calendar that the actor follows, if the file is that.
    subscription: Option<SubscriptionId>,
    options: &'i ImportOptions,
    context: PlanContext,
    /// The UIDs that the user, or the subscription, has imported before.
    known: HashSet<String>,
    components: Vec<ImportedComponent>,
    events: HashMap<Index, (Vevent, ZoneOfDates)>,
    rule_faults: usize,
    /// How many UIDs exceeded a quota, and the last error.
    quota_fault: (usize, Option<String>),
    /// What a dry run would have created: events and occurrences.
    counted: (u32, u32),
}

impl Import<'_> {
    /// Imports the components of a UID.
    ///
    /// # Errors
    /// Only those after which nothing more can be imported.
    async fn group(&mut self, group: UidGroup) -> Result<()> {
        let UidGroup { group, fault, only_cancels } = group;
        let all: Vec<Index> = group.masters.iter().chain(&group.overrides).copied().collect();
        if let Some(fault) = fault.or_else(|| self.fault_before(&group)) {
            self.skip(&all, fault);
            return Ok(());
        }
        let plan = match plan::plan(&group, &self.events, &self.context) {
            Ok(plan) => plan,
            Err(fault) => {
                self.rule_faults += 1;
                self.skip(&all, fault);
                return Ok(());
            }
        };
        if self.is_over(&plan) {
            self.leave_out(&plan);
            self.report(UidResult::over(&plan));
            return Ok(());
        }
        let import = Arc::new(self.uid_import(plan, only_cancels));
        match self.core.import_uid(import.clone(), self.options.dry_run).await {
            Ok(result) => {
                self.leave_out(&import.plan);
                self.report(result);
            }
            Err(error @ (Error::Internal(_) | Error::Unauthenticated)) => return Err(error),
            Err(error) if error.is_unavailable() => return Err(error),
            Err(error) => {
                let index = import.at.load(Ordering::Relaxed);
                let fault = (index, self.note_of(&error, index));
                self.skip(&all, fault);
            }
        }
        Ok(())
    }

    /// Whether all of a UID is over that was not imported before. Most of an exported calendar is: it needs
    /// no transaction.
    fn is_over(&self, plan: &UidPlan) -> bool {
        let is_over = !plan.parts.is_empty() && plan.parts.iter().all(|part| part.is_over);
        let may_be_own = self.subscription.is_none() && plan.uid.parse::<EventId>().is_ok();
        let is_known = self.known.contains(&plan.uid) || may_be_own;
        is_over && !is_known && !self.options.past
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

    fn uid_import(&self, plan: UidPlan, only_cancels: bool) -> UidImport {
        let (options, now) = (self.options, self.context.now);
        let mut horizon = self.core.horizon(&self.actor, now);
        horizon.quotas = horizon.quotas.less(self.counted.0, self.counted.1);
        let location = options.location.as_deref().map_or(ImportOptions::LOCATION, str::trim);
        UidImport {
            actor: self.actor,
            subscription: self.subscription,
            plan,
            defaults: ImportDefaults {
                title: UNTITLED,
                location: location.to_owned(),
                capacity: options.capacity.unwrap_or(ImportOptions::CAPACITY),
                visibility: options.visibility,
                status: options.status,
                since: if options.past { Timestamp::MIN } else { now },
            },
            only_cancels,
            now,
            horizon,
            at: AtomicUsize::new(0),
        }
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
