//! Rules that are read and expanded, from any start in any zone.
#![no_main]

#[path = "../checks/recurrence.rs"]
mod recurrence;

libfuzzer_sys::fuzz_target!(|data: &[u8]| recurrence::expand(data));
