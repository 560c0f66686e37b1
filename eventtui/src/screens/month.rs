//! A month: how much happens on which day, and what happens on one of them.

use std::collections::BTreeMap;

use chrono::{Datelike, Days as Count, Months, NaiveDate};
use eventcore::events::Occurrence;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::row;
use crate::backend::{Answer, Days, PAGE, Refusal, Request, nonsense};
use crate::keys::Action;
use crate::look::{Look, days_in};
use crate::status::Status;
use crate::widgets::text::{clean, wrapped};

/// The month around a day, by my clocks.
#[derive(Debug)]
pub(crate) struct Month {
    pub(crate) day: NaiveDate,
    pub(crate) status: Status,
    /// How many dates take place on each day of the month that is shown.
    counts: BTreeMap<NaiveDate, i64>,
    /// The dates of days that were looked at.
    dates: BTreeMap<NaiveDate, Vec<Occurrence>>,
}

/// Columns of a day.
const CELL: u16 = 5;
/// Rows above the weeks, of two rows each: the name of the month, and those of the days.
const HEAD: u16 = 2;
/// Weeks of the longest month.
const WEEKS: u16 = 6;
/// Rows that the day wants below the month, at least.
const DAY: u16 = 4;

/// Where the month and the day stand, and the rows of a week: two, with the dots below the numbers, or one where there is no room for more.
fn areas(area: Rect) -> (Rect, Rect, u16) {
    let grid = 7 * CELL + 2;
    let beside = area.width >= grid + 36;
    let rows = if area.height < HEAD + 2 * WEEKS + if beside { 0 } else { DAY } { 1 } else { 2 };
    let [grid, day] = if beside {
        Layout::horizontal([Constraint::Length(grid + 2), Constraint::Min(20)]).areas(area)
    } else {
        Layout::vertical([Constraint::Length(HEAD + rows * WEEKS), Constraint::Min(0)]).areas(area)
    };
    (grid, day, rows)
}

impl Month {
    pub(crate) fn at(day: NaiveDate) -> Self {
        Self { day, status: Status::default(), counts: BTreeMap::new(), dates: BTreeMap::new() }
    }

    fn first(&self) -> NaiveDate {
        self.day.with_day(1).unwrap_or(self.day)
    }

    /// The Monday from which on the weeks are shown.
    fn monday(&self) -> NaiveDate {
        let first = self.first();
        let before = u64::from(first.weekday().num_days_from_monday());
        first.checked_sub_days(Count::new(before)).unwrap_or(first)
    }

    /// Whether another month is shown than the selected day is in.
    pub(crate) fn is_outdated(&self) -> bool {
        !self.counts.contains_key(&self.day)
    }

    /// Whether the dates of the selected day are still to be loaded: not those of a day without any.
    pub(crate) fn wants_day(&self) -> bool {
        !self.dates.contains_key(&self.day) && self.counts.get(&self.day) != Some(&0)
    }

    pub(crate) fn request(&self, look: &Look) -> Request {
        Request::Month { of: self.day, tz: look.mine }
    }

    pub(crate) fn request_day(&self, look: &Look) -> Request {
        let most = usize::try_from(PAGE).unwrap_or(usize::MAX);
        Request::Days { days: Days { from: self.day, to: self.day, tz: look.mine }, most }
    }

    pub(crate) fn take(&mut self, outcome: Result<Answer, Refusal>, now: u64) {
        let outcome = outcome.and_then(|answer| match answer {
            Answer::Month(counts) => Ok(counts),
            _ => Err(nonsense()),
        });
        self.status.end(now, outcome.as_ref().err());
        if let Ok(counts) = outcome {
            self.counts = counts;
            // What was known of other days is as old as the counts before.
            self.dates.retain(|day, _| *day == self.day);
        }
    }

    pub(crate) fn take_day(&mut self, day: NaiveDate, outcome: Result<Answer, Refusal>, now: u64) {
        match outcome {
            Ok(Answer::Days(dates)) => _ = self.dates.insert(day, dates),
            Ok(_) => {}
            Err(refusal) => self.status.end(now, Some(&refusal)),
        }
    }

    /// Puts a date in the place of what was known of it.
    pub(crate) fn learn(&mut self, date: &Occurrence) {
        for known in self.dates.values_mut().flatten().filter(|known| known.id == date.id) {
            *known = date.clone();
        }
    }

    pub(crate) fn go(&mut self, action: Action, today: NaiveDate) -> bool {
        let day = self.day;
        let moved = match action {
            Action::Left => day.pred_opt(),
            Action::Right => day.succ_opt(),
            Action::Up => day.checked_sub_days(Count::new(7)),
            Action::Down => day.checked_add_days(Count::new(7)),
            Action::PreviousMonth => day.checked_sub_months(Months::new(1)),
            Action::NextMonth => day.checked_add_months(Months::new(1)),
            Action::Today => Some(today),
            _ => return false,
        };
        self.day = moved.unwrap_or(day);
        true
    }

    /// Selects the day that stands at a column and row of an area of this size; answers whether it was selected before. None where no day stands.
    pub(crate) fn click(&mut self, (column, row): (u16, u16), (width, height): (u16, u16)) -> Option<bool> {
        let (grid, _, rows) = areas(Rect::new(0, 0, width, height));
        let week = row.checked_sub(HEAD).filter(|_| row < grid.height)? / rows;
        let place = (column / CELL).min(7);
        let day = self.monday().checked_add_days(Count::new(u64::from(week * 7 + place)))?;
        if place == 7 || day.with_day(1) != Some(self.first()) {
            return None;
        }
        let before = std::mem::replace(&mut self.day, day);
        Some(before == day)
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let (grid, day, rows) = areas(area);
        self.draw_grid(frame, grid, rows, look);
        self.draw_day(frame, day, look);
    }

