//! A list with a title above, and with what is known of the selected item below.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::row;
use crate::view_context::ViewContext;
use crate::widgets::list::PagedList;
use crate::widgets::text::{clean, flow};

/// Rows above the list.
pub(super) const HEAD: u16 = 2;

/// What stands around a list.
pub(super) struct ListFrame<'a> {
    pub(super) title: String,
    pub(super) subtitle: &'a str,
    /// Shown instead of a list without items.
    pub(super) empty: &'a str,
    /// Rows below the list.
    pub(super) foot: u16,
}

impl ListFrame<'_> {
    /// Draws the list by the row and the details of an item, each in the given number of columns.
    pub(super) fn draw<T>(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        (list, view): (&PagedList<T>, &ViewContext),
        line: impl Fn(&T, u16) -> Line<'static>,
        details: impl Fn(&T, u16) -> Vec<Line<'static>>,
    ) {
        let theme = view.theme;
        let rows = [Constraint::Length(HEAD), Constraint::Min(1), Constraint::Length(self.foot)];
        let [head, body, foot] = Layout::vertical(rows).areas(area);
        let title = Line::from(vec![
            Span::styled(format!(" {}", self.title), theme.accent),
            Span::styled(format!("  {}", self.subtitle), theme.muted),
        ]);
        frame.render_widget(title, head);
        let instead = match (&list.status.failure, list.status.is_new()) {
            _ if !list.items.is_empty() => {
                let items = (list.items.iter(), list.position);
                row::draw_plain(frame, body, items, view, |item| line(item, body.width));
                let below = list.selected().map(|item| details(item, foot.width));
                return frame.render_widget(Paragraph::new(below.unwrap_or_default()), foot);
            }
            (Some(failure), _) => Line::styled(format!(" {}", clean(failure)), theme.bad),
            (None, true) => Line::styled(" …", theme.muted),
            (None, false) => Line::styled(format!(" {}", self.empty), theme.muted),
        };
        frame.render_widget(Paragraph::new(flow(instead, usize::from(body.width))), body);
    }
}
