//! Rows of dates under the days on which they take place.

use chrono::NaiveDate;
use eventcore::events::{Occurrence, OccurrenceStatus};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::look::{Look, Mark};
use crate::widgets::list::{Paged, Position};
use crate::widgets::text::{clean, columns, fit};

/// Columns by which one knows a title.
const TITLE: usize = 10;
/// Columns for the seats or my mark.
const SEATS: usize = 14;

/// One date under its first day: its time, title and place, and its seats or my place there; and until when it lasts, if that is another day.
pub(crate) fn date(date: &Occurrence, look: &Look, mark: Option<Mark>, width: u16) -> Line<'static> {
    let (first, last) = look.days(date);
    let until = [last.format(" (until %a %-d %b)").to_string(), last.format(" →%-d %b").to_string()];
    let until = if last > first { until } else { Default::default() };
    line(date, (look.time(&date.starts_at, &date.timezone), until), look, mark, width)
}

/// The same under any day on which it takes place.
pub(crate) fn on_day(
    date: &Occurrence,
    day: NaiveDate,
    (first, last): (NaiveDate, NaiveDate),
    look: &Look,
    width: u16,
) -> Line<'static> {
    let (n, all) = ((day - first).num_days() + 1, (last - first).num_days() + 1);
    let which =
        if all > 1 { [format!(" (day {n} of {all})"), format!(" {n}/{all}")] } else { Default::default() };
    line(date, (time_on(date, day, (first, last), look), which), look, None, width)
}

/// What of a date's time is told on one of its days: `09:00` on the first, `–17:00` on the last, and nothing between but that it goes on.
pub(crate) fn time_on(
    date: &Occurrence,
    day: NaiveDate,
    (first, last): (NaiveDate, NaiveDate),
    look: &Look,
) -> String {
    let time = look.time(&date.starts_at, &date.timezone);
    if day > first {
        return match look.local(&date.ends_at, &date.timezone).1 {
            Some(end) if day == last => end.format("–%H:%M").to_string(),
            _ => "all day".to_owned(),
        };
    }
    // Its own clocks may have another day already, or still.
    match (look.local(&date.starts_at, &date.timezone).0 - day).num_days() {
        0 => time,
        days if date.all_day => format!("all day{}", sign(days)),
        days => format!("{time}{days:+}"),
    }
}

/// `+` or `-`, where there is no room for more.
const fn sign(days: i64) -> char {
    if days > 0 { '+' } else { '-' }
}

/// A date with its time, and what is said behind its title, at length and in short.
fn line(
    date: &Occurrence,
    (time, said): (String, [String; 2]),
    look: &Look,
    mark: Option<Mark>,
    width: u16,
) -> Line<'static> {
    let theme = look.theme;
    let room = usize::from(width).saturating_sub(11 + SEATS);
    let place = if room >= 32 { room * 2 / 5 } else { 0 };
    let title = titled(&date.title, &said, room.saturating_sub(place + usize::from(place > 0)));
    let place = if place > 0 { format!(" {}", fit(&date.location, place)) } else { String::new() };
    let head = format!(" {time:<8}");
    if date.status == OccurrenceStatus::Cancelled {
        let style = theme.muted.add_modifier(Modifier::CROSSED_OUT);
        return Line::from(vec![
            Span::styled(head, theme.muted),
            Span::styled(format!("{title}{place}"), style),
            Span::styled(format!(" {}", fit("✗ cancelled", SEATS)), theme.bad),
        ]);
    }
    let mark = mark
        .or_else(|| look.marks.get(&date.id).copied())
        .map(Mark::in_words)
        .filter(|mark| !mark.is_empty());
    let seats = match mark {
        _ if look.due.contains(&date.id) => {
            Span::styled(format!(" {}", fit("* how was it?", SEATS)), theme.warn)
        }
        Some(mark) => Span::styled(format!(" {}", fit(&mark, SEATS)), theme.good),
        None => Span::styled(
            format!(" {}", fit(&format!("{} {}", bar(date), date.seats_left), SEATS)),
            seats_style(date, look),
        ),
    };
    Line::from(vec![
        Span::styled(head, theme.muted),
        Span::raw(title),
        Span::styled(place, theme.muted),
        seats,
    ])
}

/// A title with something behind it, which is said in short, or not at all, before the title is no longer known by what is left of it.
fn titled(title: &str, said: &[String], room: usize) -> String {
    let needed = columns(&clean(title));
    for said in said {
        let left = room.saturating_sub(columns(said));
        if left >= needed.min(TITLE) {
            return fit(&format!("{}{said}", fit(title, left.min(needed))), room);
        }
    }
    fit(title, room)
}

