//! My account: signing in, signing up, signing out.

use chrono_tz::Tz;
use eventcore::accounts::User;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::backend::{Refusal, Request};
use crate::keys::Key;
use crate::look::Look;
use crate::status::Status;
use crate::widgets::field::Field;
use crate::widgets::text::clean;

/// Someone who signs in, or up.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// A new account is made.
    pub(crate) up: bool,
    fields: [Field; 3],
    at: usize,
    pub(crate) status: Status,
    refused: Option<Refusal>,
}

const LOGIN: usize = 0;
const EMAIL: usize = 1;
const PASSWORD: usize = 2;

impl Account {
    /// The fields that are shown, with their names.
    fn shown(&self) -> &'static [(usize, &'static str, &'static str)] {
        if self.up {
            &[
                (LOGIN, "Username", "/username"),
                (EMAIL, "E-mail", "/email"),
                (PASSWORD, "Password", "/password"),
            ]
        } else {
            &[(LOGIN, "Username or e-mail", ""), (PASSWORD, "Password", "")]
        }
    }

    pub(crate) fn next(&mut self, back: bool) {
        let fields = self.shown().len();
        self.at = if back { self.at + fields - 1 } else { self.at + 1 } % fields;
    }

    pub(crate) fn turn(&mut self) {
        self.up = !self.up;
        self.at = 0;
        self.refused = None;
    }

    fn field(&mut self) -> &mut Field {
        let place = self.shown().get(self.at).map_or(LOGIN, |(field, ..)| *field);
        &mut self.fields[place]
    }

    pub(crate) fn press(&mut self, key: Key) {
        self.field().press(key);
    }

    pub(crate) fn paste(&mut self, text: &str) {
        self.field().paste(text);
    }

    /// What to ask, once all is typed; else the next empty field is gone to.
    pub(crate) fn request(&mut self, timezone: Tz) -> Option<Request> {
        if let Some(empty) = self.shown().iter().position(|(field, ..)| self.fields[*field].is_empty()) {
            self.at = empty;
            return None;
        }
        let [login, email, password] = [LOGIN, EMAIL, PASSWORD].map(|field| self.fields[field].text());
        self.refused = None;
        Some(if self.up {
            Request::SignUp {
                username: login.trim().to_owned(),
                email: email.trim().to_owned(),
                password,
                timezone: timezone.name().to_owned(),
            }
        } else {
            Request::SignIn { login: login.trim().to_owned(), password }
        })
    }

    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.refused = Some(refusal);
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, me: Option<&User>) {
        let theme = look.theme;
        let mut lines = vec![Line::raw("")];
        if let Some(me) = me {
            lines.push(Line::styled(
                format!(" {} ({})", clean(&me.display_name), clean(&me.username)),
                theme.accent,
            ));
            lines.push(Line::raw(format!(" {}", clean(me.email.as_deref().unwrap_or_default()))));
            lines.push(Line::raw(format!(" {} · {}", clean(&me.timezone), me.role)));
            lines.push(Line::raw(""));
            lines.push(Line::styled(" ^O signs out", theme.muted));
            frame.render_widget(Paragraph::new(lines), area);
            return;
        }
        lines.push(Line::styled(if self.up { " A new account" } else { " Sign in" }, theme.accent));
        lines.push(Line::raw(""));
        for (place, (field, name, pointer)) in self.shown().iter().enumerate() {
            let here = place == self.at;
            let text = self.fields[*field].text();
            let text = if *field == PASSWORD { "•".repeat(text.chars().count()) } else { clean(&text) };
            let cursor = if here { "▏" } else { "" };
            let style = if here { theme.selected } else { ratatui::style::Style::new() };
            lines.push(Line::from(vec![
                Span::styled(format!("{}{name:<20}", if here { "▌" } else { " " }), theme.muted),
                Span::styled(format!("{:<32}", format!("{text}{cursor}")), style),
                Span::styled(self.wrong(pointer), theme.bad),
            ]));
        }
        lines.push(Line::raw(""));
        if let Some(refusal) = self.refused.as_ref().filter(|refusal| refusal.fields.is_empty()) {
            lines.push(Line::styled(format!(" ✗ {}", clean(&refusal.message)), theme.bad));
        }
        let other = if self.up { "^N signs in to one that is there" } else { "^N makes a new account" };
        lines.push(Line::styled(format!(" ⏎ goes on · {other}"), theme.muted));
        frame.render_widget(Paragraph::new(lines), area);
    }

    fn wrong(&self, pointer: &str) -> String {
        let mut fields = self.refused.iter().flat_map(|refusal| &refusal.fields);
        let wrong = fields.find(|wrong| !pointer.is_empty() && wrong.pointer == pointer);
        wrong.map(|wrong| format!(" ! {}", clean(&wrong.message))).unwrap_or_default()
    }
}
