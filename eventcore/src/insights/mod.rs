//! Insights: what the organizers of an event read from who registered, who came and what they said.

mod counted;
mod figures;
mod read;

pub use figures::{
    DayOfRegistrations, EventInsights, Figures, Insights, OccurrenceInsights, OrganizerInsights, Trend,
};
