//! Labelled text fields below each other, each with a hint or an error beside it.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::backend::ApiError;
use crate::keys::Key;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::text::{clean, columns, end_of, fit, wrapped};
use crate::widgets::text_field::{CURSOR, TextField};

/// Columns of a label with the sign before it.
const LABEL: usize = 21;
/// Columns of the text, if there is a hint beside it.
const TEXT: usize = 32;

/// A labelled text field.
#[derive(Debug)]
pub(crate) struct Entry {
    label: &'static str,
    /// The JSON pointer of the field in a error.
    pointer: &'static str,
    field: TextField,
    /// The text is shown as dots.
    secret: bool,
    /// The field may stay empty.
    optional: bool,
}

impl Entry {
    pub(crate) fn of(label: &'static str, pointer: &'static str, text: &str) -> Self {
        Self { label, pointer, field: TextField::of(text), secret: false, optional: false }
    }

    pub(crate) fn secret(label: &'static str, pointer: &'static str) -> Self {
        Self { secret: true, ..Self::of(label, pointer, "") }
    }

    pub(crate) fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// The text in `room` columns; with the cursor and scrolled to it if the field is selected.
    fn shown(&self, here: bool, room: usize) -> String {
        let seen = |text: String| if self.secret { "•".repeat(text.chars().count()) } else { clean(&text) };
        let (all, before) = (self.field.text(), self.field.before());
        if !here {
            return seen(all);
        }
        let after = seen(all.chars().skip(before.chars().count()).collect());
        let before = seen(before);
        format!("{}{CURSOR}{after}", end_of(&before, room.saturating_sub(1)))
    }
}

/// The fields, one of them selected.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    all: Vec<Entry>,
    at: usize,
    /// Whether the fields are being saved.
    pub(crate) status: Status,
    error: Option<ApiError>,
}

impl Entries {
    pub(crate) fn of(all: Vec<Entry>) -> Self {
        Self { all, at: 0, status: Status::default(), error: None }
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

    /// The text of a field, trimmed unless it is a secret.
    pub(crate) fn text(&self, place: usize) -> String {
        self.all.get(place).map_or_else(String::new, |entry| {
            let text = entry.field.text();
            if entry.secret { text } else { text.trim().to_owned() }
        })
    }

    /// Whether no required field is empty. Selects the first empty one.
    pub(crate) fn are_complete(&mut self) -> bool {
        let empty = self.all.iter().position(|entry| !entry.optional && entry.field.is_empty());
        self.at = empty.unwrap_or(self.at);
        self.error = None;
        empty.is_none()
    }

    /// Whether a response is awaited: the key may be pressed again before it arrives.
    pub(crate) const fn are_sending(&self) -> bool {
        self.status.since.is_some()
    }

    /// Takes the outcome of saving the fields; an error is shown.
    pub(crate) fn saved<T>(&mut self, outcome: Result<T, ApiError>, now: u64) -> Option<T> {
        // Nothing is loaded, so that nothing is tried again: the error is shown, and the user decides.
        self.status.end(now, None);
        outcome.map_err(|error| self.show_error(error)).ok()
    }

    /// Shows errors beside their fields, and selects the first of them.
    pub(crate) fn show_error(&mut self, error: ApiError) {
        let wrong = |entry: &Entry| error.fields.iter().any(|wrong| wrong.pointer == entry.pointer);
        self.at = self.all.iter().position(wrong).unwrap_or(self.at);
        self.error = Some(error);
    }

    /// The fields in `width` columns, each with its error or else a hint. An error about no field follows
    /// below.
    pub(crate) fn lines(
        &self,
        view: &ViewContext,
        width: u16,
        beside: impl Fn(usize) -> Option<String>,
    ) -> Vec<Line<'static>> {
        let theme = view.theme;
        let width = usize::from(width);
        let mut lines = Vec::new();
        for (place, entry) in self.all.iter().enumerate() {
            let here = place == self.at;
            let (words, style) = match self.wrong(entry) {
                Some(wrong) => (format!("! {wrong}"), theme.bad),
                None => (beside(place).unwrap_or_default(), theme.muted),
            };
            let room = width.saturating_sub(LABEL + 1).min(TEXT);
            let fits = LABEL + room + 2 + columns(&words) <= width;
            let room = if fits { room } else { width.saturating_sub(LABEL + 1) };
            let text = if here { theme.selected } else { Style::new() };
            let mark = if here { "▌" } else { " " };
            lines.push(Line::from(vec![
                Span::styled(format!("{mark}{}", fit(entry.label, LABEL - 1)), theme.muted),
                Span::styled(fit(&entry.shown(here, room), room), text),
                Span::styled(if fits { format!(" {words}") } else { String::new() }, style),
            ]));
            // On a narrow screen the hint moves below its field, if that is selected or wrong.
            if !fits && (here || self.wrong(entry).is_some()) {
                let below = wrapped(&words, width.saturating_sub(3));
                lines.extend(below.into_iter().map(|words| Line::styled(format!("   {words}"), style)));
            }
        }
        lines.push(Line::raw(""));
        if let Some(error) = &self.error
            && !self.all.iter().any(|entry| self.wrong(entry).is_some())
        {
            lines.push(Line::styled(format!(" ✗ {}", clean(&error.message)), theme.bad));
        }
        lines
    }

    fn wrong(&self, entry: &Entry) -> Option<String> {
        let mut fields = self.error.iter().flat_map(|error| &error.fields);
        let wrong = fields.find(|wrong| wrong.pointer == entry.pointer);
        wrong.map(|wrong| clean(&wrong.message))
    }
}
