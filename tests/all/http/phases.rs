//! What takes place now, and all-day occurrences of today, over HTTP.

use std::time::Duration;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::{Clock, SystemClock};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, ids_of, new_event_in_2031, url_encoded};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

async fn ids(client: &Client, path: &str) -> Vec<String> {
    ids_of(&client.get(path).await.expect(200).json())
}

/// A case, with its event on the day that it is in a time zone.
fn case(zone: Tz) -> (Value, NaiveDate) {
    let case: Value = serde_json::from_str(include_str!("../../data/all-day-today.json")).unwrap();
    let today = SystemClock.now().in_zone(zone).date_naive();
    let mut event = case["create"].clone();
    (event["starts_at"], event["timezone"]) = (json!(today), json!(zone.name()));
    (event, today)
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_all_day_event_of_today_is_upcoming_in_every_zone(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    // Somewhere it is noon, and somewhere midnight has just passed or is about to.
    for zone in
        [Tz::Europe__Berlin, Tz::Pacific__Kiritimati, Tz::Pacific__Pago_Pago, Tz::Asia__Kolkata, Tz::UTC]
    {
        // Around midnight the day may end between two requests: the test is repeated on the next day.
        loop {
            let (event, today) = case(zone);
            let made = ada.post("/events", event).await;
            let next = made.json()["next_occurrence"]["id"].as_str().map(str::to_owned);
            let listed = ids(&bob, "/occurrences?limit=100").await;
            let in_events = ids(&bob, "/events?limit=100").await;
            let registered = match &next {
                Some(next) => bob.put(&format!("/occurrences/{next}/registration"), json!({})).await.status,
                None => http::StatusCode::NOT_FOUND,
            };
            if SystemClock.now().in_zone(zone).date_naive() != today {
                continue;
            }
            let event = made.expect(201).id();
            let next = next.expect("a next occurrence");
            assert!(listed.contains(&next) && in_events.contains(&event), "{zone}");
            assert_eq!(registered, 201, "{zone}");
            break;
        }
    }
    let facets = bob.get("/occurrences/facets").await.expect(200).json();
    assert!(facets["total"].as_i64().unwrap() >= 4, "{facets}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_place_now_is_listed_if_asked_for(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid] = daemon.users(["ada", "bob", "cid"]).await;
    let now = SystemClock.now();
    let talk = |title: &str| new_event_in_2031().title(title).capacity(2).category("concert");
    let (event, begun) = ada.create_event(talk("Begun")).await;
    let (_, over) = ada.create_event(talk("Over")).await;
    let (_, later) = ada.create_event(talk("Later")).await;
    let (_, long) = ada.create_event(talk("Long")).await;
    let ticket = bob.register(&begun, 1).await.expect(201).json();
    let old_ticket = bob.register(&over, 1).await.expect(201).json();
    daemon.db.set_times(&begun, now.minus(HOUR), now.plus(DAY)).await;
    daemon.db.set_times(&over, now.minus(DAY * 2), now.minus(DAY + HOUR)).await;
    daemon.db.set_times(&long, now.minus(DAY * 90), now.plus(DAY)).await;

    assert_eq!(ids(&cid, "/occurrences").await, [later.as_str()]);
    let current = [long.as_str(), &begun, &later];
    assert_eq!(ids(&cid, "/occurrences?current=true").await, current);
    assert_eq!(ids(&cid, "/occurrences?current=true&category=concert&q=begun").await, [begun.as_str()]);
    let backwards = [later.as_str(), &begun, &long];
    assert_eq!(ids(&cid, "/occurrences?current=true&sort=-starts_at").await, backwards);
    // Those that started since `from` are not listed twice, and what is over is not added.
    let since = url_encoded(&now.minus(HOUR * 2).to_string());
    assert_eq!(ids(&cid, &format!("/occurrences?from={since}")).await, [begun.as_str(), &later]);
    assert_eq!(ids(&cid, &format!("/occurrences?current=true&from={since}")).await, current);
    assert_eq!(ids(&cid, "/occurrences?current=true&from=2031-01-01").await, current);
    assert_eq!(ids(&cid, "/occurrences?current=true&available=true").await, [later.as_str()]);
    let page = cid.get("/occurrences?current=true&limit=1&count=true").await.expect(200).json();
    assert_eq!(page["total"], 3);
    let next = page["next"].as_str().unwrap();
    let second =
        cid.get(&format!("/occurrences?current=true&limit=1&cursor={next}")).await.expect(200).json();
    assert_eq!(ids_of(&second), [begun.as_str()]);
    let total = async |query: &str| cid.get(&format!("/occurrences/facets{query}")).await.expect(200).json();
    assert_eq!(total("").await["total"], 1);
    assert_eq!(total("?current=true").await["total"], 3);
    assert_eq!(ids(&ada, "/events?organizer=me").await.len(), 1);
    assert_eq!(ids(&ada, "/events?organizer=me&current=true").await.len(), 3);
    let wrong = cid.get("/occurrences?current=maybe").await.expect(400);
    assert_eq!(wrong.wrong(), [("/current".to_owned(), "invalid".to_owned())]);

    // It is not the next one, and closed to users, but not to its organizers.
    let shown = cid.get(&format!("/events/{event}")).await.expect(200).json();
    assert_eq!(shown["next_occurrence"], Value::Null);
    let refused = cid.register(&begun, 1).await.expect_problem(409, "occurrence-past").json();
    assert_eq!(refused["detail"], "this occurrence has already started");
    let walk_in = json!({"user_id": cid.id()});
    ada.post(&format!("/occurrences/{begun}/registrations"), walk_in.clone()).await.expect(201);
    let check_in = |ticket: &Value| format!("/registrations/{}/check-in", ticket["id"].as_str().unwrap());
    ada.poke(&check_in(&ticket)).await.expect(200);
    let late = ada.post(&format!("/occurrences/{over}/registrations"), walk_in).await;
    late.expect_problem(409, "occurrence-past");
    ada.poke(&check_in(&old_ticket)).await.expect_problem(409, "check-in-closed");
    let code = json!({"code": old_ticket["ticket_code"], "occurrence_id": over});
    ada.post("/check-in", code).await.expect_problem(409, "check-in-closed");
    daemon.check().await;
}
