//! The categories: listed, created, changed and deleted.

use crossterm::event::KeyCode;
use eventcore::categories::Category;
use serde_json::json;

use crate::app::driven::{Driven, error};
use crate::backend::{CategoryRequest, ErrorKind, Request, Response};
use crate::keys::Place;

pub(crate) fn categories(count: usize) -> Vec<Category> {
    let names = ["Concert", "Open air", "Workshop"];
    let category = |n: usize| {
        let name = format!("{}{}", names[n % 3], if n < 3 { String::new() } else { format!(" {n}") });
        serde_json::from_value(json!({
            "id": format!("01890000-0000-7000-8000-{n:012}"), "slug": name.to_lowercase().replace(' ', "-"),
            "name": name, "description": "Music, live and loud", "colour": "#2e86c1", "upcoming_events": n,
            "created_at": "2026-11-23T10:00:00Z", "updated_at": "2026-11-23T10:00:00Z", "version": 2
        }))
        .unwrap()
    };
    (0..count).map(category).collect()
}

fn listed() -> Driven {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char(':')).type_in("categories").press(KeyCode::Enter);
    driven.respond(|r| *r == Request::Categories, Ok(Response::Categories(categories(3))));
    driven
}

fn is_change(request: &Request) -> bool {
    matches!(request, Request::Category(_))
}

fn change(driven: &Driven) -> CategoryRequest {
    let change = driven.sent.iter().rev().find_map(|(_, request)| match request {
        Request::Category(change) => Some(change.clone()),
        _ => None,
    });
    change.unwrap()
}

#[test]
fn categories_in_all_their_states() {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('5')).press(KeyCode::Char('K'));
    let away = error("the server cannot be reached", ErrorKind::Unavailable);
    driven.respond(|r| *r == Request::Categories, Err(away));
    insta::assert_snapshot!("categories_error", driven.picture(80, 24));
    let driven = listed();
    insta::assert_snapshot!("categories_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("categories_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("categories_40x15", driven.picture(40, 15));
}

#[test]
fn admins_create_rename_and_delete_categories() {
    let mut driven = listed();
    driven.press(KeyCode::Char('n')).type_in("Repair Café");
    insta::assert_snapshot!("category_form_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Enter);
    let created = json!({"name": "Repair Café", "slug": "repair-cafe", "description": ""});
    assert_eq!(change(&driven), CategoryRequest::Create(created));
    driven.respond(is_change, Err(error("only admins may do this", ErrorKind::Other)));
    let picture = driven.picture(80, 24);
    assert!(picture.contains("✗ only admins may do this") && picture.contains("Repair Café"), "{picture}");
    driven.press(KeyCode::Enter).respond(is_change, Ok(Response::Categories(categories(4))));
    assert_eq!((driven.app.at(), driven.last_line().as_str()), (Place::Categories, "✓ Categories changed"));
    driven.respond(|r| *r == Request::Categories, Ok(Response::Categories(categories(4))));

    // Only what differs is sent.
    driven.press(KeyCode::Char('j')).press(KeyCode::Char('e')).type_in(" stage").press(KeyCode::Enter);
    let patch = json!({"name": "Open air stage"});
    assert_eq!(change(&driven), CategoryRequest::Change { slug: "open-air".to_owned(), version: 2, patch });
    driven.respond(is_change, Ok(Response::Categories(categories(4))));
    driven.respond(|r| *r == Request::Categories, Ok(Response::Categories(categories(4))));

    driven.press(KeyCode::Char('x')).press(KeyCode::Enter);
    let delete = |move_to: Option<&str>| CategoryRequest::Delete {
        slug: "open-air".to_owned(),
        version: 2,
        move_to: move_to.map(str::to_owned),
    };
    assert_eq!(change(&driven), delete(None));
    driven.respond(is_change, Err(error("the category has events: name another", ErrorKind::Other)));
    driven.type_in("Concert");
    insta::assert_snapshot!("category_deletion_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Enter);
    assert_eq!(change(&driven), delete(Some("concert")));
}
