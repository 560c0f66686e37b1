//! Feedback: ratings of occurrences by their attendees, and the answers of organizers.

mod answer;
mod read;
mod rules;
mod submit;
mod types;

pub(crate) use types::mean;
pub use types::{
    Answer, Feedback, FeedbackInput, FeedbackPage, FeedbackSummary, RatingCount, WithdrawnFeedback,
};
