//! Seats and the waitlist: who is promoted when parties, capacities and users change.

use eventcore::registrations::{Party, RegistrationStatus};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb, at, id_of, new_event, refusal_code};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seats_go_to_the_first_and_then_to_the_head_of_the_waitlist(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cid, dan, eve] = db.people(["bob", "cid", "dan", "eve"]).await;
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    let first = db.core.register(&bob, occurrence, &Party::of(3)).await.unwrap();
    assert!(
        first.created
            && first.registration.status == RegistrationStatus::Confirmed
            && first.registration.position.is_none()
    );
    let again = db.core.register(&bob, occurrence, &Party::default()).await.unwrap();
    assert!(!again.created && again.registration == first.registration);
    let waits = db.register(&cid, occurrence, 2).await;
    assert_eq!(
        (waits.status, waits.position, waits.ticket_code.as_deref()),
        (RegistrationStatus::Waitlisted, Some(1), None)
    );
    // One seat is free, but Cid was first.
    assert_eq!(db.register(&dan, occurrence, 1).await.position, Some(2));
    assert_eq!(db.register(&eve, occurrence, 4).await.position, Some(3));
    assert_eq!(db.board(occurrence).await, "bob 3 | cid 2, dan 1, eve 4");
    db.core.cancel_registration(&bob, occurrence, None).await.unwrap();
    db.core.cancel_registration(&bob, occurrence, None).await.unwrap();
    assert_eq!(db.board(occurrence).await, "cid 2, dan 1 | eve 4");
    let ticket = db.core.my_registration(&cid, occurrence).await.unwrap().ticket_code.unwrap();
    assert_eq!(ticket.replace('-', "").len(), 28);
    // Bob is a newcomer again, with a new registration.
    let anew = db.register(&bob, occurrence, 1).await;
    assert!(anew.id != first.registration.id && anew.position == Some(2));
    db.core.cancel_registration(&dan, occurrence, None).await.unwrap();
    db.core.cancel_registration(&cid, occurrence, None).await.unwrap();
    assert_eq!(db.board(occurrence).await, "eve 4 | bob 1");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parties_grow_and_shrink(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cid, dan, eve] = db.people(["bob", "cid", "dan", "eve"]).await;
    let (_, occurrence) = db.create_event(&ada, new_event().max_party_size(3)).await;
    assert_eq!(db.register(&bob, occurrence, 1).await.party_size, 1);
    assert_eq!(db.register(&bob, occurrence, 3).await.party_size, 3);
    assert_eq!(refusal_code(db.core.register(&bob, occurrence, &Party::of(4)).await), "party_too_large");
    assert_eq!(refusal_code(db.core.register(&bob, occurrence, &Party::of(0)).await), "invalid_input");
    assert_eq!(
        refusal_code(db.core.register(&bob, occurrence, &Party::of(i64::MAX)).await),
        "party_too_large"
    );
    assert_eq!(db.register(&cid, occurrence, 2).await.position, Some(1));
    assert_eq!(db.register(&dan, occurrence, 1).await.position, Some(2));
    // A waiting party may grow, and keeps its position.
    assert_eq!(db.register(&cid, occurrence, 3).await.position, Some(1));
    assert_eq!(db.board(occurrence).await, "bob 3 | cid 3, dan 1");
    // The head is promoted once its party is small enough, and so is the next.
    assert_eq!(db.register(&cid, occurrence, 1).await.status, RegistrationStatus::Confirmed);
    assert_eq!(db.board(occurrence).await, "bob 3, cid 1 | dan 1");
    assert_eq!(refusal_code(db.core.register(&cid, occurrence, &Party::of(2)).await), "event_full");
    assert_eq!(db.register(&bob, occurrence, 1).await.party_size, 1);
    assert_eq!(db.board(occurrence).await, "bob 1, cid 1, dan 1");
    assert_eq!(db.register(&cid, occurrence, 2).await.party_size, 2);
    assert_eq!(refusal_code(db.core.register(&cid, occurrence, &Party::of(3)).await), "event_full");
    assert_eq!(db.register(&eve, occurrence, 1).await.position, Some(1));
    assert_eq!(db.board(occurrence).await, "bob 1, cid 2, dan 1 | eve 1");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paused_registrations_are_passed_over_and_keep_their_position(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cid, dan, eve] = db.people(["bob", "cid", "dan", "eve"]).await;
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    db.register(&bob, occurrence, 4).await;
    let later = Party { auto_promote: Some(false), ..Party::default() };
    assert_eq!(
        db.core
            .register(&cid, occurrence, &Party { party_size: Some(2), ..later.clone() })
            .await
            .unwrap()
            .registration
            .position,
        Some(1)
    );
    assert_eq!(db.register(&dan, occurrence, 3).await.position, Some(2));
    db.register(&bob, occurrence, 2).await;
    assert_eq!(db.board(occurrence).await, "bob 2 | cid 2, dan 3");
    // Dan pauses as well: nobody is next, and a newcomer is confirmed.
    db.core.register(&dan, occurrence, &later).await.unwrap();
    assert_eq!(db.register(&eve, occurrence, 1).await.status, RegistrationStatus::Confirmed);
    let now = Party { auto_promote: Some(true), ..Party::default() };
    assert_eq!(
        db.core.register(&cid, occurrence, &now).await.unwrap().registration.position,
        Some(1),
        "one seat is too few"
    );
    db.core.cancel_registration(&eve, occurrence, None).await.unwrap();
    assert_eq!(db.board(occurrence).await, "bob 2, cid 2 | dan 3");
    db.core.cancel_registration(&bob, occurrence, None).await.unwrap();
    assert_eq!(db.board(occurrence).await, "cid 2 | dan 3");
    db.core.cancel_registration(&cid, occurrence, None).await.unwrap();
    assert_eq!(
        db.core.register(&dan, occurrence, &now).await.unwrap().registration.status,
        RegistrationStatus::Confirmed
    );
    assert_eq!(db.board(occurrence).await, "dan 3");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capacity_is_raised_and_lowered(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cid, dan] = db.people(["bob", "cid", "dan"]).await;
    let (event, occurrence) = db.create_event(&ada, new_event()).await;
    db.register(&bob, occurrence, 4).await;
    db.register(&cid, occurrence, 3).await;
    db.register(&dan, occurrence, 1).await;
    let capacity =
        async |n: i64| db.core.change_event(&ada, event, &json!({"capacity": n}), None).await.unwrap();
    capacity(6).await;
    assert_eq!(db.board(occurrence).await, "bob 4 | cid 3, dan 1");
    capacity(8).await;
    assert_eq!(db.board(occurrence).await, "bob 4, cid 3, dan 1");
    capacity(2).await;
    assert_eq!(db.board(occurrence).await, "bob 4, cid 3, dan 1", "nobody is evicted");
    let eve = db.user("eve").await;
    assert!(!db.core.occurrence(&eve, occurrence).await.unwrap().registration_open);
    assert_eq!(refusal_code(db.core.register(&eve, occurrence, &Party::of(1)).await), "registration_closed");
    db.core.cancel_registration(&bob, occurrence, None).await.unwrap();
    assert_eq!(refusal_code(db.core.register(&eve, occurrence, &Party::of(1)).await), "registration_closed");
    db.core.cancel_registration(&cid, occurrence, None).await.unwrap();
    assert_eq!(db.register(&eve, occurrence, 1).await.status, RegistrationStatus::Confirmed);
    assert_eq!(db.board(occurrence).await, "dan 1, eve 1");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seats_of_a_deleted_user_go_to_the_waitlist(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cid] = db.people(["bob", "cid"]).await;
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    db.register(&bob, occurrence, 4).await;
    db.register(&cid, occurrence, 2).await;
    assert_eq!(db.core.export_user(&bob, id_of(&bob)).await.unwrap().registrations.len(), 1);
    db.core.delete_user(&bob, id_of(&bob), None).await.unwrap();
    assert_eq!(db.board(occurrence).await, "cid 2");
    assert_eq!(refusal_code(db.core.register(&bob, occurrence, &Party::of(1)).await), "unauthenticated");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seats_of_a_deleted_user_who_was_checked_in_early_are_freed(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cid] = db.people(["bob", "cid"]).await;
    let (_, ahead) = db.create_event(&ada, new_event().capacity(5)).await;
    let (_, over) = db.create_event(&ada, new_event().capacity(5)).await;
    for occurrence in [ahead, over] {
        let ticket = db.register(&bob, occurrence, 4).await;
        db.core.check_in(&ada, ticket.id, None).await.unwrap();
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
async fn a_party_above_the_lowered_capacity_is_passed_over(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cyd, dan, eve] = db.people(["bob", "cyd", "dan", "eve"]).await;
    let (event, occurrence) = db.create_event(&ada, new_event().capacity(5)).await;
    for (who, party) in [(&bob, 5), (&cyd, 4), (&dan, 1)] {
        db.register(who, occurrence, party).await;
    }
    let capacity =
        async |n: i64| db.core.change_event(&ada, event, &json!({"capacity": n}), None).await.unwrap();
    capacity(3).await;
    assert_eq!(db.board(occurrence).await, "bob 5 | cyd 4, dan 1");
    db.core.cancel_registration(&bob, occurrence, None).await.unwrap();
    assert_eq!(db.board(occurrence).await, "dan 1 | cyd 4");
    // Cyd can never fit, so a newcomer gets a seat without overtaking anybody.
    assert_eq!(db.register(&eve, occurrence, 1).await.status, RegistrationStatus::Confirmed);
    assert_eq!(db.register(&bob, occurrence, 2).await.position, Some(2));
    db.core.cancel_registration(&dan, occurrence, None).await.unwrap();
    assert_eq!(db.board(occurrence).await, "bob 2, eve 1 | cyd 4");
    // Cyd is next again once the capacity suffices.
    capacity(4).await;
    assert_eq!(db.register(&dan, occurrence, 1).await.position, Some(2));
    capacity(7).await;
    assert_eq!(db.board(occurrence).await, "bob 2, cyd 4, eve 1 | dan 1");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lowering_the_capacity_promotes_those_behind_a_too_large_party(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cyd, dan] = db.people(["bob", "cyd", "dan"]).await;
    let (event, occurrence) = db.create_event(&ada, new_event().capacity(5)).await;
    for (who, party) in [(&bob, 2), (&cyd, 4), (&dan, 1)] {
        db.register(who, occurrence, party).await;
    }
    assert_eq!(db.board(occurrence).await, "bob 2 | cyd 4, dan 1");
    db.core.change_event(&ada, event, &json!({"capacity": 3}), None).await.unwrap();
    assert_eq!(db.board(occurrence).await, "bob 2, dan 1 | cyd 4");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_party_larger_than_the_capacity_may_wait(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cyd, dan, eve] = db.people(["bob", "cyd", "dan", "eve"]).await;
    let (event, occurrence) = db.create_event(&ada, new_event().capacity(3)).await;
    let waits = db.register(&bob, occurrence, 4).await;
    assert_eq!((waits.status, waits.position), (RegistrationStatus::Waitlisted, Some(1)));
    // Nobody waits who could be seated, so newcomers are confirmed.
    assert_eq!(db.register(&cyd, occurrence, 2).await.status, RegistrationStatus::Confirmed);
    assert_eq!(db.register(&dan, occurrence, 2).await.position, Some(2));
    // A waiting party may grow beyond the capacity.
    assert_eq!(db.register(&dan, occurrence, 10).await.position, Some(2));
    assert_eq!(db.register(&eve, occurrence, 1).await.status, RegistrationStatus::Confirmed);
    assert_eq!(db.board(occurrence).await, "cyd 2, eve 1 | bob 4, dan 10");
    assert_eq!(db.register(&bob, occurrence, 1).await.position, Some(1));
    db.core.cancel_registration(&eve, occurrence, None).await.unwrap();
    assert_eq!(db.board(occurrence).await, "bob 1, cyd 2 | dan 10");
    assert_eq!(refusal_code(db.core.register(&dan, occurrence, &Party::of(11)).await), "party_too_large");
    assert_eq!(refusal_code(db.core.register(&cyd, occurrence, &Party::of(4)).await), "event_full");

    let alone = db.create_event(&ada, new_event().capacity(3).waitlist_enabled(false)).await.1;
    assert_eq!(refusal_code(db.core.register(&bob, alone, &Party::of(4)).await), "event_full");
    let few = db.create_event(&ada, new_event().capacity(5).max_party_size(1)).await.1;
    let refused = db.core.register(&bob, few, &Party::of(2)).await.unwrap_err();
    assert_eq!(refused.to_string(), "a party may have at most 1 person");
    db.core.change_event(&ada, event, &json!({"capacity": 20}), None).await.unwrap();
    assert_eq!(db.board(occurrence).await, "bob 1, cyd 2, dan 10");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_occurrence_that_has_begun_is_not_over(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (_, occurrence) = db
        .create_event(&ada, new_event().capacity(5).starts_at("2026-11-23T12:00:00Z").duration("PT2H"))
        .await;
    for (now, words) in [
        ("2026-11-23T12:00:00Z", "this occurrence has already started"),
        ("2026-11-23T14:00:00Z", "this occurrence is over"),
    ] {
        db.clock.set(at(now));
        let refused = db.core.register(&bob, occurrence, &Party::of(1)).await.unwrap_err();
        assert_eq!((refused.code(), refused.to_string().as_str()), ("occurrence_past", words));
    }
}
