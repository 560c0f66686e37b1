//! One date with all about it: its event, the other dates, the seats, and my place.

use eventcore::OccurrenceId;
use eventcore::events::{EventStatus, Occurrence, OccurrenceStatus};
use eventcore::registrations::{Registration, RegistrationStatus};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};

use super::{ratings, row};
use crate::backend::{Answer, Detail, Refusal};
use crate::look::{Look, ordinal};
use crate::status::Status;
use crate::widgets::list::Position;
use crate::widgets::text::{clean, flow};

/// Columns of the list of dates.
const LIST: u16 = 34;

/// The date that is looked at. What the list knew of it is shown until all is there.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) id: OccurrenceId,
    pub(crate) known: Option<Occurrence>,
    pub(crate) detail: Option<Box<Detail>>,
    pub(crate) status: Status,
    /// Among the dates of the event.
    pub(crate) position: Position,
    /// Lines of the text that stand above the screen.
    pub(crate) scrolled: usize,
}

impl Looked {
    pub(crate) fn of(date: &Occurrence) -> Self {
        Self {
            id: date.id,
            known: Some(date.clone()),
            detail: None,
            status: Status::default(),
            position: Position::default(),
            scrolled: 0,
        }
    }

    pub(crate) fn date(&self) -> Option<&Occurrence> {
        self.detail.as_ref().map(|detail| &detail.date).or(self.known.as_ref())
    }

    /// Takes what there is to know about the date.
    pub(crate) fn take(&mut self, outcome: Result<Answer, Refusal>, now: u64) {
        self.status.end(now, outcome.as_ref().err());
        if let Ok(Answer::Date(detail)) = outcome {
            let place = detail.dates.iter().position(|date| date.id == self.id);
            self.position.selected = place.unwrap_or(0);
            self.detail = Some(detail);
        }
    }

    /// Shows my place there as it is now.
    pub(crate) fn learn(&mut self, place: &Registration) {
        if let Some(detail) = self.detail.as_mut().filter(|_| self.id == place.occurrence_id) {
            detail.place = Some(place.clone());
        }
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        if !self.is_split(area.width) {
            return self.draw_text(frame, area, look);
        }
        let [text, list] = Layout::horizontal([Constraint::Min(40), Constraint::Length(LIST)]).areas(area);
        self.draw_text(frame, text, look);
        self.draw_dates(frame, list, look);
    }

    fn draw_dates(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let Some(detail) = &self.detail else { return };
        let block = Block::new().borders(Borders::LEFT).border_style(look.theme.muted);
        let inside = block.inner(area);
        frame.render_widget(block, area);
        let mut lines = vec![Line::styled(" Dates", look.theme.accent)];
        let height = usize::from(inside.height).saturating_sub(1);
        for (i, date) in detail.dates.iter().enumerate().skip(self.position.top).take(height) {
            let (day, _) = look.local(&date.starts_at, &date.timezone);
            let mark = match (date.status, look.marks.get(&date.id)) {
                (OccurrenceStatus::Cancelled, _) => "✗".to_owned(),
                (OccurrenceStatus::Scheduled, Some(mark)) => mark.short(),
                (OccurrenceStatus::Scheduled, None) => format!("{} left", date.seats_left),
            };
            let text = format!(
                " {} {} {mark}",
                day.format("%a %-d %b %Y"),
                look.time(&date.starts_at, &date.timezone)
            );
            let line = Line::from(vec![Span::raw(text)]);
            lines.push(if i == self.position.selected { row::mark_selected(line, look) } else { line });
        }
        frame.render_widget(Paragraph::new(lines), inside);
    }

    /// Whether the other dates of the series stand beside the text.
    fn is_split(&self, width: u16) -> bool {
        width >= 80 && self.detail.as_ref().is_some_and(|detail| detail.dates.len() > 1)
    }

    /// Moves the text by so many lines, as far as there is more of it.
    pub(crate) fn scroll(&mut self, down: bool, by: usize, look: &Look, (width, height): (u16, u16)) {
        let Some(date) = self.date() else { return };
        let width = usize::from(if self.is_split(width) { width - LIST } else { width }).max(1);
        let lines = text(date, self.detail.as_deref(), look, u16::try_from(width).unwrap_or(u16::MAX));
        let most = lines.len().saturating_sub(usize::from(height.saturating_sub(5)));
        self.scrolled = if down { (self.scrolled + by).min(most) } else { self.scrolled.saturating_sub(by) };
    }

    fn draw_text(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let Some(date) = self.date() else { return };
        let mut lines = text(date, self.detail.as_deref(), look, area.width);
        if let (None, Some(why)) = (&self.detail, &self.status.failure) {
            let words = format!(" ✗ The rest could not be loaded: {}. R tries again.", clean(why));
            lines.extend(flow(Line::styled(words, look.theme.bad), usize::from(area.width)));
        }
        let lines: Vec<_> = lines.into_iter().skip(self.scrolled).collect();
        frame.render_widget(Paragraph::new(lines), area);
    }
}

