//! Categories, which admins curate, and tags, which are free words: what kind of event it is.

mod admin;
mod category;
mod read;
mod tags;

pub(crate) use admin::{lock, must_curate, named};
pub use category::{Category, CategoryInput};
pub(crate) use read::{ID_BY_SLUG, as_slug, find_by_slug, find_many, hold_by_slug, load, slugs};
pub(crate) use tags::MAX_TAGS;
pub use tags::TagCount;
pub(crate) use tags::normalise;
