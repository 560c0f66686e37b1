//! The app driven by messages alone, and snapshots of screens.

use crossterm::event::KeyCode;
use eventcore::registrations::MyRegistration;

use super::driven::{Driven, error, event, occurrence, page, registration, user};
use super::*;
use crate::backend::{ErrorKind, Response};
use crate::screens::event::EventScreen;

#[test]
fn the_agenda_in_all_its_states() {
    let mut new = Driven::new();
    insta::assert_snapshot!("agenda_loading", new.wait(200).picture(80, 24));
    insta::assert_snapshot!("agenda_empty", Driven::new().with_agenda(0).picture(80, 24));
    let mut failed = Driven::new();
    failed.respond(
        |r| matches!(r, Request::Occurrences { .. }),
        Err(error("the server cannot be reached", ErrorKind::Unavailable)),
    );
    insta::assert_snapshot!("agenda_failed", failed.picture(80, 24));
    let full = Driven::new().with_agenda(60).signed_in();
    insta::assert_snapshot!("agenda_80x24", full.picture(80, 24));
    insta::assert_snapshot!("agenda_120x40", full.picture(120, 40));
    insta::assert_snapshot!("agenda_40x15", full.picture(40, 15));
}

#[test]
fn an_occurrence_with_all_its_details() {
    let looked = Driven::new().with_agenda(9).signed_in().with_detail();
    insta::assert_snapshot!("event_80x24", looked.picture(80, 24));
    insta::assert_snapshot!("event_120x40", looked.picture(120, 40));
    insta::assert_snapshot!("event_40x15", looked.picture(40, 15));
    let mut looked = looked;
    insta::assert_snapshot!("ticket_80x24", looked.press(KeyCode::Char('v')).picture(80, 24));
    assert!(looked.picture(40, 10).contains("too small for the QR code"));
}

