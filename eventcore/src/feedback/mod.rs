//! Feedback: what people who held a place say of a date that is over, and what its organizers answer.

mod answer;
mod give;
mod mark;
mod read;
mod rules;

pub(crate) use mark::mean;
pub use mark::{
    Answer, Feedback, FeedbackInput, FeedbackPage, FeedbackSummary, FeedbackTakenBack, RatingCount,
};
