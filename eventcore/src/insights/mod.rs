//! Insights: what the organizers of an event read from who registered, who came and what they said.

mod counted;
mod figures;
mod read;

pub use figures::{
    DateInsights, DayOfRegistrations, EventInsights, Figures, Insights, OrganizerInsights, Trend,
};
