//! The inbox and its badge: listed, read, undone, muted, and followed to what they are about.

use crossterm::event::KeyCode;
use eventcore::Page;
use eventcore::notifications::{Notification, NotificationPage};
use serde_json::{Value, json};

use crate::app::driven::{Driven, error, event, occurrence, page};
use crate::backend::{ApiError, ErrorKind, NotificationsRequest, Request, Response};
use crate::desktop_notice::DesktopNotices;
use crate::keys::Place;
use crate::message::Effect;
use crate::screens::inbox::InboxScreen;

/// A notification that is about an occurrence, with changes.
fn told(n: usize, kind: &str, changes: &Value) -> Notification {
    let mut told = json!({
        "id": format!("01890000-0000-7000-8000-{:012}", 1_000 - n), "kind": kind,
        "text": "What happened, in a sentence.", "created_at": "2027-02-27T07:00:00Z", "read_at": null,
        "event_id": event().id, "occurrence_id": occurrence(1).id, "registration_id": null,
        "comment_id": null, "feedback_id": null, "title": "Rust evening",
        "starts_at": "2027-03-04T18:30:00+01:00", "timezone": "Europe/Berlin", "old_starts_at": null,
        "old_location": null, "reminder": null, "actor": null
    });
    told.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value(told).unwrap()
}

fn carla() -> Value {
    json!({"id": "01890000-0000-7000-8000-000000000003", "username": "carla", "display_name": "Carla"})
}

/// One of every kind, newest first, the first two unread.
pub(crate) fn every_kind() -> Vec<Notification> {
    let read = |at: &str| json!({"created_at": at, "read_at": "2027-02-27T08:00:00Z"});
    let with = |mut all: Value, changes: Value| {
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        all
    };
    let moved = json!({"created_at": "2027-02-27T08:56:00Z", "old_starts_at": "2027-03-03T19:00:00+01:00"});
    let account = json!({"event_id": null, "occurrence_id": null, "title": null, "starts_at": null,
        "timezone": null,
        "text": "The password of your account has changed. If it was not you, reset it at once."});
    let tokyo =
        json!({"title": "夜桜を見る会", "timezone": "Asia/Tokyo", "starts_at": "2027-03-28T17:00:00+09:00"});
    let all_day = json!({"title": "Spring fair", "starts_at": "2027-03-04"});
    vec![
        told(0, "event_changed", &moved),
        told(1, "registration_confirmed", &json!({"created_at": "2027-02-27T08:59:40Z"})),
        told(2, "reminder", &with(read("2027-02-27T07:00:00Z"), json!({"reminder": "P1D"}))),
        told(3, "registration_waitlisted", &with(read("2027-02-26T16:00:00Z"), tokyo)),
        told(4, "registration_promoted", &read("2027-02-25T16:00:00Z")),
        told(5, "event_cancelled", &with(read("2027-02-24T16:00:00Z"), all_day)),
        told(6, "new_comment", &with(read("2027-02-10T16:00:00Z"), json!({"actor": carla()}))),
        told(7, "comment_reply", &with(read("2027-02-09T16:00:00Z"), json!({"actor": carla()}))),
        told(8, "feedback_received", &with(read("2027-02-08T16:00:00Z"), json!({"actor": carla()}))),
        told(9, "registration_cancelled", &read("2027-01-08T16:00:00Z")),
        told(10, "event_changed", &with(read("2027-01-07T16:00:00Z"), json!({"old_location": "Hall\t1"}))),
        told(11, "password_changed", &with(read("2026-12-30T16:00:00Z"), account)),
    ]
}

pub(crate) fn notifications(items: Vec<Notification>, next: Option<&str>, unread: i64) -> Response {
    let page: Page<Notification> = page(items, next);
    Response::Notifications(Box::new(NotificationPage { page, unread_count: unread }))
}

