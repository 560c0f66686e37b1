//! Expands rules from any start in any time zone.
#![no_main]

#[path = "../checks/recurrence.rs"]
mod recurrence;

libfuzzer_sys::fuzz_target!(|data: &[u8]| recurrence::expand(data));
