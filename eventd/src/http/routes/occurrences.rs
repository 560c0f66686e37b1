//! `/occurrences`: the agenda and single occurrences.

use eventcore::agenda::{DailyCounts, Facets};
use eventcore::events::{Event, EventInput, Occurrence, OccurrenceStatus, Overrides};
use eventcore::{Error, OccurrenceId, Page};
use serde_json::{Map, Value};

use super::agenda_query::{
    FilterParameters, Listing, PeriodParameters, SortParameter, ZoneParameter, filter,
};
use super::events;
use crate::http::call::{Answer, Call, after_sign_in};
use crate::http::etag;
use crate::http::links::Linked;
use crate::http::problem::Problem;
use crate::http::problem_responses::{
    ApiProblems, BodyProblems, Conflict, NotFound, NotModified, PreconditionFailed,
};
use crate::http::query_parameters::{HtmlParameter, IfMatch, PageParameters};
use crate::http::reply::{self, Versioned};
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![list, facets, calendar, read, change, delete, cancel, restore, split]
}

/// The occurrence with absolute links.
fn versioned(occurrence: Occurrence, base: &str) -> Versioned<Occurrence> {
    let version = occurrence.version;
    Versioned { value: occurrence.linked(base), version, updated_at: None }
}

/// The agenda: list upcoming occurrences, soonest first
#[utoipa::path(
    get,
    path = "/api/v1/occurrences",
    tag = "occurrences",
    security((), ("bearer" = [])),
    params(
        FilterParameters,
        PeriodParameters,
        ZoneParameter,
        ("status" = Option<OccurrenceStatus>, Query),
        SortParameter,
        HtmlParameter,
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of occurrences", body = Page<Occurrence>),
        ApiProblems, NotFound,
    )
)]
async fn list(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let (page, tz, html) = (query.page(), query.zone(), query.html());
    let filter = filter(&call, &actor, query, Listing::Occurrences, tz).await?;
    let mut page = call.core.occurrences(&actor, &filter, &page).await?;
    if html {
        eventcore::events::add_html(&mut page.items).await?;
    }
    reply::page(&call, &page.linked(&call.public_url))
}

/// Count matching occurrences by category, tag and month
#[utoipa::path(
    get,
    path = "/api/v1/occurrences/facets",
    tag = "occurrences",
    security((), ("bearer" = [])),
    params(
        FilterParameters,
        PeriodParameters,
        ZoneParameter,
        ("status" = Option<OccurrenceStatus>, Query),
    ),
    responses(
        (status = 200, description = "The counts", body = Facets),
        ApiProblems, NotFound,
    )
)]
async fn facets(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let tz = query.zone();
    let filter = filter(&call, &actor, query, Listing::Facets, tz).await?;
    reply::json(&call.core.facets(&actor, &filter, tz).await?)
}

/// Count matching occurrences per day of a month; one of several days counts on each of them
#[utoipa::path(
    get,
    path = "/api/v1/occurrences/calendar",
    tag = "occurrences",
    security((), ("bearer" = [])),
    params(
        ("month" = String, Query, description = "The month, such as 2027-03"),
        ZoneParameter,
        ("overlaps" = Option<bool>, Query,
            description = "Count on each day on which an occurrence takes place at any time: a night counts \
                on two days. Default false: what lasts at most 25 hours counts on the day of its start"),
        FilterParameters,
        ("status" = Option<OccurrenceStatus>, Query),
    ),
    responses(
        (status = 200, description = "All days of the month with their counts", body = DailyCounts),
        ApiProblems, NotFound,
    )
)]
async fn calendar(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let tz = query.zone();
    let month = query.required("month", "must be a month such as 2027-03");
    let filter = filter(&call, &actor, query, Listing::Calendar, tz).await?;
    let month = month.ok_or_else(|| Error::internal("a missing month passed validation"))?;
    reply::json(&call.core.daily_counts(&actor, &filter, month, tz).await?)
}

