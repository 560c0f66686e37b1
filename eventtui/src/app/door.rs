//! What organizers do with the people of a date: let them in, register them, take them off.

use eventcore::events::OccurrenceStatus;
use eventcore::registrations::{Registration, RegistrationStatus};
use eventcore::{OccurrenceId, RegistrationId};

use super::answers::words;
use super::{App, Layer, Question};
use crate::backend::{Answer, Refusal, Request};
use crate::keys::Action;
use crate::look::Mark;
use crate::message::{AtDoor, Effect, Purpose};
use crate::screens::attendees::Attendees;
use crate::screens::comments::Saying;
use crate::widgets::field::Field;
use crate::widgets::text::clean;

impl App {
    pub(super) fn at_the_door(&mut self, action: Action) -> Vec<Effect> {
        let (height, width) = (self.height(), self.size.0);
        let Some(Layer::Attendees(attendees)) = self.layers.last_mut() else { return Vec::new() };
        match action {
            Action::CheckInCode => attendees.code = Some(Field::default()),
            Action::Mark => {
                let head = attendees.head(&self.look, width).len();
                attendees.mark(height.saturating_sub(head));
            }
            Action::Enlist => {
                let (event, date) = (attendees.date.event_id, attendees.date.id);
                self.ask_what(event, Saying::Enlist(date), "");
            }
            Action::Remove => self.ask_to_remove(),
            _ => return self.check_in(),
        }
        Vec::new()
    }

    fn check_in(&mut self) -> Vec<Effect> {
        let Some(Layer::Attendees(attendees)) = self.layers.last_mut() else { return Vec::new() };
        if let Some(code) = attendees.code.take() {
            let request = Request::CheckInCode { occurrence: attendees.date.id, code: code.text() };
            return vec![self.ask(Purpose::Act("Done"), request)];
        }
        let is_in = |place: &Registration| place.status == RegistrationStatus::Attended;
        let chosen = attendees.chosen();
        // Of several, those who are in already stay so, unless all are.
        let undo = chosen.iter().all(|place| is_in(place));
        let people: Vec<_> =
            chosen.into_iter().filter(|place| undo || !is_in(place)).map(|place| place.id).collect();
        let request = if undo { Request::UndoCheckIn } else { Request::CheckIn };
        match people.as_slice() {
            [] => Vec::new(),
            [one] => vec![self.ask(Purpose::Act("Done"), request(*one))],
            _ => {
                let all = people.iter().copied().map(request).collect();
                let then = if undo { AtDoor::NoLongerIn } else { AtDoor::In };
                vec![self.ask(Purpose::All(then, people), Request::Each(all))]
            }
        }
    }

    fn ask_to_remove(&mut self) {
        let Some(Layer::Attendees(attendees)) = self.layers.last() else { return };
        let gone = |place: &&Registration| place.status == RegistrationStatus::Cancelled;
        let chosen: Vec<_> = attendees.chosen().into_iter().filter(|place| !gone(place)).collect();
        let Some(first) = chosen.first() else {
            return self.say('!', "Nobody is selected who has a place, or waits for one");
        };
        let words = match chosen.len() {
            1 => {
                let (name, username) = (clean(&first.user.display_name), clean(&first.user.username));
                let from = if first.status.has_seats() { "this date" } else { "the waitlist" };
                let party = match first.party_size {
                    1 => String::new(),
                    many => format!(", with a party of {many}"),
                };
                format!("Take {name} ({username}) off {from}{party}?")
            }
            many => {
                let people: i64 = chosen.iter().map(|place| place.party_size).sum();
                format!("Take {many} registrations, for {people} people, off this date?")
            }
        };
        let words = words + &self.becomes_of_seats(attendees, &chosen);
        let (occurrence, people): (_, Vec<_>) =
            (attendees.date.id, chosen.iter().map(|place| place.id).collect());
        let all =
            people.iter().map(|registration| Request::Remove { occurrence, registration: *registration });
        let request = Box::new(Request::Each(all.collect()));
        self.question =
            Some(Question::Sure { words, request, then: Purpose::All(AtDoor::OffTheList, people) });
    }

    /// What becomes of the seats of people who are taken off; nothing is said where they have none.
    fn becomes_of_seats(&self, attendees: &Attendees, removed: &[&Registration]) -> String {
        let date = &attendees.date;
        let seats: i64 =
            removed.iter().filter(|place| place.status.has_seats()).map(|place| place.party_size).sum();
        let also = removed.iter().filter(|place| !place.status.has_seats()).count();
        let waiting = date.waitlist_length - i64::try_from(also).unwrap_or(0);
        let goes = waiting > 0 && !self.look.has_begun(date) && date.status == OccurrenceStatus::Scheduled;
        match (seats, goes) {
            (0, _) => String::new(),
            (1, true) => " Their seat goes to who waits".to_owned(),
            (many, true) => format!(" Their {many} seats go to who waits"),
            (1, false) => " Their seat is free then".to_owned(),
            (many, false) => format!(" Their {many} seats are free then"),
        }
    }

    /// What became of each of several people. Who was refused stays marked.
    pub(super) fn take_each(
        &mut self,
        then: AtDoor,
        people: Vec<RegistrationId>,
        outcome: Result<Answer, Refusal>,
    ) -> Vec<Effect> {
        let outcomes = match outcome {
            Ok(Answer::Each(outcomes)) => outcomes,
            Ok(_) => Vec::new(),
            Err(refusal) => vec![Err(refusal)],
        };
        let all = people.len();
        let (mut done, mut refused) = (0, None);
        for (id, outcome) in people.into_iter().zip(outcomes) {
            match outcome {
                Ok(answer) => {
                    done += 1;
                    for attendees in self.layers.iter_mut().filter_map(attendees) {
                        attendees.is_done(id, then == AtDoor::OffTheList);
                    }
                    match answer {
                        Answer::Place(place) => self.learn(&place),
                        Answer::CheckedIn { registration, .. } => self.learn(&registration),
                        _ => {}
                    }
                }
                Err(refusal) => _ = refused.get_or_insert(refusal),
            }
        }
        let are = then.words();
        match refused {
            Some(refusal) if all == 1 => self.say('✗', words(&refusal)),
            Some(refusal) => self.say('✗', format!("{done} of {all} are {are}: {}", words(&refusal))),
            None if done == 1 => self.say('✓', format!("1 is {are}")),
            None => self.say('✓', format!("{done} are {are}")),
        }
        self.refresh()
    }

    /// Whether a registration is my own: organizers get those of others, too.
    pub(super) fn is_mine(&self, place: &Registration) -> bool {
        self.me.as_ref().is_some_and(|me| me.id == place.user.id)
    }

    /// Shows a registration as it is now wherever it stands.
    pub(super) fn learn(&mut self, place: &Registration) {
        let mine = self.is_mine(place);
        if mine {
            self.look.marks.insert(place.occurrence_id, Mark::from(place));
        }
        for layer in &mut self.layers {
            match layer {
                Layer::Attendees(attendees) => attendees.learn(place),
                Layer::Event(looked) if mine => looked.learn(place),
                _ => {}
            }
        }
    }

    /// The people of a date, wherever they are shown.
    pub(super) fn attendees(&mut self, date: OccurrenceId) -> Option<&mut Attendees> {
        self.layers.iter_mut().filter_map(attendees).find(|attendees| attendees.date.id == date)
    }
}

fn attendees(layer: &mut Layer) -> Option<&mut Attendees> {
    match layer {
        Layer::Attendees(attendees) => Some(attendees),
        _ => None,
    }
}
