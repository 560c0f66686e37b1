//! Feedback: what people who held a place say of a date that is over, and what its organizers answer.

mod answer;
mod feedback;
mod give;
mod read;
mod rules;

pub(crate) use feedback::mean;
pub use feedback::{
    Answer, Feedback, FeedbackInput, FeedbackPage, FeedbackSummary, RatingCount, WithdrawnFeedback,
};
