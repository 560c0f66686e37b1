//! The attendees and the waitlist of an occurrence, with check-in.

mod check_in;

use std::collections::HashSet;

use eventcore::events::Occurrence;
use eventcore::registrations::{Registration, RegistrationStatus};
use eventcore::{Cursor, RegistrationId};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::compose::ComposeMode;
use super::row;
use super::screen::{Context, Handled, Screen};
use crate::backend::{ApiError, Request, Response, unexpected_response};
use crate::keys::{Action, Key, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::{ViewContext, ordinal};
use crate::widgets::list::{Motion, PagedList, Pages};
use crate::widgets::text::{clean, fit, flow};
use crate::widgets::text_field::{CURSOR, TextField};

/// Columns below which the status of a registration is a sign only.
const NARROW: u16 = 70;

/// Columns of a ticket code.
const TICKET: usize = 32;

/// The attendees of one occurrence.
#[derive(Debug)]
pub(crate) struct AttendeesScreen {
    occurrence: Occurrence,
    pub(crate) list: PagedList<Registration>,
    /// The ticket code, while it is typed.
    code: Option<TextField>,
    /// Registrations that the next action applies to.
    marked: HashSet<RegistrationId>,
}

impl AttendeesScreen {
    pub(crate) fn of(occurrence: Occurrence) -> Self {
        Self { occurrence, list: PagedList::default(), code: None, marked: HashSet::new() }
    }

    /// The marked registrations; without any, the selected one.
    fn chosen(&self) -> Vec<&Registration> {
        let marked: Vec<_> = self.list.items.iter().filter(|one| self.marked.contains(&one.id)).collect();
        if marked.is_empty() { self.list.selected().into_iter().collect() } else { marked }
    }

    /// Rows of the list on the screen.
    fn rows(&self, cx: &Context) -> usize {
        cx.height().saturating_sub(self.head(&cx.view, cx.size.0).len())
    }

    /// Marks the selected registration or removes its mark, and selects the next one.
    fn mark(&mut self, cx: &Context) {
        let Some(id) = self.list.selected().map(|registration| registration.id) else { return };
        if !self.marked.remove(&id) {
            self.marked.insert(id);
        }
        let rows = self.rows(cx);
        self.list.position.go(Motion::Down, self.list.items.len(), rows);
    }

    /// Removes the mark after an action on a registration; `removed` if it was cancelled.
    fn is_done(&mut self, id: RegistrationId, removed: bool) {
        self.marked.remove(&id);
        if let Some(known) = self.list.items.iter_mut().find(|known| removed && known.id == id) {
            (known.status, known.position, known.ticket_code) = (RegistrationStatus::Cancelled, None, None);
        }
    }

    /// The lines above the list.
    fn head(&self, view: &ViewContext, width: u16) -> Vec<Line<'static>> {
        let waiting = match self.occurrence.waitlist_length {
            0 => "no waitlist".to_owned(),
            1 => "1 waiting".to_owned(),
            many => format!("{many} waiting"),
        };
        let (taken, all) = (self.occurrence.seats_taken, self.occurrence.capacity);
        let seats = if width < NARROW {
            format!("{taken}/{all} seats · {waiting}")
        } else {
            format!("{taken} of {all} seats taken · {waiting}")
        };
        let marked = match self.list.items.iter().filter(|place| self.marked.contains(&place.id)).count() {
            0 => String::new(),
            many => format!(" · ◆ {many} marked"),
        };
        let title = Span::styled(format!(" {}", clean(&self.occurrence.title)), view.theme.accent);
        let marked = Span::styled(marked, view.theme.accent);
        let numbers = |margin| Span::styled(format!("{margin}{seats}"), view.theme.muted);
        let lines = if width < NARROW {
            vec![Line::from(title), Line::from(vec![numbers(" "), marked])]
        } else {
            vec![Line::from(vec![title, numbers("  "), marked])]
        };
        let when = Line::styled(format!(" {}", view.span(&self.occurrence)), view.theme.muted);
        lines.into_iter().chain([when]).flat_map(|line| flow(line, usize::from(width))).collect()
    }
}

