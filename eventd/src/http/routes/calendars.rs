//! Events and occurrences as iCalendar files, and the address of the personal calendar.

use eventcore::calendars::CalendarFile;
use eventcore::events::webcal_address;

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{ApiProblems, Conflict, NotFound, NotModified};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![of_event, of_occurrence, create_personal, revoke_personal]
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
    let webcal_url = webcal_address(&url);
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

fn file(call: &Call, calendar: CalendarFile) -> Answer {
    let CalendarFile { text, file_name, version, updated_at } = calendar;
    reply::file(call, &file_name, text.into(), version, updated_at)
}
