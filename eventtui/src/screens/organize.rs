//! What I organize.

use eventcore::events::{Event, EventStatus};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::row;
use crate::look::Look;
use crate::widgets::list::Paged;
use crate::widgets::text::fit;

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
    let room = usize::from(width).saturating_sub(64).max(12);
    Line::from(vec![
        Span::styled(format!(" {}", fit(sign, 12)), style),
        Span::raw(fit(&event.title, room)),
        Span::styled(format!(" {}", fit(&series, 7)), theme.muted),
        Span::raw(format!(" {}", fit(&next, 22))),
        Span::styled(format!(" {}", fit(&seats, 18)), theme.muted),
    ])
}
