//! The decision about one request after another, in memory.

use std::collections::{BTreeMap, HashSet};

use super::super::occurrence_facts::OccurrenceFacts;
use super::super::registration::{Party, RegistrationRow, RegistrationStatus};
use super::super::ticket;
use super::load::{LoadedRequest, Waiter};
use super::request::{Act, AdmissionRequest, Admitted};
use crate::accounts::PublicProfile;
use crate::actor::Actor;
use crate::changes::{CancelledBy, Change};
use crate::error::{Error, Result};
use crate::events::Offer;
use crate::id::{RegistrationId, UserId};
use crate::phase::Phase;
use crate::precondition::{Precondition, must_expect_none};
use crate::seats::{self, Effect, Holding, Promoted, RequestEffect, Seats, WaitingLine, WaitingParty};
use crate::time::Timestamp;

/// Who makes or changes a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RegisteredBy {
    Attendee,
    Organizer,
}

/// The terms of a decision.
#[derive(Debug, Clone, Copy)]
struct Terms {
    by: RegisteredBy,
    /// Whether the occurrence is locked.
    may_change: bool,
    now: Timestamp,
}

/// What becomes of a stored registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RegistrationChange {
    pub(super) user: UserId,
    pub(super) status: RegistrationStatus,
    pub(super) party_size: i64,
    pub(super) auto_promote: bool,
}

/// An occurrence during the decisions of a batch: the seats and the waitlist that earlier requests have left,
/// and what is to be stored.
#[derive(Debug)]
pub(super) struct OccurrenceAdmission {
    facts: OccurrenceFacts,
    seats: Seats,
    next_waitlist_number: i64,
    line: WaitingLine<Waiter>,
    /// The users whose registrations were changed, about whom later requests know too little.
    changed_users: HashSet<UserId>,
    /// Waitlist numbers of those who were promoted or left.
    left_numbers: Vec<i64>,
    pub(super) added: Vec<RegistrationRow>,
    /// Registrations of `added` that were promoted after their caller was told that they wait.
    pub(super) promoted_later: HashSet<RegistrationId>,
    pub(super) changed: BTreeMap<RegistrationId, RegistrationChange>,
    /// What subscribers are told, in the order of the decisions.
    told: Vec<Change>,
}

const fn waiter(row: &RegistrationRow) -> Waiter {
    (row.id, row.user_id)
}

/// Why a request is not carried out.
#[derive(Debug)]
pub(super) enum Stop {
    /// It is refused.
    Refused(Error),
    /// What is known of it is out of date: it has to be loaded again.
    Undecided,
}

impl From<Error> for Stop {
    fn from(refusal: Error) -> Self {
        Self::Refused(refusal)
    }
}

/// The outcome of a request.
pub(super) type Decision = std::result::Result<Admitted, Stop>;

impl OccurrenceAdmission {
    /// The occurrence before the first of these requests for it.
    pub(super) fn before(first: &LoadedRequest) -> Self {
        Self {
            seats: first.facts.seats(),
            next_waitlist_number: first.facts.next_waitlist_number,
            line: first.line.clone(),
            facts: first.facts.clone(),
            changed_users: HashSet::new(),
            left_numbers: Vec::new(),
            added: Vec::new(),
            promoted_later: HashSet::new(),
            changed: BTreeMap::new(),
            told: Vec::new(),
        }
    }

    pub(super) const fn facts(&self) -> &OccurrenceFacts {
        &self.facts
    }

    pub(super) const fn seats(&self) -> Seats {
        self.seats
    }

    pub(super) const fn next_waitlist_number(&self) -> i64 {
        self.next_waitlist_number
    }

    /// What subscribers are told.
    pub(super) fn told(&self) -> &[Change] {
        &self.told
    }

    /// Whether anything is to be stored.
    pub(super) fn has_changed(&self) -> bool {
        !(self.added.is_empty() && self.changed.is_empty())
    }

    /// Whether seats are free that may be due to registrations which were not loaded.
    pub(super) fn must_promote_more(&self, now: Timestamp) -> bool {
        self.line.is_exhausted(self.seats) && self.facts.promotes(now)
    }

