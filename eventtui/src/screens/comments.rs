//! The comments on an event.

use eventcore::EventId;
use eventcore::comments::{Comment, CommentStatus};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::compose::ComposeMode;
use super::row;
use super::screen::{Context, Handled, LoadFrom, Screen};
use crate::backend::{ApiError, Request, Response, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::blocks;
use crate::widgets::list::{Motion, Position};
use crate::widgets::text::{clean, columns, fit, flow};

/// Rows above the comments.
const HEAD: u16 = 2;

/// The comments of one event, each followed by its replies.
#[derive(Debug)]
pub(crate) struct CommentsScreen {
    event: EventId,
    title: String,
    comments: Vec<Comment>,
    status: Status,
    pub(crate) position: Position,
    /// Lines of the selected comment above the screen.
    scrolled: usize,
}

impl CommentsScreen {
    pub(crate) fn of(event: EventId, title: &str) -> Self {
        let title = title.to_owned();
        let (status, position) = (Status::default(), Position::default());
        Self { event, title, comments: Vec::new(), status, position, scrolled: 0 }
    }

    fn selected(&self) -> Option<&Comment> {
        self.comments.get(self.position.selected)
    }

    /// Replaces the comments; the selection stays on its comment.
    fn take(&mut self, comments: Vec<Comment>) {
        let selected = self.selected().map(|comment| comment.id);
        self.comments = comments;
        let place = self.comments.iter().position(|comment| Some(comment.id) == selected);
        self.position.selected = place.unwrap_or(0);
    }

    /// Runs an action on the selected comment.
    fn run_on_selected(&self, action: Action, cx: &mut Context) -> Handled {
        let Some(comment) = self.selected() else {
            cx.notify('!', "No comment is selected");
            return Handled::Yes;
        };
        match action {
            // Replies have no replies: a reply to a reply is another reply to the same comment.
            Action::ReplyToComment => {
                let mode = ComposeMode::Reply(comment.parent_id.unwrap_or(comment.id));
                self.compose(mode, String::new(), cx);
            }
            Action::EditComment => {
                let mode = ComposeMode::EditComment(comment.id, comment.version);
                self.compose(mode, comment.body.clone().unwrap_or_default(), cx);
            }
            Action::DeleteComment => {
                let request = Request::DeleteComment(comment.id);
                cx.confirm("Delete this comment?".to_owned(), request, Purpose::Command("Deleted"));
            }
            Action::HideComment => {
                let hidden = comment.status != CommentStatus::Hidden;
                let then = if hidden { "Comment hidden" } else { "Comment visible again" };
                cx.send(Purpose::Command(then), Request::HideComment { comment: comment.id, hidden });
            }
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn compose(&self, mode: ComposeMode, original: String, cx: &mut Context) {
        cx.compose(self.event, mode, mode.label().to_owned(), original);
    }
}

impl Screen for CommentsScreen {
    fn place(&self) -> Place {
        Place::Comments
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.status)
    }

    /// Scrolls a comment that is longer than the screen, then selects another.
    fn move_selection(&mut self, motion: Motion, cx: &mut Context) -> Handled {
        let rows = cx.height().saturating_sub(usize::from(HEAD));
        let lines = self.selected().map_or(0, |comment| block(comment, &cx.view, cx.size.0).len());
        if !blocks::read(&mut self.scrolled, motion, lines, rows) {
            self.position.go(motion, self.comments.len(), rows / 4);
        }
        Handled::Yes
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        if !cx.signed_in() {
            return Handled::Yes;
        }
        match action {
            Action::PostComment => self.compose(ComposeMode::Comment, String::new(), cx),
            _ => return self.run_on_selected(action, cx),
        }
        Handled::Yes
    }

    fn load(&mut self, _from: LoadFrom, cx: &mut Context) {
        self.status.begin(cx.now);
        cx.send(Purpose::Comments(self.event), Request::Comments(self.event));
    }

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let outcome = outcome.and_then(|response| match response {
            Response::Comments(comments) => Ok(comments),
            _ => Err(unexpected_response()),
        });
        self.status.end(cx.now, outcome.as_ref().err());
        if let Ok(comments) = outcome {
            self.take(comments);
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let view = &cx.view;
        let [head, body] = Layout::vertical([Constraint::Length(HEAD), Constraint::Min(1)]).areas(area);
        let replies = self.comments.iter().filter(|comment| comment.parent_id.is_some()).count();
        let count = match (self.comments.len() - replies, replies) {
            (many, 0) => many.to_string(),
            (many, 1) => format!("{many} + 1 reply"),
            (many, _) => format!("{many} + {replies} replies"),
        };
        let room = usize::from(area.width).saturating_sub(columns(&count) + 15);
        let event = fit(&self.title, room);
        let title = format!(" Comments · {} ({count})", event.trim_end());
        frame.render_widget(Line::styled(title, view.theme.accent), head);
        if !self.comments.is_empty() {
            // Only comments that can be on the screen are laid out: each has two lines or more.
            let first = self.position.selected.saturating_sub(usize::from(body.height));
            let near = self.comments.iter().skip(first).take(2 * usize::from(body.height) + 1);
            let all = near.map(|comment| block(comment, view, body.width)).collect();
            let mark = |line| row::mark_selected(line, view);
            return blocks::draw(frame, body, all, (self.position.selected - first, self.scrolled), mark);
        }
        let line = match (&self.status.failure, self.status.is_new()) {
            (Some(failure), _) => Line::styled(format!(" {}", clean(failure)), view.theme.bad),
            (None, true) => Line::styled(" …", view.theme.muted),
            (None, false) => Line::styled(" No comments yet. c adds one", view.theme.muted),
        };
        frame.render_widget(line, body);
    }
}

/// The lines of a comment: author and time, the text, and an empty line.
fn block(comment: &Comment, view: &ViewContext, width: u16) -> Vec<Line<'static>> {
    let theme = view.theme;
    let indent = if comment.parent_id.is_some() { "   ↳ " } else { " " };
    let at = comment.created_at.in_zone(view.my_zone).naive_local().format("%-d %b %Y %H:%M");
    let mut head = vec![Span::raw(indent.to_owned())];
    match &comment.author {
        Some(author) => head.push(Span::styled(clean(&author.display_name), theme.accent)),
        None => head.push(Span::styled("deleted user", theme.muted)),
    }
    if comment.by_organizer {
        head.push(Span::styled(" · organizer", theme.good));
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
