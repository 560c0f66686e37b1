//! `/events/{event}/organizers`: the co-organizers of an event.

use eventcore::accounts::PublicProfile;
use eventcore::page::Page;

use super::user_reference::UserReference;
use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{ApiProblems, NotFound};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![list, read, add, remove]
}

/// List the co-organizers of an event (organizers only)
#[utoipa::path(
    get,
    path = "/api/v1/events/{event}/organizers",
    tag = "organizers",
    security(("bearer" = [])),
    params(("event" = String, Path)),
    responses(
        (status = 200, description = "All co-organizers", body = Page<PublicProfile>),
        ApiProblems, NotFound,
    )
)]
async fn list(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    actor.signed_in()?;
    reply::json(&Page::whole(call.core.co_organizers(&actor, call.id("event")?).await?))
}

/// Read a co-organizer (organizers only)
#[utoipa::path(
    get,
    path = "/api/v1/events/{event}/organizers/{user}",
    tag = "organizers",
    security(("bearer" = [])),
    params(("event" = String, Path), ("user" = String, Path, description = "A user id, a username, or `me`")),
    responses(
        (status = 200, description = "The co-organizer", body = PublicProfile),
        ApiProblems, NotFound,
    )
)]
async fn read(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    actor.signed_in()?;
    let user = UserReference::of(&call)?.resolve(&call, &actor).await?;
    reply::json(&call.core.co_organizer(&actor, call.id("event")?, user).await?)
}

/// Add a co-organizer
#[utoipa::path(
    put,
    path = "/api/v1/events/{event}/organizers/{user}",
    tag = "organizers",
    security(("bearer" = [])),
    params(("event" = String, Path), ("user" = String, Path, description = "A user id, a username, or `me`")),
    responses(
        (status = 204, description = "Added, or already a co-organizer"),
        ApiProblems, NotFound,
    )
)]
async fn add(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let user = UserReference::of(&call)?.resolve(&call, &actor).await?;
    call.core.add_co_organizer(&actor, call.id("event")?, user).await?;
    Ok(reply::no_content())
}

/// Remove a co-organizer
#[utoipa::path(
    delete,
    path = "/api/v1/events/{event}/organizers/{user}",
    tag = "organizers",
    security(("bearer" = [])),
    params(("event" = String, Path), ("user" = String, Path, description = "A user id, a username, or `me`")),
    responses(
        (status = 204, description = "Removed, or not a co-organizer"),
        ApiProblems, NotFound,
    )
)]
async fn remove(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let user = UserReference::of(&call)?.resolve(&call, &actor).await?;
    call.core.remove_co_organizer(&actor, call.id("event")?, user).await?;
    Ok(reply::no_content())
}
