//! The inbox: the notifications of the user.

use eventcore::Cursor;
use eventcore::notifications::{Notification, NotificationKind};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::account::AccountScreen;
use super::comments::CommentsScreen;
use super::feedback::FeedbackScreen;
use super::screen::{AppCommand, Context, Handled, LoadFrom, Screen, load_list};
use super::subscriptions::SubscriptionsScreen;
use super::webhooks::WebhooksScreen;
use super::{inbox_words, occurrence_list, row};
use crate::backend::{ApiError, NotificationsRequest, Request, Response, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::reference::Reference;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::list::{Motion, PagedList, Pages};
use crate::widgets::text::{columns, fit, flow};

/// Rows above the list.
const HEAD: u16 = 2;
/// Lines of most notifications.
const LINES: usize = 2;
/// Columns before the text: the mark of the selection, the sign of an unread one, a blank.
const MARGIN: usize = 3;

/// The notifications, newest first.
#[derive(Debug, Default)]
pub(crate) struct InboxScreen {
    pub(crate) list: PagedList<Notification>,
}

impl InboxScreen {
    /// Marks the selected notification as read.
    fn read(&self, cx: &mut Context) {
        let Some(told) = self.list.selected().filter(|told| cx.inbox.is_unread(told)) else { return };
        cx.inbox.read(told.id);
        let request = Request::Notifications(NotificationsRequest::Read(told.id));
        cx.send(Purpose::ReadNotification(told.id), request);
    }

    /// Goes to what the selected notification is about.
    fn open_subject(&self, cx: &mut Context) {
        let Some(told) = self.list.selected() else { return cx.notify('!', "No notification is selected") };
        let title = inbox_words::title(told);
        match (told.kind, told.event_id, told.occurrence_id) {
            (NotificationKind::NewComment | NotificationKind::CommentReply, Some(event), _) => {
                cx.open(CommentsScreen::of(event, &title));
            }
            (NotificationKind::FeedbackReceived, Some(event), _) => {
                cx.open(FeedbackScreen::of(event, &title));
            }
            (_, _, Some(occurrence)) => {
                cx.commands.push(AppCommand::Find(Reference::Occurrence(occurrence)));
            }
            (_, Some(event), None) => cx.commands.push(AppCommand::Find(Reference::Event(event))),
            (NotificationKind::WebhookDisabled, ..) => cx.open(WebhooksScreen::default()),
            (NotificationKind::CalendarSubscription, ..) => cx.open(SubscriptionsScreen::default()),
            (kind, None, None) if kind.is_about_account() => cx.open(AccountScreen::default()),
            (_, None, None) => cx.notify('!', "This event is deleted"),
        }
    }

    fn read_all(&self, cx: &mut Context) {
        match self.list.items.first() {
            Some(_) if cx.inbox.unread() == 0 => cx.notify('!', "All are read"),
            // The list may begin below the newest ones, which then stay unread.
            Some(newest) => cx.commands.push(AppCommand::ReadAllNotifications(newest.id)),
            None => cx.notify('!', "There are no notifications"),
        }
    }

    fn toggle_mute(&self, cx: &mut Context) {
        let Some(told) = self.list.selected() else { return cx.notify('!', "No notification is selected") };
        match told.event_id {
            Some(event) => {
                let request = NotificationsRequest::ToggleMute(event);
                cx.send(Purpose::Mute(event), Request::Notifications(request));
            }
            None if told.kind.is_about_account() => {
                cx.notify('!', "Notices about your account cannot be muted")
            }
            None => cx.notify('!', "This event is deleted"),
        }
    }

    /// Keeps all of the selected notification on the screen.
    fn settle_lines(&mut self, cx: &Context) {
        let rows = list_lines(cx);
        let position = self.list.position;
        let shown = self.list.items.get(position.top..=position.selected).unwrap_or_default();
        let mut lines: Vec<usize> = shown.iter().map(|told| block(told, cx, cx.size.0).len()).collect();
        while lines.len() > 1 && lines.iter().sum::<usize>() > rows {
            lines.remove(0);
            self.list.position.top += 1;
        }
    }

    /// Takes a page. The first one may have new notifications on top: what is being read stays where it is.
    fn take(
        &mut self,
        cursor: Option<&Cursor>,
        page: Result<eventcore::Page<Notification>, ApiError>,
        cx: &Context,
    ) {
        let (first, before) = (self.list.items.first().map(|told| told.id), self.list.position);
        self.list.take(cursor, page, (cx.now, self.list_rows(cx)), |told| told.id);
        let added = first.and_then(|first| self.list.items.iter().position(|told| told.id == first));
        if let (None, Some(added @ 1..)) = (cursor, added)
            && self.list.position.selected == before.selected + added
        {
            self.list.position.top = before.top + added;
        }
        self.settle_lines(cx);
    }

    fn heading(&self, cx: &Context) -> Line<'static> {
        let theme = cx.view.theme;
        let unread = match cx.inbox.unread() {
            0 => String::new(),
            unread => format!(" · {unread} unread"),
        };
        let above = match self.list.position.top {
            0 => String::new(),
            above => format!("  ↑ {above} newer: g shows them"),
        };
        Line::from(vec![
            Span::styled(format!(" Inbox{unread}"), theme.accent),
            Span::styled(above, theme.muted),
        ])
    }
}

