//! Seats over HTTP: what becomes of them when capacities change, people step aside, dates are cancelled and accounts go.

use rstest::rstest;
use serde_json::json;
use tests::{Client, Daemon, Kind, new_event_in_2031};

/// The counts of an occurrence, and whether registration is open.
async fn seats(who: &Client, occurrence: &str) -> String {
    let seen = who.get(&format!("/occurrences/{occurrence}")).await.expect(200).json();
    let open = if seen["registration_open"] == true { "open" } else { "closed" };
    let (taken, left, waiting) = (&seen["seats_taken"], &seen["seats_left"], &seen["waitlist_length"]);
    format!("{taken} taken, {left} left, {waiting} waiting, {open}")
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capacity_is_raised_and_lowered(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid, dan, eve, fay] = daemon.users(["ada", "bob", "cid", "dan", "eve", "fay"]).await;
    let (event, _) = ada.create_event(new_event_in_2031().rule("FREQ=WEEKLY;COUNT=2")).await;
    let dates = ada.occurrences(&event).await;
    let (date, other) = (&dates[0], &dates[1]);
    let (event_path, date_path) = (format!("/events/{event}"), format!("/occurrences/{date}"));
    bob.register(date, 3).await.expect(201);
    cid.register(date, 1).await.expect(201);
    dan.register(date, 2).await.expect(201);
    eve.register(date, 1).await.expect(201);
    assert_eq!(seats(&ada, date).await, "4 taken, 0 left, 2 waiting, open");

    // Lowered under what is taken: nobody is evicted, and nobody new comes in, nor grows, until the seats are there again.
    ada.patch(&event_path, json!({"capacity": 2})).await.expect(200);
    assert_eq!(seats(&fay, date).await, "4 taken, 0 left, 2 waiting, closed");
    assert_eq!(ada.board(date).await, "bob 3, cid 1 | dan 2, eve 1");
    fay.register(date, 1).await.expect_problem(409, "registration-closed");
    cid.register(date, 2).await.expect_problem(409, "event-full");
    bob.register(date, 2).await.expect(200);
    assert_eq!(seats(&ada, date).await, "3 taken, 0 left, 2 waiting, closed", "one seat more than there are");
    cid.delete(&format!("/occurrences/{date}/registration")).await.expect(204);
    assert_eq!(seats(&ada, date).await, "2 taken, 0 left, 2 waiting, open");
    assert_eq!(ada.board(date).await, "bob 2 | dan 2, eve 1");
    assert_eq!(fay.register(date, 1).await.expect(201).json()["position"], 3, "nobody overtakes");

    // Raised for this date alone: the head and whoever fits behind it, in order.
    ada.patch(&date_path, json!({"capacity": 5})).await.expect(200);
    assert_eq!(seats(&ada, date).await, "5 taken, 0 left, 1 waiting, open");
    assert_eq!(seats(&ada, other).await, "0 taken, 2 left, 0 waiting, open");
    assert_eq!(ada.board(date).await, "bob 2, dan 2, eve 1 | fay 1");
    // The event's own capacity is not this date's, until it gives its own back.
    ada.patch(&event_path, json!({"capacity": 9})).await.expect(200);
    assert_eq!(seats(&ada, date).await, "5 taken, 0 left, 1 waiting, open");
    assert_eq!(seats(&ada, other).await, "0 taken, 9 left, 0 waiting, open");
    ada.patch(&date_path, json!({"capacity": null})).await.expect(200);
    assert_eq!(seats(&ada, date).await, "6 taken, 3 left, 0 waiting, open");
    assert_eq!(ada.board(date).await, "bob 2, dan 2, eve 1, fay 1");
    for wrong in [json!(0), json!(-1), json!(1_000_001), json!(1.5), json!("many"), json!(1e300)] {
        for path in [&event_path, &date_path] {
            let refused =
                ada.patch(path, json!({"capacity": wrong})).await.expect_problem(400, "invalid-input");
            assert_eq!(refused.wrong()[0].0, "/capacity", "{path} {wrong}");
        }
    }
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_steps_aside_keeps_the_place(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid, dan, eve] = daemon.users(["ada", "bob", "cid", "dan", "eve"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    let date = &occurrence;
    let mine = format!("/occurrences/{date}/registration");
    bob.register(date, 4).await.expect(201);
    let later = cid.put(&mine, json!({"party_size": 2, "auto_promote": false})).await.expect(201).json();
    assert_eq!((&later["position"], &later["auto_promote"]), (&json!(1), &json!(false)));
    assert_eq!(dan.register(date, 2).await.expect(201).json()["position"], 2);
    assert_eq!(eve.register(date, 1).await.expect(201).json()["position"], 3);
    // Passed over, with the place kept.
    bob.register(date, 2).await.expect(200);
    assert_eq!(ada.board(date).await, "bob 2, dan 2 | cid 2, eve 1");
    // Back in line: first again, and served before who stands behind, as soon as it fits.
    cid.put(&mine, json!({"auto_promote": true})).await.expect(200);
    dan.put(&mine, json!({"party_size": 1})).await.expect(200);
    assert_eq!(
        ada.board(date).await,
        "bob 2, dan 1 | cid 2, eve 1",
        "one seat is free, and the head needs two"
    );
    bob.delete(&mine).await.expect(204);
    assert_eq!(ada.board(date).await, "cid 2, dan 1, eve 1");
    for wrong in [json!({"auto_promote": "no"}), json!({"auto_promote": 0}), json!({"party_size": "2"})] {
        cid.put(&mine, wrong).await.expect_problem(400, "invalid-input");
    }
    // Anyone may leave the list.
    bob.register(date, 3).await.expect(201);
    bob.delete(&mine).await.expect(204);
    bob.delete(&mine).await.expect(204);
    assert_eq!(ada.board(date).await, "cid 2, dan 1, eve 1");
    assert_eq!(seats(&ada, date).await, "4 taken, 0 left, 0 waiting, open");
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_leaves_seats(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, helper, bob, cid, dan, eve] = daemon.users(["ada", "helper", "bob", "cid", "dan", "eve"]).await;
    let admin = daemon.admin("root").await;
    let (series, _) = ada.create_event(new_event_in_2031().rule("FREQ=WEEKLY;COUNT=3")).await;
    ada.add_co_organizer(&series, &helper).await;
    let dates = ada.occurrences(&series).await;
    for date in &dates {
        bob.register(date, 4).await.expect(201);
        cid.register(date, 2).await.expect(201);
        dan.register(date, 2).await.expect(201);
        eve.register(date, 1).await.expect(201);
    }
    // A cancelled date promotes nobody; brought back, seats go on again.
    ada.poke(&format!("/occurrences/{}/cancel", dates[2])).await.expect(200);
    bob.delete(&format!("/occurrences/{}/registration", dates[2])).await.expect(204);
    assert_eq!(ada.board(&dates[2]).await, "| cid 2, dan 2, eve 1");
    bob.register(&dates[2], 1).await.expect_problem(409, "occurrence-cancelled");
    ada.poke(&format!("/occurrences/{}/restore", dates[2])).await.expect(200);
    assert_eq!(ada.board(&dates[2]).await, "cid 2, dan 2 | eve 1");

    // Who leaves the system leaves all their seats to the next in line, wherever they were; by themselves, or at an admin's hands.
    bob.delete("/users/me").await.expect(204);
    for date in &dates[..2] {
        assert_eq!(ada.board(date).await, "cid 2, dan 2 | eve 1");
    }
    admin.delete(&format!("/users/{}", dan.id())).await.expect(204);
    for date in &dates {
        assert_eq!(ada.board(date).await, "cid 2, eve 1");
        assert_eq!(seats(&eve, date).await, "3 taken, 1 left, 0 waiting, open");
    }
    bob.register(&dates[0], 1).await.expect_problem(401, "invalid-credentials");
    let gone = ada
        .get(&format!("/occurrences/{}/registrations?status=cancelled", dates[0]))
        .await
        .expect(200)
        .json();
    let names: Vec<&str> = gone["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["user"]["display_name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["deleted user", "deleted user"], "their record stays, without their name");

    // The organizer goes: the helper has it, and everyone keeps their seats.
    ada.delete("/users/me").await.expect(204);
    assert_eq!(helper.board(&dates[0]).await, "cid 2, eve 1");
    // The helper goes as well: it is cancelled, and everyone keeps their record.
    helper.delete("/users/me").await.expect(204);
    assert_eq!(cid.get(&format!("/events/{series}")).await.expect(200).json()["status"], "cancelled");
    let mine = cid.get(&format!("/occurrences/{}/registration", dates[0])).await.expect(200).json();
    assert_eq!((&mine["status"], &mine["party_size"]), (&json!("confirmed"), &json!(2)));
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizers_add_and_remove(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, _] = daemon.users(["ada", "bob", "cid"]).await;
    let (_, date) = ada
        .create_event(new_event_in_2031().max_party_size(3).registration_opens_at("2031-01-01T00:00:00Z"))
        .await;
    let all = format!("/occurrences/{}/registrations", date);
    for party in [json!(0), json!(-1), json!(1.5), json!("2"), json!(1e300), json!(true), json!([1])] {
        let refused = ada
            .post(&all, json!({"username": "bob", "party_size": party}))
            .await
            .expect_problem(400, "invalid-input");
        assert_eq!(refused.wrong()[0].0, "/party_size", "{party}");
        bob.put(&format!("/occurrences/{}/registration", date), json!({"party_size": party}))
            .await
            .expect_problem(400, "invalid-input");
    }
    for party in [json!(4), json!(i64::MAX)] {
        ada.post(&all, json!({"username": "bob", "party_size": party}))
            .await
            .expect_problem(409, "party-too-large");
    }
    // Larger than any number that the API has: no party, and no surprise.
    ada.post(&all, json!({"username": "bob", "party_size": u64::MAX}))
        .await
        .expect_problem(400, "invalid-input");
    for nobody in [json!({"username": "nobody"}), json!({"user_id": "01890000-0000-7000-8000-000000000000"})]
    {
        ada.post(&all, nobody).await.expect_problem(404, "not-found");
    }
    assert_eq!(seats(&ada, &date).await, "0 taken, 4 left, 0 waiting, closed");
    // The organizer may before it opens; twice is once, and the second time says so.
    let added = ada.post(&all, json!({"username": "bob", "party_size": 2})).await.expect(201).json();
    assert_eq!(ada.post(&all, json!({"user_id": bob.id(), "party_size": 2})).await.expect(200).json(), added);
    assert_eq!(
        ada.post(&all, json!({"username": "BOB", "party_size": 3})).await.expect(200).json()["id"],
        added["id"]
    );
    assert_eq!(
        ada.post(&all, json!({"username": "cid", "party_size": 2})).await.expect(201).json()["position"],
        1
    );
    // Taken off by the organizer: the seats go on at once.
    let off = format!("{all}/{}", added["id"].as_str().unwrap());
    ada.delete(&off).await.expect(204);
    ada.delete(&off).await.expect(204);
    assert_eq!(ada.board(&date).await, "cid 2");
    let listed = ada.get(&format!("{all}?status=cancelled&count=true")).await.expect(200).json();
    assert_eq!(listed["total"], 1);
    daemon.check().await;
}
