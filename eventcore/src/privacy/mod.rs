//! Privacy: the export and the deletion of all data of a user.
//!
//! ```
//! # use eventcore::accounts::NewUser;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! # let ada = NewUser { username: "ada".into(), email: "ada@example.org".into(), ..NewUser::default() };
//! # let ada = core.create_user(&Actor::System, &ada).await?;
//! # let ada = Actor::user(ada.id, ada.role);
//! let id = ada.user_id().ok_or("a user")?;
//! let export = core.export_user(&ada, id).await?;
//! assert_eq!(export.user.email.as_deref(), Some("ada@example.org"));
//! core.delete_user(&ada, id, None).await?;
//! assert!(core.profile(id).await.is_err());
//! # core.close().await;
//! # Ok(())
//! # }
//! ```

mod delete;
mod export;

pub use export::Export;
