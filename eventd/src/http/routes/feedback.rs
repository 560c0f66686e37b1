//! Feedback on events and occurrences, and organizers' answers.

use eventcore::feedback::{Answer as OrganizersAnswer, Feedback, FeedbackInput, FeedbackPage};
use eventcore::{FeedbackId, OccurrenceId};

use crate::http::call::{Answer, Call};
use crate::http::etag;
use crate::http::problem_responses::{
    ApiProblems, BodyProblems, Conflict, NotFound, NotModified, PreconditionFailed,
};
use crate::http::query_parameters::{IfMatch, PageParameters};
use crate::http::reply::{self, Versioned};
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![list, read, give, withdraw, answer, take_answer_back]
}

fn versioned(feedback: &Feedback) -> Versioned<&Feedback> {
    // Not dated: it also shows the names of the user.
    Versioned { value: feedback, version: feedback.version, updated_at: None }
}

/// List the feedback on an event, newest first, with its average and distribution
#[utoipa::path(
    get,
    path = "/api/v1/events/{event}/feedback",
    tag = "feedback",
    security((), ("bearer" = [])),
    params(("event" = String, Path), PageParameters),
    responses(
        (status = 200, description = "A page of feedback, and a summary of all of it", body = FeedbackPage),
        ApiProblems, NotFound,
    )
)]
async fn list(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let page = query.page();
    query.finish()?;
    let feedback = call.core.feedback(&actor, call.id("event")?, &page).await?;
    reply::page_within(&call, &feedback.page, &feedback)
}

/// Read my feedback on an occurrence
#[utoipa::path(
    get,
    path = "/api/v1/occurrences/{occurrence}/feedback",
    tag = "feedback",
    security(("bearer" = [])),
    params(("occurrence" = String, Path)),
    responses(
        (status = 200, description = "My feedback", body = Feedback),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn read(call: Call) -> Answer {
    call.no_query()?;
    versioned(&call.core.my_feedback(&call.actor().await?, call.id("occurrence")?).await?).ok(&call)
}

/// Rate an occurrence that is over, or change the rating within 30 days
#[utoipa::path(
    put,
    path = "/api/v1/occurrences/{occurrence}/feedback",
    tag = "feedback",
    security(("bearer" = [])),
    params(("occurrence" = String, Path), IfMatch),
    request_body = FeedbackInput,
    responses(
        (status = 200, description = "My feedback, changed or unchanged", body = Feedback),
        (status = 201, description = "My new feedback", body = Feedback),
        ApiProblems, BodyProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn give(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, expected) = (call.core.clone(), etag::precondition(&call.headers)?);
    let occurrence: OccurrenceId = call.id("occurrence")?;
    let input = call.json::<FeedbackInput>()?;
    let (feedback, created) = core.submit_feedback(&actor, occurrence, &input, expected.as_ref()).await?;
    let feedback = versioned(&feedback);
    if created {
        feedback.created(&format!("/api/v1/occurrences/{occurrence}/feedback"))
    } else {
        feedback.changed()
    }
}

/// Delete my feedback on an occurrence
#[utoipa::path(
    delete,
    path = "/api/v1/occurrences/{occurrence}/feedback",
    tag = "feedback",
    security(("bearer" = [])),
    params(("occurrence" = String, Path), IfMatch),
    responses(
        (status = 204, description = "Deleted, or there was none"),
        ApiProblems, NotFound, PreconditionFailed,
    )
)]
async fn withdraw(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    call.core.withdraw_feedback(&actor, call.id("occurrence")?, expected.as_ref()).await?;
    Ok(reply::no_content())
}

/// Answer feedback publicly (organizers only)
#[utoipa::path(
    put,
    path = "/api/v1/feedback/{feedback}/answer",
    tag = "feedback",
    security(("bearer" = [])),
    params(("feedback" = String, Path), IfMatch),
    request_body = OrganizersAnswer,
    responses(
        (status = 200, description = "The feedback with the answer", body = Feedback),
        ApiProblems, BodyProblems, NotFound, PreconditionFailed,
    )
)]
async fn answer(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, expected) = (call.core.clone(), etag::precondition(&call.headers)?);
    let id: FeedbackId = call.id("feedback")?;
    let answer = call.json::<OrganizersAnswer>()?;
    versioned(&core.answer_feedback(&actor, id, Some(&answer), expected.as_ref()).await?).changed()
}

/// Delete the answer to feedback (organizers only)
#[utoipa::path(
    delete,
    path = "/api/v1/feedback/{feedback}/answer",
    tag = "feedback",
    security(("bearer" = [])),
    params(("feedback" = String, Path), IfMatch),
    responses(
        (status = 204, description = "Deleted, or there was none"),
        ApiProblems, NotFound, PreconditionFailed,
    )
)]
async fn take_answer_back(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    call.core.answer_feedback(&actor, call.id("feedback")?, None, expected.as_ref()).await?;
    Ok(reply::no_content())
}
