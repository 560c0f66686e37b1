//! `/events/{event}/organizers`: who else organizes.

use eventcore::accounts::PublicProfile;
use eventcore::page::Page;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, id, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::reply;

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    let below = any_of!(
        route!(context, get { event } "organizers" => list),
        route!(context, get { event } "organizers" { user } => read),
        route!(context, put { event } "organizers" { user } => add),
        route!(context, delete { event } "organizers" { user } => remove),
    );
    warp::path("events").and(below).boxed()
}

/// The co-organizers of an event, for its organizers
#[utoipa::path(get, path = "/api/v1/events/{event}/organizers", tag = "organizers", security(("bearer" = [])), params(("event" = String, Path)),
    responses((status = 200, description = "All of them", body = Page<PublicProfile>)))]
pub(crate) async fn list(call: Call, event: &str) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    actor.signed_in()?;
    reply::json(&Page::whole(call.core.co_organizers(&actor, id(event, "event")?).await?))
}

/// One co-organizer, for the event's organizers
#[utoipa::path(get, path = "/api/v1/events/{event}/organizers/{user}", tag = "organizers", security(("bearer" = [])),
    params(("event" = String, Path), ("user" = String, Path)), responses((status = 200, description = "The co-organizer", body = PublicProfile)))]
pub(crate) async fn read(call: Call, event: &str, user: &str) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    actor.signed_in()?;
    reply::json(&call.core.co_organizer(&actor, id(event, "event")?, id(user, "user")?).await?)
}

/// Name a co-organizer
#[utoipa::path(put, path = "/api/v1/events/{event}/organizers/{user}", tag = "organizers", security(("bearer" = [])),
    params(("event" = String, Path), ("user" = String, Path)), responses((status = 204, description = "They may change the event")))]
pub(crate) async fn add(call: Call, event: &str, user: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    call.core.add_co_organizer(&actor, id(event, "event")?, id(user, "user")?).await?;
    Ok(reply::nothing())
}

/// Take a co-organizer off
#[utoipa::path(delete, path = "/api/v1/events/{event}/organizers/{user}", tag = "organizers", security(("bearer" = [])),
    params(("event" = String, Path), ("user" = String, Path)), responses((status = 204, description = "They no longer are one")))]
pub(crate) async fn remove(call: Call, event: &str, user: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    call.core.remove_co_organizer(&actor, id(event, "event")?, id(user, "user")?).await?;
    Ok(reply::nothing())
}
