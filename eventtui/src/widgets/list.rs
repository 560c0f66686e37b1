//! A place in a list that may be longer than anyone knows.

use crate::keys::Action;

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
