//! The ratings and reviews of an event, with the answers of its organizers.

use eventcore::feedback::{Feedback, FeedbackSummary};
use eventcore::{Cursor, EventId};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::compose::ComposeMode;
use super::screen::{Context, Handled, LoadFrom, Screen};
use super::{ratings, row};
use crate::backend::{ApiError, Request, Response, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::blocks;
use crate::widgets::list::{Motion, PagedList, Pages};
use crate::widgets::text::{clean, columns, fit, flow};

/// Rows above the feedback.
const HEAD: u16 = 2;

/// The feedback on one event, the newest first.
#[derive(Debug)]
pub(crate) struct FeedbackScreen {
    event: EventId,
    title: String,
    pub(crate) list: PagedList<Feedback>,
    summary: Option<FeedbackSummary>,
    /// Lines of the selected item above the screen.
    scrolled: usize,
}

impl FeedbackScreen {
    pub(crate) fn of(event: EventId, title: &str) -> Self {
        Self { event, title: title.to_owned(), list: PagedList::default(), summary: None, scrolled: 0 }
    }

    /// Answers the selected feedback as an organizer. The library decides whether the user is one.
    fn answer(&self, cx: &mut Context) {
        let Some(feedback) = self.list.selected() else { return cx.notify('!', "Nothing is selected") };
        let mode = ComposeMode::AnswerFeedback(feedback.id);
        let before = feedback.answer.clone().unwrap_or_default();
        cx.compose(self.event, mode, mode.label().to_owned(), before);
    }

    fn delete_answer(&self, cx: &mut Context) {
        match self.list.selected() {
            Some(feedback) if feedback.answer.is_some() => {
                let request = Request::AnswerFeedback { feedback: feedback.id, text: None };
                let then = Purpose::Command("Answer deleted");
                cx.confirm("Delete the answer?".to_owned(), request, then);
            }
            Some(_) => cx.notify('!', "It has no answer"),
            None => cx.notify('!', "Nothing is selected"),
        }
    }
}

impl Screen for FeedbackScreen {
    fn place(&self) -> Place {
        Place::Feedback
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.list.status)
    }

    /// Scrolls feedback that is longer than the screen, then selects another item.
    fn move_selection(&mut self, motion: Motion, cx: &mut Context) -> Handled {
        let rows = cx.height().saturating_sub(usize::from(HEAD));
        let lines = self.list.selected().map_or(0, |feedback| block(feedback, &cx.view, cx.size.0).len());
        if !blocks::read(&mut self.scrolled, motion, lines, rows) && self.list.go(motion, rows / 4) {
            self.load(LoadFrom::Start, cx);
        }
        Handled::Yes
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::AnswerFeedback => {
                if cx.signed_in() {
                    self.answer(cx);
                }
            }
            Action::DeleteAnswer => {
                if cx.signed_in() {
                    self.delete_answer(cx);
                }
            }
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(&mut self.list)
    }

    fn page(&self, cursor: Option<Cursor>, _cx: &Context) -> Option<(Purpose, Request)> {
        let event = self.event;
        Some((Purpose::Feedback(event, cursor.clone()), Request::Feedback { event, cursor }))
    }

    fn responded(&mut self, purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let Purpose::Feedback(_, cursor) = purpose else { return cx.notify_unexpected() };
        let page = outcome.and_then(|response| match response {
            Response::Feedback(feedback) => {
                self.summary = Some(feedback.summary);
                Ok(feedback.page)
            }
            _ => Err(unexpected_response()),
        });
        self.list.take(cursor.as_ref(), page, (cx.now, cx.height()), |feedback| feedback.id);
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let view = &cx.view;
        let theme = view.theme;
        let [head, body] = Layout::vertical([Constraint::Length(HEAD), Constraint::Min(1)]).areas(area);
        let rated = self.summary.as_ref().filter(|summary| summary.count > 0);
        let rated = rated.map(|summary| format!("  {}", ratings::average(summary))).unwrap_or_default();
        // The title is cut to leave room for the ratings.
        let room = usize::from(area.width).saturating_sub(columns(" Feedback · ") + columns(&rated));
        let event = clean(&self.title);
        let event = if columns(&event) > room { fit(&event, room) } else { event };
        let title =
            Line::from(vec![Span::styled(format!(" Feedback · {event}"), theme.accent), Span::raw(rated)]);
        frame.render_widget(title, head);
        let line = match (&self.list.status.failure, self.list.status.is_new()) {
            _ if !self.list.items.is_empty() => {
                let all = self.list.items.iter().map(|feedback| block(feedback, view, body.width)).collect();
                let mark = |line| row::mark_selected(line, view);
                let place = (self.list.position.selected, self.scrolled);
                return blocks::draw(frame, body, all, place, mark);
            }
            (Some(failure), _) => Line::styled(format!(" {}", clean(failure)), theme.bad),
            (None, true) => Line::styled(" …", theme.muted),
            (None, false) => {
                Line::styled(" No ratings yet. Attendees can rate with * after the event", theme.muted)
            }
        };
        frame.render_widget(Paragraph::new(flow(line, usize::from(body.width))), body);
    }
}

/// The lines of an item, and an empty line.
fn block(feedback: &Feedback, view: &ViewContext, width: u16) -> Vec<Line<'static>> {
    let mut lines = ratings::review(feedback, false, view, width);
    lines.push(Line::raw(""));
    lines
}
