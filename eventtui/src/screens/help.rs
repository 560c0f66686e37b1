//! All keys of a screen, from the table of bindings.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::keys::{Binding, Key, Place, bindings};
use crate::look::Look;
use crate::widgets::field::Field;
use crate::widgets::list::Position;

/// The help of a place, searched by words.
#[derive(Debug)]
pub(crate) struct Help {
    pub(crate) place: Place,
    pub(crate) words: Field,
    pub(crate) position: Position,
}

impl Help {
    pub(crate) fn of(place: Place) -> Self {
        Self { place, words: Field::default(), position: Position::default() }
    }

    pub(crate) fn found(&self) -> Vec<&'static Binding> {
        let words = self.words.text().to_lowercase();
        bindings(self.place).filter(|binding| binding.what.to_lowercase().contains(words.trim())).collect()
    }

    pub(crate) fn press(&mut self, key: Key) {
        self.words.press(key);
        self.position = Position::default();
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let theme = look.theme;
        let mut lines = vec![Line::from(vec![
            Span::styled(format!(" Keys · {}  ", self.place.name()), theme.accent),
            Span::raw(format!("{}▏", self.words.text())),
            Span::styled("  type to search, Esc leaves", theme.muted),
        ])];
        lines.push(Line::raw(""));
        for binding in self.found().into_iter().skip(self.position.selected) {
            let keys: Vec<String> = binding.keys_in(self.place).map(|key| key.to_string()).collect();
            lines.push(Line::from(vec![
                Span::styled(format!("  {:<14}", keys.join(" ")), theme.good),
                Span::raw(binding.what),
            ]));
        }
        lines.truncate(usize::from(area.height));
        frame.render_widget(Paragraph::new(lines), area);
    }
}
