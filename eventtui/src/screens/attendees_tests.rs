//! Attendees: check-in, adding and removing.

use crossterm::event::KeyCode;
use eventcore::registrations::Registration;

use crate::app::driven::{Driven, error, event, occurrence, page, registration};
use crate::backend::{ErrorKind, Request, Response};

fn person(n: usize, name: &str, status: &str) -> Registration {
    let mut place = registration(n, status);
    place.occurrence_id = occurrence(0).id;
    place.user.id =
        serde_json::from_value(format!("01890000-0000-7000-8000-0000000001{n:02}").into()).unwrap();
    (place.user.username, place.user.display_name) = (name.to_lowercase(), name.to_owned());
    // A ticket code of full length.
    place.ticket_code = place.ticket_code.map(|_| "W5N2-VGWS-KZK8-60GT-YEJ3-2Q4R-7M".to_owned());
    place
}

fn people() -> Vec<Registration> {
    vec![
        person(1, "Bob", "confirmed"),
        person(2, "Carla", "attended"),
        person(3, "Dan", "waitlisted"),
        person(4, "Eve", "cancelled"),
    ]
}

fn full() -> Response {
    let mut date = occurrence(0);
    (date.seats_taken, date.seats_left, date.waitlist_length) = (40, 0, 2);
    Response::Attendees { occurrence: Box::new(date), page: page(people(), None) }
}

fn shown() -> Driven {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('5'));
    driven.respond(
        |r| matches!(r, Request::OrganizedEvents { .. }),
        Ok(Response::Events(page(vec![event()], None))),
    );
    driven.press(KeyCode::Char('a')).respond(|r| matches!(r, Request::Attendees { .. }), Ok(full()));
    driven
}

fn asked(driven: &Driven, wanted: &Request) -> bool {
    driven.sent.iter().any(|(_, request)| request == wanted)
}

fn remove(ids: &[usize]) -> Request {
    let all = ids.iter().map(|n| Request::RemoveAttendee {
        occurrence: occurrence(0).id,
        registration: registration(*n, "confirmed").id,
    });
    Request::Batch(all.collect())
}

#[test]
fn attendees_are_added_by_username() {
    let mut driven = shown();
    assert!(driven.picture(80, 24).contains("40 of 40 seats taken · 2 wait"), "the occurrence as it is now");
    driven.press(KeyCode::Char('n')).type_in("dora zwei");
    assert_eq!(driven.last_line(), "Add attendee, e.g. “bob 2”: dora zwei▏ · Enter registers");
    driven.press(KeyCode::Enter);
    assert!(driven.picture(80, 24).contains("! Start with a username, then the party size from 1: bob 2"));
    driven.control('w').type_in("2").press(KeyCode::Enter);
    let dora = Request::AddAttendee { occurrence: occurrence(0).id, username: "dora".to_owned(), party: 2 };
    driven.respond(|r| *r == dora, Err(error("there is no such user", ErrorKind::Other)));
    assert!(driven.picture(80, 24).contains("✗ there is no such user"), "{}", driven.picture(80, 24));
    assert!(driven.last_line().contains("dora 2▏"), "the prompt stays: {}", driven.last_line());
    driven
        .press(KeyCode::Enter)
        .respond(|r| *r == dora, Ok(Response::Registration(Box::new(person(5, "Dora", "waitlisted")))));
    assert_eq!(driven.last_line(), "✓ Dora is 3rd on the waitlist, party of 2");
    assert!(asked(&driven, &Request::Attendees { occurrence: occurrence(0).id, cursor: None }), "it is seen");
    assert!(!driven.app.cx.view.my_statuses.contains_key(&occurrence(0).id), "it is not my place");
    driven.press(KeyCode::Char('n')).type_in("@eve").press(KeyCode::Enter);
    let eve = Request::AddAttendee { occurrence: occurrence(0).id, username: "eve".to_owned(), party: 1 };
    driven.respond(|r| *r == eve, Ok(Response::Registration(Box::new(person(4, "Eve", "confirmed")))));
    assert_eq!(driven.last_line(), "✓ Eve registered, party of 2");
}