/// Read ones, newest first.
pub(crate) fn many(count: usize) -> Vec<Notification> {
    let read = json!({"read_at": "2027-02-27T08:00:00Z"});
    (0..count).map(|n| told(n, "reminder", &read)).collect()
}

pub(crate) fn is_list(request: &Request) -> bool {
    matches!(request, Request::Notifications(NotificationsRequest::List { .. }))
}

pub(crate) fn is_news(request: &Request) -> bool {
    *request == Request::Notifications(NotificationsRequest::News)
}

fn asked(driven: &Driven, request: &NotificationsRequest) -> bool {
    driven.sent.iter().any(|(_, sent)| *sent == Request::Notifications(request.clone()))
}

fn opened() -> Driven {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.press(KeyCode::Char('N')).respond(is_list, Ok(notifications(every_kind(), None, 2)));
    driven
}

fn head(driven: &Driven, width: u16) -> String {
    driven.picture(width, 24).lines().next().unwrap().trim_matches(['"', ' ']).to_owned()
}

#[test]
pub(crate) fn every_kind_of_notification_is_told_in_a_sentence() {
    let mut driven = opened();
    insta::assert_snapshot!("inbox_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("inbox_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("inbox_40x15", driven.picture(40, 15));
    driven.press(KeyCode::Char('z'));
    assert!(driven.picture(80, 40).contains("waitlist · Sun 28 March 2027, 10:00 "), "in my zone");
}

#[test]
fn the_badge_counts_the_unread_and_follows_the_poll() {
    let mut driven = Driven::new().with_agenda(60).signed_in();
    let before = driven.picture(100, 24);
    driven.respond(is_news, Ok(notifications(Vec::new(), None, 2)));
    assert!(head(&driven, 100).ends_with("ada@events.db · each event's own time · ✉ 2"), "{before}");
    assert!(head(&driven, 40).ends_with("ada · ✉ 2"), "{}", head(&driven, 40));
    let rows = |picture: &str| picture.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&driven.picture(100, 24)), rows(&before), "nothing else moves");
    driven.wait(15_000).respond(is_news, Ok(notifications(Vec::new(), None, 12)));
    assert!(head(&driven, 100).ends_with("✉ 12"));
    // A failure leaves the last count, and says nothing: the screen does.
    driven.wait(15_000).respond(is_news, Err(ApiError::unavailable("the server does not answer")));
    assert!(head(&driven, 100).ends_with("✉ 12") && !driven.last_line().starts_with("✗"));
    // Also while a form is filled in.
    driven.press(KeyCode::Char('n')).wait(15_000).respond(is_news, Ok(notifications(Vec::new(), None, 0)));
    assert!(head(&driven, 100).ends_with("each event's own time"), "{}", head(&driven, 100));
}

#[test]
fn a_notification_is_read_and_leads_to_its_occurrence() {
    let mut driven = opened();
    let first = every_kind()[0].id;
    driven.press(KeyCode::Enter);
    assert!(head(&driven, 100).ends_with("✉ 1"), "shown at once: {}", head(&driven, 100));
    driven.respond(|r| matches!(r, Request::Find(_)), Ok(Response::Occurrence(Box::new(occurrence(1)))));
    assert_eq!(driven.app.at(), Place::Event);
    // A count that was requested before the change is not taken.
    driven.wait(15_000).respond(is_news, Ok(notifications(Vec::new(), None, 2)));
    assert!(head(&driven, 100).ends_with("✉ 1"));
    let read = |r: &Request| *r == Request::Notifications(NotificationsRequest::Read(first));
    driven.respond(read, Ok(Response::Done)).press(KeyCode::Esc);
    // The list that was loaded before still says unread; it is not shown so.
    assert_eq!(driven.picture(80, 24).matches('●').count(), 1, "{}", driven.picture(80, 24));
    // A failure shows it as unread again.
    let second = every_kind()[1].id;
    driven.press(KeyCode::Char('j')).press(KeyCode::Char('r'));
    assert!(!driven.picture(80, 24).contains('●'));
    let read = |r: &Request| *r == Request::Notifications(NotificationsRequest::Read(second));
    driven.respond(read, Err(error("the server does not answer", ErrorKind::Unavailable)));
    assert!(driven.picture(80, 24).contains('●') && head(&driven, 100).ends_with("✉ 1"));
}

