//! What I attend, and what I wait for.

use eventcore::registrations::MyRegistration;
use eventcore::{Cursor, Page};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::row;
use crate::backend::Refusal;
use crate::look::{Look, Mark};
use crate::status::Status;
use crate::widgets::list::Position;

/// My registrations, upcoming first.
#[derive(Debug, Default)]
pub(crate) struct Mine {
    pub(crate) items: Vec<MyRegistration>,
    pub(crate) position: Position,
    pub(crate) status: Status,
    next: Option<Cursor>,
}

impl Mine {
    pub(crate) fn wanted(&mut self) -> Option<Cursor> {
        if self.status.since.is_some() || self.position.selected + 20 < self.items.len() {
            return None;
        }
        self.next.take()
    }

    pub(crate) fn selected(&self) -> Option<&MyRegistration> {
        self.items.get(self.position.selected)
    }

    pub(crate) fn take(
        &mut self,
        cursor: Option<&Cursor>,
        outcome: Result<Page<MyRegistration>, Refusal>,
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
        let lines = self.items.iter().map(|mine| match &mine.occurrence {
            Some(date) => {
                let (day, _) = look.local(&date.starts_at, &date.timezone);
                (Some(day), row::date(date, look, Some(Mark::from(&mine.registration)), area.width))
            }
            None => (None, Line::styled("   a date that is no longer for your eyes", look.theme.muted)),
        });
        row::draw_days(frame, area, lines, self.position, look);
    }
}