/// Read an occurrence
#[utoipa::path(
    get,
    path = "/api/v1/occurrences/{occurrence}",
    tag = "occurrences",
    security((), ("bearer" = [])),
    params(("occurrence" = String, Path), HtmlParameter),
    responses(
        (status = 200, description = "The occurrence", body = Occurrence),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn read(call: Call) -> Answer {
    let mut query = call.query();
    let html = query.html();
    query.finish()?;
    let caller = call.caller().await?;
    let id = after_sign_in(&call.core, &caller, call.id("occurrence").map_err(Problem::from)).await?;
    let (mut occurrence, modified_at) = call.core.dated_occurrence(&caller, id).await?;
    if html {
        eventcore::events::add_html(std::slice::from_mut(&mut occurrence)).await?;
    }
    Versioned { updated_at: Some(modified_at), ..versioned(occurrence, &call.public_url) }.ok(&call)
}

/// Change one occurrence by a JSON merge patch
///
/// The fields override those of the event. Null removes an override.
#[utoipa::path(
    patch,
    path = "/api/v1/occurrences/{occurrence}",
    tag = "occurrences",
    security(("bearer" = [])),
    params(("occurrence" = String, Path), IfMatch),
    request_body(content(
        (Overrides = "application/merge-patch+json"),
        (Overrides = "application/json"),
    )),
    responses(
        (status = 200, description = "The changed occurrence", body = Occurrence),
        ApiProblems, BodyProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn change(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, base) = (call.core.clone(), call.public_url.clone());
    let expected = etag::precondition(&call.headers)?;
    let id: OccurrenceId = call.id("occurrence")?;
    let occurrence = core.change_occurrence(&actor, id, &call.json::<Value>()?, expected.as_ref()).await?;
    versioned(occurrence, &base).changed()
}

/// Delete an occurrence without registrations
#[utoipa::path(
    delete,
    path = "/api/v1/occurrences/{occurrence}",
    tag = "occurrences",
    security(("bearer" = [])),
    params(("occurrence" = String, Path), IfMatch),
    responses(
        (status = 204, description = "Deleted"),
        ApiProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn delete(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    call.core.delete_occurrence(&actor, call.id("occurrence")?, expected.as_ref()).await?;
    Ok(reply::no_content())
}

/// Cancel one occurrence
#[utoipa::path(
    post,
    path = "/api/v1/occurrences/{occurrence}/cancel",
    tag = "occurrences",
    security(("bearer" = [])),
    params(("occurrence" = String, Path), IfMatch),
    responses(
        (status = 200, description = "The cancelled occurrence", body = Occurrence),
        ApiProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn cancel(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    let occurrence = call.core.cancel_occurrence(&actor, call.id("occurrence")?, expected.as_ref()).await?;
    versioned(occurrence, &call.public_url).changed()
}

/// Restore a cancelled occurrence
#[utoipa::path(
    post,
    path = "/api/v1/occurrences/{occurrence}/restore",
    tag = "occurrences",
    security(("bearer" = [])),
    params(("occurrence" = String, Path), IfMatch),
    responses(
        (status = 200, description = "The restored occurrence", body = Occurrence),
        ApiProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn restore(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    let occurrence = call.core.restore_occurrence(&actor, call.id("occurrence")?, expected.as_ref()).await?;
    versioned(occurrence, &call.public_url).changed()
}

/// Split an event: this and all later occurrences become a new event
///
/// The optional body, a JSON merge patch, changes the new event.
#[utoipa::path(
    post,
    path = "/api/v1/occurrences/{occurrence}/split",
    tag = "occurrences",
    security(("bearer" = [])),
    params(("occurrence" = String, Path), IfMatch),
    request_body(content(
        (EventInput = "application/merge-patch+json"),
        (EventInput = "application/json"),
    )),
    responses(
        (status = 201, description = "The new event", body = Event),
        ApiProblems, BodyProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn split(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, base) = (call.core.clone(), call.public_url.clone());
    let expected = etag::precondition(&call.headers)?;
    let id: OccurrenceId = call.id("occurrence")?;
    let patch = call.json_if_any()?.unwrap_or_else(|| Value::Object(Map::new()));
    let event = core.split_event(&actor, id, &patch, expected.as_ref()).await?;
    let location = format!("/api/v1/events/{}", event.id);
    events::versioned(event, &base).created(&location)
}
