//! Webhooks: what they are told of, signed, once, by permission, and for how long it is tried.

use std::collections::BTreeSet;
use std::time::Duration;

use eventcore::db::{Queries, Sql};
use eventcore::jobs::LEASE;
use eventcore::registrations::{NewAttendee, Party};
use eventcore::webhooks::{
    DeliveryState, DisabledBecause, NewWebhook, SendError, SignedMessage, WebhookDelivery, WebhookInput,
    WebhookKind,
};
use eventcore::{Actor, EventCore, OccurrenceId, PageRequest, Quotas, Role, WebhookId};
use http::{HeaderMap, HeaderValue};
use rstest::rstest;
use serde_json::{Value, json};
use standardwebhooks::Webhook as Verifier;
use tests::{Kind, TestDb, WebhookReceiver, at, id_of, new_event, refusal_code};

use super::changes::input;

const URL: &str = "https://hooks.example.org/events";

async fn webhook(core: &EventCore, owner: &Actor, kinds: &[WebhookKind]) -> NewWebhook {
    let new = WebhookInput { url: URL.to_owned(), kinds: kinds.to_vec(), ..WebhookInput::default() };
    core.create_webhook(owner, &new).await.unwrap()
}

async fn webhook_of_all(core: &EventCore, admin: &Actor, kinds: &[WebhookKind]) -> NewWebhook {
    let (url, kinds) = (URL.to_owned(), kinds.to_vec());
    let new = WebhookInput { url, kinds, all_events: true, ..WebhookInput::default() };
    core.create_webhook(admin, &new).await.unwrap()
}

async fn deliveries(core: &EventCore, owner: &Actor, id: WebhookId) -> Vec<WebhookDelivery> {
    core.webhook_deliveries(owner, id, None, &PageRequest::first(100)).await.unwrap().items
}

fn no_answer() -> Result<u16, SendError> {
    Err(SendError::Failed("no answer within 15 seconds".to_owned()))
}

fn headers(message: &SignedMessage) -> HeaderMap {
    let value = |text: &str| HeaderValue::from_str(text).unwrap();
    HeaderMap::from_iter([
        ("webhook-id".parse().unwrap(), value(&message.id.to_string())),
        ("webhook-timestamp".parse().unwrap(), value(&message.timestamp.to_string())),
        ("webhook-signature".parse().unwrap(), value(&message.signature)),
    ])
}

fn verifies(secret: &str, message: &SignedMessage) -> bool {
    Verifier::new(secret).unwrap().verify(message.body.as_bytes(), &headers(message)).is_ok()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_told_of_exactly_the_chosen_kinds(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (core, receiver) = (&db.core, WebhookReceiver::of(&db.core));
    let hook = webhook(core, &ada, &[WebhookKind::RegistrationConfirmed, WebhookKind::CommentPosted]).await;
    let (event, occurrence) = db.create_event(&ada, new_event()).await;
    let registration = db.register(&bob, occurrence, 2).await;
    let comment = core.add_comment(&bob, event, &input(json!({"body": "Who comes?"}))).await.unwrap();
    core.cancel_registration(bob, occurrence, None).await.unwrap();
    let (other, _) = db.create_event(&bob, new_event()).await;
    core.add_comment(&ada, other, &input(json!({"body": "Me"}))).await.unwrap();

    let mut bodies = receiver.bodies(core).await;
    bodies.sort_by_key(|body| body["type"].as_str().unwrap().to_owned());
    let [posted, confirmed] = bodies.as_slice() else { panic!("{bodies:?}") };
    assert_eq!(posted["type"], "comment.posted");
    assert_eq!(posted["data"]["comment"]["body"], "Who comes?");
    assert_eq!(posted["data"]["comment_id"], json!(comment.id));
    assert_eq!(confirmed["type"], "registration.confirmed");
    assert_eq!(confirmed["timestamp"], json!(core.now()));
    let data = &confirmed["data"];
    assert_eq!(data["event"]["id"], json!(event));
    assert_eq!(data["occurrence"]["id"], json!(occurrence));
    assert_eq!(data["registration"]["id"], json!(registration.id));
    assert_eq!(data["registration"]["user"]["username"], "bob");
    assert_eq!(data["comment"], Value::Null);
    // It tells what is true when it is sent.
    assert_eq!(data["registration"]["status"], "cancelled");

    let listed = deliveries(core, &ada, hook.webhook.id).await;
    assert_eq!(listed.len(), 2);
    for delivery in listed {
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 1));
        assert_eq!((delivery.status, delivery.answer.as_deref()), (Some(200), Some("says 200")));
        assert_eq!((delivery.attempted_at, delivery.next_attempt_at), (Some(core.now()), None));
    }
    assert!(core.webhook(&ada, hook.webhook.id).await.unwrap().last_success_at.is_some());
}

