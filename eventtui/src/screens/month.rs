//! The month: the number of occurrences of each day, and those of the selected day.

use std::collections::BTreeMap;

use chrono::{Datelike, Days as Count, Months, NaiveDate};
use eventcore::events::Occurrence;
use eventcore::live::Followed;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::month_titles::{MAX_IN_MONTH, MonthTitles, WIDE};
use super::screen::{AppCommand, Context, Handled, LoadFrom, Screen};
use super::{occurrence_list, row};
use crate::backend::{ApiError, Days, PAGE, Request, Response, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::{ViewContext, days_in};
use crate::widgets::text::{clean, wrapped};

/// The month of the selected day, in the user's time zone.
#[derive(Debug)]
pub(crate) struct MonthScreen {
    pub(crate) day: NaiveDate,
    status: Status,
    /// The number of occurrences of each day. Empty or of another month until loaded.
    counts: BTreeMap<NaiveDate, i64>,
    /// The occurrences of days that were selected.
    occurrences: BTreeMap<NaiveDate, Vec<Occurrence>>,
    /// Those of the month, for a wide screen.
    titles: MonthTitles,
}

/// Columns of a day.
const CELL: u16 = 5;
/// Rows above the weeks: the name of the month, and those of the days.
const HEAD: u16 = 2;
/// Weeks of the longest month.
const WEEKS: u16 = 6;
/// Minimum number of rows for the selected day below the month.
const DAY: u16 = 4;

/// Rows of the selected day below a month with titles, at least.
const DAY_BELOW_TITLES: u16 = 6;
/// Maximum number of rows of a week with titles.
const MAX_ROWS: u16 = 8;

/// Where the month is drawn.
#[derive(Debug, Clone, Copy)]
struct MonthLayout {
    grid: Rect,
    day: Rect,
    /// The rows of a week: a number, and the dots or the titles below it; only a number on a low screen.
    rows: u16,
    /// The columns of a day.
    cell: u16,
}

impl MonthLayout {
    /// A month of this many weeks.
    fn of(area: Rect, weeks: u16) -> Self {
        let spare = area.height.saturating_sub(HEAD + DAY_BELOW_TITLES);
        if area.width < WIDE || spare < 2 * weeks {
            let (grid, day, rows) = areas(area);
            return Self { grid, day, rows, cell: CELL };
        }
        let rows = (spare / weeks.max(1)).min(MAX_ROWS);
        let [grid, day] =
            Layout::vertical([Constraint::Length(HEAD + rows * weeks), Constraint::Min(0)]).areas(area);
        Self { grid, day, rows, cell: area.width / 7 }
    }

    /// Whether the cells have titles.
    const fn has_titles(self) -> bool {
        self.cell > CELL
    }
}

/// The areas of the month and of the selected day, and the rows of a week: two with the dots below the
/// numbers, or one on a low screen.
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

impl MonthScreen {
    pub(crate) fn at(day: NaiveDate) -> Self {
        Self {
            day,
            status: Status::default(),
            counts: BTreeMap::new(),
            occurrences: BTreeMap::new(),
            titles: MonthTitles::default(),
        }
    }

    fn first(&self) -> NaiveDate {
        self.day.with_day(1).unwrap_or(self.day)
    }

    /// The Monday of the first week.
    fn monday(&self) -> NaiveDate {
        let first = self.first();
        let before = u64::from(first.weekday().num_days_from_monday());
        first.checked_sub_days(Count::new(before)).unwrap_or(first)
    }

    /// The weeks that the month touches.
    fn weeks(&self) -> u16 {
        let first = self.first();
        let days = first.iter_days().take_while(|day| day.month() == first.month()).count();
        let before = first.weekday().num_days_from_monday();
        u16::try_from(days).unwrap_or(31).saturating_add(u16::try_from(before).unwrap_or(0)).div_ceil(7)
    }

    /// Requests the titles of the month if the screen has room for them. `changed`: they are outdated.
    fn load_titles(&mut self, changed: bool, cx: &mut Context) {
        let first = self.first();
        if cx.size.0 < WIDE || !self.titles.want(first, changed, cx.now) {
            return;
        }
        let last = first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(first);
        let days = Days { from: first, to: last, tz: cx.view.my_zone };
        cx.send(Purpose::MonthTitles(first), Request::OccurrencesOn { days, limit: MAX_IN_MONTH });
    }

    /// Whether the counts of the month are not loaded.
    fn is_outdated(&self) -> bool {
        !self.counts.contains_key(&self.day)
    }

    /// Whether the occurrences of the selected day must be loaded. A day without any needs none.
    fn wants_day(&self) -> bool {
        !self.occurrences.contains_key(&self.day) && self.counts.get(&self.day) != Some(&0)
    }

    /// Loads the occurrences of the selected day.
    fn load_day(&self, cx: &mut Context) {
        let limit = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let days = Days { from: self.day, to: self.day, tz: cx.view.my_zone };
        cx.send(Purpose::Day(self.day), Request::OccurrencesOn { days, limit });
    }

    /// Loads what is missing for the selected day.
    fn load_missing(&mut self, cx: &mut Context) {
        if self.is_outdated() {
            self.load(LoadFrom::Start, cx);
        } else if self.wants_day() {
            self.load_day(cx);
        }
        self.load_titles(false, cx);
    }

    fn take_counts(&mut self, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let outcome = outcome.and_then(|response| match response {
            Response::DailyCounts(counts) => Ok(counts),
            _ => Err(unexpected_response()),
        });
        self.status.end(cx.now, outcome.as_ref().err());
        if let Ok(counts) = outcome {
            // At first the titles are requested together with the counts.
            let changed = self.counts.keys().eq(counts.keys()) && self.counts != counts;
            self.load_titles(changed, cx);
            self.counts = counts;
            // The occurrences of other days are as old as the former counts.
            self.occurrences.retain(|day, _| *day == self.day);
        }
    }

    fn take_day(&mut self, day: NaiveDate, outcome: Result<Response, ApiError>, now: u64) {
        match outcome {
            Ok(Response::OccurrencesOn(occurrences)) => _ = self.occurrences.insert(day, occurrences),
            Ok(_) => self.status.end(now, Some(&unexpected_response())),
            Err(error) => self.status.end(now, Some(&error)),
        }
    }

    /// Opens the agenda at the selected day.
    fn open(&self, cx: &mut Context) {
        cx.commands.push(AppCommand::ShowAgenda(self.day));
    }

    /// Selects another day; returns whether the action selects a day.
    fn go(&mut self, action: Action, today: NaiveDate) -> bool {
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

    /// Selects the day at a column and row of an area of this size; returns whether it was selected before.
    /// None if there is no day.
    fn select_at(&mut self, (column, row): (u16, u16), (width, height): (u16, u16)) -> Option<bool> {
        let layout = MonthLayout::of(Rect::new(0, 0, width, height), self.weeks());
        let week = row.checked_sub(HEAD).filter(|_| row < layout.grid.height)? / layout.rows;
        let place = (column / layout.cell).min(7);
        let day = self.monday().checked_add_days(Count::new(u64::from(week * 7 + place)))?;
        if place == 7 || day.with_day(1) != Some(self.first()) {
            return None;
        }
        let before = std::mem::replace(&mut self.day, day);
        Some(before == day)
    }

    fn draw_grid(&self, frame: &mut Frame<'_>, area: Rect, rows: u16, view: &ViewContext) {
        let theme = view.theme;
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
                let style = match (day == self.day, day == view.now.date()) {
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

    /// Draws the month with the titles of its occurrences in the cells.
    fn draw_titles(&self, frame: &mut Frame<'_>, layout: MonthLayout, view: &ViewContext) {
        let theme = view.theme;
        let (first, cell) = (self.first(), usize::from(layout.cell));
        let month = format!("{:^width$}", first.format("%B %Y").to_string(), width = 7 * cell);
        let names = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
        let names = names.map(|day| Span::styled(format!(" {day:<width$}", width = cell - 1), theme.muted));
        let mut lines = vec![Line::styled(month, theme.accent), Line::from(names.to_vec())];
        let mut days = self.monday().iter_days();
        for _ in 0..self.weeks() {
            let week: Vec<NaiveDate> = days.by_ref().take(7).collect();
            let numbers = week.iter().map(|day| {
                let number = match (day.month() == first.month(), *day == self.day) {
                    (false, _) => String::new(),
                    (true, true) => format!("[{}]", day.day()),
                    (true, false) => format!(" {}", day.day()),
                };
                let style = match (*day == self.day, *day == view.now.date()) {
                    (true, _) => theme.selected,
                    (false, true) => theme.accent,
                    _ => ratatui::style::Style::new(),
                };
                Span::styled(format!("{number:<cell$}"), style)
            });
            lines.push(Line::from(numbers.collect::<Vec<_>>()));
            let rows = usize::from(layout.rows) - 1;
            let cells: Vec<_> = week
                .iter()
                .map(|day| {
                    let within = day.month() == first.month();
                    let count = if within { many_of(self.counts.get(day)) } else { 0 };
                    self.titles.cell(*day, count, (cell, rows), view)
                })
                .collect();
            for row in 0..rows {
                let spans = cells.iter().filter_map(|cell| cell.get(row).cloned());
                lines.push(Line::from(spans.collect::<Vec<_>>()));
            }
        }
        frame.render_widget(Paragraph::new(lines), layout.grid);
    }

    fn draw_day(&self, frame: &mut Frame<'_>, area: Rect, view: &ViewContext) {
        let theme = view.theme;
        let many = match self.counts.get(&self.day) {
            None => String::new(),
            Some(0) => " · no events".to_owned(),
            Some(1) => " · 1 event".to_owned(),
            Some(many) => format!(" · {many} events"),
        };
        let mut lines = vec![Line::styled(format!(" {}{many}", view.day(self.day)), theme.accent)];
        let width = usize::from(area.width);
        if let Some(occurrences) = self.occurrences.get(&self.day) {
            // The last row counts the occurrences that do not fit.
            let all = occurrences.len().max(many_of(self.counts.get(&self.day)));
            let room = usize::from(area.height).saturating_sub(lines.len());
            let shown = if all > room { room.saturating_sub(1).min(occurrences.len()) } else { all };
            let on_day = |occurrence| {
                row::on_day(occurrence, self.day, days_in(occurrence, view.my_zone), view, area.width)
            };
            lines.extend(occurrences.iter().take(shown).map(on_day));
            if all > shown {
                let more = format!(" … {} more: Enter shows all", all - shown);
                lines.push(Line::styled(more, theme.muted));
            }
        } else if let Some(why) = &self.status.failure {
            let words = format!("Could not load: {}. R tries again.", clean(why));
            let words = wrapped(&words, width.saturating_sub(2));
            lines.extend(words.into_iter().map(|line| Line::styled(format!(" {line}"), theme.bad)));
        } else if self.counts.get(&self.day) != Some(&0) {
            lines.push(Line::styled(" …", theme.muted));
        }
        frame.render_widget(Paragraph::new(lines), area);
    }
}

impl Screen for MonthScreen {
    fn place(&self) -> Place {
        Place::Month
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        if self.go(action, cx.view.now.date()) {
            self.load_missing(cx);
            return Handled::Yes;
        }
        match action {
            Action::Open => self.open(cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn click(&mut self, at: (u16, u16), cx: &mut Context) {
        let rows = u16::try_from(occurrence_list::rows(cx, 0)).unwrap_or(u16::MAX);
        match self.select_at(at, (cx.size.0, rows)) {
            Some(true) => self.open(cx),
            Some(false) => self.load_missing(cx),
            None => {}
        }
    }

    fn load(&mut self, _from: LoadFrom, cx: &mut Context) {
        self.status.begin(cx.now);
        cx.send(Purpose::Month, Request::DailyCounts { day: self.day, tz: cx.view.my_zone });
        self.load_day(cx);
        self.load_titles(false, cx);
    }

    fn responded(&mut self, purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        match purpose {
            Purpose::Day(day) => self.take_day(day, outcome, cx.now),
            Purpose::Month => self.take_counts(outcome, cx),
            Purpose::MonthTitles(first) => match outcome {
                Ok(Response::OccurrencesOn(occurrences)) => {
                    self.titles.take(first, occurrences, cx.view.my_zone);
                }
                Ok(_) => self.status.end(cx.now, Some(&unexpected_response())),
                Err(error) => self.status.end(cx.now, Some(&error)),
            },
            _ => cx.notify_unexpected(),
        }
    }

    fn day(&self) -> Option<NaiveDate> {
        Some(self.day)
    }

    fn start_on(&mut self, day: NaiveDate) {
        self.day = day;
    }

    fn go_to_day(&mut self, day: NaiveDate, cx: &mut Context) -> Handled {
        self.day = day;
        self.load_missing(cx);
        Handled::Yes
    }

    fn each_occurrence(&mut self, call: &mut dyn FnMut(&mut Occurrence)) {
        self.occurrences.values_mut().flatten().for_each(call);
    }

    /// Those of the selected day, whose seats are shown.
    fn followed(&self, _around: usize, _cx: &Context) -> Followed {
        let of_day = self.occurrences.get(&self.day).into_iter().flatten();
        let occurrences = of_day.map(|occurrence| occurrence.id).collect();
        Followed { occurrences, ..Followed::default() }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let layout = MonthLayout::of(area, self.weeks());
        if layout.has_titles() {
            self.draw_titles(frame, layout, &cx.view);
        } else {
            self.draw_grid(frame, layout.grid, layout.rows, &cx.view);
        }
        self.draw_day(frame, layout.day, &cx.view);
    }
}

fn many_of(count: Option<&i64>) -> usize {
    count.and_then(|count| usize::try_from(*count).ok()).unwrap_or(0)
}

/// Dots for the number of occurrences of a day.
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
        let mut month = MonthScreen::at(day("2027-01-31"));
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
        let mut month = MonthScreen::at("2027-03-10".parse().unwrap());
        // Monday, 1 March, is in the first cell; the last week ends with Wednesday.
        for (at, found) in
            [((1, 2), Some("2027-03-01")), ((34, 5), Some("2027-03-14")), ((11, 11), Some("2027-03-31"))]
        {
            assert_eq!(month.select_at(at, (80, 20)), Some(false), "{at:?}");
            assert_eq!(Some(month.day.to_string().as_str()), found);
            assert_eq!(month.select_at(at, (80, 20)), Some(true), "{at:?}");
        }
        for at in [(1, 0), (1, 1), (16, 11), (36, 3), (1, 17)] {
            assert_eq!(month.select_at(at, (80, 20)), None, "{at:?}");
        }
    }
}
