//! The events that the user organizes, and their past occurrences.

use eventcore::Cursor;
use eventcore::events::{Event, EventStatus, Occurrence, Visibility};
use eventcore::live::{EventNow, Followed};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::event::EventScreen;
use super::event_actions;
use super::occurrence_list::{self, OccurrenceList};
use super::row;
use super::screen::{Context, Handled, LoadFrom, Screen, load_list};
use crate::backend::{ApiError, Request, Response, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::list::{PagedList, Pages};
use crate::widgets::text::fit;

/// Columns below which the status is a sign, and only the next occurrence is shown.
const NARROW: u16 = 76;
/// Columns of `14 Dec all day`.
const WHEN: usize = 14;

/// The events by their next occurrence, or the past occurrences.
#[derive(Debug, Default)]
pub(crate) struct OrganizeScreen {
    pub(crate) events: PagedList<Event>,
    /// The past occurrences, while they are shown.
    pub(crate) past: Option<OccurrenceList>,
}

impl OrganizeScreen {
    fn selected(&self) -> Option<&Occurrence> {
        match &self.past {
            Some(past) => past.selected(),
            None => self.events.selected()?.next_occurrence.as_ref(),
        }
    }

    fn manage(&self, action: Action, cx: &mut Context) -> Handled {
        if !cx.signed_in() {
            return Handled::Yes;
        }
        if let Some(past) = &self.past {
            return event_actions::run_on_past(action, past.selected(), cx);
        }
        match self.events.selected() {
            Some(event) => {
                event_actions::run_action(action, event, event.next_occurrence.as_ref(), false, cx)
            }
            None => Handled::Yes,
        }
    }
}

impl Screen for OrganizeScreen {
    fn place(&self) -> Place {
        Place::Organize
    }

    fn status(&self) -> Option<&Status> {
        Some(self.past.as_ref().map_or(&self.events.status, |past| &past.status))
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Open => EventScreen::open(self.selected(), cx),
            Action::TogglePast => {
                if cx.signed_in() {
                    self.past = if self.past.is_some() { None } else { Some(OccurrenceList::default()) };
                    self.load(LoadFrom::Start, cx);
                }
            }
            _ => return self.manage(action, cx),
        }
        Handled::Yes
    }

    fn click(&mut self, at: (u16, u16), cx: &mut Context) {
        let opens = match &mut self.past {
            Some(past) => occurrence_list::click(past, at, occurrence_list::rows(cx, 0), cx),
            None => {
                let position = &mut self.events.position;
                let item = position.top + usize::from(at.1);
                item < self.events.items.len() && std::mem::replace(&mut position.selected, item) == item
            }
        };
        if opens {
            EventScreen::open(self.selected(), cx);
        }
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(match &mut self.past {
            Some(past) => past,
            None => &mut self.events,
        })
    }

    fn page(&self, cursor: Option<Cursor>, cx: &Context) -> Option<(Purpose, Request)> {
        let at = cursor.clone();
        Some(if self.past.is_some() {
            let (until, tz) = (cx.view.now.date(), cx.view.my_zone);
            (Purpose::PastOccurrences(at), Request::PastOccurrences { until, tz, cursor })
        } else {
            (Purpose::OrganizedEvents(at), Request::OrganizedEvents { cursor })
        })
    }

    fn load(&mut self, from: LoadFrom, cx: &mut Context) {
        if cx.me.is_some() {
            load_list(self, from, cx);
        }
    }

    fn responded(&mut self, purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let here = (cx.now, cx.height());
        match purpose {
            Purpose::OrganizedEvents(cursor) => {
                let page = outcome.and_then(|response| match response {
                    Response::Events(page) => Ok(page),
                    _ => Err(unexpected_response()),
                });
                self.events.take(cursor.as_ref(), page, here, |event| event.id);
            }
            Purpose::PastOccurrences(cursor) => {
                if let Some(past) = &mut self.past {
                    let page = occurrence_list::occurrences(outcome);
                    past.take(cursor.as_ref(), page, here, |occurrence| occurrence.id);
                }
            }
            _ => cx.notify_unexpected(),
        }
    }

    fn occurrence(&self, _view: &ViewContext) -> Option<&Occurrence> {
        self.selected()
    }

    fn event(&self) -> Option<&Event> {
        self.events.selected().filter(|_| self.past.is_none())
    }

    fn each_occurrence(&mut self, call: &mut dyn FnMut(&mut Occurrence)) {
        let next = self.events.items.iter_mut().filter_map(|event| event.next_occurrence.as_mut());
        next.chain(self.past.iter_mut().flat_map(|past| &mut past.items)).for_each(call);
    }

    fn followed(&self, around: usize, cx: &Context) -> Followed {
        if let Some(past) = &self.past {
            return occurrence_list::followed(past, around, cx);
        }
        let events = self.events.around(cx.height(), around);
        let next = events.iter().filter_map(|event| event.next_occurrence.as_ref());
        Followed {
            occurrences: next.map(|occurrence| occurrence.id).collect(),
            events: events.iter().map(|event| event.id).collect(),
        }
    }

    fn is_outdated(&self, event: &EventNow) -> bool {
        let mut known = self.events.items.iter();
        known.any(|known| known.id == event.event_id && known.version != event.version)
    }

    fn settle(&mut self, cx: &Context) {
        if let Some(past) = &mut self.past {
            occurrence_list::settle(past, occurrence_list::rows(cx, 0), &cx.view);
        }
    }

    fn signed_out(&mut self, _cx: &mut Context) {
        *self = Self::default();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        if cx.me.is_none() {
            return frame.render_widget(Line::raw(" Sign in (A) to see what is yours."), area);
        }
        let status = self.past.as_ref().map_or(&self.events.status, |past| &past.status);
        match &self.past {
            Some(past) if past.items.is_empty() => {
                let words = "No past events of yours. b shows the upcoming ones.";
                occurrence_list::draw_empty(frame, area, status, cx, words);
            }
            Some(past) => occurrence_list::draw(past, frame, area, &cx.view),
            None if self.events.items.is_empty() => {
                let words = "No upcoming events of yours. n creates one, b shows past ones.";
                occurrence_list::draw_empty(frame, area, status, cx, words);
            }
            None => {
                let events = (self.events.items.iter(), self.events.position);
                row::draw_plain(frame, area, events, &cx.view, |event| line(event, &cx.view, area.width));
            }
        }
    }
}

