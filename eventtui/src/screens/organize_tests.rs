//! What organizers do with their events: publish and delete.

use crossterm::event::KeyCode;
use eventcore::events::{EventStatus, Visibility};

use crate::app::driven::{Driven, error, event, page};
use crate::backend::{ErrorKind, Request, Response};
use crate::keys::Place;

#[test]
fn drafts_and_events_without_registrations_are_deleted() {
    let organized = |status: EventStatus, visibility: Visibility| {
        let mut event = event();
        (event.status, event.visibility) = (status, visibility);
        let mut driven = Driven::new().with_agenda(9).signed_in();
        driven.press(KeyCode::Char('5')).respond(
            |r| matches!(r, Request::OrganizedEvents { .. }),
            Ok(Response::Events(page(vec![event], None))),
        );
        driven
    };
    let is_delete = |r: &Request| matches!(r, Request::DeleteEvent { version: 3, .. });
    let mut driven = organized(EventStatus::Draft, Visibility::Public);
    driven.press(KeyCode::Char('D'));
    assert!(driven.last_line().starts_with("Delete the draft “Evening”? This cannot be undone"));
    driven.press(KeyCode::Char('y')).respond(is_delete, Ok(Response::Done));
    assert_eq!(driven.last_line(), "✓ Event deleted");
    let mut driven = organized(EventStatus::Published, Visibility::Unlisted);
    assert!(driven.picture(80, 24).contains("◑ unlisted"), "{}", driven.picture(80, 24));
    driven.press(KeyCode::Delete);
    assert!(driven.last_line().starts_with("Delete “Evening” and all 10 occurrences?"));
    let taken = error("it has registrations: cancel it instead", ErrorKind::Other);
    driven.press(KeyCode::Char('y')).respond(is_delete, Err(taken));
    assert_eq!(driven.last_line(), "✗ it has registrations: cancel it instead");
    // Publishing says who will see the event.
    let mut driven = organized(EventStatus::Draft, Visibility::Private);
    driven.press(KeyCode::Char('p'));
    let mut published = event();
    published.visibility = Visibility::Private;
    driven.respond(|r| matches!(r, Request::PublishEvent(_)), Ok(Response::Event(Box::new(published))));
    assert_eq!(driven.last_line(), "✓ Published: only organizers and registered people see it");
    // The screen of a deleted event is closed.
    let mut driven = Driven::new().with_agenda(9).signed_in().with_detail();
    driven.press(KeyCode::Delete).press(KeyCode::Char('y')).respond(is_delete, Ok(Response::Done));
    assert_eq!((driven.app.at(), driven.last_line().as_str()), (Place::Agenda, "✓ Event deleted"));
}
