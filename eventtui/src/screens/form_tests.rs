//! Forms: drafts, saving, and how fields are understood.

use crossterm::event::KeyCode;
use eventcore::Violation;
use serde_json::{Value, json};

use crate::app::driven::{Driven, event, occurrence};
use crate::backend::{ApiError, ErrorKind, Request, Response};
use crate::drafts::Drafts;
use crate::keys::Place;
use crate::message::Message;

fn looked() -> Driven {
    Driven::new().with_agenda(9).signed_in().with_detail()
}

/// The patch of a change of one occurrence.
fn patch(driven: &Driven) -> Option<(i64, Value)> {
    driven.sent.iter().rev().find_map(|(_, request)| match request {
        Request::ChangeOccurrence { version, patch, .. } => Some((*version, patch.clone())),
        _ => None,
    })
}

#[test]
fn each_form_keeps_its_own_draft() {
    let mut driven = looked();
    driven.press(KeyCode::Char('e')).type_in(" at dawn").press(KeyCode::Esc);
    assert_eq!(driven.last_line(), "✓ Draft kept: the same key continues it");
    // Another form has its own draft.
    driven.press(KeyCode::Char('E')).type_in(" in Berlin").press(KeyCode::Esc);
    driven.press(KeyCode::Char('e'));
    assert!(driven.picture(80, 24).contains("Evening 1 at dawn▏"), "{}", driven.picture(80, 24));
    driven.press(KeyCode::Esc).press(KeyCode::Char('E'));
    assert!(driven.picture(80, 24).contains("Evening in Berlin▏"), "{}", driven.picture(80, 24));
    // An unchanged form has no draft.
    driven.wait(5_000).control('w').control('w').press(KeyCode::Backspace).press(KeyCode::Esc);
    assert!(!driven.last_line().contains("kept"), "{}", driven.last_line());
}

#[test]
fn a_draft_survives_a_version_conflict() {
    let mut driven = looked();
    driven.press(KeyCode::Char('e')).type_in(" at dawn").control('s');
    assert_eq!(patch(&driven), Some((1, json!({"title": "Evening 1 at dawn"}))));
    let late = ApiError { kind: ErrorKind::Other, ..ApiError::unavailable("somebody changed it meanwhile") };
    driven.respond(|r| matches!(r, Request::ChangeOccurrence { .. }), Err(late));
    assert!(driven.picture(80, 24).contains("✗ somebody changed it meanwhile"));
    driven.press(KeyCode::Esc).press(KeyCode::Char('R'));
    let mut newer = occurrence(1);
    (newer.version, newer.location) = (2, "Hall 7".to_owned());
    let detail = crate::app::driven::detail(newer);
    driven.respond(
        |r| matches!(r, Request::OccurrenceDetail(_)),
        Ok(Response::OccurrenceDetail(Box::new(detail))),
    );
    driven.press(KeyCode::Char('e'));
    let picture = driven.picture(80, 24);
    assert!(picture.contains("Hall 7") && picture.contains("Evening 1 at dawn▏"), "{picture}");
    driven.control('s');
    assert_eq!(patch(&driven), Some((2, json!({"title": "Evening 1 at dawn"}))));
}

#[test]
fn a_new_event_may_be_a_draft() {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('n')).type_in("Tea").press(KeyCode::Tab).type_in("fri 18:30");
    for _ in 0..4 {
        driven.press(KeyCode::Tab);
    }
    driven.type_in("Kitchen").control('d');
    let status = driven.sent.iter().find_map(|(_, request)| match request {
        Request::CreateEvent(body) => Some(body["status"].clone()),
        _ => None,
    });
    assert_eq!(status, Some(json!("draft")));
    let mut made = event();
    made.status = eventcore::events::EventStatus::Draft;
    driven.respond(|r| matches!(r, Request::CreateEvent(_)), Ok(Response::Event(Box::new(made))));
    assert_eq!(driven.last_line(), "✓ Evening saved as a draft with 10 occurrences: p publishes it");
    // An existing event cannot be saved as a draft.
    let mut driven = looked();
    driven.press(KeyCode::Char('e')).control('d');
    assert_eq!(driven.last_line(), "! Not a new event: ^S saves the changes");
}

