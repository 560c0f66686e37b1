//! Whom seats go to where people leave, where halls get smaller, and where parties are larger than they.

use std::time::Duration;

use eventcore::events::EventInput;
use eventcore::registrations::{NewAttendee, Party, Registration, RegistrationStatus};
use eventcore::{Actor, Error, EventId, OccurrenceId};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Kind, TestDb, at, id_of};

async fn evening(db: &TestDb, ada: &Actor, changes: Value) -> (EventId, OccurrenceId) {
    let mut input = json!({"title": "Evening", "location": "Hall 2", "starts_at": "2027-03-04T18:30:00Z", "timezone": "UTC", "capacity": 5});
    eventcore::input::merge_patch(&mut input, changes);
    let input: EventInput = serde_json::from_value(input).unwrap();
    let event = db.core.create_event(ada, &input).await.unwrap();
    (event.id, event.next_occurrence.unwrap().id)
}

async fn people(db: &TestDb, names: &[&str]) -> Vec<Actor> {
    let mut people = Vec::new();
    for name in names {
        people.push(db.user(name).await);
    }
    people
}

async fn register(db: &TestDb, who: &Actor, date: OccurrenceId, party: i64) -> Registration {
    db.clock.advance(Duration::from_secs(1));
    db.core.register(who, date, &Party::of(party)).await.unwrap().registration
}

/// How people stand at a date: their status, and their place in the list or the size of their party.
async fn stand(db: &TestDb, people: &[&Actor], date: OccurrenceId) -> Vec<String> {
    let mut told = Vec::new();
    for who in people {
        told.push(match db.core.my_registration(who, date).await {
            Ok(Registration { status, position: Some(position), .. }) => format!("{status} {position}"),
            Ok(Registration { status, party_size, .. }) => format!("{status} {party_size}"),
            Err(error) => error.code().to_owned(),
        });
    }
    assert_eq!(db.core.recount().await.unwrap(), []);
    told
}

