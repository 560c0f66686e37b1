//! Duplicating an event.

use crossterm::event::KeyCode;
use serde_json::{Value, json};

use crate::app::driven::{Driven, event, occurrence};
use crate::backend::{ApiError, ErrorKind, Request, Response};
use crate::keys::Place;
use crate::reference::Reference;
use crate::screens::event::EventScreen;

/// The copy of a series with a day that does not take place, until a day.
fn copied() -> Driven {
    let mut driven = Driven::new().with_agenda(9).signed_in().with_detail();
    let event = &mut driven.layer::<EventScreen>().detail.as_mut().unwrap().event;
    let rule = json!({
        "rrule": "FREQ=DAILY;UNTIL=20270310T173000Z", "rdate": [], "exdate": ["2027-03-03T18:30:00"]
    });
    event.recurrence = Some(serde_json::from_value(rule).unwrap());
    event.registration_opens_at = Some("2027-01-01T12:00:00+01:00".parse().unwrap());
    driven.press(KeyCode::Char('C'));
    driven
}

fn created(driven: &Driven) -> Option<Value> {
    driven.sent.iter().rev().find_map(|(_, request)| match request {
        Request::CreateEvent(body) => Some(body.clone()),
        _ => None,
    })
}

#[test]
fn a_copy_is_a_draft_with_its_own_start() {
    let mut driven = copied();
    insta::assert_snapshot!("copy_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("copy_120x40", driven.picture(120, 40));
    // What is typed replaces the start that is suggested.
    driven.type_in("2027-03-08 19:00").control('s');
    let body = created(&driven).unwrap();
    let of = |name: &str| body[name].clone();
    assert_eq!(of("starts_at"), "2027-03-08T19:00:00");
    assert_eq!((of("title"), of("status")), (json!("Evening"), json!("draft")));
    assert_eq!((of("capacity"), of("max_party_size")), (json!(40), json!(10)));
    // The rule and its dates have moved as far as the start. The instant of opening is not copied.
    assert_eq!(of("recurrence")["rrule"], "FREQ=DAILY;UNTIL=20270317T180000Z", "{body}");
    assert_eq!(of("recurrence")["exdate"], json!(["2027-03-10T19:00:00"]), "{body}");
    assert_eq!(body.get("registration_opens_at"), None);

    let is_create = |r: &Request| matches!(r, Request::CreateEvent(_));
    let taken = ApiError { kind: ErrorKind::Other, ..ApiError::other("you have 50 events") };
    driven.respond(is_create, Err(taken));
    assert!(driven.picture(80, 24).contains("2027-03-08 19:00▏"), "what was typed stays");
    driven.control('s');
    let mut draft = event();
    draft.status = eventcore::events::EventStatus::Draft;
    let mut next = occurrence(2);
    next.title = "Evening, the copy".to_owned();
    draft.next_occurrence = Some(next.clone());
    driven.respond(is_create, Ok(Response::Event(Box::new(draft))));
    assert!(driven.last_line().starts_with("✓ Evening saved as a draft"), "{}", driven.last_line());
    // The draft is shown, where p publishes it.
    let is_find = |r: &Request| *r == Request::Find(Reference::Occurrence(next.id));
    driven.respond(is_find, Ok(Response::Occurrence(Box::new(next.clone()))));
    assert_eq!(driven.app.at(), Place::Event);
    assert!(driven.picture(80, 24).contains("Evening, the copy"), "{}", driven.picture(80, 24));
}

#[test]
fn the_start_of_a_copy_is_suggested() {
    let mut driven = copied();
    driven.control('d');
    assert_eq!(created(&driven).unwrap()["starts_at"], "2027-03-08T18:30:00");
    // A copy has a draft of its own.
    let mut driven = copied();
    driven.type_in("fri 20:00").press(KeyCode::Esc).press(KeyCode::Char('C'));
    assert!(driven.picture(80, 24).contains("fri 20:00▏"), "{}", driven.picture(80, 24));
}
