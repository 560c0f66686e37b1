//! The body of a message: what has changed, as its owner may see it now.

use serde::Serialize;

use super::kind::TEST;
use crate::actor::Actor;
use crate::comments::Comment;
use crate::core::EventCore;
use crate::error::{Error, Result};
use crate::events::{Event, Occurrence};
use crate::feedback::Feedback;
use crate::id::{CommentId, EventId, FeedbackId, OccurrenceId, RegistrationId};
use crate::jobs::WebhookSubject;
use crate::registrations::Registration;
use crate::time::Timestamp;

/// A message.
#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    /// When it happened.
    timestamp: Timestamp,
    data: Data,
}

/// The ids of what has changed, and it itself: null where there is nothing of the kind, or not any more.
#[derive(Serialize)]
struct Data {
    event_id: Option<EventId>,
    occurrence_id: Option<OccurrenceId>,
    registration_id: Option<RegistrationId>,
    comment_id: Option<CommentId>,
    feedback_id: Option<FeedbackId>,
    event: Option<Event>,
    occurrence: Option<Occurrence>,
    registration: Option<Registration>,
    comment: Option<Comment>,
    feedback: Option<Feedback>,
}

/// The body for an owner.
///
/// # Errors
/// If the database cannot be read.
pub(super) async fn body(
    core: &EventCore,
    owner: &Actor,
    kind: &str,
    subject: &WebhookSubject,
    timestamp: Timestamp,
) -> Result<String> {
    let data = if kind == TEST { ids(subject) } else { data(core, owner, subject).await? };
    serde_json::to_string(&Message { kind, timestamp, data }).map_err(Error::internal)
}

const fn ids(subject: &WebhookSubject) -> Data {
    Data {
        event_id: subject.event,
        occurrence_id: subject.occurrence,
        registration_id: subject.registration,
        comment_id: subject.comment,
        feedback_id: subject.feedback,
        event: None,
        occurrence: None,
        registration: None,
        comment: None,
        feedback: None,
    }
}

/// Each is read by the operation that the owner could call, so it has what the owner may see.
async fn data(core: &EventCore, owner: &Actor, subject: &WebhookSubject) -> Result<Data> {
    let mut data = ids(subject);
    if let Some(id) = subject.event {
        data.event = visible(core.event(*owner, id).await)?;
    }
    if let Some(id) = subject.occurrence {
        data.occurrence = visible(core.occurrence(*owner, id).await)?;
    }
    if let Some(id) = subject.registration {
        data.registration = visible(core.registration(owner, id).await)?;
    }
    if let Some(id) = subject.comment {
        data.comment = visible(core.comment(owner, id, false).await)?;
    }
    if let Some(id) = subject.feedback {
        data.feedback = visible(core.feedback_for_organizer(owner, id).await)?;
    }
    Ok(data)
}

fn visible<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound(_) | Error::Forbidden(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
