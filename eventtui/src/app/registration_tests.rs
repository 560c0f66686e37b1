//! Registering, waiting and pausing.

use crossterm::event::KeyCode;
use eventcore::events::Occurrence;
use eventcore::registrations::{MyRegistration, Registration};

use crate::app::driven::{Driven, detail, error, occurrence, page, registration};
use crate::backend::{ErrorKind, Request, Response};

fn waits(n: usize, party: i64, position: i64, passed_over: bool) -> Registration {
    let mut place = registration(n, "waitlisted");
    (place.party_size, place.position, place.auto_promote) = (party, Some(position), !passed_over);
    place
}

/// The notice after registering for an occurrence with a waitlist.
fn notice_of(change: impl Fn(&mut Occurrence), place: Registration) -> String {
    let mut occurrence = occurrence(0);
    change(&mut occurrence);
    let mut driven = Driven::new();
    let occurrences = page(vec![occurrence], None);
    driven.respond(|r| matches!(r, Request::Occurrences { .. }), Ok(Response::Occurrences(occurrences)));
    let mut driven = driven.signed_in();
    driven.press(KeyCode::Char('r')).press(KeyCode::Enter);
    driven.respond(|r| matches!(r, Request::Register { .. }), Ok(Response::Registration(Box::new(place))));
    driven.last_line()
}

#[test]
fn a_waitlisted_user_learns_why() {
    let full = |occurrence: &mut Occurrence| occurrence.seats_left = 0;
    assert_eq!(notice_of(full, waits(0, 2, 3, false)), "✓ Full: you are 3rd on the waitlist");
    let few = |occurrence: &mut Occurrence| occurrence.seats_left = 2;
    assert_eq!(
        notice_of(few, waits(0, 3, 1, false)),
        "✓ Not enough seats for 3: you are 1st on the waitlist"
    );
    assert_eq!(notice_of(few, waits(0, 2, 4, false)), "✓ Others are waiting: you are 4th on the waitlist");
    let small = |occurrence: &mut Occurrence| (occurrence.capacity, occurrence.seats_left) = (4, 4);
    assert_eq!(
        notice_of(small, waits(0, 5, 1, false)),
        "✓ Only 4 seats in all: your party of 5 is 1st on the waitlist until there are more"
    );
    let tiny = |occurrence: &mut Occurrence| (occurrence.capacity, occurrence.seats_left) = (1, 0);
    assert!(notice_of(tiny, waits(0, 2, 1, false)).starts_with("✓ Only 1 seat in all: your party of 2"));
    assert_eq!(notice_of(full, waits(0, 2, 3, true)), "✓ You are 3rd on the waitlist, paused: s resumes");
}

#[test]
fn a_waitlisted_registration_is_paused_and_resumed() {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.press(KeyCode::Char('s'));
    assert_eq!(
        driven.last_line(),
        "! You are not on its waitlist: only a waitlisted registration can be paused"
    );
    driven.press(KeyCode::Down).press(KeyCode::Down).press(KeyCode::Char('s'));
    let id = occurrence(2).id;
    let version = registration(2, "waitlisted").version();
    let set = |version, auto_promote| Request::SetAutoPromote { occurrence: id, version, auto_promote };
    let late = error("it was changed meanwhile: view at it anew, then try again", ErrorKind::Other);
    driven.respond(|r| *r == set(version, false), Err(late));
    assert_eq!(driven.last_line(), "✗ it was changed meanwhile: view at it anew, then try again");
    let mut paused = waits(2, 2, 3, true);
    paused.updated_at = "2026-11-23T11:00:00Z".parse().unwrap();
    driven.press(KeyCode::Char('s'));
    driven.respond(|r| *r == set(version, false), Ok(Response::Registration(Box::new(paused.clone()))));
    assert_eq!(driven.last_line(), "✓ Paused: you stay 3rd on the waitlist, others go first; s resumes");
    assert!(driven.picture(80, 24).contains("‖ 3rd paused"), "{}", driven.picture(80, 24));
    driven.press(KeyCode::Char('s'));
    let on = waits(2, 2, 3, false);
    driven.respond(|r| *r == set(paused.version(), true), Ok(Response::Registration(Box::new(on))));
    assert_eq!(driven.last_line(), "✓ Resumed: you are 3rd on the waitlist");
    driven.press(KeyCode::Char('s'));
    driven.respond(
        |r| matches!(r, Request::SetAutoPromote { .. }),
        Ok(Response::Registration(Box::new(registration(2, "confirmed")))),
    );
    assert_eq!(driven.last_line(), "✓ Seats were free: confirmed for 2");
}

