//! Idempotent execution: a request with an idempotency key takes effect once, and a repeat gets the stored
//! answer.
//!
//! ```
//! use eventcore::Error;
//! use eventcore::idempotency::IdempotencyKey;
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
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
//! // The client repeats the request with the same key until it gets an answer.
//! let mut answers = Vec::new();
//! for _ in 0..2 {
//!     let key = IdempotencyKey::new(&ada, "0f4b1f9e", &[b"POST /events", b"the body"])?;
//!     let talk = talk.clone();
//!     let work = |core: EventCore| async move {
//!         let created = core.create_event(&ada, &talk).await?;
//!         Ok::<_, Error>(created.id.to_string().into_bytes())
//!     };
//!     answers.push(core.run_idempotent(key, work).await?);
//! }
//! assert_eq!(answers[0], answers[1]);
//! # core.close().await;
//! # Ok(())
//! # }
//! ```

mod key;
mod run;

pub use key::IdempotencyKey;
