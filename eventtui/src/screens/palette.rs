//! The commands of a screen, found by a few letters of their names.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::row;
use crate::keys::{Action, Binding, Key, Place, bindings};
use crate::look::Look;
use crate::widgets::field::Field;
use crate::widgets::list::Position;
use crate::widgets::text::fit;

/// Columns for the keys of a command.
const KEYS: usize = 8;

/// The palette, opened in a place.
#[derive(Debug)]
pub(crate) struct Palette {
    place: Place,
    pub(crate) words: Field,
    pub(crate) position: Position,
}

impl Palette {
    pub(crate) fn of(place: Place) -> Self {
        Self { place, words: Field::default(), position: Position::default() }
    }

    /// The commands that fit what was typed, the closest first.
    pub(crate) fn found(&self) -> Vec<&'static Binding> {
        let words = self.words.text();
        let mut found: Vec<_> = bindings(self.place)
            .filter(|binding| !matches!(binding.action, Action::Palette | Action::Up | Action::Down))
            .filter_map(|binding| Some((distance(words.trim(), binding.what)?, binding)))
            .collect();
        found.sort_by_key(|(distance, _)| *distance);
        found.into_iter().map(|(_, binding)| binding).collect()
    }

    pub(crate) fn chosen(&self) -> Option<Action> {
        self.found().get(self.position.selected).map(|binding| binding.action)
    }

    pub(crate) fn press(&mut self, key: Key) {
        self.words.press(key);
        self.position = Position::default();
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let mut lines = vec![Line::from(vec![
            Span::styled(" : ", look.theme.accent),
            Span::raw(format!("{}▏", self.words.text())),
        ])];
        let found = self.found();
        if found.is_empty() {
            lines.push(Line::styled(" No command is called that.", look.theme.muted));
        }
        let height = usize::from(area.height).saturating_sub(1);
        let room = usize::from(area.width).saturating_sub(KEYS + 3).min(60);
        for (i, binding) in found.into_iter().enumerate().skip(self.position.top).take(height) {
            let keys: Vec<String> = binding.keys_in(self.place).map(|key| key.to_string()).collect();
            let line = Line::from(vec![
                Span::raw(format!("  {} ", fit(binding.what, room))),
                Span::styled(keys.join(" "), look.theme.muted),
            ]);
            lines.push(if i == self.position.selected { row::mark_selected(line, look) } else { line });
        }
        frame.render_widget(Paragraph::new(lines), area);
    }
}

/// How far the letters of `typed`, in order, lie apart in `name`; none where they don't all come.
fn distance(typed: &str, name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    let mut gaps = 0;
    let mut rest = name.as_str();
    for letter in typed.to_lowercase().chars().filter(|c| !c.is_whitespace()) {
        let at = rest.find(letter)?;
        gaps += at;
        rest = &rest[at + letter.len_utf8()..];
    }
    Some(gaps)
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    #[test]
    fn a_few_letters_find_a_command() {
        let mut palette = Palette::of(Place::Agenda);
        for letter in "thme".chars() {
            palette.press(Key(KeyCode::Char(letter), KeyModifiers::NONE));
        }
        assert_eq!(palette.chosen(), Some(Action::Theme));
        palette.press(Key(KeyCode::Char('ß'), KeyModifiers::NONE));
        assert_eq!((palette.found().len(), palette.chosen()), (0, None));
    }
}
