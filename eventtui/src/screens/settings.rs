//! Forms for the profile, the password, the preferences and access tokens.

use eventcore::Violation;
use eventcore::accounts::User;
use eventcore::categories::Category;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};
use serde_json::{Map, Value};

use super::entries::{Entries, Entry};
use super::new_token::{SecretScreen, expiry_understood, read_expiry};
use super::screen::{AppCommand, Context, Handled, Screen};
use crate::backend::{ApiError, CategoryRequest, ErrorKind, Request, Response, TokenInput, TokensRequest};
use crate::config::{self, Config};
use crate::download::file_name;
use crate::keys::{Action, Place};
use crate::message::{Effect, Purpose};
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::text::clean;

/// What the form changes.
#[derive(Debug)]
enum SettingsKind {
    /// The profile; the user as loaded.
    Profile(Box<User>),
    Password,
    Preferences,
    /// A new personal access token.
    Token,
    /// Deletes the account of this user.
    Deletion(Box<User>),
    /// A new category, or a changed one.
    Category(Option<Box<Category>>),
    /// Deletes a category.
    CategoryDeletion(Box<Category>),
}

/// The fields of one of the forms.
#[derive(Debug)]
pub(crate) struct SettingsScreen {
    kind: SettingsKind,
    entries: Entries,
}

/// How the fields are saved.
#[derive(Debug, PartialEq)]
enum SaveAction {
    /// Nothing differs.
    Nothing,
    Send(Request),
    Store(Config),
}

impl SettingsScreen {
    pub(crate) fn profile(me: &User) -> Self {
        let entries = vec![
            Entry::of("Name", "/display_name", &me.display_name),
            Entry::of("E-mail", "/email", me.email.as_deref().unwrap_or_default()),
            Entry::of("Time zone", "/timezone", &me.timezone),
            Entry::of("Replies to me", "/takes_replies", yes_or_no(me.takes_replies)),
        ];
        Self::of(SettingsKind::Profile(Box::new(me.clone())), entries)
    }

    pub(crate) fn password() -> Self {
        let entries = vec![
            Entry::secret("Current password", "/current_password"),
            Entry::secret("New password", "/new_password"),
            Entry::secret("Repeat new password", AGAIN),
        ];
        Self::of(SettingsKind::Password, entries)
    }

    pub(crate) fn token() -> Self {
        let entries = vec![
            Entry::of("Name", "/name", ""),
            Entry::of("Scope", "/scope", "read"),
            Entry::of("Expires", "/expires_at", "90 days"),
        ];
        Self::of(SettingsKind::Token, entries)
    }

    pub(crate) fn deletion(me: Box<User>) -> Self {
        let entries =
            vec![Entry::of("Type your username", "/username", ""), Entry::secret("Password", "/password")];
        Self::of(SettingsKind::Deletion(me), entries)
    }

    /// A new category, or a change of one.
    pub(crate) fn category(category: Option<&Category>) -> Self {
        let of = |text: fn(&Category) -> &str| category.map_or("", text);
        let entries = vec![
            Entry::of("Name", "/name", of(|category| &category.name)),
            Entry::of("Slug", "/slug", of(|category| &category.slug)).optional(),
            Entry::of("Colour", "/colour", of(|category| &category.colour)).optional(),
            Entry::of("Description", "/description", of(|category| &category.description)).optional(),
        ];
        Self::of(SettingsKind::Category(category.cloned().map(Box::new)), entries)
    }

    pub(crate) fn category_deletion(category: &Category) -> Self {
        let entries = vec![Entry::of("Move its events to", "/move_to", "").optional()];
        Self::of(SettingsKind::CategoryDeletion(Box::new(category.clone())), entries)
    }

    pub(crate) fn preferences(config: &Config) -> Self {
        let zone = config.timezone.map_or("", |zone| zone.name());
        let start = config.start.as_ref().map(ToString::to_string).unwrap_or_default();
        let entries = vec![
            Entry::of("Theme", "/theme", config.theme.as_deref().unwrap_or_default()).optional(),
            Entry::of("My time zone", "/timezone", zone).optional(),
            Entry::of("Times", "/times", if config.in_my_zone { "mine" } else { "event" }).optional(),
            Entry::of("Start with", "/start", &start).optional(),
            Entry::of("Desktop notices", "/notices", &config.notices.to_string()).optional(),
        ];
        Self::of(SettingsKind::Preferences, entries)
    }

