//! Calendars: events and dates as iCalendar files.

use eventcore::calendars::CalendarFile;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, id, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::reply;

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    any_of!(
        warp::path("events").and(route!(context, get { event }.ics => of_event)),
        warp::path("occurrences").and(route!(context, get { occurrence }.ics => of_occurrence)),
    )
}

/// A path segment that ends in `.ics`, without that.
pub(crate) struct Ics(pub(crate) String);

impl std::str::FromStr for Ics {
    type Err = ();

    fn from_str(segment: &str) -> Result<Self, ()> {
        segment.strip_suffix(".ics").map(|name| Self(name.to_owned())).ok_or(())
    }
}

/// An event with all its dates, for calendars (RFC 5545)
#[utoipa::path(get, path = "/api/v1/events/{event}.ics", tag = "calendars", security((), ("bearer" = [])), params(("event" = String, Path)),
    responses((status = 200, description = "The file", body = String, content_type = "text/calendar"), (status = 304, description = "You have it")))]
pub(crate) async fn of_event(call: Call, event: &str) -> Answer {
    call.no_query()?;
    Ok(answer(&call, call.core.event_calendar(&call.actor().await?, id(event, "event")?).await?))
}

/// One date, for calendars (RFC 5545)
#[utoipa::path(get, path = "/api/v1/occurrences/{occurrence}.ics", tag = "calendars", security((), ("bearer" = [])), params(("occurrence" = String, Path)),
    responses((status = 200, description = "The file", body = String, content_type = "text/calendar"), (status = 304, description = "You have it")))]
pub(crate) async fn of_occurrence(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    let id = id(occurrence, "occurrence")?;
    Ok(answer(&call, call.core.occurrence_calendar(&call.actor().await?, id).await?))
}

fn answer(call: &Call, calendar: CalendarFile) -> Response {
    let CalendarFile { text, file_name, version, updated_at } = calendar;
    reply::file(call, "text/calendar; charset=utf-8", &file_name, text.into(), version, updated_at)
}
