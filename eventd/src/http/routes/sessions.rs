//! `/sessions`: my sign-ins.

use eventcore::accounts::Session;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, id, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::reply;

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    let below = any_of!(route!(context, get => list), route!(context, delete { session } => end));
    warp::path("sessions").and(below).boxed()
}

/// My sessions, newest first
#[utoipa::path(get, path = "/api/v1/sessions", tag = "sessions", security(("bearer" = [])),
    responses((status = 200, description = "All that hold", body = eventcore::page::Page<Session>)))]
pub(crate) async fn list(call: Call) -> Answer {
    call.no_query()?;
    reply::json(&eventcore::page::Page::whole(call.core.sessions(&call.actor().await?).await?))
}

/// End one of my sessions
#[utoipa::path(delete, path = "/api/v1/sessions/{session}", tag = "sessions", security(("bearer" = [])),
    params(("session" = String, Path)), responses((status = 204, description = "It has ended")))]
pub(crate) async fn end(call: Call, session: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    call.core.end_session(&actor, id(session, "session")?).await?;
    Ok(reply::nothing())
}
