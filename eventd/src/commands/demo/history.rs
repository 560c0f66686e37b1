//! What happens to a sample event after its creation: registrations, check-ins, ratings, changes, comments.

use std::time::Duration;

use chrono::Days;
use eventcore::agenda::AgendaFilter;
use eventcore::comments::CommentInput;
use eventcore::events::{Event, EventStatus, Occurrence, Visibility};
use eventcore::feedback::{Answer, FeedbackInput};
use eventcore::registrations::{NewAttendee, Party, RegistrationStatus};
use eventcore::time::{Moment, start_of_day};
use eventcore::{Actor, PageRequest, Role, Timestamp};
use serde_json::json;

use super::samples::{COMMENTS, Change, REVIEWS, Sample};
use super::{Demo, acting};

/// Upcoming occurrences of a series that a change may name.
const UPCOMING: usize = 8;

impl Demo<'_> {
    /// Performs the history of an event up to the present.
    pub(super) async fn live_through(&mut self, sample: &Sample, event: &Event) -> eventcore::Result<()> {
        if event.status == EventStatus::Draft {
            return Ok(());
        }
        let occurrences = self.occurrences(sample, event).await?;
        let is_over = |occurrence: &Occurrence| instant(occurrence.ends_at, sample) <= self.now;
        let (past, upcoming): (Vec<_>, Vec<_>) = occurrences.into_iter().partition(is_over);
        for (number, occurrence) in past.iter().enumerate() {
            // The clock is before the start, so registration is open.
            self.set(instant(occurrence.starts_at, sample).minus(Duration::from_hours(60)));
            self.register_for(sample, event, occurrence, number).await?;
            self.check_in_and_rate(sample, occurrence, number).await?;
        }
        if let Some(next) = upcoming.first()
            && sample.opens.is_none()
        {
            self.set_days_ago(sample.announced.min(6));
            self.register_for(sample, event, next, past.len()).await?;
        }
        self.set_days_ago(1);
        for change in sample.changes {
            self.change(sample, event, &upcoming, change).await?;
        }
        self.comment(sample, event).await
    }

    /// The occurrences that are over, and the first of the others.
    async fn occurrences(&self, sample: &Sample, event: &Event) -> eventcore::Result<Vec<Occurrence>> {
        let filter = AgendaFilter {
            event: Some(event.id),
            from: Some(Timestamp::MIN.into()),
            ..AgendaFilter::default()
        };
        let page = self.core.occurrences(&Actor::System, &filter, &PageRequest::first(50)).await?;
        let mut left = UPCOMING;
        let mut wanted = page.items;
        wanted.retain(|occurrence| {
            let is_over = instant(occurrence.ends_at, sample) <= self.now;
            left -= usize::from(!is_over && left > 0);
            is_over || left > 0
        });
        Ok(wanted)
    }

    /// Registers users for an occurrence, some minutes apart, in a fixed pattern.
    async fn register_for(
        &mut self,
        sample: &Sample,
        event: &Event,
        occurrence: &Occurrence,
        number: usize,
    ) -> eventcore::Result<()> {
        if event.visibility == Visibility::Private {
            return self.invite(event, occurrence).await;
        }
        let mut left = sample.capacity;
        for (index, user) in self.others(event).iter().enumerate() {
            // All users register for small events, which fills their waitlists. For the others, the pattern
            // skips a third of the users, others at each occurrence, and varies the party sizes.
            let pattern = index * 7 + sample.title.len() * 5 + number;
            if sample.capacity > 15 && pattern.is_multiple_of(3) {
                continue;
            }
            let mut party = i64::try_from(pattern % 5 / 2).unwrap_or(0) + 1;
            if !sample.waitlist {
                // Full to the last seat, as nobody can wait.
                party = party.min(left);
                if party == 0 {
                    break;
                }
            }
            left -= party;
            self.pass(97);
            self.core.register(&Actor::user(user.id, Role::User), occurrence.id, &Party::of(party)).await?;
            self.registrations += 1;
        }
        Ok(())
    }

    /// Registers the first two other organizers for a private event, which they could not find.
    async fn invite(&mut self, event: &Event, occurrence: &Occurrence) -> eventcore::Result<()> {
        for user in self.others(event).iter().take(2) {
            let attendee = NewAttendee { user_id: Some(user.id), ..NewAttendee::default() };
            self.core.add_registration(&Actor::System, occurrence.id, &attendee).await?;
            self.registrations += 1;
        }
        Ok(())
    }

    /// Checks in most attendees of an occurrence that is over. Some of them rate it afterwards, and the
    /// organizer answers the first.
    async fn check_in_and_rate(
        &mut self,
        sample: &Sample,
        occurrence: &Occurrence,
        number: usize,
    ) -> eventcore::Result<()> {
        let organizer = self.organizer(sample.organizer).cloned();
        let organizer = organizer.as_ref().map_or(Actor::System, acting);
        let confirmed = Some(RegistrationStatus::Confirmed);
        let page = PageRequest::first(PageRequest::MAX_LIMIT);
        let attendees = self.core.registrations(&organizer, occurrence.id, confirmed, &page).await?.items;
        self.set(instant(occurrence.starts_at, sample));
        for (index, registration) in attendees.iter().enumerate() {
            // One in seven does not come.
            if index % 7 != 5 {
                self.core.check_in(&organizer, registration.id, None).await?;
                self.pass(1);
            }
        }
        self.set(instant(occurrence.ends_at, sample).plus(Duration::from_hours(12)));
        let reviews = REVIEWS.iter().cycle().skip(number * 3).take(REVIEWS.len() - 1);
        // Ada is an attendee who has not rated yet.
        let raters = attendees.iter().filter(|registration| registration.user.username != "ada");
        for (index, (registration, (rating, text))) in raters.zip(reviews).enumerate() {
            self.pass(31);
            let input =
                FeedbackInput { rating: Some(*rating), body: (*text).to_owned(), ..FeedbackInput::default() };
            let rater = Actor::user(registration.user.id, Role::User);
            let (feedback, _) = self.core.submit_feedback(&rater, occurrence.id, &input, None).await?;
            self.ratings += 1;
            if index == 0 {
                let answer = Answer { body: "Thank you for coming!".to_owned(), ..Answer::default() };
                self.core.answer_feedback(&organizer, feedback.id, Some(&answer), None).await?;
            }
        }
        Ok(())
    }

    /// Changes an event or one of its upcoming occurrences.
    async fn change(
        &self,
        sample: &Sample,
        event: &Event,
        upcoming: &[Occurrence],
        change: &Change,
    ) -> eventcore::Result<()> {
        match change {
            Change::CancelEvent => {
                self.core.cancel_event(&Actor::System, event.id, None).await?;
            }
            Change::CancelOccurrence(number) => {
                let Some(occurrence) = upcoming.get(*number) else { return Ok(()) };
                self.core.cancel_occurrence(&Actor::System, occurrence.id, None).await?;
            }
            Change::Move { number, days, time, location } => {
                let Some(occurrence) = upcoming.get(*number) else { return Ok(()) };
                let start = instant(occurrence.starts_at, sample).in_zone(sample.timezone).date_naive();
                let moved = start.checked_add_days(Days::new(*days)).unwrap_or(start);
                let patch = json!({"starts_at": format!("{moved}T{time}"), "location": location});
                self.core.change_occurrence(&Actor::System, occurrence.id, &patch, None).await?;
            }
        }
        Ok(())
    }

    /// Adds the comments on an event. Replies are to its first comment.
    async fn comment(&mut self, sample: &Sample, event: &Event) -> eventcore::Result<()> {
        let mut first = None;
        for (_, author, body, is_reply) in COMMENTS.iter().filter(|(title, ..)| *title == sample.title) {
            let Some(author) = self.organizer(*author) else { continue };
            let parent_id = first.filter(|_| *is_reply);
            let input = CommentInput { body: (*body).to_owned(), parent_id, ..CommentInput::default() };
            let comment = self.core.add_comment(&acting(author), event.id, &input).await?;
            first.get_or_insert(comment.id);
            self.comments += 1;
            self.pass(45);
        }
        Ok(())
    }
}

/// The instant of a start or an end of a sample event.
fn instant(moment: Moment, sample: &Sample) -> Timestamp {
    match moment {
        Moment::At(at) => at.to_utc().into(),
        Moment::Day(day) => start_of_day(day, sample.timezone),
    }
}
