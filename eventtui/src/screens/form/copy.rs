//! Duplicating an event: a form with its texts, for a draft with a start of its own.

use chrono::{Days, NaiveDate};
use eventcore::OccurrenceId;
use eventcore::events::Event;
use eventcore::time::Moment;

use super::fields::event_text;
use super::{FieldName, FormKind, FormScreen};
use crate::backend::Response;
use crate::natural_dates::When;
use crate::widgets::text_field::TextField;

impl FormScreen {
    /// A copy of an event. The start is selected; it suggests the weekday and the time of the event, after
    /// `today`.
    pub(crate) fn copy(event: &Event, today: NaiveDate) -> Self {
        let start = next_start(&event.starts_at, today).write();
        let mut form = Self::of(FormKind::Copy(Box::new(event.clone())), |name| match name {
            FieldName::When => start.clone(),
            // They are instants, which belong to the start of the other event.
            FieldName::Opens if event.registration_opens_before.is_none() => String::new(),
            FieldName::Closes if event.registration_closes_before.is_none() => String::new(),
            name => event_text(event, name),
        });
        if let Some(place) = form.fields.iter().position(|(name, _)| *name == FieldName::When) {
            form.at = place;
            form.fields[place].1 = TextField::suggestion(&start);
        }
        form
    }

    /// The first occurrence of the draft that saving a copy created.
    pub(super) fn draft_of(&self, response: &Response) -> Option<OccurrenceId> {
        match (&self.kind, response) {
            (FormKind::Copy(_), Response::Event(draft)) => Some(draft.next_occurrence.as_ref()?.id),
            _ => None,
        }
    }
}

/// The start, moved by as few weeks as lead to a day after `today`.
fn next_start(start: &Moment, today: NaiveDate) -> When {
    let after = |day: NaiveDate| {
        let days = u64::try_from((today - day).num_days()).unwrap_or(0);
        day.checked_add_days(Days::new((days / 7 + 1) * 7)).unwrap_or(day)
    };
    match start {
        Moment::Day(day) => When::AllDay(after(*day)),
        Moment::At(at) => When::At(after(at.date_naive()).and_time(at.naive_local().time())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_starts_on_the_same_weekday() {
        let today = "2027-03-04".parse().unwrap();
        for (start, next) in [
            ("2027-03-01T18:30:00+01:00", "2027-03-08T18:30"),
            ("2027-03-04T18:30:00+01:00", "2027-03-11T18:30"),
            ("2026-12-24T18:30:00+01:00", "2027-03-11T18:30"),
            // Not on the day of the event itself.
            ("2027-03-20T23:30:00-05:00", "2027-03-27T23:30"),
            ("2027-02-28", "2027-03-07"),
        ] {
            let found = match next_start(&start.parse().unwrap(), today) {
                When::At(at) => at.format("%Y-%m-%dT%H:%M").to_string(),
                When::AllDay(day) => day.to_string(),
            };
            assert_eq!(found, next, "{start}");
        }
    }
}
