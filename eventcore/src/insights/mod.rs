//! Insights for organizers: registrations, attendance and ratings of occurrences and events.
//!
//! ```
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
//! # use eventcore::registrations::Party;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! # let ada = NewUser { username: "ada".into(), email: "ada@example.org".into(), ..NewUser::default() };
//! # let ada = core.create_user(&Actor::System, &ada).await?;
//! # let ada = Actor::user(ada.id, ada.role);
//! # let talk: EventInput = serde_json::from_value(serde_json::json!({
//! #     "title": "Talk", "location": "Hall 2", "capacity": 4, "starts_at": "2035-03-22T18:30:00Z",
//! # }))?;
//! # let talk = core.create_event(&ada, &talk).await?;
//! # let occurrence = talk.next_occurrence.clone().ok_or("no occurrence")?.id;
//! core.register(&ada, occurrence, &Party::of(3)).await?;
//! let insights = core.insights(&ada, talk.id).await?;
//! assert_eq!((insights.total.seats_taken, insights.total.fill_rate), (3, Some(0.75)));
//! # core.close().await;
//! # Ok(())
//! # }
//! ```

mod figures;
mod read;
mod registration_stats;
mod tables;

pub use figures::{
    DailyRegistrations, EventInsights, Figures, Insights, OccurrenceInsights, OrganizerInsights, Trend,
};
pub use tables::{daily_table, event_table, occurrence_table};
