//! The schedule of an event: expanding its rule to occurrences, and following changes of the rule.

mod calendar_rule;
pub(super) mod expansion;
pub(super) mod horizon;
pub(super) mod past;
pub(super) mod preview;
pub(super) mod reschedule;
pub(super) mod retime;
