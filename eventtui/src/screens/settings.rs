//! What someone changes of themselves: their profile, their password, their preferences.

use eventcore::Violation;
use eventcore::accounts::User;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};
use serde_json::{Map, Value};

use super::entries::{Entries, Entry};
use crate::backend::{Cause, Refusal, Request};
use crate::config::{self, Config};
use crate::look::Look;
use crate::status::Status;

/// What is changed.
#[derive(Debug)]
enum Kind {
    /// Of a user as they were.
    Profile(Box<User>),
    Password,
    Preferences,
}

/// The lines of one of them.
#[derive(Debug)]
pub(crate) struct Settings {
    kind: Kind,
    pub(crate) entries: Entries,
    pub(crate) status: Status,
}

/// What is to be done with what was typed.
#[derive(Debug, PartialEq)]
pub(crate) enum Todo {
    /// Nothing differs.
    Nothing,
    Ask(Request),
    Keep(Config),
}

impl Settings {
    pub(crate) fn profile(me: &User) -> Self {
        let entries = vec![
            Entry::of("Name", "/display_name", &me.display_name),
            Entry::of("E-mail", "/email", me.email.as_deref().unwrap_or_default()),
            Entry::of("Time zone", "/timezone", &me.timezone),
        ];
        Self::of(Kind::Profile(Box::new(me.clone())), entries)
    }

    pub(crate) fn password() -> Self {
        let entries = vec![
            Entry::secret("Password so far", "/current_password"),
            Entry::secret("New password", "/new_password"),
            Entry::secret("The new one again", AGAIN),
        ];
        Self::of(Kind::Password, entries)
    }

    pub(crate) fn preferences(config: &Config) -> Self {
        let zone = config.timezone.map_or("", |zone| zone.name());
        let start = config.start.as_ref().map(ToString::to_string).unwrap_or_default();
        let entries = vec![
            Entry::of("Theme", "/theme", config.theme.as_deref().unwrap_or_default()).optional(),
            Entry::of("My time zone", "/timezone", zone).optional(),
            Entry::of("Times", "/times", if config.in_mine { "mine" } else { "event" }).optional(),
            Entry::of("Start with", "/start", &start).optional(),
        ];
        Self::of(Kind::Preferences, entries)
    }

    fn of(kind: Kind, entries: Vec<Entry>) -> Self {
        Self { kind, entries: Entries::of(entries), status: Status::default() }
    }

    /// What to do, once all is typed and makes sense; else what is wrong is shown.
    pub(crate) fn save(&mut self) -> Option<Todo> {
        if !self.entries.are_complete() {
            return None;
        }
        let todo = match &self.kind {
            Kind::Profile(me) => Ok(self.changed(me)),
            Kind::Password if self.entries.text(1) != self.entries.text(2) => {
                Err(vec![wrong(AGAIN, "is not the same".to_owned())])
            }
            Kind::Password => {
                let (current, new) = (self.entries.text(0), self.entries.text(1));
                Ok(Todo::Ask(Request::ChangePassword { current, new }))
            }
            Kind::Preferences => self.preferred().map(Todo::Keep),
        };
        match todo {
            Ok(todo) => Some(todo),
            Err(fields) => {
                let message = "something is wrong".to_owned();
                self.entries.refuse(Refusal { message, fields, cause: Cause::Other });
                None
            }
        }
    }

    /// The profile's fields that differ from what they were.
    fn changed(&self, me: &User) -> Todo {
        let before =
            [&me.display_name, me.email.as_ref().unwrap_or(&String::new()), &me.timezone].map(String::clone);
        let names = ["display_name", "email", "timezone"];
        let mut patch = Map::new();
        for (place, (name, before)) in names.into_iter().zip(before).enumerate() {
            let now = self.entries.text(place);
            if now != before {
                patch.insert(name.to_owned(), Value::String(now));
            }
        }
        if patch.is_empty() {
            return Todo::Nothing;
        }
        Todo::Ask(Request::ChangeMe { user: me.id, version: me.version, patch: Value::Object(patch) })
    }

    fn preferred(&self) -> Result<Config, Vec<Violation>> {
        let [theme, zone, times, start] = [0, 1, 2, 3].map(|place| self.entries.text(place));
        let mut fields = Vec::new();
        let mut config = Config { theme: Some(theme).filter(|theme| !theme.is_empty()), ..Config::default() };
        match config::zone(&zone) {
            Ok(zone) => config.timezone = Some(zone),
            Err(_) if zone.is_empty() => {}
            Err(error) => fields.push(wrong("/timezone", error)),
        }
        match config::in_mine(&times) {
            Ok(mine) => config.in_mine = mine,
            Err(_) if times.is_empty() => {}
            Err(error) => fields.push(wrong("/times", error)),
        }
        match start.parse() {
            Ok(start) => config.start = Some(start),
            Err(_) if start.is_empty() => {}
            Err(error) => fields.push(wrong("/start", error.to_owned())),
        }
        if fields.is_empty() { Ok(config) } else { Err(fields) }
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let title = match &self.kind {
            Kind::Profile(_) => " My profile",
            Kind::Password => " Another password",
            Kind::Preferences => " My preferences",
        };
        let mut lines = vec![Line::raw(""), Line::styled(title, look.theme.accent), Line::raw("")];
        lines.extend(self.entries.lines(look, area.width, |place| self.beside(place, look)));
        lines.push(Line::styled(format!(" ⏎ saves · {}", self.remark()), look.theme.muted));
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
    }

    /// What may be typed in a line.
    fn beside(&self, place: usize, look: &Look) -> Option<String> {
        let empty = self.entries.text(place).is_empty();
        Some(match (&self.kind, place) {
            (Kind::Preferences, 0) => "dark, light, contrast, plain, or a file".to_owned(),
            (Kind::Preferences, 1) if empty => format!("such as {}", look.mine.name()),
            (Kind::Preferences, 2) => "mine, or each event's: event".to_owned(),
            (Kind::Preferences, 3) if empty => "https://… or sqlite://…".to_owned(),
            (Kind::Password, 1) => "10 characters or more".to_owned(),
            _ => return None,
        })
    }

    fn remark(&self) -> &'static str {
        match &self.kind {
            Kind::Profile(_) => "who changes the address verifies it anew",
            Kind::Password => "all other sessions end",
            Kind::Preferences => "what is empty is as it comes",
        }
    }
}

/// Names the line in which the new password is typed again; nobody else knows of it.
const AGAIN: &str = "/again";

fn wrong(pointer: &str, message: String) -> Violation {
    Violation { pointer: pointer.to_owned(), code: "invalid".into(), message }
}
