//! Insights as tables in CSV.

use super::{DailyRegistrations, Figures, Insights, OrganizerInsights};
use crate::csv_table;
use crate::error::Result;
use crate::feedback::FeedbackSummary;

/// The occurrences of an event in CSV, with the names of the columns.
pub fn occurrence_table(insights: &Insights) -> Result<Vec<u8>> {
    let rows = insights.occurrences.iter().map(|occurrence| {
        let key = vec![
            occurrence.occurrence_id.to_string(),
            occurrence.starts_at.to_string(),
            occurrence.title.clone(),
            occurrence.status.to_string(),
        ];
        row(key, &occurrence.figures, &occurrence.feedback)
    });
    encode(&["occurrence_id", "starts_at", "title", "status"], rows)
}

/// The events of an organizer in CSV, with the names of the columns.
pub fn event_table(insights: &OrganizerInsights) -> Result<Vec<u8>> {
    let rows = insights.events.iter().map(|event| {
        let key = vec![event.event_id.to_string(), event.title.clone(), event.status.to_string()];
        row(key, &event.figures, &event.feedback)
    });
    encode(&["event_id", "title", "status"], rows)
}

/// The registrations by day in CSV, with the names of the columns.
pub fn daily_table(by_day: &[DailyRegistrations]) -> Result<Vec<u8>> {
    let rows = by_day
        .iter()
        .map(|day| [day.date.to_string(), day.registrations.to_string(), day.people.to_string()]);
    csv_table::encode(Some(&["date", "registrations", "people"]), rows)
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

/// `key` names the columns that identify a row.
fn encode(key: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>> {
    csv_table::encode(Some(&[key, &COLUMNS].concat()), rows)
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