#[test]
fn quitting_with_unsaved_text_warns_once() {
    let mut driven = looked();
    driven.press(KeyCode::Char('e')).type_in("!").control('c');
    assert!(!driven.quit);
    assert_eq!(driven.last_line(), "! Unsaved text: press ^C again to quit");
    driven.control('c');
    assert!(driven.quit);
    let mut driven = looked();
    driven.press(KeyCode::Char('e')).type_in("!").press(KeyCode::Esc).press(KeyCode::Char('q'));
    assert!(!driven.quit);
    driven.press(KeyCode::Char('q'));
    assert!(driven.quit);
    let mut driven = looked();
    driven.press(KeyCode::Char('q'));
    assert!(driven.quit, "nothing was typed");
}

/// A program that stores drafts, with these from before.
fn with_drafts(drafts: Drafts) -> Driven {
    let mut driven = Driven::new();
    driven.app.with_drafts(drafts.clone());
    driven.drafts = drafts;
    driven.with_agenda(9).signed_in()
}

#[test]
fn drafts_outlive_the_program() {
    let mut driven = with_drafts(Drafts::new()).with_detail();
    driven.press(KeyCode::Char('e')).type_in(" at dawn").press(KeyCode::Esc);
    driven.press(KeyCode::Char('E')).press(KeyCode::Tab).control('u').type_in("2027-03-01 19:00");
    assert_eq!(driven.drafts.len(), 1, "while one types it is not kept with every key");
    driven.wait(2_000);
    assert_eq!(driven.drafts.len(), 2, "but after a pause, whatever becomes of the program");
    driven.type_in(":30").control('c');
    assert_eq!(driven.last_line(), "! Unsaved text is kept as a draft: press ^C again to quit");
    driven.control('c');
    assert!(driven.quit);
    let typed: Vec<_> = driven.drafts.values().flat_map(|draft| draft.typed.clone()).collect();
    let typed: Vec<_> = typed.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(typed, [("starts_at", "2027-03-01 19:00:30"), ("title", "Evening 1 at dawn")]);

    let mut driven = with_drafts(driven.drafts.clone()).with_detail();
    driven.press(KeyCode::Char('E'));
    assert_eq!(driven.last_line(), "✓ Draft restored: ^R discards it");
    insta::assert_snapshot!("form_again_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("form_again_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("form_again_40x15", driven.picture(40, 15));
    // Saving deletes the draft, and so does undoing the changes.
    driven.press(KeyCode::Backspace).press(KeyCode::Backspace).press(KeyCode::Backspace).control('s');
    driven.respond(|r| matches!(r, Request::ChangeEvent { .. }), Ok(Response::Event(Box::new(event()))));
    assert_eq!(driven.drafts.len(), 1);
    driven.press(KeyCode::Char('e'));
    for _ in 0.." at dawn".len() {
        driven.press(KeyCode::Backspace);
    }
    driven.press(KeyCode::Esc);
    assert_eq!(driven.drafts, Drafts::new());
    driven.press(KeyCode::Char('q'));
    assert!(driven.quit, "nothing is lost");
}

#[test]
fn drafts_are_discarded_and_restored() {
    let mut driven = with_drafts(Drafts::new()).with_detail();
    driven.press(KeyCode::Char('e')).control('r');
    assert_eq!(driven.last_line(), "! Nothing to discard");
    driven.type_in(" at dawn").press(KeyCode::Esc).press(KeyCode::Char('e')).control('r');
    assert_eq!(driven.last_line(), "✓ Text discarded: ^R restores it until you leave");
    assert!(!driven.picture(80, 24).contains("at dawn"));
    driven.control('r');
    assert!(driven.picture(80, 24).contains("Evening 1 at dawn▏"), "{}", driven.picture(80, 24));
    driven.control('r').press(KeyCode::Esc);
    assert_eq!(driven.drafts, Drafts::new());
    driven.press(KeyCode::Char('e'));
    assert!(!driven.picture(80, 24).contains("at dawn"));
}

#[test]
fn a_form_closed_while_saving_is_a_draft_until_saved() {
    for saved in [true, false] {
        let mut driven = with_drafts(Drafts::new()).with_detail();
        driven.press(KeyCode::Char('e')).type_in("!").control('s').press(KeyCode::Esc);
        assert_eq!(driven.drafts.len(), 1);
        let outcome = if saved {
            Ok(Response::Occurrence(Box::new(occurrence(1))))
        } else {
            Err(ApiError::unavailable("the server does not answer"))
        };
        driven.respond(|r| matches!(r, Request::ChangeOccurrence { .. }), outcome);
        assert_eq!(driven.drafts.len(), usize::from(!saved));
    }
}

#[test]
fn a_response_closes_only_the_form_that_sent_the_request() {
    let mut driven = with_drafts(Drafts::new()).with_detail();
    driven.press(KeyCode::Char('e')).type_in("!").control('s').press(KeyCode::Esc);
    driven.press(KeyCode::Char('E')).type_in(" in Berlin");
    driven.respond(
        |r| matches!(r, Request::ChangeOccurrence { .. }),
        Ok(Response::Occurrence(Box::new(occurrence(1)))),
    );
    assert_eq!(driven.last_line(), "✓ Saved");
    assert!(driven.picture(80, 24).contains("Evening in Berlin▏"), "{}", driven.picture(80, 24));
}

#[test]
fn drafts_belong_to_users() {
    let mut driven = with_drafts(Drafts::new());
    driven.press(KeyCode::Char('n')).type_in("Tea").press(KeyCode::Esc);
    let drafts = driven.drafts.clone();
    let mut other = crate::app::driven::user();
    other.id = serde_json::from_value(json!("01890000-0000-7000-8000-000000000002")).unwrap();
    let mut driven = with_drafts(drafts);
    driven.app.cx.me = Some(Box::new(other));
    driven.press(KeyCode::Char('n'));
    assert!(!driven.picture(80, 24).contains("Tea"), "{}", driven.picture(80, 24));
}

#[test]
fn losing_drafts_is_announced() {
    let mut driven = with_drafts(Drafts::new());
    driven.press(KeyCode::Char('n')).type_in("Tea").wait(2_000);
    driven.send(Message::DraftNotStored("drafts.json cannot be written: no space".to_owned()));
    assert_eq!(driven.last_line(), "✗ Drafts cannot be stored: drafts.json cannot be written: no space");
    driven.press(KeyCode::Esc).press(KeyCode::Char('q'));
    assert!(!driven.quit);
    assert_eq!(driven.last_line(), "! Unsaved text: press q again to quit");
}

#[test]
fn the_selected_field_is_visible() {
    let mut driven = looked();
    driven.press(KeyCode::Char('E'));
    for label in [
        "Title",
        "When",
        "Length",
        "Repeats",
        "Time zone",
        "Where",
        "Seats",
        "Party",
        "Waitlist",
        "Opens",
        "Closes",
    ] {
        assert!(
            driven.picture(40, 15).contains(&format!("▌{label}")),
            "{label}:\n{}",
            driven.picture(40, 15)
        );
        driven.press(KeyCode::Tab);
    }
    assert_eq!(driven.app.at(), Place::Form);
}

#[test]
fn fields_show_how_they_are_understood() {
    let mut driven = Driven::new().with_agenda(0).signed_in();
    driven
        .press(KeyCode::Char('n'))
        .type_in("Tea")
        .press(KeyCode::Tab)
        .type_in("fri 18:30")
        .press(KeyCode::Tab);
    driven.press(KeyCode::Tab).type_in("every friday 4 times");
    insta::assert_snapshot!("form_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("form_40x15", driven.picture(40, 15));
    driven.control('s');
    assert_eq!(driven.last_line(), "! Not saved: the marked field is not filled in correctly");
    assert!(!driven.sent.iter().any(|(_, request)| matches!(request, Request::CreateEvent(_))));
    // The location is selected.
    driven.type_in("Kitchen").control('s');
    let created = driven.sent.iter().find_map(|(_, request)| match request {
        Request::CreateEvent(body) => Some(body.clone()),
        _ => None,
    });
    assert_eq!(
        created.unwrap(),
        json!({
            "title": "Tea", "starts_at": "2027-03-05T18:30:00", "all_day": false, "duration": "PT1H",
            "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=FR;COUNT=4"},
            "timezone": "Europe/Berlin", "location": "Kitchen", "capacity": 20, "max_party_size": 10,
            "waitlist_enabled": true, "category": null, "tags": [], "url": null, "visibility": "public",
            "description": ""
        })
    );
    let wrong = Violation {
        pointer: "/starts_at".to_owned(),
        code: "in_the_past".into(),
        message: "must not lie in the past".to_owned(),
    };
    let refused =
        ApiError { message: "1 field is wrong".to_owned(), fields: vec![wrong], kind: ErrorKind::Other };
    driven.respond(|r| matches!(r, Request::CreateEvent(_)), Err(refused));
    assert!(driven.picture(120, 40).contains("▌When        fri 18:30▏"), "the wrong field is gone to");
    assert!(driven.picture(120, 40).contains("! must not lie in the past"));
    // Closing keeps the text.
    driven.press(KeyCode::Esc).press(KeyCode::Char('n'));
    assert!(driven.picture(120, 40).contains("every friday 4 times"));
    driven
        .control('s')
        .respond(|r| matches!(r, Request::CreateEvent(_)), Ok(Response::Event(Box::new(event()))));
    assert_eq!(driven.last_line(), "✓ Evening saved with 10 occurrences: everyone sees it");
}

#[test]
fn excluded_occurrences_move_with_the_start_although_the_rule_changes_too() {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.press(KeyCode::Down).press(KeyCode::Enter);
    let mut detail = crate::app::driven::detail(occurrence(1));
    let recurrence = json!({"rrule": "FREQ=DAILY;COUNT=10", "exdate": ["2027-03-03T18:30:00"]});
    detail.event.recurrence = serde_json::from_value(recurrence).unwrap();
    driven.respond(
        |r| matches!(r, Request::OccurrenceDetail(_)),
        Ok(Response::OccurrenceDetail(Box::new(detail))),
    );
    driven.press(KeyCode::Char('E')).press(KeyCode::Tab).control('u').type_in("2027-03-01 19:00");
    driven.press(KeyCode::Tab).press(KeyCode::Tab).control('u').type_in("every day 5 times");
    let picture = driven.picture(120, 40);
    assert!(picture.contains("5 times, except on 3 March 2027 → 1 Mar · 2 Mar · 4 Mar · 5 Mar"), "{picture}");
    driven.control('s');
    let sent = driven.sent.iter().find_map(|(_, request)| match request {
        Request::ChangeEvent { patch, .. } => Some(patch.clone()),
        _ => None,
    });
    let patch = json!({
        "starts_at": "2027-03-01T19:00:00", "all_day": false,
        "recurrence": {"rrule": "FREQ=DAILY;COUNT=5"}
    });
    assert_eq!(sent, Some(patch));
}

#[test]
fn a_refused_form_is_not_tried_again() {
    let mut driven = looked();
    driven.press(KeyCode::Char('e')).type_in("!").control('s');
    let away = ApiError::unavailable("the server cannot be reached");
    driven.respond(|r| matches!(r, Request::ChangeOccurrence { .. }), Err(away));
    driven.wait(5_000);
    let picture = driven.picture(80, 24);
    assert!(picture.contains("✗ the server cannot be reached"), "{picture}");
    assert!(!picture.contains("rying again"), "{picture}");
    let mut driven = Driven::new().with_agenda(3);
    driven
        .press(KeyCode::Char('A'))
        .type_in("ada")
        .press(KeyCode::Tab)
        .type_in("secret")
        .press(KeyCode::Enter);
    let away = ApiError::unavailable("the server cannot be reached");
    driven.respond(|r| matches!(r, Request::SignIn { .. }), Err(away));
    driven.wait(5_000);
    let picture = driven.picture(80, 24);
    assert!(
        picture.contains("✗ the server cannot be reached") && !picture.contains("rying again"),
        "{picture}"
    );
}

#[test]
fn line_ends_stay_in_the_description_and_tags_have_blanks() {
    let mut driven = looked();
    driven.press(KeyCode::Char('E'));
    for _ in 0..6 {
        driven.press(KeyCode::BackTab);
    }
    driven.control('u').type_in("#open air, rust,, night market ");
    assert!(
        driven.picture(120, 40).contains("→ open air · rust · night market"),
        "{}",
        driven.picture(120, 40)
    );
    for _ in 0..3 {
        driven.press(KeyCode::Tab);
    }
    driven.control('u').type_in("Talks").press(KeyCode::Enter).type_in("- pizza");
    driven.send(Message::Paste("\r\n- नमस्ते\r- 🇩🇪\n".to_owned())).press(KeyCode::Backspace);
    insta::assert_snapshot!("form_description_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("form_description_40x15", driven.picture(40, 15));
    driven.control('s');
    let sent = driven.sent.iter().find_map(|(_, request)| match request {
        Request::ChangeEvent { patch, .. } => Some(patch.clone()),
        _ => None,
    });
    let patch = json!({
        "tags": ["open air", "rust", "night market"], "description": "Talks\n- pizza\n- नमस्ते\n- 🇩🇪"
    });
    assert_eq!(sent, Some(patch));
}

#[test]
fn an_edit_sends_only_changed_fields() {
    let mut driven = Driven::new().with_agenda(9).signed_in().with_detail();
    driven.press(KeyCode::Char('e')).type_in("!").control('s');
    let title = json!({"title": "Evening 1!"});
    let is_change =
        |r: &Request| matches!(r, Request::ChangeOccurrence { version: 1, patch, .. } if *patch == title);
    assert!(driven.sent.iter().any(|(_, request)| is_change(request)), "{:?}", driven.sent);
    driven
        .press(KeyCode::Esc)
        .press(KeyCode::Char('E'))
        .press(KeyCode::Tab)
        .press(KeyCode::Tab)
        .press(KeyCode::Tab)
        .control('u')
        .control('s');
    let single = json!({"recurrence": null});
    let is_change = |request: &Request| match request {
        Request::ChangeEvent { version: 3, patch, .. } => *patch == single,
        _ => false,
    };
    assert!(driven.sent.iter().any(|(_, request)| is_change(request)), "{:?}", driven.sent);
}

#[test]
fn registration_closes_some_time_before_each_start() {
    let mut driven = Driven::new().with_agenda(9).signed_in().with_detail();
    driven.press(KeyCode::Char('E'));
    for _ in 0..20 {
        if driven.picture(120, 40).contains("▌Closes") {
            break;
        }
        driven.press(KeyCode::Tab);
    }
    driven.control('u').type_in("1 day 2 hours before");
    assert!(driven.picture(120, 40).contains("first "), "{}", driven.picture(120, 40));
    driven.control('s');
    let patch = json!({"registration_closes_before": "P1DT2H"});
    let is_change = |r: &Request| matches!(r, Request::ChangeEvent { patch: sent, .. } if *sent == patch);
    assert!(driven.sent.iter().any(|(_, request)| is_change(request)), "{:?}", driven.sent);
}

/// The screen of an occurrence of the series, which begins on 1 March.
fn screen_of(number: usize) -> Driven {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.press(KeyCode::Down).press(KeyCode::Enter);
    let detail = crate::app::driven::detail(occurrence(number));
    driven.respond(
        |r| matches!(r, Request::OccurrenceDetail(_)),
        Ok(Response::OccurrenceDetail(Box::new(detail))),
    );
    driven
}

#[test]
fn this_and_following_of_the_first_occurrence_are_all() {
    let edit = |driven: &mut Driven| {
        driven
            .press(KeyCode::Char('f'))
            .press(KeyCode::Tab)
            .control('u')
            .type_in("2027-03-05 19:00")
            .control('s');
    };
    let patch = json!({"starts_at": "2027-03-05T19:00:00", "all_day": false});
    let mut later = screen_of(4);
    edit(&mut later);
    let is_split = |r: &Request| matches!(r, Request::SplitEvent { patch: sent, .. } if *sent == patch);
    assert!(later.sent.iter().any(|(_, request)| is_split(request)), "{:?}", later.sent);
    let mut first = screen_of(1);
    edit(&mut first);
    let is_change = |r: &Request| matches!(r, Request::ChangeEvent { patch: sent, .. } if *sent == patch);
    assert!(first.sent.iter().any(|(_, request)| is_change(request)), "{:?}", first.sent);
}
