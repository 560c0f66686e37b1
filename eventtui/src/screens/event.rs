//! One occurrence in full: the event, the other occurrences, the seats, and the user's registration.

use std::collections::BTreeSet;

use eventcore::OccurrenceId;
use eventcore::events::{EventStatus, Occurrence, OccurrenceStatus, Visibility};
use eventcore::feedback::Feedback;
use eventcore::live::{EventNow, Followed};
use eventcore::registrations::{Registration, RegistrationStatus};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};

use super::screen::{Context, Handled, LoadFrom, Screen};
use super::ticket::TicketScreen;
use super::{event_actions, notices, ratings, registering, row, visibility};
use crate::backend::{ApiError, OccurrenceDetail, Request, Response, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::{ViewContext, ordinal};
use crate::widgets::list::{Motion, Position};
use crate::widgets::text::{clean, flow};

/// Columns of the list of occurrences.
const LIST: u16 = 34;

/// One occurrence. The copy from the list is shown until all details are loaded.
#[derive(Debug)]
pub(crate) struct EventScreen {
    pub(crate) id: OccurrenceId,
    listed: Occurrence,
    pub(crate) detail: Option<Box<OccurrenceDetail>>,
    status: Status,
    /// Among the occurrences of the event.
    pub(crate) position: Position,
    /// Lines of the text above the screen.
    pub(crate) scrolled: usize,
}

impl EventScreen {
    fn of(occurrence: &Occurrence) -> Self {
        Self {
            id: occurrence.id,
            listed: occurrence.clone(),
            detail: None,
            status: Status::default(),
            position: Position::default(),
            scrolled: 0,
        }
    }

    /// Opens the screen of the occurrence that is selected in a list.
    pub(crate) fn open(selected: Option<&Occurrence>, cx: &mut Context) {
        match selected {
            Some(occurrence) => cx.open(Self::of(occurrence)),
            None => cx.notify('!', "Nothing is selected"),
        }
    }

    fn shown(&self) -> &Occurrence {
        self.detail.as_ref().map_or(&self.listed, |detail| &detail.occurrence)
    }

    /// Shows the selected occurrence of the series.
    fn show_selected(&mut self, cx: &mut Context) {
        let selected = self.detail.as_ref().and_then(|detail| detail.occurrences.get(self.position.selected));
        let Some(occurrence) = selected.filter(|occurrence| occurrence.id != self.id).cloned() else {
            return;
        };
        self.id = occurrence.id;
        self.scrolled = 0;
        if let Some(detail) = &mut self.detail {
            (detail.registration, detail.my_feedback) = (None, None);
            detail.notices.reminders = None;
            detail.occurrence = occurrence;
        }
        self.load(LoadFrom::Selection, cx);
    }

    /// Scrolls the text by `by` lines.
    fn scroll(&mut self, down: bool, by: usize, cx: &Context) {
        let (width, height) = cx.size;
        let width = if self.is_split(width) { width - LIST } else { width }.max(1);
        let lines = text(self.shown(), self.detail.as_deref(), &cx.view, width);
        let most = lines.len().saturating_sub(usize::from(height.saturating_sub(5)));
        self.scrolled = if down { (self.scrolled + by).min(most) } else { self.scrolled.saturating_sub(by) };
    }

    /// Opens the ticket of the user's registration.
    fn show_ticket(&self, cx: &mut Context) {
        let registration = self.detail.as_ref().and_then(|detail| detail.registration.as_ref());
        match registration.and_then(|registration| registration.ticket_code.clone()) {
            Some(code) => cx.open(TicketScreen { code }),
            None => cx.notify('!', "You have no ticket for it"),
        }
    }

    fn manage(&self, action: Action, cx: &mut Context) -> Handled {
        if !cx.signed_in() {
            return Handled::Yes;
        }
        match &self.detail {
            Some(detail) => {
                event_actions::run_action(action, &detail.event, Some(&detail.occurrence), true, cx)
            }
            None => Handled::Yes,
        }
    }

    fn draw_text(&self, frame: &mut Frame<'_>, area: Rect, view: &ViewContext) {
        let mut lines = text(self.shown(), self.detail.as_deref(), view, area.width);
        if let (None, Some(why)) = (&self.detail, &self.status.failure) {
            let words = format!(" ✗ Could not load the details: {}. R tries again.", clean(why));
            lines.extend(flow(Line::styled(words, view.theme.bad), usize::from(area.width)));
        }
        let lines: Vec<_> = lines.into_iter().skip(self.scrolled).collect();
        frame.render_widget(Paragraph::new(lines), area);
    }

    fn draw_occurrences(&self, frame: &mut Frame<'_>, area: Rect, view: &ViewContext) {
        let Some(detail) = &self.detail else { return };
        let block = Block::new().borders(Borders::LEFT).border_style(view.theme.muted);
        let inside = block.inner(area);
        frame.render_widget(block, area);
        let mut lines = vec![Line::styled(" Occurrences", view.theme.accent)];
        let height = usize::from(inside.height).saturating_sub(1);
        for (i, occurrence) in detail.occurrences.iter().enumerate().skip(self.position.top).take(height) {
            let (day, _) = view.local(&occurrence.starts_at, &occurrence.timezone);
            let note = match (occurrence.status, view.my_statuses.get(&occurrence.id)) {
                (OccurrenceStatus::Cancelled, _) => "✗".to_owned(),
                (OccurrenceStatus::Scheduled, Some(mine)) => mine.short(),
                (OccurrenceStatus::Scheduled, None) => format!("{} left", occurrence.seats_left),
            };
            let text = format!(
                " {} {} {note}",
                day.format("%a %-d %b %Y"),
                view.time(&occurrence.starts_at, &occurrence.timezone)
            );
            let line = Line::from(vec![Span::raw(text)]);
            lines.push(if i == self.position.selected { row::mark_selected(line, view) } else { line });
        }
        frame.render_widget(Paragraph::new(lines), inside);
    }

    /// Whether the other occurrences of the series are listed beside the text.
    fn is_split(&self, width: u16) -> bool {
        width >= 80 && self.detail.as_ref().is_some_and(|detail| detail.occurrences.len() > 1)
    }
}

impl Screen for EventScreen {
    fn place(&self) -> Place {
        Place::Event
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.status)
    }

    /// Scrolls the text, or selects another occurrence of the series.
    fn move_selection(&mut self, motion: Motion, cx: &mut Context) -> Handled {
        let height = cx.height();
        match motion {
            Motion::PageUp | Motion::PageDown => {
                self.scroll(motion == Motion::PageDown, height.saturating_sub(1), cx);
            }
            Motion::Up | Motion::Down | Motion::First | Motion::Last => {
                let occurrences = self.detail.as_ref().map_or(0, |detail| detail.occurrences.len());
                self.position.go(motion, occurrences, height);
                self.show_selected(cx);
            }
        }
        Handled::Yes
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Ticket => self.show_ticket(cx),
            Action::EditReminders => notices::edit(self.detail.as_deref(), cx),
            _ => return self.manage(action, cx),
        }
        Handled::Yes
    }

    fn wheel(&mut self, down: bool, cx: &mut Context) -> Handled {
        self.scroll(down, 3, cx);
        Handled::Yes
    }

    fn load(&mut self, _from: LoadFrom, cx: &mut Context) {
        self.status.begin(cx.now);
        cx.send(Purpose::OccurrenceDetail(self.id), Request::OccurrenceDetail(self.id));
    }

    fn responded(&mut self, purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        if purpose != Purpose::OccurrenceDetail(self.id) {
            return;
        }
        let outcome = outcome.and_then(|response| match response {
            Response::OccurrenceDetail(detail) => Ok(detail),
            _ => Err(unexpected_response()),
        });
        self.status.end(cx.now, outcome.as_ref().err());
        if let Ok(detail) = outcome {
            let selected = detail.occurrences.iter().position(|occurrence| occurrence.id == self.id);
            self.position.selected = selected.unwrap_or(0);
            self.detail = Some(detail);
        }
    }

    fn occurrence(&self, _view: &ViewContext) -> Option<&Occurrence> {
        Some(self.shown())
    }

    fn each_occurrence(&mut self, call: &mut dyn FnMut(&mut Occurrence)) {
        call(&mut self.listed);
        if let Some(detail) = &mut self.detail {
            call(&mut detail.occurrence);
            detail.occurrences.iter_mut().for_each(call);
        }
    }

    fn followed(&self, around: usize, cx: &Context) -> Followed {
        let others = self.detail.as_ref().map(|detail| &*detail.occurrences).unwrap_or_default();
        let others = self.position.around(others, cx.height(), around).iter().map(|other| other.id);
        let occurrences = others.chain([self.id]).collect();
        Followed { occurrences, events: BTreeSet::from([self.shown().event_id]) }
    }

    fn is_outdated(&self, event: &EventNow) -> bool {
        let known = self.detail.as_ref().map(|detail| &detail.event);
        known.is_some_and(|known| known.id == event.event_id && known.version != event.version)
    }

    fn my_rating(&self) -> Option<&Feedback> {
        self.detail.as_ref()?.my_feedback.as_ref()
    }

    fn registration_changed(&mut self, registration: &Registration, mine: bool) {
        let is_shown = mine && self.id == registration.occurrence_id;
        if let Some(detail) = self.detail.as_mut().filter(|_| is_shown) {
            detail.registration = Some(registration.clone());
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let view = &cx.view;
        if !self.is_split(area.width) {
            return self.draw_text(frame, area, view);
        }
        let [text, list] = Layout::horizontal([Constraint::Min(40), Constraint::Length(LIST)]).areas(area);
        self.draw_text(frame, text, view);
        self.draw_occurrences(frame, list, view);
    }
}