    /// Decides a request. `loaded` is what was stored before the batch.
    ///
    /// # Errors
    /// [`Stop::Undecided`] if the request would change something without `may_change`, or concerns a
    /// registration that an earlier request of the batch has changed.
    pub(super) fn decide(
        &mut self,
        request: &AdmissionRequest,
        actor: &Actor,
        loaded: &LoadedRequest,
        may_change: bool,
        now: Timestamp,
    ) -> Decision {
        let live = loaded.live.as_ref();
        let is_stale = live.is_some_and(|row| self.changed.contains_key(&row.id))
            || request.attendee.is_some_and(|user| self.changed_users.contains(&user))
            || self.must_promote_more(now);
        if is_stale {
            return Err(Stop::Undecided);
        }
        let terms = Terms { by: RegisteredBy::Attendee, may_change, now };
        let attendee = loaded.attendee.clone();
        match &request.act {
            Act::Register(party) => {
                loaded.facts.must_be_visible(actor)?;
                self.register(loaded, attendee.ok_or(Error::Unauthenticated)?, party, terms)
            }
            Act::Add(person) => {
                loaded.facts.must_be_organized(actor)?;
                let party = person.party();
                party.validate()?;
                let terms = Terms { by: RegisteredBy::Organizer, ..terms };
                self.register(loaded, attendee.ok_or(Error::NotFound("user"))?, &party, terms)
            }
            Act::Cancel { expected, is_answer } => {
                let expected = expected.as_ref();
                match live {
                    Some(row) => {
                        let by = match actor {
                            Actor::System => CancelledBy::AccountDeletion,
                            _ if *is_answer => CancelledBy::Answer,
                            Actor::User(_) | Actor::Anonymous => CancelledBy::Attendee,
                        };
                        return self.cancel(row, expected, by, terms);
                    }
                    // A repeated cancellation succeeds even if the actor may no longer see the event without
                    // a registration.
                    None if loaded.had_registration && expected.is_none() => {}
                    None => loaded.facts.must_be_visible(actor)?,
                }
                must_expect_none(expected)?;
                Ok(Admitted::Cancelled(Vec::new()))
            }
            Act::Remove { registration, expected } => {
                loaded.facts.must_be_organized(actor)?;
                if request.attendee.is_none() {
                    return Err(Error::NotFound("registration").into());
                }
                match live {
                    Some(row) if row.id == *registration => {
                        let is_own = actor.is(row.user_id);
                        let by = if is_own { CancelledBy::Attendee } else { CancelledBy::Organizer };
                        self.cancel(row, expected.as_ref(), by, terms)
                    }
                    _ => {
                        must_expect_none(expected.as_ref())?;
                        Ok(Admitted::Cancelled(Vec::new()))
                    }
                }
            }
        }
    }

    fn register(
        &mut self,
        loaded: &LoadedRequest,
        attendee: PublicProfile,
        party: &Party,
        terms: Terms,
    ) -> Decision {
        if let Some(row) = &loaded.live {
            return self.change(row, loaded.position, party, terms);
        }
        party.validate()?;
        must_expect_none(party.expected.as_ref())?;
        if terms.may_change { Ok(self.add(attendee, party, terms)?) } else { Err(Stop::Undecided) }
    }

    /// Decides a new registration: seats, or the end of the waitlist.
    fn add(&mut self, attendee: PublicProfile, party: &Party, terms: Terms) -> Result<Admitted> {
        let Terms { by, now, .. } = terms;
        match by {
            RegisteredBy::Attendee => self.offer().registration(now)?,
            RegisteredBy::Organizer => self.offer().walk_ins(now)?,
        }
        let size = party.party_size.unwrap_or(1);
        self.facts.must_allow(size)?;
        // Nobody is promoted after the start, so that nobody joins the waitlist, and nobody is overtaken.
        let waitlist = self.facts.waitlist_enabled && self.facts.promotes(now);
        let effect = seats::admit(self.seats, self.someone_next(now), waitlist, size)?;
        let waits = matches!(effect, Effect::JoinWaitlist { .. });
        let row = RegistrationRow {
            id: RegistrationId::at(now),
            occurrence_id: self.facts.id,
            event_id: self.facts.event_id,
            user_id: attendee.id,
            username: attendee.username,
            display_name: attendee.display_name,
            status: if waits { RegistrationStatus::Waitlisted } else { RegistrationStatus::Confirmed },
            party_size: size,
            waitlist_number: waits.then_some(self.next_waitlist_number),
            auto_promote: party.auto_promote.unwrap_or(true),
            ticket_code: ticket::generate()?,
            checked_in_at: None,
            checked_in_by: None,
            created_at: now,
            updated_at: now,
        };
        self.seats = self.seats.after(&effect);
        self.next_waitlist_number += i64::from(waits);
        self.join_line(&row);
        self.changed_users.insert(row.user_id);
        self.told.push(row.registered());
        self.added.push(row.clone());
        // A registration that joins is the last of the list, so its position is the length.
        let registration = row.registration(waits.then_some(self.seats.waiting));
        Ok(Admitted::created(registration))
    }

