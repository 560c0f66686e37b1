//! What programs that embed the library do in its transactions, and learn of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use eventcore::accounts::NewUser;
use eventcore::changes::Change;
use eventcore::db::{Observer, ObserverFuture, Queries, Sql, Tx};
use eventcore::error::{Cause, ErrorKind};
use eventcore::registrations::Party;
use eventcore::{Actor, Error, EventCore, OccurrenceId, Result, Transaction, TransactionFuture};
use rstest::rstest;
use tests::{Kind, TestDb, id_of, new_event};

const ORDERS: &str = "CREATE TABLE orders (id TEXT PRIMARY KEY, note TEXT NOT NULL)";

/// Runs a statement of the application.
fn statement<'t>(tx: &'t mut Tx, sql: &'static str, id: String) -> TransactionFuture<'t, ()> {
    Box::pin(async move {
        tx.query(Sql::portable(sql)).bind(id).execute().await?;
        Ok(())
    })
}

async fn order(tx: &Transaction, id: &str) -> Result<()> {
    let id = id.to_owned();
    tx.run(move |tx| statement(tx, "INSERT INTO orders (id, note) VALUES ($1, 'paid')", id)).await
}

async fn with_orders(kind: Kind) -> TestDb {
    let db = TestDb::new(kind).await;
    let mut tx = db.core.db().begin().await.unwrap();
    tx.query(Sql::portable(ORDERS)).execute().await.unwrap();
    tx.commit().await.unwrap();
    db
}

const ORDER_COUNT: &str = "SELECT count(*) FROM orders";

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_and_statements_are_stored_together_or_not_at_all(#[case] kind: Kind) {
    let db = with_orders(kind).await;
    let (ada, bob) = (db.user("ada").await, db.user("bob").await);
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    let core = &db.core;

    let registration = core
        .transact(async |tx| {
            let done = tx.core().register(&bob, occurrence, &Party::default()).await?;
            order(&tx, "1").await?;
            let changes = tx.changes().await?;
            assert!(matches!(changes[..], [Change::Registered { .. }]), "{changes:?}");
            Ok::<_, Error>(done.registration)
        })
        .await
        .unwrap();
    assert_eq!(core.my_registration(&bob, occurrence).await.unwrap().id, registration.id);
    assert_eq!(db.number(ORDER_COUNT).await, 1);

    // The work fails after both: neither is stored.
    let failed: std::result::Result<(), WorkFailure> = core
        .transact(async |tx| {
            tx.core().cancel_registration(&bob, occurrence, None).await?;
            order(&tx, "2").await?;
            Err(WorkFailure("out of money".to_owned()))
        })
        .await;
    assert_eq!(failed.unwrap_err().0, "out of money");
    // A statement fails, and the work does not notice.
    let unnoticed = core
        .transact(async |tx| {
            tx.core().cancel_registration(&bob, occurrence, None).await?;
            assert!(order(&tx, "1").await.is_err());
            Ok::<_, Error>(())
        })
        .await;
    assert_eq!(unnoticed.unwrap_err().cause(), Some(Cause::TransactionEnded));
    // An operation fails, and the work does not notice.
    let unnoticed = core
        .transact(async |tx| {
            order(&tx, "3").await?;
            assert!(tx.core().cancel_registration(&Actor::Anonymous, occurrence, None).await.is_err());
            Ok::<_, Error>(())
        })
        .await;
    assert!(unnoticed.is_ok(), "a refusal before the transaction leaves it as it was");
    assert_eq!(core.my_registration(&bob, occurrence).await.unwrap().id, registration.id);
    assert_eq!(db.number(ORDER_COUNT).await, 2);

    // Dropped in the middle.
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let begun = Mutex::new(Some(begun));
    let held = core.transact(async |tx| {
        order(&tx, "4").await?;
        if let Some(begun) = begun.lock().unwrap().take() {
            _ = begun.send(());
        }
        std::future::pending::<Result<()>>().await
    });
    tokio::select! {
        _ = held => unreachable!("it never ends"),
        begun = has_begun => begun.unwrap(),
    }
    // Others can write.
    core.cancel_registration(&bob, occurrence, None).await.unwrap();
    assert_eq!(db.number(ORDER_COUNT).await, 2);
    db.check().await;
}

/// An error of an application.
#[derive(Debug)]
struct WorkFailure(String);

