//! Who comes to a date, who waits, and the door.

use eventcore::events::Occurrence;
use eventcore::registrations::{Registration, RegistrationStatus};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::row;
use crate::look::{Look, ordinal};
use crate::widgets::field::Field;
use crate::widgets::list::Paged;
use crate::widgets::text::{clean, fit, flow};

/// Columns below which only a sign says what someone's place is.
const NARROW: u16 = 70;

/// The people of one date.
#[derive(Debug)]
pub(crate) struct Attendees {
    pub(crate) date: Occurrence,
    pub(crate) list: Paged<Registration>,
    /// A ticket code that is being typed.
    pub(crate) code: Option<Field>,
}

impl Attendees {
    pub(crate) fn of(date: Occurrence) -> Self {
        Self { date, list: Paged::default(), code: None }
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let [head, list, foot] =
            Layout::vertical([Constraint::Length(2), Constraint::Min(1), Constraint::Length(1)]).areas(area);
        let waiting = match self.date.waitlist_length {
            0 => "nobody waits".to_owned(),
            1 => "1 waits".to_owned(),
            many => format!("{many} wait"),
        };
        let seats = format!("  {} of {} seats taken · {waiting}", self.date.seats_taken, self.date.capacity);
        let lines = vec![
            Line::from(vec![
                Span::styled(format!(" {}", clean(&self.date.title)), look.theme.accent),
                Span::styled(seats, look.theme.muted),
            ]),
            Line::styled(format!(" {}", look.span(&self.date)), look.theme.muted),
        ];
        frame.render_widget(Paragraph::new(lines), head);
        let status = &self.list.status;
        let nobody = match (&status.failure, status.is_new()) {
            _ if !self.list.items.is_empty() => None,
            (Some(why), _) => {
                Some((format!(" Nobody could be loaded: {}. R tries again.", clean(why)), look.theme.bad))
            }
            (None, true) => Some((" …".to_owned(), look.theme.muted)),
            (None, false) => Some((" Nobody has registered yet.".to_owned(), look.theme.muted)),
        };
        match nobody {
            Some((words, style)) => {
                let lines = flow(Line::styled(words, style), usize::from(list.width));
                frame.render_widget(Paragraph::new(lines), list);
            }
            None => row::draw_plain(frame, list, &self.list, look, |place| line(place, look, list.width)),
        }
        if let Some(code) = &self.code {
            frame.render_widget(
                Line::raw(format!(" Ticket code: {}▏ ⏎ checks in", clean(&code.text()))),
                foot,
            );
        }
    }
}

fn line(place: &Registration, look: &Look, width: u16) -> Line<'static> {
    let theme = look.theme;
    let (sign, style) = match (place.status, place.position) {
        (RegistrationStatus::Confirmed, _) => ("● confirmed".to_owned(), theme.good),
        (RegistrationStatus::Attended, _) => ("✓ checked in".to_owned(), theme.accent),
        (RegistrationStatus::Waitlisted, position) => {
            (format!("◌ {} in line", ordinal(position.unwrap_or_default())), theme.warn)
        }
        (RegistrationStatus::Cancelled, _) => ("✗ cancelled".to_owned(), theme.muted),
    };
    let name = format!("{} ({})", place.user.display_name, place.user.username);
    if width < NARROW {
        let sign = sign.chars().next().unwrap_or(' ');
        let room = usize::from(width).saturating_sub(9);
        return Line::from(vec![
            Span::styled(format!(" {sign} "), style),
            Span::raw(fit(&name, room)),
            Span::raw(format!(" ×{}", place.party_size)),
        ]);
    }
    let room = usize::from(width).saturating_sub(60).max(16);
    let ticket = place.ticket_code.clone().unwrap_or_default();
    Line::from(vec![
        Span::styled(format!(" {}", fit(&sign, 14)), style),
        Span::raw(fit(&name, room)),
        Span::raw(format!(" {}", fit(&format!("party of {}", place.party_size), 14))),
        Span::styled(format!(" {}", fit(&ticket, 30)), theme.muted),
    ])
}
