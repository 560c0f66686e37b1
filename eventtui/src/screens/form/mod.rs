//! The form for events: text as people write it, and beside each field how it was understood.

mod choice;
mod copy;
mod fault;
mod fields;
mod lead_time;
mod meaning;
mod picture;
mod repetition;
mod timing;
mod window;

use crossterm::event::{KeyCode, KeyModifiers};
use eventcore::UserId;
use eventcore::events::{Event, EventStatus, Occurrence, Visibility};
use ratatui::Frame;
use ratatui::layout::Rect;

use super::screen::{AppCommand, Context, Handled, Screen};
use crate::backend::{ApiError, Request, Response};
use crate::drafts::Draft;
use crate::keys::{Action, Key, Place};
use crate::message::{Effect, Purpose};
use crate::reference::Reference;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::text_field::TextField;
use fields::{FieldName, duration_text, event_text, start_text};

/// What the form creates or changes.
#[derive(Debug)]
enum FormKind {
    New,
    /// A new draft like an event.
    Copy(Box<Event>),
    /// An event with all its occurrences.
    Event(Box<Event>),
    /// One occurrence of a series.
    Occurrence(Box<Occurrence>),
    /// An occurrence of a series and all that follow.
    Following(Box<Occurrence>),
}

/// A form that is being filled in.
#[derive(Debug)]
pub(crate) struct FormScreen {
    kind: FormKind,
    /// The user who types: drafts belong to users.
    by: Option<UserId>,
    fields: Vec<(FieldName, TextField)>,
    /// The texts at first: a change sends only what differs.
    first: Vec<String>,
    /// The selected field.
    at: usize,
    status: Status,
    error: Option<ApiError>,
    /// A new event is saved as a draft.
    as_draft: bool,
    /// What was discarded and can be restored.
    discarded: Option<Draft>,
}

impl FormScreen {
    /// `zone` is the time zone of the user.
    pub(crate) fn new(zone: &str) -> Self {
        Self::of(FormKind::New, |name| match name {
            FieldName::Length => "1h".to_owned(),
            FieldName::Zone => zone.to_owned(),
            FieldName::Seats => "20".to_owned(),
            FieldName::Party => "10".to_owned(),
            FieldName::Waitlist => "yes".to_owned(),
            FieldName::Visibility => "public".to_owned(),
            _ => String::new(),
        })
    }

    pub(crate) fn event(event: &Event) -> Self {
        Self::of(FormKind::Event(Box::new(event.clone())), |name| event_text(event, name))
    }

    pub(crate) fn following(occurrence: &Occurrence, event: &Event) -> Self {
        let kind = FormKind::Following(Box::new(occurrence.clone()));
        Self::of(kind, |name| match name {
            FieldName::When => start_text(&occurrence.original_start),
            // The rule for the rest is computed when the series is split.
            FieldName::Repeats | FieldName::Also | FieldName::Except => String::new(),
            name => event_text(event, name),
        })
    }

    pub(crate) fn occurrence(occurrence: &Occurrence) -> Self {
        Self::of(FormKind::Occurrence(Box::new(occurrence.clone())), |name| match name {
            FieldName::Title => occurrence.title.clone(),
            FieldName::When => start_text(&occurrence.starts_at),
            FieldName::Length => duration_text(&occurrence.starts_at, &occurrence.ends_at),
            FieldName::Location => occurrence.location.clone(),
            FieldName::Seats => occurrence.capacity.to_string(),
            FieldName::Link => occurrence.url.clone().unwrap_or_default(),
            FieldName::Description => occurrence.description.clone(),
            _ => String::new(),
        })
    }

    fn of(kind: FormKind, text: impl Fn(FieldName) -> String) -> Self {
        let hidden = |name: &FieldName| match kind {
            FormKind::Occurrence(_) => {
                matches!(
                    name,
                    FieldName::Repeats
                        | FieldName::Also
                        | FieldName::Except
                        | FieldName::Zone
                        | FieldName::Party
                        | FieldName::Waitlist
                        | FieldName::Opens
                        | FieldName::Closes
                        | FieldName::Category
                        | FieldName::Tags
                        | FieldName::Visibility
                )
            }
            FormKind::Following(_) => {
                matches!(name, FieldName::Repeats | FieldName::Also | FieldName::Except)
            }
            FormKind::New | FormKind::Copy(_) | FormKind::Event(_) => false,
        };
        let fields: Vec<_> = FieldName::ALL
            .into_iter()
            .filter(|name| !hidden(name))
            .map(|name| (name, TextField::of(&text(name))))
            .collect();
        let first = fields.iter().map(|(_, field)| field.text()).collect();
        Self {
            kind,
            by: None,
            fields,
            first,
            at: 0,
            status: Status::default(),
            error: None,
            as_draft: false,
            discarded: None,
        }
    }

