//! Keys and their names.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

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

pub(super) const fn c(letter: char) -> Key {
    Key(KeyCode::Char(letter), KeyModifiers::NONE)
}

pub(super) const fn ctrl(letter: char) -> Key {
    Key(KeyCode::Char(letter), KeyModifiers::CONTROL)
}

pub(super) const fn k(code: KeyCode) -> Key {
    Key(code, KeyModifiers::NONE)
}

pub(super) fn is_letter(key: Key) -> bool {
    matches!(key.0, KeyCode::Char(_)) && key.1.is_empty()
}