#[test]
fn removing_needs_confirmation() {
    let mut driven = shown();
    driven.press(KeyCode::Char('x'));
    assert_eq!(
        driven.last_line(),
        "Remove Bob (bob) from this occurrence (party of 2)? \
            Their 2 seats go to the waitlist. y confirms, any other key cancels"
    );
    insta::assert_snapshot!("door_question_40x15", driven.picture(40, 15));
    driven.press(KeyCode::Char('n')).press(KeyCode::Char('x')).press(KeyCode::Char('y'));
    driven.respond(|r| *r == remove(&[1]), Ok(Response::Batch(vec![Ok(Response::Done)])));
    assert_eq!(driven.last_line(), "✓ 1 removed");
    assert!(driven.picture(80, 24).contains("✗ cancelled    Bob (bob)"), "{}", driven.picture(80, 24));
    driven.press(KeyCode::Char('x'));
    assert_eq!(driven.last_line(), "! No registration is selected");
    driven.press(KeyCode::Down).press(KeyCode::Down).press(KeyCode::Char('x'));
    assert!(driven.last_line().starts_with("Remove Dan (dan) from the waitlist (party of 2)? y confirms"));
    driven.press(KeyCode::Char('y'));
    let over = error("this occurrence is over", ErrorKind::Other);
    driven.respond(|r| *r == remove(&[3]), Ok(Response::Batch(vec![Err(over)])));
    assert_eq!(driven.last_line(), "✗ this occurrence is over");
}

#[test]
fn marked_registrations_are_changed_together() {
    let mut driven = shown();
    driven.type_in("    ").press(KeyCode::Char(' '));
    assert!(driven.picture(80, 24).contains("◆ 3 marked"), "{}", driven.picture(80, 24));
    driven.press(KeyCode::Up);
    insta::assert_snapshot!("door_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("door_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("door_40x15", driven.picture(40, 15));
    // A checked-in registration stays checked in.
    let id = |n| registration(n, "confirmed").id;
    driven.press(KeyCode::Enter);
    let both = Request::Batch(vec![Request::CheckIn(id(1)), Request::CheckIn(id(3))]);
    let wait = error("still on the waitlist: cannot be checked in", ErrorKind::Other);
    let bob = Response::CheckedIn { registration: Box::new(person(1, "Bob", "attended")), already: false };
    driven.respond(|r| *r == both, Ok(Response::Batch(vec![Ok(bob), Err(wait)])));
    assert_eq!(driven.last_line(), "✗ 1 of 2 checked in: still on the waitlist: cannot be checked in");
    // The refused registration stays marked, and so does the one checked in before.
    assert!(driven.picture(80, 24).contains("◆ 2 marked"), "{}", driven.picture(80, 24));
    driven.press(KeyCode::Char('x'));
    assert!(
        driven.last_line().starts_with(
            "Remove 2 registrations (4 people) from this occurrence? Their 2 seats go to the waitlist."
        ),
        "{}",
        driven.last_line()
    );
    driven.press(KeyCode::Char('y'));
    driven.respond(
        |r| *r == remove(&[2, 3]),
        Ok(Response::Batch(vec![Ok(Response::Done), Ok(Response::Done)])),
    );
    assert_eq!(driven.last_line(), "✓ 2 removed");
    assert!(!driven.picture(80, 24).contains("marked"));
}

#[test]
fn registrations_of_others_are_not_mine() {
    let mut driven = shown();
    driven.press(KeyCode::Down).press(KeyCode::Enter);
    let carla = registration(2, "confirmed").id;
    driven.respond(
        |r| *r == Request::UndoCheckIn(carla),
        Ok(Response::Registration(Box::new(person(2, "Carla", "confirmed")))),
    );
    assert_eq!(driven.last_line(), "✓ Carla is no longer checked in");
    assert!(driven.picture(80, 24).contains("● confirmed    Carla (carla)"), "{}", driven.picture(80, 24));
    assert!(!driven.app.cx.view.my_statuses.contains_key(&occurrence(0).id));
}

#[test]
fn unexpected_and_missing_answers_do_no_harm() {
    let mut driven = shown();
    driven.type_in("  ").press(KeyCode::Char('x')).press(KeyCode::Char('y'));
    driven
        .respond(|r| *r == remove(&[1, 2]), Err(error("the server does not answer", ErrorKind::Unavailable)));
    assert!(driven.last_line().starts_with("✗ 0 of 2 removed: the server does not answer."));
    assert!(driven.picture(80, 24).contains("◆ 2 marked"));
}

#[test]
fn reloading_keeps_the_position_far_down_the_list() {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('5'));
    driven.respond(
        |r| matches!(r, Request::OrganizedEvents { .. }),
        Ok(Response::Events(page(vec![event()], None))),
    );
    let many = |more| page((0..60).map(|n| person(n, "Bob", "confirmed")).collect(), more);
    let first = |r: &Request| matches!(r, Request::Attendees { cursor: None, .. });
    driven.press(KeyCode::Char('a')).respond(
        first,
        Ok(Response::Attendees { occurrence: Box::new(occurrence(0)), page: many(Some("more")) }),
    );
    driven.press(KeyCode::Char('G'));
    let more = || page((60..90).map(|n| person(n, "Dan", "confirmed")).collect(), None);
    let second = |r: &Request| matches!(r, Request::Attendees { cursor: Some(_), .. });
    driven.respond(second, Ok(Response::Attendees { occurrence: Box::new(occurrence(0)), page: more() }));
    driven.press(KeyCode::Char('G')).press(KeyCode::Char('R'));
    let mut date = occurrence(0);
    date.seats_taken = 39;
    driven.respond(second, Ok(Response::Attendees { occurrence: Box::new(date), page: more() }));
    let picture = driven.picture(80, 24);
    assert!(picture.contains("39 of 40 seats taken") && picture.contains("Dan (dan)"), "{picture}");
}

