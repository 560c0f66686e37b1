//! What webhooks are told of a change: the one place that decides it. A change without a decision does not
//! compile.

use super::kind::WebhookKind;
use crate::changes::Change;
use crate::id::{EventId, OccurrenceId};
use crate::jobs::WebhookSubject;

/// What webhooks are told of a change; empty for changes that are none of their business.
pub(super) fn decide(change: &Change) -> Vec<(WebhookKind, WebhookSubject)> {
    let one = |kind, subject| vec![(kind, subject)];
    let event = |kind, event: &EventId| one(kind, WebhookSubject::of_event(*event));
    let occurrence = |kind, event: &EventId, id: &OccurrenceId| {
        one(kind, WebhookSubject::of_occurrence(Some(*event), *id))
    };
    let comment = |kind, event: &EventId, id| {
        one(kind, WebhookSubject { comment: Some(id), ..WebhookSubject::of_event(*event) })
    };
    let feedback = |kind, occurrence: &OccurrenceId, id| {
        let subject =
            WebhookSubject { feedback: Some(id), ..WebhookSubject::of_occurrence(None, *occurrence) };
        one(kind, subject)
    };
    match change {
        Change::Registered { .. }
        | Change::Waitlisted { .. }
        | Change::RegistrationChanged { .. }
        | Change::Promoted { .. }
        | Change::RegistrationCancelled { .. }
        | Change::CheckedIn { .. }
        | Change::CheckInUndone { .. } => of_registration(change).into_iter().collect(),
        Change::EventCreated { event: id, .. } => event(WebhookKind::EventCreated, id),
        Change::EventPublished { event: id } => event(WebhookKind::EventPublished, id),
        Change::EventUnpublished { event: id } => event(WebhookKind::EventUnpublished, id),
        Change::EventChanged { event: id, .. }
        | Change::OrganizerChanged { event: id, .. }
        | Change::CoOrganizerAdded { event: id, .. }
        | Change::CoOrganizerRemoved { event: id, .. }
        | Change::OccurrencesAdded { event: id, .. } => event(WebhookKind::EventChanged, id),
        Change::EventCancelled { event: id, .. } => event(WebhookKind::EventCancelled, id),
        Change::EventDeleted { event: id, organizers } => {
            let subject = WebhookSubject { organizers: organizers.clone(), ..WebhookSubject::of_event(*id) };
            one(WebhookKind::EventDeleted, subject)
        }
        Change::EventSplit { event: id, new_event } => vec![
            (WebhookKind::EventChanged, WebhookSubject::of_event(*id)),
            (WebhookKind::EventCreated, WebhookSubject::of_event(*new_event)),
        ],
        Change::OccurrenceMoved { event, occurrence: id, .. }
        | Change::OccurrenceChanged { event, occurrence: id, .. } => {
            occurrence(WebhookKind::OccurrenceChanged, event, id)
        }
        Change::OccurrenceCancelled { event, occurrence: id } => {
            occurrence(WebhookKind::OccurrenceCancelled, event, id)
        }
        Change::OccurrenceRestored { event, occurrence: id } => {
            occurrence(WebhookKind::OccurrenceRestored, event, id)
        }
        Change::OccurrenceDeleted { event, occurrence: id } => {
            occurrence(WebhookKind::OccurrenceDeleted, event, id)
        }
        Change::CommentPosted { event, comment: id, .. } => comment(WebhookKind::CommentPosted, event, *id),
        Change::CommentChanged { event, comment: id } | Change::CommentHidden { event, comment: id, .. } => {
            comment(WebhookKind::CommentChanged, event, *id)
        }
        Change::CommentDeleted { event, comment: id } => comment(WebhookKind::CommentDeleted, event, *id),
        Change::FeedbackGiven { occurrence, feedback: id, .. } => {
            feedback(WebhookKind::FeedbackGiven, occurrence, *id)
        }
        Change::FeedbackChanged { occurrence, feedback: id, .. }
        | Change::FeedbackAnswered { occurrence, feedback: id } => {
            feedback(WebhookKind::FeedbackChanged, occurrence, *id)
        }
        Change::FeedbackWithdrawn { occurrence, feedback: id, .. } => {
            feedback(WebhookKind::FeedbackWithdrawn, occurrence, *id)
        }
        // Of the installation, and of single accounts: no event is concerned.
        Change::CategoryCreated { .. }
        | Change::CategoryChanged { .. }
        | Change::CategoryDeleted { .. }
        | Change::AccountCreated { .. }
        | Change::AccountChanged { .. }
        | Change::PasswordChanged { .. }
        | Change::AccountDisabled { .. }
        | Change::AccountEnabled { .. }
        | Change::AccountDeleted { .. }
        | Change::SignedIn { .. }
        | Change::AccessTokenCreated { .. }
        | Change::AccessTokenRevoked { .. }
        | Change::CalendarAddressCreated { .. }
        | Change::CalendarAddressRevoked { .. }
        | Change::SessionsEnded { .. }
        | Change::RemindersChanged { .. }
        | Change::NotificationsRead { .. }
        | Change::WebhookDisabled { .. }
        | Change::SubscriptionDisabled { .. }
        | Change::SubscribedEventsMissing { .. } => Vec::new(),
    }
}

/// What is told of a change of a registration; `None` for any other.
fn of_registration(change: &Change) -> Option<(WebhookKind, WebhookSubject)> {
    let (kind, occurrence, id) = match change {
        Change::Registered { occurrence, registration, .. } => {
            (WebhookKind::RegistrationConfirmed, occurrence, registration)
        }
        Change::Waitlisted { occurrence, registration, .. } => {
            (WebhookKind::RegistrationWaitlisted, occurrence, registration)
        }
        Change::RegistrationChanged { occurrence, registration, .. } => {
            (WebhookKind::RegistrationChanged, occurrence, registration)
        }
        Change::Promoted { occurrence, registration, .. } => {
            (WebhookKind::RegistrationPromoted, occurrence, registration)
        }
        Change::RegistrationCancelled { occurrence, registration, .. } => {
            (WebhookKind::RegistrationCancelled, occurrence, registration)
        }
        Change::CheckedIn { occurrence, registration, .. } => {
            (WebhookKind::RegistrationCheckedIn, occurrence, registration)
        }
        Change::CheckInUndone { occurrence, registration, .. } => {
            (WebhookKind::RegistrationCheckInUndone, occurrence, registration)
        }
        _ => return None,
    };
    let subject = WebhookSubject::of_occurrence(None, *occurrence);
    Some((kind, WebhookSubject { registration: Some(*id), ..subject }))
}
