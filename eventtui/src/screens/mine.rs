//! What I attend, and what I wait for.

use eventcore::registrations::MyRegistration;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::row;
use crate::look::{Look, Mark};
use crate::widgets::list::Paged;

/// My registrations, upcoming first.
pub(crate) type Mine = Paged<MyRegistration>;

pub(crate) fn draw(list: &Mine, frame: &mut Frame<'_>, area: Rect, look: &Look) {
    row::draw_days(frame, area, list, look, |mine| match &mine.occurrence {
        Some(date) => {
            let (day, _) = look.local(&date.starts_at, &date.timezone);
            (Some(day), row::date(date, look, Some(Mark::from(&mine.registration)), area.width))
        }
        None => (None, Line::styled("   a date that is no longer for your eyes", look.theme.muted)),
    });
}
