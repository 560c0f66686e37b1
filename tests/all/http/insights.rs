//! Insights over HTTP: the figures of a known series, permissions, and the CSV export.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, new_event, new_event_in_2031};

async fn table(client: &Client, path: &str) -> Vec<Vec<String>> {
    let answer = client.call(Method::GET, path, None, &[("accept", "text/csv")]).await.expect(200);
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"insights.csv\"");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*answer.bytes);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_match_a_known_series(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let body = new_event()
        .title("=Pottery")
        .starts_at("2031-03-03T18:30:00")
        .timezone("Europe/Berlin")
        .capacity(2)
        .rule("FREQ=WEEKLY;COUNT=4")
        .json();
    let event = ada.post("/events", body).await.expect(201).id();
    let path = format!("/events/{event}/insights");
    let nothing = ada.get(&path).await.expect(200).json();
    assert_eq!(
        (
            &nothing["total"]["registrations"],
            &nothing["total"]["fill_rate"],
            &nothing["occurrences"],
            &nothing["trend"]
        ),
        (&json!(0), &Value::Null, &json!([]), &Value::Null)
    );

    let mut people = Vec::new();
    for number in 0..5 {
        people.push(daemon.user(&format!("person{number}")).await);
    }
    let occurrences = ada.occurrences(&event).await;
    let mine = |occurrence: usize| format!("/occurrences/{}/registration", occurrences[occurrence]);
    // The first: two are seated, one is promoted, one stays waitlisted; one attends, one does not.
    for person in &people[..4] {
        person.put(&mine(0), json!({})).await.expect(201);
    }
    people[0].delete(&mine(0)).await.expect(204);
    // The second: one party of two. The third: one cancellation. The fourth: nobody.
    people[0].put(&mine(1), json!({"party_size": 2})).await.expect(201);
    people[1].put(&mine(2), json!({})).await.expect(201);
    people[1].delete(&mine(2)).await.expect(204);
    let places = ada
        .get(&format!("/occurrences/{}/registrations?status=confirmed", occurrences[0]))
        .await
        .expect(200)
        .json();
    let place = places["items"][0]["id"].as_str().unwrap();
    ada.post(&format!("/registrations/{place}/check-in"), json!({})).await.expect(200);
    daemon.db.pass(&occurrences[0], "2024-03-04T18:30:00Z").await;
    daemon.db.pass(&occurrences[1], "2024-03-11T18:30:00Z").await;
    people[1]
        .put(&format!("/occurrences/{}/feedback", occurrences[0]), json!({"rating": 2}))
        .await
        .expect(201);
    people[2]
        .put(&format!("/occurrences/{}/feedback", occurrences[0]), json!({"rating": 5}))
        .await
        .expect(201);
    people[0]
        .put(&format!("/occurrences/{}/feedback", occurrences[1]), json!({"rating": 5}))
        .await
        .expect(201);

    let seen = ada.get(&path).await.expect(200).json();
    let total = &seen["total"];
    let expected = json!({"registrations": 6, "confirmed": 3, "cancelled": 2, "cancellation_rate": 0.3333,
        "capacity": 6, "seats_taken": 4,
        "fill_rate": 0.6667, "waiting": 1, "waitlisted": 2, "promoted": 1, "conversion_rate": 0.5,
        "attended": 1, "no_shows": 1,
        "attendance_rate": 0.5});
    assert_eq!(*total, expected);
    assert_eq!((&seen["feedback"]["count"], &seen["feedback"]["average"]), (&json!(3), &json!(4.0)));
    assert_eq!(seen["trend"], json!({"earlier": 3.5, "recent": 5.0}));
    assert_eq!(seen["timezone"], "Europe/Berlin");
    let by_day = seen["by_day"].as_array().unwrap();
    let (registrations, people_in_all) = by_day.iter().fold((0, 0), |(a, b), day| {
        (a + day["registrations"].as_i64().unwrap(), b + day["people"].as_i64().unwrap())
    });
    assert_eq!((registrations, people_in_all), (6, 7));
    let compared: Vec<_> = seen["occurrences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|occurrence| {
            (
                occurrence["occurrence_id"].as_str().unwrap(),
                occurrence["fill_rate"].clone(),
                occurrence["no_shows"].clone(),
            )
        })
        .collect();
    assert_eq!(
        compared,
        [
            (occurrences[0].as_str(), json!(1.0), json!(1)),
            (occurrences[1].as_str(), json!(1.0), json!(0)),
            (occurrences[2].as_str(), json!(0.0), json!(0)),
        ],
        "in order, and without what lies ahead and nobody asked for"
    );

    let rows = table(&ada, &path).await;
    assert_eq!(rows.len(), 4);
    assert_eq!(&rows[0][..5], ["occurrence_id", "starts_at", "title", "status", "registrations"]);
    assert_eq!(&rows[1][1..7], ["2024-03-04T19:30:00+01:00", "'=Pottery", "scheduled", "4", "2", "1"]);
    assert_eq!(&rows[0][20..], ["rated_1", "rated_2", "rated_3", "rated_4", "rated_5"]);
    assert_eq!(&rows[1][20..], ["0", "1", "0", "0", "1"]);
    assert_eq!(
        seen["occurrences"][0]["starts_at"], "2024-03-04T19:30:00+01:00",
        "by the clocks of the event"
    );
    let first = seen["occurrences"][0]["by_day"].as_array().unwrap();
    assert_eq!(first.iter().map(|day| day["registrations"].as_i64().unwrap()).sum::<i64>(), 4);
    let days = table(&ada, &format!("{path}?table=days")).await;
    assert_eq!(days[0], ["date", "registrations", "people"]);
    assert_eq!(days[1..].iter().map(|day| day[2].parse::<i64>().unwrap()).sum::<i64>(), 7);
    ada.get(&format!("{path}?table=people")).await.expect_problem(400, "invalid-input");

    over_all(&ada, &people).await;
    // A cancelled occurrence keeps its registrations, and has no seats to fill.
    ada.post(&format!("/occurrences/{}/cancel", occurrences[2]), json!({})).await.expect(200);
    assert_eq!(ada.get(&path).await.expect(200).json()["total"]["capacity"], 4);
}

