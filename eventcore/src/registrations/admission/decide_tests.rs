//! A batch decides as if each of its requests had a transaction of its own.

use proptest::prelude::*;
use uuid::Uuid;

use super::super::occurrence_facts::OccurrenceFacts;
use super::super::registration::{Party, RegistrationRow, RegistrationStatus};
use super::decide::{OccurrenceAdmission, Stop};
use super::load::{LoadedRequest, Waiter};
use super::request::{Act, AdmissionRequest, Admitted};
use crate::accounts::PublicProfile;
use crate::actor::{Actor, Role};
use crate::id::UserId;
use crate::seats::{WaitingLine, WaitingParty};
use crate::time::Timestamp;

const USERS: u128 = 7;

fn now() -> Timestamp {
    "2099-01-01T00:00:00Z".parse().unwrap()
}

fn user(number: u128) -> UserId {
    Uuid::from_u128(number + 1).into()
}

/// What a database would hold of one occurrence.
#[derive(Clone)]
struct Stored {
    facts: OccurrenceFacts,
    registrations: Vec<RegistrationRow>,
    /// How many of the waitlist are loaded for someone who has a registration.
    few: usize,
}

/// User, status, party size, whether it may be promoted, and waitlist number.
type RegistrationState = (UserId, RegistrationStatus, i64, bool, Option<i64>);

/// What a caller is told: status, party size and position, or the code of a refusal.
type Told = Result<Option<(RegistrationStatus, i64, Option<i64>, bool)>, &'static str>;

impl Stored {
    fn new(capacity: i64, waitlist_enabled: bool, few: usize) -> Self {
        Self { facts: OccurrenceFacts::example(capacity, waitlist_enabled), registrations: Vec::new(), few }
    }

    fn waiting(&self) -> Vec<&RegistrationRow> {
        let mut waiting: Vec<_> =
            self.registrations.iter().filter(|row| row.status == RegistrationStatus::Waitlisted).collect();
        waiting.sort_by_key(|row| row.waitlist_number);
        waiting
    }

    fn line(&self, limit: usize) -> WaitingLine<Waiter> {
        let next = self.waiting().into_iter();
        let next = next.filter(|row| row.auto_promote && row.party_size <= self.facts.capacity).map(|row| {
            let number = row.waitlist_number.unwrap();
            WaitingParty { id: (row.id, row.user_id), party: row.party_size, number }
        });
        WaitingLine::new(next.take(limit).collect(), limit)
    }

    fn load(&self, user: UserId) -> LoadedRequest {
        let mine = self.registrations.iter().filter(|row| row.user_id == user);
        let live = mine.clone().find(|row| row.status != RegistrationStatus::Cancelled).cloned();
        let position = self.waiting().iter().position(|row| row.user_id == user);
        LoadedRequest {
            facts: self.facts.clone(),
            session: None,
            attendee: Some(PublicProfile { id: user, username: String::new(), display_name: String::new() }),
            position: position.map(|before| i64::try_from(before).unwrap() + 1),
            had_registration: mine.count() > 0,
            line: self.line(if live.is_some() { self.few } else { 1 }),
            live,
        }
    }

    /// Runs a batch; returns what each caller is told, or `None` if it has to be tried again.
    fn run(&mut self, batch: &[AdmissionRequest]) -> Vec<Option<Told>> {
        let loaded: Vec<_> = batch.iter().map(|request| self.load(request.attendee.unwrap())).collect();
        let first = loaded.iter().find(|loaded| loaded.live.is_some()).unwrap_or(&loaded[0]);
        let mut occurrence = OccurrenceAdmission::before(first);
        let mut told = Vec::new();
        for (request, loaded) in batch.iter().zip(&loaded) {
            let actor = Actor::user(request.attendee.unwrap(), Role::User);
            told.push(match occurrence.decide(request, &actor, loaded, true, now()) {
                Ok(Admitted::Cancelled(_)) => Some(Ok(None)),
                Ok(Admitted::Registered(done)) => {
                    let registration = done.registration;
                    let created = done.created;
                    Some(Ok(Some((
                        registration.status,
                        registration.party_size,
                        registration.position,
                        created,
                    ))))
                }
                Err(Stop::Refused(error)) => Some(Err(error.code())),
                Err(Stop::Undecided) => None,
            });
        }
        self.store(&occurrence);
        told
    }

