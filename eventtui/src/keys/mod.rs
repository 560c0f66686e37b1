//! Key bindings. The help, the command palette and the bottom line are made from their table.

mod action;
mod binding;
mod import_table;
mod key;
mod subscription_table;
mod synonyms;
mod table;
mod webhook_table;

pub(crate) use self::action::Action;
pub(crate) use self::binding::Binding;
use self::import_table::IMPORTS;
pub(crate) use self::key::Key;
use self::subscription_table::SUBSCRIPTIONS;
pub(crate) use self::synonyms::synonyms;
use self::table::BINDINGS;
use self::webhook_table::WEBHOOKS;
pub(crate) use crate::places::{Place, Tab};

/// The whole table.
fn all() -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().chain(WEBHOOKS).chain(SUBSCRIPTIONS).chain(IMPORTS)
}

impl Binding {
    /// Its keys that are not bound to another action in this place.
    pub(crate) fn keys_in(&self, place: Place) -> impl Iterator<Item = Key> {
        self.keys.iter().copied().filter(move |key| action(place, *key) == Some(self.action))
    }
}

/// The action of a key in a place. A binding for this place takes precedence over one for everywhere.
pub(crate) fn action(place: Place, key: Key) -> Option<Action> {
    let bound = |narrow: bool| {
        all().find(|binding| {
            let here = if narrow { binding.places.contains(&place) } else { binding.holds_in(place) };
            here && binding.has(key, place)
        })
    };
    bound(true).or_else(|| bound(false)).map(|binding| binding.action)
}

/// The bindings of a place, then those for everywhere, then the commands that have no key here.
pub(crate) fn bindings(place: Place) -> impl Iterator<Item = &'static Binding> {
    let narrow = all().filter(move |binding| binding.places.contains(&place));
    let wide = all().filter(|binding| binding.places.contains(&Place::Everywhere));
    let has_key = move |binding: &&Binding| binding.keys_in(place).next().is_some();
    let keyless = all().filter(move |binding| {
        let is_bound = |other: &'static Binding| other.action == binding.action && has_key(&other);
        binding.keys.is_empty() && !all().any(is_bound)
    });
    narrow.chain(wide).filter(has_key).chain(keyless)
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::key::{c, ctrl, k};
    use super::*;

    #[test]
    fn every_binding_is_reachable() {
        for binding in all().filter(|binding| !binding.keys.is_empty()) {
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
