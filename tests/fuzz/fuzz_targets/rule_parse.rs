//! Reads texts as rules, dates and phrases.
#![no_main]

#[path = "../checks/recurrence.rs"]
mod recurrence;

libfuzzer_sys::fuzz_target!(|data: &[u8]| recurrence::parse(data));
