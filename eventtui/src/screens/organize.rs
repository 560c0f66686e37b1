//! What I organize.

use eventcore::events::{Event, EventStatus};
use eventcore::{Cursor, Page};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::row;
use crate::backend::Refusal;
use crate::look::Look;
use crate::status::Status;
use crate::widgets::list::Position;
use crate::widgets::text::fit;

/// My events by their next date.
#[derive(Debug, Default)]
pub(crate) struct Organize {
    pub(crate) items: Vec<Event>,
    pub(crate) position: Position,
    pub(crate) status: Status,
    next: Option<Cursor>,
}

impl Organize {
    pub(crate) fn wanted(&mut self) -> Option<Cursor> {
        if self.status.since.is_some() || self.position.selected + 20 < self.items.len() {
            return None;
        }
        self.next.take()
    }

    pub(crate) fn selected(&self) -> Option<&Event> {
        self.items.get(self.position.selected)
    }

    pub(crate) fn take(
        &mut self,
        cursor: Option<&Cursor>,
        outcome: Result<Page<Event>, Refusal>,
        now: u64,
        height: usize,
    ) {
        self.status.end(now, outcome.as_ref().err());
        let Ok(page) = outcome else { return };
        if cursor.is_none() {
            self.items.clear();
        }
        self.items.extend(page.items);
        self.next = page.next;
        self.position.settle(self.items.len(), height);
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let height = usize::from(area.height);
        let rows = self.items.iter().enumerate().skip(self.position.top).take(height);
        let lines: Vec<Line<'_>> = rows
            .map(|(i, event)| {
                let row = line(event, look, area.width);
                if i == self.position.selected { row::mark_selected(row, look) } else { row }
            })
            .collect();
        frame.render_widget(Paragraph::new(lines), area);
    }
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
