//! The user's registration for the selected occurrence: register, cancel and undo, pause on the waitlist.

use eventcore::OccurrenceId;
use eventcore::events::Occurrence;
use eventcore::registrations::{Registration, RegistrationStatus};

use super::App;
use crate::backend::{Answer, Refusal, Request};
use crate::message::Purpose;
use crate::screens::prompt::Prompt;
use crate::screens::screen::Notice;
use crate::view_context::{MyStatus, ordinal};
use crate::widgets::text_field::TextField;

/// How long a cancellation can be undone, in milliseconds.
const UNDO: u64 = 5_000;

/// A cancellation that is shown as done, but sent only when it can no longer be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PendingCancellation {
    id: OccurrenceId,
    /// When it is sent, in milliseconds since the program began.
    pub(super) at: u64,
}

impl App {
    /// The occurrence that is shown or selected.
    pub(crate) fn occurrence(&self) -> Option<&Occurrence> {
        self.stack.top().occurrence(&self.cx.view)
    }

    fn my_status(&self, id: OccurrenceId) -> Option<&MyStatus> {
        self.cx.view.my_statuses.get(&id).filter(|mine| mine.is_live())
    }

    /// Asks for the party size of a new or changed registration.
    pub(super) fn ask_party_size(&mut self) {
        let Some(occurrence) = self.occurrence().cloned() else { return };
        if !self.cx.signed_in() {
            return;
        }
        let party = self.my_status(occurrence.id).map_or(1, |mine| mine.party_size);
        let size = TextField::of(&party.to_string());
        self.cx.prompt = Some(Prompt::Party { occurrence: Box::new(occurrence), size });
    }

    /// Cancels the registration. Nothing is sent until the cancellation can no longer be undone.
    pub(super) fn cancel_registration(&mut self) {
        let Some(id) = self.occurrence().map(|occurrence| occurrence.id) else { return };
        if self.my_status(id).is_none() {
            return self.cx.notify('!', "You have no place there");
        }
        self.send_cancellation();
        let at = self.cx.now + UNDO;
        self.pending_cancellation = Some(PendingCancellation { id, at });
        if let Some(mine) = self.cx.view.my_statuses.get_mut(&id) {
            mine.status = RegistrationStatus::Cancelled;
        }
        let text = "Your place is given up: u brings it back, for 5 s".to_owned();
        self.cx.notice = Some(Notice { sign: '✓', text, until: at });
    }

    pub(super) fn undo_cancellation(&mut self) {
        let Some(pending) = self.pending_cancellation.take() else {
            return self.cx.notify('!', "There is nothing to undo");
        };
        if let Some(mine) = self.cx.view.my_statuses.get_mut(&pending.id) {
            mine.status = if mine.position.is_some() {
                RegistrationStatus::Waitlisted
            } else {
                RegistrationStatus::Confirmed
            };
        }
        self.cx.notify('✓', "You keep your place");
    }

    /// Whether the registration for an occurrence is being cancelled.
    pub(super) fn is_cancelling(&self, id: OccurrenceId) -> bool {
        self.pending_cancellation.as_ref().is_some_and(|pending| pending.id == id)
    }

    /// Drops the cancellation for an occurrence: the user registers again.
    pub(super) fn keep_registration(&mut self, id: OccurrenceId) {
        self.pending_cancellation.take_if(|pending| pending.id == id);
    }

    /// Sends the cancellation, if there is one.
    pub(super) fn send_cancellation(&mut self) {
        if let Some(pending) = self.pending_cancellation.take() {
            self.cx.ask(Purpose::Act("Your place is given up"), Request::Unregister(pending.id));
        }
    }

    /// Pauses on the waitlist (others are promoted first), or resumes.
    pub(super) fn pause_or_resume(&mut self) {
        let Some(occurrence) = self.occurrence().map(|occurrence| occurrence.id) else { return };
        let mine = self.my_status(occurrence);
        let Some(mine) = mine.filter(|mine| mine.status == RegistrationStatus::Waitlisted) else {
            return self.cx.notify('!', "You do not wait there: who waits can be passed over");
        };
        let request = Request::PassOver { occurrence, version: mine.version, over: !mine.paused };
        self.cx.ask(Purpose::PassOver, request);
    }

    /// Tells what became of the user's registration.
    pub(super) fn registered(&mut self, purpose: &Purpose, outcome: Result<Answer, Refusal>) {
        match outcome {
            Ok(Answer::Place(registration)) => {
                let text = match purpose {
                    Purpose::Come { capacity, left } => registered_text(&registration, *capacity, *left),
                    _ => paused_text(&registration),
                };
                self.cx.notify('✓', text);
                self.registration_changed(&registration);
            }
            Ok(_) => {}
            Err(refusal) => self.cx.notify_refused(&refusal),
        }
        self.refresh();
    }
}

/// The result of registering for an occurrence of this capacity, with `left` free seats as far as was known.
fn registered_text(registration: &Registration, capacity: i64, left: i64) -> String {
    let party = registration.party_size;
    let Some(position) = registration.position else {
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
        _ if !registration.auto_promote => format!("You are {nth} in line, and paused: s goes on"),
        ..=0 => format!("It is full: you are {nth} in line"),
        _ if left >= party && position > 1 => format!("Others wait before you: you are {nth} in line"),
        _ => format!("There is no room for {party} now: you are {nth} in line"),
    }
}

/// The result of pausing or resuming on the waitlist.
fn paused_text(registration: &Registration) -> String {
    match registration.position.map(ordinal) {
        Some(nth) if registration.auto_promote => {
            format!("You get a seat when it is your turn: {nth} in line")
        }
        Some(nth) => format!("Paused: you stay {nth} in line, and others are let in before you; s goes on"),
        None => format!("There was room: confirmed for {}", registration.party_size),
    }
}
