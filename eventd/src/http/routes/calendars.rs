//! Events and occurrences as iCalendar files.

use eventcore::calendars::CalendarFile;

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{ApiProblems, NotFound, NotModified};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![of_event, of_occurrence]
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

fn file(call: &Call, calendar: CalendarFile) -> Answer {
    let CalendarFile { text, file_name, version, updated_at } = calendar;
    reply::file(call, &file_name, text.into(), version, updated_at)
}
