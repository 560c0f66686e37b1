//! Privacy: the operations on all data of a person, the export and the deletion of an account.

mod delete;
mod export;

pub use export::Export;