    /// The key of the draft: the edited object and the user, without the version.
    fn key(&self) -> String {
        let what = match &self.kind {
            FormKind::New => "new".to_owned(),
            FormKind::Copy(event) => format!("copy/{}", event.id),
            FormKind::Event(event) => format!("event/{}", event.id),
            FormKind::Occurrence(occurrence) => format!("occurrence/{}", occurrence.id),
            FormKind::Following(occurrence) => format!("following/{}", occurrence.id),
        };
        self.by.map_or_else(|| what.clone(), |by| format!("{what}/by/{by}"))
    }

    /// The fields that differ from their text at first, if any do.
    fn typed(&self) -> Option<Draft> {
        let typed = self.fields.iter().zip(&self.first).filter(|((_, field), first)| field.text() != **first);
        let typed = typed.map(|((name, field), _)| (name.key().to_owned(), field.text()));
        let at = self.fields.get(self.at).map(|(name, _)| name.key().to_owned());
        Some(Draft { typed: typed.collect(), at: at.unwrap_or_default() })
            .filter(|draft| !draft.typed.is_empty())
    }

    /// Restores a draft, perhaps from long before. Fields that are not in it keep their text.
    fn restore(&mut self, draft: &Draft) {
        for (name, field) in &mut self.fields {
            if let Some(text) = draft.typed.get(name.key()) {
                *field = TextField::of(text);
            }
        }
        self.at = self.fields.iter().position(|(name, _)| name.key() == draft.at).unwrap_or(self.at);
    }

    /// Discards the changes, or restores discarded ones; returns whether it discarded them.
    fn start_over(&mut self) -> Option<bool> {
        if let Some(draft) = self.typed() {
            for ((_, field), first) in self.fields.iter_mut().zip(&self.first) {
                *field = TextField::of(first);
            }
            self.discarded = Some(draft);
            return Some(true);
        }
        let draft = self.discarded.take()?;
        self.restore(&draft);
        Some(false)
    }

    /// Whether something was typed that would be lost.
    fn is_changed(&self) -> bool {
        self.fields.iter().zip(&self.first).any(|((_, field), first)| field.text() != *first)
    }

    /// Whether a field differs from its text at first.
    fn is_typed(&self, name: FieldName) -> bool {
        let mut fields = self.fields.iter().zip(&self.first);
        fields.any(|((known, field), first)| *known == name && field.text() != *first)
    }

    /// Whether saving creates an event.
    const fn creates(&self) -> bool {
        matches!(self.kind, FormKind::New | FormKind::Copy(_))
    }

    fn next(&mut self, back: bool, view: &ViewContext) {
        self.complete(view);
        let fields = self.fields.len();
        self.at = if back { self.at + fields - 1 } else { self.at + 1 } % fields;
    }

    fn description(&self) -> String {
        self.text(FieldName::Description)
    }

    /// Shows errors beside their fields, and selects the first field that has one.
    fn show_error(&mut self, error: ApiError) {
        let wrong = |name: FieldName| {
            error.fields.iter().any(|w| name.pointers().iter().any(|p| w.pointer.starts_with(p)))
        };
        if let Some(place) = self.fields.iter().position(|(name, _)| wrong(*name)) {
            self.at = place;
        }
        self.error = Some(error);
    }

    /// Saves the form, a new event also as a draft.
    fn save(&mut self, as_draft: bool, cx: &mut Context) {
        // The key may be pressed again before the response arrives.
        if self.status.since.is_some() {
            return;
        }
        if as_draft && !self.creates() {
            return cx.notify('!', "Not a new event: ^S saves the changes");
        }
        match self.request(&cx.view, as_draft) {
            Some(request) => {
                self.status.begin(cx.now);
                cx.send(Purpose::SaveForm, request);
            }
            None => cx.notify('!', "Not saved: the marked field is not filled in correctly"),
        }
    }

    fn discard(&mut self, cx: &mut Context) {
        match self.start_over() {
            Some(true) => {
                cx.notify('✓', "Text discarded: ^R restores it until you leave");
            }
            Some(false) => cx.notify('✓', "Text restored"),
            None => cx.notify('!', "Nothing to discard"),
        }
        cx.form_drafts.typed(cx.now);
    }

