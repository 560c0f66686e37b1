//! Seat and waitlist counts: kept right by all operations, and checked by `recount`.

use eventcore::Error;
use eventcore::db::{Queries, Sql};
use eventcore::feedback::FeedbackInput;
use eventcore::registrations::Party;
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb, id_of, new_event};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_counts_are_found(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    db.register(&bob, occurrence, 2).await;
    for (spoil, what) in [
        ("UPDATE occurrences SET seats_taken = 1", "seats_taken is 1, but the parties hold 2"),
        (
            "UPDATE occurrences SET seats_taken = 2, waitlist_length = 1",
            "waitlist_length is 1, but 0 are waiting",
        ),
        (
            "UPDATE registrations SET status = 'waitlisted', waitlist_number = 1",
            "seats_taken is 2, but the parties hold 0",
        ),
        ("UPDATE occurrences SET registered = FALSE", "it has registrations, but `registered` is false"),
    ] {
        let mut tx = db.core.db().begin().await.unwrap();
        tx.query(Sql::portable(spoil)).execute().await.unwrap();
        tx.commit().await.unwrap();
        let found = db.core.check_consistency().await.unwrap();
        assert!(found.iter().any(|wrong| wrong.occurrence == occurrence && wrong.what == what), "{found:?}");
    }
    let found: Vec<String> =
        db.core.check_consistency().await.unwrap().into_iter().map(|wrong| wrong.what).collect();
    assert!(
        found.iter().any(|what| what.contains("next_waitlist_number"))
            && found.iter().any(|what| what.contains("is waiting, but 4 of 4 seats are free")),
        "{found:?}"
    );
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_another_event_than_their_occurrence_are_found(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    let (other, _) = db.create_event(&ada, new_event()).await;
    db.register(&bob, occurrence, 2).await;
    db.pass(&occurrence.to_string(), "2024-03-04T18:30:00Z").await;
    db.core
        .submit_feedback(
            &bob,
            occurrence,
            &FeedbackInput { rating: Some(5), ..FeedbackInput::default() },
            None,
        )
        .await
        .unwrap();
    assert_eq!(db.core.check_consistency().await.unwrap(), []);
    for (spoil, what) in [
        ("UPDATE registrations SET event_id = $1", "1 registrations name another event"),
        // Also reported for an occurrence without registrations.
        ("UPDATE feedback SET event_id = $1", "1 feedback entries name another event"),
    ] {
        let mut tx = db.core.db().begin().await.unwrap();
        tx.query(Sql::portable(spoil)).bind(other).execute().await.unwrap();
        tx.commit().await.unwrap();
        let found = db.core.check_consistency().await.unwrap();
        assert_eq!(
            found.iter().map(|wrong| (wrong.occurrence, wrong.what.as_str())).collect::<Vec<_>>(),
            [(occurrence, what)]
        );
        let mut tx = db.core.db().begin().await.unwrap();
        for mend in ["DELETE FROM registrations", "UPDATE occurrences SET seats_taken = 0"] {
            tx.query(Sql::portable(mend)).execute().await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_copies_and_search_documents_are_found(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, _bob] = db.people(["ada", "bob"]).await;
    let (event, occurrence) = db.create_event(&ada, new_event().tags(["rust"])).await;
    let document = "the search document is not that of its texts";
    for (number, (spoil, what)) in [
        ("UPDATE occurrences SET capacity = capacity + 1", "capacity"),
        ("UPDATE occurrences SET listed = NOT listed", "listed"),
        ("UPDATE occurrences SET all_day = NOT all_day", "all_day"),
        ("UPDATE occurrences SET category_id = event_id", "category_id"),
        ("UPDATE occurrences SET tags = 'other'", "tags"),
        (
            "UPDATE occurrences SET organizer_id = (SELECT id FROM users WHERE username = 'bob')",
            "organizer_id",
        ),
        ("UPDATE search_documents SET title = 'other'", document),
        ("UPDATE search_documents SET tokens = ' other '", document),
        ("DELETE FROM search_tokens", document),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(db.core.check_consistency().await.unwrap(), [], "before {spoil}");
        let mut tx = db.core.db().begin().await.unwrap();
        tx.query(Sql::portable(spoil)).execute().await.unwrap();
        tx.commit().await.unwrap();
        let found = db.core.check_consistency().await.unwrap();
        let [wrong] = found.as_slice() else { panic!("{spoil}: {found:?}") };
        assert_eq!(wrong.occurrence, occurrence);
        assert!(wrong.what.ends_with(what), "{spoil}: {}", wrong.what);
        // A change of the event writes all of them anew.
        let patch = json!({"title": format!("Evening {number}")});
        db.core.change_event(&ada, event, &patch, None).await.unwrap();
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_registrations_edits_and_deletions_keep_all_counts_right(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, other) = (&db.core, db.another().await);
    let ada = db.user("ada").await;
    let (event, occurrence) = db.create_event(&ada, new_event().capacity(20)).await;
    let mut people = tokio::task::JoinSet::new();
    for number in 0..40_i64 {
        let who = db.user(&format!("person{number}")).await;
        let core = if number % 2 == 0 { core.clone() } else { other.clone() };
        people.spawn(async move {
            // Returns whether the user is registered in the end. Registration is closed while more seats are
            // taken than the lowered capacity has.
            let put = async |party| match core.register(&who, occurrence, &Party::of(party)).await {
                Ok(_) => true,
                Err(Error::RegistrationClosed) => false,
                Err(other) => panic!("{other}"),
            };
            let came = put(number % 3 + 1).await;
            match number % 4 {
                0 => _ = core.cancel_registration(&who, occurrence, None).await.unwrap(),
                1 => core.delete_user(&who, id_of(&who), None).await.unwrap(),
                _ => return put(1).await || came,
            }
            false
        });
    }
    for capacity in [25, 15, 30, 10, 12] {
        core.change_event(&ada, event, &json!({"capacity": capacity}), None).await.unwrap();
    }
    let stayed = people.join_all().await.into_iter().filter(|stayed| *stayed).count();
    let (taken, waiting) = db.counts(occurrence).await;
    assert!(taken >= 12 || waiting == 0, "{taken} sit, {waiting} wait");
    let all =
        db.number("SELECT count(*) FROM registrations WHERE status IN ('confirmed', 'waitlisted')").await;
    assert_eq!(usize::try_from(all).unwrap(), stayed);
    db.check().await;
}