impl From<Error> for WorkFailure {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_of_sqlx_run_in_the_transaction(#[case] kind: Kind) {
    let db = with_orders(kind).await;
    let insert = async |tx: &Transaction, id: &'static str| {
        tx.run(move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO orders (id, note) VALUES ($1, 'by sqlx')";
                if let Some(connection) = tx.postgres() {
                    sqlx::query(sql).bind(id).execute(connection).await?;
                } else if let Some(connection) = tx.sqlite().await? {
                    sqlx::query(sql).bind(id).execute(connection).await?;
                }
                Ok(())
            })
        })
        .await
    };
    db.core
        .transact(async |tx| {
            // What the library has left to the commit is done before.
            tx.core().create_user(&Actor::System, &NewUser::new("ada", "ada@example.org")).await?;
            insert(&tx, "1").await
        })
        .await
        .unwrap();
    assert_eq!(db.number(ORDER_COUNT).await, 1);
    let failed = db.core.transact(async |tx| {
        insert(&tx, "2").await?;
        insert(&tx, "1").await
    });
    assert!(failed.await.is_err());
    assert_eq!(db.number(ORDER_COUNT).await, 1);
    assert_eq!(db.number("SELECT count(*) FROM users").await, 1);
}

/// Handlers of web frameworks must be `Send`.
#[test]
fn the_future_of_a_transaction_can_be_sent() {
    fn must_be_send<T: Send>(_: T) {}
    fn check(core: &EventCore, bob: &Actor, occurrence: OccurrenceId) {
        must_be_send(core.transact(async |tx| {
            tx.core().register(bob, occurrence, &Party::default()).await?;
            tx.run(|tx| statement(tx, "INSERT INTO orders (id, note) VALUES ($1, '')", String::new()))
                .await?;
            Ok::<_, Error>(())
        }));
    }
    let _ = check;
}

/// Both transactions lock two rows, in opposite orders, so that PostgreSQL aborts one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_was_aborted_for_a_deadlock_is_run_again() {
    let db = with_orders(Kind::Postgres).await;
    for id in ["1", "2"] {
        db.core.transact(async |tx| order(&tx, id).await).await.unwrap();
    }
    let (runs, both) = (AtomicUsize::new(0), tokio::sync::Barrier::new(2));
    let touch = async |ids: [&'static str; 2]| {
        db.core
            .transact(async |tx| {
                let first = runs.fetch_add(1, Ordering::SeqCst) < 2;
                for (place, id) in ids.into_iter().enumerate() {
                    let sql = "UPDATE orders SET note = 'touched' WHERE id = $1";
                    tx.run(move |tx| statement(tx, sql, id.to_owned())).await?;
                    if first && place == 0 {
                        both.wait().await;
                    }
                }
                Ok::<_, Error>(())
            })
            .await
    };
    let (one, other) = tokio::join!(touch(["1", "2"]), touch(["2", "1"]));
    one.unwrap();
    other.unwrap();
    assert_eq!(runs.into_inner(), 3);
    assert_eq!(db.number("SELECT count(*) FROM orders WHERE note = 'touched'").await, 2);
}

/// Copies registrations into a table of the application, and refuses one user.
struct Copier {
    refused: Mutex<Option<Actor>>,
    seen: Mutex<Vec<Vec<Change>>>,
}

