//! Insights for organizers: registrations, attendance and feedback, as JSON or as CSV.

use eventcore::feedback::FeedbackSummary;
use eventcore::insights::{DailyRegistrations, Figures, Insights, OrganizerInsights};
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
        return days(&insights.by_day);
    }
    let rows = insights.occurrences.iter().map(|occurrence| {
        let key = vec![
            occurrence.occurrence_id.to_string(),
            occurrence.starts_at.to_string(),
            occurrence.title.clone(),
            occurrence.status.to_string(),
        ];
        row(key, &occurrence.figures, &occurrence.feedback)
    });
    csv(&["occurrence_id", "starts_at", "title", "status"], rows)
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
        return days(&insights.by_day);
    }
    let rows = insights.events.iter().map(|event| {
        let key = vec![event.event_id.to_string(), event.title.clone(), event.status.to_string()];
        row(key, &event.figures, &event.feedback)
    });
    csv(&["event_id", "title", "status"], rows)
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

/// The table of registrations by day.
fn days(by_day: &[DailyRegistrations]) -> Answer {
    let rows = by_day
        .iter()
        .map(|day| [day.date.to_string(), day.registrations.to_string(), day.people.to_string()]);
    let table = csv_reply::chunk(Some(&["date", "registrations", "people"]), rows)?;
    Ok(csv_reply::stream(stream::iter([Ok::<_, Error>(table)]), "insights"))
}

/// The columns after the key of a row.
const COLUMNS: [&str; 21] = [
    "registrations",
    "confirmed",
    "cancelled",
    "cancellation_rate",
    "capacity",
    "seats_taken",
    "fill_rate",
    "waiting",
    "waitlisted",
    "promoted",
    "conversion_rate",
    "attended",
    "no_shows",
    "attendance_rate",
    "ratings",
    "rating_average",
    "rated_1",
    "rated_2",
    "rated_3",
    "rated_4",
    "rated_5",
];

/// A table. `key` names the columns that identify a row.
fn csv(key: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Answer {
    let table = csv_reply::chunk(Some(&[key, &COLUMNS].concat()), rows)?;
    Ok(csv_reply::stream(stream::iter([Ok::<_, Error>(table)]), "insights"))
}

/// A row: the key, then a cell for each of `COLUMNS`.
fn row(mut row: Vec<String>, figures: &Figures, feedback: &FeedbackSummary) -> Vec<String> {
    let rate = |rate: Option<f64>| rate.map(|rate| rate.to_string()).unwrap_or_default();
    row.extend([
        figures.registrations.to_string(),
        figures.confirmed.to_string(),
        figures.cancelled.to_string(),
        rate(figures.cancellation_rate),
        figures.capacity.to_string(),
        figures.seats_taken.to_string(),
        rate(figures.fill_rate),
        figures.waiting.to_string(),
        figures.waitlisted.to_string(),
        figures.promoted.to_string(),
        rate(figures.conversion_rate),
        figures.attended.to_string(),
        figures.no_shows.to_string(),
        rate(figures.attendance_rate),
        feedback.count.to_string(),
        rate(feedback.average),
    ]);
    row.extend(feedback.distribution.iter().map(|rating| rating.count.to_string()));
    row
}
