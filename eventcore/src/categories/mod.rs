//! Categories, which admins manage, and tags, which organizers choose freely.
//!
//! ```
//! use eventcore::categories::CategoryInput;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! let chess: CategoryInput =
//!     serde_json::from_str(r##"{"slug": "chess", "name": "Chess", "colour": "#4527a0"}"##)?;
//! core.create_category(&Actor::System, &chess).await?;
//! assert!(core.categories().await?.iter().any(|category| category.slug == "chess"));
//! # core.close().await;
//! # Ok(())
//! # }
//! ```

mod admin;
mod category;
mod normalise;
mod read;
mod tags;

pub(crate) use admin::lock;
pub use category::{Category, CategoryInput};
pub(crate) use normalise::{MAX_TAGS, normalise_tags};
pub(crate) use read::{
    CategoryName, ID_BY_SLUG, find_by_slug, ids_by_slugs, load, lock_by_ids, lock_by_slug, must_be_unknown,
    push_locked_by_slug, require_by_slug, slugs_by_id, without_nul,
};
pub use tags::TagCount;
pub(crate) use tags::refold_tags;
