//! Rows of occurrences, in lists under days and in lists without.

use chrono::NaiveDate;
use eventcore::events::{Occurrence, OccurrenceStatus};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::visibility::marked_title;
use crate::view_context::{MyStatus, ViewContext};
use crate::widgets::list::{PagedList, Position};
use crate::widgets::text::{clean, columns, fit};

/// Columns in which a title can be recognised.
const TITLE: usize = 10;
/// Columns for the seats or the status of the user's registration.
const SEATS: usize = 14;

/// An occurrence under its first day: time, title, location, and seats or `mine`; also its last day if that
/// differs.
pub(crate) fn occurrence(
    occurrence: &Occurrence,
    view: &ViewContext,
    mine: Option<MyStatus>,
    width: u16,
) -> Line<'static> {
    let (first, last) = view.days(occurrence);
    let until = if last > first {
        [last.format(" (until %a %-d %b)").to_string(), last.format(" →%-d %b").to_string()]
    } else {
        until_today(occurrence, view)
    };
    line(occurrence, (view.time(&occurrence.starts_at, &occurrence.timezone), until), view, mine, width)
}

/// The end of an occurrence that takes place now, in a long and a short form. Empty for any other.
fn until_today(occurrence: &Occurrence, view: &ViewContext) -> [String; 2] {
    match view.local(&occurrence.ends_at, &occurrence.timezone).1 {
        Some(end) if view.takes_place(occurrence) => {
            [end.format(" (until %H:%M)").to_string(), end.format(" →%H:%M").to_string()]
        }
        _ => Default::default(),
    }
}

/// An occurrence under one of its days, from `first` to `last`.
pub(crate) fn on_day(
    occurrence: &Occurrence,
    day: NaiveDate,
    (first, last): (NaiveDate, NaiveDate),
    view: &ViewContext,
    width: u16,
) -> Line<'static> {
    let (n, days) = ((day - first).num_days() + 1, (last - first).num_days() + 1);
    let note =
        if days > 1 { [format!(" (day {n} of {days})"), format!(" {n}/{days}")] } else { Default::default() };
    line(occurrence, (time_on(occurrence, day, (first, last), view), note), view, None, width)
}

/// The time to show on one day of an occurrence: `09:00` on the first, `–17:00` on the last, `all day`
/// between.
pub(crate) fn time_on(
    occurrence: &Occurrence,
    day: NaiveDate,
    (first, last): (NaiveDate, NaiveDate),
    view: &ViewContext,
) -> String {
    let time = view.time(&occurrence.starts_at, &occurrence.timezone);
    if day > first {
        return match view.local(&occurrence.ends_at, &occurrence.timezone).1 {
            Some(end) if day == last => end.format("–%H:%M").to_string(),
            _ => "all day".to_owned(),
        };
    }
    // In its own time zone the occurrence may start on the day before or after.
    match (view.local(&occurrence.starts_at, &occurrence.timezone).0 - day).num_days() {
        0 => time,
        days if occurrence.all_day => format!("all day{}", sign(days)),
        days => format!("{time}{days:+}"),
    }
}

/// `+` or `-`, for columns that have no room for a number.
const fn sign(days: i64) -> char {
    if days > 0 { '+' } else { '-' }
}

/// A row: `time`, the title followed by a note in a long or a short form, the location, and the seats.
fn line(
    occurrence: &Occurrence,
    (time, notes): (String, [String; 2]),
    view: &ViewContext,
    mine: Option<MyStatus>,
    width: u16,
) -> Line<'static> {
    let theme = view.theme;
    let room = usize::from(width).saturating_sub(11 + SEATS);
    let place = if room >= 32 { room * 2 / 5 } else { 0 };
    let title =
        titled(&marked_title(occurrence), &notes, room.saturating_sub(place + usize::from(place > 0)));
    let place = if place > 0 { format!(" {}", fit(&occurrence.location, place)) } else { String::new() };
    let head = format!(" {time:<8}");
    if occurrence.status == OccurrenceStatus::Cancelled {
        let style = theme.muted.add_modifier(Modifier::CROSSED_OUT);
        return Line::from(vec![
            Span::styled(head, theme.muted),
            Span::styled(format!("{title}{place}"), style),
            Span::styled(format!(" {}", fit("✗ cancelled", SEATS)), theme.bad),
        ]);
    }
    if mine.is_some_and(|mine| !mine.is_live()) {
        let style = theme.muted.add_modifier(Modifier::CROSSED_OUT);
        return Line::from(vec![
            Span::styled(head, theme.muted),
            Span::styled(format!("{title}{place}"), style),
            Span::styled(format!(" {}", fit("✗ unregistered", SEATS)), theme.warn),
        ]);
    }
    let mine = mine
        .or_else(|| view.my_statuses.get(&occurrence.id).copied())
        .filter(MyStatus::is_live)
        .map(MyStatus::long);
    let seats = match mine {
        _ if view.unrated.contains(&occurrence.id) => {
            Span::styled(format!(" {}", fit("* rate it", SEATS)), theme.warn)
        }
        Some(mine) => Span::styled(format!(" {}", fit(&mine, SEATS)), theme.good),
        None => Span::styled(
            format!(" {}", fit(&format!("{} {}", bar(occurrence), occurrence.seats_left), SEATS)),
            seats_style(occurrence, view),
        ),
    };
    Line::from(vec![
        Span::styled(head, theme.muted),
        Span::raw(title),
        Span::styled(place, theme.muted),
        seats,
    ])
}