impl Observer for Copier {
    fn before_commit<'t>(&'t self, tx: &'t mut Tx, changes: &'t [Change]) -> ObserverFuture<'t> {
        Box::pin(async move {
            self.seen.lock().unwrap().push(changes.to_vec());
            for change in changes {
                let Change::Registered { registration, user, .. } = change else { continue };
                if self.refused.lock().unwrap().is_some_and(|refused| refused.is(*user)) {
                    return Err(Error::refused("this person owes us money"));
                }
                // The row that the library has written is there.
                let copy = "INSERT INTO orders (id, note)
                    SELECT CAST($2 AS TEXT), status FROM registrations WHERE id = $1";
                tx.query(Sql::portable(copy))
                    .bind(*registration)
                    .bind(registration.to_string())
                    .execute()
                    .await?;
            }
            Ok(())
        })
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_observer_adds_to_a_transaction_or_refuses_it(#[case] kind: Kind) {
    let db = with_orders(kind).await;
    let copier = Arc::new(Copier { refused: Mutex::default(), seen: Mutex::default() });
    let clock = Arc::clone(&db.clock);
    let core = EventCore::builder().url(&db.url).clock(clock).observer(copier.clone()).open().await.unwrap();
    let ada = db.user("ada").await;
    let mut guests = Vec::new();
    for n in 0..20 {
        guests.push(db.user(&format!("guest-{n}")).await);
    }
    let event = core.create_event(&ada, &new_event().capacity(50).input()).await.unwrap();
    let occurrence = event.next_occurrence.as_ref().unwrap().id;
    assert!(copier.seen.lock().unwrap().iter().flatten().any(|c| matches!(c, Change::EventCreated { .. })));

    // Many at once share transactions; one of them is refused, and the others are not.
    *copier.refused.lock().unwrap() = Some(guests[7]);
    let party = Party::default();
    let calls = guests.iter().map(|guest| core.register(guest, occurrence, &party));
    let outcomes = futures_util::future::join_all(calls).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Ok(_) => assert_ne!(n, 7),
            Err(error) => {
                assert_eq!((n, error.code(), error.kind()), (7, "refused", ErrorKind::Conflict));
                assert_eq!(error.to_string(), "this person owes us money");
            }
        }
    }
    assert_eq!(db.number(ORDER_COUNT).await, 19);
    assert_eq!(db.number("SELECT count(*) FROM registrations").await, 19);
    assert_eq!(db.number("SELECT count(*) FROM orders WHERE note = 'confirmed'").await, 19);

    // What changes nothing, or fails, is not observed.
    let before = copier.seen.lock().unwrap().len();
    core.register(&guests[0], occurrence, &party).await.unwrap();
    core.register(&guests[0], OccurrenceId::at(core.now()), &party).await.unwrap_err();
    assert_eq!(copier.seen.lock().unwrap().len(), before);

    // In a transaction of several operations it sees each of them, and undoes all.
    *copier.refused.lock().unwrap() = Some(guests[7]);
    let refused = core
        .transact(async |tx| {
            tx.core().cancel_registration(&guests[0], occurrence, None).await?;
            tx.core().register(&guests[7], occurrence, &party).await
        })
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "refused");
    assert_eq!(db.number(ORDER_COUNT).await, 19);
    core.my_registration(&guests[0], occurrence).await.unwrap();
    core.close().await;
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cancels_learns_whom_that_has_promoted(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let event = new_event().capacity(4).max_party_size(4).waitlist_enabled(true);
    let (_, occurrence) = db.create_event(&ada, event).await;
    let party = |size: i64| Party { party_size: Some(size), ..Party::default() };
    let mut people = Vec::new();
    for (n, size) in [4, 2, 1, 3].into_iter().enumerate() {
        let person = db.user(&format!("person-{n}")).await;
        let done = db.core.register(&person, occurrence, &party(size)).await.unwrap();
        assert!(done.created && done.promoted.is_empty());
        people.push((person, done.registration.id));
    }
    let promoted = |list: &[eventcore::registrations::Promoted]| -> Vec<_> {
        list.iter().map(|one| (one.registration, one.user)).collect()
    };
    let of = |n: usize| (people[n].1, id_of(&people[n].0));

    // A smaller party frees three seats: the first two of the waitlist fit, the third does not.
    let smaller = db.core.register(&people[0].0, occurrence, &party(1)).await.unwrap();
    assert_eq!(promoted(&smaller.promoted), [of(1), of(2)]);
    let cancelled = db.core.cancel_registration(&people[1].0, occurrence, None).await.unwrap();
    assert_eq!(promoted(&cancelled), []);
    let removed = db.core.remove_registration(&ada, occurrence, people[2].1, None).await.unwrap();
    assert_eq!(promoted(&removed), [of(3)]);
    assert_eq!(db.core.cancel_registration(&people[1].0, occurrence, None).await.unwrap(), []);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_who_move_up_are_told_however_long_the_waitlist(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let event = new_event().capacity(150).max_party_size(150).waitlist_enabled(true);
    let (_, occurrence) = db.create_event(&ada, event).await;
    let all = Party { party_size: Some(150), ..Party::default() };
    let crowd = db.user("crowd").await;
    db.core.register(&crowd, occurrence, &all).await.unwrap();
    let mut waiting = Vec::new();
    for n in 0..160 {
        let person = db.user(&format!("person-{n}")).await;
        waiting.push(db.core.register(&person, occurrence, &Party::default()).await.unwrap().registration.id);
    }
    let promoted = db.core.cancel_registration(&crowd, occurrence, None).await.unwrap();
    let promoted: Vec<_> = promoted.into_iter().map(|one| one.registration).collect();
    assert_eq!(promoted, waiting[..150]);
    db.check().await;
}
