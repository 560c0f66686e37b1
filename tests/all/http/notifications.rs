//! Notifications over HTTP: the list, reading, preferences, muting, and what the account has of them.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, eventually, ids_of, new_event_in_2031};

async fn kinds(client: &Client, path: &str) -> Vec<String> {
    let items = client.all(path).await;
    items.iter().map(|told| told["kind"].as_str().expect("a kind").to_owned()).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_reads_what_happened(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid] = daemon.users(["ada", "bob", "cid"]).await;
    let (event, occurrence) = ada.create_event(new_event_in_2031().capacity(1)).await;
    bob.register(&occurrence, 1).await.expect(201);
    cid.register(&occurrence, 1).await.expect(201);
    bob.delete(&format!("/occurrences/{occurrence}/registration")).await.expect(204);
    ada.patch(&format!("/events/{event}"), json!({"location": "Attic"})).await.expect(200);
    ada.poke(&format!("/events/{event}/cancel")).await.expect(200);

    let page = cid.get("/notifications").await.expect(200).json();
    let expected = ["event_cancelled", "event_changed", "registration_promoted", "registration_waitlisted"];
    assert_eq!(kinds(&cid, "/notifications").await, expected);
    assert_eq!(kinds(&cid, "/notifications?limit=1").await, expected, "page by page");
    assert_eq!((&page["unread_count"], &page["next"]), (&json!(4), &Value::Null));
    let changed = &page["items"][1];
    assert_eq!(changed["old_location"], "Room 2");
    assert_eq!((&changed["event_id"], &changed["occurrence_id"]), (&json!(event), &json!(occurrence)));
    assert_eq!(changed["read_at"], Value::Null);
    assert_eq!(kinds(&bob, "/notifications").await, ["registration_confirmed"]);
    assert_eq!(kinds(&ada, "/notifications").await, [] as [&str; 0]);

    let ids = ids_of(&page);
    let read = format!("/notifications/{}/read", ids[1]);
    let answer = cid.poke(&read).await.expect(200).json();
    assert!(answer["read_at"].is_string());
    assert_eq!(cid.poke(&read).await.expect(200).json(), answer, "once read, it stays so");
    let unread = cid.get("/notifications?unread=true&count=true").await.expect(200).json();
    assert_eq!((&unread["unread_count"], &unread["total"]), (&json!(3), &json!(3)));
    assert!(!ids_of(&unread).contains(&ids[1]));
    bob.poke(&read).await.expect_problem(404, "not-found");
    cid.poke("/notifications/nothing/read").await.expect_problem(404, "not-found");

    cid.poke(&format!("/notifications/read-all?until={}", ids[2])).await.expect(204);
    let unread = cid.get("/notifications?unread=true").await.expect(200).json();
    assert_eq!(ids_of(&unread), ids[..1]);
    cid.poke("/notifications/read-all").await.expect(204);
    assert_eq!(cid.get("/notifications").await.expect(200).json()["unread_count"], 0);
    daemon.anonymous().get("/notifications").await.expect_problem(401, "unauthenticated");
    cid.get("/notifications?unread=perhaps").await.expect_problem(400, "invalid-input");
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn preferences_are_replaced_and_every_mistake_is_named(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let bob = daemon.user("bob").await;
    let path = "/notifications/preferences";
    let default = bob.get(path).await.expect(200).json();
    assert_eq!(default["reminders"], json!(["P1D", "PT1H"]));
    assert_eq!(default["kinds"].as_array().unwrap().len(), 14);
    let is_on = |kind: &Value| kind["in_app"] == true && kind["email"] == true;
    assert!(default["kinds"].as_array().unwrap().iter().all(is_on));
    assert_eq!(bob.put(path, default.clone()).await.expect(200).json(), default);

    let wanted = json!({"kinds": [{"kind": "reminder", "email": false}], "reminders": ["PT90M", "P2W"]});
    let stored = bob.put(path, wanted).await.expect(200).json();
    assert_eq!(stored["reminders"], json!(["PT1H30M", "P14D"]));
    let reminder = json!({"kind": "reminder", "in_app": true, "email": false});
    assert!(stored["kinds"].as_array().unwrap().contains(&reminder));
    assert_eq!(bob.get(path).await.expect(200).json(), stored);
    assert_eq!(bob.put(path, json!({"reminders": []})).await.expect(200).json()["reminders"], json!([]));
    assert_eq!(bob.put(path, json!({})).await.expect(200).json(), default);

    let wrong = json!({
        "kinds": [
            {"kind": "gossip"},
            {"in_app": "yes"},
            {"kind": "password_changed", "in_app": false},
            {"kind": "reminder"},
            {"kind": "reminder", "loud": true},
        ],
        "reminders": ["soon", "PT10S"],
    });
    let mut named = bob.put(path, wrong).await.expect_problem(400, "invalid-input").wrong();
    named.sort();
    let expected = [
        ("/kinds/0/kind", "invalid"),
        ("/kinds/1/in_app", "wrong_type"),
        ("/kinds/1/kind", "required"),
        ("/kinds/2", "required"),
        ("/kinds/4/kind", "duplicate"),
        ("/kinds/4/loud", "unknown_field"),
        ("/reminders/0", "invalid"),
        ("/reminders/1", "out_of_range"),
    ];
    assert_eq!(named, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    let six = json!({"reminders": ["PT1H", "PT2H", "PT3H", "PT4H", "PT5H", "PT6H"]});
    assert_eq!(bob.put(path, six).await.wrong(), [("/reminders".to_owned(), "too_many".to_owned())]);
    assert_eq!(bob.get(path).await.expect(200).json(), default);
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_has_reminders_of_its_own(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    let path = format!("/occurrences/{occurrence}/registration/reminders");
    bob.get(&path).await.expect_problem(404, "not-found");
    bob.put(&path, json!({"reminders": ["PT1H"]})).await.expect_problem(404, "not-found");
    bob.register(&occurrence, 1).await.expect(201);
    assert_eq!(bob.get(&path).await.expect(200).json(), json!({"reminders": null}));
    let own = json!({"reminders": ["PT45M", "P1D"]});
    assert_eq!(bob.put(&path, own.clone()).await.expect(200).json(), own);
    assert_eq!(bob.get(&path).await.expect(200).json(), own);
    let wrong = bob.put(&path, json!({"reminders": ["PT1H", "now"]})).await;
    assert_eq!(wrong.wrong(), [("/reminders/1".to_owned(), "invalid".to_owned())]);
    bob.put(&path, json!({"reminders": null})).await.expect(200);
    assert_eq!(bob.get(&path).await.expect(200).json(), json!({"reminders": null}));
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_muted_event_is_silent_and_an_export_has_all(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, eve] = daemon.users(["ada", "bob", "eve"]).await;
    let (event, occurrence) = ada.create_event(new_event_in_2031()).await;
    let mute = format!("/events/{event}/mute");
    bob.register(&occurrence, 1).await.expect(201);
    for _ in 0..2 {
        bob.put(&mute, json!({})).await.expect(204);
    }
    assert_eq!(bob.get(&mute).await.expect(200).json(), json!({"muted": true}));
    ada.patch(&format!("/events/{event}"), json!({"location": "Attic"})).await.expect(200);
    assert_eq!(kinds(&bob, "/notifications").await, ["registration_confirmed"]);
    let export = bob.get("/users/me/export").await.expect(200).json();
    assert_eq!(export["notifications"][0]["kind"], "registration_confirmed");
    assert_eq!(export["notification_preferences"]["reminders"], json!(["P1D", "PT1H"]));
    assert_eq!(export["muted_events"], json!([event]));
    bob.delete(&mute).await.expect(204);
    assert_eq!(bob.get(&mute).await.expect(200).json(), json!({"muted": false}));

    let hidden = ada.create_event(new_event_in_2031().private()).await.0;
    eve.put(&format!("/events/{hidden}/mute"), json!({})).await.expect_problem(404, "not-found");
    bob.delete("/users/me").await.expect(204);
    let left = "SELECT count(*) FROM notifications n JOIN users u ON u.id = n.user_id
        WHERE u.deleted_at IS NOT NULL";
    assert_eq!(daemon.db.number(left).await, 0);
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_reminds_in_time(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    bob.register(&occurrence, 1).await.expect(201);
    // The first start recomputes all times from the local ones, which SQL does not change.
    let recomputed = "SELECT count(*) FROM jobs WHERE kind = 'recompute_times' AND state = 'finished'";
    eventually(async || if daemon.db.number(recomputed).await > 0 { Ok(()) } else { Err(daemon.log()) })
        .await;
    // Its reminder of an hour falls due soon, by the clock of the machine: late enough that the change is
    // stored before.
    let start = eventcore::Clock::now(&eventcore::SystemClock).plus(Duration::from_secs(3_630));
    daemon.db.set_times(&occurrence, start, start).await;
    eventually(async || {
        let is_reminded = kinds(&bob, "/notifications").await.contains(&"reminder".to_owned());
        if is_reminded { Ok(()) } else { Err(daemon.log()) }
    })
    .await;
    let told = kinds(&bob, "/notifications").await;
    assert_eq!(told, ["reminder", "registration_confirmed"]);
}
