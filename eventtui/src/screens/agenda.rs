//! The agenda: upcoming public occurrences by day.

use chrono::NaiveDate;
use eventcore::Cursor;
use eventcore::events::Occurrence;
use eventcore::live::Followed;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::event::EventScreen;
use super::occurrence_list::{self, OccurrenceList};
use super::screen::{Context, Handled, LoadFrom, Screen};
use crate::backend::{ApiError, Request, Response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::search_filter::SearchFilter;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::list::{Pages, Position};

#[derive(Debug, Default)]
pub(crate) struct AgendaScreen {
    pub(crate) list: OccurrenceList,
    /// The first day that is shown; now if none.
    pub(crate) from: Option<NaiveDate>,
}

impl AgendaScreen {
    /// Starts the list on a day, or now.
    pub(crate) fn show_from(&mut self, day: Option<NaiveDate>) {
        self.from = day;
        self.list.position = Position::default();
    }
}

impl Screen for AgendaScreen {
    fn place(&self) -> Place {
        Place::Agenda
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.list.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Open => EventScreen::open(self.list.selected(), cx),
            Action::Today => {
                self.show_from(None);
                self.load(LoadFrom::Start, cx);
            }
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn click(&mut self, at: (u16, u16), cx: &mut Context) {
        if occurrence_list::click(&mut self.list, at, occurrence_list::rows(cx, 0), cx) {
            EventScreen::open(self.list.selected(), cx);
        }
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(&mut self.list)
    }

    fn page(&self, cursor: Option<Cursor>, cx: &Context) -> Option<(Purpose, Request)> {
        let filter = SearchFilter { from: self.from, ..SearchFilter::default() };
        let purpose = Purpose::Agenda(cursor.clone());
        Some((purpose, Request::Occurrences { filter, tz: cx.view.my_zone, cursor }))
    }

    fn responded(&mut self, purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let Purpose::Agenda(cursor) = purpose else { return cx.notify_unexpected() };
        let page = occurrence_list::occurrences(outcome);
        self.list.take(cursor.as_ref(), page, (cx.now, cx.height()), |occurrence| occurrence.id);
    }

    fn occurrence(&self, _view: &ViewContext) -> Option<&Occurrence> {
        self.list.selected()
    }

    fn settle(&mut self, cx: &Context) {
        occurrence_list::settle(&mut self.list, occurrence_list::rows(cx, 0), &cx.view);
    }

    fn each_occurrence(&mut self, call: &mut dyn FnMut(&mut Occurrence)) {
        self.list.items.iter_mut().for_each(call);
    }

    fn followed(&self, around: usize, cx: &Context) -> Followed {
        occurrence_list::followed(&self.list, around, cx)
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        if self.list.items.is_empty() {
            let words = "No upcoming events. n creates one.";
            return occurrence_list::draw_empty(frame, area, &self.list.status, cx, words);
        }
        occurrence_list::draw(&self.list, frame, area, &cx.view);
    }
}
