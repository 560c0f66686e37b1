//! Insights for organizers: registrations, attendance and ratings of occurrences and events.

mod figures;
mod read;
mod registration_stats;

pub use figures::{
    DailyRegistrations, EventInsights, Figures, Insights, OccurrenceInsights, OrganizerInsights, Trend,
};
