//! The co-organizers of an event: they may change it, as its organizer may.

use eventcore::accounts::PublicProfile;
use eventcore::events::Event;
use eventcore::{Cursor, EventId, Page};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::compose::ComposeMode;
use super::row;
use super::screen::{Context, Handled, Screen};
use crate::backend::{ApiError, CoOrganizersRequest, Request, Response, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::widgets::list::{PagedList, Pages};
use crate::widgets::text::{clean, fit, flow};

/// Rows above the list.
const HEAD: u16 = 2;

/// The co-organizers of one event, in the order in which they were added.
#[derive(Debug)]
pub(crate) struct CoOrganizersScreen {
    event: EventId,
    title: String,
    organizer: String,
    pub(crate) list: PagedList<PublicProfile>,
}

impl CoOrganizersScreen {
    pub(crate) fn of(event: &Event) -> Self {
        let organizer = event.organizer.display_name.clone();
        Self { event: event.id, title: event.title.clone(), organizer, list: PagedList::default() }
    }

    /// Removes the selected one, after a question.
    fn remove(&self, cx: &mut Context) {
        let Some(profile) = self.list.selected() else { return cx.notify('!', "Nobody is selected") };
        let text = if is_me(profile, cx) {
            "Leave as co-organizer? You can no longer change the event".to_owned()
        } else {
            format!("Remove {} as co-organizer?", named(profile))
        };
        let request = Request::CoOrganizers(self.event, CoOrganizersRequest::Remove(profile.id));
        cx.confirm(text, request, Purpose::RemoveCoOrganizer(profile.id));
    }
}

impl Screen for CoOrganizersScreen {
    fn place(&self) -> Place {
        Place::CoOrganizers
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.list.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::AddCoOrganizer => {
                let mode = ComposeMode::AddCoOrganizer;
                cx.compose(self.event, mode, mode.label().to_owned(), String::new());
            }
            Action::RemoveCoOrganizer => self.remove(cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(&mut self.list)
    }

    fn list_rows(&self, cx: &Context) -> usize {
        cx.height().saturating_sub(usize::from(HEAD))
    }

    fn page(&self, _cursor: Option<Cursor>, _cx: &Context) -> Option<(Purpose, Request)> {
        let request = Request::CoOrganizers(self.event, CoOrganizersRequest::List);
        Some((Purpose::CoOrganizers(self.event), request))
    }

    fn responded(&mut self, purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        if let Purpose::RemoveCoOrganizer(user) = purpose {
            if let Err(error) = outcome {
                return cx.notify_error(&error);
            }
            cx.notify('✓', "Co-organizer removed");
            // Who has left may not see the list any more.
            if cx.me.as_ref().is_some_and(|me| me.id == user) {
                cx.close();
            }
            return cx.refresh();
        }
        let page = outcome.and_then(|response| match response {
            Response::CoOrganizers(profiles) => Ok(Page::whole(profiles)),
            _ => Err(unexpected_response()),
        });
        self.list.take(None, page, (cx.now, self.list_rows(cx)), |profile| profile.id);
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let (view, theme) = (&cx.view, cx.view.theme);
        let [head, body] = Layout::vertical([Constraint::Length(HEAD), Constraint::Min(1)]).areas(area);
        let by = format!("  organized by {}", clean(&self.organizer));
        let room = usize::from(area.width).saturating_sub(19);
        let title = fit(&self.title, room);
        let title = Line::from(vec![
            Span::styled(format!(" Co-organizers · {}", title.trim_end()), theme.accent),
            Span::styled(by, theme.muted),
        ]);
        frame.render_widget(title, head);
        let line = match (&self.list.status.failure, self.list.status.is_new()) {
            _ if !self.list.items.is_empty() => {
                let items = (self.list.items.iter(), self.list.position);
                return row::draw_plain(frame, body, items, view, |profile| {
                    let you = if is_me(profile, cx) { "  you" } else { "" };
                    Line::from(vec![Span::raw(format!(" {}", named(profile))), Span::styled(you, theme.good)])
                });
            }
            (Some(failure), _) => Line::styled(format!(" {}", clean(failure)), theme.bad),
            (None, true) => Line::styled(" …", theme.muted),
            (None, false) => Line::styled(
                " None yet. n adds one by username: they may change the event and check people in",
                theme.muted,
            ),
        };
        frame.render_widget(Paragraph::new(flow(line, usize::from(body.width))), body);
    }
}

/// `Bob (bob)`.
fn named(profile: &PublicProfile) -> String {
    format!("{} ({})", clean(&profile.display_name), clean(&profile.username))
}

fn is_me(profile: &PublicProfile, cx: &Context) -> bool {
    cx.me.as_ref().is_some_and(|me| me.id == profile.id)
}
