//! What takes place now comes first, and stays with its organizers until it is over.

use crossterm::event::KeyCode;
use eventcore::events::Occurrence;
use serde_json::json;

use crate::app::driven::{Driven, event, occurrence, page};
use crate::backend::{Request, Response};

/// An occurrence with these times, of which the zone is Berlin.
fn with_times(n: usize, starts_at: &str, ends_at: &str) -> Occurrence {
    let mut value = serde_json::to_value(occurrence(n)).unwrap();
    (value["starts_at"], value["ends_at"]) = (json!(starts_at), json!(ends_at));
    value["all_day"] = json!(!starts_at.contains('T'));
    serde_json::from_value(value).unwrap()
}

/// An agenda on 27 February, at 10:00.
fn agenda(items: Vec<Occurrence>) -> Driven {
    let mut driven = Driven::new();
    driven
        .respond(|r| matches!(r, Request::Occurrences { .. }), Ok(Response::Occurrences(page(items, None))));
    driven
}

fn running() -> Vec<Occurrence> {
    vec![
        with_times(0, "2027-02-24", "2027-03-02"),
        with_times(1, "2027-02-26T20:00:00+01:00", "2027-02-27T11:00:00+01:00"),
        with_times(2, "2027-02-27", "2027-02-27"),
        with_times(3, "2027-02-27T10:00:00+01:00", "2027-02-27T12:30:00+01:00"),
        with_times(4, "2027-02-27T10:00:01+01:00", "2027-02-27T12:30:00+01:00"),
        with_times(6, "2027-02-28", "2027-02-28"),
    ]
}

#[test]
fn the_agenda_begins_with_what_takes_place_now() {
    let driven = agenda(running());
    insta::assert_snapshot!("now_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("now_40x15", driven.picture(40, 15));
    insta::assert_snapshot!("now_120x40", driven.picture(120, 40));
    // From another day on, the list is by day.
    let mut past = vec![with_times(7, "2027-02-23T10:00:00+01:00", "2027-02-23T11:00:00+01:00")];
    past.extend(running());
    let shown = agenda(past).picture(80, 24);
    assert!(!shown.contains("Now"), "{shown}");
}

#[test]
fn all_day_occurrences_of_today_are_open_and_of_yesterday_over() {
    let line = |starts: &str, ends: &str, open: bool| {
        let mut shown = with_times(0, starts, ends);
        shown.registration_open = open;
        let mut driven = agenda(vec![shown]);
        driven.press(KeyCode::Enter).picture(80, 24)
    };
    assert!(line("2027-02-27", "2027-02-27", true).contains("r registers you"));
    assert!(line("2027-02-25", "2027-02-27", false).contains("Registration is closed"));
    assert!(line("2027-02-25", "2027-02-26", false).contains("It is over"));
}

#[test]
fn organizers_keep_what_takes_place_until_it_is_over() {
    for (starts, ends, words) in [
        ("2027-02-27T09:00:00+01:00", "2027-02-27T12:30:00+01:00", "now, to 12:30"),
        ("2027-02-27T09:00:00+01:00", "2027-02-28T12:30:00+01:00", "now, to 28 Feb"),
        ("2027-02-27", "2027-02-27", "now, all day"),
        ("2027-02-27", "2027-02-28", "now, to 28 Feb"),
        ("2027-02-27T11:00:00+01:00", "2027-02-27T12:30:00+01:00", "27 Feb 2027 11:00"),
    ] {
        let mut mine = event();
        mine.next_occurrence = Some(with_times(0, starts, ends));
        let mut driven = Driven::new().with_agenda(1).signed_in();
        driven.press(KeyCode::Char('5')).respond(
            |r| matches!(r, Request::OrganizedEvents { .. }),
            Ok(Response::Events(page(vec![mine], None))),
        );
        let shown = driven.picture(120, 40);
        assert!(shown.contains(words), "{words}: {shown}");
    }
}