/// The text about an occurrence in `width` columns, for this screen and for the preview beside lists.
pub(crate) fn text(
    occurrence: &Occurrence,
    detail: Option<&OccurrenceDetail>,
    view: &ViewContext,
    width: u16,
) -> Vec<Line<'static>> {
    let theme = view.theme;
    let mut lines = vec![Line::styled(format!(" {}", clean(&occurrence.title)), theme.accent), Line::raw("")];
    lines.push(Line::raw(format!(" {}", view.span(occurrence))));
    let others = detail.map(|detail| &detail.event.co_organizers).into_iter().flatten();
    let people = std::iter::once(&occurrence.organizer).chain(others);
    let people: Vec<String> = people.map(|profile| clean(&profile.display_name)).collect();
    lines.push(Line::raw(format!(" {} · by {}", clean(&occurrence.location), people.join(", "))));
    if let Some(url) = &occurrence.url {
        lines.push(Line::styled(format!(" {}", clean(url)), theme.accent.remove_modifier(Modifier::BOLD)));
    }
    if let Some(who) = visibility::words(occurrence) {
        lines.push(Line::styled(format!(" {who}"), theme.warn));
    }
    if let Some(text) = detail.and_then(recurrence_text) {
        lines.push(Line::styled(format!(" ↻ {text}"), theme.muted));
    }
    let tags = occurrence.tags.iter().map(|tag| format!("#{}", clean(tag)));
    let kind: Vec<String> = occurrence.category.iter().map(|category| clean(category)).chain(tags).collect();
    if !kind.is_empty() {
        lines.push(Line::styled(format!(" {}", kind.join(" ")), theme.muted));
    }
    lines.push(Line::raw(""));
    if let Some(line) = state(occurrence, detail, view) {
        lines.push(line);
    }
    lines.push(Line::raw(format!(
        " {} {} of {} free · {}",
        row::bar(occurrence),
        occurrence.seats_left,
        occurrence.capacity,
        match occurrence.waitlist_length {
            0 => "no waitlist".to_owned(),
            1 => "1 waiting".to_owned(),
            n => format!("{n} waiting"),
        }
    )));
    lines.push(my_registration(occurrence, detail.and_then(|detail| detail.registration.as_ref()), view));
    lines.extend(detail.and_then(|detail| notices::line(detail, view)));
    lines.extend(detail.and_then(|detail| ratings::summary_line(detail, view)));
    lines.push(Line::raw(""));
    lines.extend(crate::markdown::lines(&occurrence.description, theme).into_iter().map(|mut line| {
        line.spans.insert(0, Span::raw(" "));
        line
    }));
    lines.extend(detail.map(|detail| ratings::lines(detail, view, width)).unwrap_or_default());
    lines.into_iter().flat_map(|line| flow(line, usize::from(width))).collect()
}

