//! The drawing of a week: seven columns, or the days below each other on a narrow screen.

use std::collections::HashSet;

use chrono::{Datelike, NaiveDate};
use eventcore::events::{Occurrence, OccurrenceStatus};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Wrap};

use super::days::{Day, Week, later};
use crate::screens::row;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::text::{clean, columns, fit};

/// Minimum number of columns of a day for the layout in columns: a time, a sign, and the beginning of a
/// title.
const DAY: u16 = 11;
/// Columns from which on seats are written in words, for all occurrences of a column alike.
const WORDS: usize = 9;
/// Rows of an occurrence in a column: time and seats, title.
const ENTRY: usize = 2;
/// Rows below the columns: a rule, and the selected occurrence in full.
const FOOT: u16 = 2;

/// What can be selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WeekCell {
    Day(NaiveDate),
    /// A day, and the index of one of its occurrences.
    Occurrence(NaiveDate, usize),
}

/// A week with all that drawing it needs.
pub(super) struct Picture<'a> {
    week: &'a Week,
    status: &'a Status,
    view: &'a ViewContext,
    days: Vec<Day<'a>>,
}

/// The areas of the layout in columns.
struct Areas {
    title: Rect,
    heads: Rect,
    body: Rect,
    foot: Rect,
}

/// The areas of the layout in columns. None on a narrow screen.
fn columns_in(area: Rect) -> Option<Areas> {
    let lengths =
        [Constraint::Length(1), Constraint::Length(1), Constraint::Min(1), Constraint::Length(FOOT)];
    let [title, heads, body, foot] = Layout::vertical(lengths).areas(area);
    (area.width >= 7 * DAY).then_some(Areas { title, heads, body, foot })
}

impl<'a> Picture<'a> {
    pub(super) fn of(week: &'a Week, status: &'a Status, view: &'a ViewContext) -> Self {
        Self { week, status, view, days: week.days(view) }
    }

    /// The selected occurrence, or the day if it has none.
    pub(super) fn selected(&self) -> WeekCell {
        let day = self.week.day;
        match self.occurrences(day).len() {
            0 => WeekCell::Day(day),
            many => WeekCell::Occurrence(day, self.week.at.min(many - 1)),
        }
    }

    fn occurrences(&self, day: NaiveDate) -> &[&'a Occurrence] {
        self.days.iter().find(|(on, _)| *on == day).map_or(&[], |(_, occurrences)| occurrences)
    }

    /// What is drawn at a column and row.
    pub(super) fn at(&self, (column, row): (u16, u16), area: Rect) -> Option<WeekCell> {
        let Some(areas) = columns_in(area) else {
            return self.lines(area.height).get(usize::from(row.checked_sub(1)?)).copied();
        };
        let day = self.days.get(usize::from(column / (area.width / 7)).min(6))?.0;
        if row < areas.heads.y || row >= areas.foot.y {
            return None;
        }
        let Some(row) = row.checked_sub(areas.body.y) else { return Some(WeekCell::Day(day)) };
        let (above, room) = self.window(day, areas.body.height);
        let entry = usize::from(row) / ENTRY;
        Some(if entry < room { WeekCell::Occurrence(day, above + entry) } else { WeekCell::Day(day) })
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect) {
        let empty = self.days.iter().all(|(_, occurrences)| occurrences.is_empty());
        if let Some(areas) = columns_in(area) {
            frame.render_widget(self.title(), areas.title);
            self.draw_columns(frame, areas.heads, areas.body);
            if empty {
                self.draw_nothing(frame, below(areas.body, 1));
            } else {
                self.draw_selected(frame, areas.foot);
            }
            return;
        }
        let body = below(area, 1);
        frame.render_widget(self.title(), area);
        let lines: Vec<_> =
            self.lines(area.height).into_iter().map(|shown| self.line(shown, body.width)).collect();
        let used = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        frame.render_widget(Paragraph::new(lines), body);
        if empty {
            self.draw_nothing(frame, below(body, used));
        }
    }

