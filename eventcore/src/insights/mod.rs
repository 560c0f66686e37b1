//! Insights for organizers: registrations, attendance and ratings of occurrences and events.

mod figures;
mod read;
mod registration_stats;
mod tables;

pub use figures::{
    DailyRegistrations, EventInsights, Figures, Insights, OccurrenceInsights, OrganizerInsights, Trend,
};
pub use tables::{daily_table, event_table, occurrence_table};
