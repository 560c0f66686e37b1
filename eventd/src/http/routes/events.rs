//! `/events`: what organizers publish.

use eventcore::agenda::{AgendaFilter, Bound};
use eventcore::events::{DuplicateInput, Event, EventInput, EventStatus, Occurrence};
use eventcore::{EventId, Page, Timestamp};
use serde_json::Value;

use super::agenda_query::{
    FilterParameters, Listing, PeriodParameters, SortParameter, ZoneParameter, filter,
};
use crate::http::call::{Answer, Call, after_sign_in};
use crate::http::etag;
use crate::http::links::Linked;
use crate::http::problem::Problem;
use crate::http::problem_responses::{
    ApiProblems, BodyProblems, Conflict, NotFound, NotModified, PreconditionFailed,
};
use crate::http::query::DayBoundary;
use crate::http::query_parameters::{HtmlParameter, IfMatch, PageParameters};
use crate::http::reply::{self, Versioned};
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![create, list, read, replace, change, delete, publish, cancel, duplicate, occurrences]
}

/// The event with absolute links.
pub(super) fn versioned(event: Event, base: &str) -> Versioned<Event> {
    let (version, updated_at) = (event.version, Some(event.updated_at));
    Versioned { value: event.linked(base), version, updated_at }
}

/// Create an event
#[utoipa::path(
    post,
    path = "/api/v1/events",
    tag = "events",
    security(("bearer" = [])),
    request_body = EventInput,
    responses(
        (status = 201, description = "The new event", body = Event),
        ApiProblems, BodyProblems, Conflict,
    )
)]
async fn create(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, base) = (call.core.clone(), call.public_url.clone());
    let event = core.create_event(&actor, &call.json::<EventInput>()?).await?;
    let location = format!("/api/v1/events/{}", event.id);
    versioned(event, &base).created(&location)
}

/// List events by their next occurrence, soonest first
#[utoipa::path(
    get,
    path = "/api/v1/events",
    tag = "events",
    security((), ("bearer" = [])),
    params(
        FilterParameters,
        PeriodParameters,
        ZoneParameter,
        ("status" = Option<EventStatus>, Query),
        SortParameter,
        HtmlParameter,
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of events", body = Page<Event>),
        ApiProblems, NotFound,
    )
)]
async fn list(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let (page, tz, html) = (query.page(), query.zone(), query.html());
    let filter = filter(&call, &actor, query, Listing::Events, tz).await?;
    let mut page = call.core.events(&actor, &filter, &page).await?;
    if html {
        eventcore::events::add_html(&mut page.items).await?;
    }
    reply::page(&call, &page.linked(&call.public_url))
}

