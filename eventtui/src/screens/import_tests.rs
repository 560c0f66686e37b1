//! Importing a calendar file: tried first, shown, and then stored.

use crossterm::event::KeyCode;
use eventcore::calendars::{ImportReport, ImportedComponent};
use serde_json::{Value, json};

use crate::app::driven::{Driven, error};
use crate::backend::{CalendarFile, ErrorKind, ImportRequest, ImportedFile, Request, Response};
use crate::keys::Place;

fn component(n: usize) -> ImportedComponent {
    let note =
        |code: &str, message: &str, line: usize| json!({"code": code, "message": message, "line": line});
    let filled = note("location_filled", "LOCATION is missing: “To be announced” is filled in", 0);
    let (outcome, reason, notes) = match n % 6 {
        0 | 3 => ("created", Value::Null, json!([])),
        1 | 4 => ("updated", Value::Null, json!([filled])),
        2 => ("unchanged", Value::Null, json!([])),
        _ => {
            let message = "FREQ=MINUTELY is not supported: use HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY";
            ("skipped", note("unsupported", message, n * 10 + 7), json!([]))
        }
    };
    let title = (n != 2).then(|| format!("Chess \u{1b}club {n}"));
    serde_json::from_value(json!({
        "line": n * 10 + 2, "component": "VEVENT", "uid": format!("chess-{n}@example.org"),
        "recurrence_id": null, "title": title, "outcome": outcome, "event_id": null, "reason": reason,
        "notes": notes
    }))
    .unwrap()
}

fn report(count: usize, dry_run: bool) -> ImportReport {
    let components: Vec<_> = (0..count).map(component).collect();
    let with = |outcome: &str| {
        components.iter().filter(|component| component.outcome.to_string() == outcome).count()
    };
    serde_json::from_value(json!({
        "dry_run": dry_run, "created": with("created"), "updated": with("updated"),
        "unchanged": with("unchanged"), "skipped": with("skipped"), "components": components
    }))
    .unwrap()
}

/// A file with some components, as an import would treat it.
pub(crate) fn tried(count: usize) -> ImportedFile {
    let file = CalendarFile { name: "club.ics".to_owned(), content: b"x".as_slice().into(), location: None };
    ImportedFile { file, report: report(count, true) }
}

fn is_import(request: &Request) -> bool {
    matches!(request, Request::Import(_))
}

fn asked(driven: &Driven) -> ImportRequest {
    match &driven.sent.last().unwrap().1 {
        Request::Import(request) => request.clone(),
        other => panic!("{other:?}"),
    }
}

fn opened() -> Driven {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('5')).press(KeyCode::Char('U'));
    assert_eq!(driven.app.at(), Place::Settings);
    driven
}

#[test]
fn a_file_is_tried_shown_and_imported_as_shown() {
    let mut driven = opened();
    insta::assert_snapshot!("import_form_80x24", driven.picture(80, 24));
    driven.type_in("~/club.ics").press(KeyCode::Tab).type_in("Library").press(KeyCode::Enter);
    let (path, location) = ("~/club.ics".to_owned(), Some("Library".to_owned()));
    assert_eq!(asked(&driven), ImportRequest::Try { path, location });
    driven.respond(is_import, Ok(Response::Import(Box::new(tried(6)))));
    assert_eq!(driven.app.at(), Place::ImportReport);
    insta::assert_snapshot!("import_report_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Char('G'));
    insta::assert_snapshot!("import_report_40x15", driven.picture(40, 15));

    let before = driven.sent.len();
    driven.press(KeyCode::Enter);
    assert!(driven.last_line().starts_with("Import 2 new and 2 changed entries?"), "{}", driven.last_line());
    driven.press(KeyCode::Char('n'));
    assert_eq!(driven.sent.len(), before, "nothing is stored without a yes");
    driven.press(KeyCode::Enter).press(KeyCode::Char('y'));
    assert_eq!(asked(&driven), ImportRequest::Store(tried(6).file));
    let stored = ImportedFile { report: report(6, false), ..tried(6) };
    driven.respond(is_import, Ok(Response::Import(Box::new(stored))));
    insta::assert_snapshot!("import_done_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Enter);
    assert_eq!(driven.last_line(), "! It is imported already");
    driven.press(KeyCode::Esc);
    assert_eq!(driven.app.at(), Place::Organize);
}

#[test]
fn a_file_that_cannot_be_imported_is_told_beside_its_path() {
    let mut driven = opened();
    driven.press(KeyCode::Enter);
    assert!(!driven.sent.iter().any(|(_, request)| is_import(request)), "the path is required");
    driven.type_in("notes.txt").press(KeyCode::Enter);
    let mut refused = error("line 1: not an iCalendar file", ErrorKind::Other);
    let message = refused.message.clone();
    refused.fields =
        vec![eventcore::Violation { pointer: "/path".to_owned(), code: "not_a_calendar".into(), message }];
    driven.respond(is_import, Err(refused));
    let picture = driven.picture(100, 24);
    assert!(
        picture.contains("! line 1: not an iCalendar file") && picture.contains("notes.txt"),
        "{picture}"
    );
    driven.press(KeyCode::Enter).respond(is_import, Ok(Response::Import(Box::new(tried(0)))));
    assert!(driven.picture(80, 24).contains("The file has no events"));
    driven.press(KeyCode::Enter);
    assert_eq!(driven.last_line(), "! Nothing of it would be imported");
}
