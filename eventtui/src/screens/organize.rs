//! What I organize.

use eventcore::events::{Event, EventStatus};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::row;
use crate::look::Look;
use crate::widgets::list::Paged;
use crate::widgets::text::fit;

/// Columns below which only a sign says what an event is, and only its next date is told.
const NARROW: u16 = 76;
/// Columns of `14 Dec all day`.
const WHEN: usize = 14;

/// My events by their next date.
pub(crate) type Organize = Paged<Event>;

pub(crate) fn draw(list: &Organize, frame: &mut Frame<'_>, area: Rect, look: &Look) {
    row::draw_plain(frame, area, list, look, |event| line(event, look, area.width));
}

fn line(event: &Event, look: &Look, width: u16) -> Line<'static> {
    let theme = look.theme;
    let (sign, style) = match event.status {
        EventStatus::Draft => ("✎ draft", theme.warn),
        EventStatus::Published => ("● public", theme.good),
        EventStatus::Cancelled => ("✗ cancelled", theme.bad),
    };
    let next = event.next_occurrence.as_ref().map_or_else(
        || "nothing ahead".to_owned(),
        |date| {
            let (day, _) = look.local(&date.starts_at, &date.timezone);
            format!("{} {}", day.format("%a %-d %b %Y"), look.time(&date.starts_at, &date.timezone))
        },
    );
    let seats = event.next_occurrence.as_ref().map_or_else(String::new, |date| {
        format!("{} {}/{}", row::bar(date), date.seats_taken, date.capacity)
    });
    let series =
        if event.recurrence.is_some() { format!("↻ {}", event.occurrence_count) } else { String::new() };
    if width < NARROW {
        let next = event.next_occurrence.as_ref().map_or_else(String::new, |date| {
            let (day, _) = look.local(&date.starts_at, &date.timezone);
            format!("{} {}", day.format("%-d %b"), look.time(&date.starts_at, &date.timezone))
        });
        let sign = sign.chars().next().unwrap_or(' ');
        let room = usize::from(width).saturating_sub(4 + WHEN);
        return Line::from(vec![
            Span::styled(format!(" {sign} "), style),
            Span::raw(fit(&event.title, room)),
            Span::styled(format!(" {}", fit(&next, WHEN)), theme.muted),
        ]);
    }
    let room = usize::from(width).saturating_sub(65).max(12);
    Line::from(vec![
        Span::styled(format!(" {}", fit(sign, 12)), style),
        Span::raw(fit(&event.title, room)),
        Span::styled(format!(" {}", fit(&series, 7)), theme.muted),
        Span::raw(format!(" {}", fit(&next, 23))),
        Span::styled(format!(" {}", fit(&seats, 18)), theme.muted),
    ])
}
