//! The help: all keys of a screen, from the table of bindings.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::screen::{Context, Handled, Screen};
use crate::keys::{Action, Binding, Key, Place, bindings};
use crate::widgets::list::{Motion, Position};
use crate::widgets::text_field::{CURSOR, TextField};

/// The keys of a screen, filtered by what is typed.
#[derive(Debug)]
pub(crate) struct HelpScreen {
    /// The screen whose keys are listed.
    of: Place,
    typed: TextField,
    pub(crate) position: Position,
}

impl HelpScreen {
    pub(crate) fn of(place: Place) -> Self {
        Self { of: place, typed: TextField::default(), position: Position::default() }
    }

    fn found(&self) -> Vec<&'static Binding> {
        let typed = self.typed.text().to_lowercase();
        bindings(self.of).filter(|binding| binding.what.to_lowercase().contains(typed.trim())).collect()
    }
}

impl Screen for HelpScreen {
    fn place(&self) -> Place {
        Place::Help
    }

    fn perform(&mut self, _action: Action, _cx: &mut Context) -> Handled {
        Handled::No
    }

    fn move_selection(&mut self, motion: Motion, cx: &mut Context) -> Handled {
        let len = self.found().len();
        self.position.go(motion, len, cx.height());
        Handled::Yes
    }

    fn press(&mut self, key: Key, _cx: &mut Context) {
        self.typed.press(key);
        self.position = Position::default();
    }

    fn paste(&mut self, text: &str, _cx: &mut Context) {
        self.typed.paste(text);
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let theme = cx.view.theme;
        let mut lines = vec![Line::from(vec![
            Span::styled(format!(" Keys · {}  ", self.of.name()), theme.accent),
            Span::raw(format!("{}{CURSOR}", self.typed.text())),
            Span::styled("  type to search, Esc closes", theme.muted),
        ])];
        lines.push(Line::raw(""));
        for binding in self.found().into_iter().skip(self.position.selected) {
            let mut keys: Vec<String> = binding.keys_in(self.of).map(|key| key.to_string()).collect();
            if keys.is_empty() {
                keys.push(":".to_owned());
            }
            lines.push(Line::from(vec![
                Span::styled(format!("  {:<14}", keys.join(" ")), theme.good),
                Span::raw(binding.what),
            ]));
        }
        lines.truncate(usize::from(area.height));
        frame.render_widget(Paragraph::new(lines), area);
    }
}
