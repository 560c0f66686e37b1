//! Privacy: the export and the deletion of all data of a user.

mod delete;
mod export;

pub use export::Export;
