//! Lines to type in, each with its name, and with what is wrong or understood beside it.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::backend::Refusal;
use crate::keys::Key;
use crate::look::Look;
use crate::widgets::field::Field;
use crate::widgets::text::{clean, columns, fit, wrapped};

/// Columns of the name of a line, with the sign before it.
const NAME: usize = 21;
/// Columns of what is typed, where something stands beside it.
const TEXT: usize = 32;

/// A line to type in.
#[derive(Debug)]
pub(crate) struct Entry {
    name: &'static str,
    /// Which field of a refusal is about it.
    pointer: &'static str,
    field: Field,
    /// What is typed is not shown.
    secret: bool,
    /// It may stay empty.
    optional: bool,
}

impl Entry {
    pub(crate) fn of(name: &'static str, pointer: &'static str, text: &str) -> Self {
        Self { name, pointer, field: Field::of(text), secret: false, optional: false }
    }

    pub(crate) fn secret(name: &'static str, pointer: &'static str) -> Self {
        Self { secret: true, ..Self::of(name, pointer, "") }
    }

    pub(crate) fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// What is seen of it in so many columns: where one types, the text around the cursor.
    fn shown(&self, here: bool, room: usize) -> String {
        let seen = |text: String| if self.secret { "•".repeat(text.chars().count()) } else { clean(&text) };
        let (all, before) = (self.field.text(), self.field.before());
        if !here {
            return seen(all);
        }
        let after = seen(all.chars().skip(before.chars().count()).collect());
        let mut before = seen(before);
        while columns(&before) + 1 > room && !before.is_empty() {
            before.remove(0);
        }
        format!("{before}▏{after}")
    }
}

/// The lines, and the one among them that is typed in.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    all: Vec<Entry>,
    at: usize,
    refused: Option<Refusal>,
}

impl Entries {
    pub(crate) fn of(all: Vec<Entry>) -> Self {
        Self { all, at: 0, refused: None }
    }

    pub(crate) fn next(&mut self, back: bool) {
        let many = self.all.len().max(1);
        self.at = if back { self.at + many - 1 } else { self.at + 1 } % many;
    }

    pub(crate) fn press(&mut self, key: Key) {
        if let Some(entry) = self.all.get_mut(self.at) {
            entry.field.press(key);
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        if let Some(entry) = self.all.get_mut(self.at) {
            entry.field.paste(text);
        }
    }

    /// What stands in a line: as it was typed, for secrets; else without blanks around it.
    pub(crate) fn text(&self, place: usize) -> String {
        self.all.get(place).map_or_else(String::new, |entry| {
            let text = entry.field.text();
            if entry.secret { text } else { text.trim().to_owned() }
        })
    }

    /// Whether nothing is missing; else the first line that is empty is gone to.
    pub(crate) fn are_complete(&mut self) -> bool {
        let empty = self.all.iter().position(|entry| !entry.optional && entry.field.is_empty());
        self.at = empty.unwrap_or(self.at);
        self.refused = None;
        empty.is_none()
    }

    /// Shows what is wrong, beside the lines that are, and goes to the first of them.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        let wrong = |entry: &Entry| refusal.fields.iter().any(|wrong| wrong.pointer == entry.pointer);
        self.at = self.all.iter().position(wrong).unwrap_or(self.at);
        self.refused = Some(refusal);
    }

    /// The lines in so many columns, each with what is wrong with it, or else with words of its own; what is wrong with none of them stands below.
    pub(crate) fn lines(
        &self,
        look: &Look,
        width: u16,
        beside: impl Fn(usize) -> Option<String>,
    ) -> Vec<Line<'static>> {
        let theme = look.theme;
        let width = usize::from(width);
        let mut lines = Vec::new();
        for (place, entry) in self.all.iter().enumerate() {
            let here = place == self.at;
            let (words, style) = match self.wrong(entry) {
                Some(wrong) => (format!("! {wrong}"), theme.bad),
                None => (beside(place).unwrap_or_default(), theme.muted),
            };
            let room = width.saturating_sub(NAME + 1).min(TEXT);
            let fits = NAME + room + 2 + columns(&words) <= width;
            let room = if fits { room } else { width.saturating_sub(NAME + 1) };
            let text = if here { theme.selected } else { Style::new() };
            let mark = if here { "▌" } else { " " };
            lines.push(Line::from(vec![
                Span::styled(format!("{mark}{}", fit(entry.name, NAME - 1)), theme.muted),
                Span::styled(fit(&entry.shown(here, room), room), text),
                Span::styled(if fits { format!(" {words}") } else { String::new() }, style),
            ]));
            // What may be typed is said where one types, if there is no room for all of it.
            if !fits && (here || self.wrong(entry).is_some()) {
                let below = wrapped(&words, width.saturating_sub(3));
                lines.extend(below.into_iter().map(|words| Line::styled(format!("   {words}"), style)));
            }
        }
        lines.push(Line::raw(""));
        if let Some(refusal) = &self.refused
            && !self.all.iter().any(|entry| self.wrong(entry).is_some())
        {
            lines.push(Line::styled(format!(" ✗ {}", clean(&refusal.message)), theme.bad));
        }
        lines
    }

    fn wrong(&self, entry: &Entry) -> Option<String> {
        let mut fields = self.refused.iter().flat_map(|refusal| &refusal.fields);
        let wrong = fields.find(|wrong| wrong.pointer == entry.pointer);
        wrong.map(|wrong| clean(&wrong.message))
    }
}
