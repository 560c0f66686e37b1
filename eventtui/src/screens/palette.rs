//! The command palette: the commands of a screen, found by a few letters of their names.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::row;
use super::screen::{AppCommand, Context, Handled, Screen};
use crate::keys::{Action, Binding, Key, Place, bindings, synonyms};
use crate::widgets::list::{Motion, Position};
use crate::widgets::text::fit;
use crate::widgets::text_field::{CURSOR, TextField};

/// Columns for the keys of a command.
const KEYS: usize = 8;

/// The commands of a screen, filtered by what is typed.
#[derive(Debug)]
pub(crate) struct PaletteScreen {
    /// The screen whose commands are listed.
    of: Place,
    typed: TextField,
    pub(crate) position: Position,
}

impl PaletteScreen {
    pub(crate) fn of(place: Place) -> Self {
        Self { of: place, typed: TextField::default(), position: Position::default() }
    }

    /// The commands that match what was typed, the closest first.
    fn found(&self) -> Vec<&'static Binding> {
        let typed = self.typed.text();
        let mut found: Vec<_> = bindings(self.of)
            .filter(|binding| !matches!(binding.action, Action::Palette | Action::Up | Action::Down))
            .filter_map(|binding| Some((rank(&typed, binding)?, binding)))
            .collect();
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, binding)| binding).collect()
    }

    fn chosen(&self) -> Option<Action> {
        self.found().get(self.position.selected).map(|binding| binding.action)
    }

    fn edit(&mut self, key: Key) {
        self.typed.press(key);
        self.position = Position::default();
    }
}

impl Screen for PaletteScreen {
    fn place(&self) -> Place {
        Place::Palette
    }

    fn move_selection(&mut self, motion: Motion, cx: &mut Context) -> Handled {
        let len = self.found().len();
        self.position.go(motion, len, cx.height());
        Handled::Yes
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Open => {
                cx.close();
                cx.commands.extend(self.chosen().map(AppCommand::RunAction));
            }
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn press(&mut self, key: Key, _cx: &mut Context) {
        self.edit(key);
    }

    fn paste(&mut self, text: &str, _cx: &mut Context) {
        self.typed.paste(text);
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let view = &cx.view;
        let mut lines = vec![Line::from(vec![
            Span::styled(" : ", view.theme.accent),
            Span::raw(format!("{}{CURSOR}", self.typed.text())),
        ])];
        let found = self.found();
        if found.is_empty() {
            lines.push(Line::styled(" No such command.", view.theme.muted));
        }
        let height = usize::from(area.height).saturating_sub(1);
        let room = usize::from(area.width).saturating_sub(KEYS + 3).min(60);
        for (i, binding) in found.into_iter().enumerate().skip(self.position.top).take(height) {
            let keys: Vec<String> = binding.keys_in(self.of).map(|key| key.to_string()).collect();
            let line = Line::from(vec![
                Span::raw(format!("  {} ", fit(binding.what, room))),
                Span::styled(keys.join(" "), view.theme.muted),
            ]);
            lines.push(if i == self.position.selected { row::mark_selected(line, view) } else { line });
        }
        frame.render_widget(Paragraph::new(lines), area);
    }
}

/// How well a command matches what was typed; the least is best. None if it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// It is one of its names.
    Exact,
    /// Each word begins one of its own words.
    Words,
    /// Each word begins one of its words or of its synonyms.
    Synonyms,
    /// The letters occur in order, with this many others between them.
    Letters(usize),
}

fn rank(typed: &str, binding: &Binding) -> Option<Rank> {
    let typed = typed.trim().to_lowercase();
    let what = binding.what.to_lowercase();
    let others = synonyms(binding.action);
    if typed == what || typed == binding.short || others.contains(&typed.as_str()) {
        return Some(Rank::Exact);
    }
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let begins_all = |known: &[String]| {
        words(&typed).iter().all(|word| known.iter().any(|known| known.starts_with(word.as_str())))
    };
    let own = words(&what);
    if begins_all(&own) {
        return Some(Rank::Words);
    }
    let all: Vec<String> = own.into_iter().chain(others.iter().flat_map(|other| words(other))).collect();
    if begins_all(&all) {
        return Some(Rank::Synonyms);
    }
    distance(&typed, &what).map(Rank::Letters)
}

/// The gaps between the letters of `typed` where they occur in order in `name`. None if one does not occur.
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
    fn words_and_synonyms_find_a_command_the_exact_one_first() {
        for (place, typed, action) in [
            (Place::Agenda, "create", Action::NewEvent),
            (Place::Agenda, "new event", Action::NewEvent),
            (Place::Agenda, "settings", Action::Preferences),
            (Place::Agenda, "login", Action::Account),
            (Place::Agenda, "Log In", Action::Account),
            (Place::Event, "ics", Action::SaveCalendar),
            (Place::Event, "delete event", Action::CancelEvent),
            (Place::Event, "event cancel", Action::CancelEvent),
            (Place::Event, "quit", Action::Quit),
            (Place::Month, "month", Action::NextMonth),
        ] {
            let mut palette = PaletteScreen::of(place);
            palette.typed.paste(typed);
            let found = palette.found();
            let first: Vec<Action> = found.iter().take(3).map(|binding| binding.action).collect();
            assert!(first.contains(&action), "{typed}: {first:?}");
        }
        let mut palette = PaletteScreen::of(Place::Event);
        palette.typed.paste("cancel");
        let first: Vec<Action> = palette.found().iter().take(3).map(|binding| binding.action).collect();
        let cancelling = [Action::CancelRegistration, Action::CancelOccurrence, Action::CancelEvent];
        assert!(cancelling.iter().all(|action| first.contains(action)), "{first:?}");
    }

    #[test]
    fn a_few_letters_find_a_command() {
        let mut palette = PaletteScreen::of(Place::Agenda);
        for letter in "thme".chars() {
            palette.edit(Key(KeyCode::Char(letter), KeyModifiers::NONE));
        }
        assert_eq!(palette.chosen(), Some(Action::NextTheme));
        palette.edit(Key(KeyCode::Char('ß'), KeyModifiers::NONE));
        assert_eq!((palette.found().len(), palette.chosen()), (0, None));
    }
}