fn line(event: &Event, view: &ViewContext, width: u16) -> Line<'static> {
    let theme = view.theme;
    let (sign, style) = match event.status {
        EventStatus::Draft => ("✎ draft", theme.warn),
        EventStatus::Published => match event.visibility {
            Visibility::Public => ("● public", theme.good),
            Visibility::Unlisted => ("◑ unlisted", theme.warn),
            Visibility::Private => ("○ private", theme.warn),
        },
        EventStatus::Cancelled => ("✗ cancelled", theme.bad),
    };
    let next = event
        .next_occurrence
        .as_ref()
        .map_or_else(|| "none upcoming".to_owned(), |occurrence| when(occurrence, view, "%a %-d %b %Y"));
    let seats = event.next_occurrence.as_ref().map_or_else(String::new, |occurrence| {
        format!("{} {}/{}", row::bar(occurrence), occurrence.seats_taken, occurrence.capacity)
    });
    let series =
        if event.recurrence.is_some() { format!("↻ {}", event.occurrence_count) } else { String::new() };
    if width < NARROW {
        let next = event.next_occurrence.as_ref();
        let next = next.map_or_else(String::new, |occurrence| when(occurrence, view, "%-d %b"));
        let sign = sign.chars().next().unwrap_or(' ');
        let room = usize::from(width).saturating_sub(4 + WHEN);
        return Line::from(vec![
            Span::styled(format!(" {sign} "), style),
            Span::raw(fit(&event.title, room)),
            Span::styled(format!(" {}", fit(&next, WHEN)), theme.muted),
        ]);
    }
    let room = usize::from(width).saturating_sub(65).max(12);
    Line::from(vec![
        Span::styled(format!(" {}", fit(sign, 12)), style),
        Span::raw(fit(&event.title, room)),
        Span::styled(format!(" {}", fit(&series, 7)), theme.muted),
        Span::raw(format!(" {}", fit(&next, 23))),
        Span::styled(format!(" {}", fit(&seats, 18)), theme.muted),
    ])
}

/// `4 Mar 18:30` with the day in this format, or `now, to 20:30`.
fn when(occurrence: &Occurrence, view: &ViewContext, format: &str) -> String {
    if !view.takes_place(occurrence) {
        let (day, _) = view.local(&occurrence.starts_at, &occurrence.timezone);
        return format!("{} {}", day.format(format), view.time(&occurrence.starts_at, &occurrence.timezone));
    }
    match view.local(&occurrence.ends_at, &occurrence.timezone) {
        (day, Some(end)) if day == view.now.date() => end.format("now, to %H:%M").to_string(),
        (day, None) if day <= view.now.date() => "now, all day".to_owned(),
        (day, _) => day.format("now, to %-d %b").to_string(),
    }
}