/// What is said of a date, in the list's detail and on its own screen, in so many columns.
pub(crate) fn text(
    date: &Occurrence,
    detail: Option<&Detail>,
    look: &Look,
    width: u16,
) -> Vec<Line<'static>> {
    let theme = look.theme;
    let mut lines = vec![Line::styled(format!(" {}", clean(&date.title)), theme.accent), Line::raw("")];
    lines.push(Line::raw(format!(" {}", look.span(date))));
    lines.push(Line::raw(format!(" {} · by {}", clean(&date.location), clean(&date.organizer.display_name))));
    if let Some(url) = &date.url {
        lines.push(Line::styled(format!(" {}", clean(url)), theme.accent.remove_modifier(Modifier::BOLD)));
    }
    if let Some(said) = detail.and_then(said_rule) {
        lines.push(Line::styled(format!(" ↻ {said}"), theme.muted));
    }
    let tags = date.tags.iter().map(|tag| format!("#{}", clean(tag)));
    let kind: Vec<String> = date.category.iter().map(|category| clean(category)).chain(tags).collect();
    if !kind.is_empty() {
        lines.push(Line::styled(format!(" {}", kind.join(" ")), theme.muted));
    }
    lines.push(Line::raw(""));
    if let Some(line) = state(date, detail, look) {
        lines.push(line);
    }
    lines.push(Line::raw(format!(
        " {} {} of {} free · {}",
        row::bar(date),
        date.seats_left,
        date.capacity,
        match date.waitlist_length {
            0 => "nobody waits".to_owned(),
            1 => "1 waits".to_owned(),
            n => format!("{n} wait"),
        }
    )));
    lines.push(mine(date, detail.and_then(|detail| detail.place.as_ref()), look));
    lines.extend(detail.and_then(|detail| ratings::in_short(detail, look)));
    lines.push(Line::raw(""));
    lines.extend(crate::markdown::lines(&date.description, theme).into_iter().map(|mut line| {
        line.spans.insert(0, Span::raw(" "));
        line
    }));
    lines.extend(detail.map(|detail| ratings::lines(detail, look, width)).unwrap_or_default());
    lines.into_iter().flat_map(|line| flow(line, usize::from(width))).collect()
}

/// The rule of the event, in English.
fn said_rule(detail: &Detail) -> Option<String> {
    let recurrence = detail.event.recurrence.clone()?;
    let input = eventcore::events::PreviewInput {
        starts_at: detail.event.starts_at.to_string().parse().ok(),
        timezone: Some(detail.event.timezone.clone()),
        all_day: detail.event.all_day,
        recurrence: Some(recurrence),
        limit: Some(1),
        ..Default::default()
    };
    input.preview().ok().map(|preview| preview.text)
}

fn state(date: &Occurrence, detail: Option<&Detail>, look: &Look) -> Option<Line<'static>> {
    if date.status == OccurrenceStatus::Cancelled {
        return Some(Line::styled(" ✗ This date is cancelled", look.theme.bad));
    }
    match detail?.event.status {
        EventStatus::Draft => {
            Some(Line::styled(" ✎ A draft: only its organizers see it (p publishes)", look.theme.warn))
        }
        EventStatus::Published | EventStatus::Cancelled => None,
    }
}

fn mine(date: &Occurrence, place: Option<&Registration>, look: &Look) -> Line<'static> {
    let theme = look.theme;
    let Some(place) = place.filter(|place| place.status != RegistrationStatus::Cancelled) else {
        // The lists know only the mark.
        let mark = look.marks.get(&date.id).map(|mark| mark.short()).filter(|mark| !mark.is_empty());
        return if let Some(mark) = mark {
            Line::styled(format!(" {mark}"), theme.good)
        } else if date.registration_open && date.seats_left == 0 && date.waitlist_enabled {
            Line::styled(" It is full: r puts you in line", theme.warn)
        } else if date.registration_open {
            Line::styled(" r registers you", theme.muted)
        } else {
            Line::styled(" Registration is closed", theme.muted)
        };
    };
    if look.marks.get(&date.id).is_some_and(|mark| mark.status == RegistrationStatus::Cancelled) {
        return Line::styled(" ○ given up: u keeps it, for a moment", theme.warn);
    }
    let ticket = place.ticket_code.as_deref().map(|code| format!(" · ticket {code}")).unwrap_or_default();
    match place.status {
        RegistrationStatus::Waitlisted => {
            let position =
                place.position.map_or_else(|| "waiting".to_owned(), |n| format!("{} in line", ordinal(n)));
            // Whom the whole date cannot hold is passed over: they would wait in vain, and not know why.
            let (sign, then) = if place.party_size > date.capacity {
                ('‖', ": more than it has seats, so that others pass")
            } else if place.auto_promote {
                ('◌', " · s lets others pass")
            } else {
                ('‖', ": paused, so that others pass (s goes on)")
            };
            Line::styled(format!(" {sign} {position}, for {}{then}", place.party_size), theme.warn)
        }
        RegistrationStatus::Attended => {
            Line::styled(format!(" ✓ checked in, party of {}", place.party_size), theme.good)
        }
        _ => Line::styled(format!(" ● confirmed for {}{ticket}", place.party_size), theme.good),
    }
}
