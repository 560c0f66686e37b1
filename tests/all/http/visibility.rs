//! Private, unlisted and draft events appear in no list, search or count of those who may not see them.

use std::collections::BTreeSet;

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, new_event_in_2031};

/// Paths of the OpenAPI document that the test requests.
const REQUESTED: [&str; 20] = [
    "/occurrences",
    "/occurrences/facets",
    "/occurrences/calendar",
    "/events",
    "/tags",
    "/categories",
    "/categories/{category}",
    "/registrations",
    "/users/me/insights",
    "/events/{event}",
    "/events/{event}.ics",
    "/events/{event}/occurrences",
    "/events/{event}/comments",
    "/events/{event}/feedback",
    "/occurrences/{occurrence}",
    "/occurrences/{occurrence}.ics",
    "/events/{event}/organizers",
    "/events/{event}/insights",
    "/occurrences/{occurrence}/registrations",
    "/occurrences/{occurrence}/feedback",
];

/// Paths that answer with the user's own data, or with nothing about events. Other tests check their
/// permissions.
const OTHERS: [&str; 38] = [
    "",
    "/calendars/categories/{category}.atom",
    "/calendars/categories/{category}.ics",
    "/calendars/categories/{category}.json",
    "/calendars/organizers/{username}.atom",
    "/calendars/organizers/{username}.ics",
    "/calendars/organizers/{username}.json",
    "/calendars/personal/{secret}.atom",
    "/calendars/personal/{secret}.ics",
    "/calendars/personal/{secret}.json",
    "/calendars/public.atom",
    "/calendars/public.ics",
    "/calendars/public.json",
    "/calendars/tags/{tag}.atom",
    "/calendars/tags/{tag}.ics",
    "/calendars/tags/{tag}.json",
    "/comments/{comment}",
    "/events/{event}/mute",
    "/events/{event}/organizers/{user}",
    "/notifications",
    "/notifications/preferences",
    "/occurrences/{occurrence}/registration",
    "/occurrences/{occurrence}/registration/reminders",
    "/registrations/{registration}",
    "/registrations/{registration}/ticket.png",
    "/registrations/{registration}/ticket.svg",
    "/sessions",
    "/stream",
    "/subscriptions",
    "/subscriptions/{subscription}",
    "/tokens",
    "/users",
    "/users/me/export",
    "/users/{user}",
    "/webhooks",
    "/webhooks/{webhook}",
    "/webhooks/{webhook}/deliveries",
    "/webhooks/{webhook}/deliveries/{delivery}",
];

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hidden_events_appear_in_no_answer(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, guest] = daemon.users(["ada", "bob", "guest"]).await;
    let (anonymous, admin) = (daemon.anonymous(), daemon.admin("root").await);
    let mut made = Vec::new();
    for changes in [
        json!({"visibility": "private"}),
        json!({"visibility": "unlisted"}),
        json!({"status": "draft"}),
        json!({}),
    ] {
        let event = new_event_in_2031()
            .title("Xylophone evening")
            .description("secret")
            .duration("P2D")
            .category("concert")
            .tags(["xylophone"])
            .with(&changes);
        let event = ada.post("/events", event.json()).await.expect(201).json();
        let occurrence = event["next_occurrence"]["id"].as_str().unwrap().to_owned();
        made.push((event["id"].as_str().unwrap().to_owned(), occurrence.clone()));
        if changes["visibility"] == "private" {
            ada.post(&format!("/occurrences/{occurrence}/registrations"), json!({"user_id": guest.id()}))
                .await
                .expect(201);
        }
    }
    let months = "from=2031-01-01&to=2031-12-31";
    let lists: Vec<(String, &str)> = vec![
        ("/occurrences?count=true".to_owned(), "/total"),
        ("/events?count=true".to_owned(), "/total"),
        ("/occurrences?q=xylo&count=true".to_owned(), "/total"),
        ("/occurrences?q=secret&count=true&sort=relevance".to_owned(), "/total"),
        ("/occurrences?q=-absent&count=true".to_owned(), "/total"),
        ("/events?q=xylophone&count=true".to_owned(), "/total"),
        ("/occurrences?title=xylo&count=true".to_owned(), "/total"),
        ("/occurrences?category=concert&count=true".to_owned(), "/total"),
        ("/occurrences?tag=xylophone&count=true".to_owned(), "/total"),
        ("/occurrences?available=true&count=true".to_owned(), "/total"),
        (format!("/occurrences/facets?{months}"), "/total"),
        (format!("/occurrences/facets?{months}"), "/categories/0/count"),
        (format!("/occurrences/facets?{months}"), "/tags/0/count"),
        (format!("/occurrences/facets?{months}&q=xylo"), "/months/0/count"),
        ("/occurrences/calendar?month=2031-03".to_owned(), "/days/3/count"),
        ("/occurrences/calendar?month=2031-03&tag=xylophone".to_owned(), "/days/3/count"),
        (
            "/events?from=2031-01-01&category=concert&tag=xylophone&available=true&count=true".to_owned(),
            "/total",
        ),
        ("/categories/concert".to_owned(), "/upcoming_events"),
        ("/occurrences?overlaps=true&count=true".to_owned(), "/total"),
        ("/events?overlaps=true&from=2031-03-05&count=true".to_owned(), "/total"),
        ("/occurrences/calendar?month=2031-03&overlaps=true".to_owned(), "/days/4/count"),
        ("/tags".to_owned(), "/items/0/count"),
        ("/tags?q=xylo".to_owned(), "/items/0/count"),
    ];
    for (path, pointer) in &lists {
        for client in [&anonymous, &bob, &guest, &ada, &admin] {
            let answer = client.get(path).await.expect(200).json();
            assert_eq!(answer.pointer(pointer), Some(&json!(1)), "{path}");
        }
    }
    for client in [&anonymous, &bob, &guest, &ada, &admin] {
        let categories = client.get("/categories").await.expect(200).json();
        let counts = categories["items"].as_array().unwrap().iter();
        assert_eq!(counts.map(|category| category["upcoming_events"].as_i64().unwrap()).sum::<i64>(), 1);
    }
    // Lists of one user show what that user may see, and nothing more to others.
    for (client, path, count) in [
        (&ada, "/occurrences?organizer=me&q=xylo&count=true", 4),
        (&admin, "/occurrences?organizer=ada&q=xylo&count=true", 4),
        (&bob, "/occurrences?organizer=ada&q=xylo&count=true", 1),
        (&anonymous, "/occurrences?organizer=ada&tag=xylophone&count=true", 1),
        (&guest, "/occurrences?registered=me&q=xylo&count=true", 1),
        (&bob, "/occurrences?registered=me&q=xylo&count=true", 0),
        (&guest, "/occurrences/facets?registered=me", 1),
        (&ada, "/occurrences/facets?organizer=me", 4),
        (&bob, "/occurrences/facets?organizer=ada", 1),
        (&bob, "/events?organizer=ada&count=true", 1),
        (&ada, "/events?organizer=me&count=true", 4),
        (&guest, "/events?registered=me&count=true", 1),
        (&guest, "/registrations?count=true", 1),
        (&bob, "/registrations?count=true", 0),
    ] {
        assert_eq!(client.get(path).await.expect(200).json()["total"], count, "{path}");
    }
    for (client, registrations) in [(&bob, 0), (&guest, 0), (&ada, 1)] {
        let insights = client.get("/users/me/insights").await.expect(200).json();
        assert_eq!(insights["total"]["registrations"], registrations);
    }
    known_by_id([&anonymous, &bob, &guest, &ada, &admin], &made).await;
    every_documented_path_is_listed(&daemon).await;
}

