//! `/sessions`: my sessions.

use eventcore::accounts::Session;
use eventcore::page::Page;

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{ApiProblems, NotFound};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![list, end]
}

/// List my active sessions, newest first
#[utoipa::path(
    get,
    path = "/api/v1/sessions",
    tag = "sessions",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "All active sessions", body = Page<Session>),
        ApiProblems,
    )
)]
async fn list(call: Call) -> Answer {
    call.no_query()?;
    reply::json(&Page::whole(call.core.sessions(&call.actor().await?).await?))
}

/// End one of my sessions
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{session}",
    tag = "sessions",
    security(("bearer" = [])),
    params(("session" = String, Path)),
    responses(
        (status = 204, description = "Session ended"),
        ApiProblems, NotFound,
    )
)]
async fn end(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    call.core.end_session(&actor, call.id("session")?).await?;
    Ok(reply::no_content())
}
