//! Insights for organizers: registrations, attendance and feedback, as JSON or as CSV.

use eventcore::insights::{Insights, OrganizerInsights, daily_table, event_table, occurrence_table};
use eventcore::{Error, EventId};
use futures_util::stream;

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{ApiProblems, NotFound};
use crate::http::route::{Route, routes};
use crate::http::{csv_reply, reply};

pub(super) fn routes() -> Vec<Route> {
    routes![of_event, of_mine]
}

/// Insights into an event and each of its occurrences (organizers only)
///
/// Registrations over time, fill rate, waitlist, cancellations, attendance and ratings.
/// Send `Accept: text/csv` for a table.
#[utoipa::path(
    get,
    path = "/api/v1/events/{event}/insights",
    tag = "insights",
    security(("bearer" = [])),
    params(
        ("event" = String, Path),
        ("table" = inline(Option<EventTable>), Query,
            description = "Rows of the CSV table: `occurrences` (default), or days of registration"),
    ),
    responses(
        (status = 200, description = "The insights, or one table of them as CSV",
            content((Insights = "application/json"), (String = "text/csv"))),
        ApiProblems, NotFound,
    )
)]
async fn of_event(call: Call) -> Answer {
    let mut query = call.query();
    let words = [("occurrences", EventTable::Occurrences), ("days", EventTable::Days)];
    let table = query.word("table", &words).unwrap_or(EventTable::Occurrences);
    query.finish()?;
    let event: EventId = call.id("event")?;
    let insights = call.core.insights(&call.actor().await?, event).await?;
    if !csv_reply::is_preferred(&call) {
        return reply::json(&insights);
    }
    if table == EventTable::Days {
        return csv(daily_table(&insights.by_day));
    }
    csv(occurrence_table(&insights))
}

/// Insights into all events that I organize
///
/// Send `Accept: text/csv` for a table.
#[utoipa::path(
    get,
    path = "/api/v1/users/me/insights",
    tag = "insights",
    security(("bearer" = [])),
    params(
        ("table" = inline(Option<OrganizerTable>), Query,
            description = "Rows of the CSV table: events (default), or days of registration"),
    ),
    responses(
        (status = 200, description = "The insights, or one table of them as CSV",
            content((OrganizerInsights = "application/json"), (String = "text/csv"))),
        ApiProblems,
    )
)]
async fn of_mine(call: Call) -> Answer {
    let mut query = call.query();
    let words = [("events", OrganizerTable::Events), ("days", OrganizerTable::Days)];
    let table = query.word("table", &words).unwrap_or(OrganizerTable::Events);
    query.finish()?;
    let insights = call.core.organizer_insights(&call.actor().await?).await?;
    if !csv_reply::is_preferred(&call) {
        return reply::json(&insights);
    }
    if table == OrganizerTable::Days {
        return csv(daily_table(&insights.by_day));
    }
    csv(event_table(&insights))
}

/// The tables of an event's insights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
enum EventTable {
    Occurrences,
    Days,
}

/// The tables of an organizer's insights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
enum OrganizerTable {
    Events,
    Days,
}

/// A download of a table.
fn csv(table: Result<Vec<u8>, Error>) -> Answer {
    Ok(csv_reply::stream(stream::iter([Ok::<_, Error>(table?.into())]), "insights"))
}
