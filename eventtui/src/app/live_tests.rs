//! What is followed, and what is told of it, on the screen.

use std::collections::BTreeSet;
use std::sync::Arc;

use crossterm::event::KeyCode;
use eventcore::live::{EventNow, Followed, GoneNow, InboxNow, LiveEvent, SeatsNow};
use eventcore::notifications::Notification;

use super::driven::{Driven, detail, error, event, occurrence, page};
use crate::backend::{ErrorKind, NotificationsRequest, Request, Response};
use crate::desktop_notice::DesktopNotices;
use crate::message::{Effect, LiveUpdate, Message};
use crate::screens::inbox_tests::{every_kind, is_news};

/// Later than the screen is loaded again that is not followed.
const POLL: u64 = 15_000;

impl Driven {
    fn stream(&self) -> u64 {
        self.followed.last().expect("a stream").0
    }

    fn live(&mut self, update: LiveUpdate) -> &mut Self {
        let stream = self.stream();
        self.send(Message::Live { stream, update })
    }

    fn told(&mut self, event: LiveEvent) -> &mut Self {
        self.live(LiveUpdate::Told(Arc::new(event)))
    }

    fn asked(&self, is: impl Fn(&Request) -> bool) -> usize {
        self.sent.iter().filter(|(_, request)| is(request)).count()
    }
}

/// An agenda whose stream is connected, and the number of loads so far.
fn connected(count: usize) -> Driven {
    let mut driven = Driven::new().with_agenda(count).signed_in();
    driven.respond(is_list, Ok(Response::Occurrences(page((0..count).map(occurrence).collect(), None))));
    driven.live(LiveUpdate::Connected);
    driven.sent.clear();
    driven
}

fn is_list(request: &Request) -> bool {
    matches!(request, Request::Occurrences { .. })
}

fn seats(n: usize, seats_left: i64) -> SeatsNow {
    let known = occurrence(n);
    SeatsNow {
        occurrence_id: known.id,
        event_id: known.event_id,
        status: known.status,
        capacity: known.capacity,
        seats_taken: known.capacity - seats_left,
        seats_left,
        waitlist_length: 0,
        version: known.version,
    }
}

fn inbox(unread_count: i64, notification: Option<Notification>) -> LiveEvent {
    LiveEvent::Inbox(Box::new(InboxNow { unread_count, notification }))
}

fn occurrences(followed: Option<&Followed>) -> BTreeSet<String> {
    followed.into_iter().flat_map(|followed| &followed.occurrences).map(ToString::to_string).collect()
}

#[test]
fn what_is_on_the_screen_is_followed_and_scrolling_opens_few_streams() {
    let mut driven = Driven::new();
    assert!(driven.followed.is_empty(), "nothing is shown yet");
    driven = driven.with_agenda(90);
    let first = driven.followed.last().unwrap().clone();
    let all: BTreeSet<String> = (0..90).map(|n| occurrence(n).id.to_string()).collect();
    assert!(first.0 == 1 && occurrences(first.1.as_ref()).is_subset(&all));
    assert!(occurrences(first.1.as_ref()).contains(&occurrence(40).id.to_string()));
    for _ in 0..30 {
        driven.press(KeyCode::Down).wait(400);
    }
    assert_eq!(driven.stream(), 1, "a page below is followed, too");
    driven.press(KeyCode::Char('G'));
    assert_eq!(driven.stream(), 1, "not while it is scrolled");
    driven.wait(400);
    let (stream, followed) = driven.followed.last().unwrap().clone();
    assert!(stream == 2 && occurrences(followed.as_ref()).contains(&occurrence(89).id.to_string()));
    // Another user is shown other things.
    driven = driven.signed_in();
    assert_eq!(driven.stream(), 3);
}

#[test]
fn seats_change_on_the_screen_without_a_request() {
    let mut driven = connected(3);
    assert!(driven.picture(120, 24).contains("40 of 40 free"));
    let before = driven.picture(120, 24);
    driven.told(LiveEvent::Seats(seats(0, 17)));
    let after = driven.picture(120, 24);
    assert!(after != before && after.contains("17 of 40 free"), "{after}");
    driven.wait(POLL);
    assert_eq!(driven.asked(is_list), 0);
    // What an earlier stream tells is not taken.
    let stream = driven.stream() - 1;
    let update = LiveUpdate::Told(Arc::new(LiveEvent::Seats(seats(0, 3))));
    driven.send(Message::Live { stream, update });
    assert_eq!(driven.picture(120, 24), after);
}

