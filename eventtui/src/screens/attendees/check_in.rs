//! Check-in, its undoing, and removal, for one registration or for all that are marked.

use eventcore::RegistrationId;
use eventcore::events::OccurrenceStatus;
use eventcore::phase::Phase;
use eventcore::registrations::{Registration, RegistrationStatus};

use super::AttendeesScreen;
use super::code_prompt::checked_in;
use crate::backend::{ApiError, Request, Response};
use crate::message::{AttendeeChange, Purpose};
use crate::screens::screen::{AppCommand, Context, explain};
use crate::view_context::ViewContext;
use crate::widgets::text::clean;

impl AttendeesScreen {
    /// Checks in the chosen registrations, or undoes their check-in.
    pub(super) fn check_in(&mut self, cx: &mut Context) {
        let is_in = |one: &Registration| one.status == RegistrationStatus::Attended;
        let chosen = self.chosen();
        // Of several registrations, those that are checked in stay so, unless all are.
        let undo = chosen.iter().all(|one| is_in(one));
        let ids: Vec<_> = chosen.into_iter().filter(|one| undo || !is_in(one)).map(|one| one.id).collect();
        let request = if undo { Request::UndoCheckIn } else { Request::CheckIn };
        match ids.as_slice() {
            [] => {}
            [one] => cx.send(Purpose::Command("Done"), request(*one)),
            _ => {
                let all = ids.iter().copied().map(request).collect();
                let then = if undo { AttendeeChange::CheckInUndone } else { AttendeeChange::CheckedIn };
                cx.send(Purpose::AttendeeBatch(then, ids), Request::Batch(all));
            }
        }
    }

    /// Cancels the chosen registrations, after a question.
    pub(super) fn remove(&self, cx: &mut Context) {
        let is_live = |one: &&Registration| one.status != RegistrationStatus::Cancelled;
        let chosen: Vec<_> = self.chosen().into_iter().filter(is_live).collect();
        let Some(first) = chosen.first() else {
            return cx.notify('!', "No registration is selected");
        };
        let question = match chosen.len() {
            1 => {
                let (name, username) = (clean(&first.user.display_name), clean(&first.user.username));
                let from = if first.status.has_seats() { "this occurrence" } else { "the waitlist" };
                let party = match first.party_size {
                    1 => String::new(),
                    many => format!(" (party of {many})"),
                };
                format!("Remove {name} ({username}) from {from}{party}?")
            }
            many => {
                let people: i64 = chosen.iter().map(|one| one.party_size).sum();
                format!("Remove {many} registrations ({people} people) from this occurrence?")
            }
        };
        let text = question + &self.freed_seats(&chosen, &cx.view);
        let occurrence = self.occurrence.id;
        let ids: Vec<_> = chosen.iter().map(|one| one.id).collect();
        let all = ids
            .iter()
            .map(|registration| Request::RemoveAttendee { occurrence, registration: *registration });
        let request = Request::Batch(all.collect());
        cx.confirm(text, request, Purpose::AttendeeBatch(AttendeeChange::Removed, ids));
    }

    /// What becomes of the seats of registrations that are removed. Empty if they have none.
    fn freed_seats(&self, removed: &[&Registration], view: &ViewContext) -> String {
        let occurrence = &self.occurrence;
        let seats: i64 = removed.iter().filter(|one| one.status.has_seats()).map(|one| one.party_size).sum();
        let also = removed.iter().filter(|one| !one.status.has_seats()).count();
        let waiting = occurrence.waitlist_length - i64::try_from(also).unwrap_or(0);
        let promotes = waiting > 0
            && view.phase(occurrence) == Phase::Upcoming
            && occurrence.status == OccurrenceStatus::Scheduled;
        match (seats, promotes) {
            (0, _) => String::new(),
            (1, true) => " The seat goes to the waitlist".to_owned(),
            (many, true) => format!(" Their {many} seats go to the waitlist"),
            (1, false) => " The seat becomes free".to_owned(),
            (many, false) => format!(" Their {many} seats become free"),
        }
    }

    /// Shows a check-in as a notice: the screen was closed meanwhile, or the check-in was by name.
    pub(crate) fn notify_checked_in(outcome: Result<Response, ApiError>, cx: &mut Context) {
        match checked_in(outcome, cx) {
            Ok((sign, text)) => cx.notify(sign, text),
            Err(error) => cx.notify_error(&error),
        }
    }

    /// Shows the outcome of an action on several registrations. Refused ones stay marked. `screen` is none if
    /// it was closed meanwhile.
    pub(crate) fn finish(
        mut screen: Option<&mut Self>,
        then: AttendeeChange,
        ids: Vec<RegistrationId>,
        outcome: Result<Response, ApiError>,
        cx: &mut Context,
    ) {
        let outcomes = match outcome {
            Ok(Response::Batch(outcomes)) => outcomes,
            Ok(_) => Vec::new(),
            Err(error) => vec![Err(error)],
        };
        let all = ids.len();
        let (mut done, mut refused) = (0, None);
        for (id, outcome) in ids.into_iter().zip(outcomes) {
            match outcome {
                Ok(response) => {
                    done += 1;
                    if let Some(screen) = screen.as_deref_mut() {
                        screen.is_done(id, then == AttendeeChange::Removed);
                    }
                    if let Response::Registration(registration) | Response::CheckedIn { registration, .. } =
                        response
                    {
                        cx.commands.push(AppCommand::RegistrationChanged(registration));
                    }
                }
                Err(error) => _ = refused.get_or_insert(error),
            }
        }
        let are = then.words();
        match refused {
            Some(error) if all == 1 => cx.notify_error(&error),
            Some(error) => cx.notify('✗', format!("{done} of {all} {are}: {}", explain(&error))),
            None if done == 1 => cx.notify('✓', format!("1 {are}")),
            None => cx.notify('✓', format!("{done} {are}")),
        }
        cx.refresh();
    }
}
