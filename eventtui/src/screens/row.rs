//! Rows of dates under the days on which they take place.

use chrono::NaiveDate;
use eventcore::events::{Occurrence, OccurrenceStatus};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::look::{Look, Mark};
use crate::widgets::list::Position;
use crate::widgets::text::fit;

/// Columns for the seats or my mark.
const SEATS: usize = 14;

/// One date: its time, title and place, and its seats or my place there.
pub(crate) fn date(date: &Occurrence, look: &Look, mark: Option<Mark>, width: u16) -> Line<'static> {
    let theme = look.theme;
    let time = look.time(&date.starts_at, &date.timezone);
    let room = usize::from(width).saturating_sub(11 + SEATS);
    let place = if room >= 40 { room * 2 / 5 } else { 0 };
    let title = fit(&date.title, room.saturating_sub(place + usize::from(place > 0)));
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
    let mark =
        mark.or_else(|| look.marks.get(&date.id).copied()).map(Mark::short).filter(|mark| !mark.is_empty());
    let seats = match mark {
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

fn seats_style(date: &Occurrence, look: &Look) -> ratatui::style::Style {
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

/// Draws rows, each under its day; the day of the first one stands on top however far one has come.
pub(crate) fn draw_days(
    frame: &mut Frame<'_>,
    area: Rect,
    rows: impl Iterator<Item = (Option<NaiveDate>, Line<'static>)>,
    position: Position,
    look: &Look,
) {
    let height = usize::from(area.height);
    let rows: Vec<_> = rows.skip(position.top).take(height).collect();
    let selected = position.selected.saturating_sub(position.top);
    // Headers take room too: what is above the selection goes until it fits.
    let mut first = 0;
    while first < selected && lines_of(&rows[first..=selected.min(rows.len().saturating_sub(1))]) > height {
        first += 1;
    }
    let mut lines = Vec::with_capacity(height);
    let mut day = None;
    for (i, (on, row)) in rows.into_iter().enumerate().skip(first) {
        if on.is_some() && on != day {
            lines.push(Line::styled(
                format!(" {}", on.map(|on| look.day(on)).unwrap_or_default()),
                look.theme.accent,
            ));
            day = on;
        }
        lines.push(if i == selected { mark_selected(row, look) } else { row });
    }
    lines.truncate(height);
    frame.render_widget(Paragraph::new(lines), area);
}

fn lines_of(rows: &[(Option<NaiveDate>, Line<'static>)]) -> usize {
    let mut day = None;
    rows.iter().fold(0, |lines, (on, _)| {
        let header = on.is_some() && *on != day;
        day = on.or(day);
        lines + 1 + usize::from(header)
    })
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