pub(crate) fn seats_style(date: &Occurrence, look: &Look) -> ratatui::style::Style {
    match date.seats_left {
        0 => look.theme.bad,
        left if left * 8 <= date.capacity => look.theme.warn,
        _ => look.theme.good,
    }
}

/// Seats taken, in eighths; full only where no seat is left.
pub(crate) fn bar(date: &Occurrence) -> String {
    let taken = date.seats_taken.clamp(0, date.capacity);
    let eighths = if date.seats_left == 0 { 8 } else { (taken * 8 / date.capacity.max(1)).min(7) };
    let eighths = usize::try_from(eighths).unwrap_or(0);
    format!("{}{}", "█".repeat(eighths), "░".repeat(8 - eighths))
}

/// Draws the rows of a list, each under its day; the day of the first one stands on top however far one has come.
pub(crate) fn draw_days<T>(
    frame: &mut Frame<'_>,
    area: Rect,
    list: &Paged<T>,
    look: &Look,
    row: impl Fn(&T) -> (Option<NaiveDate>, Line<'static>),
) {
    let (position, height) = (list.position, usize::from(area.height));
    let mut rows: Vec<_> = list.items.iter().skip(position.top).take(height).map(row).collect();
    let days: Vec<_> = rows.iter().map(|(on, _)| *on).collect();
    let shown = shown(&days, position, height);
    let lines: Vec<_> = shown
        .into_iter()
        .map(|line| match line {
            Shown::Day(day) => Line::styled(format!(" {}", look.day(day)), look.theme.accent),
            Shown::Item(i) => {
                let row = std::mem::take(&mut rows[i - position.top].1);
                if i == position.selected { mark_selected(row, look) } else { row }
            }
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// What a line of such a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Day(NaiveDate),
    Item(usize),
}

/// Rows above the selection that give way to the headers of days, so that it is on the screen. The days are those from the top on.
fn hidden(days: &[Option<NaiveDate>], position: Position, height: usize) -> usize {
    let selected = position.selected.saturating_sub(position.top);
    let end = selected.min(days.len().saturating_sub(1));
    let mut first = 0;
    while first < end && lines_of(&days[first..=end]) > height {
        first += 1;
    }
    first
}

/// Keeps the selection on the screen with the headers of days counted, so that moving back up does not move the list.
pub(crate) fn settle(days: &[Option<NaiveDate>], position: &mut Position, height: usize) {
    position.top += hidden(days, *position, height);
}

/// The lines of a list under its days, which are those from its top on.
pub(crate) fn shown(days: &[Option<NaiveDate>], position: Position, height: usize) -> Vec<Shown> {
    let first = hidden(days, position, height);
    let mut lines = Vec::with_capacity(height);
    let mut day = None;
    for (i, on) in days.iter().copied().enumerate().skip(first) {
        if let Some(on) = on.filter(|on| Some(*on) != day) {
            lines.push(Shown::Day(on));
            day = Some(on);
        }
        lines.push(Shown::Item(position.top + i));
    }
    lines.truncate(height);
    lines
}

fn lines_of(days: &[Option<NaiveDate>]) -> usize {
    let mut day = None;
    days.iter().fold(0, |lines, on| {
        let header = on.is_some() && *on != day;
        day = on.or(day);
        lines + 1 + usize::from(header)
    })
}

/// Draws the rows of a list that has no days.
pub(crate) fn draw_plain<T>(
    frame: &mut Frame<'_>,
    area: Rect,
    list: &Paged<T>,
    look: &Look,
    line: impl Fn(&T) -> Line<'static>,
) {
    let rows = list.items.iter().enumerate().skip(list.position.top).take(usize::from(area.height));
    let shown = rows.map(|(i, item)| {
        let row = line(item);
        if i == list.position.selected { mark_selected(row, look) } else { row }
    });
    frame.render_widget(Paragraph::new(shown.collect::<Vec<_>>()), area);
}

/// The selected row, with a sign besides the colour.
pub(crate) fn mark_selected(mut row: Line<'static>, look: &Look) -> Line<'static> {
    if let Some(first) = row.spans.first_mut() {
        let rest: String = first.content.chars().skip(1).collect();
        first.content = format!("▌{rest}").into();
    }
    for span in &mut row.spans {
        span.style = span.style.patch(look.theme.selected);
    }
    row.style(look.theme.selected)
}
