//! The co-organizers of an event: listed, added and removed.

use crossterm::event::KeyCode;
use eventcore::accounts::PublicProfile;
use serde_json::json;

use crate::app::driven::{Driven, error, user};
use crate::backend::{CoOrganizersRequest, ErrorKind, Request, Response};
use crate::keys::Place;

/// Bob and Carla, then Ada, who is signed in.
pub(crate) fn co_organizers() -> Vec<PublicProfile> {
    let profile = |n: usize, name: &str| {
        serde_json::from_value(json!({
            "id": format!("01890000-0000-7000-8000-{n:012}"), "username": name.to_lowercase(),
            "display_name": name
        }))
        .unwrap()
    };
    vec![profile(2, "Bob"), profile(3, "Carla"), profile(1, "Ada")]
}

fn is_list(request: &Request) -> bool {
    matches!(request, Request::CoOrganizers(_, CoOrganizersRequest::List))
}

fn listed() -> Driven {
    let mut driven = Driven::new().with_agenda(9).signed_in().with_detail();
    driven.press(KeyCode::Char('P')).respond(is_list, Ok(Response::CoOrganizers(co_organizers())));
    driven
}

#[test]
fn co_organizers_in_all_their_states() {
    let mut driven = Driven::new().with_agenda(9).signed_in().with_detail();
    driven.press(KeyCode::Char('P'));
    let away = error("the server cannot be reached", ErrorKind::Unavailable);
    driven.respond(is_list, Err(away));
    insta::assert_snapshot!("co_organizers_error", driven.picture(80, 24));
    driven.wait(15_000).respond(is_list, Ok(Response::CoOrganizers(Vec::new())));
    insta::assert_snapshot!("co_organizers_empty", driven.picture(80, 24));
    let driven = listed();
    insta::assert_snapshot!("co_organizers_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("co_organizers_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("co_organizers_40x15", driven.picture(40, 15));
}

#[test]
fn co_organizers_are_added_by_username_and_removed() {
    let mut driven = listed();
    let adds = |name: &'static str| {
        move |r: &Request| match r {
            Request::CoOrganizers(_, CoOrganizersRequest::Add(added)) => added == name,
            _ => false,
        }
    };
    driven.press(KeyCode::Char('n')).type_in("@dam").press(KeyCode::Enter);
    driven.respond(adds("dam"), Err(error("no such user", ErrorKind::Other)));
    // What was typed stays.
    assert_eq!(driven.last_line(), "Username of the co-organizer: @dam▏ · Enter adds");
    driven.press(KeyCode::Backspace).type_in("n").press(KeyCode::Enter);
    driven.respond(adds("dan"), Ok(Response::Done));
    assert_eq!(driven.last_line(), "✓ Co-organizer added: may change the event from now on");
    driven.respond(is_list, Ok(Response::CoOrganizers(co_organizers())));

    driven.press(KeyCode::Char('x'));
    assert_eq!(driven.last_line(), "Remove Bob (bob) as co-organizer? y confirms, any other key cancels");
    let bob = co_organizers()[0].id;
    let removes =
        |r: &Request| matches!(r, Request::CoOrganizers(_, CoOrganizersRequest::Remove(id)) if *id == bob);
    driven.press(KeyCode::Char('y')).respond(removes, Ok(Response::Done));
    assert_eq!(driven.last_line(), "✓ Co-organizer removed");
    assert_eq!(driven.app.at(), Place::CoOrganizers);

    // Who leaves may not see the others any more.
    driven.press(KeyCode::Char('G')).press(KeyCode::Char('x'));
    assert!(driven.last_line().starts_with("Leave as co-organizer? You can no longer change the event"));
    let me = user().id;
    let leaves =
        |r: &Request| matches!(r, Request::CoOrganizers(_, CoOrganizersRequest::Remove(id)) if *id == me);
    driven.press(KeyCode::Char('y')).respond(leaves, Ok(Response::Done));
    assert_eq!(driven.app.at(), Place::Event);
}
