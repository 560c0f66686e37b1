//! The recurrence engine against what others say: vectors, an expander that knows nothing of it, and random rules.
#![expect(clippy::unwrap_used, reason = "a test fails where it goes wrong")]

mod clocks;
mod corpus;
mod crate_rrule;
mod english;
mod properties;
mod random;
mod realign;
mod reference;
mod refusals;
mod split;
mod vectors;

#[path = "../../examples/recurrence.rs"]
mod example;

#[test]
fn the_example_runs() {
    example::main().unwrap();
}