    /// `Week 9 · 1–7 March 2027 · 21 events`.
    fn title(&self) -> Line<'static> {
        let (monday, sunday) = (self.week.monday(), later(self.week.monday(), 6));
        let from = match (monday.year() == sunday.year(), monday.month() == sunday.month()) {
            (true, true) => monday.format("%-d–"),
            (true, false) => monday.format("%-d %B – "),
            (false, _) => monday.format("%-d %B %Y – "),
        };
        // An occurrence of several days counts once.
        let all: HashSet<_> = self
            .days
            .iter()
            .flat_map(|(_, occurrences)| occurrences)
            .map(|occurrence| occurrence.id)
            .collect();
        let many = match all.len() {
            _ if self.week.is_outdated() => String::new(),
            0 => " · no events".to_owned(),
            _ if self.week.is_cut() => " · more events than are shown".to_owned(),
            1 => " · 1 event".to_owned(),
            many => format!(" · {many} events"),
        };
        let text = format!(" Week {} · {from}{}{many}", monday.iso_week().week(), sunday.format("%-d %B %Y"));
        Line::styled(text, self.view.theme.accent)
    }

    /// Draws why the week is empty: it is loading, loading failed, or there is nothing.
    fn draw_nothing(&self, frame: &mut Frame<'_>, area: Rect) {
        let theme = self.view.theme;
        let (words, style) = match &self.status.failure {
            Some(why) => (format!(" Could not load: {}. R tries again.", clean(why)), theme.bad),
            None if self.week.is_outdated() => (" …".to_owned(), theme.muted),
            None => (" No events this week. ] next week, t today.".to_owned(), theme.muted),
        };
        frame.render_widget(Paragraph::new(Line::styled(words, style)).wrap(Wrap { trim: false }), area);
    }

    fn draw_columns(&self, frame: &mut Frame<'_>, heads: Rect, body: Rect) {
        let wide = body.width / 7;
        for (n, (day, occurrences)) in (0u16..).zip(&self.days) {
            let place = |within: Rect| Rect { x: within.x + n * wide, width: wide, ..within };
            frame.render_widget(self.head(*day), place(heads));
            frame.render_widget(Paragraph::new(self.column(*day, occurrences, place(body))), place(body));
        }
    }

    /// `[Mon 1]` where it is selected.
    fn head(&self, day: NaiveDate) -> Line<'static> {
        let theme = self.view.theme;
        let text = day.format("%a %-d");
        let today = day == self.view.now.date();
        let style = if today { theme.accent } else { theme.muted };
        let sign = if today { "•" } else { "" };
        if day == self.week.day {
            return Line::styled(format!("[{text}]{sign}"), style.patch(theme.selected));
        }
        Line::styled(format!(" {text} {sign}"), style)
    }

    /// The occurrences of a day in a column of `height` rows: how many are above it, and how many are
    /// visible.
    fn window(&self, day: NaiveDate, height: u16) -> (usize, usize) {
        let (many, height) = (self.occurrences(day).len(), usize::from(height));
        if many * ENTRY <= height {
            return (0, many);
        }
        // The last row counts those that do not fit.
        let room = (height.saturating_sub(1) / ENTRY).max(1);
        match self.selected() {
            WeekCell::Occurrence(on, place) if on == day => ((place + 1).saturating_sub(room), room),
            _ => (0, room),
        }
    }

    fn column(&self, day: NaiveDate, occurrences: &[&Occurrence], area: Rect) -> Vec<Line<'static>> {
        let (above, room) = self.window(day, area.height);
        // A blank column separates the days.
        let width = usize::from(area.width.saturating_sub(1));
        let mut lines = Vec::new();
        for (place, occurrence) in occurrences.iter().enumerate().skip(above).take(room) {
            let selected = self.selected() == WeekCell::Occurrence(day, place);
            let mark = |line| if selected { row::mark_selected(line, self.view) } else { line };
            lines.extend(entry(occurrence, day, width, self.view).map(mark));
        }
        if let more @ 1.. = occurrences.len() - room.min(occurrences.len()) {
            lines.push(Line::styled(fit(&format!(" +{more} more"), width), self.view.theme.muted));
        }
        lines
    }

    fn draw_selected(&self, frame: &mut Frame<'_>, area: Rect) {
        let block = Block::new().borders(Borders::TOP).border_style(self.view.theme.muted);
        let inside = block.inner(area);
        frame.render_widget(block, area);
        let line = match self.selected() {
            WeekCell::Occurrence(day, place) => self.row(day, place, area.width),
            WeekCell::Day(day) => {
                Line::styled(format!(" {} · no events", self.view.day(day)), self.view.theme.muted)
            }
        };
        frame.render_widget(line, inside);
    }

    /// The lines of the narrow layout in `height` rows: days, each followed by its occurrences. The selection
    /// is in the middle if possible, and the day of the first line is on top.
    fn lines(&self, height: u16) -> Vec<WeekCell> {
        let height = usize::from(height.saturating_sub(1));
        let of_day = |(day, occurrences): &Day<'_>| {
            let day = *day;
            let occurrences = (0..occurrences.len()).map(move |place| WeekCell::Occurrence(day, place));
            [WeekCell::Day(day)].into_iter().chain(occurrences)
        };
        let all: Vec<_> = self.days.iter().flat_map(of_day).collect();
        let selected = self.selected();
        let place = all.iter().position(|line| *line == selected).unwrap_or(0);
        let above = place.saturating_sub(height / 2).min(all.len().saturating_sub(height));
        let mut lines: Vec<_> = all.into_iter().skip(above).take(height).collect();
        if let Some(first) = lines.first_mut()
            && let WeekCell::Occurrence(day, _) = *first
            && *first != selected
        {
            *first = WeekCell::Day(day);
        }
        lines
    }

    fn row(&self, day: NaiveDate, place: usize, width: u16) -> Line<'static> {
        let occurrence = self.occurrences(day)[place];
        row::on_day(occurrence, day, self.view.days(occurrence), self.view, width)
    }

    fn line(&self, shown: WeekCell, width: u16) -> Line<'static> {
        let view = self.view;
        let line = match shown {
            WeekCell::Occurrence(day, place) => self.row(day, place, width),
            WeekCell::Day(day) if self.occurrences(day).is_empty() => {
                Line::styled(format!(" {}", view.day(day)), view.theme.muted)
            }
            WeekCell::Day(day) => Line::styled(format!(" {}", view.day(day)), view.theme.accent),
        };
        if shown == self.selected() { row::mark_selected(line, view) } else { line }
    }
}