    /// Takes over the response to saving the form with this key, also after the form was closed. The draft is
    /// deleted.
    pub(crate) fn finish(key: Option<String>, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let response = match outcome {
            Ok(response) => response,
            Err(error) => return cx.notify_error(&error),
        };
        if let Some(key) = key {
            let effect = cx.form_drafts.set(key, None);
            cx.effects.extend(effect);
        }
        if let Response::Event(event) = response {
            let occurrences = if event.occurrence_count == 1 {
                "1 occurrence".to_owned()
            } else {
                format!("{} occurrences", event.occurrence_count)
            };
            let text = if event.status == EventStatus::Draft {
                format!("{} saved as a draft with {occurrences}: p publishes it", event.title)
            } else {
                let audience = match event.visibility {
                    Visibility::Public => "everyone sees it",
                    Visibility::Unlisted => "people with the link see it",
                    Visibility::Private => "only organizers and registered people see it",
                };
                format!("{} saved with {occurrences}: {audience}", event.title)
            };
            cx.notify('✓', text);
        } else {
            cx.notify('✓', "Saved");
        }
        cx.refresh();
    }

    fn text(&self, name: FieldName) -> String {
        self.fields
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, field)| field.text())
            .unwrap_or_default()
    }
}

/// Opens a form, with the draft that was left for it.
pub(crate) fn open(mut form: FormScreen, cx: &mut Context) {
    if cx.view.categories.is_empty() {
        cx.send(Purpose::Categories, Request::Categories);
    }
    form.by = cx.me.as_ref().map(|me| me.id);
    if let Some(draft) = cx.form_drafts.get(&form.key()) {
        form.restore(draft);
        if form.is_changed() {
            cx.notify('✓', "Draft restored: ^R discards it");
        }
    }
    cx.open(form);
}

impl Screen for FormScreen {
    fn place(&self) -> Place {
        Place::Form
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Save | Action::SaveDraft => self.save(action == Action::SaveDraft, cx),
            Action::EditDescription => cx.effects.push(Effect::EditDescription(self.description())),
            Action::DiscardChanges => self.discard(cx),
            Action::NextField | Action::PreviousField => self.next(action == Action::PreviousField, &cx.view),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn press(&mut self, key: Key, cx: &mut Context) {
        if let Some((_, field)) = self.fields.get_mut(self.at) {
            field.press(key);
        }
        cx.form_drafts.typed(cx.now);
    }

    /// Enter ends a line of the description. In other fields it selects the next one.
    fn capture(&mut self, key: Key, cx: &mut Context) -> bool {
        match self.fields.get_mut(self.at) {
            Some((FieldName::Description, field)) if key == Key(KeyCode::Enter, KeyModifiers::NONE) => {
                field.paste_lines("\n");
                cx.form_drafts.typed(cx.now);
                true
            }
            _ => false,
        }
    }

    fn paste(&mut self, text: &str, cx: &mut Context) {
        match self.fields.get_mut(self.at) {
            Some((FieldName::Description, field)) => field.paste_lines(text),
            Some((_, field)) => field.paste(text),
            None => {}
        }
        cx.form_drafts.typed(cx.now);
    }

    /// Keeps what was typed as a draft.
    fn close(&mut self, cx: &mut Context) -> bool {
        if self.is_changed() {
            cx.form_drafts.warned = false;
            cx.notify('✓', "Draft kept: the same key continues it");
        }
        cx.form_drafts.saving = self.status.since.map(|_| self.key());
        let effect = cx.form_drafts.set(self.key(), self.typed());
        cx.effects.extend(effect);
        true
    }

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        // Nothing is loaded, so that nothing is tried again: the error is shown, and the user decides.
        self.status.end(cx.now, None);
        match outcome {
            Err(error) => self.show_error(error),
            Ok(response) => {
                let draft = self.draft_of(&response);
                cx.close();
                Self::finish(Some(self.key()), Ok(response), cx);
                cx.commands.extend(draft.map(|id| AppCommand::Find(Reference::Occurrence(id))));
            }
        }
    }

    fn draft(&self) -> Option<(String, Option<Draft>)> {
        Some((self.key(), self.typed()))
    }

    /// Receives the description from the editor.
    fn edited(&mut self, text: &str, cx: &mut Context) {
        let is_description = |(name, _): &(FieldName, TextField)| *name == FieldName::Description;
        if let Some(place) = self.fields.iter().position(is_description) {
            self.at = place;
            self.fields[place].1 = TextField::of(text);
        }
        cx.form_drafts.typed(cx.now);
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        self.draw_fields(frame, area, &cx.view);
    }
}
