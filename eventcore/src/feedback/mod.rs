//! Feedback: ratings of occurrences by their attendees, and the answers of organizers.
//!
//! ```
//! use std::sync::Arc;
//!
//! use eventcore::ManualClock;
//! use eventcore::feedback::FeedbackInput;
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
//! # use eventcore::registrations::Party;
//! # use eventcore::{Actor, EventCore, PageRequest};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = Arc::new(ManualClock::new("2035-03-01T09:00:00Z".parse()?));
//! let core = EventCore::builder().temporary().clock(clock.clone()).open().await?;
//! # let ada = NewUser { username: "ada".into(), email: "ada@example.org".into(), ..NewUser::default() };
//! # let ada = core.create_user(&Actor::System, &ada).await?;
//! # let ada = Actor::user(ada.id, ada.role);
//! # let talk: EventInput = serde_json::from_value(serde_json::json!({
//! #     "title": "Talk", "location": "Hall 2", "capacity": 4, "starts_at": "2035-03-22T18:30:00Z",
//! # }))?;
//! # let talk = core.create_event(&ada, &talk).await?;
//! # let occurrence = talk.next_occurrence.clone().ok_or("no occurrence")?.id;
//! core.register(&ada, occurrence, &Party::of(1)).await?;
//!
//! // After the end, attendees may say how it was.
//! clock.set("2035-03-22T21:00:00Z".parse()?);
//! let good = FeedbackInput { rating: Some(5), body: "Clear".to_owned(), ..FeedbackInput::default() };
//! core.submit_feedback(&ada, occurrence, &good, None).await?;
//! let feedback = core.feedback(&Actor::Anonymous, talk.id, &PageRequest::default()).await?;
//! assert_eq!((feedback.summary.count, feedback.summary.average), (1, Some(5.0)));
//! # core.close().await;
//! # Ok(())
//! # }
//! ```

mod answer;
mod read;
mod rules;
mod submit;
mod types;

pub(crate) use types::mean;
pub use types::{
    Answer, Feedback, FeedbackInput, FeedbackPage, FeedbackSummary, RatingCount, WithdrawnFeedback,
};
