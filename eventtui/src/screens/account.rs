//! The user's account: profile, preferences and sessions.

use eventcore::accounts::Session;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::row;
use super::screen::{Context, Handled, LoadFrom, Screen};
use super::settings::SettingsScreen;
use crate::backend::{ApiError, Request, Response, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::list::{Motion, Position};
use crate::widgets::text::{clean, fit, flow, wrapped};

/// Columns below which the profile is shortened, without labels.
const NARROW: u16 = 60;
/// Rows that profile and preferences leave to the sessions and their heading.
const SESSIONS: usize = 4;
/// Columns of a label.
const NAME: usize = 13;

/// The user's account. Only the sessions are loaded; the rest is in the [`Context`].
#[derive(Debug, Default)]
pub(crate) struct AccountScreen {
    sessions: Vec<Session>,
    status: Status,
    pub(crate) position: Position,
}

impl AccountScreen {
    fn selected(&self) -> Option<&Session> {
        self.sessions.get(self.position.selected)
    }

    /// Rows of the area of the screen.
    fn area_rows(cx: &Context) -> usize {
        cx.height() + 1
    }

    /// Rows of the list of sessions.
    fn rows(&self, cx: &Context) -> usize {
        let rows = Self::area_rows(cx);
        rows.saturating_sub(self.head(cx, (cx.size.0, rows)).len())
    }

    /// Ends the selected session, after a question.
    fn end_session(&self, cx: &mut Context) {
        let Some(session) = self.selected() else { return cx.notify('!', "No session is selected") };
        if session.current {
            let text = "End this session? You will be signed out".to_owned();
            return cx.confirm(text, Request::SignOut, Purpose::Command("Signed out"));
        }
        let (device, used) = (fit(&device(session), 30), last_used(session, &cx.view));
        let text = format!("End the session of {}, last used {used}?", device.trim_end());
        cx.confirm(text, Request::EndSession(session.id), Purpose::Command("Session ended"));
    }

    /// Profile and preferences above the sessions, in an area of this size.
    fn head(&self, cx: &Context, (width, rows): (u16, usize)) -> Vec<Line<'static>> {
        let (view, config) = (&cx.view, &cx.config);
        let Some(me) = &cx.me else { return Vec::new() };
        let theme = view.theme;
        let room = usize::from(width);
        let name = format!(" {} ({})", clean(&me.display_name), clean(&me.username));
        let verified = if me.email_verified { "" } else { " (not verified)" };
        let replies = if me.takes_replies { ", for replies of attendees too" } else { "" };
        let email = format!("{}{verified}{replies}", clean(me.email.as_deref().unwrap_or_default()));
        let zone = clean(&me.timezone);
        let start = config.start.as_ref().map_or_else(|| "./events.db".to_owned(), ToString::to_string);
        let start = clean(&start);
        let sessions = match self.sessions.len() {
            0 => " Sessions".to_owned(),
            many => format!(" Sessions ({many})"),
        };
        let sessions = Line::styled(sessions, theme.accent);
        if width < NARROW {
            let whose = if config.in_my_zone { "times in mine" } else { "each event's own time" };
            let since = format!(" · {} since {}", me.role, on(me.created_at, view, "%-d %b %Y"));
            let lines = [
                Line::from(vec![Span::styled(name, theme.accent), Span::styled(since, theme.muted)]),
                Line::raw(format!(" {email}")),
                Line::raw(format!(" Time zone {zone}")),
                Line::raw(format!(" Theme {}, {whose}", theme.name)),
                Line::raw(format!(" Starts with {start}")),
            ];
            let mut lines: Vec<_> = lines.into_iter().flat_map(|line| flow(line, room)).collect();
            lines.truncate(rows.saturating_sub(SESSIONS));
            lines.push(sessions);
            return lines;
        }
        let line = |name: &'static str, words: String| {
            let words = wrapped(&words, room.saturating_sub(NAME + 1)).into_iter().enumerate();
            words.map(move |(n, words)| {
                let name = if n == 0 { name } else { "" };
                let name = format!(" {}", fit(name, NAME - 1));
                Line::from(vec![Span::styled(name, theme.muted), Span::raw(words)])
            })
        };
        let whose = if config.in_my_zone { view.my_zone.name() } else { "each event's own zone" };
        let mut lines = flow(Line::styled(name, theme.accent), room);
        lines.extend(line("E-mail", email));
        lines.extend(line("Time zone", zone));
        lines.extend(line("Role", format!("{}, since {}", me.role, on(me.created_at, view, "%-d %B %Y"))));
        lines.push(Line::raw(""));
        lines.extend(line("Preferences", format!("theme {}, times in {whose}", theme.name)));
        lines.extend(line("", format!("starts with {start} (, changes them)")));
        lines.push(Line::raw(""));
        lines.truncate(rows.saturating_sub(SESSIONS));
        lines.push(sessions);
        lines
    }
}

