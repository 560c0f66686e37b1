//! A month: how much happens on which day, and what happens on one of them.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate};
use eventcore::events::Occurrence;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::row;
use crate::backend::{Answer, Refusal, Request};
use crate::keys::Action;
use crate::look::Look;
use crate::status::Status;

/// The month around a day.
#[derive(Debug)]
pub(crate) struct Month {
    pub(crate) day: NaiveDate,
    pub(crate) status: Status,
    dates: Vec<Occurrence>,
    /// The month that `dates` are of.
    shown: Option<NaiveDate>,
}

/// Columns of a day.
const CELL: u16 = 5;

impl Month {
    pub(crate) fn at(day: NaiveDate) -> Self {
        Self { day, status: Status::default(), dates: Vec::new(), shown: None }
    }

    fn first(&self) -> NaiveDate {
        self.day.with_day(1).unwrap_or(self.day)
    }

    /// Whether another month is shown than the selected day is in.
    pub(crate) fn is_outdated(&self) -> bool {
        self.shown != Some(self.first())
    }

    pub(crate) fn request(&self, look: &Look) -> Request {
        let first = self.first();
        // A day more on both sides: the zones of events differ from mine.
        let from = first.pred_opt().unwrap_or(first);
        let to = first.checked_add_months(Months::new(1)).unwrap_or(first);
        Request::Days { from, to, tz: look.mine }
    }

    pub(crate) fn take(&mut self, outcome: Result<Answer, Refusal>, now: u64) {
        self.status.end(now, outcome.as_ref().err());
        if let Ok(Answer::Days(dates)) = outcome {
            self.dates = dates;
            self.shown = Some(self.first());
        }
    }

    pub(crate) fn go(&mut self, action: Action, today: NaiveDate) -> bool {
        let day = self.day;
        let moved = match action {
            Action::Left => day.pred_opt(),
            Action::Right => day.succ_opt(),
            Action::Up => day.checked_sub_days(Days::new(7)),
            Action::Down => day.checked_add_days(Days::new(7)),
            Action::PreviousMonth => day.checked_sub_months(Months::new(1)),
            Action::NextMonth => day.checked_add_months(Months::new(1)),
            Action::Today => Some(today),
            _ => return false,
        };
        self.day = moved.unwrap_or(day);
        true
    }

    /// The dates of the selected day.
    pub(crate) fn of_day<'a>(&'a self, look: &'a Look) -> impl Iterator<Item = &'a Occurrence> {
        self.dates.iter().filter(|date| look.local(&date.starts_at, &date.timezone).0 == self.day)
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let grid = 7 * CELL + 2;
        if area.width < grid + 36 {
            let [top, rest] = Layout::vertical([Constraint::Length(14), Constraint::Min(0)]).areas(area);
            self.draw_grid(frame, top, look);
            return self.draw_day(frame, rest, look);
        }
        let [left, right] =
            Layout::horizontal([Constraint::Length(grid + 2), Constraint::Min(20)]).areas(area);
        self.draw_grid(frame, left, look);
        self.draw_day(frame, right, look);
    }

    fn counts(&self, look: &Look) -> BTreeMap<NaiveDate, usize> {
        let mut counts = BTreeMap::new();
        for date in &self.dates {
            *counts.entry(look.local(&date.starts_at, &date.timezone).0).or_default() += 1;
        }
        counts
    }

    fn draw_grid(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let theme = look.theme;
        let counts = self.counts(look);
        let first = self.first();
        let mut lines = vec![Line::styled(
            format!("{:^width$}", first.format("%B %Y").to_string(), width = usize::from(7 * CELL)),
            theme.accent,
        )];
        lines.push(Line::styled("  Mo   Tu   We   Th   Fr   Sa   Su", theme.muted));
        let mut day = first - Days::new(u64::from(first.weekday().num_days_from_monday()));
        while day.month() == first.month() || day < first {
            let (mut numbers, mut dots) = (Vec::new(), Vec::new());
            for _ in 0..7 {
                let (number, dot) = cell(day, first, counts.get(&day).copied().unwrap_or(0));
                let style = match (day == self.day, day == look.today.date()) {
                    (true, _) => theme.selected,
                    (false, true) => theme.accent,
                    _ => ratatui::style::Style::new(),
                };
                let number =
                    if day == self.day { format!("[{}]", number.trim_start()) } else { format!("{number} ") };
                numbers.push(Span::styled(format!("{number:>5}"), style));
                dots.push(Span::styled(dot, theme.good));
                day = day.succ_opt().unwrap_or(day);
            }
            lines.push(Line::from(numbers));
            lines.push(Line::from(dots));
        }
        frame.render_widget(Paragraph::new(lines), area);
    }

    fn draw_day(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let dates: Vec<_> = self.of_day(look).collect();
        let many = match dates.len() {
            0 => "nothing".to_owned(),
            1 => "1 event".to_owned(),
            n => format!("{n} events"),
        };
        let mut lines = vec![Line::styled(format!(" {} · {many}", look.day(self.day)), look.theme.accent)];
        lines.extend(dates.iter().map(|date| row::date(date, look, None, area.width)));
        lines.truncate(usize::from(area.height));
        frame.render_widget(Paragraph::new(lines), area);
    }
}

/// A day and how much happens on it.
fn cell(day: NaiveDate, first: NaiveDate, count: usize) -> (String, String) {
    if day.month() != first.month() || day.year() != first.year() {
        return (String::new(), " ".repeat(usize::from(CELL)));
    }
    let dots = match count {
        0 => "",
        1 => "·",
        2 | 3 => ":",
        _ => "⁝",
    };
    (format!("{:>3}", day.day()), format!("{dots:>3}  "))
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
}
