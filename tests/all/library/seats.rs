//! Whom seats go to where people leave, where halls get smaller, and where parties are larger than they.

use eventcore::registrations::{NewAttendee, Party, RegistrationStatus};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb, at, id_of, new_event, refusal_code};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_checked_in_early_and_leaves_the_system_leaves_their_seats(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cid] = db.people(["bob", "cid"]).await;
    let (_, ahead) = db.create_event(&ada, new_event().capacity(5)).await;
    let (_, over) = db.create_event(&ada, new_event().capacity(5)).await;
    for date in [ahead, over] {
        let ticket = db.register(&bob, date, 4).await;
        db.core.check_in(&ada, ticket.id).await.unwrap();
    }
    db.register(&cid, ahead, 2).await;
    db.pass(&over.to_string(), "2026-11-23T09:00:00Z").await;
    db.core.delete_user(&bob, id_of(&bob), None).await.unwrap();
    assert_eq!(db.board(ahead).await, "cid 2");
    assert_eq!(db.core.occurrence(&ada, ahead).await.unwrap().seats_taken, 2);
    let past =
        db.core.registrations(&ada, over, None, &eventcore::PageRequest::default()).await.unwrap().items;
    assert_eq!(past[0].status, RegistrationStatus::Attended, "what is over keeps its history");
    assert_eq!(db.core.occurrence(&ada, over).await.unwrap().seats_taken, 4);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_party_that_a_smaller_hall_cannot_hold_is_passed_over(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cyd, dan, eve] = db.people(["bob", "cyd", "dan", "eve"]).await;
    let (event, date) = db.create_event(&ada, new_event().capacity(5)).await;
    for (who, party) in [(&bob, 5), (&cyd, 4), (&dan, 1)] {
        db.register(who, date, party).await;
    }
    let capacity =
        async |n: i64| db.core.change_event(&ada, event, &json!({"capacity": n}), None).await.unwrap();
    capacity(3).await;
    assert_eq!(db.board(date).await, "bob 5 | cyd 4, dan 1");
    db.core.cancel_registration(&bob, date).await.unwrap();
    assert_eq!(db.board(date).await, "dan 1 | cyd 4");
    // Nobody is overtaken who could ever sit: a newcomer gets a seat.
    assert_eq!(db.register(&eve, date, 1).await.status, RegistrationStatus::Confirmed);
    assert_eq!(db.register(&bob, date, 2).await.position, Some(2));
    db.core.cancel_registration(&dan, date).await.unwrap();
    assert_eq!(db.board(date).await, "bob 2, eve 1 | cyd 4");
    // Cyd is the next again where the hall is large enough.
    capacity(4).await;
    assert_eq!(db.register(&dan, date, 1).await.position, Some(2));
    capacity(7).await;
    assert_eq!(db.board(date).await, "bob 2, cyd 4, eve 1 | dan 1");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lowering_the_capacity_lets_those_behind_a_too_large_party_in(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cyd, dan] = db.people(["bob", "cyd", "dan"]).await;
    let (event, date) = db.create_event(&ada, new_event().capacity(5)).await;
    for (who, party) in [(&bob, 2), (&cyd, 4), (&dan, 1)] {
        db.register(who, date, party).await;
    }
    assert_eq!(db.board(date).await, "bob 2 | cyd 4, dan 1");
    db.core.change_event(&ada, event, &json!({"capacity": 3}), None).await.unwrap();
    assert_eq!(db.board(date).await, "bob 2, dan 1 | cyd 4");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_party_larger_than_the_hall_may_wait(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cyd, dan, eve] = db.people(["bob", "cyd", "dan", "eve"]).await;
    let (event, date) = db.create_event(&ada, new_event().capacity(3)).await;
    let waits = db.register(&bob, date, 4).await;
    assert_eq!((waits.status, waits.position), (RegistrationStatus::Waitlisted, Some(1)));
    // Nobody waits who could sit: whoever comes does.
    assert_eq!(db.register(&cyd, date, 2).await.status, RegistrationStatus::Confirmed);
    assert_eq!(db.register(&dan, date, 2).await.position, Some(2));
    // Who waits may become so many that the hall is too small for them.
    assert_eq!(db.register(&dan, date, 10).await.position, Some(2));
    assert_eq!(db.register(&eve, date, 1).await.status, RegistrationStatus::Confirmed);
    assert_eq!(db.board(date).await, "cyd 2, eve 1 | bob 4, dan 10");
    assert_eq!(db.register(&bob, date, 1).await.position, Some(1));
    db.core.cancel_registration(&eve, date).await.unwrap();
    assert_eq!(db.board(date).await, "bob 1, cyd 2 | dan 10");
    assert_eq!(refusal_code(db.core.register(&dan, date, &Party::of(11)).await), "party_too_large");
    assert_eq!(refusal_code(db.core.register(&cyd, date, &Party::of(4)).await), "event_full");

    let alone = db.create_event(&ada, new_event().capacity(3).waitlist_enabled(false)).await.1;
    assert_eq!(refusal_code(db.core.register(&bob, alone, &Party::of(4)).await), "event_full");
    let few = db.create_event(&ada, new_event().capacity(5).max_party_size(1)).await.1;
    let refused = db.core.register(&bob, few, &Party::of(2)).await.unwrap_err();
    assert_eq!(refused.to_string(), "a party may have at most 1 person here");
    db.core.change_event(&ada, event, &json!({"capacity": 20}), None).await.unwrap();
    assert_eq!(db.board(date).await, "bob 1, cyd 2, dan 10");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_that_has_begun_is_not_over(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (_, date) = db
        .create_event(&ada, new_event().capacity(5).starts_at("2026-11-23T12:00:00Z").duration("PT2H"))
        .await;
    let walk_in = NewAttendee { username: Some("bob".to_owned()), ..NewAttendee::default() };
    for (now, words) in
        [("2026-11-23T12:00:00Z", "this date has begun"), ("2026-11-23T14:00:00Z", "this date is over")]
    {
        db.clock.set(at(now));
        for refused in [
            db.core.register(&bob, date, &Party::of(1)).await,
            db.core.add_registration(&ada, date, &walk_in).await,
        ] {
            let refused = refused.unwrap_err();
            assert_eq!((refused.code(), refused.to_string().as_str()), ("occurrence_past", words));
        }
    }
}