/// Known ids reveal nothing about hidden events, except that unlisted events are open to those who know them.
/// The clients: anonymous, another user, a user registered for the private event, its organizer, an admin.
async fn known_by_id(clients: [&Client; 5], made: &[(String, String)]) {
    let open = [
        "/events/{event}",
        "/events/{event}/occurrences",
        "/events/{event}/comments",
        "/events/{event}/feedback",
        "/occurrences/{occurrence}",
        "/events/{event}.ics",
        "/occurrences/{occurrence}.ics",
        "/occurrences?event={event}",
        "/occurrences/facets?event={event}",
        "/occurrences/calendar?month=2031-03&event={event}",
        "/events?event={event}",
    ];
    let own = [
        "/events/{event}/organizers",
        "/events/{event}/insights",
        "/occurrences/{occurrence}/registrations",
        "/occurrences/{occurrence}/feedback",
    ];
    for ((event, occurrence), statuses) in
        made.iter().zip([[404, 404, 200, 200, 200], [200; 5], [404, 404, 404, 200, 200], [200; 5]])
    {
        for (column, (client, status)) in clients.into_iter().zip(statuses).enumerate() {
            for path in open {
                let answer =
                    client.get(&path.replace("{event}", event).replace("{occurrence}", occurrence)).await;
                assert_eq!(answer.status, status, "column {column}: {path}");
            }
            for path in own.iter().filter(|_| status == 404) {
                let answer =
                    client.get(&path.replace("{event}", event).replace("{occurrence}", occurrence)).await;
                assert_eq!(answer.status, if column == 0 { 401 } else { 404 }, "column {column}: {path}");
            }
        }
    }
}

/// Fails on documented paths that this file does not list.
async fn every_documented_path_is_listed(daemon: &Daemon) {
    let document: Value =
        daemon.anonymous().raw(Method::GET, "/openapi.json", Vec::new(), &[]).await.expect(200).json();
    let paths = document["paths"].as_object().unwrap().iter().filter(|(_, item)| item.get("get").is_some());
    let served: BTreeSet<&str> = paths.filter_map(|(path, _)| path.strip_prefix("/api/v1")).collect();
    let known: BTreeSet<&str> = REQUESTED.into_iter().chain(OTHERS).collect();
    assert_eq!(served, known);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn occurrences_say_who_sees_them(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    for visibility in ["public", "unlisted", "private"] {
        let event = new_event_in_2031().title(visibility).visibility(visibility);
        let (event, occurrence) = ada.create_event(event).await;
        let shown = ada.get(&format!("/occurrences/{occurrence}")).await.expect(200).json();
        assert_eq!(shown["visibility"], visibility);
        let event = ada.get(&format!("/events/{event}")).await.expect(200).json();
        assert_eq!(event["next_occurrence"]["visibility"], visibility);
    }
    for occurrence in ada.all("/occurrences?organizer=me").await {
        assert_eq!(occurrence["visibility"], occurrence["title"]);
    }
}
