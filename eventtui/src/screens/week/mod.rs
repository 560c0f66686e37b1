//! The week: its occurrences by day and time.

mod days;
mod picture;

use chrono::NaiveDate;
use eventcore::events::Occurrence;
use eventcore::live::Followed;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::event::EventScreen;
use super::occurrence_list;
use super::screen::{Context, Handled, LoadFrom, Screen};
use crate::backend::{ApiError, MAX_IN_WEEK, Request, Response, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::ViewContext;
use days::Week;
use picture::{Picture, WeekCell};

#[derive(Debug)]
pub(crate) struct WeekScreen {
    pub(crate) week: Week,
    status: Status,
}

impl WeekScreen {
    pub(crate) fn at(day: NaiveDate) -> Self {
        Self { week: Week::at(day), status: Status::default() }
    }

    fn load_if_outdated(&mut self, cx: &mut Context) {
        if self.week.is_outdated() {
            self.load(LoadFrom::Start, cx);
        }
    }
}

impl Screen for WeekScreen {
    fn place(&self) -> Place {
        Place::Week
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        if self.week.go(action, &cx.view) {
            self.load_if_outdated(cx);
            return Handled::Yes;
        }
        match action {
            Action::Open => EventScreen::open(self.week.selected(&cx.view), cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn click(&mut self, at: (u16, u16), cx: &mut Context) {
        let rows = u16::try_from(occurrence_list::rows(cx, 0)).unwrap_or(u16::MAX);
        let picture = Picture::of(&self.week, &self.status, &cx.view);
        let before = picture.selected();
        let Some(cell) = picture.at(at, Rect::new(0, 0, cx.size.0, rows)) else { return };
        (self.week.day, self.week.at) = match cell {
            WeekCell::Day(day) => (day, 0),
            WeekCell::Occurrence(day, place) => (day, place),
        };
        if cell == before {
            EventScreen::open(self.week.selected(&cx.view), cx);
        }
    }

    fn load(&mut self, _from: LoadFrom, cx: &mut Context) {
        self.status.begin(cx.now);
        cx.send(Purpose::Week, Request::OccurrencesOn { days: self.week.span(&cx.view), limit: MAX_IN_WEEK });
    }

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let outcome = outcome.and_then(|response| match response {
            Response::OccurrencesOn(occurrences) => Ok(occurrences),
            _ => Err(unexpected_response()),
        });
        self.status.end(cx.now, outcome.as_ref().err());
        if let Ok(occurrences) = outcome {
            self.week.take(occurrences, &cx.view);
        }
    }

    fn occurrence(&self, view: &ViewContext) -> Option<&Occurrence> {
        self.week.selected(view)
    }

    fn day(&self) -> Option<NaiveDate> {
        Some(self.week.day)
    }

    fn start_on(&mut self, day: NaiveDate) {
        self.week.go_to(day);
    }

    fn go_to_day(&mut self, day: NaiveDate, cx: &mut Context) -> Handled {
        self.week.go_to(day);
        self.load_if_outdated(cx);
        Handled::Yes
    }

    fn each_occurrence(&mut self, call: &mut dyn FnMut(&mut Occurrence)) {
        self.week.occurrences.iter_mut().for_each(call);
    }

    /// Those of the selected day, and around them those of the week.
    fn followed(&self, around: usize, cx: &Context) -> Followed {
        let of_day: Vec<&Occurrence> = self.week.of_day(&cx.view);
        let shown = if around == 0 { of_day } else { self.week.occurrences.iter().collect() };
        let occurrences = shown.into_iter().map(|occurrence| occurrence.id).collect();
        Followed { occurrences, ..Followed::default() }
    }

    /// The selected occurrence may be on another day now.
    fn zone_changed(&mut self, before: &ViewContext, after: &ViewContext) {
        let selected = self.week.selected(before).map(|occurrence| occurrence.id);
        self.week.follow(selected, after);
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        Picture::of(&self.week, &self.status, &cx.view).draw(frame, area);
    }
}
