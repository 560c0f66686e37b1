//! Followed calendars: listed, added, changed, read, and ended.

use crossterm::event::KeyCode;
use eventcore::subscriptions::{CalendarSubscription, UnsubscribeChoice};
use serde_json::{Value, json};

use crate::app::driven::{Driven, error};
use crate::backend::{ErrorKind, Request, Response, SubscriptionsRequest};
use crate::keys::Place;

fn subscription(n: usize, changes: &Value) -> CalendarSubscription {
    let mut subscription = json!({
        "id": format!("01890000-0000-7000-8000-{n:012}"), "url": format!("https://clubs.example.org/{n}.ics"),
        "location": null, "capacity": null, "timezone": null, "visibility": null, "drafts": false,
        "enabled": true, "disabled_because": null, "disabled_at": null, "events": 12,
        "checked_at": "2027-02-27T08:40:00Z", "succeeded_at": "2027-02-27T08:40:00Z", "failing_since": null,
        "failure": null,
        "report": {"created": 2, "updated": 1, "unchanged": 9, "skipped": 0, "reasons": []},
        "created_at": "2027-01-02T10:00:00Z", "updated_at": "2027-01-02T10:00:00Z", "version": 3
    });
    subscription.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value(subscription).unwrap()
}

/// Calendars in all their states.
pub(crate) fn subscriptions(count: usize) -> Vec<CalendarSubscription> {
    let at = "2027-02-26T07:15:00Z";
    let disabled = |because: &str| {
        json!({
            "enabled": false, "disabled_because": because, "disabled_at": at, "checked_at": at,
            "succeeded_at": "2027-02-23T07:10:00Z", "failing_since": "2027-02-23T08:10:00Z",
            "failure": "the server answers with the status 500"
        })
    };
    let reason = json!({
        "code": "no_start", "message": "it has no \u{1b}DTSTART", "line": 20
    });
    let first = [
        subscription(
            0,
            &json!({
                "url": "https://clubs.example.org/very/long/address/of/a/chess/club/calendar.ics?secret=4711",
                "location": "Library \u{1b}[2J", "capacity": 40, "timezone": "Europe/Berlin",
                "visibility": "unlisted", "drafts": true, "events": 1,
                "report": {"created": 2, "updated": 1, "unchanged": 9, "skipped": 3, "reasons": [reason]}
            }),
        ),
        subscription(
            1,
            &json!({
                "failing_since": at, "failure": "the server answers with the status \u{1b}500",
                "succeeded_at": "2027-02-26T06:15:00Z"
            }),
        ),
        subscription(2, &disabled("failing")),
        subscription(3, &disabled("gone")),
        subscription(4, &json!({"enabled": false, "disabled_because": "owner", "disabled_at": at})),
        subscription(5, &json!({"enabled": false, "disabled_because": "ending", "disabled_at": at})),
        subscription(6, &json!({"checked_at": null, "succeeded_at": null, "report": null, "events": 0})),
    ];
    first.into_iter().chain((7..).map(|n| subscription(n, &json!({})))).take(count).collect()
}

pub(crate) fn is_list(request: &Request) -> bool {
    *request == Request::Subscriptions(SubscriptionsRequest::List)
}

fn is_any(request: &Request) -> bool {
    matches!(request, Request::Subscriptions(_))
}

fn listed() -> Driven {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('5')).press(KeyCode::Char('S'));
    driven.respond(is_list, Ok(Response::Subscriptions(subscriptions(8))));
    driven
}

/// What was asked for is done, and the list loaded again.
fn done(driven: &mut Driven) {
    driven.respond(is_any, Ok(Response::Done));
    driven.respond(is_list, Ok(Response::Subscriptions(subscriptions(8))));
}