const CODE: &str = "W5N2-VGWS-KZK8-60GT-YEJ3-2Q4R-7M";

fn by_code(code: &str, occurrence_named: bool) -> Request {
    let occurrence = occurrence_named.then(|| occurrence(0).id);
    Request::CheckInByCode { occurrence, code: code.to_owned() }
}

fn checked_in(n: usize, name: &str, already: bool) -> Response {
    Response::CheckedIn { registration: Box::new(person(n, name, "attended")), already }
}

#[test]
fn the_prompt_for_codes_stays_open_from_code_to_code() {
    let mut driven = shown();
    driven.press(KeyCode::Char('c')).type_in(CODE).press(KeyCode::Enter);
    driven.respond(|r| *r == by_code(CODE, true), Ok(checked_in(1, "Bob", false)));
    let picture = driven.picture(80, 24);
    assert!(
        picture.contains("✓ Bob checked in (2 people)") && picture.contains("Ticket code: ▏"),
        "{picture}"
    );
    assert!(picture.contains("✓ checked in   Bob"), "the list shows it: {picture}");
    // A scanner sends line ends; one that pastes sends them in the text.
    driven.send(crate::message::Message::Paste(format!("{CODE}\r\n")));
    driven.respond(|r| *r == by_code(CODE, true), Ok(checked_in(1, "Bob", true)));
    assert!(driven.picture(80, 24).contains("! Bob is already checked in"));
    // A refused code can be corrected; the next one replaces it.
    driven.type_in("W5N2").press(KeyCode::Enter);
    driven.respond(|r| *r == by_code("W5N2", true), Err(error("no such ticket", ErrorKind::Other)));
    let picture = driven.picture(80, 24);
    assert!(picture.contains("✗ no such ticket") && picture.contains("Ticket code: W5N2▏"), "{picture}");
    driven.press(KeyCode::Backspace);
    assert!(driven.picture(80, 24).contains("Ticket code: W5N▏"));
    driven.press(KeyCode::Enter);
    driven.respond(|r| *r == by_code("W5N", true), Err(error("no such ticket", ErrorKind::Other)));
    driven.type_in(CODE);
    assert!(driven.picture(80, 24).contains(&format!("Ticket code: {CODE}▏")), "{}", driven.picture(80, 24));
    // Nothing is sent without a code, and Esc ends it.
    let sent = driven.sent.len();
    driven.control('u').press(KeyCode::Enter).press(KeyCode::Esc);
    assert_eq!(driven.sent.len(), sent);
    assert!(!driven.picture(80, 24).contains("Ticket code"));
}

