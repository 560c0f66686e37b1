//! What a write of an event returns, and how it counts versions: the library computes both from what it
//! wrote, without reading it again.

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
