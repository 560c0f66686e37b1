//! What organizers do with an event or one of its occurrences: edit, publish, cancel, see attendees and
//! insights.

use eventcore::events::{Event, EventStatus, Occurrence, OccurrenceStatus, Visibility};

use super::attendees::AttendeesScreen;
use super::co_organizers::CoOrganizersScreen;
use super::form::{self, FormScreen};
use super::insights::InsightsScreen;
use super::screen::{Context, Handled};
use crate::backend::Request;
use crate::keys::Action;
use crate::message::Purpose;
use crate::widgets::text::clean;

/// Runs an organizer's action on an event. `occurrence` is the one that is shown, or the next one in the list
/// of events; `on_occurrence`: whether it is shown, so that editing a series changes that occurrence only.
pub(crate) fn run_action(
    action: Action,
    event: &Event,
    occurrence: Option<&Occurrence>,
    on_occurrence: bool,
    cx: &mut Context,
) -> Handled {
    let is_series = event.recurrence.is_some();
    match (action, occurrence) {
        (Action::Edit, Some(occurrence)) if on_occurrence && is_series => {
            form::open(FormScreen::occurrence(occurrence), cx);
        }
        (Action::Edit | Action::EditAll, _) => form::open(FormScreen::event(event), cx),
        (Action::Duplicate, _) => form::open(FormScreen::copy(event, cx.view.now.date()), cx),
        // This and all that follow the first are all.
        (Action::EditFollowing, Some(occurrence))
            if is_series && occurrence.original_start == event.starts_at =>
        {
            form::open(FormScreen::event(event), cx);
        }
        (Action::EditFollowing, Some(occurrence)) if is_series => {
            form::open(FormScreen::following(occurrence, event), cx);
        }
        (Action::EditFollowing, _) => cx.notify('!', "This event has only one occurrence: e edits it"),
        (Action::Publish, _) if event.status == EventStatus::Draft => {
            let then = match event.visibility {
                Visibility::Public => "Published: everyone sees it",
                Visibility::Unlisted => "Published: people with the link see it",
                Visibility::Private => "Published: only organizers and registered people see it",
            };
            cx.send(Purpose::Command(then), Request::PublishEvent(event.id));
        }
        (Action::Publish, _) => cx.notify('!', "This event is not a draft"),
        (Action::CancelOccurrence, Some(occurrence)) => cancel_occurrence(occurrence, cx),
        (Action::DeleteEvent, _) => delete_event(event, cx),
        // A draft has nobody to tell: it is deleted.
        (Action::CancelEvent, _) if event.status == EventStatus::Draft => delete_event(event, cx),
        (Action::CancelEvent, occurrence) => cancel_event(event, occurrence, cx),
        (Action::CoOrganizers, _) => cx.open(CoOrganizersScreen::of(event)),
        (Action::Insights, _) => cx.open(InsightsScreen::of(event.id, &event.title)),
        (Action::Attendees, Some(occurrence)) => cx.open(AttendeesScreen::of(occurrence.clone())),
        (Action::CancelOccurrence | Action::Attendees, None) => {
            cx.notify('!', "The event has no upcoming occurrence")
        }
        _ => return Handled::No,
    }
    Handled::Yes
}

/// Runs an organizer's action on an item of the list of past occurrences, where only some are offered.
pub(crate) fn run_on_past(action: Action, occurrence: Option<&Occurrence>, cx: &mut Context) -> Handled {
    match (action, occurrence) {
        (Action::Insights, Some(occurrence)) => {
            cx.open(InsightsScreen::of(occurrence.event_id, &occurrence.title));
        }
        (Action::Attendees, Some(occurrence)) => cx.open(AttendeesScreen::of(occurrence.clone())),
        (
            Action::Edit
            | Action::Duplicate
            | Action::CoOrganizers
            | Action::Publish
            | Action::CancelEvent
            | Action::DeleteEvent,
            Some(_),
        ) => cx.notify('!', "Open it first with Enter"),
        (
            Action::Insights
            | Action::Attendees
            | Action::Edit
            | Action::Duplicate
            | Action::CoOrganizers
            | Action::Publish
            | Action::CancelEvent
            | Action::DeleteEvent,
            None,
        ) => cx.notify('!', "Nothing is selected"),
        _ => return Handled::No,
    }
    Handled::Yes
}

/// Cancels an occurrence after a question, or restores a cancelled one.
fn cancel_occurrence(occurrence: &Occurrence, cx: &mut Context) {
    match occurrence.status {
        OccurrenceStatus::Cancelled => {
            cx.send(Purpose::Command("Occurrence restored"), Request::RestoreOccurrence(occurrence.id));
        }
        OccurrenceStatus::Scheduled => {
            let text = format!("Cancel this occurrence? {}", people(occurrence));
            cx.confirm(
                text,
                Request::CancelOccurrence(occurrence.id),
                Purpose::Command("Occurrence cancelled"),
            );
        }
    }
}

fn delete_event(event: &Event, cx: &mut Context) {
    let title = clean(&event.title);
    let what = match (event.status, event.occurrence_count) {
        (EventStatus::Draft, _) => format!("Delete the draft “{title}”?"),
        (_, 1) => format!("Delete “{title}”?"),
        (_, many) => format!("Delete “{title}” and all {many} occurrences?"),
    };
    let request = Request::DeleteEvent { event: event.id, version: event.version };
    cx.confirm(format!("{what} This cannot be undone"), request, Purpose::DeleteEvent);
}

fn cancel_event(event: &Event, occurrence: Option<&Occurrence>, cx: &mut Context) {
    let title = clean(&event.title);
    let what = match event.occurrence_count {
        1 => format!("Cancel “{title}”?"),
        many => format!("Cancel “{title}” and all {many} occurrences?"),
    };
    let whom = occurrence.map_or_else(String::new, |occurrence| match event.occurrence_count {
        1 => format!(" {}.", people(occurrence)),
        _ => format!(" Next occurrence: {}.", people(occurrence)),
    });
    let text = format!("{what}{whom} This cannot be undone");
    cx.confirm(text, Request::CancelEvent(event.id), Purpose::Command("Event cancelled"));
}

/// The numbers of registered and waiting people, for the question before a cancellation.
fn people(occurrence: &Occurrence) -> String {
    match (occurrence.seats_taken, occurrence.waitlist_length) {
        (0, 0) => "Nobody has registered".to_owned(),
        (registered, 0) => format!("{registered} registered"),
        (registered, waiting) => format!("{registered} registered, {waiting} waiting"),
    }
}
