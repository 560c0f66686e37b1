//! Signing in, and signing up.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use super::entries::{Entries, Entry};
use super::screen::{AppCommand, Context, Handled, Screen};
use crate::backend::{Answer, Refusal, Request, nonsense};
use crate::keys::{Action, Key, Place};
use crate::message::Purpose;
use crate::status::Status;

/// The fields to sign in or to sign up.
#[derive(Debug)]
pub(crate) struct SignInScreen {
    signs_up: bool,
    entries: Entries,
    status: Status,
}

impl Default for SignInScreen {
    fn default() -> Self {
        Self { signs_up: false, entries: entries(false, ""), status: Status::default() }
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
        if self.status.since.is_some() || !self.entries.are_complete() {
            return;
        }
        let [login, second, third] = [0, 1, 2].map(|place| self.entries.text(place));
        let request = if self.signs_up {
            let timezone = cx.view.my_zone.name().to_owned();
            Request::SignUp { username: login, email: second, password: third, timezone }
        } else {
            Request::SignIn { login, password: second }
        };
        self.status.begin(cx.now);
        cx.ask(Purpose::SignIn, request);
    }

    /// Takes over the user of an answer, also after the screen was closed.
    pub(crate) fn finish(outcome: Result<Answer, Refusal>, cx: &mut Context) {
        if let Ok(Answer::Me(Some(me))) = &outcome {
            cx.notify('✓', format!("Hello, {}", me.display_name));
        }
        let user = match outcome {
            Ok(Answer::Me(me)) => Ok(me),
            Ok(_) => Err(nonsense()),
            Err(refusal) => Err(refusal),
        };
        cx.commands.push(AppCommand::UserLoaded(user));
    }
}

impl Screen for SignInScreen {
    fn place(&self) -> Place {
        Place::Account
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.status)
    }

    fn act(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Save => self.send(cx),
            Action::SignUp => self.switch(),
            Action::NextField | Action::PreviousField => self.entries.next(action == Action::PreviousField),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn press(&mut self, key: Key, _cx: &mut Context) {
        self.entries.press(key);
    }

    fn paste(&mut self, text: &str, _cx: &mut Context) {
        self.entries.paste(text);
    }

    fn answered(&mut self, _purpose: Purpose, outcome: Result<Answer, Refusal>, cx: &mut Context) {
        self.status.end(cx.now, outcome.as_ref().err());
        match outcome {
            Err(refusal) => self.entries.refuse(refusal),
            Ok(_) => {
                cx.close();
                Self::finish(outcome, cx);
            }
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
