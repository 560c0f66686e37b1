//! The agenda, and the search, which is the agenda with words: dates by day, loaded as one comes to them.

use chrono::NaiveDate;
use eventcore::events::Occurrence;
use eventcore::{Cursor, Page};

use super::search::Wish;
use crate::backend::{Refusal, Request};
use crate::keys::Action;
use crate::look::Look;
use crate::status::Status;
use crate::widgets::field::Field;
use crate::widgets::list::Position;

/// Dates that remain below the selection before more are loaded.
const AHEAD: usize = 50;

/// A list of dates.
#[derive(Debug, Default)]
pub(crate) struct Dates {
    pub(crate) items: Vec<Occurrence>,
    pub(crate) position: Position,
    pub(crate) status: Status,
    /// What is sought; only the search has some.
    pub(crate) words: Field,
    /// From which day on; from now on, if none.
    pub(crate) from: Option<NaiveDate>,
    next: Option<Cursor>,
}

impl Dates {
    /// What to ask for the page at a cursor.
    pub(crate) fn request(&self, cursor: Option<Cursor>, look: &Look) -> Request {
        let mut wish = self.wish(look);
        wish.from = wish.from.or(self.from);
        Request::Agenda { wish, tz: look.mine, cursor }
    }

    /// What is sought, as it is understood.
    pub(crate) fn wish(&self, look: &Look) -> Wish {
        Wish::read(&self.words.text(), look.today)
    }

    /// The cursor of the next page, if it is time to load it.
    pub(crate) fn wanted(&mut self) -> Option<Cursor> {
        if self.status.since.is_some() || self.position.selected + AHEAD < self.items.len() {
            return None;
        }
        self.next.take()
    }

    pub(crate) fn selected(&self) -> Option<&Occurrence> {
        self.items.get(self.position.selected)
    }

    pub(crate) fn go(&mut self, action: Action, height: usize) -> bool {
        self.position.go(action, self.items.len(), height)
    }

    /// Takes a page. One from the start replaces what was there, and the selection stays with its date.
    pub(crate) fn take(
        &mut self,
        cursor: Option<&Cursor>,
        outcome: Result<Page<Occurrence>, Refusal>,
        now: u64,
        height: usize,
    ) {
        self.status.end(now, outcome.as_ref().err());
        let Ok(page) = outcome else {
            // So that it can be asked for again.
            self.next = self.next.take().or_else(|| cursor.cloned());
            return;
        };
        if cursor.is_none() {
            let known = self.selected().map(|date| date.id);
            self.items = page.items;
            let place = known.and_then(|id| self.items.iter().position(|date| date.id == id));
            self.position.selected = place.unwrap_or(0);
        } else {
            self.items.extend(page.items);
        }
        self.next = page.next;
        self.position.settle(self.items.len(), height);
    }

    /// Puts a date in the place of what was known of it.
    pub(crate) fn learn(&mut self, date: &Occurrence) {
        if let Some(known) = self.items.iter_mut().find(|known| known.id == date.id) {
            *known = date.clone();
        }
    }
}
