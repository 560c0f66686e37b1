//! How the form looks.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Form, Name, Purpose};
use crate::look::Look;
use crate::widgets::blocks;
use crate::widgets::field::Field;
use crate::widgets::text::{clean, columns, fit, wrapped};

/// Columns of the name of a field, with the sign before it.
const NAME: usize = 13;

impl Form {
    const fn heading(&self) -> &'static str {
        match self.purpose {
            Purpose::New => "New event",
            Purpose::Event(_) => "All dates of the event",
            Purpose::Date(_) => "This date",
            Purpose::Following(_) => "This date and all that follow",
        }
    }

    /// What leads out of the form, in as many columns.
    fn ways(&self, room: usize) -> &'static str {
        let all: &[&str] = match self.purpose {
            Purpose::New => &[
                "^S publishes · ^D keeps it as a draft · Esc leaves, and keeps what you typed",
                "^S publishes · ^D keeps it as a draft · Esc keeps what you typed",
                "^S publishes · ^D draft",
            ],
            _ => &["^S saves · Esc leaves, and keeps what you typed", "^S saves"],
        };
        all.iter().find(|ways| columns(ways) <= room).copied().unwrap_or_default()
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let theme = look.theme;
        let [head, body, foot] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Min(1),
            Constraint::Length(u16::from(self.refused.is_some())),
        ])
        .areas(area);
        let heading = format!(" {}   ", self.heading());
        let ways = self.ways(usize::from(area.width).saturating_sub(columns(&heading)));
        let title = Line::from(vec![Span::styled(heading, theme.accent), Span::styled(ways, theme.muted)]);
        frame.render_widget(title, head);
        let fields = (0..self.fields.len()).map(|place| self.field(place, look, usize::from(area.width)));
        blocks::draw(frame, body, fields.collect(), (self.at, 0), |line| line);
        if let Some(refusal) = &self.refused {
            frame.render_widget(Line::styled(format!(" ✗ {}", clean(&refusal.message)), theme.bad), foot);
        }
    }

    /// A field, with what was understood of it beside it; below it, where there is no room for all of that and one types there, or it is wrong.
    fn field(&self, place: usize, look: &Look, width: usize) -> Vec<Line<'static>> {
        let theme = look.theme;
        let Some((name, field)) = self.fields.get(place) else { return Vec::new() };
        let here = place == self.at;
        let (said, style, wrong) = match (self.wrong(*name), self.said(*name, look.today)) {
            (Some(wrong), _) => (format!("! {}", clean(&wrong)), theme.bad, true),
            (None, Some(Err(unclear))) => (format!("! {unclear}"), theme.warn, here),
            (None, Some(Ok(said))) if !said.is_empty() => (format!("→ {said}"), theme.good, false),
            _ => (String::new(), theme.muted, false),
        };
        let room = (width / 2).saturating_sub(NAME).clamp(16, 48).min(width.saturating_sub(NAME).max(1));
        let left = width.saturating_sub(NAME + room + 1);
        let fits = columns(&said) <= left;
        let below = !fits && (here || wrong);
        // What is said below leaves its room to what is typed.
        let room = if below || said.is_empty() { width.saturating_sub(NAME + 1).max(1) } else { room };
        let mark = if here { "▌" } else { " " };
        let text = if here { theme.selected } else { Style::new() };
        let mut lines = vec![Line::from(vec![
            Span::styled(format!("{mark}{}", fit(name.label(), NAME - 1)), theme.muted),
            Span::styled(scrolled(field, room, here), text),
            Span::styled(if below { String::new() } else { format!(" {}", fit(&said, left)) }, style),
        ])];
        if below {
            let said = wrapped(&said, width.saturating_sub(4));
            lines.extend(said.into_iter().map(|line| Line::styled(format!("   {line}"), style)));
        }
        lines
    }

    fn wrong(&self, name: Name) -> Option<String> {
        let fields = self.refused.iter().flat_map(|refusal| &refusal.fields);
        let mut wrong =
            fields.filter(|wrong| name.pointers().iter().any(|pointer| wrong.pointer.starts_with(pointer)));
        wrong.next().map(|wrong| wrong.message.clone())
    }
}

/// The part of a field around its cursor.
fn scrolled(field: &Field, room: usize, here: bool) -> String {
    // Lines of a description stand beside each other here.
    let line = |text: &str| text.replace('\n', "⏎");
    let text = line(&field.text());
    if !here {
        return fit(&text, room);
    }
    let before = line(&field.before());
    let after: String = text.chars().skip(before.chars().count()).collect();
    let mut shown = format!("{}▏{}", clean(&before), clean(&after));
    while columns(&clean(&before)) >= room && columns(&shown) > room && !shown.starts_with('▏') {
        shown.remove(0);
    }
    fit(&shown, room)
}
