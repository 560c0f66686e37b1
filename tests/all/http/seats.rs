//! Seats over HTTP: what becomes of them when capacities change, people step aside, dates are cancelled and accounts go.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, command};

async fn event(organizer: &Client, changes: Value) -> (String, Vec<String>) {
    let mut body =
        json!({"title": "Evening", "location": "Hall", "starts_at": "2031-03-04T18:30:00Z", "capacity": 4});
    eventcore::input::merge_patch(&mut body, changes);
    let event = format!("/events/{}", organizer.post("/events", body).await.expect(201).id());
    let dates = organizer.all(&format!("{event}/occurrences")).await;
    let path = |date: &Value| format!("/occurrences/{}", date["id"].as_str().unwrap());
    (event, dates.iter().map(path).collect())
}

async fn ask(who: &Client, date: &str, party: i64) -> tests::Answer {
    who.put(&format!("{date}/registration"), json!({"party_size": party})).await
}

/// How someone stands: their status, with their place in the list or the size of their party.
async fn stand(who: &Client, date: &str) -> String {
    let answer = who.get(&format!("{date}/registration")).await;
    if answer.status == 404 {
        return "nothing".to_owned();
    }
    let mine = answer.expect(200).json();
    let number = if mine["position"].is_null() { &mine["party_size"] } else { &mine["position"] };
    format!("{} {number}", mine["status"].as_str().unwrap())
}

/// Seats taken, seats left, how many wait, and whether people may register.
async fn seats(who: &Client, date: &str) -> (i64, i64, i64, bool) {
    let seen = who.get(date).await.expect(200).json();
    let number = |name: &str| seen[name].as_i64().unwrap();
    (
        number("seats_taken"),
        number("seats_left"),
        number("waitlist_length"),
        seen["registration_open"].as_bool().unwrap(),
    )
}

async fn people<const N: usize>(daemon: &Daemon, names: [&str; N]) -> [Client; N] {
    let mut people = Vec::new();
    for name in names {
        people.push(daemon.user(name).await);
    }
    people.try_into().unwrap_or_else(|_| panic!("as many people as names"))
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capacity_is_raised_and_lowered(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid, dan, eve, fay] = people(&daemon, ["ada", "bob", "cid", "dan", "eve", "fay"]).await;
    let (event, dates) = event(&ada, json!({"recurrence": {"rrule": "FREQ=WEEKLY;COUNT=2"}})).await;
    let (date, other) = (&dates[0], &dates[1]);
    ask(&bob, date, 3).await.expect(201);
    ask(&cid, date, 1).await.expect(201);
    ask(&dan, date, 2).await.expect(201);
    ask(&eve, date, 1).await.expect(201);
    assert_eq!(seats(&ada, date).await, (4, 0, 2, true));

    // Lowered under what is taken: nobody is evicted, and nobody new comes in, nor grows, until the seats are there again.
    ada.patch(&event, json!({"capacity": 2})).await.expect(200);
    assert_eq!(seats(&fay, date).await, (4, 0, 2, false));
    assert_eq!(
        (stand(&bob, date).await, stand(&cid, date).await),
        ("confirmed 3".to_owned(), "confirmed 1".to_owned())
    );
    ask(&fay, date, 1).await.expect_problem(409, "registration-closed");
    ask(&cid, date, 2).await.expect_problem(409, "event-full");
    ask(&bob, date, 2).await.expect(200);
    assert_eq!(seats(&ada, date).await, (3, 0, 2, false), "one seat more than there are");
    cid.delete(&format!("{date}/registration")).await.expect(204);
    assert_eq!(
        (seats(&ada, date).await, stand(&dan, date).await),
        ((2, 0, 2, true), "waitlisted 1".to_owned())
    );
    assert_eq!(ask(&fay, date, 1).await.expect(201).json()["position"], 3, "nobody overtakes");

    // Raised for this date alone: the head and whoever fits behind it, in order.
    ada.patch(date, json!({"capacity": 5})).await.expect(200);
    assert_eq!((seats(&ada, date).await, seats(&ada, other).await), ((5, 0, 1, true), (0, 2, 0, true)));
    assert_eq!(
        (stand(&dan, date).await, stand(&eve, date).await),
        ("confirmed 2".to_owned(), "confirmed 1".to_owned())
    );
    // The event's own capacity is not this date's, until it gives its own back.
    ada.patch(&event, json!({"capacity": 9})).await.expect(200);
    assert_eq!((seats(&ada, date).await, seats(&ada, other).await), ((5, 0, 1, true), (0, 9, 0, true)));
    ada.patch(date, json!({"capacity": null})).await.expect(200);
    assert_eq!(
        (seats(&ada, date).await, stand(&fay, date).await),
        ((6, 3, 0, true), "confirmed 1".to_owned())
    );
    for wrong in [json!(0), json!(-1), json!(1_000_001), json!(1.5), json!("many"), json!(1e300)] {
        for path in [&event, date] {
            let refused =
                ada.patch(path, json!({"capacity": wrong})).await.expect_problem(400, "invalid-input");
            assert_eq!(refused.wrong()[0].0, "/capacity", "{path} {wrong}");
        }
    }
    checked(&daemon).await;
}