    fn of(kind: SettingsKind, entries: Vec<Entry>) -> Self {
        Self { kind, entries: Entries::of(entries) }
    }

    /// How to save. None if a field is empty or wrong, which is then shown.
    fn save_action(&mut self, view: &ViewContext) -> Option<SaveAction> {
        if !self.entries.are_complete() {
            return None;
        }
        let todo = match &self.kind {
            SettingsKind::Profile(me) => self.changed(me),
            SettingsKind::Password if self.entries.text(1) != self.entries.text(2) => {
                Err(vec![wrong(AGAIN, "does not match".to_owned())])
            }
            SettingsKind::Password => {
                let (current, new) = (self.entries.text(0), self.entries.text(1));
                Ok(SaveAction::Send(Request::ChangePassword { current, new }))
            }
            SettingsKind::Preferences => self.preferred().map(SaveAction::Store),
            SettingsKind::Token => self.new_token(view).map(SaveAction::Send),
            SettingsKind::Deletion(me) => self.confirmed_deletion(me).map(SaveAction::Send),
            SettingsKind::Category(category) => Ok(self.category_change(category.as_deref())),
            SettingsKind::CategoryDeletion(category) => Ok(SaveAction::Send(self.category_removal(category))),
        };
        match todo {
            Ok(todo) => Some(todo),
            Err(fields) => {
                let message = "a field is invalid".to_owned();
                self.entries.show_error(ApiError { message, fields, kind: ErrorKind::Other });
                None
            }
        }
    }

    fn save(&mut self, cx: &mut Context) {
        if self.entries.are_sending() {
            return;
        }
        match self.save_action(&cx.view) {
            None => {}
            Some(SaveAction::Nothing) => cx.close(),
            Some(SaveAction::Store(config)) => {
                self.entries.status.begin(cx.now);
                cx.effects.push(Effect::SavePreferences(config));
            }
            Some(SaveAction::Send(request)) => {
                self.entries.status.begin(cx.now);
                cx.send(Purpose::SaveSettings, request);
            }
        }
    }

    /// Takes over the response to saving, also after the screen was closed.
    pub(crate) fn finish(outcome: Result<Response, ApiError>, cx: &mut Context) {
        match outcome {
            Ok(Response::CurrentUser(None)) => {
                cx.commands.push(AppCommand::UserLoaded(Ok(None)));
                return cx.notify('✓', "Your account is deleted");
            }
            Ok(Response::CurrentUser(me)) => {
                cx.me = me;
                cx.notify('✓', "Saved");
            }
            Ok(Response::Categories(categories)) => {
                cx.view.categories = categories;
                cx.notify('✓', "Categories changed");
            }
            Ok(Response::NewToken(created)) => {
                cx.refresh();
                return cx.open(SecretScreen { created });
            }
            Ok(_) => cx.notify('✓', "Password changed, other sessions ended"),
            Err(error) => return cx.notify('✗', error.message),
        }
        cx.refresh();
    }

    /// A patch of the fields of the profile that differ.
    fn changed(&self, me: &User) -> Result<SaveAction, Vec<Violation>> {
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
        let takes_replies = match &*self.entries.text(3).to_lowercase() {
            "yes" | "y" => true,
            "no" | "n" => false,
            _ => return Err(vec![wrong("/takes_replies", "must be yes or no".to_owned())]),
        };
        if takes_replies != me.takes_replies {
            patch.insert("takes_replies".to_owned(), Value::Bool(takes_replies));
        }
        if patch.is_empty() {
            return Ok(SaveAction::Nothing);
        }
        Ok(SaveAction::Send(Request::ChangeProfile {
            user: me.id,
            version: me.version,
            patch: Value::Object(patch),
        }))
    }