#[test]
fn a_pause_is_shown_on_the_occurrence_and_in_my_registrations() {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    let mine =
        |place: Registration, n| MyRegistration { registration: place, occurrence: Some(occurrence(n)) };
    let all = vec![mine(waits(1, 2, 3, true), 1), mine(waits(2, 2, 12, false), 2)];
    driven.press(KeyCode::Char('4'));
    driven.respond(
        |r| matches!(r, Request::MyRegistrations { .. }),
        Ok(Response::MyRegistrations(page(all, None))),
    );
    insta::assert_snapshot!("paused_mine_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("paused_mine_40x15", driven.picture(40, 15));
    let mut looked = detail(occurrence(1));
    looked.registration = Some(waits(1, 2, 3, true));
    driven.press(KeyCode::Enter).respond(
        |r| matches!(r, Request::OccurrenceDetail(_)),
        Ok(Response::OccurrenceDetail(Box::new(looked))),
    );
    insta::assert_snapshot!("paused_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("paused_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("paused_40x15", driven.picture(40, 15));
}

/// The line about registering on the screen of an occurrence.
fn way_in(change: impl Fn(&mut Occurrence)) -> String {
    let mut shown = occurrence(0);
    (shown.seats_left, shown.waitlist_length) = (4, 0);
    change(&mut shown);
    let mut driven = Driven::new();
    let items = page(vec![shown], None);
    driven.respond(|r| matches!(r, Request::Occurrences { .. }), Ok(Response::Occurrences(items)));
    driven.press(KeyCode::Enter);
    let picture = driven.picture(80, 24);
    let lines = picture.lines().map(|line| line.trim_matches(['"', ' ']));
    let after = lines.skip_while(|line| !line.contains(" free · ")).nth(1);
    after.unwrap_or_else(|| panic!("{picture}")).to_owned()
}

#[test]
fn the_screen_says_what_registering_does_and_when() {
    assert_eq!(way_in(|_| {}), "r registers you");
    assert_eq!(way_in(|o| o.seats_left = 0), "Full: r joins the waitlist");
    let queue = |o: &mut Occurrence| (o.seats_left, o.waitlist_length) = (1, 8);
    assert_eq!(way_in(queue), "r joins the waitlist (8 waiting)");
    assert_eq!(way_in(|o| (o.seats_left, o.waitlist_enabled) = (0, false)), "Full");
    let moment = |text: &str| serde_json::from_value(text.into()).unwrap();
    let opens =
        |text: &str| way_in(|o| (o.registration_open, o.registration_opens_at) = (false, Some(moment(text))));
    assert_eq!(opens("2027-02-28T09:00:00+01:00"), "Registration opens Sun 28 Feb, 09:00");
    assert_eq!(opens("2028-02-28T09:00:00+01:00"), "Registration opens Mon 28 Feb 2028, 09:00");
    let closed = way_in(|o| {
        (o.registration_open, o.registration_closes_at) = (false, Some(moment("2027-02-26T18:00:00+01:00")));
    });
    assert_eq!(closed, "Registration closed Fri 26 Feb, 18:00");
    let ended = |start: &str, end: &str| {
        way_in(|o| {
            (o.registration_open, o.starts_at, o.ends_at) = (false, moment(start), moment(end));
        })
    };
    let begun = ended("2027-02-27T09:30:00+01:00", "2027-02-27T12:00:00+01:00");
    assert_eq!(begun, "It has started: registration is closed");
    assert_eq!(ended("2027-02-26T09:30:00+01:00", "2027-02-26T12:00:00+01:00"), "It is over");
}

#[test]
fn cancelled_registrations_leave_mine() {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('4'));
    let all = |statuses: [&str; 2]| {
        let items = statuses.iter().enumerate().map(|(n, status)| MyRegistration {
            registration: registration(n, status),
            occurrence: Some(occurrence(n)),
        });
        Ok(Response::MyRegistrations(page(items.collect(), None)))
    };
    let is_mine = |r: &Request| matches!(r, Request::MyRegistrations { .. });
    driven.respond(is_mine, all(["confirmed", "confirmed"]));
    // While it can be undone it is shown as cancelled.
    driven.press(KeyCode::Char('x'));
    assert!(driven.picture(80, 24).contains("✗ unregistered"), "{}", driven.picture(80, 24));
    driven.press(KeyCode::Char('u'));
    assert!(!driven.picture(80, 24).contains("✗ unregistered"), "{}", driven.picture(80, 24));
    // Whoever cancelled it, it is not listed any more.
    driven.press(KeyCode::Char('R'));
    // Asked for twice: for the statuses in all lists, and for this list.
    driven.respond(is_mine, all(["confirmed", "cancelled"]));
    assert!(driven.picture(80, 24).contains("✗ unregistered"), "{}", driven.picture(80, 24));
    driven.respond(is_mine, all(["confirmed", "cancelled"]));
    let picture = driven.picture(80, 24);
    assert!(picture.contains("Evening 0") && !picture.contains("Evening 1"), "{picture}");
}

#[test]
fn a_refused_party_size_is_asked_for_again() {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.press(KeyCode::Char('r')).type_in("30").press(KeyCode::Enter);
    let id = occurrence(0).id;
    let register = Request::Register { occurrence: id, party: 30 };
    let refused = error("a party may have at most 10 people", ErrorKind::Other);
    driven.respond(|r| *r == register, Err(refused));
    let picture = driven.picture(80, 24);
    assert!(
        picture.contains("✗ a party may have at most 10 people") && picture.contains(": 30▏"),
        "{picture}"
    );
    // What is typed next replaces it.
    driven.type_in("3").press(KeyCode::Enter);
    assert!(driven.sent.iter().any(|(_, r)| *r == Request::Register { occurrence: id, party: 3 }));
}
