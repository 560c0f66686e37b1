//! The occurrences of a week, and the selected one.

use chrono::{Datelike, Days, NaiveDate};
use eventcore::OccurrenceId;
use eventcore::events::Occurrence;

use crate::backend::{Days as Span, MAX_IN_WEEK};
use crate::keys::Action;
use crate::view_context::ViewContext;

/// The week of the selected day.
#[derive(Debug)]
pub(crate) struct Week {
    pub(crate) day: NaiveDate,
    /// Among the occurrences of the day; beyond their number it means the last.
    pub(super) at: usize,
    pub(super) occurrences: Vec<Occurrence>,
    /// The Monday of the week of `occurrences`.
    shown: Option<NaiveDate>,
}

/// A day and its occurrences in the zone that is shown. All-day occurrences and those that started on an
/// earlier day come first.
pub(super) type Day<'a> = (NaiveDate, Vec<&'a Occurrence>);

impl Week {
    pub(crate) fn at(day: NaiveDate) -> Self {
        Self { day, at: 0, occurrences: Vec::new(), shown: None }
    }

    pub(super) fn monday(&self) -> NaiveDate {
        later(self.day, -i64::from(self.day.weekday().num_days_from_monday()))
    }

    /// Whether the week of the selected day is not loaded.
    pub(crate) fn is_outdated(&self) -> bool {
        self.shown != Some(self.monday())
    }

    /// Whether the week has more occurrences than are loaded.
    pub(super) fn is_cut(&self) -> bool {
        self.occurrences.len() >= MAX_IN_WEEK
    }

    /// The days to load. One more on either side, because the zones of events differ from the user's.
    pub(super) fn span(&self, view: &ViewContext) -> Span {
        Span { from: later(self.monday(), -1), to: later(self.monday(), 7), tz: view.my_zone }
    }

    /// Replaces the occurrences; the selection stays on its occurrence.
    pub(super) fn take(&mut self, occurrences: Vec<Occurrence>, view: &ViewContext) {
        let selected = self.selected(view).map(|occurrence| occurrence.id);
        self.occurrences = occurrences;
        self.shown = Some(self.monday());
        self.follow(selected, view);
    }

    pub(crate) fn go_to(&mut self, day: NaiveDate) {
        if self.day != day {
            (self.day, self.at) = (day, 0);
        }
    }

    /// Selects another occurrence or day; the next day follows the last occurrence of a day. Returns whether
    /// the action selects an occurrence or a day.
    pub(crate) fn go(&mut self, action: Action, view: &ViewContext) -> bool {
        let last = self.of_day(view).len().saturating_sub(1);
        let at = self.at.min(last);
        (self.day, self.at) = match action {
            Action::Left => (later(self.day, -1), 0),
            Action::Right => (later(self.day, 1), 0),
            Action::Up if at == 0 => (later(self.day, -1), usize::MAX),
            Action::Up => (self.day, at - 1),
            Action::Down if at == last => (later(self.day, 1), 0),
            Action::Down => (self.day, at + 1),
            Action::First => (self.day, 0),
            Action::Last => (self.day, last),
            Action::PreviousWeek => (later(self.day, -7), 0),
            Action::NextWeek => (later(self.day, 7), 0),
            Action::Today => (view.now.date(), 0),
            _ => return false,
        };
        true
    }

    /// The seven days from Monday on.
    pub(super) fn days(&self, view: &ViewContext) -> Vec<Day<'_>> {
        let monday = self.monday();
        let mut days: Vec<_> = (0..7).map(|n| (later(monday, n), Vec::new())).collect();
        for occurrence in &self.occurrences {
            let (first, last) = view.days(occurrence);
            let time = view.local(&occurrence.starts_at, &occurrence.timezone).1;
            for (day, occurrences) in days.iter_mut().filter(|(day, _)| (first..=last).contains(day)) {
                occurrences.push((time.filter(|_| *day == first), occurrence));
            }
        }
        let sorted = |mut occurrences: Vec<(_, _)>| {
            occurrences.sort_by_key(|(time, _)| *time);
            occurrences.into_iter().map(|(_, occurrence)| occurrence).collect()
        };
        days.into_iter().map(|(day, occurrences)| (day, sorted(occurrences))).collect()
    }

    /// The occurrences of the selected day.
    pub(super) fn of_day(&self, view: &ViewContext) -> Vec<&Occurrence> {
        let day = self.days(view).into_iter().find(|(day, _)| *day == self.day);
        day.map(|(_, occurrences)| occurrences).unwrap_or_default()
    }

    pub(crate) fn selected(&self, view: &ViewContext) -> Option<&Occurrence> {
        let occurrences = self.of_day(view);
        occurrences.get(self.at.min(occurrences.len().saturating_sub(1))).copied()
    }

    /// Selects an occurrence again after loading or after a change of the zone.
    pub(crate) fn follow(&mut self, known: Option<OccurrenceId>, view: &ViewContext) {
        let days = self.days(view);
        let mut found = days.iter().filter_map(|(day, occurrences)| {
            let place = occurrences.iter().position(|occurrence| Some(occurrence.id) == known)?;
            Some((*day, place))
        });
        // An occurrence of several days is selected on the same day as before, else on its first.
        let first = found.next();
        let here = first.into_iter().chain(found).find(|(day, _)| *day == self.day);
        (self.day, self.at) = here.or(first).unwrap_or((self.day, self.at));
    }
}

/// The day `by` days later; the same day at the end of the calendar.
pub(super) fn later(day: NaiveDate, by: i64) -> NaiveDate {
    let days = Days::new(by.unsigned_abs());
    let moved = if by < 0 { day.checked_sub_days(days) } else { day.checked_add_days(days) };
    moved.unwrap_or(day)
}
