//! The user's registrations.

use std::collections::HashSet;

use chrono::NaiveDate;
use eventcore::events::{Occurrence, OccurrenceStatus};
use eventcore::registrations::MyRegistration;
use eventcore::{Cursor, OccurrenceId};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::event::EventScreen;
use super::occurrence_list;
use super::row;
use super::screen::{Context, Handled, LoadFrom, Screen, load_list};
use crate::backend::{Answer, Refusal, Request, held, nonsense};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::{MyStatus, ViewContext};
use crate::widgets::list::{Motion, PagedList, Pages};

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

    /// The days of the items from the top of the screen on.
    fn days(&self, rows: usize, view: &ViewContext) -> Vec<Option<NaiveDate>> {
        let day = |mine: &MyRegistration| {
            let occurrence = mine.occurrence.as_ref()?;
            Some(view.local(&occurrence.starts_at, &occurrence.timezone).0)
        };
        self.list.items.iter().skip(self.list.position.top).take(rows).map(day).collect()
    }

    /// Requests which of the past occurrences that the user attended have no rating from the user.
    fn check_for_ratings(&mut self, cx: &mut Context) {
        let past = self.list.items.iter().filter_map(|mine| {
            let occurrence = mine.occurrence.as_ref().filter(|occurrence| cx.view.is_over(occurrence))?;
            let attended = held(&mine.registration) && occurrence.status == OccurrenceStatus::Scheduled;
            (attended && !self.checked_for_rating.contains(&occurrence.id)).then_some(occurrence.id)
        });
        let past: Vec<_> = past.take(RATINGS_AT_ONCE).collect();
        if !past.is_empty() {
            self.checked_for_rating.extend(&past);
            cx.ask(Purpose::Due, Request::Due(past));
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

    fn act(&mut self, action: Action, cx: &mut Context) -> Handled {
        if let Some(motion) = Motion::of(action) {
            if self.list.go(motion, cx.height()) {
                self.load(LoadFrom::Start, cx);
            }
            return Handled::Yes;
        }
        match action {
            Action::Open => EventScreen::open(self.selected(), cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn click(&mut self, (_, line): (u16, u16), cx: &mut Context) {
        let rows = occurrence_list::rows(cx, 0);
        let days = self.days(rows, &cx.view);
        if occurrence_list::click_days(&days, &mut self.list.position, line, rows) {
            EventScreen::open(self.selected(), cx);
        }
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(&mut self.list)
    }

    fn page(&self, cursor: Option<Cursor>, _cx: &Context) -> Option<(Purpose, Request)> {
        Some((Purpose::Mine(cursor.clone()), Request::Mine { cursor }))
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
            cx.ask(Purpose::Mine(Some(cursor.clone())), Request::Mine { cursor: Some(cursor) });
        }
    }

    fn answered(&mut self, purpose: Purpose, outcome: Result<Answer, Refusal>, cx: &mut Context) {
        let Purpose::Mine(cursor) = purpose else { return cx.notify_unexpected() };
        let page = outcome.and_then(|answer| match answer {
            Answer::Mine(page) => Ok(page),
            _ => Err(nonsense()),
        });
        self.list.take(cursor.as_ref(), page, (cx.now, cx.height()), |mine| mine.registration.id);
    }

    fn occurrence(&self, _view: &ViewContext) -> Option<&Occurrence> {
        self.selected()
    }

    fn settle(&mut self, cx: &Context) {
        let rows = occurrence_list::rows(cx, 0);
        let days = self.days(rows, &cx.view);
        row::settle(&days, &mut self.list.position, rows);
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
        row::draw_days(frame, area, &self.list, view, |mine| match &mine.occurrence {
            Some(occurrence) => {
                let (day, _) = view.local(&occurrence.starts_at, &occurrence.timezone);
                let status = Some(MyStatus::from(&mine.registration));
                (Some(day), row::occurrence(occurrence, view, status, area.width))
            }
            None => {
                let words = "   an occurrence that you may no longer see";
                (None, Line::styled(words, view.theme.muted))
            }
        });
    }
}
