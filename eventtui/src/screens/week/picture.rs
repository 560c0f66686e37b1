//! How a week looks: seven days beside each other, or below each other where the screen is narrow.

use std::collections::HashSet;

use chrono::{Datelike, NaiveDate};
use eventcore::events::{Occurrence, OccurrenceStatus};
use eventcore::registrations::RegistrationStatus;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Wrap};

use super::{Day, Week, later};
use crate::look::Look;
use crate::screens::row;
use crate::widgets::text::{clean, columns, fit};

/// Columns that a day needs to stand beside the others: a clock, a sign, and the beginning of a title.
const DAY: u16 = 11;
/// Columns that words about seats need, so that all of a column say them, or none.
const WORDS: usize = 9;
/// Rows of a date in a column: when, and what.
const ENTRY: usize = 2;
/// Rows below the columns: a rule, and the selected date with what its column has no room for.
const FOOT: u16 = 2;

/// What stands in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Day(NaiveDate),
    /// A day, and the place of the date among its dates.
    Date(NaiveDate, usize),
}

/// The picture of a week.
pub(super) struct Picture<'a> {
    week: &'a Week,
    look: &'a Look,
    days: Vec<Day<'a>>,
}

/// Where things stand.
struct Areas {
    title: Rect,
    heads: Rect,
    body: Rect,
    foot: Rect,
}

/// The areas for columns; none where they have no room.
fn columns_in(area: Rect) -> Option<Areas> {
    let lengths =
        [Constraint::Length(1), Constraint::Length(1), Constraint::Min(1), Constraint::Length(FOOT)];
    let [title, heads, body, foot] = Layout::vertical(lengths).areas(area);
    (area.width >= 7 * DAY).then_some(Areas { title, heads, body, foot })
}

impl<'a> Picture<'a> {
    pub(super) fn of(week: &'a Week, look: &'a Look) -> Self {
        Self { week, look, days: week.days(look) }
    }

    /// The selected date; the day, where there is none on it.
    pub(super) fn selected(&self) -> Shown {
        let day = self.week.day;
        match self.dates(day).len() {
            0 => Shown::Day(day),
            many => Shown::Date(day, self.week.at.min(many - 1)),
        }
    }

    fn dates(&self, day: NaiveDate) -> &[&'a Occurrence] {
        self.days.iter().find(|(on, _)| *on == day).map_or(&[], |(_, dates)| dates)
    }

    /// What stands at a column and row.
    pub(super) fn at(&self, (column, row): (u16, u16), area: Rect) -> Option<Shown> {
        let Some(areas) = columns_in(area) else {
            return self.lines(area.height).get(usize::from(row.checked_sub(1)?)).copied();
        };
        let day = self.days.get(usize::from(column / (area.width / 7)).min(6))?.0;
        if row < areas.heads.y || row >= areas.foot.y {
            return None;
        }
        let Some(row) = row.checked_sub(areas.body.y) else { return Some(Shown::Day(day)) };
        let (above, room) = self.window(day, areas.body.height);
        let entry = usize::from(row) / ENTRY;
        Some(if entry < room { Shown::Date(day, above + entry) } else { Shown::Day(day) })
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect) {
        let empty = self.days.iter().all(|(_, dates)| dates.is_empty());
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
        // What goes on for several days is one event.
        let all: HashSet<_> = self.days.iter().flat_map(|(_, dates)| dates).map(|date| date.id).collect();
        let many = match all.len() {
            _ if self.week.is_outdated() => String::new(),
            0 => " · nothing".to_owned(),
            _ if self.week.is_cut() => " · more events than are shown".to_owned(),
            1 => " · 1 event".to_owned(),
            many => format!(" · {many} events"),
        };
        let text = format!(" Week {} · {from}{}{many}", monday.iso_week().week(), sunday.format("%-d %B %Y"));
        Line::styled(text, self.look.theme.accent)
    }

    /// Why there is nothing: it is loading, it failed, or nothing happens.
    fn draw_nothing(&self, frame: &mut Frame<'_>, area: Rect) {
        let theme = self.look.theme;
        let (words, style) = match &self.week.status.failure {
            Some(why) => (format!(" Nothing could be loaded: {}. R tries again.", clean(why)), theme.bad),
            None if self.week.is_outdated() => (" …".to_owned(), theme.muted),
            None => (" Nothing this week. ] goes on, t comes back to today.".to_owned(), theme.muted),
        };
        frame.render_widget(Paragraph::new(Line::styled(words, style)).wrap(Wrap { trim: false }), area);
    }

    fn draw_columns(&self, frame: &mut Frame<'_>, heads: Rect, body: Rect) {
        let wide = body.width / 7;
        for (n, (day, dates)) in (0u16..).zip(&self.days) {
            let place = |within: Rect| Rect { x: within.x + n * wide, width: wide, ..within };
            frame.render_widget(self.head(*day), place(heads));
            frame.render_widget(Paragraph::new(self.column(*day, dates, place(body))), place(body));
        }
    }

