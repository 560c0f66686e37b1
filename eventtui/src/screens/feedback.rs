//! What people gave an event and wrote of it, and what its organizers answer.

use eventcore::feedback::{Feedback, FeedbackSummary};
use eventcore::{Cursor, EventId};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{ratings, row};
use crate::backend::{Answer, Refusal, nonsense};
use crate::keys::Action;
use crate::look::Look;
use crate::widgets::blocks;
use crate::widgets::list::{Paged, Pages};
use crate::widgets::text::{clean, flow};

/// Rows above the feedback.
const HEAD: u16 = 2;

/// The feedback on one event, the newest first.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) event: EventId,
    title: String,
    pub(crate) list: Paged<Feedback>,
    summary: Option<FeedbackSummary>,
    /// Lines of the selected one that stand above the screen.
    scrolled: usize,
}

impl Heard {
    pub(crate) fn of(event: EventId, title: &str) -> Self {
        Self { event, title: title.to_owned(), list: Paged::default(), summary: None, scrolled: 0 }
    }

    pub(crate) fn take(
        &mut self,
        cursor: Option<&Cursor>,
        outcome: Result<Answer, Refusal>,
        here: (u64, usize),
    ) {
        let outcome = outcome.and_then(|answer| match answer {
            Answer::Feedback(feedback) => {
                self.summary = Some(feedback.summary);
                Ok(feedback.page)
            }
            _ => Err(nonsense()),
        });
        self.list.take(cursor, outcome, here, |said| said.id);
    }

    /// Moves in feedback that is longer than the screen, else to other; answers whether the list is to be loaded from its start for that.
    pub(crate) fn go(&mut self, action: Action, look: &Look, (width, rows): (u16, usize)) -> bool {
        let rows = rows.saturating_sub(usize::from(HEAD));
        let lines = self.list.selected().map_or(0, |said| block(said, look, width).len());
        !blocks::read(&mut self.scrolled, action, lines, rows) && self.list.go(action, rows / 4)
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let theme = look.theme;
        let [head, body] = Layout::vertical([Constraint::Length(HEAD), Constraint::Min(1)]).areas(area);
        let rated = self.summary.as_ref().filter(|summary| summary.count > 0);
        let rated = rated.map(|summary| format!("  {} by {}", ratings::stars(summary), summary.count));
        let title = Line::from(vec![
            Span::styled(format!(" Feedback · {}", clean(&self.title)), theme.accent),
            Span::raw(rated.unwrap_or_default()),
        ]);
        frame.render_widget(title, head);
        let line = match (&self.list.status.failure, self.list.status.is_new()) {
            _ if !self.list.items.is_empty() => {
                let all = self.list.items.iter().map(|said| block(said, look, body.width)).collect();
                let mark = |line| row::mark_selected(line, look);
                let place = (self.list.position.selected, self.scrolled);
                return blocks::draw(frame, body, all, place, mark);
            }
            (Some(failure), _) => Line::styled(format!(" {}", clean(failure)), theme.bad),
            (None, true) => Line::styled(" …", theme.muted),
            (None, false) => Line::styled(
                " Nobody has said how it was yet. Who was there does so with *, once it is over",
                theme.muted,
            ),
        };
        frame.render_widget(Paragraph::new(flow(line, usize::from(body.width))), body);
    }
}

/// What one gave and wrote, with the answer, and an empty line below.
fn block(said: &Feedback, look: &Look, width: u16) -> Vec<Line<'static>> {
    let mut lines = ratings::words(said, false, look, width);
    lines.push(Line::raw(""));
    lines
}
