//! Key bindings. The help, the command palette and the bottom line are made from their table.

mod action;
mod table;

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub(crate) use self::action::Action;
use self::table::BINDINGS;
pub(crate) use crate::places::{Place, Tab};

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(pub(crate) KeyCode, pub(crate) KeyModifiers);

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        // Shift is part of a character already.
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

/// An action and the keys for it, in some places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binding {
    pub(crate) keys: &'static [Key],
    pub(crate) action: Action,
    pub(crate) places: &'static [Place],
    /// The description in the help and the palette.
    pub(crate) what: &'static str,
    /// The label on the bottom line; empty if it is not shown there.
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
    /// Whether the binding applies in a place.
    pub(crate) fn holds_in(&self, place: Place) -> bool {
        self.places.contains(&place) || self.places.contains(&Place::Everywhere)
    }

    fn has(&self, key: Key, place: Place) -> bool {
        self.keys.contains(&key) && !(place.is_typed_in() && is_letter(key))
    }

    /// Its keys that are not bound to another action in this place.
    pub(crate) fn keys_in(&self, place: Place) -> impl Iterator<Item = Key> {
        self.keys.iter().copied().filter(move |key| action(place, *key) == Some(self.action))
    }
}

/// The action of a key in a place. A binding for this place takes precedence over one for everywhere.
pub(crate) fn action(place: Place, key: Key) -> Option<Action> {
    let bound = |narrow: bool| {
        BINDINGS.iter().find(|binding| {
            let here = if narrow { binding.places.contains(&place) } else { binding.holds_in(place) };
            here && binding.has(key, place)
        })
    };
    bound(true).or_else(|| bound(false)).map(|binding| binding.action)
}

/// The bindings of a place, then those for everywhere.
pub(crate) fn bindings(place: Place) -> impl Iterator<Item = &'static Binding> {
    let narrow = BINDINGS.iter().filter(move |binding| binding.places.contains(&place));
    let wide = BINDINGS.iter().filter(|binding| binding.places.contains(&Place::Everywhere));
    narrow.chain(wide).filter(move |binding| binding.keys_in(place).next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_binding_is_reachable() {
        for binding in BINDINGS {
            let reached = Place::ALL
                .iter()
                .filter(|place| binding.holds_in(**place))
                .any(|place| binding.keys_in(*place).any(|key| action(*place, key) == Some(binding.action)));
            assert!(reached, "{binding:?}");
        }
    }

    #[test]
    fn letters_are_text_in_fields() {
        assert_eq!(action(Place::Form, c('q')), None);
        assert_eq!(action(Place::Form, ctrl('c')), Some(Action::Quit));
        assert_eq!(action(Place::Search, c('j')), None);
        assert_eq!(action(Place::Search, k(KeyCode::Down)), Some(Action::Down));
        assert_eq!(action(Place::Form, k(KeyCode::Tab)), Some(Action::NextField));
        assert_eq!(action(Place::Agenda, k(KeyCode::Tab)), Some(Action::NextTab));
    }

    #[test]
    fn keys_have_names() {
        let written: Vec<_> = [c('q'), ctrl('p'), k(KeyCode::Enter), k(KeyCode::BackTab), c(' ')]
            .iter()
            .map(Key::to_string)
            .collect();
        assert_eq!(written, ["q", "^P", "⏎", "⇧Tab", "space"]);
    }
}
