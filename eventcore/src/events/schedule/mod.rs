//! An event's schedule: expanding its rule to occurrences, and following changes of the rule.

pub(super) mod expansion;
pub(super) mod horizon;
pub(super) mod preview;
pub(super) mod reschedule;