#[test]
fn other_screens() {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.press(KeyCode::Char('4'));
    let mine = |n: usize, status: &str| MyRegistration {
        registration: registration(n, status),
        occurrence: Some(occurrence(n)),
    };
    let items = vec![mine(1, "confirmed"), mine(2, "waitlisted")];
    driven.respond(
        |r| matches!(r, Request::MyRegistrations { .. }),
        Ok(Response::MyRegistrations(page(items, None))),
    );
    insta::assert_snapshot!("mine_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Char('5'));
    driven.respond(
        |r| matches!(r, Request::OrganizedEvents { .. }),
        Ok(Response::Events(page(vec![event()], None))),
    );
    insta::assert_snapshot!("organize_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Char('a'));
    let people = vec![registration(1, "confirmed"), registration(2, "waitlisted")];
    driven.respond(
        |r| matches!(r, Request::Attendees { .. }),
        Ok(Response::Attendees { occurrence: Box::new(occurrence(0)), page: page(people, None) }),
    );
    insta::assert_snapshot!("attendees_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Char('?'));
    insta::assert_snapshot!("help_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Esc).press(KeyCode::Char(':')).type_in("code");
    insta::assert_snapshot!("palette_80x24", driven.picture(80, 24));
}

#[test]
fn a_registration_is_made_cancelled_and_restored() {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.press(KeyCode::Char('r')).press(KeyCode::Backspace).type_in("3").press(KeyCode::Enter);
    let id = occurrence(0).id;
    driven.respond(
        |r| *r == Request::Register { occurrence: id, party: 3 },
        Ok(Response::Registration(Box::new(registration(0, "waitlisted")))),
    );
    assert_eq!(driven.last_line(), "✓ Others are waiting: you are 3rd on the waitlist");
    driven.press(KeyCode::Char('x')).wait(4_900).press(KeyCode::Char('u')).wait(9_000);
    assert!(
        !driven.sent.iter().any(|(_, request)| matches!(request, Request::CancelRegistration(_))),
        "it was undone"
    );
    driven.press(KeyCode::Char('x')).wait(5_000);
    driven.respond(
        |r| *r == Request::CancelRegistration(id),
        Err(error("the server does not answer", ErrorKind::Unavailable)),
    );
    assert_eq!(driven.last_line(), "✗ the server does not answer. Showing the last known state");
    // Quitting sends the cancellation at once.
    driven.press(KeyCode::Down).press(KeyCode::Char('x')).press(KeyCode::Char('q'));
    assert!(
        driven.quit
            && driven
                .sent
                .iter()
                .any(|(_, request)| *request == Request::CancelRegistration(occurrence(1).id))
    );
}

#[test]
fn stale_responses_are_dropped() {
    let mut driven = Driven::new().with_agenda(3);
    driven.press(KeyCode::Char('/')).type_in("ab");
    let asked: Vec<_> = driven
        .sent
        .iter()
        .filter(|(_, request)| matches!(request, Request::Occurrences { .. }))
        .cloned()
        .collect();
    let words = asked.iter().map(|(_, request)| match request {
        Request::Occurrences { filter, .. } => filter.words.as_str(),
        _ => "",
    });
    assert_eq!(words.collect::<Vec<_>>(), ["", "a", "ab"]);
    driven.send(Message::Responded {
        ticket: asked[2].0,
        outcome: Ok(Response::Occurrences(page(vec![occurrence(7)], None))),
    });
    driven.send(Message::Responded {
        ticket: asked[1].0,
        outcome: Ok(Response::Occurrences(page(vec![occurrence(8)], None))),
    });
    assert_eq!(driven.app.stack.tabs.search.list.items, [occurrence(7)]);
}

#[test]
fn pages_are_loaded_ahead_of_the_selection() {
    let mut driven = Driven::new();
    let items = (0..60).map(occurrence).collect();
    driven.respond(
        |r| matches!(r, Request::Occurrences { .. }),
        Ok(Response::Occurrences(page(items, Some("more")))),
    );
    for _ in 0..10 {
        driven.press(KeyCode::Down);
    }
    let more = |r: &Request| matches!(r, Request::Occurrences { cursor: Some(_), .. });
    assert_eq!(driven.sent.iter().filter(|(_, request)| more(request)).count(), 1);
    driven.respond(more, Ok(Response::Occurrences(page(vec![occurrence(60)], None))));
    driven.press(KeyCode::Char('G'));
    assert_eq!(driven.app.stack.tabs.agenda.list.position.selected, 60);
    // The page with the selection is loaded again every 15 s.
    driven.wait(15_000).respond(more, Ok(Response::Occurrences(page(vec![occurrence(61)], None))));
    assert_eq!(driven.app.stack.tabs.agenda.list.items.len(), 61);
    assert_eq!(
        driven.app.stack.tabs.agenda.list.selected().map(|date| date.title.as_str()),
        Some("Evening 61")
    );
    driven.press(KeyCode::Char('g')).wait(15_000);
    assert!(
        driven.sent.iter().any(|(_, request)| matches!(request, Request::Occurrences { cursor: None, .. }))
    );
}

#[test]
fn a_new_filter_loads_from_the_start() {
    let mut driven = Driven::new();
    driven.press(KeyCode::Char('/')).type_in("evening");
    let search = |r: &Request| matches!(r, Request::Occurrences { .. });
    let items = (0..60).map(occurrence).collect();
    driven.respond(search, Ok(Response::Occurrences(page(items, Some("more")))));
    for _ in 0..20 {
        driven.press(KeyCode::Down);
    }
    driven.respond(search, Ok(Response::Occurrences(page((20..60).map(occurrence).collect(), None))));
    for _ in 0..60 {
        driven.press(KeyCode::Down);
    }
    // The filter changes, and before its response the refresh is due.
    driven.type_in("s").wait(15_000);
    let newest = driven.sent.iter().rev().find(|(_, request)| search(request));
    assert!(matches!(newest, Some((_, Request::Occurrences { cursor: None, .. }))), "{:?}", driven.sent);
}

#[test]
fn signed_out_users_are_asked_to_sign_in() {
    let mut driven = Driven::new().with_agenda(3);
    driven.respond(|r| *r == Request::CurrentUser, Ok(Response::CurrentUser(None)));
    driven.press(KeyCode::Char('r'));
    insta::assert_snapshot!("account_80x24", driven.picture(80, 24));
    driven.type_in("ada").press(KeyCode::Tab).type_in("wrong").press(KeyCode::Enter);
    let sign_in = Request::SignIn { login: "ada".to_owned(), password: "wrong".to_owned() };
    driven.respond(|r| *r == sign_in, Err(error("these credentials are not right", ErrorKind::Other)));
    let picture = driven.picture(80, 24);
    assert!(picture.contains("✗ these credentials are not right") && !picture.contains("wrong"), "{picture}");
    driven
        .press(KeyCode::Enter)
        .respond(|r| *r == sign_in, Ok(Response::CurrentUser(Some(Box::new(user())))));
    assert!(driven.picture(80, 24).contains("ada@events.db"));
    assert_eq!(driven.app.at(), Place::Agenda);
    // When the session ends, the user's data leaves the screen.
    driven.press(KeyCode::Char('4'));
    driven.respond(
        |r| matches!(r, Request::MyRegistrations { .. }),
        Err(error("sign in first", ErrorKind::SignedOut)),
    );
    assert!(driven.app.cx.me.is_none() && driven.picture(80, 24).contains("Sign in (A)"));
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let mut driven = Driven::new();
    let mut date = occurrence(0);
    date.title = "\u{1b}[31mred\u{7}\u{202e}".to_owned();
    date.location = "a\tb".to_owned();
    driven.respond(
        |r| matches!(r, Request::Occurrences { .. }),
        Ok(Response::Occurrences(page(vec![date], None))),
    );
    let picture = driven.picture(120, 40);
    assert!(
        !picture.contains(['\u{1b}', '\u{7}', '\u{202e}', '\t']) && picture.contains("␛[31mred␛␛"),
        "{picture}"
    );
}

#[test]
fn irreversible_changes_need_confirmation() {
    let mut driven = Driven::new().with_agenda(9).signed_in().with_detail();
    driven.press(KeyCode::Char('D'));
    assert_eq!(
        driven.last_line(),
        "Cancel “Evening” and all 10 occurrences? Next occurrence: 8 registered, 1 waiting. \
            This cannot be undone. y confirms, any other key cancels"
    );
    driven.press(KeyCode::Char('n'));
    assert!(!driven.sent.iter().any(|(_, request)| matches!(request, Request::CancelEvent(_))));
    driven.press(KeyCode::Char('D')).press(KeyCode::Char('y'));
    assert!(driven.sent.iter().any(|(_, request)| matches!(request, Request::CancelEvent(_))));
    driven.press(KeyCode::Char('y'));
    assert_eq!(driven.copied, ["https://events.example/occurrences/1"]);
}

#[test]
fn every_screen_fits_on_every_terminal() {
    for (width, height) in [(120, 40), (80, 24), (40, 15), (12, 5), (1, 1)] {
        for keys in ["", ",", "2", "w", "3", "4", "5", "?", ":", "A", "N", "Np", "n", "r"] {
            let mut driven = Driven::new().with_agenda(60).signed_in();
            driven.send(Message::Resized { width, height }).type_in(keys);
            driven.press(KeyCode::PageDown).press(KeyCode::End);
            driven.picture(width, height);
        }
        Driven::new().with_agenda(9).signed_in().with_detail().picture(width, height);
    }
}

#[test]
fn a_failed_page_is_requested_again_after_a_pause() {
    let mut driven = Driven::new();
    let items = (0..60).map(occurrence).collect();
    driven.respond(
        |r| matches!(r, Request::Occurrences { .. }),
        Ok(Response::Occurrences(page(items, Some("more")))),
    );
    let more = |r: &Request| matches!(r, Request::Occurrences { cursor: Some(_), .. });
    let asked = |driven: &Driven| driven.sent.iter().filter(|(_, request)| more(request)).count();
    driven
        .press(KeyCode::Char('G'))
        .respond(more, Err(error("the server does not answer", ErrorKind::Unavailable)));
    assert_eq!(asked(&driven), 0, "a server that is away is not asked without a pause");
    driven.wait(4_999);
    assert_eq!(asked(&driven), 0);
    driven.wait(1);
    assert_eq!(asked(&driven), 1);
    driven.respond(more, Ok(Response::Occurrences(page(vec![occurrence(60)], None))));
    assert_eq!(driven.app.stack.tabs.agenda.list.items.len(), 61);
}

#[test]
fn concurrent_changes_are_all_answered() {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    let (first, second) = (occurrence(1).id, occurrence(2).id);
    driven.press(KeyCode::Down).press(KeyCode::Char('x')).wait(5_000);
    driven.press(KeyCode::Down).press(KeyCode::Char('x')).wait(5_000);
    driven.respond(|r| *r == Request::CancelRegistration(second), Ok(Response::Done));
    let kind = ErrorKind::Other;
    driven.respond(|r| *r == Request::CancelRegistration(first), Err(error("this occurrence is over", kind)));
    assert_eq!(driven.last_line(), "✗ this occurrence is over");
}

#[test]
fn days_are_typed_in_words() {
    let mut driven = Driven::new().with_agenda(9);
    driven.press(KeyCode::Char('d')).type_in("soon");
    assert_eq!(driven.last_line(), "Go to date: soon▏ ! not a date: try fri, +10, 4 dec, 2027-03-04");
    driven.press(KeyCode::Enter).control('u').type_in("+10");
    assert_eq!(driven.last_line(), "Go to date: +10▏ → Tue 9 March 2027 · in 10 days · Enter goes there");
    driven.press(KeyCode::Enter);
    let from: chrono::NaiveDate = "2027-03-09".parse().unwrap();
    let asked = |request: &Request| match request {
        Request::Occurrences { filter, .. } => filter.from == Some(from),
        _ => false,
    };
    assert!(driven.sent.iter().any(|(_, request)| asked(request)), "{:?}", driven.sent);
    driven.press(KeyCode::Char('2')).press(KeyCode::Char('d')).type_in("24.12.").press(KeyCode::Enter);
    assert!(driven.picture(80, 24).contains("December 2027"));
}

#[test]
fn long_descriptions_scroll_to_their_end() {
    let mut driven = Driven::new().with_agenda(9).signed_in().with_detail();
    driven.layer::<EventScreen>().detail.as_mut().unwrap().occurrence.description =
        (0..60).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n\n");
    assert!(!driven.picture(80, 24).contains("line 59"));
    for _ in 0..20 {
        driven.press(KeyCode::PageDown);
    }
    assert!(driven.picture(80, 24).contains("line 59"), "{}", driven.picture(80, 24));
    for _ in 0..20 {
        driven.press(KeyCode::PageUp);
    }
    assert!(driven.picture(80, 24).contains(" Evening 1 "));
}

#[test]
fn a_search_shows_its_conditions() {
    let mut driven = Driven::new().with_agenda(3);
    driven.press(KeyCode::Char('/')).type_in("evening @pier to:+10 from:soon");
    let filter = driven.sent.iter().rev().find_map(|(_, request)| match request {
        Request::Occurrences { filter, .. } => Some(filter.clone()),
        _ => None,
    });
    let filter = filter.unwrap();
    assert_eq!((filter.words.as_str(), filter.location.as_str(), filter.from), ("evening", "pier", None));
    driven.respond(
        |request| matches!(request, Request::Occurrences { .. }),
        Ok(Response::Occurrences(page(vec![occurrence(1)], None))),
    );
    insta::assert_snapshot!("search_80x24", driven.picture(80, 24));
}
