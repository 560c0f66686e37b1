//! Events that become private, unlisted or drafts disappear from all lists and counts, and reappear when they
//! are public again.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, new_event, new_event_in_2031};

/// Lists and counts of occurrences, and the JSON pointer of the number.
const OF_OCCURRENCES: [(&str, &str); 11] = [
    ("/occurrences?count=true", "/total"),
    ("/occurrences?count=true&q=xylophone+evening", "/total"),
    ("/occurrences?count=true&q=secret&sort=relevance", "/total"),
    ("/occurrences?count=true&title=xylo", "/total"),
    ("/occurrences?count=true&location=hall", "/total"),
    ("/occurrences?count=true&tag=xylophone", "/total"),
    ("/occurrences?count=true&available=true&from=2031-01-01", "/total"),
    ("/occurrences?count=true&organizer=ada", "/total"),
    ("/occurrences/facets", "/total"),
    ("/occurrences/facets?q=xylo", "/tags/0/count"),
    ("/occurrences/facets?organizer=ada", "/categories/0/count"),
];
/// Lists and counts of events, and the JSON pointer of the number.
const OF_EVENTS: [(&str, &str); 5] = [
    ("/events?count=true", "/total"),
    ("/events?count=true&q=xylo&sort=relevance", "/total"),
    ("/events?count=true&organizer=ada", "/total"),
    ("/events?count=true&tag=xylophone", "/total"),
    ("/tags?q=xylo", "/items/0/count"),
];

struct Clients {
    /// Anonymous, another user, and the organizer of another event.
    strangers: [Client; 3],
    ada: Client,
    admin: Client,
}

