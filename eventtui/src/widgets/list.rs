//! Lists that may be longer than anyone knows: what is there of them, and the place in them.

use eventcore::{Cursor, Page};

use crate::backend::Refusal;
use crate::keys::Action;
use crate::status::Status;

/// Things that remain below the selection before more are loaded.
const AHEAD: usize = 50;

/// A list that is loaded page by page, as one comes to them.
#[derive(Debug)]
pub(crate) struct Paged<T> {
    pub(crate) items: Vec<T>,
    pub(crate) position: Position,
    pub(crate) status: Status,
    next: Option<Cursor>,
}

impl<T> Default for Paged<T> {
    fn default() -> Self {
        Self { items: Vec::new(), position: Position::default(), status: Status::default(), next: None }
    }
}

impl<T> Paged<T> {
    pub(crate) fn selected(&self) -> Option<&T> {
        self.items.get(self.position.selected)
    }

    pub(crate) fn go(&mut self, action: Action, height: usize) -> bool {
        self.position.go(action, self.items.len(), height)
    }

    /// The cursor of the next page, if it is time to load it.
    pub(crate) fn wanted(&mut self, now: u64) -> Option<Cursor> {
        if !self.status.is_ready(now) || self.position.selected + AHEAD < self.items.len() {
            return None;
        }
        let next = self.next.take()?;
        self.status.begin(now);
        Some(next)
    }

    /// Takes a page. One from the start replaces what was there, and the selection stays with its thing, which `key` tells from others; one that
    /// did not come can be asked for again.
    pub(crate) fn take<K: PartialEq>(
        &mut self,
        cursor: Option<&Cursor>,
        outcome: Result<Page<T>, Refusal>,
        (now, height): (u64, usize),
        key: impl Fn(&T) -> K,
    ) {
        self.status.end(now, outcome.as_ref().err());
        let Ok(page) = outcome else {
            self.next = self.next.take().or_else(|| cursor.cloned());
            return;
        };
        if cursor.is_none() {
            let known = self.selected().map(&key);
            self.items = page.items;
            let place = known.and_then(|known| self.items.iter().position(|item| key(item) == known));
            self.position.selected = place.unwrap_or(0);
        } else {
            self.items.extend(page.items);
        }
        self.next = page.next;
        self.position.settle(self.items.len(), height);
    }
}

/// What is selected, and what stands on top of the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) selected: usize,
    pub(crate) top: usize,
}

impl Position {
    /// Moves in a list of so many things, of which `height` are on the screen; answers whether the action was one of moving.
    pub(crate) fn go(&mut self, action: Action, len: usize, height: usize) -> bool {
        let height = height.max(1);
        self.selected = match action {
            Action::Down => self.selected + 1,
            Action::Up => self.selected.saturating_sub(1),
            Action::PageDown => self.selected + height,
            Action::PageUp => self.selected.saturating_sub(height),
            Action::First => 0,
            Action::Last => len,
            _ => return false,
        };
        self.settle(len, height);
        true
    }

    /// Keeps the selection within the list, and on the screen.
    pub(crate) fn settle(&mut self, len: usize, height: usize) {
        self.selected = self.selected.min(len.saturating_sub(1));
        let height = height.max(1);
        if self.selected < self.top {
            self.top = self.selected;
        } else if self.selected >= self.top + height {
            self.top = self.selected + 1 - height;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selection_stays_on_the_screen() {
        let mut position = Position::default();
        for (action, selected, top) in [
            (Action::Up, 0, 0),
            (Action::Down, 1, 0),
            (Action::PageDown, 6, 2),
            (Action::Last, 9, 5),
            (Action::Down, 9, 5),
            (Action::PageUp, 4, 4),
            (Action::First, 0, 0),
        ] {
            assert!(position.go(action, 10, 5));
            assert_eq!((position.selected, position.top), (selected, top), "{action:?}");
        }
        assert!(!position.go(Action::Quit, 10, 5));
        position.settle(0, 5);
        assert_eq!(position.selected, 0);
    }
}
