//! Insights: what organizers read from who registered, who came and what they said.

use eventcore::feedback::FeedbackSummary;
use eventcore::insights::{Figures, Insights, OrganizerInsights};
use eventcore::{Error, EventId};
use futures_util::stream;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, id, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::{reply, table};

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    any_of!(
        warp::path("events").and(route!(context, get { event } "insights" => of_event)),
        warp::path("users").and(warp::path("me")).and(route!(context, get "insights" => of_mine)),
    )
}

/// Registrations over time, fill, waitlist, cancellations, attendance and ratings of an event and of each of its dates, for its organizers; the dates as a table with `Accept: text/csv`
#[utoipa::path(get, path = "/api/v1/events/{event}/insights", tag = "insights", security(("bearer" = [])),
    params(("event" = String, Path)),
    responses((status = 200, description = "The insights, or those of the dates as CSV", content((Insights = "application/json"), (String = "text/csv")))))]
pub(crate) async fn of_event(call: Call, event: &str) -> Answer {
    call.no_query()?;
    let event: EventId = id(event, "event")?;
    let insights = call.core.insights(&call.actor().await?, event).await?;
    if !table::is_wanted(&call) {
        return reply::json(&insights);
    }
    let rows = insights.dates.iter().map(|date| {
        let named = vec![
            date.occurrence_id.to_string(),
            date.starts_at.to_string(),
            date.title.clone(),
            date.status.to_string(),
        ];
        with_cells(named, &date.figures, &date.feedback)
    });
    sent(&["occurrence_id", "starts_at", "title", "status"], rows)
}

/// The same for all events that I organize; the events as a table with `Accept: text/csv`
#[utoipa::path(get, path = "/api/v1/users/me/insights", tag = "insights", security(("bearer" = [])),
    responses((status = 200, description = "The insights, or those of the events as CSV", content((OrganizerInsights = "application/json"), (String = "text/csv")))))]
pub(crate) async fn of_mine(call: Call) -> Answer {
    call.no_query()?;
    let insights = call.core.organizer_insights(&call.actor().await?).await?;
    if !table::is_wanted(&call) {
        return reply::json(&insights);
    }
    let rows = insights.events.iter().map(|event| {
        let named = vec![event.event_id.to_string(), event.title.clone(), event.status.to_string()];
        with_cells(named, &event.figures, &event.feedback)
    });
    sent(&["event_id", "title", "status"], rows)
}

/// The columns behind those that say what a row is about.
const COLUMNS: [&str; 16] = [
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
];

fn sent(named: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Answer {
    let piece = table::piece(Some(&[named, &COLUMNS].concat()), rows)?;
    Ok(table::answer(stream::iter([Ok::<_, Error>(piece)]), "insights"))
}

/// Puts what is counted behind what names the row.
fn with_cells(mut row: Vec<String>, figures: &Figures, feedback: &FeedbackSummary) -> Vec<String> {
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
    row
}