/// Asserts how many occurrences and events everyone finds.
async fn found(clients: &Clients, occurrences: i64, events: i64, when: &str) {
    let Clients { strangers: [nobody, somebody, host], ada, admin } = clients;
    for (who, client) in
        [("nobody", nobody), ("somebody", somebody), ("a host", host), ("ada", ada), ("admin", admin)]
    {
        let lists = OF_OCCURRENCES
            .iter()
            .map(|list| (list, occurrences))
            .chain(OF_EVENTS.iter().map(|list| (list, events)));
        for ((path, pointer), count) in lists {
            // Organizers and admins see their own hidden events.
            if path.contains("organizer=ada") && ["ada", "admin"].contains(&who) {
                continue;
            }
            let answer = client.get(path).await.expect(200).json();
            let number = answer.pointer(pointer).and_then(Value::as_i64).unwrap_or_default();
            assert_eq!(number, count, "{when}: {who} asks {path}\n{answer}");
        }
        let categories = client.get("/categories").await.expect(200).json();
        let counts = categories["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["upcoming_events"].as_i64().unwrap());
        assert_eq!(counts.sum::<i64>(), events, "{when}: {who} counts categories");
        let mut days = 0;
        for month in ["2031-03", "2031-04"] {
            let calendar =
                client.get(&format!("/occurrences/calendar?month={month}")).await.expect(200).json();
            days += calendar["days"]
                .as_array()
                .unwrap()
                .iter()
                .map(|day| day["count"].as_i64().unwrap())
                .sum::<i64>();
        }
        assert_eq!(days, occurrences, "{when}: {who} looks at the calendar");
        let facets = client.get("/occurrences/facets").await.expect(200).json();
        let months =
            facets["months"].as_array().unwrap().iter().map(|month| month["count"].as_i64().unwrap());
        assert_eq!(months.sum::<i64>(), occurrences, "{when}: {who} counts months");
    }
}

async fn occurrences_of(client: &Client, event: &str) -> Vec<String> {
    let occurrences = client.all(&format!("{event}/occurrences")).await;
    occurrences.iter().map(|occurrence| occurrence["id"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_disappear_and_reappear_with_their_visibility(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let clients = Clients {
        strangers: [daemon.anonymous(), daemon.user("bob").await, daemon.user("cid").await],
        ada: daemon.user("ada").await,
        admin: daemon.admin("root").await,
    };
    let (ada, admin) = (&clients.ada, &clients.admin);
    let series = new_event_in_2031()
        .title("Xylophone evening")
        .location("Hall")
        .description("secret")
        .category("concert")
        .tags(["xylophone"])
        .rule("FREQ=WEEKLY;COUNT=3")
        .json();
    let event = format!("/events/{}", ada.post("/events", series).await.expect(201).id());
    found(&clients, 3, 1, "at first").await;

    ada.patch(&event, json!({"visibility": "private"})).await.expect(200);
    found(&clients, 0, 0, "private").await;
    let occurrences = occurrences_of(ada, &event).await;
    let occurrence = |number: usize| format!("/occurrences/{}", occurrences[number]);
    ada.patch(&occurrence(0), json!({"title": "Xylophone evening with a secret guest", "capacity": 9}))
        .await
        .expect(200);
    ada.patch(&event, json!({"recurrence": {"rrule": "FREQ=WEEKLY;COUNT=5"}})).await.expect(200);
    found(&clients, 0, 0, "private, with dates more and a text of one's own").await;
    ada.patch(
        &event,
        json!({"tags": ["xylophone", "music"], "category": "festival", "description": "a secret"}),
    )
    .await
    .expect(200);
    ada.patch(&event, json!({"starts_at": "2031-03-04T19:30:00Z"})).await.expect(200);
    found(&clients, 0, 0, "private, and described anew").await;
    ada.poke(&format!("{}/cancel", occurrence(1))).await.expect(200);
    ada.poke(&format!("{}/restore", occurrence(1))).await.expect(200);
    found(&clients, 0, 0, "private, and brought back").await;
    let occurrences = occurrences_of(ada, &event).await;
    let rest = ada
        .post(&format!("/occurrences/{}/split", occurrences[3]), json!({"location": "Hall 2"}))
        .await
        .expect(201);
    let rest = format!("/events/{}", rest.id());
    found(&clients, 0, 0, "private, in two parts").await;
    let copy = ada
        .post(&format!("{event}/duplicate"), json!({"starts_at": "2031-03-05T18:30:00Z"}))
        .await
        .expect(201)
        .id();
    found(&clients, 0, 0, "private, with a copy").await;
    ada.delete(&format!("/events/{copy}")).await.expect(204);
    admin.patch("/categories/festival", json!({"slug": "fest"})).await.expect(200);
    admin.delete("/categories/fest?move_to=concert").await.expect(204);
    found(&clients, 0, 0, "private, of another category").await;

    ada.patch(&rest, json!({"visibility": "public"})).await.expect(200);
    found(&clients, 2, 1, "half of it public").await;
    ada.patch(&event, json!({"visibility": "public"})).await.expect(200);
    found(&clients, 5, 2, "all of it public").await;
    ada.patch(&event, json!({"visibility": "unlisted"})).await.expect(200);
    found(&clients, 2, 1, "half of it unlisted").await;
    ada.patch(&event, json!({"visibility": "public", "status": "draft"})).await.expect(200);
    found(&clients, 2, 1, "half of it a draft").await;
    clients.strangers[0].get(&event).await.expect_problem(404, "not-found");
    ada.poke(&format!("{event}/publish")).await.expect(200);
    found(&clients, 5, 2, "published again").await;
    ada.delete(&event).await.expect(204);
    found(&clients, 2, 1, "half of it gone").await;

    // Occurrences that the horizon adds later are hidden as well.
    ada.patch(&rest, json!({"visibility": "private"})).await.expect(200);
    let soon =
        (daemon.db.core.now().to_utc() + chrono::Days::new(2)).format("%Y-%m-%dT%H:00:00Z").to_string();
    let endless = new_event()
        .without("timezone")
        .title("Xylophone practice")
        .location("Hall")
        .description("secret")
        .starts_at(soon)
        .private()
        .category("concert")
        .tags(["xylophone"])
        .rule("FREQ=DAILY")
        .json();
    ada.post("/events", endless).await.expect(201);
    let before = daemon.db.number("SELECT count(*) FROM occurrences").await;
    daemon.db.clock.advance(std::time::Duration::from_hours(24 * 40));
    daemon.db.core.extend_schedules().await.unwrap();
    assert!(daemon.db.number("SELECT count(*) FROM occurrences").await > before + 30);
    found(&clients, 0, 0, "private, without an end").await;
}
