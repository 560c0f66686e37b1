//! The filter of attendees by name.

use crossterm::event::KeyCode;
use eventcore::fold::fold;
use eventcore::registrations::Registration;
use ratatui::text::Line;

use crate::keys::Key;
use crate::view_context::ViewContext;
use crate::widgets::list::Position;
use crate::widgets::text::{clean, fit};
use crate::widgets::text_field::{CURSOR, TextField};

/// What is typed, and the selection among the attendees that match it.
#[derive(Debug, Default)]
pub(super) struct NameFilter {
    field: TextField,
    /// Whether typing is finished: keys are actions on the attendees again.
    is_applied: bool,
    pub(super) position: Position,
}

impl NameFilter {
    /// Takes a key while the name is typed; returns whether the key belongs to it.
    pub(super) fn press(&mut self, key: Key) -> bool {
        if self.is_applied {
            return false;
        }
        if key.0 == KeyCode::Enter {
            self.is_applied = true;
            return true;
        }
        let before = self.field.text();
        let edits = self.field.press(key);
        if self.field.text() != before {
            self.position = Position::default();
        }
        edits
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.field.paste(text);
        self.position = Position::default();
    }

    /// Continues typing.
    pub(super) const fn edit(&mut self) {
        self.is_applied = false;
    }

    /// The attendees of whose name or username each typed word is a part, whatever its case and accents.
    pub(super) fn matches<'a>(&self, all: &'a [Registration]) -> Vec<&'a Registration> {
        let typed = fold(self.field.text().trim_start_matches('@'));
        let words: Vec<&str> = typed.split(' ').collect();
        let has_all = |one: &&Registration| {
            let name = fold(&format!("{} {}", one.user.display_name, one.user.username));
            words.iter().all(|word| name.contains(word))
        };
        all.iter().filter(has_all).collect()
    }

    /// The typed name and the number of attendees that match, of those that are loaded.
    pub(super) fn line(
        &self,
        all: &[Registration],
        is_complete: bool,
        view: &ViewContext,
        width: u16,
    ) -> Line<'static> {
        let text = self.field.text();
        let before = self.field.before();
        let typed = if self.is_applied {
            clean(&text)
        } else {
            format!("{}{CURSOR}{}", clean(&before), clean(text.get(before.len()..).unwrap_or_default()))
        };
        let found =
            format!("{} of {}{}", self.matches(all).len(), all.len(), if is_complete { "" } else { " …" });
        let keys = if self.is_applied { "Esc shows all" } else { "Enter applies · Esc shows all" };
        let line = format!(" / {typed}  {found} · {keys}");
        Line::styled(fit(&line, usize::from(width)), view.theme.accent)
    }
}
