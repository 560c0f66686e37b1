//! The attendees and the waitlist of an occurrence, with check-in.

mod check_in;
mod code_prompt;
mod name_filter;

use std::collections::{BTreeSet, HashSet};

use eventcore::events::Occurrence;
use eventcore::live::Followed;
use eventcore::registrations::{Registration, RegistrationStatus};
use eventcore::{Cursor, RegistrationId};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::compose::ComposeMode;
use super::row;
use super::screen::{Context, Handled, LoadFrom, Screen};
use crate::backend::{ApiError, CsvRequest, Request, Response, unexpected_response};
use crate::download::file_name;
use crate::keys::{Action, Key, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::{ViewContext, ordinal};
use crate::widgets::list::{Motion, PagedList, Pages};
use crate::widgets::text::{clean, columns, fit, flow};
use code_prompt::{CodePrompt, checked_in};
use name_filter::NameFilter;

/// Columns below which the status of a registration is a sign only.
const NARROW: u16 = 70;

/// Columns of a ticket code.
const TICKET: usize = 34;
/// Columns below which a row has no room for the ticket code: that of the selection is shown below the list.
const WITHOUT_TICKETS: u16 = 58;

/// The attendees of one occurrence.
#[derive(Debug)]
pub(crate) struct AttendeesScreen {
    occurrence: Occurrence,
    pub(crate) list: PagedList<Registration>,
    /// The prompt for ticket codes, while it is open.
    code: Option<CodePrompt>,
    /// The filter by name, while it is used.
    filter: Option<NameFilter>,
    /// Registrations that the next action applies to.
    marked: HashSet<RegistrationId>,
}

impl AttendeesScreen {
    pub(crate) fn of(occurrence: Occurrence) -> Self {
        Self { occurrence, list: PagedList::default(), code: None, filter: None, marked: HashSet::new() }
    }

    /// The marked registrations; without any, the selected one.
    fn chosen(&self) -> Vec<&Registration> {
        let marked: Vec<_> = self.list.items.iter().filter(|one| self.marked.contains(&one.id)).collect();
        if marked.is_empty() { self.selected().into_iter().collect() } else { marked }
    }

    fn selected(&self) -> Option<&Registration> {
        match &self.filter {
            Some(filter) => filter.matches(&self.list.items).get(filter.position.selected).copied(),
            None => self.list.selected(),
        }
    }

    /// Moves the selection; returns whether the list must be loaded from its start for that.
    fn go(&mut self, motion: Motion, cx: &Context) -> bool {
        let rows = self.rows(cx);
        match &mut self.filter {
            Some(filter) => {
                let found = filter.matches(&self.list.items).len();
                filter.position.go(motion, found, rows);
                false
            }
            None => self.list.go(motion, rows),
        }
    }

    /// Rows of the list on the screen.
    fn rows(&self, cx: &Context) -> usize {
        let foot = self.foot(&cx.view, cx.size.0).len().saturating_sub(1);
        cx.height().saturating_sub(self.head(&cx.view, cx.size.0).len() + foot)
    }

    /// Saves all registrations as a table.
    fn save_table(&self, cx: &mut Context) {
        let name = file_name(&format!("{} attendees", self.occurrence.title), "csv");
        cx.send(Purpose::Download(name), Request::Csv(CsvRequest::Attendees(self.occurrence.id)));
    }

    /// Marks the selected registration or removes its mark, and selects the next one.
    fn mark(&mut self, cx: &Context) {
        let Some(id) = self.selected().map(|registration| registration.id) else { return };
        if !self.marked.remove(&id) {
            self.marked.insert(id);
        }
        self.go(Motion::Down, cx);
    }

    /// Removes the mark after an action on a registration; `removed` if it was cancelled.
    fn is_done(&mut self, id: RegistrationId, removed: bool) {
        self.marked.remove(&id);
        if let Some(known) = self.list.items.iter_mut().find(|known| removed && known.id == id) {
            (known.status, known.position, known.ticket_code) = (RegistrationStatus::Cancelled, None, None);
        }
    }

    /// The lines below the list: the filter, the prompt for codes, or the code that has no room in its row.
    fn foot(&self, view: &ViewContext, width: u16) -> Vec<Line<'static>> {
        let filter = self.filter.as_ref();
        let filter = filter.map(|filter| filter.line(&self.list.items, self.list.is_complete(), view, width));
        if let Some(prompt) = &self.code {
            return filter.into_iter().chain(prompt.lines(view, width)).collect();
        }
        let code = self.selected().and_then(|one| one.ticket_code.clone());
        let code = code.filter(|_| width < WITHOUT_TICKETS);
        let code = code.map(|code| if usize::from(width) > TICKET { code } else { code.replace('-', "") });
        let code = code.map(|code| Line::styled(format!(" {code}"), view.theme.muted));
        filter.into_iter().chain(code).collect()
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
            Action::CheckInByCode => self.code = Some(CodePrompt::default()),
            Action::FilterAttendees => self.filter.get_or_insert_default().edit(),
            Action::Mark => self.mark(cx),
            Action::AddAttendee => {
                let mode = ComposeMode::AddAttendee(self.occurrence.id);
                cx.compose(self.occurrence.event_id, mode, mode.label().to_owned(), String::new());
            }
            Action::RemoveAttendee => self.remove(cx),
            Action::SaveTable => self.save_table(cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn move_selection(&mut self, motion: Motion, cx: &mut Context) -> Handled {
        if self.go(motion, cx) {
            self.load(LoadFrom::Start, cx);
        }
        Handled::Yes
    }

    fn capture(&mut self, key: Key, cx: &mut Context) -> bool {
        match (&mut self.code, &mut self.filter) {
            (Some(code), _) => code.press(key, self.occurrence.id, cx),
            (None, Some(filter)) => filter.press(key),
            (None, None) => false,
        }
    }

    fn paste(&mut self, text: &str, cx: &mut Context) {
        match (&mut self.code, &mut self.filter) {
            (Some(code), _) => code.paste(text, self.occurrence.id, cx),
            (None, Some(filter)) => filter.paste(text),
            (None, None) => {}
        }
    }

    /// Closes the prompt first, then the filter.
    fn close(&mut self, _cx: &mut Context) -> bool {
        self.code.take().is_none() && self.filter.take().is_none()
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(&mut self.list)
    }

    /// A filter looks at all attendees.
    fn load_more(&mut self, cx: &mut Context) {
        let now = cx.now;
        let wanted = if self.filter.is_some() { self.list.wanted_next(now) } else { self.list.wanted(now) };
        if let Some(cursor) = wanted
            && let Some((purpose, request)) = self.page(Some(cursor), cx)
        {
            cx.send(purpose, request);
        }
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
            Purpose::CheckInByCode(code) => {
                let outcome = checked_in(outcome, cx);
                match (&mut self.code, outcome) {
                    (Some(prompt), outcome) => prompt.show(code, &outcome),
                    (None, Ok((sign, text))) => cx.notify(sign, text),
                    (None, Err(error)) => cx.notify_error(&error),
                }
            }
            Purpose::AttendeeBatch(then, ids) => Self::finish(Some(self), then, ids, outcome, cx),
            _ => cx.notify_unexpected(),
        }
    }

    fn occurrence(&self, _view: &ViewContext) -> Option<&Occurrence> {
        Some(&self.occurrence)
    }

    fn each_occurrence(&mut self, call: &mut dyn FnMut(&mut Occurrence)) {
        call(&mut self.occurrence);
    }

    fn followed(&self, _around: usize, _cx: &Context) -> Followed {
        Followed { occurrences: BTreeSet::from([self.occurrence.id]), ..Followed::default() }
    }

    fn registration_changed(&mut self, registration: &Registration, _mine: bool) {
        if let Some(known) = self.list.items.iter_mut().find(|known| known.id == registration.id) {
            known.clone_from(registration);
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let view = &cx.view;
        let lines = self.head(view, area.width);
        let below = self.foot(view, area.width);
        let rows = |lines: &[Line<'_>]| u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let [head, list, foot] = Layout::vertical([
            Constraint::Length(rows(&lines)),
            Constraint::Min(1),
            Constraint::Length(rows(&below).max(1)),
        ])
        .areas(area);
        frame.render_widget(Paragraph::new(below), foot);
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
            None => {
                let draws = |one: &Registration| {
                    line(one, self.occurrence.capacity, self.marked.contains(&one.id), view, list.width)
                };
                match &self.filter {
                    Some(filter) => {
                        let found = filter.matches(&self.list.items).into_iter();
                        row::draw_plain(frame, list, (found, filter.position), view, draws);
                    }
                    None => {
                        let all = (self.list.items.iter(), self.list.position);
                        row::draw_plain(frame, list, all, view, draws);
                    }
                }
            }
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
    let party = format!(" {}", fit(&format!("×{}", registration.party_size), 4));
    let sign =
        if width < NARROW { fit(sign.split(' ').next().unwrap_or_default(), 2) } else { fit(&sign, 15) };
    // A code is shown whole or not at all: a part of it is of no use.
    let ticket = match &registration.ticket_code {
        _ if width < WITHOUT_TICKETS => String::new(),
        code => format!(" {}", fit(code.as_deref().unwrap_or_default(), TICKET)),
    };
    let taken = 2 + columns(&sign) + columns(&party) + columns(&ticket);
    let room = usize::from(width).saturating_sub(taken + 1);
    Line::from(vec![
        Span::raw(" "),
        mark,
        Span::styled(sign, style),
        Span::raw(fit(&name, room)),
        Span::raw(party),
        Span::styled(ticket, theme.muted),
    ])
}