/// Performs an operation of each kind on an event of `ada`.
async fn everything(db: &TestDb, ada: &Actor, [bob, cid]: [Actor; 2]) {
    let core = &db.core;
    let (event, occurrence) = db.create_event(ada, new_event().draft().capacity(2)).await;
    core.publish_event(ada, event, None).await.unwrap();
    core.change_event(ada, event, &json!({"status": "draft"}), None).await.unwrap();
    core.change_event(ada, event, &json!({"status": "published", "title": "Matinee"}), None).await.unwrap();
    core.change_event(ada, event, &json!({"title": "Night"}), None).await.unwrap();
    let registration = db.register(&bob, occurrence, 2).await.id;
    for party_size in [1, 2] {
        core.register(bob, occurrence, &input::<Party>(json!({"party_size": party_size}))).await.unwrap();
    }
    db.register(&cid, occurrence, 1).await;
    let comment = core.add_comment(&bob, event, &input(json!({"body": "Who comes?"}))).await.unwrap().id;
    core.hide_comment(ada, comment, true, None).await.unwrap();
    core.delete_comment(&bob, comment, None).await.unwrap();
    core.change_occurrence(ada, occurrence, &json!({"location": "Room 3"}), None).await.unwrap();
    core.cancel_occurrence(ada, occurrence, None).await.unwrap();
    core.restore_occurrence(ada, occurrence, None).await.unwrap();
    db.clock.set(at("2027-03-04T18:00:00Z"));
    core.check_in(ada, registration, None).await.unwrap();
    core.undo_check_in(ada, registration, None).await.unwrap();
    core.cancel_registration(bob, occurrence, None).await.unwrap();
    db.clock.set(at("2027-03-06T00:00:00Z"));
    core.submit_feedback(&cid, occurrence, &input(json!({"rating": 4})), None).await.unwrap();
    core.submit_feedback(&cid, occurrence, &input(json!({"rating": 5})), None).await.unwrap();
    core.withdraw_feedback(&cid, occurrence, None).await.unwrap();
    let series = new_event().starts_at("2027-05-04T18:30:00").rule("FREQ=WEEKLY;COUNT=3");
    let (series, first) = db.create_event(ada, series).await;
    core.delete_occurrence(ada, first, None).await.unwrap();
    core.cancel_event(ada, series, None).await.unwrap();
    core.run_due_jobs().await.unwrap();
    core.delete_event(ada, series, None).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizers_are_told_of_their_events_admins_of_all_and_nobody_else(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob, cid, eve] = db.people(["ada", "bob", "cid", "eve"]).await;
    let root = db.admin("root").await;
    let (core, receiver) = (&db.core, WebhookReceiver::of(&db.core));
    let own = webhook(core, &ada, WebhookKind::ALL).await.webhook.id;
    let all = webhook_of_all(core, &root, WebhookKind::ALL).await.webhook.id;
    let others = [&bob, &eve, &root];
    for other in others {
        webhook(core, other, WebhookKind::ALL).await;
    }
    everything(&db, &ada, [bob, cid]).await;
    receiver.take(core).await;

    let kinds = async |owner: &Actor, id: WebhookId| -> Vec<String> {
        let mut kinds: Vec<String> =
            deliveries(core, owner, id).await.into_iter().map(|delivery| delivery.kind).collect();
        kinds.sort();
        kinds
    };
    let told = kinds(&ada, own).await;
    let distinct: BTreeSet<&str> = told.iter().map(String::as_str).collect();
    let chosen: BTreeSet<&str> = WebhookKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(distinct, chosen, "each kind is told of");
    assert_eq!(kinds(&root, all).await, told);
    for other in others {
        for hook in core.webhooks(other).await.unwrap() {
            assert!(hook.all_events || kinds(other, hook.id).await.is_empty());
        }
    }
    for delivery in deliveries(core, &ada, own).await {
        assert_eq!(delivery.state, DeliveryState::Delivered, "{delivery:?}");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_organize_an_event_any_more_is_told_nothing_of_it(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob, cid] = db.people(["ada", "bob", "cid"]).await;
    let root = db.admin("root").await;
    db.admin("other").await;
    let (core, receiver) = (&db.core, WebhookReceiver::of(&db.core));
    let (event, occurrence) = db.create_event(&ada, new_event()).await;
    core.add_co_organizer(&ada, event, id_of(&bob)).await.unwrap();
    let of_bob = webhook(core, &bob, &[WebhookKind::RegistrationConfirmed]).await.webhook.id;
    let of_root = webhook_of_all(core, &root, &[WebhookKind::RegistrationConfirmed]).await.webhook.id;
    db.register(&cid, occurrence, 1).await;
    assert_eq!(receiver.kinds(core).await.len(), 2, "a co-organizer is told as the admin is");

    // Before it is sent, and before it is written.
    for write_first in [true, false] {
        core.cancel_registration(cid, occurrence, None).await.unwrap();
        db.register(&cid, occurrence, 1).await;
        if write_first {
            while db
                .number("SELECT count(*) FROM jobs WHERE kind = 'spread_webhooks' AND state = 'waiting'")
                .await
                > 0
            {
                assert!(core.run_due_job().await.unwrap());
            }
        }
        core.remove_co_organizer(&ada, event, id_of(&bob)).await.unwrap();
        core.change_user(&Actor::System, id_of(&root), &json!({"role": "user"}), None).await.unwrap();
        assert_eq!(receiver.kinds(core).await, [] as [String; 0]);
        core.add_co_organizer(&ada, event, id_of(&bob)).await.unwrap();
        core.change_user(&Actor::System, id_of(&root), &json!({"role": "admin"}), None).await.unwrap();
    }
    for (owner, hook) in [(&bob, of_bob), (&root, of_root)] {
        let states: Vec<_> =
            deliveries(core, owner, hook).await.iter().map(|delivery| delivery.state).collect();
        assert_eq!(states, [DeliveryState::Dropped, DeliveryState::Delivered]);
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_is_tried_for_a_day_and_then_the_webhook_is_disabled(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (core, receiver) = (&db.core, WebhookReceiver::of(&db.core));
    let hook = webhook(core, &ada, &[WebhookKind::RegistrationConfirmed]).await.webhook.id;
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    db.register(&bob, occurrence, 1).await;
    let begin = core.now();

    let (mut delays, mut ids) = (Vec::new(), BTreeSet::new());
    for (n, answer) in [Ok(500), no_answer(), Ok(302), Ok(404)].into_iter().cycle().enumerate() {
        receiver.answer_next(answer);
        let sent = receiver.take(core).await;
        ids.extend(sent.iter().map(|message| message.id));
        let delivery = deliveries(core, &ada, hook).await.remove(0);
        assert_eq!(delivery.attempts, i64::try_from(n).unwrap() + 1);
        assert!(delivery.error.is_some());
        let Some(next) = delivery.next_attempt_at else {
            assert_eq!(delivery.state, DeliveryState::Failed);
            break;
        };
        assert_eq!(delivery.state, DeliveryState::Waiting);
        delays.push(next.since(core.now()));
        db.clock.set(next);
    }
    assert_eq!(core.now().since(begin), Duration::from_hours(24));
    assert_eq!(ids.len(), 1, "repeats have the same id");
    assert!(delays[0] <= Duration::from_secs(10) && delays.len() > 12, "{delays:?}");
    assert!(delays.windows(3).take(8).all(|three| three[0] < three[2]), "{delays:?}");
    assert!(delays.iter().all(|delay| *delay <= Duration::from_hours(2)), "{delays:?}");

    let disabled = core.webhook(&ada, hook).await.unwrap();
    assert_eq!((disabled.enabled, disabled.disabled_because), (false, Some(DisabledBecause::Failing)));
    core.cancel_registration(bob, occurrence, None).await.unwrap();
    db.register(&bob, occurrence, 1).await;
    assert!(receiver.take(core).await.is_empty(), "it is told of nothing");

    // A test says whether it works again.
    let test = core.test_webhook(&ada, hook).await.unwrap();
    assert_eq!(receiver.bodies(core).await[0]["type"], "webhook.test");
    assert_eq!(deliveries(core, &ada, hook).await[0].id, test.id);
    let enabled = core.change_webhook(&ada, hook, &json!({"enabled": true}), None).await.unwrap();
    assert_eq!((enabled.enabled, enabled.disabled_because, enabled.disabled_at), (true, None, None));
    let failed = deliveries(core, &ada, hook).await.pop().unwrap();
    core.redeliver(&ada, hook, failed.id).await.unwrap();
    assert_eq!(refusal_code(core.redeliver(&ada, hook, failed.id).await), "delivery_waiting");
    let repeated = receiver.take(core).await;
    assert_eq!(repeated.iter().map(|message| message.id).collect::<Vec<_>>(), [failed.id]);
    let repeated = deliveries(core, &ada, hook).await.pop().unwrap();
    assert_eq!((repeated.state, repeated.error), (DeliveryState::Delivered, None));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_takes_some_stays_and_one_that_is_gone_does_not(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (core, receiver) = (&db.core, WebhookReceiver::of(&db.core));
    let hook = webhook(core, &ada, &[WebhookKind::RegistrationConfirmed]).await.webhook.id;
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    db.register(&bob, occurrence, 1).await;
    receiver.answer_next(Ok(500));
    receiver.take(core).await;
    db.clock.advance(Duration::from_hours(2));
    receiver.answer_next(Ok(503));
    receiver.take(core).await;
    core.test_webhook(&ada, hook).await.unwrap();
    assert_eq!(receiver.kinds(core).await, ["webhook.test"], "the other waits");
    db.clock.advance(Duration::from_hours(24));
    receiver.answer_next(Ok(500));
    assert_eq!(receiver.take(core).await.len(), 1, "for the last time");
    let failed = deliveries(core, &ada, hook).await.pop().unwrap();
    assert_eq!((failed.state, failed.attempts), (DeliveryState::Failed, 3));
    assert!(core.webhook(&ada, hook).await.unwrap().enabled, "the test was taken meanwhile");

    receiver.answer_next(Ok(410));
    core.test_webhook(&ada, hook).await.unwrap();
    receiver.take(core).await;
    let gone = core.webhook(&ada, hook).await.unwrap();
    assert_eq!((gone.enabled, gone.disabled_because), (false, Some(DisabledBecause::Gone)));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_library_verifies_the_signatures_also_while_a_secret_is_rotated(#[case] kind: Kind) {
    // It refuses old timestamps by the clock of the machine.
    let db = TestDb::in_real_time(kind).await;
    let [ada] = db.people(["ada"]).await;
    let (core, receiver) = (&db.core, WebhookReceiver::of(&db.core));
    let NewWebhook { webhook: hook, secret: first } = webhook(core, &ada, &[WebhookKind::EventCreated]).await;
    let send = async || {
        core.test_webhook(&ada, hook.id).await.unwrap();
        receiver.take(core).await.remove(0)
    };
    let mut message = send().await;
    assert!(verifies(&first, &message));
    message.body.push(' ');
    assert!(!verifies(&first, &message));

    let rotated = core.rotate_webhook_secret(&ada, hook.id).await.unwrap();
    let until = core.now().plus(Duration::from_hours(24));
    assert_eq!(rotated.former_secret_expires_at, Some(until));
    let message = send().await;
    assert!(verifies(&first, &message) && verifies(&rotated.secret, &message));
    assert_eq!(core.webhook(&ada, hook.id).await.unwrap().former_secret_expires_at, Some(until));
    let second = core.rotate_webhook_secret(&ada, hook.id).await.unwrap();
    let message = send().await;
    let valid = [&first, &rotated.secret, &second.secret].map(|secret| verifies(secret, &message));
    assert_eq!(valid, [false, true, true]);

    db.clock.advance(Duration::from_hours(24));
    let message = send().await;
    assert_eq!(message.signature.split(' ').count(), 1, "the former secret has expired");
    assert_eq!(core.webhook(&ada, hook.id).await.unwrap().former_secret_expires_at, None);
    // The secret is nowhere to be found.
    let stored: Vec<(Vec<u8>,)> = core
        .db()
        .read()
        .await
        .unwrap()
        .query(Sql::portable("SELECT secret FROM webhooks"))
        .all()
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&stored[0].0).contains(second.secret.trim_start_matches("whsec_")));
    let read = serde_json::to_string(&core.webhooks(&ada).await.unwrap()).unwrap();
    assert!(!read.contains("whsec_"));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_owner_has_a_webhook_and_only_admins_one_of_all_events(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let root = db.admin("root").await;
    let core = &db.core;
    let kinds = vec![WebhookKind::EventCreated];
    let hook = webhook(core, &ada, &kinds).await.webhook;
    for other in [&bob, &root] {
        assert_eq!(refusal_code(core.webhook(other, hook.id).await), "not_found");
        let patch = json!({"enabled": false});
        assert_eq!(refusal_code(core.change_webhook(other, hook.id, &patch, None).await), "not_found");
        assert_eq!(refusal_code(core.delete_webhook(other, hook.id, None).await), "not_found");
        assert_eq!(refusal_code(core.rotate_webhook_secret(other, hook.id).await), "not_found");
        assert_eq!(refusal_code(core.test_webhook(other, hook.id).await), "not_found");
        let page = PageRequest::first(1);
        assert_eq!(refusal_code(core.webhook_deliveries(other, hook.id, None, &page).await), "not_found");
        assert!(core.webhooks(other).await.unwrap().is_empty());
    }
    let all = WebhookInput { url: URL.to_owned(), kinds, all_events: true, ..WebhookInput::default() };
    assert_eq!(refusal_code(core.create_webhook(&ada, &all).await), "forbidden");
    assert_eq!(refusal_code(core.create_webhook(&Actor::Anonymous, &all).await), "unauthenticated");
    let patch = json!({"all_events": true});
    assert_eq!(refusal_code(core.change_webhook(&ada, hook.id, &patch, None).await), "forbidden");
    let of_root = core.create_webhook(&root, &all).await.unwrap().webhook.id;
    // A former admin may delete it, but not lead it elsewhere.
    let former = Actor::user(id_of(&root), Role::User);
    let patch = json!({"url": "https://elsewhere.example/"});
    assert_eq!(refusal_code(core.change_webhook(&former, of_root, &patch, None).await), "forbidden");
    assert_eq!(refusal_code(core.rotate_webhook_secret(&former, of_root).await), "forbidden");
    assert_eq!(refusal_code(core.test_webhook(&former, of_root).await), "forbidden");
    core.delete_webhook(&former, of_root, None).await.unwrap();

    let wrong: WebhookInput = input(json!({
        "url": "https://ada:pw@10.0.0.1/#x", "kinds": ["event.created", "x"], "description": "\u{7}", "x": 1
    }));
    let eventcore::Error::Invalid(violations) = core.create_webhook(&ada, &wrong).await.unwrap_err() else {
        panic!("it is invalid");
    };
    let mut pointers: Vec<&str> = violations.as_slice().iter().map(|one| one.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/description", "/kinds/1", "/url", "/x"]);
    let none: WebhookInput = input(json!({}));
    let text = core.create_webhook(&ada, &none).await.unwrap_err().to_string();
    assert!(text.contains("url") && text.contains("kinds"), "{text}");
    let changed = json!({"kinds": ["comment.posted", "comment.posted"], "description": " x "});
    let changed = core.change_webhook(&ada, hook.id, &changed, None).await.unwrap();
    assert_eq!((changed.kinds, changed.description.as_str()), (vec![WebhookKind::CommentPosted], "x"));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_has_few_webhooks_and_takes_them_with_it(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada] = db.people(["ada"]).await;
    let quotas = Quotas { webhooks: Some(2), ..Quotas::UNLIMITED };
    let core = &super::quotas::with_quotas(&db, quotas).await;
    let kinds = [WebhookKind::EventCreated];
    let hook = webhook(core, &ada, &kinds).await.webhook;
    webhook(core, &ada, &kinds).await;
    let third = WebhookInput { url: URL.to_owned(), kinds: kinds.to_vec(), ..WebhookInput::default() };
    assert_eq!(refusal_code(core.create_webhook(&ada, &third).await), "quota_exceeded");
    assert_eq!(core.export_user(&ada, id_of(&ada)).await.unwrap().webhooks.len(), 2);
    for _ in 0..20 {
        core.test_webhook(&ada, hook.id).await.unwrap();
    }
    assert_eq!(refusal_code(core.test_webhook(&ada, hook.id).await), "rate_limited");

    core.delete_user(&ada, id_of(&ada), None).await.unwrap();
    for table in [
        "SELECT count(*) FROM webhooks",
        "SELECT count(*) FROM webhook_kinds",
        "SELECT count(*) FROM webhook_deliveries",
    ] {
        assert_eq!(db.number(table).await, 0, "{table}");
    }
    let receiver = WebhookReceiver::of(core);
    assert!(receiver.take(core).await.is_empty());
    core.close().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_at_once_send_each_delivery_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada] = db.people(["ada"]).await;
    let core = &db.core;
    webhook(core, &ada, &[WebhookKind::RegistrationConfirmed]).await;
    let (_, occurrence) = db.create_event(&ada, new_event().capacity(100)).await;
    for i in 0..30 {
        add_guest(core, &ada, &db.user(&format!("guest{i}")).await, occurrence).await;
    }
    let mut processes = Vec::new();
    for _ in 0..3 {
        let process = db.another().await;
        processes.push(tokio::spawn(async move {
            let messages = WebhookReceiver::of(&process).take(&process).await;
            process.close().await;
            messages
        }));
    }
    let mut ids = Vec::new();
    for process in processes {
        ids.extend(process.await.unwrap().into_iter().map(|message| message.id));
    }
    let distinct: BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (30, 30));
}

async fn add_guest(core: &EventCore, ada: &Actor, guest: &Actor, occurrence: OccurrenceId) {
    let user = core.user(&Actor::System, id_of(guest)).await.unwrap();
    let attendee = NewAttendee { username: Some(user.username), ..NewAttendee::default() };
    core.add_registration(*ada, occurrence, &attendee).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_worker_took_with_it_is_sent_again_with_the_same_id_and_old_deliveries_go(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada] = db.people(["ada"]).await;
    let (core, receiver) = (&db.core, WebhookReceiver::of(&db.core));
    let hook = webhook(core, &ada, &[WebhookKind::EventCreated]).await.webhook.id;
    let test = core.test_webhook(&ada, hook).await.unwrap();
    // As if a worker had taken it, and its process had been killed after it was sent.
    let mut tx = core.db().begin().await.unwrap();
    let taken = "UPDATE jobs SET state = 'running', leases = 1, attempts = 1, due_at = $1
         WHERE kind = 'send_webhook'";
    tx.query(Sql::portable(taken)).bind(core.now().plus(LEASE)).execute().await.unwrap();
    tx.commit().await.unwrap();
    assert!(receiver.take(core).await.is_empty(), "it has a lease");
    db.clock.advance(LEASE);
    let sent = receiver.take(core).await;
    assert_eq!(sent.iter().map(|message| message.id).collect::<Vec<_>>(), [test.id]);

    core.ensure_jobs().await.unwrap();
    db.clock.advance(Duration::from_hours(31 * 24));
    core.run_due_jobs().await.unwrap();
    assert!(deliveries(core, &ada, hook).await.is_empty());
}