    /// Decides a change of a registration; `position` is the stored position on the waitlist.
    fn change(
        &mut self,
        stored: &RegistrationRow,
        position: Option<i64>,
        party: &Party,
        terms: Terms,
    ) -> Decision {
        let mut row = stored.clone();
        if party.parse_errors.has_unknown() {
            party.validate_change(&row.clone().registration(self.position(&row, position)))?;
        }
        row.must_be_version(party.expected.as_ref())?;
        let size = party.party_size.unwrap_or(row.party_size);
        let auto_promote = party.auto_promote.unwrap_or(row.auto_promote);
        let holding = row.holding().ok_or(Error::NotFound("registration"))?;
        let mut promoted = Vec::new();
        if (size, auto_promote) != (row.party_size, row.auto_promote) {
            if !terms.may_change {
                return Err(Stop::Undecided);
            }
            match terms.by {
                RegisteredBy::Attendee => self.offer().upcoming(terms.now)?,
                RegisteredBy::Organizer => self.offer().walk_ins(terms.now)?,
            }
            let effect = self.resize(holding, size, terms)?;
            self.seats = effect.map_or(self.seats, |effect| self.seats.after(&effect));
            (row.party_size, row.auto_promote, row.updated_at) = (size, auto_promote, terms.now);
            self.line.leave(waiter(&row));
            self.join_line(&row);
            self.store(&row, row.status);
            let (occurrence, registration, user) = (row.occurrence_id, row.id, row.user_id);
            self.told.push(Change::RegistrationChanged { occurrence, registration, user });
            promoted = self.promote(terms.now);
            row.status = self.changed.get(&row.id).map_or(row.status, |changed| changed.status);
        }
        let position = self.position(&row, position);
        Ok(Admitted::changed(row.registration(position), promoted))
    }

    /// The effect of another party size on the seats.
    fn resize(&self, holding: Holding, size: i64, terms: Terms) -> Result<Option<RequestEffect>> {
        if size > holding.party() {
            if terms.by == RegisteredBy::Attendee {
                // While more seats are taken than there are, a party with seats is told that the seats are
                // not free, and a waiting one may grow.
                self.offer().open_period.must_be_open(terms.now)?;
            }
            self.facts.must_allow(size)?;
        }
        seats::resize(self.seats, self.someone_next(terms.now), holding, size)
    }

    /// Decides a cancellation; freed seats go to the waitlist.
    fn cancel(
        &mut self,
        row: &RegistrationRow,
        expected: Option<&Precondition>,
        by: CancelledBy,
        terms: Terms,
    ) -> Decision {
        row.must_be_version(expected)?;
        let Some(holding) = row.holding() else { return Ok(Admitted::Cancelled(Vec::new())) };
        if self.offer().phase(terms.now) == Phase::Past {
            return Err(Error::OccurrencePast.into());
        }
        if !terms.may_change {
            return Err(Stop::Undecided);
        }
        self.seats = self.seats.after(&seats::leave(holding));
        self.line.leave(waiter(row));
        if row.status == RegistrationStatus::Waitlisted {
            self.left_numbers.extend(row.waitlist_number);
        }
        self.store(row, RegistrationStatus::Cancelled);
        let (occurrence, registration, user, by) = (row.occurrence_id, row.id, row.user_id, by);
        self.told.push(Change::RegistrationCancelled { occurrence, registration, user, by });
        Ok(Admitted::Cancelled(self.promote(terms.now)))
    }

    /// Whether someone waits for the next free seats.
    fn someone_next(&self, now: Timestamp) -> bool {
        self.line.someone_next(self.seats) && self.facts.promotes(now)
    }

    fn offer(&self) -> Offer {
        self.facts.offer(self.seats)
    }

    /// Notes that a stored registration becomes `row` with this status.
    fn store(&mut self, row: &RegistrationRow, status: RegistrationStatus) {
        let RegistrationRow { user_id: user, party_size, auto_promote, .. } = *row;
        self.changed.insert(row.id, RegistrationChange { user, status, party_size, auto_promote });
        self.changed_users.insert(row.user_id);
    }

    /// Adds a waiting registration to the line, unless it is passed over.
    fn join_line(&mut self, row: &RegistrationRow) {
        if let (RegistrationStatus::Waitlisted, Some(number)) = (row.status, row.waitlist_number)
            && row.auto_promote
            && self.seats.can_ever_fit(row.party_size)
        {
            self.line.join(WaitingParty { id: waiter(row), party: row.party_size, number });
        }
    }

    /// Gives free seats to the waitlist.
    fn promote(&mut self, now: Timestamp) -> Vec<Promoted> {
        let mut promoted = Vec::new();
        if !self.facts.promotes(now) {
            return promoted;
        }
        for WaitingParty { id: (id, user), party, number } in self.line.promote(&mut self.seats) {
            self.left_numbers.push(number);
            self.told.push(Change::Promoted { occurrence: self.facts.id, registration: id, user });
            promoted.push(Promoted { registration: id, user });
            let status = RegistrationStatus::Confirmed;
            if let Some(row) = self.added.iter_mut().find(|row| row.id == id) {
                row.status = status;
                self.promoted_later.insert(id);
            } else {
                let change = RegistrationChange { user, status, party_size: party, auto_promote: true };
                self.changed.insert(id, change);
            }
        }
        promoted
    }

    /// The position of a registration on the waitlist, given the stored one: those before it may have left.
    fn position(&self, row: &RegistrationRow, stored: Option<i64>) -> Option<i64> {
        let number = row.waitlist_number.filter(|_| row.status == RegistrationStatus::Waitlisted)?;
        let left = self.left_numbers.iter().filter(|left| **left < number).count();
        Some((stored? - i64::try_from(left).ok()?).max(1))
    }
}