    fn new_token(&self, view: &ViewContext) -> Result<Request, Vec<Violation>> {
        let (name, scope) = (self.entries.text(0), self.entries.text(1).to_lowercase());
        let (scope, expires_at) = (scope.parse(), read_expiry(&self.entries.text(2), view));
        match (scope, expires_at) {
            (Ok(scope), Ok(expires_at)) => {
                Ok(Request::Tokens(TokensRequest::Create(TokenInput { name, scope, expires_at })))
            }
            (Err(_), _) => Err(vec![wrong("/scope", "must be read, write or calendar".to_owned())]),
            (_, Err(error)) => Err(vec![wrong("/expires_at", error)]),
        }
    }

    fn confirmed_deletion(&self, me: &User) -> Result<Request, Vec<Violation>> {
        if !self.entries.text(0).eq_ignore_ascii_case(&me.username) {
            return Err(vec![wrong("/username", format!("must be {}", me.username))]);
        }
        Ok(Request::DeleteAccount { user: me.id, version: me.version, password: self.entries.text(1) })
    }

    fn category_change(&self, category: Option<&Category>) -> SaveAction {
        let [name, slug, colour, description] = [0, 1, 2, 3].map(|place| self.entries.text(place));
        let slug = if slug.is_empty() { slug_of(&name) } else { slug };
        let mut fields = Map::new();
        let mut insert = |key: &str, now: String, before: Option<&str>| {
            if before.is_none_or(|before| before != now) {
                fields.insert(key.to_owned(), Value::String(now));
            }
        };
        insert("name", name, category.map(|category| category.name.as_str()));
        insert("slug", slug, category.map(|category| category.slug.as_str()));
        // Without one the library chooses the colour.
        if !colour.is_empty() {
            insert("colour", colour, category.map(|category| category.colour.as_str()));
        }
        insert("description", description, category.map(|category| category.description.as_str()));
        if fields.is_empty() {
            return SaveAction::Nothing;
        }
        let fields = Value::Object(fields);
        SaveAction::Send(Request::Category(match category {
            None => CategoryRequest::Create(fields),
            Some(Category { slug, version, .. }) => {
                CategoryRequest::Change { slug: slug.clone(), version: *version, patch: fields }
            }
        }))
    }

    fn category_removal(&self, category: &Category) -> Request {
        let move_to = Some(self.entries.text(0).to_lowercase()).filter(|slug| !slug.is_empty());
        let (slug, version) = (category.slug.clone(), category.version);
        Request::Category(CategoryRequest::Delete { slug, version, move_to })
    }

    fn preferred(&self) -> Result<Config, Vec<Violation>> {
        let [theme, zone, times, start, notices] = [0, 1, 2, 3, 4].map(|place| self.entries.text(place));
        let mut fields = Vec::new();
        let mut config = Config { theme: Some(theme).filter(|theme| !theme.is_empty()), ..Config::default() };
        match config::zone(&zone) {
            Ok(zone) => config.timezone = Some(zone),
            Err(_) if zone.is_empty() => {}
            Err(error) => fields.push(wrong("/timezone", error)),
        }
        match config::in_my_zone(&times) {
            Ok(mine) => config.in_my_zone = mine,
            Err(_) if times.is_empty() => {}
            Err(error) => fields.push(wrong("/times", error)),
        }
        match start.parse() {
            Ok(start) => config.start = Some(start),
            Err(_) if start.is_empty() => {}
            Err(error) => fields.push(wrong("/start", error.to_owned())),
        }
        match notices.parse() {
            Ok(notices) => config.notices = notices,
            Err(_) if notices.is_empty() => {}
            Err(error) => fields.push(wrong("/notices", error.to_owned())),
        }
        if fields.is_empty() { Ok(config) } else { Err(fields) }
    }