/// A title followed by the longest of the notes that leaves [`TITLE`] columns to the title, or by none.
fn titled(title: &str, notes: &[String], room: usize) -> String {
    let needed = columns(&clean(title));
    for note in notes {
        let left = room.saturating_sub(columns(note));
        if left >= needed.min(TITLE) {
            return fit(&format!("{}{note}", fit(title, left.min(needed))), room);
        }
    }
    fit(title, room)
}

pub(crate) fn seats_style(occurrence: &Occurrence, view: &ViewContext) -> ratatui::style::Style {
    match occurrence.seats_left {
        0 => view.theme.bad,
        left if left * 8 <= occurrence.capacity => view.theme.warn,
        _ => view.theme.good,
    }
}

/// The seats taken, in eighths. The bar is full only if no seat is left.
pub(crate) fn bar(occurrence: &Occurrence) -> String {
    let taken = occurrence.seats_taken.clamp(0, occurrence.capacity);
    let eighths =
        if occurrence.seats_left == 0 { 8 } else { (taken * 8 / occurrence.capacity.max(1)).min(7) };
    let eighths = usize::try_from(eighths).unwrap_or(0);
    format!("{}{}", "█".repeat(eighths), "░".repeat(8 - eighths))
}

/// Draws a list under headings, which are those of the items from the top on. The heading of the first row is
/// always on top.
pub(crate) fn draw_days<T>(
    frame: &mut Frame<'_>,
    area: Rect,
    (list, headings): (&PagedList<T>, &[Option<Heading>]),
    view: &ViewContext,
    row: impl Fn(&T) -> Line<'static>,
) {
    let position = list.position;
    let lines = lines(headings, position, usize::from(area.height));
    let lines: Vec<_> = lines
        .into_iter()
        .map(|line| match line {
            DayListLine::Heading(heading) => {
                Line::styled(format!(" {}", heading.text(view)), view.theme.accent)
            }
            DayListLine::Item(i) => {
                let row = list.items.get(i).map_or_else(Line::default, &row);
                if i == position.selected { mark_selected(row, view) } else { row }
            }
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// A heading of a list under days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heading {
    /// Over what takes place now.
    Now,
    Day(NaiveDate),
}

impl Heading {
    fn text(self, view: &ViewContext) -> String {
        match self {
            Self::Now => "Now".to_owned(),
            Self::Day(day) => view.day(day),
        }
    }
}

/// A line of a list under days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayListLine {
    Heading(Heading),
    Item(usize),
}

/// Rows to skip so that the selection is visible although the headings need rows too. `headings` are those
/// of the items from the top on.
fn hidden(headings: &[Option<Heading>], position: Position, height: usize) -> usize {
    let selected = position.selected.saturating_sub(position.top);
    let end = selected.min(headings.len().saturating_sub(1));
    let mut first = 0;
    while first < end && lines_of(&headings[first..=end]) > height {
        first += 1;
    }
    first
}

/// Keeps the selection on the screen, headings included, so that moving back up does not scroll the
/// list.
pub(crate) fn settle(headings: &[Option<Heading>], position: &mut Position, height: usize) {
    position.top += hidden(headings, *position, height);
}

/// The lines of a list under days. `headings` are those of the items from the top on.
pub(crate) fn lines(headings: &[Option<Heading>], position: Position, height: usize) -> Vec<DayListLine> {
    let first = hidden(headings, position, height);
    let mut lines = Vec::with_capacity(height);
    let mut heading = None;
    for (i, on) in headings.iter().copied().enumerate().skip(first) {
        if let Some(on) = on.filter(|on| Some(*on) != heading) {
            lines.push(DayListLine::Heading(on));
            heading = Some(on);
        }
        lines.push(DayListLine::Item(position.top + i));
    }
    lines.truncate(height);
    lines
}

fn lines_of(headings: &[Option<Heading>]) -> usize {
    let mut heading = None;
    headings.iter().fold(0, |lines, on| {
        let is_new = on.is_some() && *on != heading;
        heading = on.or(heading);
        lines + 1 + usize::from(is_new)
    })
}

/// Draws a list without days.
pub(crate) fn draw_plain<'a, T: 'a>(
    frame: &mut Frame<'_>,
    area: Rect,
    (items, position): (impl Iterator<Item = &'a T>, Position),
    view: &ViewContext,
    line: impl Fn(&T) -> Line<'static>,
) {
    let rows = items.enumerate().skip(position.top).take(usize::from(area.height));
    let shown = rows.map(|(i, item)| {
        let row = line(item);
        if i == position.selected { mark_selected(row, view) } else { row }
    });
    frame.render_widget(Paragraph::new(shown.collect::<Vec<_>>()), area);
}

/// Marks the selected row by a sign, besides the colour.
pub(crate) fn mark_selected(mut row: Line<'static>, view: &ViewContext) -> Line<'static> {
    if let Some(first) = row.spans.first_mut() {
        let rest: String = first.content.chars().skip(1).collect();
        first.content = format!("▌{rest}").into();
    }
    for span in &mut row.spans {
        span.style = span.style.patch(view.theme.selected);
    }
    row.style(view.theme.selected)
}
