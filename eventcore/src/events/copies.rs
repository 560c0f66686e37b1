//! What is copied from an event onto its occurrences.
//!
//! The agenda filters, sorts and counts occurrences by these copies, so that it reads no event. This is the
//! list of them: what creates or changes an event takes their values from here. Two operations on many events
//! at once set a single copy in SQL: deleting a category (`recategorize`) and handing over the events of an
//! account (`release`). `eventd check` verifies the copies, whatever wrote them.

use chrono_tz::Tz;

use super::event::{OccurrenceStatus, is_listed, new_occurrence_status, zone};
use super::occurrence::state::OccurrenceState;
use super::rows::EventRow;
use super::window::{OpenPeriod, RegistrationWindow, WindowStart};
use crate::counters::LABEL_SEPARATOR;
use crate::db::{SqlValue, SqlWriter};
use crate::error::Result;
use crate::id::{CategoryId, EventId, UserId};
use crate::time::Timestamp;

/// The values that the occurrences of an event have in common, apart from overrides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copies {
    pub(super) event: EventId,
    pub(super) organizer: UserId,
    pub(super) category: Option<CategoryId>,
    /// The tags, separated by [`LABEL_SEPARATOR`].
    pub(super) tags: String,
    pub(super) capacity: i64,
    pub(super) listed: bool,
    pub(super) all_day: bool,
    /// The status of a new occurrence.
    pub(super) status: OccurrenceStatus,
    window: RegistrationWindow,
    tz: Tz,
}

impl Copies {
    /// The copies of an event.
    pub(super) fn of(event: &EventRow) -> Result<Self> {
        Ok(Self {
            event: event.id,
            organizer: event.organizer_id,
            category: event.category_id,
            tags: event.tags()?.join(&String::from(LABEL_SEPARATOR)),
            capacity: event.capacity,
            listed: is_listed(event.visibility, event.status),
            all_day: event.all_day,
            status: new_occurrence_status(event.status),
            window: event.window(),
            tz: zone(&event.timezone),
        })
    }

    /// Gives an occurrence that is not over what it inherits.
    pub(super) fn copy_to(&self, occurrence: &mut OccurrenceState) {
        let window = occurrence.own_window().or(self.window);
        occurrence.organizer_id = self.organizer;
        occurrence.category_id = self.category;
        occurrence.tags.clone_from(&self.tags);
        occurrence.listed = self.listed;
        occurrence.all_day = self.all_day;
        occurrence.capacity = occurrence.capacity_override.unwrap_or(self.capacity);
        let start = WindowStart { at: occurrence.starts_at, all_day: self.all_day, tz: self.tz };
        occurrence.open_period = window.of(start);
    }

    /// The copies that decide whether lists show an occurrence. Those that are over have them, too.
    fn of_past(&self) -> [(&'static str, SqlValue); 2] {
        [("organizer_id", self.organizer.as_uuid().into()), ("listed", self.listed.into())]
    }

    /// The copies that are the same for all occurrences that are not over.
    fn of_all(&self) -> [(&'static str, SqlValue); 4] {
        let [organizer, listed] = self.of_past();
        let category = ("category_id", self.category.map(CategoryId::as_uuid).into());
        [organizer, category, ("tags", self.tags.as_str().into()), listed]
    }

    /// Whether past occurrences have other copies if their event has `new` ones.
    pub(super) fn differ_for_past(&self, new: &Self) -> bool {
        self.of_past() != new.of_past()
    }

    /// Writes the assignments of an UPDATE for the copies that all occurrences have that are not over.
    pub(super) fn push_assignments(&self, sql: &mut SqlWriter) {
        push_assignments(sql, self.of_all());
    }

    /// Writes the assignments of an UPDATE of past occurrences.
    pub(super) fn push_past_assignments(&self, sql: &mut SqlWriter) {
        push_assignments(sql, self.of_past());
    }

    /// When an occurrence that starts at `starts_at` and overrides nothing is open for registration.
    pub(super) fn open_period(&self, starts_at: Timestamp) -> OpenPeriod {
        self.window.of(WindowStart { at: starts_at, all_day: self.all_day, tz: self.tz })
    }
}

fn push_assignments<const N: usize>(sql: &mut SqlWriter, columns: [(&'static str, SqlValue); N]) {
    sql.separated(", ", columns, |sql, (name, value)| {
        sql.push(name).push(" = ").value(value);
    });
}
