//! [`ImportReport`]: what became of each component of a file.

use super::content::RawComponent;
use super::note::{ImportNote, shortened};
use crate::db::text_enum;
use crate::id::EventId;

text_enum! {
    /// What became of a component of a file.
    pub enum ImportOutcome {
        /// It is a new event, or the occurrence of one.
        Created = "created",
        /// It has changed what was imported before.
        Updated = "updated",
        /// It is stored already.
        Unchanged = "unchanged",
        /// It is not stored. `reason` says why.
        Skipped = "skipped",
    }
}

/// What became of a component.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportedComponent {
    /// The line of its BEGIN, counted from 1.
    pub line: u32,
    /// Its name, such as `VEVENT`.
    pub component: String,
    /// Its UID, up to 200 characters of it.
    pub uid: Option<String>,
    /// Its RECURRENCE-ID, if it is one occurrence of several.
    pub recurrence_id: Option<String>,
    /// Its SUMMARY, up to 200 characters of it.
    pub title: Option<String>,
    /// What became of it.
    pub outcome: ImportOutcome,
    /// The event. Null if it is skipped, and if a dry run would create it.
    pub event_id: Option<EventId>,
    /// Why it is skipped; otherwise null.
    pub reason: Option<ImportNote>,
    /// What was filled in, shortened or left out.
    pub notes: Vec<ImportNote>,
}

impl ImportedComponent {
    /// A component that nothing has become of yet.
    pub(super) fn of(raw: &RawComponent) -> Self {
        Self {
            line: raw.place.line,
            component: shortened(&raw.kind, 40),
            uid: None,
            recurrence_id: None,
            title: None,
            outcome: ImportOutcome::Skipped,
            event_id: None,
            reason: None,
            notes: Vec::new(),
        }
    }

    pub(super) fn skip(&mut self, reason: ImportNote) {
        self.outcome = ImportOutcome::Skipped;
        self.event_id = None;
        self.reason = Some(reason);
    }

    pub(super) fn store(&mut self, outcome: ImportOutcome, event: Option<EventId>) {
        self.outcome = outcome;
        self.event_id = event;
        self.reason = None;
    }
}

/// What an import has done, or what it would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// Whether nothing was stored.
    pub dry_run: bool,
    /// The number of components that are new.
    pub created: u32,
    /// The number of components that have changed what was stored.
    pub updated: u32,
    /// The number of components that are stored already.
    pub unchanged: u32,
    /// The number of components that are not stored.
    pub skipped: u32,
    /// All components except time zones, in the order of the file.
    pub components: Vec<ImportedComponent>,
}

impl ImportReport {
    pub(super) fn new(dry_run: bool, components: Vec<ImportedComponent>) -> Self {
        let mut report = Self { dry_run, ..Self::default() };
        for component in &components {
            *match component.outcome {
                ImportOutcome::Created => &mut report.created,
                ImportOutcome::Updated => &mut report.updated,
                ImportOutcome::Unchanged => &mut report.unchanged,
                ImportOutcome::Skipped => &mut report.skipped,
            } += 1;
        }
        report.components = components;
        report
    }
}