/// What `eventd check` says.
async fn checked(daemon: &Daemon) {
    let said = command(&["check", "--database", &daemon.db.url]).output().await.unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    assert!(!daemon.log().contains("ERROR"), "{}", daemon.log());
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_steps_aside_keeps_the_place(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid, dan, eve] = people(&daemon, ["ada", "bob", "cid", "dan", "eve"]).await;
    let (_, dates) = event(&ada, json!({})).await;
    let date = &dates[0];
    let mine = format!("{date}/registration");
    ask(&bob, date, 4).await.expect(201);
    let later = cid.put(&mine, json!({"party_size": 2, "auto_promote": false})).await.expect(201).json();
    assert_eq!((&later["position"], &later["auto_promote"]), (&json!(1), &json!(false)));
    assert_eq!(ask(&dan, date, 2).await.expect(201).json()["position"], 2);
    assert_eq!(ask(&eve, date, 1).await.expect(201).json()["position"], 3);
    // Passed over, with the place kept.
    ask(&bob, date, 2).await.expect(200);
    assert_eq!(
        (stand(&cid, date).await, stand(&dan, date).await, stand(&eve, date).await),
        ("waitlisted 1".to_owned(), "confirmed 2".to_owned(), "waitlisted 2".to_owned())
    );
    // Back in line: first again, and served before who stands behind, as soon as it fits.
    cid.put(&mine, json!({"auto_promote": true})).await.expect(200);
    dan.put(&mine, json!({"party_size": 1})).await.expect(200);
    assert_eq!(stand(&eve, date).await, "waitlisted 2", "one seat is free, and the head is two");
    bob.delete(&mine).await.expect(204);
    assert_eq!(
        (stand(&cid, date).await, stand(&eve, date).await),
        ("confirmed 2".to_owned(), "confirmed 1".to_owned())
    );
    for wrong in [json!({"auto_promote": "no"}), json!({"auto_promote": 0}), json!({"party_size": "2"})] {
        cid.put(&mine, wrong).await.expect_problem(400, "invalid-input");
    }
    // Anyone may leave the list.
    ask(&bob, date, 3).await.expect(201);
    bob.delete(&mine).await.expect(204);
    bob.delete(&mine).await.expect(204);
    assert_eq!((stand(&bob, date).await, seats(&ada, date).await), ("nothing".to_owned(), (4, 0, 0, true)));
    checked(&daemon).await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_leaves_seats(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, helper, bob, cid, dan, eve] =
        people(&daemon, ["ada", "helper", "bob", "cid", "dan", "eve"]).await;
    let admin = daemon.admin("root").await;
    let (series, dates) = event(&ada, json!({"recurrence": {"rrule": "FREQ=WEEKLY;COUNT=3"}})).await;
    let helpers = format!("{series}/organizers/{}", helper.id());
    ada.put(&helpers, json!({})).await.expect(204);
    for date in &dates {
        ask(&bob, date, 4).await.expect(201);
        ask(&cid, date, 2).await.expect(201);
        ask(&dan, date, 2).await.expect(201);
        ask(&eve, date, 1).await.expect(201);
    }
    // A cancelled date promotes nobody; brought back, seats go on again.
    ada.poke(&format!("{}/cancel", dates[2])).await.expect(200);
    bob.delete(&format!("{}/registration", dates[2])).await.expect(204);
    assert_eq!(stand(&cid, &dates[2]).await, "waitlisted 1");
    ask(&bob, &dates[2], 1).await.expect_problem(409, "occurrence-cancelled");
    ada.poke(&format!("{}/restore", dates[2])).await.expect(200);
    assert_eq!(
        (stand(&cid, &dates[2]).await, stand(&eve, &dates[2]).await),
        ("confirmed 2".to_owned(), "waitlisted 1".to_owned())
    );

    // Who leaves the system leaves all their seats to the next in line, wherever they were; by themselves, or at an admin's hands.
    bob.delete("/users/me").await.expect(204);
    for date in &dates[..2] {
        assert_eq!(
            (stand(&cid, date).await, stand(&dan, date).await),
            ("confirmed 2".to_owned(), "confirmed 2".to_owned())
        );
        assert_eq!(stand(&eve, date).await, "waitlisted 1");
    }
    admin.delete(&format!("/users/{}", dan.id())).await.expect(204);
    for date in &dates {
        assert_eq!(stand(&eve, date).await, "confirmed 1");
        assert_eq!(seats(&eve, date).await, (3, 1, 0, true));
    }
    ask(&bob, &dates[0], 1).await.expect_problem(401, "invalid-credentials");
    let gone = ada.get(&format!("{}/registrations?status=cancelled", dates[0])).await.expect(200).json();
    let names: Vec<&str> = gone["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["user"]["display_name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["deleted user", "deleted user"], "their record stays, without their name");

    // The organizer goes: the helper has it, and everyone keeps their seats.
    ada.delete("/users/me").await.expect(204);
    assert_eq!(stand(&cid, &dates[0]).await, "confirmed 2");
    helper.get(&format!("{}/registrations", dates[0])).await.expect(200);
    // The helper goes as well: it is cancelled, and everyone keeps their record.
    helper.delete("/users/me").await.expect(204);
    assert_eq!(cid.get(&series).await.expect(200).json()["status"], "cancelled");
    assert_eq!(stand(&cid, &dates[0]).await, "confirmed 2");
    checked(&daemon).await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizers_add_and_remove(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid] = people(&daemon, ["ada", "bob", "cid"]).await;
    let (_, dates) =
        event(&ada, json!({"max_party_size": 3, "registration_opens_at": "2031-01-01T00:00:00Z"})).await;
    let all = format!("{}/registrations", dates[0]);
    for party in [json!(0), json!(-1), json!(1.5), json!("2"), json!(1e300), json!(true), json!([1])] {
        let refused = ada
            .post(&all, json!({"username": "bob", "party_size": party}))
            .await
            .expect_problem(400, "invalid-input");
        assert_eq!(refused.wrong()[0].0, "/party_size", "{party}");
        bob.put(&format!("{}/registration", dates[0]), json!({"party_size": party}))
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
    assert_eq!(seats(&ada, &dates[0]).await, (0, 4, 0, false));
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
    assert_eq!(
        (stand(&bob, &dates[0]).await, stand(&cid, &dates[0]).await),
        ("nothing".to_owned(), "confirmed 2".to_owned())
    );
    let listed = ada.get(&format!("{all}?status=cancelled&count=true")).await.expect(200).json();
    assert_eq!(listed["total"], 1);
    checked(&daemon).await;
}
