//! What people say about an event.

use eventcore::comments::{Comment, CommentStatus};
use eventcore::{CommentId, EventId, FeedbackId, OccurrenceId};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::row;
use crate::keys::Action;
use crate::look::Look;
use crate::status::Status;
use crate::widgets::blocks;
use crate::widgets::list::Position;
use crate::widgets::text::{clean, columns, fit, flow};

/// Rows above the comments.
const HEAD: u16 = 2;

/// The comments of one event: each with its replies below it.
#[derive(Debug)]
pub(crate) struct Comments {
    pub(crate) event: EventId,
    title: String,
    pub(crate) said: Vec<Comment>,
    pub(crate) status: Status,
    pub(crate) position: Position,
    /// Lines of the selected one that stand above the screen.
    scrolled: usize,
}

/// What someone is about to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Saying {
    /// Something new.
    New,
    /// In reply to a comment.
    Reply(CommentId),
    /// Anew what they said before, in the version that they saw.
    Again(CommentId, i64),
    /// As an organizer, to feedback.
    Answer(FeedbackId),
    /// How a date was: stars first, and words behind them.
    Rating(OccurrenceId),
    /// Who comes to a date, for its organizers: a name first, and how many behind it.
    Enlist(OccurrenceId),
}

impl Saying {
    /// Whether it is about the same thing, in whichever version of it.
    pub(crate) fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Again(one, _), Self::Again(another, _)) => one == another,
            _ => self == other,
        }
    }
}

impl Comments {
    pub(crate) fn of(event: EventId, title: &str) -> Self {
        let title = title.to_owned();
        let (status, position) = (Status::default(), Position::default());
        Self { event, title, said: Vec::new(), status, position, scrolled: 0 }
    }

    pub(crate) fn selected(&self) -> Option<&Comment> {
        self.said.get(self.position.selected)
    }

    /// Moves in a comment that is longer than the screen, else to another.
    pub(crate) fn go(&mut self, action: Action, look: &Look, (width, rows): (u16, usize)) {
        let rows = rows.saturating_sub(usize::from(HEAD));
        let lines = self.selected().map_or(0, |comment| block(comment, look, width).len());
        if !blocks::read(&mut self.scrolled, action, lines, rows) {
            self.position.go(action, self.said.len(), rows / 4);
        }
    }

    /// Takes what was said, and stays at the comment that is selected.
    pub(crate) fn take(&mut self, said: Vec<Comment>) {
        let known = self.selected().map(|comment| comment.id);
        self.said = said;
        let place = known.and_then(|known| self.said.iter().position(|comment| comment.id == known));
        self.position.selected = place.unwrap_or(0);
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let [head, body] = Layout::vertical([Constraint::Length(HEAD), Constraint::Min(1)]).areas(area);
        let replies = self.said.iter().filter(|comment| comment.parent_id.is_some()).count();
        let count = match (self.said.len() - replies, replies) {
            (many, 0) => many.to_string(),
            (many, 1) => format!("{many} + 1 reply"),
            (many, _) => format!("{many} + {replies} replies"),
        };
        let room = usize::from(area.width).saturating_sub(columns(&count) + 15);
        let event = fit(&self.title, room);
        let title = format!(" Comments · {} ({count})", event.trim_end());
        frame.render_widget(Line::styled(title, look.theme.accent), head);
        if !self.said.is_empty() {
            // Of a long conversation only what can be on the screen is made into lines: each has two at least.
            let first = self.position.selected.saturating_sub(usize::from(body.height));
            let near = self.said.iter().skip(first).take(2 * usize::from(body.height) + 1);
            let all = near.map(|comment| block(comment, look, body.width)).collect();
            let mark = |line| row::mark_selected(line, look);
            return blocks::draw(frame, body, all, (self.position.selected - first, self.scrolled), mark);
        }
        let line = match (&self.status.failure, self.status.is_new()) {
            (Some(failure), _) => Line::styled(format!(" {}", clean(failure)), look.theme.bad),
            (None, true) => Line::styled(" …", look.theme.muted),
            (None, false) => Line::styled(" Nobody has said anything yet. c does", look.theme.muted),
        };
        frame.render_widget(line, body);
    }
}

/// A comment: who said it and when, and what, below.
fn block(comment: &Comment, look: &Look, width: u16) -> Vec<Line<'static>> {
    let theme = look.theme;
    let indent = if comment.parent_id.is_some() { "   ↳ " } else { " " };
    let at = comment.created_at.in_zone(look.mine).naive_local().format("%-d %b %Y %H:%M");
    let mut head = vec![Span::raw(indent.to_owned())];
    match &comment.author {
        Some(author) => head.push(Span::styled(clean(&author.display_name), theme.accent)),
        None => head.push(Span::styled("somebody", theme.muted)),
    }
    if comment.by_organizer {
        head.push(Span::styled(" organizes it", theme.good));
    }
    let edited = if comment.edited_at.is_some() { " · edited" } else { "" };
    let hidden = if comment.status == CommentStatus::Hidden { " · hidden" } else { "" };
    head.push(Span::styled(format!(" · {at}{edited}{hidden}"), theme.muted));
    let mut lines = flow(Line::from(head), usize::from(width));
    let margin = " ".repeat(indent.chars().count() + 1);
    match (&comment.body, comment.status) {
        (Some(body), _) => {
            let room = usize::from(width).saturating_sub(margin.len() + 1).max(10);
            let written = crate::markdown::lines(body, theme).into_iter();
            lines.extend(written.flat_map(|line| flow(line, room)).map(|mut line| {
                line.spans.insert(0, Span::raw(margin.clone()));
                line
            }));
        }
        (None, CommentStatus::Hidden) => {
            lines.push(Line::styled(format!("{margin}(hidden by an organizer)"), theme.muted));
        }
        (None, _) => lines.push(Line::styled(format!("{margin}(deleted)"), theme.muted)),
    }
    lines.push(Line::raw(""));
    lines
}
