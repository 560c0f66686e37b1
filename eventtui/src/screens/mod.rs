//! The screens, a file each: what they know, what actions do to it, and how it looks.

pub(crate) mod account;
pub(crate) mod agenda;
pub(crate) mod attendees;
pub(crate) mod comments;
pub(crate) mod entries;
pub(crate) mod event;
pub(crate) mod feedback;
pub(crate) mod form;
pub(crate) mod help;
pub(crate) mod insights;
pub(crate) mod me;
pub(crate) mod mine;
pub(crate) mod month;
pub(crate) mod organize;
pub(crate) mod palette;
pub(crate) mod ratings;
pub(crate) mod row;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod ticket;
pub(crate) mod week;