#[track_caller]
fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> &'static str {
    outcome.expect_err("a refusal").code()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_checked_in_early_and_leaves_the_system_leaves_their_seats(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cid] = people(&db, &["bob", "cid"]).await.try_into().unwrap();
    let (_, ahead) = evening(&db, &ada, json!({})).await;
    let (_, over) = evening(&db, &ada, json!({})).await;
    for date in [ahead, over] {
        let ticket = register(&db, &bob, date, 4).await;
        db.core.check_in(&ada, ticket.id).await.unwrap();
    }
    register(&db, &cid, ahead, 2).await;
    db.pass(&over.to_string(), "2026-11-23T09:00:00Z").await;
    db.core.delete_user(&bob, id_of(&bob), None).await.unwrap();
    assert_eq!(stand(&db, &[&cid], ahead).await, ["confirmed 2"]);
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
    let [bob, cyd, dan, eve] = people(&db, &["bob", "cyd", "dan", "eve"]).await.try_into().unwrap();
    let all = [&bob, &cyd, &dan, &eve];
    let (event, date) = evening(&db, &ada, json!({})).await;
    for (who, party) in [(&bob, 5), (&cyd, 4), (&dan, 1)] {
        register(&db, who, date, party).await;
    }
    let capacity =
        async |n: i64| db.core.change_event(&ada, event, &json!({"capacity": n}), None).await.unwrap();
    capacity(3).await;
    assert_eq!(stand(&db, &all[..3], date).await, ["confirmed 5", "waitlisted 1", "waitlisted 2"]);
    db.core.cancel_registration(&bob, date).await.unwrap();
    assert_eq!(stand(&db, &all[1..3], date).await, ["waitlisted 1", "confirmed 1"]);
    // Nobody is overtaken who could ever sit: a newcomer gets a seat.
    assert_eq!(register(&db, &eve, date, 1).await.status, RegistrationStatus::Confirmed);
    assert_eq!(register(&db, &bob, date, 2).await.position, Some(2));
    db.core.cancel_registration(&dan, date).await.unwrap();
    assert_eq!(stand(&db, &all, date).await, ["confirmed 2", "waitlisted 1", "not_found", "confirmed 1"]);
    // Cyd is the next again where the hall is large enough.
    capacity(4).await;
    assert_eq!(register(&db, &dan, date, 1).await.position, Some(2));
    capacity(7).await;
    assert_eq!(stand(&db, &all, date).await, ["confirmed 2", "confirmed 4", "waitlisted 1", "confirmed 1"]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lowering_the_capacity_lets_those_behind_a_too_large_party_in(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cyd, dan] = people(&db, &["bob", "cyd", "dan"]).await.try_into().unwrap();
    let (event, date) = evening(&db, &ada, json!({})).await;
    for (who, party) in [(&bob, 2), (&cyd, 4), (&dan, 1)] {
        register(&db, who, date, party).await;
    }
    assert_eq!(stand(&db, &[&bob, &cyd, &dan], date).await, ["confirmed 2", "waitlisted 1", "waitlisted 2"]);
    db.core.change_event(&ada, event, &json!({"capacity": 3}), None).await.unwrap();
    assert_eq!(stand(&db, &[&bob, &cyd, &dan], date).await, ["confirmed 2", "waitlisted 1", "confirmed 1"]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_party_larger_than_the_hall_may_wait(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cyd, dan, eve] = people(&db, &["bob", "cyd", "dan", "eve"]).await.try_into().unwrap();
    let all = [&bob, &cyd, &dan, &eve];
    let (event, date) = evening(&db, &ada, json!({"capacity": 3})).await;
    let waits = register(&db, &bob, date, 4).await;
    assert_eq!((waits.status, waits.position), (RegistrationStatus::Waitlisted, Some(1)));
    // Nobody waits who could sit: whoever comes does.
    assert_eq!(register(&db, &cyd, date, 2).await.status, RegistrationStatus::Confirmed);
    assert_eq!(register(&db, &dan, date, 2).await.position, Some(2));
    // Who waits may become so many that the hall is too small for them.
    assert_eq!(register(&db, &dan, date, 10).await.position, Some(2));
    assert_eq!(register(&db, &eve, date, 1).await.status, RegistrationStatus::Confirmed);
    assert_eq!(stand(&db, &all, date).await, ["waitlisted 1", "confirmed 2", "waitlisted 2", "confirmed 1"]);
    assert_eq!(register(&db, &bob, date, 1).await.position, Some(1));
    db.core.cancel_registration(&eve, date).await.unwrap();
    assert_eq!(stand(&db, &all[..3], date).await, ["confirmed 1", "confirmed 2", "waitlisted 1"]);
    assert_eq!(code(db.core.register(&dan, date, &Party::of(11)).await), "party_too_large");
    assert_eq!(code(db.core.register(&cyd, date, &Party::of(4)).await), "event_full");

    let alone = evening(&db, &ada, json!({"capacity": 3, "waitlist_enabled": false})).await.1;
    assert_eq!(code(db.core.register(&bob, alone, &Party::of(4)).await), "event_full");
    let few = evening(&db, &ada, json!({"max_party_size": 1})).await.1;
    let refused = db.core.register(&bob, few, &Party::of(2)).await.unwrap_err();
    assert_eq!(refused.to_string(), "a party may have at most 1 person here");
    db.core.change_event(&ada, event, &json!({"capacity": 20}), None).await.unwrap();
    assert_eq!(stand(&db, &all[..3], date).await, ["confirmed 1", "confirmed 2", "confirmed 10"]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_that_has_begun_is_not_over(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, bob) = (db.user("ada").await, db.user("bob").await);
    let (_, date) =
        evening(&db, &ada, json!({"starts_at": "2026-11-23T12:00:00Z", "duration": "PT2H"})).await;
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
