//! Signing in, and signing up.

use chrono_tz::Tz;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use super::entries::{Entries, Entry};
use crate::backend::Request;
use crate::look::Look;
use crate::status::Status;

/// Someone who signs in, or up.
#[derive(Debug)]
pub(crate) struct Account {
    /// A new account is made.
    up: bool,
    pub(crate) entries: Entries,
    pub(crate) status: Status,
}

impl Default for Account {
    fn default() -> Self {
        Self { up: false, entries: entries(false, ""), status: Status::default() }
    }
}

fn entries(up: bool, login: &str) -> Entries {
    let password = Entry::secret("Password", "/password");
    Entries::of(if up {
        vec![Entry::of("Username", "/username", login), Entry::of("E-mail", "/email", ""), password]
    } else {
        vec![Entry::of("Username or e-mail", "/login", login), password]
    })
}

impl Account {
    /// Signs up instead of in, or the other way round.
    pub(crate) fn turn(&mut self) {
        self.up = !self.up;
        self.entries = entries(self.up, &self.entries.text(0));
    }

    /// What to ask, once all is typed; else the next empty line is gone to.
    pub(crate) fn request(&mut self, timezone: Tz) -> Option<Request> {
        if !self.entries.are_complete() {
            return None;
        }
        let [login, second, third] = [0, 1, 2].map(|place| self.entries.text(place));
        Some(if self.up {
            let timezone = timezone.name().to_owned();
            Request::SignUp { username: login, email: second, password: third, timezone }
        } else {
            Request::SignIn { login, password: second }
        })
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let (title, other) = if self.up {
            (" A new account", "^N signs in to one that is there")
        } else {
            (" Sign in", "^N makes a new account")
        };
        let mut lines = vec![Line::raw(""), Line::styled(title, look.theme.accent), Line::raw("")];
        lines.extend(self.entries.lines(look, area.width, |_| None));
        lines.push(Line::styled(format!(" ⏎ goes on · {other}"), look.theme.muted));
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
    }
}
