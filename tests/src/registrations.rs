//! Creates events, users and registrations through the library, by short calls for tests.

use std::time::Duration;

use eventcore::agenda::AgendaFilter;
use eventcore::events::{Event, EventInput, Occurrence};
use eventcore::registrations::{Party, Registration, RegistrationStatus};
use eventcore::{Actor, Error, EventId, OccurrenceId, PageRequest, Role, Timestamp};
use futures_util::future::join_all;

use crate::database::TestDb;
use crate::event::EventBuilder;

impl TestDb {
    /// New users of these names, in the given order.
    pub async fn people<const N: usize>(&self, names: [&str; N]) -> [Actor; N] {
        let mut people = [Actor::Anonymous; N];
        for (person, name) in people.iter_mut().zip(names) {
            *person = self.user(name).await;
        }
        people
    }

    /// This many new users, called `guest0`, `guest1` and so on.
    pub async fn guests(&self, number: usize) -> Vec<Actor> {
        let mut guests = Vec::with_capacity(number);
        for i in 0..number {
            guests.push(self.user(&format!("guest{i}")).await);
        }
        guests
    }

    /// Creates an event; returns it and its first occurrence.
    pub async fn create_event(&self, organizer: &Actor, event: EventBuilder) -> (EventId, OccurrenceId) {
        let event = self.core.create_event(organizer, &event.input()).await.expect("an event");
        (event.id, self.occurrence_ids(event.id).await[0])
    }

    /// Creates many events, a hundred at once, which the library writes together; returns them in the given
    /// order.
    pub async fn create_events(&self, events: &[(Actor, EventInput)]) -> Vec<Event> {
        let mut all = Vec::with_capacity(events.len());
        for some in events.chunks(100) {
            let created = some.iter().map(|(organizer, input)| self.core.create_event(organizer, input));
            all.extend(join_all(created).await.into_iter().map(|event| event.expect("an event")));
        }
        all
    }

    /// Creates an event; returns its occurrences in the order of their starts.
    pub async fn create_series(&self, organizer: &Actor, event: EventBuilder) -> Vec<OccurrenceId> {
        let event = self.core.create_event(organizer, &event.input()).await.expect("an event");
        self.occurrence_ids(event.id).await
    }

    /// All occurrences of an event, past ones included, in the order of their starts.
    pub async fn occurrences(&self, event: EventId) -> Vec<Occurrence> {
        let from = Some(Timestamp::MIN.into());
        let filter = AgendaFilter { event: Some(event), from, ..AgendaFilter::default() };
        let (mut all, mut request) = (Vec::new(), PageRequest::first(PageRequest::MAX_LIMIT));
        loop {
            let page = self.core.occurrences(&Actor::System, &filter, &request).await.expect("a page");
            all.extend(page.items);
            match page.next {
                Some(next) => request.cursor = Some(next),
                None => return all,
            }
        }
    }

    /// The ids of all occurrences of an event, in the order of their starts.
    pub async fn occurrence_ids(&self, event: EventId) -> Vec<OccurrenceId> {
        self.occurrences(event).await.into_iter().map(|occurrence| occurrence.id).collect()
    }

    /// Registers a party, after advancing the clock by a second.
    pub async fn register(&self, who: &Actor, occurrence: OccurrenceId, party_size: i64) -> Registration {
        self.clock.advance(Duration::from_secs(1));
        let party = Party::of(party_size);
        self.core.register(who, occurrence, &party).await.expect("a registration").registration
    }

    /// The seated and the waiting parties: `bob 3, cid 1 | dan 2, eve 4` means that Bob has seats for three
    /// and Cid for one, that Dan waits first and Eve second. Those with seats are in the order of their
    /// names, and `+` marks those checked in. Also asserts that attendees and organizers see the same, and
    /// all counts.
    pub async fn board(&self, occurrence: OccurrenceId) -> String {
        let page = PageRequest::first(100);
        let listed = self.core.registrations(&Actor::System, occurrence, None, &page).await.expect("a list");
        let (mut seated, mut waiting) = (Vec::new(), Vec::new());
        for registration in listed.items {
            if registration.status == RegistrationStatus::Cancelled {
                continue;
            }
            let user = Actor::user(registration.user.id, Role::User);
            let told = self.core.my_registration(&user, occurrence).await.expect("a registration");
            assert_eq!(told, registration, "an attendee and an organizer see the same");
            let attended = if registration.status == RegistrationStatus::Attended { "+" } else { "" };
            let party = format!("{} {}{attended}", registration.user.username, registration.party_size);
            match registration.position {
                None => seated.push(party),
                Some(position) => waiting.push((position, party)),
            }
        }
        seated.sort();
        waiting.sort();
        let positions: Vec<i64> = waiting.iter().map(|(position, _)| *position).collect();
        let expected: Vec<i64> = (1..).take(waiting.len()).collect();
        assert_eq!(positions, expected, "positions count from 1 without gaps");
        let waiting: Vec<String> = waiting.into_iter().map(|(_, party)| party).collect();
        assert_eq!(self.core.check_consistency().await.expect("counts"), []);
        assert_eq!(self.core.check_counters().await.expect("counters"), [] as [String; 0]);
        board(&seated, &waiting)
    }

    /// The numbers of seats taken and of waiting registrations. Also asserts all counts.
    pub async fn counts(&self, occurrence: OccurrenceId) -> (i64, i64) {
        assert_eq!(self.core.check_consistency().await.expect("counts"), []);
        assert_eq!(self.core.check_counters().await.expect("counters"), [] as [String; 0]);
        let occurrence = self.core.occurrence(&Actor::System, occurrence).await.expect("an occurrence");
        (occurrence.seats_taken, occurrence.waitlist_length)
    }
}

/// The seated parties, then a bar and the waiting ones.
pub(crate) fn board(seated: &[String], waiting: &[String]) -> String {
    let (seated, waiting) = (seated.join(", "), waiting.join(", "));
    match (seated.is_empty(), waiting.is_empty()) {
        (_, true) => seated,
        (true, false) => format!("| {waiting}"),
        (false, false) => format!("{seated} | {waiting}"),
    }
}

/// The code with which an operation was refused.
#[track_caller]
pub fn refusal_code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> &'static str {
    outcome.expect_err("a refusal").code()
}
