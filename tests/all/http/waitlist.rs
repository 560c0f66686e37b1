//! Seats over HTTP: changed capacities, paused promotion, cancelled occurrences and deleted accounts.

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
    let occurrences = ada.occurrences(&event).await;
    let (occurrence, other) = (&occurrences[0], &occurrences[1]);
    let (event_path, date_path) = (format!("/events/{event}"), format!("/occurrences/{occurrence}"));
    bob.register(occurrence, 3).await.expect(201);
    cid.register(occurrence, 1).await.expect(201);
    dan.register(occurrence, 2).await.expect(201);
    eve.register(occurrence, 1).await.expect(201);
    assert_eq!(seats(&ada, occurrence).await, "4 taken, 0 left, 2 waiting, open");

    // Lowered below the seats taken: nobody is evicted, and no party is admitted or grows until seats are
    // free.
    ada.patch(&event_path, json!({"capacity": 2})).await.expect(200);
    assert_eq!(seats(&fay, occurrence).await, "4 taken, 0 left, 2 waiting, closed");
    assert_eq!(ada.board(occurrence).await, "bob 3, cid 1 | dan 2, eve 1");
    fay.register(occurrence, 1).await.expect_problem(409, "registration-closed");
    cid.register(occurrence, 2).await.expect_problem(409, "event-full");
    bob.register(occurrence, 2).await.expect(200);
    assert_eq!(
        seats(&ada, occurrence).await,
        "3 taken, 0 left, 2 waiting, closed",
        "one seat more than there are"
    );
    cid.delete(&format!("/occurrences/{occurrence}/registration")).await.expect(204);
    assert_eq!(seats(&ada, occurrence).await, "2 taken, 0 left, 2 waiting, open");
    assert_eq!(ada.board(occurrence).await, "bob 2 | dan 2, eve 1");
    assert_eq!(fay.register(occurrence, 1).await.expect(201).json()["position"], 3, "nobody overtakes");

    // Raised for this occurrence alone: the head of the waitlist and those who fit behind it are promoted.
    ada.patch(&date_path, json!({"capacity": 5})).await.expect(200);
    assert_eq!(seats(&ada, occurrence).await, "5 taken, 0 left, 1 waiting, open");
    assert_eq!(seats(&ada, other).await, "0 taken, 2 left, 0 waiting, open");
    assert_eq!(ada.board(occurrence).await, "bob 2, dan 2, eve 1 | fay 1");
    // The capacity of the event does not apply to this occurrence until its override is removed.
    ada.patch(&event_path, json!({"capacity": 9})).await.expect(200);
    assert_eq!(seats(&ada, occurrence).await, "5 taken, 0 left, 1 waiting, open");
    assert_eq!(seats(&ada, other).await, "0 taken, 9 left, 0 waiting, open");
    ada.patch(&date_path, json!({"capacity": null})).await.expect(200);
    assert_eq!(seats(&ada, occurrence).await, "6 taken, 3 left, 0 waiting, open");
    assert_eq!(ada.board(occurrence).await, "bob 2, dan 2, eve 1, fay 1");
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
async fn pausing_promotion_keeps_the_position(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid, dan, eve] = daemon.users(["ada", "bob", "cid", "dan", "eve"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    let occurrence = &occurrence;
    let mine = format!("/occurrences/{occurrence}/registration");
    bob.register(occurrence, 4).await.expect(201);
    let later = cid.put(&mine, json!({"party_size": 2, "auto_promote": false})).await.expect(201).json();
    assert_eq!((&later["position"], &later["auto_promote"]), (&json!(1), &json!(false)));
    assert_eq!(dan.register(occurrence, 2).await.expect(201).json()["position"], 2);
    assert_eq!(eve.register(occurrence, 1).await.expect(201).json()["position"], 3);
    // Passed over, but keeps the position.
    bob.register(occurrence, 2).await.expect(200);
    assert_eq!(ada.board(occurrence).await, "bob 2, dan 2 | cid 2, eve 1");
    // Resumed: first again, and promoted before those behind once the party fits.
    cid.put(&mine, json!({"auto_promote": true})).await.expect(200);
    dan.put(&mine, json!({"party_size": 1})).await.expect(200);
    assert_eq!(
        ada.board(occurrence).await,
        "bob 2, dan 1 | cid 2, eve 1",
        "one seat is free, and the head needs two"
    );
    bob.delete(&mine).await.expect(204);
    assert_eq!(ada.board(occurrence).await, "cid 2, dan 1, eve 1");
    for wrong in [json!({"auto_promote": "no"}), json!({"auto_promote": 0}), json!({"party_size": "2"})] {
        cid.put(&mine, wrong).await.expect_problem(400, "invalid-input");
    }
    // Anyone may leave the waitlist.
    bob.register(occurrence, 3).await.expect(201);
    bob.delete(&mine).await.expect(204);
    bob.delete(&mine).await.expect(204);
    assert_eq!(ada.board(occurrence).await, "cid 2, dan 1, eve 1");
    assert_eq!(seats(&ada, occurrence).await, "4 taken, 0 left, 0 waiting, open");
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seats_of_deleted_users_go_to_the_waitlist(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, helper, bob, cid, dan, eve] = daemon.users(["ada", "helper", "bob", "cid", "dan", "eve"]).await;
    let admin = daemon.admin("root").await;
    let (series, _) = ada.create_event(new_event_in_2031().rule("FREQ=WEEKLY;COUNT=3")).await;
    ada.add_co_organizer(&series, &helper).await;
    let occurrences = ada.occurrences(&series).await;
    for occurrence in &occurrences {
        bob.register(occurrence, 4).await.expect(201);
        cid.register(occurrence, 2).await.expect(201);
        dan.register(occurrence, 2).await.expect(201);
        eve.register(occurrence, 1).await.expect(201);
    }
    // A cancelled occurrence promotes nobody until it is restored.
    ada.poke(&format!("/occurrences/{}/cancel", occurrences[2])).await.expect(200);
    bob.delete(&format!("/occurrences/{}/registration", occurrences[2])).await.expect(204);
    assert_eq!(ada.board(&occurrences[2]).await, "| cid 2, dan 2, eve 1");
    bob.register(&occurrences[2], 1).await.expect_problem(409, "occurrence-cancelled");
    ada.poke(&format!("/occurrences/{}/restore", occurrences[2])).await.expect(200);
    assert_eq!(ada.board(&occurrences[2]).await, "cid 2, dan 2 | eve 1");

    // The seats of users who delete themselves, or are deleted by an admin, go to the waitlists.
    bob.delete("/users/me").await.expect(204);
    for occurrence in &occurrences[..2] {
        assert_eq!(ada.board(occurrence).await, "cid 2, dan 2 | eve 1");
    }
    admin.delete(&format!("/users/{}", dan.id())).await.expect(204);
    for occurrence in &occurrences {
        assert_eq!(ada.board(occurrence).await, "cid 2, eve 1");
        assert_eq!(seats(&eve, occurrence).await, "3 taken, 1 left, 0 waiting, open");
    }
    bob.register(&occurrences[0], 1).await.expect_problem(401, "invalid-credentials");
    let gone = ada
        .get(&format!("/occurrences/{}/registrations?status=cancelled", occurrences[0]))
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

    // The organizer is deleted: the co-organizer takes over, and all registrations stay.
    ada.delete("/users/me").await.expect(204);
    assert_eq!(helper.board(&occurrences[0]).await, "cid 2, eve 1");
    // The co-organizer is deleted as well: the event is cancelled, and all registrations stay.
    helper.delete("/users/me").await.expect(204);
    assert_eq!(cid.get(&format!("/events/{series}")).await.expect(200).json()["status"], "cancelled");
    let mine = cid.get(&format!("/occurrences/{}/registration", occurrences[0])).await.expect(200).json();
    assert_eq!((&mine["status"], &mine["party_size"]), (&json!("confirmed"), &json!(2)));
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizers_add_and_remove_attendees(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, _] = daemon.users(["ada", "bob", "cid"]).await;
    let (_, occurrence) = ada
        .create_event(new_event_in_2031().max_party_size(3).registration_opens_at("2031-01-01T00:00:00Z"))
        .await;
    let all = format!("/occurrences/{occurrence}/registrations");
    for party in [json!(0), json!(-1), json!(1.5), json!("2"), json!(1e300), json!(true), json!([1])] {
        let refused = ada
            .post(&all, json!({"username": "bob", "party_size": party}))
            .await
            .expect_problem(400, "invalid-input");
        assert_eq!(refused.wrong()[0].0, "/party_size", "{party}");
        bob.put(&format!("/occurrences/{occurrence}/registration"), json!({"party_size": party}))
            .await
            .expect_problem(400, "invalid-input");
    }
    for party in [json!(4), json!(i64::MAX)] {
        ada.post(&all, json!({"username": "bob", "party_size": party}))
            .await
            .expect_problem(409, "party-too-large");
    }
    // Larger than any integer of the API.
    ada.post(&all, json!({"username": "bob", "party_size": u64::MAX}))
        .await
        .expect_problem(400, "invalid-input");
    for nobody in [json!({"username": "nobody"}), json!({"user_id": "01890000-0000-7000-8000-000000000000"})]
    {
        ada.post(&all, nobody).await.expect_problem(404, "not-found");
    }
    assert_eq!(seats(&ada, &occurrence).await, "0 taken, 4 left, 0 waiting, closed");
    // The organizer may add people before registration opens. Adding twice has no effect, and returns 200.
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
    // Removed by the organizer: the seats go to the waitlist at once.
    let off = format!("{all}/{}", added["id"].as_str().unwrap());
    ada.delete(&off).await.expect(204);
    ada.delete(&off).await.expect(204);
    assert_eq!(ada.board(&occurrence).await, "cid 2");
    let listed = ada.get(&format!("{all}?status=cancelled&count=true")).await.expect(200).json();
    assert_eq!(listed["total"], 1);
    daemon.check().await;
}