/// Lines of the list on the screen.
fn list_lines(cx: &Context) -> usize {
    occurrence_list::rows(cx, HEAD)
}

impl Screen for InboxScreen {
    fn place(&self) -> Place {
        Place::Inbox
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.list.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Open => {
                self.read(cx);
                self.open_subject(cx);
            }
            Action::MarkRead => self.read(cx),
            Action::MarkAllRead => self.read_all(cx),
            Action::ToggleMute => self.toggle_mute(cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn move_selection(&mut self, motion: Motion, cx: &mut Context) -> Handled {
        if self.list.go(motion, self.list_rows(cx)) {
            self.load(LoadFrom::Start, cx);
        }
        self.settle_lines(cx);
        Handled::Yes
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(&mut self.list)
    }

    fn list_rows(&self, cx: &Context) -> usize {
        list_lines(cx) / LINES
    }

    fn page(&self, cursor: Option<Cursor>, _cx: &Context) -> Option<(Purpose, Request)> {
        let request = NotificationsRequest::List { unread: false, cursor: cursor.clone() };
        Some((Purpose::Inbox(cursor), Request::Notifications(request)))
    }

    fn load(&mut self, from: LoadFrom, cx: &mut Context) {
        if cx.me.is_some() {
            load_list(self, from, cx);
        }
    }

    fn responded(&mut self, purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let Purpose::Inbox(cursor) = purpose else { return cx.notify_unexpected() };
        let page = outcome.and_then(|response| match response {
            Response::Notifications(page) => Ok(page.page),
            _ => Err(unexpected_response()),
        });
        self.take(cursor.as_ref(), page, cx);
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let [head, body] = Layout::vertical([Constraint::Length(HEAD), Constraint::Min(1)]).areas(area);
        frame.render_widget(self.heading(cx), head);
        if self.list.items.is_empty() {
            let words = "Nothing yet. What happens to your registrations and your events is told here.";
            return occurrence_list::draw_empty(frame, body, &self.list.status, cx, words);
        }
        let position = self.list.position;
        let mut lines = Vec::new();
        for (place, told) in self.list.items.iter().enumerate().skip(position.top) {
            if lines.len() >= usize::from(body.height) {
                break;
            }
            let block = block(told, cx, area.width);
            let is_selected = place == position.selected;
            let mark = |line| if is_selected { selected(line, cx, area.width) } else { line };
            lines.extend(block.into_iter().map(mark));
        }
        frame.render_widget(Paragraph::new(lines), body);
    }
}

/// Marks a line of the selected notification over the whole width.
fn selected(mut line: Line<'static>, cx: &Context, width: u16) -> Line<'static> {
    let blanks = usize::from(width).saturating_sub(line.width());
    line.push_span(" ".repeat(blanks));
    row::mark_selected(line, &cx.view)
}

/// The lines of a notification: what it is about and how old it is, then what happened.
fn block(told: &Notification, cx: &Context, width: u16) -> Vec<Line<'static>> {
    let (view, theme, width) = (&cx.view, cx.view.theme, usize::from(width));
    let is_unread = cx.inbox.is_unread(told);
    let (unread, style) = if is_unread { ('●', theme.accent) } else { (' ', theme.muted) };
    let muted = if told.event_id.is_some_and(|event| cx.inbox.is_muted(event)) { "muted · " } else { "" };
    let age = format!(" {muted}{} ", inbox_words::age(told.created_at, view));
    let room = width.saturating_sub(MARGIN + columns(&age));
    let head = Line::from(vec![
        Span::styled(format!(" {unread} "), theme.accent),
        Span::styled(fit(&inbox_words::title(told), room), style),
        Span::styled(age, theme.muted),
    ]);
    let mut lines = vec![head];
    lines.extend(told_lines(told, view, width, is_unread));
    lines
}

fn told_lines(told: &Notification, view: &ViewContext, width: usize, is_unread: bool) -> Vec<Line<'static>> {
    let theme = view.theme;
    let style = match inbox_words::sign(told.kind) {
        _ if !is_unread => theme.muted,
        '✓' => theme.good,
        '✗' => theme.bad,
        '!' | '◌' => theme.warn,
        _ => ratatui::style::Style::new(),
    };
    let sign = match inbox_words::sign(told.kind) {
        ' ' => String::new(),
        sign => format!("{sign} "),
    };
    let text = format!("{}{sign}{}", " ".repeat(MARGIN), inbox_words::sentence(told, view));
    flow(Line::styled(text, style), width)
}
