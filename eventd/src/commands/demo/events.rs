//! The creation of a sample event.

use chrono::{Days, NaiveDate, NaiveTime};
use eventcore::events::{Event, EventInput};
use eventcore::recurrence::Recurrence;
use eventcore::time::{IsoDuration, TimeInput};

use super::samples::Sample;
use super::{Demo, acting};

impl Demo<'_> {
    /// Creates an event with its co-organizers.
    pub(super) async fn create_event(&self, sample: &Sample) -> eventcore::Result<Event> {
        let organizer = self.organizer(sample.organizer).ok_or(eventcore::Error::NotFound("user"))?;
        let actor = acting(organizer);
        let mut event = self.core.create_event(&actor, &self.input(sample)).await?;
        for helper in sample.co_organizers.iter().filter_map(|number| self.organizer(*number)) {
            event = self.core.add_co_organizer(&actor, event.id, helper.id).await?;
        }
        Ok(event)
    }

    /// A day of the event's time zone, counted from today.
    pub(super) fn day(&self, sample: &Sample, days: i64) -> NaiveDate {
        let today = self.now.in_zone(sample.timezone).date_naive();
        let distance = Days::new(days.unsigned_abs());
        let day = if days < 0 { today.checked_sub_days(distance) } else { today.checked_add_days(distance) };
        day.unwrap_or(today)
    }

    fn input(&self, sample: &Sample) -> EventInput {
        let day = self.day(sample, sample.day);
        let time = sample.time.and_then(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0));
        let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default();
        let morning = |days: i64| TimeInput::Local(self.day(sample, days).and_time(nine));
        EventInput {
            title: sample.title.to_owned(),
            description: sample.description.to_owned(),
            location: sample.location.to_owned(),
            url: sample.url.map(str::to_owned),
            starts_at: Some(time.map_or(TimeInput::Day(day), |time| TimeInput::Local(day.and_time(time)))),
            all_day: time.is_none(),
            duration: Some(IsoDuration::from_seconds(sample.minutes * 60)),
            timezone: Some(sample.timezone.name().to_owned()),
            capacity: Some(sample.capacity),
            status: Some(sample.status),
            visibility: Some(sample.visibility),
            category: Some(sample.category.to_owned()),
            tags: sample.tags.iter().map(|tag| (*tag).to_owned()).collect(),
            waitlist_enabled: Some(sample.waitlist),
            registration_opens_at: sample.opens.map(morning),
            registration_closes_at: sample.closes.map(morning),
            recurrence: sample.rrule.and_then(|rule| rule.parse().ok()).map(Recurrence::of),
            ..EventInput::default()
        }
    }
}
