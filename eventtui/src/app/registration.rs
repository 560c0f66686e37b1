//! The user's registration for the selected occurrence: register, cancel and undo, pause on the waitlist.

use eventcore::OccurrenceId;
use eventcore::events::Occurrence;
use eventcore::registrations::{Registration, RegistrationStatus};

use super::App;
use super::pending_change::Undoable;
use crate::backend::{ApiError, Request, Response};
use crate::message::Purpose;
use crate::screens::prompt::Prompt;
use crate::view_context::{MyStatus, ordinal};
use crate::widgets::text_field::TextField;

impl App {
    /// The occurrence that is shown or selected.
    pub(crate) fn occurrence(&self) -> Option<&Occurrence> {
        self.stack.top().occurrence(&self.cx.view)
    }

    fn my_status(&self, id: OccurrenceId) -> Option<&MyStatus> {
        self.cx.view.my_statuses.get(&id).filter(|mine| mine.is_live())
    }

    /// Prompts for the party size of a new or changed registration.
    pub(super) fn prompt_party_size(&mut self) {
        let Some(occurrence) = self.occurrence().cloned() else { return };
        if !self.cx.signed_in() {
            return;
        }
        let party = self.my_status(occurrence.id).map_or(1, |mine| mine.party_size);
        let size = TextField::suggestion(&party.to_string());
        self.cx.prompt = Some(Prompt::Party { occurrence: Box::new(occurrence), size });
    }

    /// Cancels the registration. Nothing is sent until the cancellation can no longer be undone.
    pub(super) fn cancel_registration(&mut self) {
        let Some(id) = self.occurrence().map(|occurrence| occurrence.id) else { return };
        if self.my_status(id).is_none() {
            return self.cx.notify('!', "You are not registered for it");
        }
        self.begin_pending(Undoable::Cancellation(id), "Registration cancelled");
        if let Some(mine) = self.cx.view.my_statuses.get_mut(&id) {
            mine.status = RegistrationStatus::Cancelled;
        }
    }

    /// Shows a registration whose cancellation was undone.
    pub(super) fn restore_registration(&mut self, id: OccurrenceId) {
        if let Some(mine) = self.cx.view.my_statuses.get_mut(&id) {
            mine.status = if mine.position.is_some() {
                RegistrationStatus::Waitlisted
            } else {
                RegistrationStatus::Confirmed
            };
        }
        self.cx.notify('✓', "Registration restored");
    }

    /// Whether the registration for an occurrence is being cancelled.
    pub(super) fn is_cancelling(&self, id: OccurrenceId) -> bool {
        self.pending_change.as_ref().is_some_and(|pending| pending.what == Undoable::Cancellation(id))
    }

    /// Drops the cancellation for an occurrence: the user registers again.
    pub(super) fn drop_cancellation(&mut self, id: OccurrenceId) {
        self.pending_change.take_if(|pending| pending.what == Undoable::Cancellation(id));
    }

    /// Pauses on the waitlist (others are promoted first), or resumes.
    pub(super) fn toggle_auto_promote(&mut self) {
        let Some(occurrence) = self.occurrence().map(|occurrence| occurrence.id) else { return };
        let mine = self.my_status(occurrence);
        let Some(mine) = mine.filter(|mine| mine.status == RegistrationStatus::Waitlisted) else {
            return self
                .cx
                .notify('!', "You are not on its waitlist: only a waitlisted registration can be paused");
        };
        let request =
            Request::SetAutoPromote { occurrence, version: mine.version, auto_promote: mine.paused };
        self.cx.send(Purpose::SetAutoPromote, request);
    }

    /// Shows the outcome of a change of the user's registration.
    pub(super) fn registered(&mut self, purpose: &Purpose, outcome: Result<Response, ApiError>) {
        match outcome {
            Ok(Response::Registration(registration)) => {
                let text = match purpose {
                    Purpose::Register { occurrence, .. } => {
                        registered_text(&registration, occurrence.capacity, occurrence.seats_left)
                    }
                    _ => paused_text(&registration),
                };
                self.cx.notify('✓', text);
                self.registration_changed(&registration);
            }
            Ok(_) => self.cx.notify_unexpected(),
            Err(error) => {
                self.cx.notify_error(&error);
                if let Purpose::Register { occurrence, party } = purpose
                    && self.cx.may_ask_again()
                {
                    let size = TextField::suggestion(&party.to_string());
                    self.cx.prompt = Some(Prompt::Party { occurrence: occurrence.clone(), size });
                }
            }
        }
        self.refresh();
    }
}

/// The result of registering for an occurrence of this capacity, with `seats_left` free seats as far as was
/// known.
fn registered_text(registration: &Registration, capacity: i64, seats_left: i64) -> String {
    let party = registration.party_size;
    let Some(position) = registration.position else {
        return format!("Registered: confirmed for {party}");
    };
    let nth = ordinal(position);
    if party > capacity {
        let seats = if capacity == 1 { "seat" } else { "seats" };
        return format!(
            "Only {capacity} {seats} in all: your party of {party} is {nth} on the waitlist \
             until there are more"
        );
    }
    match seats_left {
        _ if !registration.auto_promote => format!("You are {nth} on the waitlist, paused: s resumes"),
        ..=0 => format!("Full: you are {nth} on the waitlist"),
        _ if seats_left >= party && position > 1 => {
            format!("Others are waiting: you are {nth} on the waitlist")
        }
        _ => format!("Not enough seats for {party}: you are {nth} on the waitlist"),
    }
}

/// The result of pausing or resuming on the waitlist.
fn paused_text(registration: &Registration) -> String {
    match registration.position.map(ordinal) {
        Some(nth) if registration.auto_promote => {
            format!("Resumed: you are {nth} on the waitlist")
        }
        Some(nth) => format!("Paused: you stay {nth} on the waitlist, others go first; s resumes"),
        None => format!("Seats were free: confirmed for {}", registration.party_size),
    }
}
