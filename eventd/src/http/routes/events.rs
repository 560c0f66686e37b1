//! `/events`: what organizers publish.

use eventcore::agenda::Bound;
use eventcore::events::{DuplicateInput, Event, EventInput, EventStatus, Occurrence};
use eventcore::{Error, Page};
use serde_json::Value;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::occurrences::{Listing, Sought, filter};
use super::{any_of, id, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::query::Edge;
use crate::http::reply::{self, Versioned};
use crate::http::{etag, problem::Problem};

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    let below = any_of!(
        route!(context, get { event } => read),
        route!(context, get => list),
        route!(context, post => create),
        route!(context, put { event } => replace),
        route!(context, patch { event } => change),
        route!(context, delete { event } => delete),
        route!(context, get { event } "occurrences" => occurrences),
        route!(context, post { event } "publish" => publish),
        route!(context, post { event } "cancel" => cancel),
        route!(context, post { event } "duplicate" => duplicate),
    );
    warp::path("events").and(below).boxed()
}

pub(super) fn versioned(event: &Event) -> Versioned<'_, Event> {
    Versioned { value: event, version: event.version, updated_at: Some(event.updated_at) }
}

/// Publish an event
#[utoipa::path(post, path = "/api/v1/events", tag = "events", security(("bearer" = [])), request_body = EventInput,
    responses((status = 201, description = "The event", body = Event)))]
pub(crate) async fn create(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let core = call.core.clone();
    let event = core.create_event(&actor, &call.json::<EventInput>()?).await?;
    versioned(&event).created(&format!("/api/v1/events/{}", event.id))
}

/// Events by their next date, soonest first
#[utoipa::path(get, path = "/api/v1/events", tag = "events", security((), ("bearer" = [])),
    params(
        Sought,
        ("title" = Option<String>, Query, max_length = 200, description = "Stands in the title, without case or accents"),
        ("location" = Option<String>, Query, max_length = 200, description = "Stands in the location, without case or accents"),
        ("from" = Option<String>, Query, description = "Has a date that starts at or after: RFC 3339, or a date. Now, when nothing is said"),
        ("to" = Option<String>, Query, description = "Has its first such date before this instant, or until the end of this date"),
        ("tz" = Option<String>, Query, description = "IANA time zone in which plain dates are meant; UTC when nothing is said"),
        ("organizer" = Option<String>, Query, description = "Id or name of a user, or `me`, who then also sees drafts"),
        ("event" = Option<String>, Query, description = "This event"),
        ("status" = Option<EventStatus>, Query),
        ("sort" = Option<String>, Query, description = "`starts_at`, `-starts_at`, or, with `q`, `relevance`"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query), ("count" = Option<bool>, Query)),
    responses((status = 200, description = "A page of events", body = Page<Event>)))]
pub(crate) async fn list(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let (page, tz) = (query.page(), query.zone());
    let filter = filter(&call, &actor, query, Listing::Events, tz).await?;
    reply::page(&call, "/events", &call.core.events(&actor, &filter, &page).await?)
}

/// One event
#[utoipa::path(get, path = "/api/v1/events/{event}", tag = "events", security((), ("bearer" = [])), params(("event" = String, Path)),
    responses((status = 200, description = "The event", body = Event), (status = 304, description = "You have it")))]
pub(crate) async fn read(call: Call, event: &str) -> Answer {
    call.no_query()?;
    versioned(&call.core.event(&call.actor().await?, id(event, "event")?).await?).ok(&call)
}

/// Replace an event; what is left out gets its default, except `status`, which stays
#[utoipa::path(put, path = "/api/v1/events/{event}", tag = "events", security(("bearer" = [])),
    params(("event" = String, Path), ("If-Match" = Option<String>, Header)), request_body = EventInput,
    responses((status = 200, description = "The event", body = Event)))]