/// Read an event
#[utoipa::path(
    get,
    path = "/api/v1/events/{event}",
    tag = "events",
    security((), ("bearer" = [])),
    params(("event" = String, Path), HtmlParameter),
    responses(
        (status = 200, description = "The event", body = Event),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn read(call: Call) -> Answer {
    let mut query = call.query();
    let html = query.html();
    query.finish()?;
    let caller = call.caller().await?;
    let id = after_sign_in(&call.core, &caller, call.id("event").map_err(Problem::from)).await?;
    let (mut event, modified_at) = call.core.dated_event(&caller, id).await?;
    if html {
        eventcore::events::add_html(std::slice::from_mut(&mut event)).await?;
    }
    Versioned { updated_at: Some(modified_at), ..versioned(event, &call.public_url) }.ok(&call)
}

/// Replace an event
///
/// Missing fields get their defaults, except `status`, which is unchanged.
#[utoipa::path(
    put,
    path = "/api/v1/events/{event}",
    tag = "events",
    security(("bearer" = [])),
    params(("event" = String, Path), IfMatch),
    request_body = EventInput,
    responses(
        (status = 200, description = "The changed event", body = Event),
        ApiProblems, BodyProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn replace(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, base) = (call.core.clone(), call.public_url.clone());
    let expected = etag::precondition(&call.headers)?;
    let id: EventId = call.id("event")?;
    let event = core.replace_event(&actor, id, &call.json::<EventInput>()?, expected.as_ref()).await?;
    versioned(event, &base).changed()
}

/// Change an event by a JSON merge patch
#[utoipa::path(
    patch,
    path = "/api/v1/events/{event}",
    tag = "events",
    security(("bearer" = [])),
    params(("event" = String, Path), IfMatch),
    request_body(content(
        (EventInput = "application/merge-patch+json"),
        (EventInput = "application/json"),
    )),
    responses(
        (status = 200, description = "The changed event", body = Event),
        ApiProblems, BodyProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn change(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, base) = (call.core.clone(), call.public_url.clone());
    let expected = etag::precondition(&call.headers)?;
    let id: EventId = call.id("event")?;
    let event = core.change_event(&actor, id, &call.json::<Value>()?, expected.as_ref()).await?;
    versioned(event, &base).changed()
}

/// Delete an event without registrations
#[utoipa::path(
    delete,
    path = "/api/v1/events/{event}",
    tag = "events",
    security(("bearer" = [])),
    params(("event" = String, Path), IfMatch),
    responses(
        (status = 204, description = "Deleted"),
        ApiProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn delete(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    call.core.delete_event(&actor, call.id("event")?, expected.as_ref()).await?;
    Ok(reply::no_content())
}

/// Publish a draft
#[utoipa::path(
    post,
    path = "/api/v1/events/{event}/publish",
    tag = "events",
    security(("bearer" = [])),
    params(("event" = String, Path), IfMatch),
    responses(
        (status = 200, description = "The published event", body = Event),
        ApiProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn publish(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    let event = call.core.publish_event(&actor, call.id("event")?, expected.as_ref()).await?;
    versioned(event, &call.public_url).changed()
}

/// Cancel an event and all its future occurrences
#[utoipa::path(
    post,
    path = "/api/v1/events/{event}/cancel",
    tag = "events",
    security(("bearer" = [])),
    params(("event" = String, Path), IfMatch),
    responses(
        (status = 200, description = "The cancelled event", body = Event),
        ApiProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn cancel(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    let event = call.core.cancel_event(&actor, call.id("event")?, expected.as_ref()).await?;
    versioned(event, &call.public_url).changed()
}

/// Copy an event to another start, as a draft
#[utoipa::path(
    post,
    path = "/api/v1/events/{event}/duplicate",
    tag = "events",
    security(("bearer" = [])),
    params(("event" = String, Path)),
    request_body = DuplicateInput,
    responses(
        (status = 201, description = "The new draft", body = Event),
        ApiProblems, BodyProblems, NotFound, Conflict,
    )
)]
async fn duplicate(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, base, id) = (call.core.clone(), call.public_url.clone(), call.id::<EventId>("event")?);
    let copy = core.duplicate_event(&actor, id, &call.json::<DuplicateInput>()?).await?;
    let location = format!("/api/v1/events/{}", copy.id);
    versioned(copy, &base).created(&location)
}

/// List the occurrences of an event, past ones included
#[utoipa::path(
    get,
    path = "/api/v1/events/{event}/occurrences",
    tag = "events",
    security((), ("bearer" = [])),
    params(
        ("event" = String, Path),
        ("from" = Option<String>, Query, description = "Start at or after this instant or date"),
        ("to" = Option<String>, Query, description = "Start before this instant, or no later than this date"),
        ZoneParameter,
        HtmlParameter,
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of occurrences", body = Page<Occurrence>),
        ApiProblems, NotFound,
    )
)]
async fn occurrences(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let (page, tz, html) = (query.page(), query.zone(), query.html());
    let from = query.time("from", tz, DayBoundary::Start);
    let to = query.time("to", tz, DayBoundary::End);
    let filter = AgendaFilter {
        event: Some(call.id("event")?),
        from: Some(from.unwrap_or(Bound::At(Timestamp::MIN))),
        to,
        ..AgendaFilter::default()
    };
    query.finish()?;
    let mut page = call.core.occurrences(&actor, &filter, &page).await?;
    if html {
        eventcore::events::add_html(&mut page.items).await?;
    }
    reply::page(&call, &page.linked(&call.public_url))
}