/// An area without its first rows.
fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// An occurrence in a column: time and seats, title.
fn entry(
    occurrence: &Occurrence,
    day: NaiveDate,
    width: usize,
    view: &ViewContext,
) -> [Line<'static>; ENTRY] {
    let theme = view.theme;
    let when = format!(" {} ", row::time_on(occurrence, day, view.days(occurrence), view));
    let room = width.saturating_sub(columns(&when));
    let (words, style) = seats(occurrence, view);
    // A narrow column shows the sign only; the line below the columns has the words.
    let sign = words.split(' ').next().unwrap_or_default();
    let fitting = if room < WORDS || columns(&words) > room { sign } else { &words };
    let title = if occurrence.status == OccurrenceStatus::Cancelled {
        theme.muted.add_modifier(Modifier::CROSSED_OUT)
    } else {
        Style::new()
    };
    [
        Line::from(vec![Span::styled(when, theme.muted), Span::styled(fit(fitting, room), style)]),
        Line::from(vec![
            Span::raw(" "),
            Span::styled(fit(&occurrence.title, width.saturating_sub(1)), title),
        ]),
    ]
}

/// The user's registration, or the seats left. The first word suffices by itself.
fn seats(occurrence: &Occurrence, view: &ViewContext) -> (String, Style) {
    let theme = view.theme;
    if occurrence.status == OccurrenceStatus::Cancelled {
        return ("✗ cancelled".to_owned(), theme.bad);
    }
    match view.my_statuses.get(&occurrence.id).filter(|mine| mine.is_live()) {
        Some(mine) => (mine.short(), theme.good),
        None => (format!("{} left", occurrence.seats_left), row::seats_style(occurrence, view)),
    }
}