impl Screen for AccountScreen {
    fn place(&self) -> Place {
        Place::Account
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.status)
    }

    fn move_selection(&mut self, motion: Motion, cx: &mut Context) -> Handled {
        let rows = self.rows(cx);
        self.position.go(motion, self.sessions.len(), rows);
        Handled::Yes
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::SignOut => {
                cx.close();
                cx.send(Purpose::CurrentUser, Request::SignOut);
            }
            Action::EditProfile => {
                if let Some(me) = &cx.me {
                    cx.open(SettingsScreen::profile(me));
                }
            }
            Action::ChangePassword => cx.open(SettingsScreen::password()),
            Action::EndSession => self.end_session(cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn load(&mut self, _from: LoadFrom, cx: &mut Context) {
        self.status.begin(cx.now);
        cx.send(Purpose::Account, Request::Account);
    }

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let outcome = outcome.and_then(|response| match response {
            Response::Account { user, sessions } => Ok((user, sessions)),
            _ => Err(unexpected_response()),
        });
        self.status.end(cx.now, outcome.as_ref().err());
        if let Ok((user, sessions)) = outcome {
            let selected = self.selected().map(|session| session.id);
            let place = sessions.iter().position(|session| Some(session.id) == selected);
            self.position.selected = place.unwrap_or(self.position.selected);
            self.sessions = sessions;
            cx.me = Some(user);
            let rows = self.rows(cx);
            self.position.settle(self.sessions.len(), rows);
        }
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let view = &cx.view;
        let theme = view.theme;
        let lines = self.head(cx, (area.width, usize::from(area.height)));
        let above = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let [head, list] = Layout::vertical([Constraint::Length(above), Constraint::Min(1)]).areas(area);
        frame.render_widget(Paragraph::new(lines), head);
        if cx.me.is_none() {
            return;
        }
        if self.sessions.is_empty() {
            let (words, style) = match (&self.status.failure, self.status.is_new()) {
                (Some(failure), _) => (format!(" {}", clean(failure)), theme.bad),
                (None, true) => (" …".to_owned(), theme.muted),
                (None, false) => {
                    (" None: the database is opened without signing in.".to_owned(), theme.muted)
                }
            };
            let words = Paragraph::new(Line::styled(words, style)).wrap(Wrap { trim: false });
            return frame.render_widget(words, list);
        }
        let rows = self.sessions.iter().enumerate().skip(self.position.top).take(usize::from(list.height));
        let lines = rows.map(|(place, session)| {
            let line = of_session(session, view, list.width);
            if place == self.position.selected { row::mark_selected(line, view) } else { line }
        });
        frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), list);
    }
}

fn on(at: eventcore::Timestamp, view: &ViewContext, format: &str) -> String {
    at.in_zone(view.my_zone).naive_local().format(format).to_string()
}

/// The name by which the client of a session signed in.
fn device(session: &Session) -> String {
    clean(session.user_agent.as_deref().filter(|name| !name.is_empty()).unwrap_or("unknown client"))
}

/// When a session was last used.
fn last_used(session: &Session, view: &ViewContext) -> String {
    on(session.last_used_at, view, "%-d %b %Y %H:%M")
}

/// The row of a session: client, whether it is this session, and when it was last used.
fn of_session(session: &Session, view: &ViewContext, width: u16) -> Line<'static> {
    let theme = view.theme;
    let room = usize::from(width);
    let used = fit(&last_used(session, view), 18);
    let sign = if session.current { "● this one" } else { "" };
    let more = format!(
        "  signed in {}, expires {} if unused",
        on(session.created_at, view, "%-d %b %Y"),
        on(session.expires_at, view, "%-d %b %Y")
    );
    let more = if room >= 120 { more } else { String::new() };
    // A narrow screen shows only the sign.
    let sign = if room >= 60 { fit(sign, 11) } else { fit(sign.split(' ').next().unwrap_or_default(), 2) };
    let taken = 3 + used.chars().count() + sign.chars().count() + more.chars().count();
    Line::from(vec![
        Span::raw(format!(" {} ", fit(&device(session), room.saturating_sub(taken)))),
        Span::styled(sign, theme.good),
        Span::raw(used),
        Span::styled(more, theme.muted),
    ])
}
