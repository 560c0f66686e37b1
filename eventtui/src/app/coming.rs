//! My place at a date: taken, changed, kept while others pass, given up.

use eventcore::registrations::{Registration, RegistrationStatus};

use super::answers::words;
use super::{App, Layer, Leaving, Notice, Question, UNDO};
use crate::backend::{Answer, Refusal, Request};
use crate::look::ordinal;
use crate::message::{Effect, Purpose};
use crate::widgets::field::Field;

impl App {
    pub(super) fn ask_party(&mut self) {
        let Some(date) = self.date().cloned() else { return };
        if !self.signed_in() {
            return;
        }
        let party = self.look.marks.get(&date.id).filter(|mark| mark.status != RegistrationStatus::Cancelled);
        let size = Field::of(&party.map_or(1, |mark| mark.party).to_string());
        self.question = Some(Question::Party { date: Box::new(date), size });
    }

    /// Gives up my place; nothing is sent until it can't be undone any more.
    pub(super) fn leave(&mut self) -> Vec<Effect> {
        let Some(id) = self.date().map(|date| date.id) else { return Vec::new() };
        let held = self.look.marks.get(&id).is_some_and(|mark| mark.status != RegistrationStatus::Cancelled);
        if !held {
            self.say('!', "You have no place there");
            return Vec::new();
        }
        let before = self.leave_now();
        self.leaving = Some(Leaving { id, at: self.now + UNDO });
        if let Some(mark) = self.look.marks.get_mut(&id) {
            mark.status = RegistrationStatus::Cancelled;
        }
        self.say('✓', "Your place is given up: u brings it back, for 5 s");
        // It is said for as long as it can be undone.
        self.notice = self.notice.take().map(|notice| Notice { until: self.now + UNDO, ..notice });
        before.into_iter().collect()
    }

    pub(super) fn undo(&mut self) {
        let Some(leaving) = self.leaving.take() else {
            self.say('!', "There is nothing to undo");
            return;
        };
        if let Some(mark) = self.look.marks.get_mut(&leaving.id) {
            mark.status = if mark.position.is_some() {
                RegistrationStatus::Waitlisted
            } else {
                RegistrationStatus::Confirmed
            };
        }
        self.say('✓', "You keep your place");
    }

    /// Keeps my place in line while others are let in before me, or no longer.
    pub(super) fn pass_over(&mut self) -> Vec<Effect> {
        let Some(occurrence) = self.date().map(|date| date.id) else { return Vec::new() };
        let mark = self.look.marks.get(&occurrence);
        let Some(mark) = mark.filter(|mark| mark.status == RegistrationStatus::Waitlisted) else {
            self.say('!', "You do not wait there: who waits can be passed over");
            return Vec::new();
        };
        let request = Request::PassOver { occurrence, version: mark.version, over: !mark.passed_over };
        vec![self.ask(Purpose::PassOver, request)]
    }

    /// What became of my place.
    pub(super) fn take_place(&mut self, purpose: &Purpose, outcome: Result<Answer, Refusal>) -> Vec<Effect> {
        match outcome {
            Ok(Answer::Place(place)) => {
                let text = match purpose {
                    Purpose::Come { capacity, left } => came(&place, *capacity, *left),
                    _ => passed(&place),
                };
                self.say('✓', text);
                self.learn(&place);
            }
            Ok(_) => {}
            Err(refusal) => self.say('✗', words(&refusal)),
        }
        self.refresh()
    }

    pub(super) fn show_ticket(&mut self) {
        let place = match self.layers.last() {
            Some(Layer::Event(looked)) => looked.detail.as_ref().and_then(|detail| detail.place.as_ref()),
            _ => None,
        };
        match place.and_then(|place| place.ticket_code.clone()) {
            Some(code) => self.layers.push(Layer::Ticket(code)),
            None => self.say('!', "You have no ticket here"),
        }
    }
}

/// What became of someone who registered for a date with so many seats, of which so many seemed to be left.
fn came(place: &Registration, capacity: i64, left: i64) -> String {
    let party = place.party_size;
    let Some(position) = place.position else {
        return format!("You are registered: confirmed for {party}");
    };
    let nth = ordinal(position);
    if party > capacity {
        let seats = if capacity == 1 { "seat" } else { "seats" };
        return format!(
            "The date has {capacity} {seats}: your party of {party} is {nth} in line, and passed over until there are more"
        );
    }
    match left {
        _ if !place.auto_promote => format!("You are {nth} in line, and paused: s goes on"),
        ..=0 => format!("It is full: you are {nth} in line"),
        _ if left >= party && position > 1 => format!("Others wait before you: you are {nth} in line"),
        _ => format!("There is no room for {party} now: you are {nth} in line"),
    }
}

/// What became of someone who waits, and is to be passed over, or no longer.
fn passed(place: &Registration) -> String {
    match place.position.map(ordinal) {
        Some(nth) if place.auto_promote => format!("You get a seat when it is your turn: {nth} in line"),
        Some(nth) => format!("Paused: you stay {nth} in line, and others are let in before you; s goes on"),
        None => format!("There was room: confirmed for {}", place.party_size),
    }
}
