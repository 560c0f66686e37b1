//! Comments: the public discussion under an event, with one level of replies.
//!
//! ```
//! use eventcore::comments::{CommentFilter, CommentInput};
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
//! # use eventcore::{Actor, EventCore, PageRequest};
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
//! let question = CommentInput { body: "Is there *tea*?".to_owned(), ..CommentInput::default() };
//! let question = core.add_comment(&ada, talk.id, &question).await?;
//! let reply = CommentInput {
//!     body: "Yes.".to_owned(),
//!     parent_id: Some(question.id),
//!     ..CommentInput::default()
//! };
//! core.add_comment(&ada, talk.id, &reply).await?;
//!
//! let filter = CommentFilter { html: true, ..CommentFilter::default() };
//! let page = core.comments(&Actor::Anonymous, talk.id, &filter, &PageRequest::default()).await?;
//! assert_eq!(page.items[0].body_html.as_deref(), Some("<p>Is there <em>tea</em>?</p>\n"));
//! # core.close().await;
//! # Ok(())
//! # }
//! ```

mod comment;
mod read;
mod rules;
mod write;

pub use comment::{Comment, CommentFilter, CommentInput};
pub use rules::CommentStatus;
