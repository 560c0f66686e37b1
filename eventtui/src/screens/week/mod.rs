//! A week: its dates by day and clock, and the one among them that is selected.

mod picture;

use chrono::{Datelike, Days, NaiveDate};
use eventcore::OccurrenceId;
use eventcore::events::Occurrence;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::backend::{Answer, Days as Span, MOST, Refusal, Request};
use crate::keys::Action;
use crate::look::Look;
use crate::status::Status;
use picture::{Picture, Shown};

/// The week around a day.
#[derive(Debug)]
pub(crate) struct Week {
    pub(crate) day: NaiveDate,
    /// Among the dates of the day; the last of them, where it is more than there are.
    at: usize,
    pub(crate) status: Status,
    dates: Vec<Occurrence>,
    /// The Monday of the week that `dates` are of.
    shown: Option<NaiveDate>,
}

/// A day and the dates that take place on it by the clocks that are shown, whole days first, and what goes on from before.
type Day<'a> = (NaiveDate, Vec<&'a Occurrence>);

impl Week {
    pub(crate) fn at(day: NaiveDate) -> Self {
        Self { day, at: 0, status: Status::default(), dates: Vec::new(), shown: None }
    }

    fn monday(&self) -> NaiveDate {
        later(self.day, -i64::from(self.day.weekday().num_days_from_monday()))
    }

    /// Whether another week is shown than the selected day is in.
    pub(crate) fn is_outdated(&self) -> bool {
        self.shown != Some(self.monday())
    }

    /// Whether more happens than is loaded.
    fn is_cut(&self) -> bool {
        self.dates.len() >= MOST
    }

    pub(crate) fn request(&self, look: &Look) -> Request {
        // A day more on both sides: the zones of events differ from mine.
        let days = Span { from: later(self.monday(), -1), to: later(self.monday(), 7), tz: look.mine };
        Request::Days { days, most: MOST }
    }

    pub(crate) fn take(&mut self, outcome: Result<Answer, Refusal>, now: u64, look: &Look) {
        self.status.end(now, outcome.as_ref().err());
        if let Ok(Answer::Days(dates)) = outcome {
            let known = self.selected(look).map(|date| date.id);
            self.dates = dates;
            self.shown = Some(self.monday());
            self.follow(known, look);
        }
    }

    /// Puts a date in the place of what was known of it.
    pub(crate) fn learn(&mut self, date: &Occurrence) {
        if let Some(known) = self.dates.iter_mut().find(|known| known.id == date.id) {
            *known = date.clone();
        }
    }

    pub(crate) fn go_to(&mut self, day: NaiveDate) {
        if self.day != day {
            (self.day, self.at) = (day, 0);
        }
    }

    /// Moves; past the dates of a day comes the next day. Answers whether the action was one of moving.
    pub(crate) fn go(&mut self, action: Action, look: &Look) -> bool {
        let last = self.of_day(look).len().saturating_sub(1);
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
            Action::Today => (look.today.date(), 0),
            _ => return false,
        };
        true
    }

    /// The seven days, Monday first.
    fn days(&self, look: &Look) -> Vec<Day<'_>> {
        let monday = self.monday();
        let mut days: Vec<_> = (0..7).map(|n| (later(monday, n), Vec::new())).collect();
        for date in &self.dates {
            let (first, last) = look.days(date);
            let time = look.local(&date.starts_at, &date.timezone).1;
            for (day, dates) in days.iter_mut().filter(|(day, _)| (first..=last).contains(day)) {
                dates.push((time.filter(|_| *day == first), date));
            }
        }
        let sorted = |mut dates: Vec<(_, _)>| {
            dates.sort_by_key(|(time, _)| *time);
            dates.into_iter().map(|(_, date)| date).collect()
        };
        days.into_iter().map(|(day, dates)| (day, sorted(dates))).collect()
    }

    /// The dates of the selected day.
    fn of_day(&self, look: &Look) -> Vec<&Occurrence> {
        let day = self.days(look).into_iter().find(|(day, _)| *day == self.day);
        day.map(|(_, dates)| dates).unwrap_or_default()
    }

    pub(crate) fn selected(&self, look: &Look) -> Option<&Occurrence> {
        let dates = self.of_day(look);
        dates.get(self.at.min(dates.len().saturating_sub(1))).copied()
    }

    /// Selects a date wherever it stands now in this week: after the week was loaded anew, or its times are shown by other clocks.
    pub(crate) fn follow(&mut self, known: Option<OccurrenceId>, look: &Look) {
        let days = self.days(look);
        let mut found = days.iter().filter_map(|(day, dates)| {
            let place = dates.iter().position(|date| Some(date.id) == known)?;
            Some((*day, place))
        });
        // Of several days, the one that was selected, else the first.
        let first = found.next();
        let here = first.into_iter().chain(found).find(|(day, _)| *day == self.day);
        (self.day, self.at) = here.or(first).unwrap_or((self.day, self.at));
    }

    /// Selects what stands at a column and row of an area of this size; answers whether it is a date that was selected before.
    pub(crate) fn click(&mut self, at: (u16, u16), (width, height): (u16, u16), look: &Look) -> bool {
        let picture = Picture::of(self, look);
        let before = picture.selected();
        let Some(hit) = picture.at(at, Rect::new(0, 0, width, height)) else { return false };
        (self.day, self.at) = match hit {
            Shown::Day(day) => (day, 0),
            Shown::Date(day, place) => (day, place),
        };
        hit == before
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        Picture::of(self, look).draw(frame, area);
    }
}

/// So many days later; the same day at the end of the calendar.
fn later(day: NaiveDate, by: i64) -> NaiveDate {
    let days = Days::new(by.unsigned_abs());
    let moved = if by < 0 { day.checked_sub_days(days) } else { day.checked_add_days(days) };
    moved.unwrap_or(day)
}
