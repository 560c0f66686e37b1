//! Creating and editing events: what is typed as people speak, and beside it what was understood.

mod fields;
mod meaning;
mod picture;

use eventcore::UserId;
use eventcore::events::{Event, Occurrence};

use crate::backend::Refusal;
use crate::drafts::Draft;
use crate::keys::Key;
use crate::look::Look;
use crate::status::Status;
use crate::widgets::field::Field;
use fields::{Name, lasts, of_event, say_start};

/// What the form is for.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    New,
    /// All dates of an event.
    Event(Box<Event>),
    /// One date of a series.
    Date(Box<Occurrence>),
    /// A date of a series and all that follow.
    Following(Box<Occurrence>),
}
/// A form that is being filled in.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) purpose: Purpose,
    /// Who types.
    pub(crate) by: Option<UserId>,
    fields: Vec<(Name, Field)>,
    /// What the fields held at first: a change names only what differs.
    first: Vec<String>,
    at: usize,
    pub(crate) status: Status,
    refused: Option<Refusal>,
    /// Only its organizers are to see it, for now.
    as_draft: bool,
    /// What was thrown away, and can be brought back.
    thrown: Option<Draft>,
}

impl Form {
    pub(crate) fn new(look: &Look) -> Self {
        Self::of(Purpose::New, |name| match name {
            Name::Length => "1h".to_owned(),
            Name::Zone => look.mine.name().to_owned(),
            Name::Seats => "20".to_owned(),
            Name::Party => "10".to_owned(),
            Name::Waitlist => "yes".to_owned(),
            Name::Visibility => "public".to_owned(),
            _ => String::new(),
        })
    }

    pub(crate) fn event(event: &Event) -> Self {
        Self::of(Purpose::Event(Box::new(event.clone())), |name| of_event(event, name))
    }

    pub(crate) fn following(date: &Occurrence, event: &Event) -> Self {
        let purpose = Purpose::Following(Box::new(date.clone()));
        Self::of(purpose, |name| match name {
            Name::When => say_start(&date.original_start),
            // The rest of the rule is only known once it is cut.
            Name::Repeats => String::new(),
            name => of_event(event, name),
        })
    }

    pub(crate) fn date(date: &Occurrence) -> Self {
        Self::of(Purpose::Date(Box::new(date.clone())), |name| match name {
            Name::Title => date.title.clone(),
            Name::When => say_start(&date.starts_at),
            Name::Length => lasts(&date.starts_at, &date.ends_at),
            Name::Location => date.location.clone(),
            Name::Seats => date.capacity.to_string(),
            Name::Link => date.url.clone().unwrap_or_default(),
            Name::Description => date.description.clone(),
            _ => String::new(),
        })
    }

    fn of(purpose: Purpose, text: impl Fn(Name) -> String) -> Self {
        let hidden = |name: &Name| match purpose {
            Purpose::Date(_) => {
                matches!(
                    name,
                    Name::Repeats
                        | Name::Zone
                        | Name::Party
                        | Name::Waitlist
                        | Name::Opens
                        | Name::Closes
                        | Name::Category
                        | Name::Tags
                        | Name::Visibility
                )
            }
            Purpose::Following(_) => *name == Name::Repeats,
            Purpose::New | Purpose::Event(_) => false,
        };
        let fields: Vec<_> = Name::ALL
            .into_iter()
            .filter(|name| !hidden(name))
            .map(|name| (name, Field::of(&text(name))))
            .collect();
        let first = fields.iter().map(|(_, field)| field.text()).collect();
        Self {
            purpose,
            by: None,
            fields,
            first,
            at: 0,
            status: Status::default(),
            refused: None,
            as_draft: false,
            thrown: None,
        }
    }

    /// What this form is for and who types, whichever version of it the form began with.
    pub(crate) fn key(&self) -> String {
        let what = match &self.purpose {
            Purpose::New => "new".to_owned(),
            Purpose::Event(event) => format!("event/{}", event.id),
            Purpose::Date(date) => format!("date/{}", date.id),
            Purpose::Following(date) => format!("following/{}", date.id),
        };
        self.by.map_or_else(|| what.clone(), |by| format!("{what}/by/{by}"))
    }

    /// What was typed, if anything was.
    pub(crate) fn draft(&self) -> Option<Draft> {
        let typed = self.fields.iter().zip(&self.first).filter(|((_, field), first)| field.text() != **first);
        let typed = typed.map(|((name, field), _)| (name.key().to_owned(), field.text()));
        let at = self.fields.get(self.at).map(|(name, _)| name.key().to_owned());
        Some(Draft { typed: typed.collect(), at: at.unwrap_or_default() })
            .filter(|draft| !draft.typed.is_empty())
    }

    /// Takes what was typed into another of its kind, perhaps long before: what was not touched there stays as it is here.
    pub(crate) fn take(&mut self, draft: &Draft) {
        for (name, field) in &mut self.fields {
            if let Some(text) = draft.typed.get(name.key()) {
                *field = Field::of(text);
            }
        }
        self.at = self.fields.iter().position(|(name, _)| name.key() == draft.at).unwrap_or(self.at);
    }

    /// Throws away what was typed, or brings back what was thrown away; answers whether it is gone.
    pub(crate) fn start_over(&mut self) -> Option<bool> {
        if let Some(draft) = self.draft() {
            for ((_, field), first) in self.fields.iter_mut().zip(&self.first) {
                *field = Field::of(first);
            }
            self.thrown = Some(draft);
            return Some(true);
        }
        let draft = self.thrown.take()?;
        self.take(&draft);
        Some(false)
    }

    /// Whether something was typed that would be lost.
    pub(crate) fn is_changed(&self) -> bool {
        self.fields.iter().zip(&self.first).any(|((_, field), first)| field.text() != *first)
    }

    pub(crate) fn next(&mut self, back: bool) {
        let fields = self.fields.len();
        self.at = if back { self.at + fields - 1 } else { self.at + 1 } % fields;
    }

    pub(crate) fn press(&mut self, key: Key) {
        if let Some((_, field)) = self.fields.get_mut(self.at) {
            field.press(key);
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        if let Some((_, field)) = self.fields.get_mut(self.at) {
            field.paste(text);
        }
    }

    pub(crate) fn description(&self) -> String {
        self.text(Name::Description)
    }

    /// Takes a description that was written elsewhere.
    pub(crate) fn describe(&mut self, text: &str) {
        if let Some(place) = self.fields.iter().position(|(name, _)| *name == Name::Description) {
            self.at = place;
            self.fields[place].1 = Field::of(text);
        }
    }

    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        let wrong = |name: Name| {
            refusal.fields.iter().any(|w| name.pointers().iter().any(|p| w.pointer.starts_with(p)))
        };
        if let Some(place) = self.fields.iter().position(|(name, _)| wrong(*name)) {
            self.at = place;
        }
        self.refused = Some(refusal);
    }

    fn text(&self, name: Name) -> String {
        self.fields
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, field)| field.text())
            .unwrap_or_default()
    }
}
