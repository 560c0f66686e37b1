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
#[expect(dead_code, reason = "the tests call what its main function calls")]
mod example;

/// What the example prints.
fn printed(arguments: &[&str], text: &str) -> Result<String, String> {
    let arguments = arguments.iter().map(ToString::to_string);
    example::run(arguments, text).map_err(|error| error.to_string())
}

#[test]
fn the_example_prints_the_next_instances() {
    let text = "DTSTART;TZID=Europe/Berlin:20270325T183000\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\n";
    assert_eq!(
        printed(&["--after", "2027-03-25T17:30:00Z", "--next", "2"], text).unwrap(),
        "every Thursday, 4 times\nDTSTART;TZID=Europe/Berlin:20270325T183000\nRRULE:FREQ=WEEKLY;COUNT=4\n  \
         2027-04-01T18:30:00+02:00\n  2027-04-08T18:30:00+02:00\n  …\n"
    );
    let phrase = "DTSTART:20270326T183000\nevery other friday 3 times\n";
    let floating = printed(&[], phrase).unwrap();
    assert!(floating.ends_with("  2027-04-09 18:30:00\n  2027-04-23 18:30:00\n"), "{floating}");
    let zoned = printed(&["--zone", "Asia/Tokyo"], phrase).unwrap();
    assert!(zoned.ends_with("  2027-04-23T18:30:00+09:00\n"), "{zoned}");
}

#[test]
fn the_example_says_what_is_wrong() {
    for (arguments, text, message) in [
        (&["--next"][..], "DTSTART:20270326", "--next needs a value"),
        (&["--until", "x"], "DTSTART:20270326", "--until is none of --next, --after and --zone"),
        (&[], "RRULE:FREQ=DAILY", "DTSTART is missing"),
        (
            &[],
            "DTSTART:20270326\nRRULE:FREQ=DAILY;COUNT=0",
            "COUNT=0: must be a whole number from 1 to 4294967295",
        ),
    ] {
        assert_eq!(printed(arguments, text).unwrap_err(), message);
    }
}
