//! The ids of the messages of one reading.

use std::collections::HashMap;
use std::sync::Arc;

use super::item::Item;
use super::position::Position;

/// The ids of the messages of one reading, shared by all followers who are shown the same.
pub(super) struct MessageIds<'p> {
    position: &'p Position,
    /// Where the followers were before; `None` if nobody could resume within these messages.
    from: Option<&'p Position>,
    last: Option<Arc<str>>,
    parts: HashMap<Item, Arc<str>>,
}

impl<'p> MessageIds<'p> {
    /// For followers who were at `from`.
    pub(super) fn new(position: &'p Position, from: &'p Position) -> Self {
        Self { from: Some(from), ..Self::without_parts(position) }
    }

    /// For followers who can resume after the last message only.
    pub(super) fn without_parts(position: &'p Position) -> Self {
        Self { position, from: None, last: None, parts: HashMap::new() }
    }

    /// The id of the last message.
    pub(super) fn last(&mut self) -> Arc<str> {
        self.last.get_or_insert_with(|| self.position.to_string().into()).clone()
    }

    /// The id of a message that others follow.
    pub(super) fn part(&mut self, item: Item) -> Option<Arc<str>> {
        let (position, from) = (self.position, self.from?);
        let id = || position.after_item(from, item).to_string().into();
        Some(self.parts.entry(item).or_insert_with(id).clone())
    }
}
