//! Events and occurrences as iCalendar files, and calendars to subscribe to.

use eventcore::agenda::AgendaFilter;
use eventcore::calendars::{CalendarFeed, CalendarFile};

use super::agenda_query::{FilterParameters, Listing, filter};
use crate::http::call::{Answer, Call};
use crate::http::etag;
use crate::http::problem_responses::{ApiProblems, Conflict, NotFound, NotModified, OpenProblems};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![
        of_event,
        of_occurrence,
        public,
        of_category,
        of_organizer,
        personal,
        create_personal,
        revoke_personal
    ]
}

/// An event with all its occurrences as an iCalendar file (RFC 5545)
#[utoipa::path(
    get,
    path = "/api/v1/events/{event}.ics",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(("event" = String, Path)),
    responses(
        (status = 200, description = "The iCalendar file", body = String, content_type = "text/calendar"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn of_event(call: Call) -> Answer {
    call.no_query()?;
    let calendar = call.core.event_calendar(&call.actor().await?, call.id("event")?).await?;
    file(&call, calendar)
}

/// One occurrence as an iCalendar file (RFC 5545)
#[utoipa::path(
    get,
    path = "/api/v1/occurrences/{occurrence}.ics",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(("occurrence" = String, Path)),
    responses(
        (status = 200, description = "The iCalendar file", body = String, content_type = "text/calendar"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn of_occurrence(call: Call) -> Answer {
    call.no_query()?;
    let id = call.id("occurrence")?;
    let calendar = call.core.occurrence_calendar(&call.actor().await?, id).await?;
    file(&call, calendar)
}

/// Subscribe to public events that are not over, with the filters of the agenda
///
/// The calendar has each event with an occurrence that matches, with all its occurrences; of more than 10,000
/// those that start soonest.
#[utoipa::path(
    get,
    path = "/api/v1/calendars/public.ics",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(FilterParameters, ("status" = Option<eventcore::events::OccurrenceStatus>, Query)),
    responses(
        (status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn public(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let tz = query.zone();
    let filter = filter(&call, &actor, query, Listing::Feed, tz).await?;
    subscribe(&call, call.core.calendar_feed(&actor, &filter, "Events").await?).await
}

/// Subscribe to the public events of a category that are not over
#[utoipa::path(
    get,
    path = "/api/v1/calendars/categories/{category}.ics",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(("category" = String, Path, description = "The slug of the category")),
    responses(
        (status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn of_category(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let category = call.core.category(call.parameter("category")).await?;
    let filter = AgendaFilter { categories: vec![category.slug], ..AgendaFilter::default() };
    subscribe(&call, call.core.calendar_feed(&actor, &filter, &category.name).await?).await
}

/// Subscribe to the public events of an organizer that are not over
#[utoipa::path(
    get,
    path = "/api/v1/calendars/organizers/{username}.ics",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(("username" = String, Path)),
    responses(
        (status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn of_organizer(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let organizer = call.core.profile_by_username(call.parameter("username")).await?;
    let filter = AgendaFilter { organizer: Some(organizer.id), ..AgendaFilter::default() };
    subscribe(&call, call.core.calendar_feed(&actor, &filter, &organizer.display_name).await?).await
}

/// Subscribe to what I attend, wait for and organize, by a secret address
///
/// It has occurrences until 90 days after their end. Those for which I am on the waitlist are tentative.
#[utoipa::path(
    get,
    path = "/api/v1/calendars/personal/{secret}.ics",
    tag = "calendars",
    params(("secret" = String, Path, description = "As `POST /users/me/calendar` has returned it")),
    responses(
        (status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        NotModified, OpenProblems, NotFound,
    )
)]
async fn personal(call: Call) -> Answer {
    call.no_query()?;
    let feed = call.core.personal_calendar(call.parameter("secret")).await?;
    let mut response = subscribe(&call, feed).await?;
    reply::set_private(&mut response);
    Ok(response)
}

/// The secret address of my calendar.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct PersonalCalendarAddress {
    /// The address. Whoever knows it reads the calendar: it cannot be shown again.
    url: String,
    /// The same address for programs that subscribe to `webcal:` links.
    webcal_url: String,
    /// When it was made.
    created_at: eventcore::Timestamp,
}

/// Make a secret address for my calendar; the former one ends
#[utoipa::path(
    post,
    path = "/api/v1/users/me/calendar",
    tag = "calendars",
    security(("session" = [])),
    responses(
        (status = 201, description = "The address", body = PersonalCalendarAddress),
        ApiProblems, Conflict,
    )
)]
async fn create_personal(call: Call) -> Answer {
    call.no_query()?;
    let made = call.core.create_personal_calendar(&call.actor().await?).await?;
    let path = format!("/api/v1/calendars/personal/{}.ics", made.secret);
    let url = format!("{}{path}", call.public_url);
    let (_, without_scheme) = url.split_once("://").unwrap_or(("", &url));
    let webcal_url = format!("webcal://{without_scheme}");
    reply::created(&PersonalCalendarAddress { webcal_url, created_at: made.created_at, url }, &path)
}

/// Revoke the secret address of my calendar
#[utoipa::path(
    delete,
    path = "/api/v1/users/me/calendar",
    tag = "calendars",
    security(("session" = [])),
    responses(
        (status = 204, description = "There is no address any more"),
        ApiProblems,
    )
)]
async fn revoke_personal(call: Call) -> Answer {
    call.no_query()?;
    call.core.revoke_personal_calendar(&call.actor().await?).await?;
    Ok(reply::no_content())
}

/// Sends a feed in parts, so that none is whole in memory, or `304` if the client has it.
async fn subscribe(call: &Call, mut feed: CalendarFeed) -> Answer {
    let tag = etag::tag(0, feed.fingerprint())?;
    if let Some(known) = etag::known(&call.headers, &tag) {
        return Ok(reply::not_modified(known));
    }
    // The first part is made before the status is sent, so that a database that is away is told.
    let first = feed.next_part().await?;
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        let mut part = Ok(first);
        while let Some(sent) = part.transpose() {
            let failed = sent.is_err();
            // The client has gone if nobody receives.
            if sender.send(sent).await.is_err() || failed {
                break;
            }
            part = feed.next_part().await;
        }
    });
    Ok(reply::streamed(call, receiver, tag))
}

fn file(call: &Call, calendar: CalendarFile) -> Answer {
    let CalendarFile { text, file_name, version, updated_at } = calendar;
    reply::file(call, &file_name, text.into(), version, updated_at)
}