/// Figures over all events of an organizer: two of them, and one of another organizer.
async fn over_all(ada: &Client, people: &[Client]) {
    let other = new_event().title("Chess").starts_at("2031-05-05T18:30:00Z").capacity(10).json();
    let chess = ada.post("/events", other.clone()).await.expect(201).json();
    people[4]
        .put(
            &format!("/occurrences/{}/registration", chess["next_occurrence"]["id"].as_str().unwrap()),
            json!({}),
        )
        .await
        .expect(201);
    let foreign = people[4].post("/events", other).await.expect(201).json();
    people[3]
        .put(
            &format!("/occurrences/{}/registration", foreign["next_occurrence"]["id"].as_str().unwrap()),
            json!({}),
        )
        .await
        .expect(201);
    let all = ada.get("/users/me/insights").await.expect(200).json();
    let events: Vec<_> = all["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["title"].as_str().unwrap(), event["registrations"].as_i64().unwrap()))
        .collect();
    assert_eq!(events, [("=Pottery", 6), ("Chess", 1)]);
    assert_eq!((&all["total"]["registrations"], &all["total"]["capacity"]), (&json!(7), &json!(16)));
    assert_eq!(all["feedback"]["average"], 4.0);
    assert_eq!(all["trend"], json!({"earlier": 3.5, "recent": 5.0}));
    assert_eq!((&all["events"][0]["trend"], &all["events"][1]["trend"]), (&all["trend"], &Value::Null));
    assert_eq!(table(ada, "/users/me/insights?table=days").await[0][0], "date");
    let rows = table(ada, "/users/me/insights").await;
    assert_eq!((rows.len(), rows[1][1].as_str(), rows[2][3].as_str()), (3, "'=Pottery", "1"));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_organizers_read_insights(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [organizer, helper] = daemon.users(["organizer", "helper"]).await;
    let [guest, other] = daemon.users(["guest", "other"]).await;
    let (anonymous, admin) = (daemon.anonymous(), daemon.admin("admin").await);
    for (visibility, status, codes) in [
        ("public", "published", [401, 403, 403, 200, 200, 200]),
        ("unlisted", "published", [401, 403, 403, 200, 200, 200]),
        ("private", "published", [401, 404, 403, 200, 200, 200]),
        ("public", "draft", [401, 404, 404, 200, 200, 200]),
    ] {
        let body = new_event_in_2031().visibility(visibility).status(status).json();
        let event = organizer.post("/events", body).await.expect(201).json();
        let (id, occurrence) = (event["id"].as_str().unwrap(), event["next_occurrence"]["id"].as_str());
        organizer.add_co_organizer(id, &helper).await;
        if status == "published" {
            organizer
                .post(
                    &format!("/occurrences/{}/registrations", occurrence.unwrap()),
                    json!({"user_id": guest.id()}),
                )
                .await
                .expect(201);
        }
        let people = [&anonymous, &other, &guest, &helper, &organizer, &admin];
        for (column, (who, code)) in people.into_iter().zip(codes).enumerate() {
            let answer = who.get(&format!("/events/{id}/insights")).await;
            assert_eq!(answer.status.as_u16(), code, "column {column}: {visibility} {status}");
        }
    }
    anonymous.get("/users/me/insights").await.expect_problem(401, "unauthenticated");
    assert_eq!(other.get("/users/me/insights").await.expect(200).json()["events"], json!([]));
}
