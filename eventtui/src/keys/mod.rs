//! Every key: what it does and where. The help, the palette and the bottom line are made from the table of them.

mod action;
mod table;

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub(crate) use self::action::Action;
use self::table::BINDINGS;
pub(crate) use crate::places::{Place, Tab};

/// A key, with what is held down beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(pub(crate) KeyCode, pub(crate) KeyModifiers);

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        // A capital letter says by itself that shift was held.
        let shift =
            if matches!(event.code, KeyCode::Char(_)) { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
        Self(event.code, event.modifiers - shift)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1.contains(KeyModifiers::CONTROL) {
            f.write_str("^")?;
        }
        match self.0 {
            KeyCode::Char(' ') => f.write_str("space"),
            KeyCode::Char(c) if self.1.contains(KeyModifiers::CONTROL) => {
                write!(f, "{}", c.to_ascii_uppercase())
            }
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Enter => f.write_str("⏎"),
            KeyCode::Esc => f.write_str("Esc"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::Home => f.write_str("Home"),
            KeyCode::End => f.write_str("End"),
            KeyCode::Tab => f.write_str("Tab"),
            KeyCode::BackTab => f.write_str("⇧Tab"),
            KeyCode::F(n) => write!(f, "F{n}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// What some keys do in some places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binding {
    pub(crate) keys: &'static [Key],
    pub(crate) action: Action,
    pub(crate) places: &'static [Place],
    /// In the words of the help and the palette.
    pub(crate) what: &'static str,
    /// In the words of the bottom line; empty where it isn't shown there.
    pub(crate) short: &'static str,
}

const fn c(letter: char) -> Key {
    Key(KeyCode::Char(letter), KeyModifiers::NONE)
}

const fn ctrl(letter: char) -> Key {
    Key(KeyCode::Char(letter), KeyModifiers::CONTROL)
}

const fn k(code: KeyCode) -> Key {
    Key(code, KeyModifiers::NONE)
}

fn is_letter(key: Key) -> bool {
    matches!(key.0, KeyCode::Char(_)) && key.1.is_empty()
}

impl Binding {
    /// Whether the binding means something in a place.
    pub(crate) fn holds_in(&self, place: Place) -> bool {
        self.places.contains(&place) || self.places.contains(&Place::Everywhere)
    }

    fn has(&self, key: Key, place: Place) -> bool {
        self.keys.contains(&key) && !(place.is_typed_in() && is_letter(key))
    }

    /// The keys that reach it in a place: those that mean nothing narrower there.
    pub(crate) fn keys_in(&self, place: Place) -> impl Iterator<Item = Key> {
        self.keys.iter().copied().filter(move |key| action(place, *key) == Some(self.action))
    }
}

/// What a key means in a place.
pub(crate) fn action(place: Place, key: Key) -> Option<Action> {
    let meant = |narrow: bool| {
        BINDINGS.iter().find(|binding| {
            let here = if narrow { binding.places.contains(&place) } else { binding.holds_in(place) };
            here && binding.has(key, place)
        })
    };
    meant(true).or_else(|| meant(false)).map(|binding| binding.action)
}

/// The bindings that hold in a place, the narrower ones first.
pub(crate) fn bindings(place: Place) -> impl Iterator<Item = &'static Binding> {
    let narrow = BINDINGS.iter().filter(move |binding| binding.places.contains(&place));
    let wide = BINDINGS.iter().filter(|binding| binding.places.contains(&Place::Everywhere));
    narrow.chain(wide).filter(move |binding| binding.keys_in(place).next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_binding_is_reached_by_its_first_key_somewhere() {
        for binding in BINDINGS {
            let reached = Place::ALL
                .iter()
                .filter(|place| binding.holds_in(**place))
                .any(|place| binding.keys_in(*place).any(|key| action(*place, key) == Some(binding.action)));
            assert!(reached, "{binding:?}");
        }
    }

    #[test]
    fn letters_are_text_where_one_types() {
        assert_eq!(action(Place::Form, c('q')), None);
        assert_eq!(action(Place::Form, ctrl('c')), Some(Action::Quit));
        assert_eq!(action(Place::Search, c('j')), None);
        assert_eq!(action(Place::Search, k(KeyCode::Down)), Some(Action::Down));
        assert_eq!(action(Place::Form, k(KeyCode::Tab)), Some(Action::NextField));
        assert_eq!(action(Place::Agenda, k(KeyCode::Tab)), Some(Action::NextTab));
    }

    #[test]
    fn keys_are_written_as_people_know_them() {
        let written: Vec<_> = [c('q'), ctrl('p'), k(KeyCode::Enter), k(KeyCode::BackTab), c(' ')]
            .iter()
            .map(Key::to_string)
            .collect();
        assert_eq!(written, ["q", "^P", "⏎", "⇧Tab", "space"]);
    }
}
