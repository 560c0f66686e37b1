//! Categories, which admins manage, and tags, which organizers choose freely.

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