#[test]
fn notifications_lead_to_what_they_are_about() {
    let places = [(6, Place::Comments), (7, Place::Comments), (8, Place::Feedback), (11, Place::Account)];
    for (n, place) in places {
        let mut driven = opened();
        driven.type_in(&"j".repeat(n)).press(KeyCode::Enter);
        assert_eq!(driven.app.at(), place, "{n}");
    }
    let mut driven = opened();
    let gone = json!({"event_id": null, "occurrence_id": null, "title": null});
    driven.press(KeyCode::Char('R'));
    driven.respond(is_list, Ok(notifications(vec![told(0, "event_cancelled", &gone)], None, 1)));
    driven.press(KeyCode::Enter);
    assert_eq!(driven.last_line(), "! This event is deleted");
    driven.press(KeyCode::Char('m'));
    assert_eq!(driven.last_line(), "! This event is deleted");
}

#[test]
fn all_are_read_unless_that_is_undone() {
    let mut driven = opened();
    let all = NotificationsRequest::ReadAll { until: Some(every_kind()[0].id) };
    driven.press(KeyCode::Char('a'));
    assert_eq!(driven.last_line(), "✓ All marked as read · u undoes it (5 s)");
    assert!(!driven.picture(80, 24).contains(['●', '✉']), "{}", driven.picture(80, 24));
    driven.wait(4_000).press(KeyCode::Char('u')).wait(9_000);
    assert!(!asked(&driven, &all), "it was undone");
    assert!(driven.picture(80, 24).contains(" Inbox · 2 unread") && head(&driven, 80).ends_with("✉ 2"));
    driven.press(KeyCode::Char('a')).wait(5_000);
    driven.respond(|r| *r == Request::Notifications(all.clone()), Ok(Response::Done));
    assert!(!driven.picture(80, 24).contains(['●', '✉']), "{}", driven.picture(80, 24));
    // Those that came later stay unread.
    let later = told(0, "reminder", &json!({"id": "01990000-0000-7000-8000-000000000000"}));
    let mut newer = every_kind();
    newer.insert(0, later);
    driven.press(KeyCode::Char('R')).respond(is_list, Ok(notifications(newer, None, 1)));
    driven.press(KeyCode::Char('g'));
    assert_eq!(driven.picture(80, 40).matches('●').count(), 1, "{}", driven.picture(80, 40));
    driven.press(KeyCode::Char('a')).press(KeyCode::Char('q'));
    let until = Some("01990000-0000-7000-8000-000000000000".parse().unwrap());
    assert!(driven.quit && asked(&driven, &NotificationsRequest::ReadAll { until }), "quitting sends it");
    driven.press(KeyCode::Char('a'));
    assert_eq!(driven.last_line(), "! All are read");
}

#[test]
fn an_event_is_muted_and_unmuted() {
    let mut driven = opened();
    let id = event().id;
    let toggle = |r: &Request| *r == Request::Notifications(NotificationsRequest::ToggleMute(id));
    driven.press(KeyCode::Char('m')).respond(toggle, Ok(Response::Muted(true)));
    let done = "✓ Event muted: no news of it, not even its cancellation · u undoes it (5 s)";
    assert_eq!(driven.last_line(), done);
    assert!(driven.picture(80, 24).contains("muted · 4 min ago"), "{}", driven.picture(80, 24));
    let undo = |r: &Request| *r == Request::Notifications(NotificationsRequest::SetMuted(id, false));
    driven.press(KeyCode::Char('u')).respond(undo, Ok(Response::Muted(false)));
    assert!(driven.last_line().starts_with("✓ Event not muted"), "{}", driven.last_line());
    assert!(!driven.picture(80, 24).contains("muted · "), "{}", driven.picture(80, 24));
    driven.press(KeyCode::Char('m')).respond(toggle, Err(error("there is no such event", ErrorKind::Other)));
    assert_eq!(driven.last_line(), "✗ there is no such event");
    driven.type_in(&"j".repeat(11)).press(KeyCode::Char('m'));
    assert_eq!(driven.last_line(), "! Notices about your account cannot be muted");
    // On the screen of an occurrence, too.
    let mut driven = Driven::new().with_agenda(9).signed_in().with_detail();
    driven.press(KeyCode::Char('m')).respond(toggle, Ok(Response::Muted(true)));
    assert_eq!(driven.last_line(), done);
}

