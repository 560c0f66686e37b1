//! Tests of the recurrence engine: published vectors, an independent expander, the crate `rrule`, and random
//! rules.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod clocks;
mod corpus;
mod crate_rrule;
mod diff;
mod english;
mod lines;
mod properties;
mod queries;
mod random;
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
