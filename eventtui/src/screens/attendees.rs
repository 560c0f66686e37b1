//! Who comes to a date, who waits, and the door.

use std::collections::HashSet;

use eventcore::events::Occurrence;
use eventcore::registrations::{Registration, RegistrationStatus};
use eventcore::{Cursor, RegistrationId};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::row;
use crate::backend::{Answer, Refusal, nonsense};
use crate::keys::Action;
use crate::look::{Look, ordinal};
use crate::widgets::field::Field;
use crate::widgets::list::Paged;
use crate::widgets::text::{clean, fit, flow};

/// Columns below which only a sign says what someone's place is.
const NARROW: u16 = 70;

/// Columns of the code of a ticket.
const TICKET: usize = 32;

/// The people of one date.
#[derive(Debug)]
pub(crate) struct Attendees {
    pub(crate) date: Occurrence,
    pub(crate) list: Paged<Registration>,
    /// A ticket code that is being typed.
    pub(crate) code: Option<Field>,
    /// Those for whom something is to be done at once.
    marked: HashSet<RegistrationId>,
}

impl Attendees {
    pub(crate) fn of(date: Occurrence) -> Self {
        Self { date, list: Paged::default(), code: None, marked: HashSet::new() }
    }

    /// Who is acted on: all that are marked, else who is selected.
    pub(crate) fn chosen(&self) -> Vec<&Registration> {
        let marked: Vec<_> = self.list.items.iter().filter(|place| self.marked.contains(&place.id)).collect();
        if marked.is_empty() { self.list.selected().into_iter().collect() } else { marked }
    }

    /// Marks who is selected, or no longer, and goes on to the next, in a list of so many rows.
    pub(crate) fn mark(&mut self, rows: usize) {
        let Some(id) = self.list.selected().map(|place| place.id) else { return };
        if !self.marked.remove(&id) {
            self.marked.insert(id);
        }
        self.list.position.go(Action::Down, self.list.items.len(), rows);
    }

    /// Takes a page of people, and the date as it is now.
    pub(crate) fn take(
        &mut self,
        cursor: Option<&Cursor>,
        outcome: Result<Answer, Refusal>,
        here: (u64, usize),
    ) {
        let outcome = outcome.and_then(|answer| match answer {
            Answer::Attendees { date, page } => Ok((date, page)),
            _ => Err(nonsense()),
        });
        let outcome = outcome.map(|(date, page)| {
            self.date = *date;
            page
        });
        self.list.take(cursor, outcome, here, |place| place.id);
    }

    /// Shows someone's registration as it is now.
    pub(crate) fn learn(&mut self, place: &Registration) {
        if let Some(known) = self.list.items.iter_mut().find(|known| known.id == place.id) {
            known.clone_from(place);
        }
    }

    /// Something was done for someone who was marked; perhaps they were taken off.
    pub(crate) fn is_done(&mut self, id: RegistrationId, removed: bool) {
        self.marked.remove(&id);
        if let Some(place) = self.list.items.iter_mut().find(|place| removed && place.id == id) {
            (place.status, place.position, place.ticket_code) = (RegistrationStatus::Cancelled, None, None);
        }
    }

    /// What stands above the people.
    pub(crate) fn head(&self, look: &Look, width: u16) -> Vec<Line<'static>> {
        let waiting = match self.date.waitlist_length {
            0 => "nobody waits".to_owned(),
            1 => "1 waits".to_owned(),
            many => format!("{many} wait"),
        };
        let (taken, all) = (self.date.seats_taken, self.date.capacity);
        let seats = if width < NARROW {
            format!("{taken}/{all} seats · {waiting}")
        } else {
            format!("{taken} of {all} seats taken · {waiting}")
        };
        let marked = match self.list.items.iter().filter(|place| self.marked.contains(&place.id)).count() {
            0 => String::new(),
            many => format!(" · ◆ {many} marked"),
        };
        let title = Span::styled(format!(" {}", clean(&self.date.title)), look.theme.accent);
        let marked = Span::styled(marked, look.theme.accent);
        let numbers = |margin| Span::styled(format!("{margin}{seats}"), look.theme.muted);
        let lines = if width < NARROW {
            vec![Line::from(title), Line::from(vec![numbers(" "), marked])]
        } else {
            vec![Line::from(vec![title, numbers("  "), marked])]
        };
        let when = Line::styled(format!(" {}", look.span(&self.date)), look.theme.muted);
        lines.into_iter().chain([when]).flat_map(|line| flow(line, usize::from(width))).collect()
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let lines = self.head(look, area.width);
        let above = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let [head, list, foot] =
            Layout::vertical([Constraint::Length(above), Constraint::Min(1), Constraint::Length(1)])
                .areas(area);
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
            None => row::draw_plain(frame, list, &self.list, look, |place| {
                line(place, self.date.capacity, self.marked.contains(&place.id), look, list.width)
            }),
        }
        if let Some(code) = &self.code {
            frame.render_widget(
                Line::raw(format!(" Ticket code: {}▏ ⏎ checks in", clean(&code.text()))),
                foot,
            );
        }
    }
}

fn line(place: &Registration, capacity: i64, marked: bool, look: &Look, width: u16) -> Line<'static> {
    let theme = look.theme;
    let mark = Span::styled(if marked { "◆" } else { " " }, theme.accent);
    let (sign, style) = match (place.status, place.position) {
        (RegistrationStatus::Confirmed, _) => ("● confirmed".to_owned(), theme.good),
        (RegistrationStatus::Attended, _) => ("✓ checked in".to_owned(), theme.accent),
        (RegistrationStatus::Waitlisted, position) => {
            // Who is passed over stays where they are while others get seats.
            let passed_over = !place.auto_promote || place.party_size > capacity;
            let sign = if passed_over { '‖' } else { '◌' };
            (format!("{sign} {} in line", ordinal(position.unwrap_or_default())), theme.warn)
        }
        (RegistrationStatus::Cancelled, _) => ("✗ cancelled".to_owned(), theme.muted),
    };
    let name = format!("{} ({})", place.user.display_name, place.user.username);
    if width < NARROW {
        let sign = sign.chars().next().unwrap_or(' ');
        let room = usize::from(width).saturating_sub(9);
        return Line::from(vec![
            Span::raw(" "),
            mark,
            Span::styled(format!("{sign} "), style),
            Span::raw(fit(&name, room)),
            Span::raw(format!(" ×{}", place.party_size)),
        ]);
    }
    let room = usize::from(width).saturating_sub(32 + TICKET).max(16);
    let left = usize::from(width).saturating_sub(32 + room).min(TICKET);
    let ticket = place.ticket_code.clone().unwrap_or_default();
    Line::from(vec![
        Span::raw(" "),
        mark,
        Span::styled(fit(&sign, 15), style),
        Span::raw(fit(&name, room)),
        Span::raw(format!(" {}", fit(&format!("party of {}", place.party_size), 13))),
        Span::styled(format!(" {}", fit(&ticket, left)), theme.muted),
    ])
}