#[test]
fn pages_are_loaded_and_new_notifications_move_nothing() {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('N')).respond(is_list, Ok(notifications(many(60), Some("more"), 0)));
    driven.type_in(&"j".repeat(12));
    let next = |r: &Request| match r {
        Request::Notifications(NotificationsRequest::List { cursor, .. }) => cursor.is_some(),
        _ => false,
    };
    driven.respond(next, Ok(notifications(many(70).split_off(60), None, 0)));
    assert_eq!(driven.layer::<InboxScreen>().list.items.len(), 70);
    let rows = |driven: &Driven| driven.picture(80, 24).lines().skip(4).take(18).collect::<String>();
    let (before, selected) = (rows(&driven), driven.layer::<InboxScreen>().list.selected().cloned());
    let mut newer = many(60);
    newer.insert(0, told(0, "reminder", &json!({"id": "01990000-0000-7000-8000-000000000000"})));
    driven.wait(15_000).respond(is_list, Ok(notifications(newer, Some("more"), 1)));
    assert_eq!(rows(&driven), before);
    assert_eq!(driven.layer::<InboxScreen>().list.selected().cloned(), selected);
    assert!(driven.picture(80, 24).contains(" newer: g shows them"), "{}", driven.picture(80, 24));
    driven.press(KeyCode::Char('g'));
    assert!(driven.picture(80, 24).contains("▌●"), "{}", driven.picture(80, 24));
}

#[test]
fn the_palette_knows_the_inbox_by_its_other_names() {
    for name in ["notifications", "inbox", "messages", "mute"] {
        let mut driven = Driven::new().with_agenda(3).signed_in();
        driven.press(KeyCode::Char(':')).type_in(name).press(KeyCode::Enter);
        assert_eq!(driven.app.at(), Place::Inbox, "{name}");
    }
    // It wants a user.
    let mut driven = Driven::new().with_agenda(3);
    driven.press(KeyCode::Char('N'));
    assert_eq!(driven.app.at(), Place::SignIn);
}

#[test]
fn a_new_notification_is_shown_on_the_desktop_if_that_is_wanted() {
    let wanted = |notices| {
        let mut driven = Driven::new().with_agenda(3).signed_in();
        driven.app.cx.config.notices = notices;
        // What was there at the start is not new.
        let old = vec![told(1, "reminder", &json!({}))];
        driven.respond(is_news, Ok(notifications(old.clone(), None, 1)));
        assert_eq!(driven.handed, []);
        let later = json!({"created_at": "2027-02-27T09:00:20Z", "title": "Tea"});
        let newer = told(0, "event_cancelled", &later);
        let unread = vec![newer, old[0].clone()];
        driven.wait(15_000).respond(is_news, Ok(notifications(unread.clone(), None, 2)));
        driven.wait(15_000).respond(is_news, Ok(notifications(unread, None, 2)));
        driven.handed
    };
    let shown = Effect::ShowOnDesktop {
        by: DesktopNotices::Auto,
        title: "Tea".to_owned(),
        text: "It is cancelled · Thu 4 March 2027, 18:30".to_owned(),
    };
    assert_eq!(wanted(DesktopNotices::Auto), [shown]);
    assert_eq!(wanted(DesktopNotices::Off), []);
}
