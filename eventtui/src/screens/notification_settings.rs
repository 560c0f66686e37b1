//! What the user is told: in the app and by e-mail, for each kind of notification; and the reminders.

use eventcore::accounts::User;
use eventcore::notifications::{KindPreference, NotificationKind, NotificationPreferences};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::reminders::ReminderScreen;
use super::row;
use super::screen::{Context, Handled, LoadFrom, Screen};
use crate::backend::{ApiError, NotificationsRequest, Request, Response, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::natural_dates::write_lead_times;
use crate::status::Status;
use crate::widgets::list::{Motion, Position};
use crate::widgets::text::{clean, fit, flow};

/// Rows above the list.
const HEAD: u16 = 2;
/// Columns of a channel.
const CHANNEL: usize = 12;
/// Columns of a kind, at most.
const KIND: usize = 44;

/// A channel of notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Channel {
    App,
    Mail,
}

/// All kinds with their channels.
#[derive(Debug, Default)]
pub(crate) struct NotificationSettingsScreen {
    preferences: Option<Box<NotificationPreferences>>,
    status: Status,
    pub(crate) position: Position,
}

impl NotificationSettingsScreen {
    /// The kinds with the changes that are being saved.
    fn kinds<'a>(&'a self, cx: &'a Context) -> &'a [KindPreference] {
        let loaded = self.preferences.as_ref().map_or(&[][..], |preferences| &preferences.kinds);
        cx.channels.wanted().unwrap_or(loaded)
    }

    fn toggle(&self, channel: Channel, cx: &mut Context) {
        let mut kinds = self.kinds(cx).to_vec();
        let Some(kind) = kinds.get_mut(self.position.selected) else {
            return cx.notify('!', "Nothing is loaded yet");
        };
        if kind.kind.is_about_account() {
            return cx.notify('!', "Notices about your account cannot be turned off");
        }
        match channel {
            Channel::App => kind.in_app = !kind.in_app,
            Channel::Mail => kind.email = !kind.email,
        }
        if let Some(kinds) = cx.channels.change(kinds) {
            cx.send(Purpose::SaveChannels, Request::Notifications(NotificationsRequest::SetKinds(kinds)));
        }
    }

    fn edit_reminders(&self, cx: &mut Context) {
        match &self.preferences {
            Some(preferences) => cx.open(ReminderScreen::of_account(preferences.reminders.as_slice())),
            None => cx.notify('!', "Nothing is loaded yet"),
        }
    }

    /// The reminders, and what becomes of mails, below the list.
    fn foot(&self, cx: &Context, width: u16) -> Vec<Line<'static>> {
        let theme = cx.view.theme;
        let mut lines = vec![Line::raw("")];
        if let Some(preferences) = &self.preferences {
            let reminders = match write_lead_times(preferences.reminders.as_slice()) {
                none if none == "none" => "no reminders".to_owned(),
                leads => format!("{leads} before the start"),
            };
            lines.push(Line::from(vec![
                Span::raw(format!(" Reminders  {reminders}")),
                Span::styled("  (r changes them)", theme.muted),
            ]));
        }
        if let Some(me) = &cx.me {
            let (words, is_fine) = mail_words(me);
            lines.push(Line::styled(format!(" {words}"), if is_fine { theme.muted } else { theme.warn }));
        }
        lines.into_iter().flat_map(|line| flow(line, usize::from(width))).collect()
    }

    fn rows(&self, cx: &Context) -> usize {
        let foot = self.foot(cx, cx.size.0).len();
        (cx.height() + 1).saturating_sub(usize::from(HEAD) + foot).max(3)
    }
}

/// Whether mails reach the user, and why not.
fn mail_words(me: &User) -> (String, bool) {
    let Some(address) = me.email.as_deref().map(clean) else {
        return ("! You have no e-mail address: nothing is mailed".to_owned(), false);
    };
    if me.email_bouncing {
        let words = format!("✗ {address} refuses mail: nothing is mailed until you change it (A, then e)");
        return (words, false);
    }
    if !me.email_verified {
        let words =
            format!("! {address} is not verified: nothing is mailed until you follow the link sent to it");
        return (words, false);
    }
    (format!("E-mail goes to {address}"), true)
}

