//! `/recurrence`: recurrence rules of events that are not saved yet.

use eventcore::events::{Preview, PreviewInput};

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{BodyProblems, Conflict, OpenProblems};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![preview]
}

/// Preview a recurrence rule: its next occurrences, and its text in English
#[utoipa::path(
    post,
    path = "/api/v1/recurrence/preview",
    tag = "recurrence",
    request_body = PreviewInput,
    responses(
        (status = 200, description = "The preview", body = Preview),
        OpenProblems, BodyProblems, Conflict,
    )
)]
async fn preview(call: Call) -> Answer {
    call.no_query()?;
    reply::json(&call.json::<PreviewInput>()?.preview()?)
}
