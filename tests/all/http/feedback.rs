//! Feedback over HTTP: from attendees only, afterwards only, and permissions.

use std::time::Duration;

use eventcore::db::{Queries, Sql};
use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, new_event_in_2031};

/// An event with two organizers and these attendees; returns it and its occurrence.
async fn occurrence(
    organizer: &Client,
    helper: &Client,
    guests: &[&Client],
    changes: &Value,
) -> (String, String) {
    let (id, occurrence) = organizer.create_event(new_event_in_2031().with(changes)).await;
    organizer.add_co_organizer(&id, helper).await;
    for guest in guests {
        organizer
            .post(&format!("/occurrences/{occurrence}/registrations"), json!({"user_id": guest.id()}))
            .await
            .expect(201);
    }
    (id, occurrence)
}

async fn act(action: &str, client: &Client, event: &str, occurrence: &str, feedback: &str) -> u16 {
    let mine = format!("/occurrences/{occurrence}/feedback");
    let answer = match action {
        "list" => client.get(&format!("/events/{event}/feedback")).await,
        "read mine" => client.get(&mine).await,
        "give" => client.put(&mine, json!({"rating": 4})).await,
        "withdraw" => client.delete(&mine).await,
        "answer" => client.put(&format!("/feedback/{feedback}/answer"), json!({"body": "Thanks"})).await,
        "take back" => client.delete(&format!("/feedback/{feedback}/answer")).await,
        other => panic!("{other}"),
    };
    answer.status.as_u16()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_of_feedback(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [organizer, helper] = daemon.users(["organizer", "helper"]).await;
    let [holder, other] = daemon.users(["holder", "other"]).await;
    let (anonymous, admin) = (daemon.anonymous(), daemon.admin("admin").await);
    let (public, private) = (json!({}), json!({"visibility": "private"}));
    // The statuses for: anonymous, another user, an attendee who gave feedback, co-organizer, organizer,
    // admin.
    let table: [(&str, &Value, [u16; 6]); 10] = [
        ("list", &public, [200, 200, 200, 200, 200, 200]),
        ("list", &private, [404, 404, 200, 200, 200, 200]),
        ("read mine", &public, [401, 404, 200, 404, 404, 404]),
        ("give", &public, [401, 403, 200, 403, 403, 403]),
        ("give", &private, [401, 404, 200, 403, 403, 403]),
        ("withdraw", &public, [401, 204, 204, 204, 204, 204]),
        ("answer", &public, [401, 403, 403, 200, 200, 200]),
        ("answer", &private, [401, 404, 403, 200, 200, 200]),
        ("take back", &public, [401, 403, 403, 204, 204, 204]),
        ("take back", &private, [401, 404, 403, 204, 204, 204]),
    ];
    for (action, changes, statuses) in table {
        let people = [&anonymous, &other, &holder, &helper, &organizer, &admin];
        for (column, (who, status)) in people.into_iter().zip(statuses).enumerate() {
            let (event, occurrence) = occurrence(&organizer, &helper, &[&holder], changes).await;
            daemon.db.pass(&occurrence, "2024-03-04T18:30:00Z").await;
            let feedback = holder
                .put(&format!("/occurrences/{occurrence}/feedback"), json!({"rating": 5}))
                .await
                .expect(201)
                .id();
            assert_eq!(
                act(action, who, &event, &occurrence, &feedback).await,
                status,
                "column {column}: {action} {changes}"
            );
        }
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn feedback_is_given_once_and_only_afterwards(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid, dan] = daemon.users(["ada", "bob", "cid", "dan"]).await;
    let (event, occurrence) = occurrence(&ada, &bob, &[&cid, &dan], &json!({})).await;
    let (mine, all) = (format!("/occurrences/{occurrence}/feedback"), format!("/events/{event}/feedback"));
    cid.put(&mine, json!({"rating": 5})).await.expect_problem(409, "occurrence-not-over");
    bob.put(&mine, json!({"rating": 5})).await.expect_problem(403, "not-attended");
    daemon.db.pass(&occurrence, "2024-03-04T18:30:00Z").await;
    let none = daemon.anonymous().get(&all).await.expect(200).json();
    assert_eq!(
        (&none["summary"]["count"], &none["summary"]["average"], &none["items"]),
        (&json!(0), &Value::Null, &json!([]))
    );
    for (body, pointer, code) in [
        (json!({}), "/rating", "required"),
        (json!({"rating": 0}), "/rating", "out_of_range"),
        (json!({"rating": 6}), "/rating", "out_of_range"),
        (json!({"rating": 4.5}), "/rating", "wrong_type"),
        (json!({"rating": 4, "body": "x".repeat(5_001)}), "/body", "too_long"),
        (json!({"rating": 4, "stars": 4}), "/stars", "unknown_field"),
    ] {
        let refused = cid.put(&mine, body.clone()).await.expect(400);
        assert_eq!(refused.wrong().first(), Some(&(pointer.to_owned(), code.to_owned())), "{body}");
    }
    let said = cid.put(&mine, json!({"rating": 5, "body": "<b>Great</b>"})).await.expect(201).json();
    assert_eq!(
        (&said["user"]["username"], &said["version"], &said["body"]),
        (&json!("cid"), &json!(1), &json!("<b>Great</b>"))
    );
    assert_eq!(
        cid.put(&mine, json!({"rating": 5, "body": "<b>Great</b>"})).await.expect(200).json(),
        said,
        "said twice is said once"
    );
    assert_eq!(cid.put(&mine, said.clone()).await.expect(200).json(), said, "what was read is put back");
    let foreign = cid.put(&mine, json!({"rating": 5, "user": {"username": "ada"}})).await;
    assert_eq!(foreign.expect(400).wrong(), [("/user".to_owned(), "read_only".to_owned())]);
    let better = cid.put(&mine, json!({"rating": 4})).await.expect(200).json();
    assert_eq!((&better["id"], &better["rating"], &better["version"]), (&said["id"], &json!(4), &json!(2)));
    dan.put(&mine, json!({"rating": 1, "body": "Too loud"})).await.expect(201);
    let id = better["id"].as_str().unwrap();
    ada.put(&format!("/feedback/{id}/answer"), json!({"body": " "}))
        .await
        .expect_problem(400, "invalid-input");
    let answered =
        bob.put(&format!("/feedback/{id}/answer"), json!({"body": "Come again"})).await.expect(200).json();
    assert_eq!((&answered["answer"], &answered["version"]), (&json!("Come again"), &json!(3)));
    assert_eq!(answered["updated_at"], answered["answered_at"], "an answer is a change");
    let again = ada.put(&format!("/feedback/{id}/answer"), json!({"body": "Come again"})).await.expect(200);
    assert_eq!(again.json(), answered, "answered twice is answered once");
    guarded(&cid, &ada, &mine, id).await;

    let page = daemon.anonymous().get(&format!("{all}?limit=1&count=true")).await.expect(200);
    assert!(page.header("link").contains("rel=\"next\""));
    let page = page.json();
    assert_eq!(page["summary"]["average"], 2.5);
    let counts: Vec<i64> = page["summary"]["distribution"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["count"].as_i64().unwrap())
        .collect();
    assert_eq!(counts, [1, 0, 0, 1, 0]);
    assert_eq!((&page["total"], &page["items"][0]["body"]), (&json!(2), &json!("Too loud")));
    let both = daemon.anonymous().all(&format!("{all}?limit=1")).await;
    assert_eq!((both.len(), &both[1]["answer"]), (2, &json!("Come again")));

    let export = dan.get("/users/me/export").await.expect(200).json();
    assert_eq!(export["feedback"][0]["body"], "Too loud");
    assert_eq!(export["withdrawn_feedback"], json!([]));
    dan.delete(&mine).await.expect(204);
    dan.get(&mine).await.expect_problem(404, "not-found");
    assert_eq!(ada.get(&all).await.expect(200).json()["summary"]["average"], 4.0);
    // The time limit counts from the first submission.
    let held = dan.get("/users/me/export").await.expect(200).json();
    let taken_back =
        json!([{"occurrence_id": occurrence, "first_submitted_at": export["feedback"][0]["created_at"]}]);
    assert_eq!((&held["feedback"], &held["withdrawn_feedback"]), (&json!([]), &taken_back));

    // An edit keeps the time of creation.
    let anew = dan.put(&mine, json!({"rating": 3})).await.expect(201).json();
    assert_eq!((&anew["created_at"], &anew["version"]), (&export["feedback"][0]["created_at"], &json!(1)));
    assert_ne!(anew["updated_at"], anew["created_at"]);

    // After thirty days it cannot be changed, but withdrawn for good.
    make_older(&daemon, Duration::from_hours(30 * 24 - 1)).await;
    let changed = cid.put(&mine, json!({"rating": 3})).await.expect(200).json();
    assert_eq!((&changed["rating"], &changed["id"]), (&json!(3), &said["id"]));
    make_older(&daemon, Duration::from_hours(30 * 24) + Duration::from_secs(1)).await;
    for client in [&cid, &dan] {
        client.put(&mine, json!({"rating": 1})).await.expect_problem(403, "forbidden");
    }
    assert_eq!(cid.get(&mine).await.expect(200).json()["rating"], 3);
    // Answers of organizers have their own time.
    ada.put(&format!("/feedback/{id}/answer"), json!({"body": "Still"})).await.expect(200);
    for _ in 0..2 {
        cid.delete(&mine).await.expect(204);
        cid.put(&mine, json!({"rating": 1})).await.expect_problem(403, "forbidden");
    }
    cid.get(&mine).await.expect_problem(404, "not-found");
    let nowhere = "/occurrences/01890000-0000-7000-8000-000000000000/feedback";
    cid.delete(nowhere).await.expect_problem(404, "not-found");
}

/// Moves all feedback into the past by SQL.
async fn make_older(daemon: &Daemon, ago: Duration) {
    let at = daemon.db.core.now().minus(ago);
    let mut tx = daemon.db.core.db().begin().await.unwrap();
    tx.query(Sql::portable("UPDATE feedback SET created_at = $1")).bind(at).execute().await.unwrap();
    tx.commit().await.unwrap();
}

/// Attendees, and those who are none: waitlisted, cancelled, removed; and cancelled occurrences.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_attendees_give_feedback(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let mut guests = Vec::new();
    for name in ["sat", "came", "left", "removed", "waited"] {
        guests.push(daemon.user(name).await);
    }
    let [sat, came, left, removed, waited] = &guests[..] else { panic!("five") };
    let (event, occurrence) = occurrence(&ada, &bob, &[sat, came, left, removed, waited], &json!({})).await;
    let (registration, all) = (
        format!("/occurrences/{occurrence}/registration"),
        format!("/occurrences/{occurrence}/registrations"),
    );
    let id = async |who: &Client| who.get(&registration).await.expect(200).id();
    let (of_came, of_removed) = (id(came).await, id(removed).await);
    // Promotion is paused, so that one registration waits to the end.
    waited.put(&registration, json!({"auto_promote": false})).await.expect(200);
    left.delete(&registration).await.expect(204);
    ada.delete(&format!("{all}/{of_removed}")).await.expect(204);
    ada.poke(&format!("/registrations/{of_came}/check-in")).await.expect(200);
    daemon.db.pass(&occurrence, "2024-03-04T18:30:00Z").await;
    let mine = format!("/occurrences/{occurrence}/feedback");
    for (who, status) in [(left, 403), (removed, 403), (waited, 403), (&ada, 403), (sat, 201), (came, 201)] {
        let answer = who.put(&mine, json!({"rating": 4})).await;
        if status == 403 {
            answer.expect_problem(403, "not-attended");
        } else {
            answer.expect(status);
        }
    }
    let seen =
        daemon.anonymous().get(&format!("/events/{event}/feedback?count=true")).await.expect(200).json();
    assert_eq!((&seen["total"], &seen["summary"]["count"]), (&json!(2), &json!(2)));

    // Two requests at once create one feedback.
    let (one, two) = tokio::join!(sat.put(&mine, json!({"rating": 1})), sat.put(&mine, json!({"rating": 5})));
    assert_eq!(one.expect(200).id(), two.expect(200).id());
    assert_eq!(daemon.db.number("SELECT count(*) FROM feedback").await, 2);

    // A cancelled occurrence gets no feedback.
    let (_, off) = self::occurrence(&ada, &bob, &[sat], &json!({})).await;
    ada.poke(&format!("/occurrences/{off}/cancel")).await.expect(200);
    daemon.db.pass(&off, "2024-03-04T18:30:00Z").await;
    sat.put(&format!("/occurrences/{off}/feedback"), json!({"rating": 5}))
        .await
        .expect_problem(409, "occurrence-cancelled");
    for nowhere in ["x", "01890000-0000-7000-8000-000000000000"] {
        sat.put(&format!("/occurrences/{nowhere}/feedback"), json!({"rating": 5}))
            .await
            .expect_problem(404, "not-found");
        ada.put(&format!("/feedback/{nowhere}/answer"), json!({"body": "Thanks"}))
            .await
            .expect_problem(404, "not-found");
    }
}

/// A change that names an older version is refused.
async fn guarded(author: &Client, organizer: &Client, mine: &str, id: &str) {
    let stale = [("if-match", "\"1\"")];
    let answer = format!("/feedback/{id}/answer");
    for (client, method, path, body) in [
        (author, Method::PUT, mine, Some(json!({"rating": 1}))),
        (author, Method::DELETE, mine, None),
        (organizer, Method::PUT, &*answer, Some(json!({"body": "No"}))),
        (organizer, Method::DELETE, &*answer, None),
    ] {
        client.call(method, path, body, &stale).await.expect_problem(412, "version-mismatch");
    }
    let named = [("if-match", "\"3\"")];
    author.call(Method::PUT, mine, Some(json!({"rating": 4})), &named).await.expect(200);
    organizer
        .call(Method::PUT, mine, Some(json!({"rating": 4})), &stale)
        .await
        .expect_problem(403, "not-attended");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn feedback_moves_with_its_occurrence_when_a_series_is_split(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let body = new_event_in_2031().rule("FREQ=WEEKLY;COUNT=3").json();
    let event = ada.post("/events", body).await.expect(201).id();
    let occurrences = ada.all(&format!("/events/{event}/occurrences")).await;
    let at = |place: usize| occurrences[place]["id"].as_str().unwrap();
    for (place, rating) in [(0, 1), (2, 5)] {
        bob.put(&format!("/occurrences/{}/registration", at(place)), json!({})).await.expect(201);
        // The last occurrence was moved before the one at which the series is split.
        daemon.db.pass(at(place), "2024-03-04T18:30:00Z").await;
        bob.put(&format!("/occurrences/{}/feedback", at(place)), json!({"rating": rating})).await.expect(201);
    }
    let tail = ada.poke(&format!("/occurrences/{}/split", at(1))).await.expect(201).id();
    for (id, occurrence, average) in [(&event, at(0), 1.0), (&tail, at(2), 5.0)] {
        let feedback = ada.get(&format!("/events/{id}/feedback?count=true")).await.expect(200).json();
        assert_eq!((&feedback["summary"]["average"], &feedback["total"]), (&json!(average), &json!(1)));
        let (said, mine) = (&feedback["items"][0], format!("/occurrences/{occurrence}/feedback"));
        assert_eq!((&said["event_id"], &said["occurrence_id"]), (&json!(id), &json!(occurrence)));
        assert_eq!(&bob.get(&mine).await.expect(200).json(), said);
    }
    daemon.db.check().await;
}