/// The last request about followed calendars.
fn asked(driven: &Driven) -> SubscriptionsRequest {
    let found = driven.sent.iter().rev().find_map(|(_, request)| match request {
        Request::Subscriptions(request) => Some(request.clone()),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn followed_calendars_in_all_their_states() {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    // From anywhere, by the palette.
    driven.press(KeyCode::Char(':')).type_in("subscriptions").press(KeyCode::Enter);
    assert_eq!(driven.app.at(), Place::Subscriptions);
    driven.respond(is_list, Err(error("the server cannot be reached", ErrorKind::Unavailable)));
    insta::assert_snapshot!("subscriptions_error", driven.picture(80, 24));
    driven.wait(15_000).respond(is_list, Ok(Response::Subscriptions(Vec::new())));
    insta::assert_snapshot!("subscriptions_empty", driven.picture(80, 24));
    let mut driven = listed();
    insta::assert_snapshot!("subscriptions_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Char('j'));
    insta::assert_snapshot!("subscriptions_40x15", driven.picture(40, 15));
    insta::assert_snapshot!("subscriptions_120x40", driven.picture(120, 40));
    for (n, words) in [
        (2, "✗ It could not be read for three days. Its events stay. p enables it again"),
        (3, "✗ Its server has answered that it is gone. Its events stay. p enables it again"),
        (4, "last asked for 20 min ago"),
        (5, "… Its events are being cancelled; then it is not followed any more"),
        (6, "not asked for yet: a worker of eventd does it"),
    ] {
        driven.press(KeyCode::Char('j'));
        let picture = driven.picture(120, 40);
        assert!(picture.contains(words), "{n}:\n{picture}");
    }
}

#[test]
fn a_calendar_is_followed_from_its_address_on() {
    let mut driven = listed();
    driven.press(KeyCode::Char('n'));
    insta::assert_snapshot!("subscription_form_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("subscription_form_40x15", driven.picture(40, 15));
    driven.type_in("webcal://example.org/club.ics").press(KeyCode::Down).press(KeyCode::Down).type_in("some");
    driven.press(KeyCode::Enter);
    assert!(driven.picture(80, 24).contains("! must be a number"), "{}", driven.picture(80, 24));
    driven.control('u').type_in("40").press(KeyCode::Enter);
    let input = json!({"url": "webcal://example.org/club.ics", "capacity": 40, "drafts": false});
    assert_eq!(asked(&driven), SubscriptionsRequest::Create(input));
    driven.respond(is_any, Err(error("too many subscriptions: at most 20 are allowed", ErrorKind::Other)));
    let picture = driven.picture(80, 24);
    assert!(picture.contains("✗ too many subscriptions") && picture.contains("club.ics"), "{picture}");
    driven.press(KeyCode::Enter).respond(is_any, Ok(Response::Done));
    assert_eq!((driven.app.at(), driven.last_line().as_str()), (Place::Subscriptions, "✓ Calendar saved"));
}

#[test]
fn a_followed_calendar_is_changed_read_paused_and_ended() {
    let mut driven = listed();
    let (first, second) = (subscriptions(1)[0].id, subscriptions(2)[1].id);
    // Only what differs is sent.
    driven.press(KeyCode::Char('e')).press(KeyCode::Down).control('u').press(KeyCode::Enter);
    let patch = json!({"location": null});
    assert_eq!(asked(&driven), SubscriptionsRequest::Change { subscription: first, version: 3, patch });
    done(&mut driven);
    driven.press(KeyCode::Enter).press(KeyCode::Enter);
    assert!(!driven.sent.iter().any(|(_, request)| is_any(request)), "nothing differs");
    assert_eq!(driven.app.at(), Place::Subscriptions);

    driven.press(KeyCode::Char('j')).press(KeyCode::Char('r'));
    assert_eq!(asked(&driven), SubscriptionsRequest::Refresh(second));
    done(&mut driven);
    assert_eq!(driven.last_line(), "✓ It is read as soon as possible: R shows what became of it");
    for (place, enabled) in [(1, false), (2, true)] {
        let subscription = subscriptions(3)[place].id;
        driven.press(KeyCode::Char('p'));
        let patch = json!({"enabled": enabled});
        assert_eq!(asked(&driven), SubscriptionsRequest::Change { subscription, version: 3, patch });
        done(&mut driven);
        driven.press(KeyCode::Char('j'));
    }
    driven.press(KeyCode::Char('g'));
    for (key, events, question) in [
        ('x', UnsubscribeChoice::Keep, "Follow clubs.example.org no longer? Its events stay"),
        ('X', UnsubscribeChoice::Cancel, "Follow clubs.example.org no longer, cancel its events ahead"),
    ] {
        driven.press(KeyCode::Char(key));
        assert!(driven.last_line().starts_with(question), "{}", driven.last_line());
        driven.press(KeyCode::Char('y'));
        let end = SubscriptionsRequest::End { subscription: first, version: 3, events };
        assert_eq!(asked(&driven), end);
        done(&mut driven);
    }
}