    /// A hint for a field.
    fn beside(&self, place: usize, view: &ViewContext) -> Option<String> {
        let empty = self.entries.text(place).is_empty();
        Some(match (&self.kind, place) {
            (SettingsKind::Profile(_), 3) => "yes: shown to attendees".to_owned(),
            (SettingsKind::Preferences, 0) => "dark, light, contrast, plain, or a file".to_owned(),
            (SettingsKind::Preferences, 1) if empty => format!("such as {}", view.my_zone.name()),
            (SettingsKind::Preferences, 2) => "mine, or event: each event's own".to_owned(),
            (SettingsKind::Preferences, 3) if empty => "https://… or sqlite://…".to_owned(),
            (SettingsKind::Preferences, 4) => "off, auto, osc9 or osc777".to_owned(),
            (SettingsKind::Token, 0) if empty => "such as: backup script".to_owned(),
            (SettingsKind::Token, 1) => "read, or write: also changes".to_owned(),
            (SettingsKind::Token, 2) => expiry_understood(&self.entries.text(2), view),
            (SettingsKind::Deletion(me), 0) => format!("{}, to confirm", clean(&me.username)),
            (SettingsKind::Category(_), 1) if empty => format!("→ {}", slug_of(&self.entries.text(0))),
            (SettingsKind::Category(_), 1) => "its name in links; former ones stay valid".to_owned(),
            (SettingsKind::Category(_), 2) => "such as #2e86c1".to_owned(),
            (SettingsKind::CategoryDeletion(category), 0) => {
                let others = view.categories.iter().filter(|other| other.id != category.id);
                let others: Vec<String> = others.map(|other| clean(&other.slug)).collect();
                format!("a slug: {}", others.join(", "))
            }
            (SettingsKind::Password, 1) => "at least 10 characters".to_owned(),
            _ => return None,
        })
    }

    fn remark(&self) -> &'static str {
        match &self.kind {
            SettingsKind::Profile(_) => "a new address must be verified again",
            SettingsKind::Password => "all other sessions end",
            SettingsKind::Token => "it ends when you change your password",
            SettingsKind::Deletion(_) => "it cannot be undone",
            SettingsKind::Category(_) => "admins only",
            SettingsKind::CategoryDeletion(_) => "may stay empty for a category without events",
            SettingsKind::Preferences => "empty: the default",
        }
    }
}

impl Screen for SettingsScreen {
    fn place(&self) -> Place {
        Place::Settings
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.entries.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Save => self.save(cx),
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

    fn preferences_saved(&mut self, error: Option<&ApiError>, cx: &mut Context) -> bool {
        if !self.entries.are_sending() {
            return false;
        }
        if self.entries.saved(error.cloned().map_or(Ok(()), Err), cx.now).is_some() {
            cx.close();
        }
        true
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let view = &cx.view;
        let category;
        let title = match &self.kind {
            SettingsKind::Profile(_) => " My profile",
            SettingsKind::Password => " Change password",
            SettingsKind::Preferences => " My preferences",
            SettingsKind::Token => " New access token",
            SettingsKind::Deletion(_) => " Delete my account",
            SettingsKind::Category(None) => " New category",
            SettingsKind::Category(Some(_)) => " Change category",
            SettingsKind::CategoryDeletion(deleted) => {
                category = format!(" Delete the category “{}”", clean(&deleted.name));
                &category
            }
        };
        let mut lines = vec![Line::raw(""), Line::styled(title.to_owned(), view.theme.accent), Line::raw("")];
        if matches!(self.kind, SettingsKind::Deletion(_)) {
            lines.extend(DELETION.map(|line| Line::raw(format!(" {line}"))));
            lines.push(Line::raw(""));
        }
        lines.extend(self.entries.lines(view, area.width, |place| self.beside(place, view)));
        let enter = match self.kind {
            SettingsKind::Deletion(_) | SettingsKind::CategoryDeletion(_) => "deletes",
            _ => "saves",
        };
        lines.push(Line::styled(format!(" Enter {enter} · {}", self.remark()), view.theme.muted));
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
    }
}

/// What becomes of an account that is deleted.
const DELETION: [&str; 4] = [
    "Your registrations are cancelled, and their seats go to the waitlists.",
    "Your upcoming events pass to a co-organizer or are cancelled; people are told.",
    "Your comments and reviews stay, under the name “deleted user”.",
    "s on your account saves all data about you as a file: do that first.",
];

/// The slug that follows from a name.
fn slug_of(name: &str) -> String {
    let named = file_name(name, "");
    named.trim_end_matches('.').chars().take(50).collect()
}

/// Names the field for the repeated password, which is not sent.
const AGAIN: &str = "/again";

const fn yes_or_no(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

fn wrong(pointer: &str, message: String) -> Violation {
    Violation { pointer: pointer.to_owned(), code: "invalid".into(), message }
}
