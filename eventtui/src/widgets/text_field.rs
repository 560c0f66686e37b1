//! A line of text that is edited: the typed text, and the cursor in it.

use crossterm::event::{KeyCode, KeyModifiers};
use tui_input::{Input, InputRequest};

use crate::keys::Key;

/// The sign for the cursor.
pub(crate) const CURSOR: char = '▏';

/// The text and the cursor in it. The cursor moves by grapheme clusters: an emoji of several code points is
/// one step.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextField {
    input: Input,
    /// The text is a suggestion: what is typed first replaces it.
    is_suggestion: bool,
}

impl TextField {
    /// A text with the cursor at its end.
    pub(crate) fn of(text: &str) -> Self {
        Self { input: Input::new(text.to_owned()), is_suggestion: false }
    }

    /// A text that the first typed character or the first paste replaces. Other keys edit it.
    pub(crate) fn suggestion(text: &str) -> Self {
        Self { is_suggestion: true, ..Self::of(text) }
    }

    /// Prepares for an insertion.
    fn replace_suggestion(&mut self) {
        if std::mem::take(&mut self.is_suggestion) {
            self.input = Input::default();
        }
    }

    pub(crate) fn text(&self) -> String {
        self.input.value().to_owned()
    }

    /// Whether there is nothing but white space.
    pub(crate) fn is_empty(&self) -> bool {
        self.input.value().trim().is_empty()
    }

    /// The text before the cursor.
    pub(crate) fn before(&self) -> String {
        self.input.value().chars().take(self.input.cursor()).collect()
    }

    /// Inserts text at the cursor. Control characters become blanks, so that the text stays on one line.
    pub(crate) fn paste(&mut self, text: &str) {
        self.replace_suggestion();
        for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
            self.input.handle(InputRequest::InsertChar(c));
        }
    }

    /// Edits the text by a key; returns whether the key edits text.
    pub(crate) fn press(&mut self, key: Key) -> bool {
        let control = key.1.contains(KeyModifiers::CONTROL);
        let request = match key.0 {
            KeyCode::Char('a') if control => InputRequest::GoToStart,
            KeyCode::Char('e') if control => InputRequest::GoToEnd,
            KeyCode::Char('u') if control => InputRequest::DeleteFromStart,
            KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
            KeyCode::Char(c) if key.1.is_empty() => InputRequest::InsertChar(c),
            KeyCode::Backspace => InputRequest::DeletePrevChar,
            KeyCode::Delete => InputRequest::DeleteNextChar,
            KeyCode::Left => InputRequest::GoToPrevChar,
            KeyCode::Right => InputRequest::GoToNextChar,
            KeyCode::Home => InputRequest::GoToStart,
            KeyCode::End => InputRequest::GoToEnd,
            _ => return false,
        };
        if matches!(request, InputRequest::InsertChar(_)) {
            self.replace_suggestion();
        }
        self.is_suggestion = false;
        self.input.handle(request);
        true
    }

    /// Inserts text at the cursor with its line ends. Other control characters become blanks.
    pub(crate) fn paste_lines(&mut self, text: &str) {
        self.replace_suggestion();
        for c in text.replace("\r\n", "\n").chars() {
            let c = match c {
                '\r' | '\n' => '\n',
                c if c.is_control() => ' ',
                c => c,
            };
            self.input.handle(InputRequest::InsertChar(c));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_edited_at_the_cursor() {
        let mut field = TextField::of("Köln abend");
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

    #[test]
    fn typing_replaces_a_suggestion() {
        let plain = |code| Key(code, KeyModifiers::NONE);
        let typed = |keys: &[KeyCode]| {
            let mut field = TextField::suggestion("12");
            for key in keys {
                field.press(plain(*key));
            }
            field.text()
        };
        assert_eq!(typed(&[]), "12");
        assert_eq!(typed(&[KeyCode::Char('3'), KeyCode::Char('4')]), "34");
        assert_eq!(typed(&[KeyCode::Backspace, KeyCode::Char('3')]), "13", "it is edited");
        assert_eq!(typed(&[KeyCode::End, KeyCode::Char('3')]), "123");
        let mut field = TextField::suggestion("12");
        field.paste("3");
        assert_eq!(field.text(), "3");
    }

    #[test]
    fn line_ends_are_kept_where_lines_are_written() {
        let mut field = TextField::of("a");
        field.paste_lines("1\r\n2\r3\n\t4");
        assert_eq!(field.text(), "a1\n2\n3\n 4");
    }

    #[test]
    fn the_cursor_moves_by_grapheme_clusters() {
        let plain = |code| Key(code, KeyModifiers::NONE);
        let family = "👩\u{200d}👧";
        let mut field = TextField::of(&format!("a{family}e\u{301}"));
        field.press(plain(KeyCode::Backspace));
        assert_eq!(field.text(), format!("a{family}"), "a letter goes with its accent");
        field.press(plain(KeyCode::Left));
        assert_eq!(field.before(), "a");
        field.press(plain(KeyCode::Delete));
        assert_eq!(field.text(), "a");
    }
}
