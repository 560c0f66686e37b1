//! Webhooks: listed, created, changed, tested, and what was delivered.

use crossterm::event::KeyCode;
use eventcore::webhooks::{Webhook, WebhookDelivery};
use serde_json::{Value, json};

use crate::app::driven::{Driven, error, page};
use crate::backend::{ErrorKind, Request, Response, WebhookSecret, WebhooksRequest};
use crate::keys::Place;

fn webhook(n: usize, changes: &Value) -> Webhook {
    let mut webhook = json!({
        "id": format!("01890000-0000-7000-8000-{n:012}"), "url": format!("https://hooks.example.org/{n}"),
        "description": "", "kinds": ["comment.posted"], "all_events": false, "enabled": true,
        "disabled_because": null, "disabled_at": null, "last_success_at": "2027-02-26T07:15:00Z",
        "former_secret_expires_at": null, "created_at": "2027-01-02T10:00:00Z",
        "updated_at": "2027-01-02T10:00:00Z", "version": 3
    });
    webhook.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value(webhook).unwrap()
}

pub(crate) fn webhooks(count: usize) -> Vec<Webhook> {
    let at = "2027-02-26T07:15:00Z";
    let disabled = |because: &str| json!({"enabled": false, "disabled_because": because, "disabled_at": at});
    let first = [
        webhook(
            0,
            &json!({"description": "Badge \u{1b}printer", "kinds": [
                "registration.confirmed", "registration.waitlisted", "registration.promoted",
                "registration.changed", "registration.cancelled", "registration.checked_in",
                "registration.check_in_undone", "event.published"
            ]}),
        ),
        webhook(1, &disabled("failing")),
        webhook(2, &disabled("owner")),
    ];
    first
        .into_iter()
        .chain((3..).map(|n| webhook(n, &json!({"last_success_at": null}))))
        .take(count)
        .collect()
}

pub(crate) fn deliveries(count: usize) -> Vec<WebhookDelivery> {
    let delivery = |n: usize| {
        let (state, status, error) = match n % 3 {
            0 => ("waiting", Some(503), Some("status 503")),
            1 => ("delivered", Some(200), None),
            _ => ("failed", None, Some("no answer within 15 seconds")),
        };
        let answer = status.map(|_| format!("answer \u{1b}[2J{n}"));
        let next = (state == "waiting").then_some("2027-02-27T09:30:00Z");
        serde_json::from_value(json!({
            "id": format!("01890000-0000-7000-8000-{n:012}"), "kind": "registration.confirmed",
            "state": state, "attempts": n + 1, "status": status, "answer": answer, "error": error,
            "happened_at": "2027-02-27T09:00:01Z", "attempted_at": "2027-02-27T09:00:02Z",
            "next_attempt_at": next
        }))
        .unwrap()
    };
    (0..count).map(delivery).collect()
}

pub(crate) fn is_list(request: &Request) -> bool {
    *request == Request::Webhooks(WebhooksRequest::List)
}

pub(crate) fn is_deliveries(request: &Request) -> bool {
    matches!(request, Request::Webhooks(WebhooksRequest::Deliveries { .. }))
}

fn is_any(request: &Request) -> bool {
    matches!(request, Request::Webhooks(_))
}

fn listed() -> Driven {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('5')).press(KeyCode::Char('W'));
    driven.respond(is_list, Ok(Response::Webhooks(webhooks(4))));
    driven
}

