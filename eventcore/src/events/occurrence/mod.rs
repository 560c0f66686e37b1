//! Changing, cancelling and deleting one occurrence of an event.

pub(super) mod change;
pub(super) mod changes;
pub(super) mod editable;
pub(super) mod impose;
mod phase;
pub(super) mod state;
pub(super) mod status;
