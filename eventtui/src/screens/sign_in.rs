//! Signing in, and signing up.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use super::entries::{Entries, Entry};
use super::screen::{AppCommand, Context, Handled, Screen};
use crate::backend::{ApiError, Request, Response, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;

/// The fields to sign in or to sign up.
#[derive(Debug)]
pub(crate) struct SignInScreen {
    signs_up: bool,
    entries: Entries,
}

impl Default for SignInScreen {
    fn default() -> Self {
        Self { signs_up: false, entries: entries(false, "") }
    }
}

fn entries(signs_up: bool, login: &str) -> Entries {
    let password = Entry::secret("Password", "/password");
    Entries::of(if signs_up {
        vec![Entry::of("Username", "/username", login), Entry::of("E-mail", "/email", ""), password]
    } else {
        vec![Entry::of("Username or e-mail", "/login", login), password]
    })
}

impl SignInScreen {
    /// Switches between signing in and signing up.
    fn switch(&mut self) {
        self.signs_up = !self.signs_up;
        self.entries = entries(self.signs_up, &self.entries.text(0));
    }

    /// Sends what was typed. If a field is empty, selects that field instead.
    fn send(&mut self, cx: &mut Context) {
        if self.entries.are_sending() || !self.entries.are_complete() {
            return;
        }
        let [login, second, third] = [0, 1, 2].map(|place| self.entries.text(place));
        let request = if self.signs_up {
            let timezone = cx.view.my_zone.name().to_owned();
            Request::SignUp { username: login, email: second, password: third, timezone }
        } else {
            Request::SignIn { login, password: second }
        };
        self.entries.status.begin(cx.now);
        cx.send(Purpose::SignIn, request);
    }

    /// Takes over the user of a response, also after the screen was closed.
    pub(crate) fn finish(outcome: Result<Response, ApiError>, cx: &mut Context) {
        if let Ok(Response::CurrentUser(Some(me))) = &outcome {
            cx.notify('✓', format!("Hello, {}", me.display_name));
        }
        let user = match outcome {
            Ok(Response::CurrentUser(me)) => Ok(me),
            Ok(_) => Err(unexpected_response()),
            Err(error) => Err(error),
        };
        cx.commands.push(AppCommand::UserLoaded(user));
    }
}

impl Screen for SignInScreen {
    fn place(&self) -> Place {
        Place::SignIn
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.entries.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Save => self.send(cx),
            Action::SignUp => self.switch(),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn entries(&mut self) -> Option<&mut Entries> {
        Some(&mut self.entries)
    }

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        if let Some(response) = self.entries.saved(outcome, cx.now) {
            cx.close();
            Self::finish(Ok(response), cx);
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let view = &cx.view;
        let (title, other) = if self.signs_up {
            (" New account", "^N signs in instead")
        } else {
            (" Sign in", "^N creates an account")
        };
        let mut lines = vec![Line::raw(""), Line::styled(title, view.theme.accent), Line::raw("")];
        lines.extend(self.entries.lines(view, area.width, |_| None));
        lines.push(Line::styled(format!(" Enter continues · {other}"), view.theme.muted));
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
    }
}