/// The last request about webhooks.
fn asked(driven: &Driven) -> WebhooksRequest {
    let found = driven.sent.iter().rev().find_map(|(_, request)| match request {
        Request::Webhooks(request) => Some(request.clone()),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn webhooks_in_all_their_states() {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    // From anywhere, by the palette.
    driven.press(KeyCode::Char(':')).type_in("webhook").press(KeyCode::Enter);
    driven.respond(is_list, Err(error("the server cannot be reached", ErrorKind::Unavailable)));
    insta::assert_snapshot!("webhooks_error", driven.picture(80, 24));
    driven.wait(15_000).respond(is_list, Ok(Response::Webhooks(Vec::new())));
    insta::assert_snapshot!("webhooks_empty", driven.picture(80, 24));
    let mut driven = listed();
    insta::assert_snapshot!("webhooks_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("webhooks_40x15", driven.picture(40, 15));
    driven.press(KeyCode::Char('j'));
    insta::assert_snapshot!("webhooks_120x40", driven.picture(120, 40));
}

#[test]
fn a_webhook_is_created_and_its_secret_shown_once() {
    let mut driven = listed();
    driven.press(KeyCode::Char('n')).type_in("https://hooks.example.org/new").press(KeyCode::Down);
    driven.control('u').type_in("comments").press(KeyCode::Enter);
    let picture = driven.picture(80, 24);
    assert!(picture.contains("! “comments”: event, occurrence, registration, comment"), "{picture}");
    driven.control('u').type_in("comment");
    insta::assert_snapshot!("webhook_form_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Enter);
    let kinds = json!(["comment.posted", "comment.changed", "comment.deleted"]);
    let input = json!({
        "url": "https://hooks.example.org/new", "kinds": kinds, "all_events": false, "description": ""
    });
    assert_eq!(asked(&driven), WebhooksRequest::Create(input));
    driven.respond(is_any, Err(error("too many webhooks: at most 20 are allowed", ErrorKind::Other)));
    let picture = driven.picture(80, 24);
    assert!(
        picture.contains("✗ too many webhooks") && picture.contains("hooks.example.org/new"),
        "{picture}"
    );
    let secret = format!("whsec_{}=", "x7Q".repeat(14));
    let url = "https://hooks.example.org/new".to_owned();
    let created = WebhookSecret { url, secret: secret.clone(), former_until: None };
    driven.press(KeyCode::Enter).respond(is_any, Ok(Response::WebhookSecret(created)));
    assert_eq!(driven.app.at(), Place::Secret);
    insta::assert_snapshot!("webhook_secret_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Char('y'));
    assert_eq!(driven.copied, [secret]);
    driven.respond(is_list, Ok(Response::Webhooks(webhooks(4)))).press(KeyCode::Esc);
    assert_eq!(driven.app.at(), Place::Webhooks);
    assert!(!driven.picture(80, 24).contains("whsec_"), "{}", driven.picture(80, 24));
}

#[test]
fn a_webhook_is_changed_paused_renewed_and_deleted() {
    let mut driven = listed();
    let id = webhooks(1)[0].id;
    // Only what differs is sent.
    driven.press(KeyCode::Char('e')).press(KeyCode::Up).type_in("s").press(KeyCode::Enter);
    let patch = json!({"description": "Badge \u{1b}printers"});
    assert_eq!(asked(&driven), WebhooksRequest::Change { webhook: id, version: 3, patch });
    driven.respond(is_any, Ok(Response::Done));
    assert_eq!((driven.app.at(), driven.last_line().as_str()), (Place::Webhooks, "✓ Webhook saved"));
    driven.respond(is_list, Ok(Response::Webhooks(webhooks(4))));

    driven.press(KeyCode::Char('p'));
    let patch = json!({"enabled": false});
    assert_eq!(asked(&driven), WebhooksRequest::Change { webhook: id, version: 3, patch });
    driven.respond(is_any, Ok(Response::Done)).respond(is_list, Ok(Response::Webhooks(webhooks(4))));
    assert_eq!(driven.last_line(), "✓ Webhook paused");

    driven.press(KeyCode::Char('s'));
    assert!(driven.last_line().starts_with("Replace the secret? The former one signs for 24 more hours"));
    driven.press(KeyCode::Char('y'));
    let url = webhooks(1)[0].url.clone();
    assert_eq!(asked(&driven), WebhooksRequest::RotateSecret { webhook: id, url: url.clone() });
    let former_until = "2027-02-28T10:00:00Z".parse().ok();
    let secret = WebhookSecret { url, secret: "whsec_new".to_owned(), former_until };
    driven.respond(is_any, Ok(Response::WebhookSecret(secret)));
    let picture = driven.picture(80, 24);
    assert!(
        picture.contains("whsec_new") && picture.contains("The former secret signs too until"),
        "{picture}"
    );
    driven.press(KeyCode::Esc).press(KeyCode::Char('x'));
    assert!(driven.last_line().starts_with("Delete the webhook of hooks.example.org, with its deliveries?"));
    driven.press(KeyCode::Char('y'));
    assert_eq!(asked(&driven), WebhooksRequest::Delete { webhook: id, version: 3 });
}

#[test]
fn deliveries_are_listed_with_their_answers_and_sent_again() {
    let mut driven = listed();
    driven.press(KeyCode::Enter).respond(is_deliveries, Ok(Response::Deliveries(page(Vec::new(), None))));
    insta::assert_snapshot!("deliveries_empty", driven.picture(80, 24));
    driven.press(KeyCode::Char('t'));
    let webhook = webhooks(1)[0].id;
    assert_eq!(asked(&driven), WebhooksRequest::Test(webhook));
    driven.respond(is_any, Ok(Response::Done));
    driven.respond(is_deliveries, Ok(Response::Deliveries(page(deliveries(5), None))));
    insta::assert_snapshot!("deliveries_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Char('j')).press(KeyCode::Char('j'));
    insta::assert_snapshot!("deliveries_40x15", driven.picture(40, 15));
    driven.press(KeyCode::Char('r'));
    let delivery = deliveries(3)[2].id;
    assert_eq!(asked(&driven), WebhooksRequest::Redeliver { webhook, delivery });
    let waits = "this delivery is still being tried: wait until it has ended";
    driven.respond(is_any, Err(error(waits, ErrorKind::Other)));
    assert_eq!(driven.last_line(), format!("✗ {waits}"));
}
