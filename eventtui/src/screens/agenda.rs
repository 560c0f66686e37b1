//! The agenda, and the search, which is the agenda with words: dates by day, loaded as one comes to them.

use chrono::NaiveDate;
use eventcore::Cursor;
use eventcore::events::Occurrence;

use super::search::Wish;
use crate::backend::Request;
use crate::look::Look;
use crate::widgets::field::Field;
use crate::widgets::list::Paged;

/// A list of dates.
#[derive(Debug, Default)]
pub(crate) struct Dates {
    pub(crate) list: Paged<Occurrence>,
    /// What is sought; only the search has some.
    pub(crate) words: Field,
    /// From which day on; from now on, if none.
    pub(crate) from: Option<NaiveDate>,
}

impl Dates {
    /// What to ask for the page at a cursor.
    pub(crate) fn request(&self, cursor: Option<Cursor>, look: &Look) -> Request {
        let mut wish = self.wish(look);
        wish.from = wish.from.or(self.from);
        Request::Agenda { wish, tz: look.mine, cursor }
    }

    /// What to ask for the page at a cursor of the dates that I organized until today.
    pub(crate) fn over(cursor: Option<Cursor>, look: &Look) -> Request {
        Request::Over { until: look.today.date(), tz: look.mine, cursor }
    }

    /// What is sought, as it is understood.
    pub(crate) fn wish(&self, look: &Look) -> Wish {
        Wish::read(&self.words.text(), look.today)
    }

    /// Puts a date in the place of what was known of it.
    pub(crate) fn learn(&mut self, date: &Occurrence) {
        if let Some(known) = self.list.items.iter_mut().find(|known| known.id == date.id) {
            *known = date.clone();
        }
    }
}
