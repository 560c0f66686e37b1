//! Calendars of others that I follow.

use eventcore::subscriptions::{CalendarSubscription, CalendarSubscriptionInput, UnsubscribeChoice};
use eventcore::{Page, SubscriptionId};
use serde_json::Value;

use crate::http::call::{Answer, Call};
use crate::http::etag;
use crate::http::problem_responses::{
    ApiProblems, BodyProblems, Conflict, NotFound, NotModified, PreconditionFailed,
};
use crate::http::query_parameters::IfMatch;
use crate::http::reply::{self, Versioned};
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![list, create, read, change, delete, refresh].into_iter().map(Route::small_body).collect()
}

/// Without `Last-Modified`: when the calendar was last read changes by itself.
fn versioned(value: &CalendarSubscription) -> Versioned<&CalendarSubscription> {
    Versioned { value, version: value.version, updated_at: None }
}

/// List the calendars that I follow, in the order of their creation
#[utoipa::path(
    get,
    path = "/api/v1/subscriptions",
    tag = "subscriptions",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "All of them", body = Page<CalendarSubscription>),
        ApiProblems,
    )
)]
async fn list(call: Call) -> Answer {
    call.no_query()?;
    reply::json(&Page::whole(call.core.calendar_subscriptions(&call.actor().await?).await?))
}

/// Follow a calendar
///
/// What the iCalendar file at its URL has becomes events of mine, as with an import. The file is read as soon
/// as possible, and then every hour, with `If-None-Match` and `If-Modified-Since` where its server supports
/// them. Only the calendar changes its events; others get the problem `subscribed-event`. Registrations,
/// comments and feedback are as for all events.
///
/// An event that lies ahead and that the calendar lacks twice in a row is deleted, or, if anyone has
/// registered, cancelled, and those who have registered are told. I am told how many. A calendar that cannot
/// be read for three days, or whose server answers with 410, is not read any more, and I am told; its events
/// stay.
#[utoipa::path(
    post,
    path = "/api/v1/subscriptions",
    tag = "subscriptions",
    security(("bearer" = [])),
    request_body = CalendarSubscriptionInput,
    responses(
        (status = 201, description = "The new subscription", body = CalendarSubscription),
        ApiProblems, BodyProblems, Conflict,
    )
)]
async fn create(call: Call) -> Answer {
    call.no_query()?;
    let (actor, core) = (call.writer().await?, call.core.clone());
    let new = core.subscribe_to_calendar(&actor, &call.json::<CalendarSubscriptionInput>()?).await?;
    versioned(&new).created(&format!("/api/v1/subscriptions/{}", new.id))
}

/// Read how a calendar that I follow fares
#[utoipa::path(
    get,
    path = "/api/v1/subscriptions/{subscription}",
    tag = "subscriptions",
    security(("bearer" = [])),
    params(("subscription" = String, Path)),
    responses(
        (status = 200, description = "The subscription", body = CalendarSubscription),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn read(call: Call) -> Answer {
    call.no_query()?;
    let id: SubscriptionId = call.id("subscription")?;
    versioned(&call.core.calendar_subscription(&call.actor().await?, id).await?).ok(&call)
}

/// Change a subscription of mine by a JSON merge patch
///
/// `enabled` enables it again after it was disabled. Another URL is read as the same calendar: events that it
/// lacks disappear.
#[utoipa::path(
    patch,
    path = "/api/v1/subscriptions/{subscription}",
    tag = "subscriptions",
    security(("bearer" = [])),
    params(("subscription" = String, Path), IfMatch),
    request_body(content(
        (CalendarSubscriptionInput = "application/merge-patch+json"),
        (CalendarSubscriptionInput = "application/json"),
    )),
    responses(
        (status = 200, description = "The changed subscription", body = CalendarSubscription),
        ApiProblems, BodyProblems, NotFound, PreconditionFailed,
    )
)]
async fn change(call: Call) -> Answer {
    call.no_query()?;
    let (actor, core) = (call.writer().await?, call.core.clone());
    let expected = etag::precondition(&call.headers)?;
    let id: SubscriptionId = call.id("subscription")?;
    let changed =
        core.change_calendar_subscription(&actor, id, &call.json::<Value>()?, expected.as_ref()).await?;
    versioned(&changed).changed()
}

/// Follow a calendar no longer
#[utoipa::path(
    delete,
    path = "/api/v1/subscriptions/{subscription}",
    tag = "subscriptions",
    security(("bearer" = [])),
    params(
        ("subscription" = String, Path),
        ("events" = inline(Option<UnsubscribeChoice>), Query,
            description = "What becomes of its events. With `keep` they stay, and I can change them. With \
                `cancel` those that lie ahead are deleted, or cancelled if anyone has registered, and the \
                subscription is listed until they are. Default: `keep`"),
        IfMatch,
    ),
    responses(
        (status = 204, description = "Deleted, or about to be"),
        ApiProblems, NotFound, PreconditionFailed,
    )
)]
async fn delete(call: Call) -> Answer {
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    let id: SubscriptionId = call.id("subscription")?;
    let mut query = call.query();
    let choice = query.parsed("events", "must be keep or cancel").unwrap_or(UnsubscribeChoice::Keep);
    query.finish()?;
    call.core.unsubscribe_from_calendar(&actor, id, choice, expected.as_ref()).await?;
    Ok(reply::no_content())
}

/// Read a calendar that I follow now
///
/// It is read as soon as possible. `checked_at` then says when.
#[utoipa::path(
    post,
    path = "/api/v1/subscriptions/{subscription}/refresh",
    tag = "subscriptions",
    security(("bearer" = [])),
    params(("subscription" = String, Path)),
    responses(
        (status = 200, description = "The subscription as it was before", body = CalendarSubscription),
        ApiProblems, NotFound, Conflict,
    )
)]
async fn refresh(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let id: SubscriptionId = call.id("subscription")?;
    reply::json(&call.core.refresh_calendar_subscription(&actor, id).await?)
}
