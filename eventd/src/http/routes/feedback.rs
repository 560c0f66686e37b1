//! Feedback: that on an event, one's own on a date, and answers to it.

use eventcore::feedback::{Answer as OrganizersAnswer, Feedback, FeedbackInput, FeedbackPage};
use eventcore::{EventId, FeedbackId, OccurrenceId};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, id, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::etag;
use crate::http::reply::{self, Versioned};

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    let of_dates = any_of!(
        route!(context, get { occurrence } "feedback" => read),
        route!(context, put { occurrence } "feedback" => give),
        route!(context, delete { occurrence } "feedback" => withdraw),
    );
    let below = any_of!(
        route!(context, put { feedback } "answer" => answer),
        route!(context, delete { feedback } "answer" => take_answer_back),
    );
    any_of!(
        warp::path("events").and(route!(context, get { event } "feedback" => list)),
        warp::path("occurrences").and(of_dates),
        warp::path("feedback").and(below),
    )
}

fn occurrence_id(text: &str) -> Result<OccurrenceId, eventcore::Error> {
    id(text, "occurrence")
}

fn feedback_id(text: &str) -> Result<FeedbackId, eventcore::Error> {
    id(text, "feedback")
}

fn versioned(feedback: &Feedback) -> Versioned<'_, Feedback> {
    Versioned { value: feedback, version: feedback.version, updated_at: Some(feedback.updated_at) }
}

/// Feedback on an event, newest first, with the average and how often each rating was given
#[utoipa::path(get, path = "/api/v1/events/{event}/feedback", tag = "feedback", security((), ("bearer" = [])),
    params(("event" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query), ("count" = Option<bool>, Query)),
    responses((status = 200, description = "A page of feedback, and all of it in short", body = FeedbackPage)))]
pub(crate) async fn list(call: Call, event: &str) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let page = query.page();
    query.finish()?;
    let event_id: EventId = id(event, "event")?;
    let feedback = call.core.feedback(&actor, event_id, &page).await?;
    reply::page_with(&call, &format!("/events/{event}/feedback"), &feedback.page, &feedback)
}

/// What I said of a date
#[utoipa::path(get, path = "/api/v1/occurrences/{occurrence}/feedback", tag = "feedback", security(("bearer" = [])),
    params(("occurrence" = String, Path)),
    responses((status = 200, description = "My feedback", body = Feedback), (status = 304, description = "You have it")))]
pub(crate) async fn read(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    versioned(&call.core.my_feedback(&call.actor().await?, occurrence_id(occurrence)?).await?).ok(&call)
}

/// Say how a date was, once it is over, or say it anew within 30 days
#[utoipa::path(put, path = "/api/v1/occurrences/{occurrence}/feedback", tag = "feedback", security(("bearer" = [])),
    params(("occurrence" = String, Path), ("If-Match" = Option<String>, Header)), request_body = FeedbackInput,
    responses((status = 200, description = "As it was, or changed", body = Feedback), (status = 201, description = "New", body = Feedback)))]
pub(crate) async fn give(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, expected) = (call.core.clone(), etag::expected(&call.headers));
    let date = occurrence_id(occurrence)?;
    let (feedback, created) =
        core.submit_feedback(&actor, date, &call.json::<FeedbackInput>()?, expected).await?;
    let answer = versioned(&feedback);
    if created {
        answer.created(&format!("/api/v1/occurrences/{occurrence}/feedback"))
    } else {
        answer.changed()
    }
}

/// Take back what I said of a date
#[utoipa::path(delete, path = "/api/v1/occurrences/{occurrence}/feedback", tag = "feedback", security(("bearer" = [])),
    params(("occurrence" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "You say nothing, or no longer")))]
pub(crate) async fn withdraw(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    call.core.withdraw_feedback(&actor, occurrence_id(occurrence)?, etag::expected(&call.headers)).await?;
    Ok(reply::nothing())
}

/// Answer feedback in public, for the event's organizers
#[utoipa::path(put, path = "/api/v1/feedback/{feedback}/answer", tag = "feedback", security(("bearer" = [])),
    params(("feedback" = String, Path), ("If-Match" = Option<String>, Header)), request_body = OrganizersAnswer,
    responses((status = 200, description = "The feedback", body = Feedback)))]
pub(crate) async fn answer(call: Call, feedback: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, expected) = (call.core.clone(), etag::expected(&call.headers));
    let id = feedback_id(feedback)?;
    let answer = call.json::<OrganizersAnswer>()?;
    versioned(&core.answer_feedback(&actor, id, Some(&answer), expected).await?).changed()
}

/// Take an answer back
#[utoipa::path(delete, path = "/api/v1/feedback/{feedback}/answer", tag = "feedback", security(("bearer" = [])),
    params(("feedback" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "There is no answer, or no longer")))]
pub(crate) async fn take_answer_back(call: Call, feedback: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    call.core.answer_feedback(&actor, feedback_id(feedback)?, None, etag::expected(&call.headers)).await?;
    Ok(reply::nothing())
}