/// The recurrence in English.
fn recurrence_text(detail: &OccurrenceDetail) -> Option<String> {
    let recurrence = detail.event.recurrence.clone()?;
    let input = eventcore::events::PreviewInput {
        starts_at: detail.event.starts_at.to_string().parse().ok(),
        timezone: Some(detail.event.timezone.clone()),
        all_day: detail.event.all_day,
        recurrence: Some(recurrence.rule()),
        limit: Some(1),
        ..Default::default()
    };
    input.preview().ok().map(|preview| preview.text)
}

fn state(
    occurrence: &Occurrence,
    detail: Option<&OccurrenceDetail>,
    view: &ViewContext,
) -> Option<Line<'static>> {
    if occurrence.status == OccurrenceStatus::Cancelled {
        return Some(Line::styled(" ✗ This occurrence is cancelled", view.theme.bad));
    }
    let event = &detail?.event;
    Some(match (event.status, event.visibility) {
        (EventStatus::Draft, visibility) => {
            let audience = match visibility {
                Visibility::Public => "for everyone",
                Visibility::Unlisted => "for people with the link",
                Visibility::Private => "for registered people only",
            };
            let text = format!(" ✎ Draft: visible to organizers only (p publishes it, {audience})");
            Line::styled(text, view.theme.warn)
        }
        (_, Visibility::Unlisted) => {
            Line::styled(" ◑ Unlisted: only people with the link see it", view.theme.warn)
        }
        (_, Visibility::Private) => {
            Line::styled(" ○ Private: only organizers and registered people see it", view.theme.warn)
        }
        (EventStatus::Published | EventStatus::Cancelled, Visibility::Public) => return None,
    })
}