impl Screen for AttendeesScreen {
    fn place(&self) -> Place {
        Place::Attendees
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.list.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::CheckIn => self.check_in(cx),
            Action::CheckInByCode => self.code = Some(TextField::default()),
            Action::Mark => self.mark(cx),
            Action::AddAttendee => {
                let mode = ComposeMode::AddAttendee(self.occurrence.id);
                cx.compose(self.occurrence.event_id, mode, mode.label().to_owned(), String::new());
            }
            Action::RemoveAttendee => self.remove(cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn capture(&mut self, key: Key) -> bool {
        self.code.as_mut().is_some_and(|code| code.press(key))
    }

    fn paste(&mut self, text: &str, _cx: &mut Context) {
        if let Some(code) = &mut self.code {
            code.paste(text);
        }
    }

    /// Leaves the ticket code first.
    fn close(&mut self, _cx: &mut Context) -> bool {
        self.code.take().is_none()
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(&mut self.list)
    }

    fn list_rows(&self, cx: &Context) -> usize {
        self.rows(cx)
    }

    fn page(&self, cursor: Option<Cursor>, _cx: &Context) -> Option<(Purpose, Request)> {
        let occurrence = self.occurrence.id;
        Some((Purpose::Attendees(occurrence, cursor.clone()), Request::Attendees { occurrence, cursor }))
    }

    fn responded(&mut self, purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        match purpose {
            Purpose::Attendees(_, cursor) => {
                let page = outcome.and_then(|response| match response {
                    Response::Attendees { occurrence, page } => {
                        self.occurrence = *occurrence;
                        Ok(page)
                    }
                    _ => Err(unexpected_response()),
                });
                self.list.take(cursor.as_ref(), page, (cx.now, cx.height()), |one| one.id);
            }
            Purpose::AttendeeBatch(then, ids) => Self::finish(Some(self), then, ids, outcome, cx),
            _ => cx.notify_unexpected(),
        }
    }

    fn occurrence(&self, _view: &ViewContext) -> Option<&Occurrence> {
        Some(&self.occurrence)
    }

    fn registration_changed(&mut self, registration: &Registration, _mine: bool) {
        if let Some(known) = self.list.items.iter_mut().find(|known| known.id == registration.id) {
            known.clone_from(registration);
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let view = &cx.view;
        let lines = self.head(view, area.width);
        let above = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let [head, list, foot] =
            Layout::vertical([Constraint::Length(above), Constraint::Min(1), Constraint::Length(1)])
                .areas(area);
        frame.render_widget(Paragraph::new(lines), head);
        let status = &self.list.status;
        let nobody = match (&status.failure, status.is_new()) {
            _ if !self.list.items.is_empty() => None,
            (Some(why), _) => {
                Some((format!(" Could not load: {}. R tries again.", clean(why)), view.theme.bad))
            }
            (None, true) => Some((" …".to_owned(), view.theme.muted)),
            (None, false) => Some((" Nobody has registered yet.".to_owned(), view.theme.muted)),
        };
        match nobody {
            Some((words, style)) => {
                let lines = flow(Line::styled(words, style), usize::from(list.width));
                frame.render_widget(Paragraph::new(lines), list);
            }
            None => row::draw_plain(frame, list, &self.list, view, |one| {
                line(one, self.occurrence.capacity, self.marked.contains(&one.id), view, list.width)
            }),
        }
        if let Some(code) = &self.code {
            frame.render_widget(
                Line::raw(format!(" Ticket code: {}{CURSOR} · Enter checks in", clean(&code.text()))),
                foot,
            );
        }
    }
}

fn line(
    registration: &Registration,
    capacity: i64,
    marked: bool,
    view: &ViewContext,
    width: u16,
) -> Line<'static> {
    let theme = view.theme;
    let mark = Span::styled(if marked { "◆" } else { " " }, theme.accent);
    let (sign, style) = match (registration.status, registration.position) {
        (RegistrationStatus::Confirmed, _) => ("● confirmed".to_owned(), theme.good),
        (RegistrationStatus::Attended, _) => ("✓ checked in".to_owned(), theme.accent),
        (RegistrationStatus::Waitlisted, position) => {
            // Skipped at promotion: paused, or larger than the whole capacity.
            let skipped = !registration.auto_promote || registration.party_size > capacity;
            let sign = if skipped { '‖' } else { '◌' };
            (format!("{sign} {} waiting", ordinal(position.unwrap_or_default())), theme.warn)
        }
        (RegistrationStatus::Cancelled, _) => ("✗ cancelled".to_owned(), theme.muted),
    };
    let name = format!("{} ({})", registration.user.display_name, registration.user.username);
    if width < NARROW {
        let sign = sign.chars().next().unwrap_or(' ');
        let room = usize::from(width).saturating_sub(9);
        return Line::from(vec![
            Span::raw(" "),
            mark,
            Span::styled(format!("{sign} "), style),
            Span::raw(fit(&name, room)),
            Span::raw(format!(" ×{}", registration.party_size)),
        ]);
    }
    let room = usize::from(width).saturating_sub(32 + TICKET).max(16);
    let left = usize::from(width).saturating_sub(32 + room).min(TICKET);
    let ticket = registration.ticket_code.clone().unwrap_or_default();
    Line::from(vec![
        Span::raw(" "),
        mark,
        Span::styled(fit(&sign, 15), style),
        Span::raw(fit(&name, room)),
        Span::raw(format!(" {}", fit(&format!("party of {}", registration.party_size), 13))),
        Span::styled(format!(" {}", fit(&ticket, left)), theme.muted),
    ])
}