const fn kind_words(kind: NotificationKind) -> &'static str {
    match kind {
        NotificationKind::RegistrationConfirmed => "My registration is confirmed",
        NotificationKind::RegistrationWaitlisted => "I am on the waitlist",
        NotificationKind::RegistrationPromoted => "I moved up from the waitlist",
        NotificationKind::RegistrationCancelled => "An organizer cancelled my registration",
        NotificationKind::EventChanged => "Time or place changed",
        NotificationKind::EventCancelled => "An event is cancelled",
        NotificationKind::Reminder => "Reminders before the start",
        NotificationKind::NewComment => "Comments on my events",
        NotificationKind::CommentReply => "Replies to my comments",
        NotificationKind::FeedbackReceived => "Feedback on my events",
        NotificationKind::PasswordChanged => "My password changed",
        NotificationKind::NewSignIn => "A sign-in from a new client",
        NotificationKind::WebhookDisabled => "A webhook of mine was disabled",
        NotificationKind::CalendarSubscription => "A calendar that I follow",
    }
}

impl Screen for NotificationSettingsScreen {
    fn place(&self) -> Place {
        Place::NotificationSettings
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.status)
    }

    fn move_selection(&mut self, motion: Motion, cx: &mut Context) -> Handled {
        self.position.go(motion, self.kinds(cx).len(), self.rows(cx));
        Handled::Yes
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::ToggleInApp => self.toggle(Channel::App, cx),
            Action::ToggleMail => self.toggle(Channel::Mail, cx),
            Action::EditReminders => self.edit_reminders(cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn load(&mut self, _from: LoadFrom, cx: &mut Context) {
        self.status.begin(cx.now);
        let request = Request::Notifications(NotificationsRequest::Preferences);
        cx.send(Purpose::NotificationPreferences, request);
    }

    fn responded(&mut self, purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let outcome = outcome.and_then(|response| match response {
            Response::NotificationPreferences { preferences, user } => Ok((preferences, user)),
            _ => Err(unexpected_response()),
        });
        if purpose == Purpose::NotificationPreferences {
            self.status.end(cx.now, outcome.as_ref().err());
        }
        if let Ok((preferences, user)) = outcome {
            self.preferences = Some(preferences);
            // Whether the address is verified may have changed elsewhere.
            cx.me = user.or(cx.me.take());
        }
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let theme = cx.view.theme;
        let foot = self.foot(cx, area.width);
        let kinds = self.kinds(cx);
        let room = usize::from(area.width).saturating_sub(2 + 2 * CHANNEL).min(KIND);
        let rows = u16::try_from(kinds.len().min(self.rows(cx))).unwrap_or(u16::MAX);
        let [head, body, below] =
            Layout::vertical([Constraint::Length(HEAD), Constraint::Length(rows.max(1)), Constraint::Min(0)])
                .areas(area);
        let mail_fails = cx.me.as_ref().is_some_and(|me| !mail_words(me).1);
        let mail = if mail_fails { "e-mail !" } else { "e-mail" };
        frame.render_widget(
            Line::from(vec![
                Span::styled(format!(" {}", fit("What I am told", room)), theme.accent),
                Span::styled(format!("{}{}", fit("in the app", CHANNEL), fit(mail, CHANNEL)), theme.muted),
            ]),
            head,
        );
        if kinds.is_empty() {
            let line = match &self.status.failure {
                Some(why) => {
                    Line::styled(format!(" Could not load: {}. R tries again.", clean(why)), theme.bad)
                }
                None => Line::styled(" …", theme.muted),
            };
            let lines = flow(line, usize::from(area.width));
            return frame.render_widget(Paragraph::new(lines), body.union(below));
        }
        row::draw_plain(frame, body, (kinds.iter(), self.position), &cx.view, |kind| {
            let channel = |on: bool| match (kind.kind.is_about_account(), on) {
                (true, _) => Span::styled(fit("always", CHANNEL), theme.muted),
                (false, true) => Span::styled(fit("[x]", CHANNEL), theme.good),
                (false, false) => Span::styled(fit("[ ]", CHANNEL), theme.muted),
            };
            Line::from(vec![
                Span::raw(format!(" {} ", fit(kind_words(kind.kind), room.saturating_sub(1)))),
                channel(kind.in_app),
                channel(kind.email),
            ])
        });
        frame.render_widget(Paragraph::new(foot), below);
    }
}
