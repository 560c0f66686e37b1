//! Requests of several callers that are decided in one transaction: none of them is at the mercy of another.

use eventcore::db::{PoolSettings, Queries, Sql, Tx};
use eventcore::registrations::Party;
use eventcore::{Actor, EventCore, OccurrenceId};
use futures_util::future::join_all;
use rstest::rstest;
use tests::{Kind, TestDb, new_event, refusal_code};

async fn run(tx: &mut Tx, sql: &str) {
    tx.query(Sql::dynamic(sql.to_owned())).execute().await.unwrap();
}

async fn occurrences(db: &TestDb, organizer: &Actor, number: usize) -> Vec<OccurrenceId> {
    let mut occurrences = Vec::new();
    for _ in 0..number {
        occurrences.push(db.create_event(organizer, new_event().capacity(100)).await.1);
    }
    occurrences
}

#[rstest]
#[case::sqlite(
    Kind::Sqlite,
    &["CREATE TRIGGER refuse BEFORE INSERT ON registrations WHEN NEW.party_size = 3
        BEGIN SELECT RAISE(ABORT, 'three is a crowd'); END"]
)]
#[case::postgres(
    Kind::Postgres,
    &["CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.party_size = 3 THEN RAISE EXCEPTION 'three is a crowd'; END IF;
        RETURN NEW;
     END $$",
     "CREATE TRIGGER refuse BEFORE INSERT ON registrations FOR EACH ROW EXECUTE FUNCTION refuse()"]
)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_error_of_one_request_fails_no_other(#[case] kind: Kind, #[case] refuse: &[&str]) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let occurrences = occurrences(&db, &ada, 2).await;
    let mut tx = db.core.db().begin().await.unwrap();
    for statement in refuse {
        run(&mut tx, statement).await;
    }
    tx.commit().await.unwrap();
    let guests = db.guests(24).await;
    let parties: Vec<Party> = (1..=24).map(|number| Party::of(if number % 6 == 0 { 3 } else { 1 })).collect();
    let calls = guests.iter().zip(&parties).enumerate();
    let calls = calls.map(|(number, (guest, party))| db.core.register(guest, occurrences[number % 2], party));
    for (outcome, party) in join_all(calls).await.into_iter().zip(&parties) {
        match party.party_size {
            Some(3) => assert_eq!(refusal_code(outcome), "internal"),
            _ => assert!(outcome.unwrap().created),
        }
    }
    assert_eq!(db.core.check_consistency().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locked_occurrences_delay_only_requests_for_them_on_postgres() {
    let db = TestDb::new(Kind::Postgres).await;
    let ada = db.user("ada").await;
    let (locked, free) = (occurrences(&db, &ada, 6).await, occurrences(&db, &ada, 2).await);
    let guests = db.guests(24).await;
    let mut other = db.core.db().begin().await.unwrap();
    let lock = Sql::portable("SELECT id FROM occurrences WHERE id = $1 FOR UPDATE");
    for occurrence in &locked {
        other.query(lock.clone()).bind(*occurrence).execute().await.unwrap();
    }
    let waiting: Vec<_> = guests[..12]
        .iter()
        .zip(locked.iter().cycle())
        .map(|(guest, occurrence)| {
            let (core, guest, occurrence) = (db.core.clone(), *guest, *occurrence);
            tokio::spawn(async move { core.register(&guest, occurrence, &Party::of(1)).await })
        })
        .collect();
    let locks = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while db.number(locks).await == 0 {
        tests::pause().await;
    }
    let party = Party::of(1);
    let others = guests[12..].iter().zip(free.iter().cycle());
    let others = others.map(|(guest, occurrence)| db.core.register(guest, *occurrence, &party));
    for outcome in join_all(others).await {
        assert!(outcome.unwrap().created);
    }
    assert!(waiting.iter().all(|call| !call.is_finished()), "they wait for the lock");
    drop(other);
    for call in waiting {
        assert!(call.await.unwrap().unwrap().created);
    }
    assert_eq!(db.core.check_consistency().await.unwrap(), []);
}

/// What a write or a lock of an occurrence or a user changes. On SQLite, what any commit changes for the
/// connection of `reader`.
async fn state(kind: Kind, reader: &mut impl Queries) -> Vec<String> {
    let sql = match kind {
        Kind::Sqlite => "SELECT CAST(data_version AS TEXT) FROM pragma_data_version",
        Kind::Postgres => {
            "SELECT concat_ws(' ', xmin, xmax, ctid) FROM occurrences
             UNION ALL SELECT concat_ws(' ', xmin, xmax, ctid) FROM users ORDER BY 1"
        }
    };
    let rows: Vec<(String,)> = reader.query(Sql::portable(sql)).all().await.unwrap();
    rows.into_iter().map(|(row,)| row).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_writes_and_locks_nothing(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob, cid, dan] = db.people(["ada", "bob", "cid", "dan"]).await;
    let (_, occurrence) = db.create_event(&ada, new_event().capacity(2)).await;
    let party = Party { auto_promote: Some(true), ..Party::of(2) };
    for who in [&bob, &cid, &dan] {
        db.core.register(who, occurrence, &party).await.unwrap();
    }
    db.core.cancel_registration(&dan, occurrence, None).await.unwrap();
    // One connection, because each of SQLite counts for itself.
    let pools = PoolSettings { sqlite_readers: 1, ..PoolSettings::default() };
    let observer = EventCore::builder().url(&db.url).pools(pools).connect().await.unwrap();
    let mut reader = observer.db().read().await.unwrap();
    let before = state(kind, &mut reader).await;
    for party in [party, Party::default(), Party::of(2)] {
        let repeats = [&bob, &cid, &bob].map(|who| db.core.register(who, occurrence, &party));
        for repeat in join_all(repeats).await {
            assert!(!repeat.unwrap().created);
        }
    }
    db.core.cancel_registration(&dan, occurrence, None).await.unwrap();
    assert_eq!(state(kind, &mut reader).await, before);
    db.core.register(&cid, occurrence, &Party::of(1)).await.unwrap();
    assert_ne!(state(kind, &mut reader).await, before, "a change is seen");
    assert_eq!(db.board(occurrence).await, "bob 2 | cid 1");
    observer.close().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancellations_and_registrations_of_a_batch_are_decided_in_their_order(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (_, occurrence) = db.create_event(&ada, new_event().capacity(20)).await;
    let guests = db.guests(60).await;
    for guest in &guests[..50] {
        db.core.register(guest, occurrence, &Party::of(1)).await.unwrap();
    }
    // Twenty leave their seats, while ten others come: more are promoted than one look at the waitlist shows.
    let party = Party::of(1);
    let (left, came) = tokio::join!(
        join_all(guests[..20].iter().map(|guest| db.core.cancel_registration(guest, occurrence, None))),
        join_all(guests[50..].iter().map(|guest| db.core.register(guest, occurrence, &party))),
    );
    assert!(left.iter().all(Result::is_ok));
    let came = came.into_iter().map(|outcome| outcome.unwrap().registration);
    // Ten of those who waited are still before them.
    assert!(
        came.into_iter().zip(11..).all(|(registration, at_least)| registration.position >= Some(at_least))
    );
    let seated: Vec<String> = (20..40).map(|number| format!("guest{number} 1")).collect();
    let waiting: Vec<String> = (40..60).map(|number| format!("guest{number} 1")).collect();
    assert_eq!(db.board(occurrence).await, format!("{} | {}", seated.join(", "), waiting.join(", ")));
    // Twenty more leave, of whom each is followed by the first of the list.
    let leave = guests[20..40].iter().map(|guest| db.core.cancel_registration(guest, occurrence, None));
    assert!(join_all(leave).await.iter().all(Result::is_ok));
    let seated: Vec<String> = (40..60).map(|number| format!("guest{number} 1")).collect();
    assert_eq!(db.board(occurrence).await, seated.join(", "));
}
