//! A line of text that someone types.

use crossterm::event::{KeyCode, KeyModifiers};

use crate::keys::Key;

/// The text and the cursor in it, counted in characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Field {
    text: Vec<char>,
    cursor: usize,
}

impl Field {
    pub(crate) fn of(text: &str) -> Self {
        let text: Vec<char> = text.chars().collect();
        Self { cursor: text.len(), text }
    }

    pub(crate) fn text(&self) -> String {
        self.text.iter().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.iter().all(|c| c.is_whitespace())
    }

    /// What stands before the cursor.
    pub(crate) fn before(&self) -> String {
        self.text[..self.cursor].iter().collect()
    }

    /// What is pasted comes as it is, on one line.
    pub(crate) fn paste(&mut self, text: &str) {
        for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
            self.insert(c);
        }
    }

    fn insert(&mut self, c: char) {
        self.text.insert(self.cursor, c);
        self.cursor += 1;
    }

    /// Takes a key; answers whether it meant something here.
    pub(crate) fn press(&mut self, key: Key) -> bool {
        let control = key.1.contains(KeyModifiers::CONTROL);
        match key.0 {
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.text.len(),
            KeyCode::Char('u') if control => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char('w') if control => {
                let end = self.cursor;
                while self.cursor > 0 && self.text[self.cursor - 1].is_whitespace() {
                    self.cursor -= 1;
                }
                while self.cursor > 0 && !self.text[self.cursor - 1].is_whitespace() {
                    self.cursor -= 1;
                }
                self.text.drain(self.cursor..end);
            }
            KeyCode::Char(c) if key.1.is_empty() => self.insert(c),
            KeyCode::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.cursor);
            }
            KeyCode::Delete if self.cursor < self.text.len() => {
                self.text.remove(self.cursor);
            }
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(self.text.len()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            KeyCode::Backspace | KeyCode::Delete => {}
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_edited_as_lines_are() {
        let mut field = Field::of("Köln abend");
        let control = |c| Key(KeyCode::Char(c), KeyModifiers::CONTROL);
        let plain = |code| Key(code, KeyModifiers::NONE);
        field.press(control('w'));
        assert_eq!((field.text().as_str(), field.before().as_str()), ("Köln ", "Köln "));
        field.press(plain(KeyCode::Home));
        field.press(plain(KeyCode::Char('»')));
        field.press(plain(KeyCode::Delete));
        field.paste("b\no");
        assert_eq!(field.text(), "»b oöln ");
        field.press(plain(KeyCode::Backspace));
        field.press(control('u'));
        assert_eq!((field.text().as_str(), field.before().as_str()), ("öln ", ""));
        assert!(field.press(plain(KeyCode::Backspace)) && !field.press(plain(KeyCode::Tab)));
    }
}