    /// `[Mon 1]` where it is selected.
    fn head(&self, day: NaiveDate) -> Line<'static> {
        let theme = self.look.theme;
        let text = day.format("%a %-d");
        let today = day == self.look.today.date();
        let style = if today { theme.accent } else { theme.muted };
        let sign = if today { "•" } else { "" };
        if day == self.week.day {
            return Line::styled(format!("[{text}]{sign}"), style.patch(theme.selected));
        }
        Line::styled(format!(" {text} {sign}"), style)
    }

    /// Of the dates of a day, how many stand above so many rows, and how many in them.
    fn window(&self, day: NaiveDate, height: u16) -> (usize, usize) {
        let (many, height) = (self.dates(day).len(), usize::from(height));
        if many * ENTRY <= height {
            return (0, many);
        }
        // The last row says how many more there are.
        let room = (height.saturating_sub(1) / ENTRY).max(1);
        match self.selected() {
            Shown::Date(on, place) if on == day => ((place + 1).saturating_sub(room), room),
            _ => (0, room),
        }
    }

    fn column(&self, day: NaiveDate, dates: &[&Occurrence], area: Rect) -> Vec<Line<'static>> {
        let (above, room) = self.window(day, area.height);
        // A free column parts a day from the next.
        let width = usize::from(area.width.saturating_sub(1));
        let mut lines = Vec::new();
        for (place, date) in dates.iter().enumerate().skip(above).take(room) {
            let selected = self.selected() == Shown::Date(day, place);
            let mark = |line| if selected { row::mark_selected(line, self.look) } else { line };
            lines.extend(entry(date, day, width, self.look).map(mark));
        }
        if let more @ 1.. = dates.len() - room.min(dates.len()) {
            lines.push(Line::styled(fit(&format!(" +{more} more"), width), self.look.theme.muted));
        }
        lines
    }

    fn draw_selected(&self, frame: &mut Frame<'_>, area: Rect) {
        let block = Block::new().borders(Borders::TOP).border_style(self.look.theme.muted);
        let inside = block.inner(area);
        frame.render_widget(block, area);
        let line = match self.selected() {
            Shown::Date(day, place) => self.row(day, place, area.width),
            Shown::Day(day) => {
                Line::styled(format!(" {} · nothing", self.look.day(day)), self.look.theme.muted)
            }
        };
        frame.render_widget(line, inside);
    }

    /// The days below each other, each with its dates, as far as an area of so many rows has room below the title: with what is selected in its
    /// middle, but for the ends, and the day of the first date on top.
    fn lines(&self, height: u16) -> Vec<Shown> {
        let height = usize::from(height.saturating_sub(1));
        let of_day = |(day, dates): &Day<'_>| {
            let day = *day;
            let dates = (0..dates.len()).map(move |place| Shown::Date(day, place));
            [Shown::Day(day)].into_iter().chain(dates)
        };
        let all: Vec<_> = self.days.iter().flat_map(of_day).collect();
        let selected = self.selected();
        let place = all.iter().position(|line| *line == selected).unwrap_or(0);
        let above = place.saturating_sub(height / 2).min(all.len().saturating_sub(height));
        let mut lines: Vec<_> = all.into_iter().skip(above).take(height).collect();
        if let Some(first) = lines.first_mut()
            && let Shown::Date(day, _) = *first
            && *first != selected
        {
            *first = Shown::Day(day);
        }
        lines
    }

    fn row(&self, day: NaiveDate, place: usize, width: u16) -> Line<'static> {
        let date = self.dates(day)[place];
        row::on_day(date, day, self.look.days(date), self.look, width)
    }

    fn line(&self, shown: Shown, width: u16) -> Line<'static> {
        let look = self.look;
        let line = match shown {
            Shown::Date(day, place) => self.row(day, place, width),
            Shown::Day(day) if self.dates(day).is_empty() => {
                Line::styled(format!(" {}", look.day(day)), look.theme.muted)
            }
            Shown::Day(day) => Line::styled(format!(" {}", look.day(day)), look.theme.accent),
        };
        if shown == self.selected() { row::mark_selected(line, look) } else { line }
    }
}

/// An area without so many rows of its top.
fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// A date in a column: when and how full, and what.
fn entry(date: &Occurrence, day: NaiveDate, width: usize, look: &Look) -> [Line<'static>; ENTRY] {
    let theme = look.theme;
    let when = format!(" {} ", row::time_on(date, day, look.days(date), look));
    let room = width.saturating_sub(columns(&when));
    let (words, style) = seats(date, look);
    // Where there is no room for words, their sign says it alone; the line below the columns says it all.
    let sign = words.split(' ').next().unwrap_or_default();
    let fitting = if room < WORDS || columns(&words) > room { sign } else { &words };
    let title = if date.status == OccurrenceStatus::Cancelled {
        theme.muted.add_modifier(Modifier::CROSSED_OUT)
    } else {
        Style::new()
    };
    [
        Line::from(vec![Span::styled(when, theme.muted), Span::styled(fit(fitting, room), style)]),
        Line::from(vec![Span::raw(" "), Span::styled(fit(&date.title, width.saturating_sub(1)), title)]),
    ]
}

/// My place there, or the seats that are left: first what says it alone.
fn seats(date: &Occurrence, look: &Look) -> (String, Style) {
    let theme = look.theme;
    if date.status == OccurrenceStatus::Cancelled {
        return ("✗ cancelled".to_owned(), theme.bad);
    }
    match look.marks.get(&date.id).filter(|mark| mark.status != RegistrationStatus::Cancelled) {
        Some(mark) => (mark.short(), theme.good),
        None => (format!("{} left", date.seats_left), row::seats_style(date, look)),
    }
}
