//! The drawing of the form.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::fault::FieldFault;
use super::{FieldName, FormKind, FormScreen};
use crate::view_context::ViewContext;
use crate::widgets::blocks;
use crate::widgets::text::{clean, columns, end_of, fit, wrapped};
use crate::widgets::text_field::{CURSOR, TextField};

/// Columns of a label with the sign before it.
const LABEL: usize = 13;
/// Lines of the description that are shown while it is edited.
const DESCRIPTION: usize = 10;

impl FormScreen {
    const fn heading(&self) -> &'static str {
        match self.kind {
            FormKind::New => "New event",
            FormKind::Copy(_) => "Copy of the event",
            FormKind::Event(_) => "All occurrences of the event",
            FormKind::Occurrence(_) => "This occurrence",
            FormKind::Following(_) => "This and all following occurrences",
        }
    }

    /// The keys that leave the form, as many as fit `room` columns.
    fn key_hints(&self, room: usize) -> &'static str {
        let all: &[&str] = match self.kind {
            FormKind::New => &[
                "^S publishes · ^D saves a draft · Esc closes and keeps the text",
                "^S publishes · ^D saves a draft · Esc keeps the text",
                "^S publishes · ^D draft",
            ],
            FormKind::Copy(_) => &["^S saves a draft · Esc closes and keeps the text", "^S saves a draft"],
            FormKind::Event(_) | FormKind::Occurrence(_) | FormKind::Following(_) => {
                &["^S saves · Esc closes and keeps the text", "^S saves"]
            }
        };
        all.iter().find(|hints| columns(hints) <= room).copied().unwrap_or_default()
    }

    pub(super) fn draw_fields(&self, frame: &mut Frame<'_>, area: Rect, view: &ViewContext) {
        let theme = view.theme;
        let [head, body, foot] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Min(1),
            Constraint::Length(u16::from(self.error.is_some())),
        ])
        .areas(area);
        let heading = format!(" {}   ", self.heading());
        let hints = self.key_hints(usize::from(area.width).saturating_sub(columns(&heading)));
        let title = Line::from(vec![Span::styled(heading, theme.accent), Span::styled(hints, theme.muted)]);
        frame.render_widget(title, head);
        let fields = (0..self.fields.len()).map(|place| self.field(place, view, usize::from(area.width)));
        blocks::draw(frame, body, fields.collect(), (self.at, 0), |line| line);
        if let Some(error) = &self.error {
            frame.render_widget(Line::styled(format!(" ✗ {}", clean(&error.message)), theme.bad), foot);
        }
    }

    /// The lines of a field: its text, and beside it how it was understood. If that does not fit, it moves
    /// below the field, provided the field is selected or wrong.
    fn field(&self, place: usize, view: &ViewContext, width: usize) -> Vec<Line<'static>> {
        let theme = view.theme;
        let Some((name, field)) = self.fields.get(place) else { return Vec::new() };
        let here = place == self.at;
        if *name == FieldName::Description && here && self.wrong(*name).is_none() {
            return description(field, view, width);
        }
        let (note, style, wrong) = match (self.wrong(*name), self.understood(*name, view)) {
            (Some(wrong), _) => (format!("! {}", clean(&wrong)), theme.bad, true),
            (None, Some(Err(FieldFault::Impossible(wrong)))) => {
                (format!("! {}", clean(&wrong)), theme.bad, true)
            }
            (None, Some(Err(fault))) => (format!("! {}", clean(fault.text())), theme.warn, here),
            (None, Some(Ok(note))) if !note.is_empty() => (format!("→ {note}"), theme.good, false),
            _ => (String::new(), theme.muted, false),
        };
        let room = (width / 2).saturating_sub(LABEL).clamp(16, 48).min(width.saturating_sub(LABEL).max(1));
        let left = width.saturating_sub(LABEL + room + 1);
        let fits = columns(&note) <= left;
        let below = !fits && (here || wrong);
        // Without a text beside it the field takes the whole width.
        let room = if below || note.is_empty() { width.saturating_sub(LABEL + 1).max(1) } else { room };
        let mark = if here { "▌" } else { " " };
        let text = if here { theme.selected } else { Style::new() };
        let mut lines = vec![Line::from(vec![
            Span::styled(format!("{mark}{}", fit(name.label(), LABEL - 1)), theme.muted),
            Span::styled(scrolled(field, room, here), text),
            Span::styled(if below { String::new() } else { format!(" {}", fit(&note, left)) }, style),
        ])];
        if below {
            let note = wrapped(&note, width.saturating_sub(4));
            lines.extend(note.into_iter().map(|line| Line::styled(format!("   {line}"), style)));
        }
        lines
    }

    fn wrong(&self, name: FieldName) -> Option<String> {
        let fields = self.error.iter().flat_map(|error| &error.fields);
        let mut wrong =
            fields.filter(|wrong| name.pointers().iter().any(|pointer| wrong.pointer.starts_with(pointer)));
        wrong.next().map(|wrong| wrong.message.clone())
    }
}

/// The selected description: all its lines, with the cursor. Of long ones, the lines around the cursor.
fn description(field: &TextField, view: &ViewContext, width: usize) -> Vec<Line<'static>> {
    let (before, all) = (field.before(), field.text());
    let after = all.get(before.len()..).unwrap_or_default();
    let room = width.saturating_sub(LABEL + 1).max(1);
    let text = format!("{before}{CURSOR}{after}");
    let lines: Vec<String> = text.split('\n').flat_map(|line| wrapped(&clean(line), room)).collect();
    let cursor = lines.iter().position(|line| line.contains(CURSOR)).unwrap_or(0);
    let first = (cursor + 1).saturating_sub(DESCRIPTION);
    let shown = lines.into_iter().skip(first).take(DESCRIPTION).enumerate();
    let label = |n: usize| if n == 0 { FieldName::Description.label() } else { "" };
    shown
        .map(|(n, line)| {
            Line::from(vec![
                Span::styled(format!("▌{}", fit(label(n), LABEL - 1)), view.theme.muted),
                Span::styled(fit(&line, room), view.theme.selected),
            ])
        })
        .collect()
}

/// The part of a text around the cursor.
fn scrolled(field: &TextField, room: usize, here: bool) -> String {
    // A description of several lines is shown on one.
    let line = |text: &str| text.replace('\n', "⏎");
    let text = line(&field.text());
    if !here {
        return fit(&text, room);
    }
    let before = line(&field.before());
    let after: String = text.chars().skip(before.chars().count()).collect();
    let before = clean(&before);
    // Scrolled to the cursor only if it would lie outside.
    let shown =
        if columns(&before) < room { before.as_str() } else { end_of(&before, room.saturating_sub(1)) };
    fit(&format!("{shown}{CURSOR}{}", clean(&after)), room)
}
