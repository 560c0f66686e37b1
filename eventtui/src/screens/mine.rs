//! The user's registrations.

use std::collections::HashSet;

use eventcore::events::{Occurrence, OccurrenceStatus};
use eventcore::live::Followed;
use eventcore::registrations::{MyRegistration, RegistrationStatus};
use eventcore::{Cursor, OccurrenceId};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::event::EventScreen;
use super::occurrence_list;
use super::row;
use super::screen::{Context, Handled, LoadFrom, Screen, load_list};
use crate::backend::{ApiError, Request, Response, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::{MyStatus, ViewContext};
use crate::widgets::list::{PagedList, Pages};

/// Past occurrences in one request for missing ratings.
const RATINGS_AT_ONCE: usize = 20;

/// The user's registrations, upcoming first.
#[derive(Debug, Default)]
pub(crate) struct MineScreen {
    pub(crate) list: PagedList<MyRegistration>,
    /// Past occurrences for which a missing rating was looked up.
    checked_for_rating: HashSet<OccurrenceId>,
}

impl MineScreen {
    fn selected(&self) -> Option<&Occurrence> {
        self.list.selected()?.occurrence.as_ref()
    }

    /// Requests which of the past occurrences that the user attended have no rating from the user.
    fn check_for_ratings(&mut self, cx: &mut Context) {
        let past = self.list.items.iter().filter_map(|mine| {
            let occurrence = mine.occurrence.as_ref().filter(|occurrence| cx.view.is_over(occurrence))?;
            let attended =
                mine.registration.status.has_seats() && occurrence.status == OccurrenceStatus::Scheduled;
            (attended && !self.checked_for_rating.contains(&occurrence.id)).then_some(occurrence.id)
        });
        let past: Vec<_> = past.take(RATINGS_AT_ONCE).collect();
        if !past.is_empty() {
            self.checked_for_rating.extend(&past);
            cx.send(Purpose::Unrated, Request::Unrated(past));
        }
    }
}

impl Screen for MineScreen {
    fn place(&self) -> Place {
        Place::Mine
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.list.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Open => EventScreen::open(self.selected(), cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn click(&mut self, at: (u16, u16), cx: &mut Context) {
        if occurrence_list::click(&mut self.list, at, occurrence_list::rows(cx, 0), cx) {
            EventScreen::open(self.selected(), cx);
        }
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(&mut self.list)
    }

    fn page(&self, cursor: Option<Cursor>, _cx: &Context) -> Option<(Purpose, Request)> {
        Some((Purpose::MyRegistrations(cursor.clone()), Request::MyRegistrations { cursor }))
    }

    fn load(&mut self, from: LoadFrom, cx: &mut Context) {
        if cx.me.is_some() {
            load_list(self, from, cx);
        }
    }

    fn load_more(&mut self, cx: &mut Context) {
        self.check_for_ratings(cx);
        let now = cx.now;
        if let Some(cursor) = self.list.wanted(now) {
            cx.send(
                Purpose::MyRegistrations(Some(cursor.clone())),
                Request::MyRegistrations { cursor: Some(cursor) },
            );
        }
    }

    fn responded(&mut self, purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let Purpose::MyRegistrations(cursor) = purpose else { return cx.notify_unexpected() };
        let page = outcome.and_then(|response| match response {
            Response::MyRegistrations(mut page) => {
                // Cancelled ones are not mine any more, whoever cancelled them.
                page.items.retain(|mine| mine.registration.status != RegistrationStatus::Cancelled);
                Ok(page)
            }
            _ => Err(unexpected_response()),
        });
        self.list.take(cursor.as_ref(), page, (cx.now, cx.height()), |mine| mine.registration.id);
    }

    fn occurrence(&self, _view: &ViewContext) -> Option<&Occurrence> {
        self.selected()
    }

    fn each_occurrence(&mut self, call: &mut dyn FnMut(&mut Occurrence)) {
        self.list.items.iter_mut().filter_map(|mine| mine.occurrence.as_mut()).for_each(call);
    }

    fn followed(&self, around: usize, cx: &Context) -> Followed {
        occurrence_list::followed(&self.list, around, cx)
    }

    fn settle(&mut self, cx: &Context) {
        occurrence_list::settle(&mut self.list, occurrence_list::rows(cx, 0), &cx.view);
    }

    fn signed_out(&mut self, _cx: &mut Context) {
        *self = Self::default();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let view = &cx.view;
        if cx.me.is_none() {
            return frame.render_widget(Line::raw(" Sign in (A) to see what is yours."), area);
        }
        if self.list.items.is_empty() {
            let words = "You have no registrations yet: r in the agenda registers you.";
            return occurrence_list::draw_empty(frame, area, &self.list.status, cx, words);
        }
        let headings = occurrence_list::headings(&self.list, usize::from(area.height), view);
        row::draw_days(frame, area, (&self.list, &headings), view, |mine| match &mine.occurrence {
            Some(occurrence) => {
                // A cancellation that can be undone is shown, but not sent yet.
                let known = view.my_statuses.get(&occurrence.id).copied();
                let status =
                    known.filter(|known| !known.is_live()).or(Some(MyStatus::from(&mine.registration)));
                row::occurrence(occurrence, view, status, area.width)
            }
            None => {
                let words = "   an occurrence that you may no longer see";
                Line::styled(words, view.theme.muted)
            }
        });
    }
}