#[test]
fn what_is_out_of_date_is_loaded_once_for_many_messages() {
    let mut driven = connected(3);
    for n in 0..3 {
        driven.told(LiveEvent::Seats(SeatsNow { version: 2, ..seats(n, 17) }));
    }
    assert_eq!(driven.asked(is_list), 0);
    assert_eq!(driven.wait(100).asked(is_list), 1);
    let changed = (0..3).map(|n| {
        let mut changed = occurrence(n);
        (changed.version, changed.title) = (2, format!("Changed {n}"));
        changed
    });
    driven.respond(is_list, Ok(Response::Occurrences(page(changed.collect(), None))));
    assert!(driven.picture(80, 24).contains("Changed 2"));
    // More that follow at once wait.
    driven.told(LiveEvent::Seats(SeatsNow { version: 3, ..seats(1, 17) }));
    driven.told(LiveEvent::Gone(GoneNow { occurrence_id: Some(occurrence(2).id), event_id: None }));
    assert_eq!(driven.wait(1_000).asked(is_list), 0);
    assert_eq!(driven.wait(1_000).asked(is_list), 1);
}

#[test]
fn a_changed_event_is_loaded_where_it_is_shown() {
    let is_detail = |r: &Request| matches!(r, Request::OccurrenceDetail(_));
    let mut driven = connected(9);
    driven.press(KeyCode::Down).press(KeyCode::Enter).wait(400);
    driven.respond(is_detail, Ok(Response::OccurrenceDetail(Box::new(detail(occurrence(1))))));
    driven.wait(400);
    let (_, followed) = driven.followed.last().unwrap().clone();
    assert!(followed.unwrap().events.contains(&event().id));
    driven.live(LiveUpdate::Connected);
    let now = |version| {
        let event = event();
        LiveEvent::Event(EventNow {
            event_id: event.id,
            status: event.status,
            visibility: event.visibility,
            version,
            updated_at: event.updated_at,
        })
    };
    driven.told(now(event().version)).wait(3_000);
    assert_eq!(driven.asked(is_detail), 0, "it is that version");
    driven.told(now(event().version + 1)).wait(3_000);
    assert_eq!(driven.asked(is_detail), 1);
}

#[test]
fn the_badge_follows_and_a_new_notification_is_shown_on_the_desktop() {
    let mut driven = connected(3);
    driven.app.cx.config.notices = DesktopNotices::Osc9;
    let head = |driven: &Driven| driven.picture(100, 24).lines().next().unwrap().to_owned();
    driven.told(inbox(2, None));
    assert!(head(&driven).contains("✉ 2"), "{}", head(&driven));
    // The first count tells what is known already.
    let [older, newest, ..] = &every_kind()[..] else { panic!("several") };
    driven.told(inbox(3, Some(older.clone()))).told(inbox(4, Some(newest.clone())));
    let shown = |driven: &Driven| {
        driven.handed.iter().filter(|effect| matches!(effect, Effect::ShowOnDesktop { .. })).count()
    };
    assert_eq!(shown(&driven), 1);
    driven.told(inbox(4, Some(newest.clone())));
    assert_eq!(shown(&driven), 1, "not twice");
    // It may be about my registrations.
    driven.wait(3_000);
    assert_eq!(driven.asked(|r| matches!(r, Request::MyRegistrations { .. })), 1);
    assert_eq!(driven.asked(is_news), 0);
    assert!(head(&driven).contains("✉ 4"));
}

#[test]
fn a_lost_connection_falls_back_to_asking() {
    let mut driven = connected(3);
    driven.wait(POLL).wait(POLL);
    assert!(driven.sent.is_empty(), "{:?}", driven.sent);
    driven.live(LiveUpdate::Lost);
    assert_eq!((driven.asked(is_list), driven.asked(is_news)), (1, 1), "it is old");
    driven.sent.clear();
    driven.wait(POLL);
    assert_eq!((driven.asked(is_list), driven.asked(is_news)), (1, 1));
    // A load that fails is repeated as often.
    driven.live(LiveUpdate::Connected).wait(POLL);
    driven.respond(is_list, Err(error("the server does not answer", ErrorKind::Unavailable)));
    assert_eq!(driven.asked(is_list), 1);
    // New events are not told: they are asked for now and then.
    driven.respond(is_list, Ok(Response::Occurrences(page((0..3).map(occurrence).collect(), None))));
    assert_eq!(driven.wait(3 * POLL).asked(is_list), 0);
    assert_eq!(driven.wait(POLL).asked(is_list), 1);
}

#[test]
fn nobody_is_followed_who_has_signed_out() {
    let mut driven = connected(0);
    assert!(driven.followed.last().unwrap().1.is_some(), "her notifications");
    driven.send(Message::SignedOut);
    assert_eq!(driven.followed.last().unwrap().1, None);
    driven.told(inbox(2, None));
    assert!(!driven.picture(100, 24).contains('✉'));
    assert_eq!(driven.asked(|r| matches!(r, Request::Notifications(NotificationsRequest::News))), 0);
}