pub(crate) async fn replace(call: Call, event: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, expected) = (call.core.clone(), etag::expected(&call.headers));
    versioned(&core.replace_event(&actor, id(event, "event")?, &call.json::<EventInput>()?, expected).await?)
        .changed()
}

/// Change an event (JSON merge patch)
#[utoipa::path(patch, path = "/api/v1/events/{event}", tag = "events", security(("bearer" = [])),
    params(("event" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body(content = EventInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The event", body = Event)))]
pub(crate) async fn change(call: Call, event: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, expected) = (call.core.clone(), etag::expected(&call.headers));
    versioned(&core.change_event(&actor, id(event, "event")?, &call.json::<Value>()?, expected).await?)
        .changed()
}

/// Delete an event that nobody registered for
#[utoipa::path(delete, path = "/api/v1/events/{event}", tag = "events", security(("bearer" = [])),
    params(("event" = String, Path), ("If-Match" = Option<String>, Header)), responses((status = 204, description = "It is gone")))]
pub(crate) async fn delete(call: Call, event: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    call.core.delete_event(&actor, id(event, "event")?, etag::expected(&call.headers)).await?;
    Ok(reply::nothing())
}

/// Make a draft public
#[utoipa::path(post, path = "/api/v1/events/{event}/publish", tag = "events", security(("bearer" = [])),
    params(("event" = String, Path), ("If-Match" = Option<String>, Header)), responses((status = 200, description = "The event", body = Event)))]
pub(crate) async fn publish(call: Call, event: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    versioned(&call.core.publish_event(&actor, id(event, "event")?, etag::expected(&call.headers)).await?)
        .changed()
}

/// Cancel an event and all its dates ahead
#[utoipa::path(post, path = "/api/v1/events/{event}/cancel", tag = "events", security(("bearer" = [])),
    params(("event" = String, Path), ("If-Match" = Option<String>, Header)), responses((status = 200, description = "The event", body = Event)))]
pub(crate) async fn cancel(call: Call, event: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    versioned(&call.core.cancel_event(&actor, id(event, "event")?, etag::expected(&call.headers)).await?)
        .changed()
}

/// Make a draft like an event, on a new date
#[utoipa::path(post, path = "/api/v1/events/{event}/duplicate", tag = "events", security(("bearer" = [])),
    params(("event" = String, Path)), request_body = DuplicateInput, responses((status = 201, description = "The draft", body = Event)))]
pub(crate) async fn duplicate(call: Call, event: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let core = call.core.clone();
    let copy = core.duplicate_event(&actor, id(event, "event")?, &call.json::<DuplicateInput>()?).await?;
    versioned(&copy).created(&format!("/api/v1/events/{}", copy.id))
}

/// The dates of an event, all of them unless `from` says otherwise
#[utoipa::path(get, path = "/api/v1/events/{event}/occurrences", tag = "events", security((), ("bearer" = [])),
    params(("event" = String, Path),
        ("from" = Option<String>, Query, description = "Starts at or after: RFC 3339, or a date"),
        ("to" = Option<String>, Query, description = "Starts before this instant, or until the end of this date"),
        ("tz" = Option<String>, Query, description = "IANA time zone in which plain dates are meant; UTC when nothing is said"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query), ("count" = Option<bool>, Query)),
    responses((status = 200, description = "A page of dates", body = Page<Occurrence>)))]
pub(crate) async fn occurrences(call: Call, event: &str) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let (page, tz) = (query.page(), query.zone());
    let (from, to) = (query.time("from", tz, Edge::From), query.time("to", tz, Edge::To));
    let known: Result<_, Error> = id(event, "event");
    let filter = eventcore::agenda::AgendaFilter {
        event: Some(known.map_err(Problem::from)?),
        from: Some(from.unwrap_or(Bound::At(eventcore::Timestamp::MIN))),
        to,
        ..Default::default()
    };
    query.finish()?;
    reply::page(
        &call,
        &format!("/events/{event}/occurrences"),
        &call.core.occurrences(&actor, &filter, &page).await?,
    )
}
