//! Many concurrent registrations for one occurrence, which share transactions.

use std::collections::BTreeSet;

use eventcore::OccurrenceId;
use eventcore::registrations::{Party, RegistrationStatus};
use futures_util::future::join_all;
use rstest::rstest;
use tests::{EventBuilder, Kind, TestDb, id_of, new_event};

fn concert() -> EventBuilder {
    new_event().title("Concert").capacity(10).max_party_size(3)
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_member_of_a_batch_gets_its_own_answer(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (_, occurrence) = db.create_event(&ada, concert()).await;
    let guests = db.guests(30).await;
    let gone = db.user("gone").await;
    db.core.delete_user(&gone, id_of(&gone), None).await.unwrap();
    // Everyone registers twice; one account is deleted, and one party is too large.
    let party = Party::of(1);
    let clicks =
        guests[1..].iter().chain(&guests[1..]).map(|guest| db.core.register(guest, occurrence, &party));
    let strangers = async {
        let too_many = Party::of(4);
        let (left, large) = tokio::join!(
            db.core.register(&gone, occurrence, &party),
            db.core.register(&guests[0], occurrence, &too_many)
        );
        (left.unwrap_err().code(), large.unwrap_err().code())
    };
    let (answers, refused) = tokio::join!(join_all(clicks), strangers);
    assert_eq!(refused, ("unauthenticated", "party_too_large"));
    let (first, second) = answers.split_at(29);
    let mut places = BTreeSet::new();
    for ((guest, first), second) in guests[1..].iter().zip(first).zip(second) {
        let (first, second) = (first.as_ref().unwrap(), second.as_ref().unwrap());
        assert!(first.created != second.created, "{first:?} {second:?}");
        assert_eq!(first.registration.id, second.registration.id);
        assert_eq!(first.registration.user.id, id_of(guest));
        let told = if first.created { first } else { second };
        places
            .insert((told.registration.status == RegistrationStatus::Waitlisted, told.registration.position));
    }
    // Ten have seats, and nineteen have distinct positions.
    let expected: BTreeSet<_> =
        std::iter::once((false, None)).chain((1..=19).map(|place| (true, Some(place)))).collect();
    assert_eq!(places, expected);
    assert_eq!(db.core.check_consistency().await.unwrap(), []);
    let seen = db.core.occurrence(&ada, occurrence).await.unwrap();
    assert_eq!((seen.seats_taken, seen.waitlist_length), (10, 19));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_overtaken_within_a_batch(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (_, occurrence) = db.create_event(&ada, concert().capacity(4)).await;
    let guests = db.guests(6).await;
    db.core.register(&guests[0], occurrence, &Party::of(2)).await.unwrap();
    // The party of three does not fit, so those after it wait, although two seats are free.
    let parties = [3, 1, 2, 1, 1].map(Party::of);
    let crowd =
        guests[1..].iter().zip(&parties).map(|(guest, party)| db.core.register(guest, occurrence, party));
    let answers = join_all(crowd).await;
    let places = answers.iter().map(|answer| answer.as_ref().unwrap().registration.position);
    assert_eq!(places.collect::<Vec<_>>(), [Some(1), Some(2), Some(3), Some(4), Some(5)]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_event_is_not_found_by_members_of_a_batch(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (_, occurrence) = db.create_event(&ada, concert().private()).await;
    let guests = db.guests(4).await;
    let party = Party::of(1);
    let (mine, others) = tokio::join!(
        db.core.register(&ada, occurrence, &party),
        join_all(guests.iter().map(|guest| db.core.register(guest, occurrence, &party)))
    );
    assert!(mine.unwrap().created);
    for outcome in others {
        assert_eq!(outcome.unwrap_err().code(), "not_found");
    }
    let nowhere = OccurrenceId::at(db.core.now());
    for outcome in join_all(guests.iter().map(|guest| db.core.register(guest, nowhere, &party))).await {
        assert_eq!(outcome.unwrap_err().code(), "not_found");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_call_delays_nobody(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (_, occurrence) = db.create_event(&ada, concert()).await;
    let guests = db.guests(24).await;
    let crowd: Vec<_> = guests
        .iter()
        .map(|guest| {
            let (core, guest) = (db.core.clone(), *guest);
            tokio::spawn(async move { core.register(&guest, occurrence, &Party::of(1)).await.map(drop) })
        })
        .collect();
    for leaver in crowd.iter().step_by(3) {
        leaver.abort();
    }
    for (i, guest) in crowd.into_iter().enumerate() {
        let outcome = guest.await;
        assert!(i % 3 == 0 || outcome.unwrap().is_ok());
    }
    // Those whose calls were dropped have one registration or none, and can register again.
    for guest in &guests {
        db.core.register(guest, occurrence, &Party::of(1)).await.unwrap();
    }
    assert_eq!(db.core.check_consistency().await.unwrap(), []);
    let seen = db.core.occurrence(&ada, occurrence).await.unwrap();
    assert_eq!((seen.seats_taken, seen.waitlist_length), (10, 14));
}
