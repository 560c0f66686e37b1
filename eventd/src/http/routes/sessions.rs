//! `/sessions`: my sessions.

use eventcore::accounts::Session;
use eventcore::page::Page;

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{ApiProblems, NotFound};
use crate::http::query_parameters::PageParameters;
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![list, end, end_others]
}

/// List my active sessions, newest first
#[utoipa::path(
    get,
    path = "/api/v1/sessions",
    tag = "sessions",
    security(("bearer" = [])),
    params(PageParameters),
    responses(
        (status = 200, description = "A page of my active sessions", body = Page<Session>),
        ApiProblems,
    )
)]
async fn list(call: Call) -> Answer {
    let mut query = call.query();
    let page = query.page();
    query.finish()?;
    reply::page(&call, &call.core.sessions(&call.actor().await?, &page).await?)
}

/// End one of my sessions
///
/// For any session but the current one the password must have been given in the last 5 minutes.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{session}",
    tag = "sessions",
    security(("session" = [])),
    params(("session" = String, Path)),
    responses(
        (status = 204, description = "Session ended"),
        ApiProblems, NotFound,
    )
)]
async fn end(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    actor.may_manage_credentials()?;
    call.core.end_session(&actor, call.id("session")?).await?;
    Ok(reply::no_content())
}

/// End all my sessions except the current one
///
/// The password must have been given in the last 5 minutes.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions",
    tag = "sessions",
    security(("session" = [])),
    responses(
        (status = 204, description = "Sessions ended"),
        ApiProblems,
    )
)]
async fn end_others(call: Call) -> Answer {
    call.no_query()?;
    call.core.end_other_sessions(&call.actor().await?).await?;
    Ok(reply::no_content())
}
