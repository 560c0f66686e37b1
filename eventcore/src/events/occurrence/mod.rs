//! Changes of one occurrence of an event.

pub(super) mod change;
pub(super) mod locked;
pub(super) mod status;