    fn draw_grid(&self, frame: &mut Frame<'_>, area: Rect, rows: u16, look: &Look) {
        let theme = look.theme;
        let first = self.first();
        let mut lines = vec![Line::styled(
            format!("{:^width$}", first.format("%B %Y").to_string(), width = usize::from(7 * CELL)),
            theme.accent,
        )];
        lines.push(Line::styled("  Mo   Tu   We   Th   Fr   Sa   Su", theme.muted));
        let mut day = self.monday();
        while day.month() == first.month() || day < first {
            let (mut numbers, mut dots) = (Vec::new(), Vec::new());
            for _ in 0..7 {
                let within = day.with_day(1) == Some(first);
                let dot = if within { dots_of(many_of(self.counts.get(&day))) } else { "" };
                let number = match (within, day == self.day, rows) {
                    (false, ..) => String::new(),
                    (true, true, 1) => format!("▌{:>2}{dot:1}", day.day()),
                    (true, false, 1) => format!("{:>2}{dot:1}", day.day()),
                    (true, true, _) => format!("[{}]", day.day()),
                    (true, false, _) => format!("{} ", day.day()),
                };
                let style = match (day == self.day, day == look.today.date()) {
                    (true, _) => theme.selected,
                    (false, true) => theme.accent,
                    _ => ratatui::style::Style::new(),
                };
                numbers.push(Span::styled(format!("{number:>5}"), style));
                dots.push(Span::styled(format!("{dot:>3}  "), theme.good));
                let Some(next) = day.succ_opt() else { break };
                day = next;
            }
            lines.push(Line::from(numbers));
            if rows > 1 {
                lines.push(Line::from(dots));
            }
        }
        frame.render_widget(Paragraph::new(lines), area);
    }

    fn draw_day(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let theme = look.theme;
        let many = match self.counts.get(&self.day) {
            None => String::new(),
            Some(0) => " · nothing".to_owned(),
            Some(1) => " · 1 event".to_owned(),
            Some(many) => format!(" · {many} events"),
        };
        let mut lines = vec![Line::styled(format!(" {}{many}", look.day(self.day)), theme.accent)];
        let width = usize::from(area.width);
        if let Some(dates) = self.dates.get(&self.day) {
            // What there is no room for is said to be there.
            let all = dates.len().max(many_of(self.counts.get(&self.day)));
            let room = usize::from(area.height).saturating_sub(lines.len());
            let shown = if all > room { room.saturating_sub(1).min(dates.len()) } else { all };
            let on_day = |date| row::on_day(date, self.day, days_in(date, look.mine), look, area.width);
            lines.extend(dates.iter().take(shown).map(on_day));
            if all > shown {
                let more = format!(" … {} more: ⏎ shows them all", all - shown);
                lines.push(Line::styled(more, theme.muted));
            }
        } else if let Some(why) = &self.status.failure {
            let words = format!("Nothing could be loaded: {}. R tries again.", clean(why));
            let words = wrapped(&words, width.saturating_sub(2));
            lines.extend(words.into_iter().map(|line| Line::styled(format!(" {line}"), theme.bad)));
        } else if self.counts.get(&self.day) != Some(&0) {
            lines.push(Line::styled(" …", theme.muted));
        }
        frame.render_widget(Paragraph::new(lines), area);
    }
}

fn many_of(count: Option<&i64>) -> usize {
    count.and_then(|count| usize::try_from(*count).ok()).unwrap_or(0)
}

/// How much happens on a day.
const fn dots_of(many: usize) -> &'static str {
    match many {
        0 => "",
        1 => "·",
        2 | 3 => ":",
        _ => "⁝",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_moved_by_weeks_and_months() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mut month = Month::at(day("2027-01-31"));
        for (action, then) in [
            (Action::NextMonth, "2027-02-28"),
            (Action::Down, "2027-03-07"),
            (Action::Left, "2027-03-06"),
            (Action::PreviousMonth, "2027-02-06"),
            (Action::Up, "2027-01-30"),
            (Action::Right, "2027-01-31"),
            (Action::Today, "2026-11-23"),
        ] {
            assert!(month.go(action, day("2026-11-23")));
            assert_eq!(month.day, day(then), "{action:?}");
        }
        assert!(month.is_outdated() && !month.go(Action::Quit, day("2026-11-23")));
    }

    #[test]
    fn a_click_finds_the_day_below_it() {
        let mut month = Month::at("2027-03-10".parse().unwrap());
        // Monday, 1 March, stands in the first place; the last week ends with Wednesday.
        for (at, found) in
            [((1, 2), Some("2027-03-01")), ((34, 5), Some("2027-03-14")), ((11, 11), Some("2027-03-31"))]
        {
            assert_eq!(month.click(at, (80, 20)), Some(false), "{at:?}");
            assert_eq!(Some(month.day.to_string().as_str()), found);
            assert_eq!(month.click(at, (80, 20)), Some(true), "{at:?}");
        }
        for at in [(1, 0), (1, 1), (16, 11), (36, 3), (1, 17)] {
            assert_eq!(month.click(at, (80, 20)), None, "{at:?}");
        }
    }
}
