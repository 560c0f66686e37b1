//! Insights: what organizers read from who registered, who came and what they said.

use eventcore::feedback::FeedbackSummary;
use eventcore::insights::{DailyRegistrations, Figures, Insights, OrganizerInsights};
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

/// Registrations over time, fill, waitlist, cancellations, attendance and ratings of an event and of each of its dates, for its organizers; as a table with `Accept: text/csv`
#[utoipa::path(get, path = "/api/v1/events/{event}/insights", tag = "insights", security(("bearer" = [])),
    params(("event" = String, Path), ("table" = inline(Option<OfEvent>), Query, description = "What the table has a row for: each date, or each day on which people registered")),
    responses((status = 200, description = "The insights, or a table of them as CSV", content((Insights = "application/json"), (String = "text/csv")))))]
pub(crate) async fn of_event(call: Call, event: &str) -> Answer {
    let mut query = call.query();
    let words = [("dates", OfEvent::Dates), ("days", OfEvent::Days)];
    let rows_are = query.word("table", &words).unwrap_or(OfEvent::Dates);
    query.finish()?;
    let event: EventId = id(event, "event")?;
    let insights = call.core.insights(&call.actor().await?, event).await?;
    if !table::is_wanted(&call) {
        return reply::json(&insights);
    }
    if rows_are == OfEvent::Days {
        return days(&insights.by_day);
    }
    let rows = insights.occurrences.iter().map(|date| {
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

/// The same for all events that I organize; as a table with `Accept: text/csv`
#[utoipa::path(get, path = "/api/v1/users/me/insights", tag = "insights", security(("bearer" = [])),
    params(("table" = inline(Option<OfMine>), Query, description = "What the table has a row for: each event, or each day on which people registered")),
    responses((status = 200, description = "The insights, or a table of them as CSV", content((OrganizerInsights = "application/json"), (String = "text/csv")))))]
pub(crate) async fn of_mine(call: Call) -> Answer {
    let mut query = call.query();
    let words = [("events", OfMine::Events), ("days", OfMine::Days)];
    let rows_are = query.word("table", &words).unwrap_or(OfMine::Events);
    query.finish()?;
    let insights = call.core.organizer_insights(&call.actor().await?).await?;
    if !table::is_wanted(&call) {
        return reply::json(&insights);
    }
    if rows_are == OfMine::Days {
        return days(&insights.by_day);
    }
    let rows = insights.events.iter().map(|event| {
        let named = vec![event.event_id.to_string(), event.title.clone(), event.status.to_string()];
        with_cells(named, &event.figures, &event.feedback)
    });
    sent(&["event_id", "title", "status"], rows)
}

/// What a table of an event's insights has rows for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum OfEvent {
    Dates,
    Days,
}

/// What a table of an organizer's insights has rows for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum OfMine {
    Events,
    Days,
}

/// Registrations over time.
fn days(by_day: &[DailyRegistrations]) -> Answer {
    let rows = by_day
        .iter()
        .map(|day| [day.date.to_string(), day.registrations.to_string(), day.people.to_string()]);
    let piece = table::piece(Some(&["date", "registrations", "people"]), rows)?;
    Ok(table::answer(stream::iter([Ok::<_, Error>(piece)]), "insights"))
}

/// The columns behind those that say what a row is about.
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
    row.extend(feedback.distribution.iter().map(|rating| rating.count.to_string()));
    row
}
