//! A row of the table of key bindings.

use super::action::Action;
use super::key::{Key, is_letter};
use crate::places::Place;

/// An action and the keys for it, in some places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binding {
    /// None: the palette runs it.
    pub(crate) keys: &'static [Key],
    pub(crate) action: Action,
    pub(crate) places: &'static [Place],
    /// The description in the help and the palette.
    pub(crate) what: &'static str,
    /// The label on the bottom line; empty if it is not shown there.
    pub(crate) short: &'static str,
}

impl Binding {
    /// Whether the binding applies in a place.
    pub(crate) fn holds_in(&self, place: Place) -> bool {
        self.places.contains(&place) || self.places.contains(&Place::Everywhere)
    }

    /// Whether the key triggers it in a place: where text is typed, letters are text.
    pub(super) fn has(&self, key: Key, place: Place) -> bool {
        self.keys.contains(&key) && !(place.is_typed_in() && is_letter(key))
    }
}