    fn store(&mut self, occurrence: &OccurrenceAdmission) {
        self.registrations.extend(occurrence.added.iter().cloned());
        for (id, change) in &occurrence.changed {
            let row = self.registrations.iter_mut().find(|row| row.id == *id).unwrap();
            (row.status, row.party_size, row.auto_promote) =
                (change.status, change.party_size, change.auto_promote);
        }
        let mut seats = occurrence.seats();
        if occurrence.must_promote_more(now()) {
            for promoted in self.line(usize::MAX).promote(&mut seats) {
                let row = self.registrations.iter_mut().find(|row| row.id == promoted.id.0).unwrap();
                row.status = RegistrationStatus::Confirmed;
            }
        }
        (self.facts.seats_taken, self.facts.waitlist_length) = (seats.taken, seats.waiting);
        self.facts.next_waitlist_number = occurrence.next_waitlist_number();
    }

    /// Everything but ids and codes, which are random.
    fn state(&self) -> (i64, i64, i64, Vec<RegistrationState>) {
        let rows = self.registrations.iter();
        let mut rows: Vec<_> = rows
            .map(|row| (row.user_id, row.status, row.party_size, row.auto_promote, row.waitlist_number))
            .collect();
        rows.sort_unstable();
        let facts = &self.facts;
        (facts.seats_taken, facts.waitlist_length, facts.next_waitlist_number, rows)
    }

    /// Asserts that the counts are those of the registrations, and that nobody waits for free seats.
    fn check(&self) {
        let seated = self.registrations.iter().filter(|row| row.status.has_seats());
        assert_eq!(seated.map(|row| row.party_size).sum::<i64>(), self.facts.seats_taken);
        assert_eq!(i64::try_from(self.waiting().len()).unwrap(), self.facts.waitlist_length);
        assert!(self.facts.seats_taken <= self.facts.capacity);
        let line = self.line(1);
        assert!(line.first().is_none_or(|next| !self.facts.seats().fits(next.party)));
    }
}

fn request(who: u128, act: Act) -> AdmissionRequest {
    let attendee = user(who);
    let caller = Actor::user(attendee, Role::User).into();
    AdmissionRequest { caller, occurrence: Uuid::nil().into(), attendee: Some(attendee), act }
}

fn requests() -> impl Strategy<Value = AdmissionRequest> {
    let register = (proptest::option::of(1..5_i64), proptest::option::weighted(0.3, any::<bool>()));
    let register = register.prop_map(|(party_size, auto_promote)| {
        Act::Register(Party { party_size, auto_promote, ..Party::default() })
    });
    let act = prop_oneof![3 => register, 2 => Just(Act::Cancel { expected: None, is_answer: false })];
    (0..USERS, act).prop_map(|(who, act)| request(who, act))
}

proptest! {
    #[test]
    fn batches_and_single_transactions_give_the_same(
        capacity in 1..9_i64,
        waitlist_enabled in proptest::bool::weighted(0.8),
        few in 1..4_usize,
        batches in proptest::collection::vec(proptest::collection::vec(requests(), 1..9), 1..9),
    ) {
        let mut together = Stored::new(capacity, waitlist_enabled, few);
        let mut alone = together.clone();
        for mut batch in batches {
            while !batch.is_empty() {
                let told = together.run(&batch);
                prop_assert!(told[0].is_some(), "each round decides about the first request");
                let mut rest = Vec::new();
                for (request, told) in batch.into_iter().zip(told) {
                    let Some(told) = told else {
                        rest.push(request);
                        continue;
                    };
                    let expected = alone.run(std::slice::from_ref(&request));
                    prop_assert_eq!(&[Some(told)][..], expected.as_slice(), "{:?}", request);
                }
                together.check();
                prop_assert_eq!(together.state(), alone.state());
                batch = rest;
            }
        }
    }
}
