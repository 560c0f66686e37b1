//! What a write of an event returns, and how it counts versions: the library computes both from what it
//! wrote, without reading it again.

use std::collections::BTreeMap;

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, EventBuilder, Kind, new_event_in_2031};

/// Events that differ in all that a response shows.
fn many_kinds() -> Vec<EventBuilder> {
    let event = new_event_in_2031;
    vec![
        event(),
        event().draft().private().description("*Bring* a friend 🎉"),
        event().rule("FREQ=WEEKLY;COUNT=5").category("concert").tags(["Rüst", "evening", "a \"b\" \\c"]),
        event().rule("FREQ=DAILY").timezone("Europe/Berlin").set("url", "https://example.org/?a=1&b=ü"),
        event()
            .rule("FREQ=HOURLY;BYHOUR=2,3;COUNT=9")
            .timezone("Europe/Berlin")
            .starts_at("2031-03-30T00:30:00"),
        event()
            .set("all_day", true)
            .starts_at("2031-03-04")
            .ends_at("2031-03-06")
            .timezone("America/Santiago")
            .registration_closes_at("2031-03-01"),
        event()
            .set("registration_opens_before", "P30D")
            .set("registration_closes_before", "PT2H")
            .capacity(1),
        event().recurrence(json!({"rdate": ["2031-03-05T18:30:00"]})).waitlist_enabled(false),
        event().starts_at("2031-10-26T02:30:00+01:00").timezone("Europe/Berlin").max_party_size(1),
    ]
}

async fn stored(client: &Client, id: &str) -> Value {
    client.get(&format!("/events/{id}")).await.expect(200).json()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_creation_returns_is_what_is_stored(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada] = daemon.users(["ada"]).await;
    for event in many_kinds() {
        let created = ada.post("/events", event.json()).await.expect(201);
        let (id, created) = (created.id(), created.json());
        assert_eq!(created, stored(&ada, &id).await);
        let count = created["occurrence_count"].as_u64().unwrap();
        let listed = ada.all(&format!("/events/{id}/occurrences")).await;
        assert_eq!(count, u64::try_from(listed.len()).unwrap(), "{created}");
    }
    daemon.check().await;
}

/// Changes of a weekly series, each of which some occurrences show and others do not.
fn many_changes() -> Vec<Value> {
    vec![
        json!({"title": "Night"}),
        json!({"title": "Night"}),
        json!({"location": "Room 3", "description": "Bring a friend"}),
        json!({"url": "https://example.org/"}),
        json!({"capacity": 9}),
        json!({"max_party_size": 2}),
        json!({"visibility": "unlisted"}),
        json!({"visibility": "public", "tags": ["late", "Rüst"]}),
        json!({"category": "concert"}),
        json!({"category": "workshop", "tags": []}),
        json!({"waitlist_enabled": false}),
        json!({"registration_closes_before": "PT1H"}),
        json!({"duration": "PT3H"}),
        json!({"starts_at": "2031-03-05T19:00:00"}),
        json!({"timezone": "Europe/Berlin"}),
        json!({"recurrence": {"rrule": "FREQ=WEEKLY;COUNT=6"}}),
        json!({"recurrence": {"rrule": "FREQ=WEEKLY;COUNT=4"}}),
        json!({"recurrence": {"rrule": "FREQ=WEEKLY;COUNT=4;INTERVAL=2"}}),
        json!({"starts_at": "2031-03-12T19:00:00", "title": "Late", "capacity": 3}),
        json!({"status": "cancelled"}),
    ]
}

/// A weekly series of four: the second with another title, the third at another time, people at the fourth.
async fn series_with_overrides(daemon: &Daemon) -> (Client, String) {
    let [ada, bob, cid] = daemon.users(["ada", "bob", "cid"]).await;
    let (event, _) = ada.create_event(new_event_in_2031().rule("FREQ=WEEKLY;COUNT=4")).await;
    ada.add_co_organizer(&event, &cid).await;
    let occurrences = ada.occurrences(&event).await;
    let own_texts = json!({"title": "Own", "location": "Elsewhere", "description": "Other"});
    ada.patch(&format!("/occurrences/{}", occurrences[1]), own_texts).await.expect(200);
    let own_time = json!({"starts_at": "2031-03-19T20:00:00Z"});
    ada.patch(&format!("/occurrences/{}", occurrences[2]), own_time).await.expect(200);
    bob.register(&occurrences[3], 2).await.expect(201);
    (ada, event)
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_change_returns_is_what_is_stored(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, event) = series_with_overrides(&daemon).await;
    for patch in many_changes() {
        let changed = ada.patch(&format!("/events/{event}"), patch.clone()).await.expect(200).json();
        assert_eq!(changed, stored(&ada, &event).await, "{patch}");
    }
    daemon.check().await;
}

/// The occurrences of an event by id: the version, and everything else.
async fn versions(client: &Client, event: &str) -> BTreeMap<String, (i64, Value)> {
    let mut versions = BTreeMap::new();
    for mut occurrence in client.all(&format!("/events/{event}/occurrences")).await {
        let version = occurrence["version"].take().as_i64().expect("a version");
        versions.insert(occurrence["id"].as_str().expect("an id").to_owned(), (version, occurrence));
    }
    versions
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_occurrence_gets_one_new_version_if_a_change_shows_in_it(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, event) = series_with_overrides(&daemon).await;
    let mut before = versions(&ada, &event).await;
    for patch in many_changes() {
        ada.patch(&format!("/events/{event}"), patch.clone()).await.expect(200);
        let after = versions(&ada, &event).await;
        for (id, (version, shown)) in &after {
            let expected = match before.get(id) {
                None => 1,
                Some((old, same)) if same == shown => *old,
                Some((old, _)) => old + 1,
            };
            assert_eq!(*version, expected, "{patch}: {shown}");
        }
        before = after;
    }
    daemon.check().await;
}