fn my_registration(
    occurrence: &Occurrence,
    registration: Option<&Registration>,
    view: &ViewContext,
) -> Line<'static> {
    let theme = view.theme;
    let Some(registration) =
        registration.filter(|registration| registration.status != RegistrationStatus::Cancelled)
    else {
        // Lists are drawn without the registration: only its status is known.
        let status = view.my_statuses.get(&occurrence.id).filter(|mine| mine.is_live());
        return match status {
            Some(status) => Line::styled(format!(" {}", status.short()), theme.good),
            None => registering::line(occurrence, view),
        };
    };
    if view.my_statuses.get(&occurrence.id).is_some_and(|mine| !mine.is_live()) {
        return Line::styled(" ○ cancelled: u undoes it for a moment", theme.warn);
    }
    let ticket =
        registration.ticket_code.as_deref().map(|code| format!(" · ticket {code}")).unwrap_or_default();
    match registration.status {
        RegistrationStatus::Waitlisted => {
            let position = registration
                .position
                .map_or_else(|| "waiting".to_owned(), |n| format!("{} on the waitlist", ordinal(n)));
            // A party larger than the capacity is never promoted: show the reason.
            let (sign, then) = if registration.party_size > occurrence.capacity {
                ('‖', ": more than the capacity, so others go first")
            } else if registration.auto_promote {
                ('◌', " · s pauses")
            } else {
                ('‖', " · paused: others go first (s resumes)")
            };
            Line::styled(
                format!(" {sign} {position}, party of {}{then}", registration.party_size),
                theme.warn,
            )
        }
        RegistrationStatus::Attended => {
            Line::styled(format!(" ✓ checked in, party of {}", registration.party_size), theme.good)
        }
        RegistrationStatus::Confirmed | RegistrationStatus::Cancelled => {
            Line::styled(format!(" ● confirmed for {}{ticket}", registration.party_size), theme.good)
        }
    }
}
