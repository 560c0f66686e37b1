//! Categories, which admins curate, and tags, which are free words: what kind of event it is.

mod category;
mod curate;
mod read;
mod tags;

pub use category::{Category, CategoryInput};
pub(crate) use read::{ID_BY_SLUG, as_slug, find_many, hold_by_slug, slugs};
pub(crate) use tags::MAX_TAGS;
pub use tags::TagCount;
pub(crate) use tags::normalise;