#[test]
fn a_ticket_of_another_occurrence_is_taken_only_after_a_question() {
    let other = || {
        error("this ticket is for another occurrence: Jazz, 4 March 2027, 18:30", ErrorKind::WrongOccurrence)
    };
    let asked_about = |code: &str| {
        let mut driven = shown();
        driven.press(KeyCode::Char('c')).type_in(code).press(KeyCode::Enter);
        driven.respond(|r| *r == by_code(code, true), Err(other()));
        driven
    };
    let mut driven = asked_about(CODE);
    insta::assert_snapshot!("door_other_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("door_other_40x15", driven.picture(40, 15));
    driven.press(KeyCode::Char('y')).respond(|r| *r == by_code(CODE, false), Ok(checked_in(9, "Zoe", false)));
    assert!(driven.picture(80, 24).contains("✓ Zoe checked in (2 people)"));
    // The code of the next ticket is not an answer, even if it begins with Y.
    let mut driven = asked_about(CODE);
    driven.type_in("YEJ3").press(KeyCode::Enter);
    assert!(asked(&driven, &by_code("YEJ3", true)) && !asked(&driven, &by_code(CODE, false)));
    let mut driven = asked_about(CODE);
    driven.press(KeyCode::Esc);
    assert!(driven.picture(80, 24).contains("! Not checked in"), "{}", driven.picture(80, 24));
    assert!(driven.picture(80, 24).contains("Ticket code: ▏"), "the prompt stays");
}

#[test]
fn ticket_codes_are_shown_whole_at_every_width() {
    for width in [40, 57, 58, 69, 70, 76, 80, 100, 120] {
        let mut driven = shown();
        driven.send(crate::message::Message::Resized { width, height: 24 });
        let picture = driven.picture(width, 24);
        assert!(picture.contains(CODE), "{width}: {picture}");
        driven.press(KeyCode::Char('c')).type_in(CODE);
        let picture = driven.picture(width, 24);
        assert!(picture.contains(&format!("{CODE}▏")), "{width}: {picture}");
    }
}

#[test]
fn attendees_are_found_by_name() {
    let mut driven = shown();
    driven.press(KeyCode::Char('/')).type_in("ÁR");
    let picture = driven.picture(80, 24);
    assert!(picture.contains("/ ÁR▏  1 of 4 ") && picture.contains("Carla"), "{picture}");
    assert!(!picture.contains("Bob"), "{picture}");
    // Enter applies the filter; then keys are actions on what is found.
    driven.press(KeyCode::Enter).press(KeyCode::Enter);
    assert!(asked(&driven, &Request::UndoCheckIn(registration(2, "confirmed").id)));
    driven.press(KeyCode::Char('/')).control('u').type_in("dan");
    driven.press(KeyCode::Enter).press(KeyCode::Char('x'));
    assert!(driven.last_line().starts_with("Remove Dan (dan) from the waitlist"), "{}", driven.last_line());
    driven.press(KeyCode::Char('n')).press(KeyCode::Esc);
    let picture = driven.picture(80, 24);
    assert!(picture.contains("Bob") && !picture.contains(" / dan"), "all are shown again: {picture}");
    driven.press(KeyCode::Char('/')).type_in("nobody").press(KeyCode::Down).press(KeyCode::Enter);
    assert!(driven.picture(80, 24).contains("/ nobody  0 of 4"), "{}", driven.picture(80, 24));
    driven.press(KeyCode::Char('x'));
    assert_eq!(driven.last_line(), "! No registration is selected");
}

#[test]
fn a_filter_looks_at_all_pages() {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('5'));
    driven.respond(
        |r| matches!(r, Request::OrganizedEvents { .. }),
        Ok(Response::Events(page(vec![event()], None))),
    );
    let all = |range: std::ops::Range<usize>, name: &str, more| {
        let people = range.map(|n| person(n, name, "confirmed")).collect();
        Ok(Response::Attendees { occurrence: Box::new(occurrence(0)), page: page(people, more) })
    };
    let first = |r: &Request| matches!(r, Request::Attendees { cursor: None, .. });
    let second = |r: &Request| matches!(r, Request::Attendees { cursor: Some(_), .. });
    driven.press(KeyCode::Char('a')).respond(first, all(0..60, "Bob", Some("more")));
    driven.press(KeyCode::Char('/')).type_in("zoe");
    assert!(driven.picture(80, 24).contains("0 of 60 …"), "{}", driven.picture(80, 24));
    driven.respond(second, all(60..61, "Zoe", None));
    assert!(driven.picture(80, 24).contains("1 of 61 "), "{}", driven.picture(80, 24));
}
