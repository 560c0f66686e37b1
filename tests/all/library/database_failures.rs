//! Failures of the database itself: deadlocks, serialization failures, failed group commits, a full disk.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use eventcore::db::{Queries, Sql, Tx};
use eventcore::{Error, EventCore, Result};
use tests::{Kind, TestDb, id_of, new_event};

async fn run(tx: &mut Tx, sql: &'static str) {
    tx.query(Sql::portable(sql)).execute().await.unwrap();
}

/// Runs a statement in its own transaction.
async fn once(db: &TestDb, sql: &'static str) {
    let mut tx = db.core.db().begin().await.unwrap();
    run(&mut tx, sql).await;
    tx.commit().await.unwrap();
}

/// Waits until a query returns another number than 0.
async fn until(db: &TestDb, sql: &'static str) {
    while db.number(sql).await == 0 {
        tests::pause().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlocked_transaction_is_retried() {
    let db = TestDb::new(Kind::Postgres).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let event = db.core.create_event(&ada, &new_event().input()).await.unwrap().id;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(db.number(deadlocks).await, 0);

    // The library locks the event and then the user. This transaction locks them the other way round, and its
    // longer deadlock_timeout makes the library the victim.
    let mut other = db.core.db().begin().await.unwrap();
    run(&mut other, "SET LOCAL deadlock_timeout = '5min'").await;
    let lock = |table| Sql::dynamic(format!("SELECT 1 FROM {table} WHERE id = $1 FOR UPDATE"));
    other.query(lock("users")).bind(id_of(&bob)).execute().await.unwrap();
    let naming = tokio::spawn({
        let core = db.core.clone();
        async move { core.add_co_organizer(&ada, event, id_of(&bob)).await }
    });
    until(
        &db,
        "SELECT count(*) FROM pg_stat_activity \
                WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    .await;
    other.query(lock("events")).bind(event).execute().await.unwrap();
    drop(other);

    let named = naming.await.unwrap().unwrap();
    assert_eq!(named.co_organizers.len(), 1);
    until(&db, deadlocks).await;
}

/// Lets the first `failures` inserts of an event fail with a serialization failure, and counts the attempts.
async fn fail_to_serialize(db: &TestDb, failures: u32) {
    let mut tx = db.core.db().begin().await.unwrap();
    // Sequences are not rolled back.
    run(&mut tx, "CREATE SEQUENCE attempts").await;
    let trigger = format!(
        "CREATE FUNCTION give_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('attempts') <= {failures} THEN
                RAISE EXCEPTION 'try again' USING ERRCODE = 'serialization_failure';
            END IF;
            RETURN NEW;
         END $$"
    );
    tx.query(Sql::dynamic(trigger)).execute().await.unwrap();
    run(&mut tx, "CREATE TRIGGER give_way BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION give_way()")
        .await;
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serialization_failure_is_retried() {
    let db = TestDb::new(Kind::Postgres).await;
    let ada = db.user("ada").await;
    fail_to_serialize(&db, 3).await;
    db.core.create_event(&ada, &new_event().input()).await.unwrap();
    assert_eq!(db.number("SELECT last_value FROM attempts").await, 4);
    assert_eq!(db.number("SELECT count(*) FROM events").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retries_are_limited() {
    let db = TestDb::new(Kind::Postgres).await;
    let ada = db.user("ada").await;
    fail_to_serialize(&db, 1_000).await;
    let outcome = db.core.create_event(&ada, &new_event().input()).await;
    assert!(matches!(outcome, Err(Error::Contended)), "{outcome:?}");
    assert_eq!(db.number("SELECT last_value FROM attempts").await, 9, "once, and eight times again");
    assert_eq!(db.number("SELECT count(*) FROM events").await, 0);
}

async fn insert_setting(core: &EventCore, key: String, size: usize) -> Result<()> {
    let mut tx = core.db().begin().await?;
    let insert = Sql::portable("INSERT INTO settings (key, value) VALUES ($1, $2)");
    tx.query(insert).bind(key).bind("x".repeat(size)).execute().await?;
    tx.commit().await
}

async fn is_stored(db: &TestDb, key: String) -> bool {
    let mut reader = db.core.db().read().await.unwrap();
    let sql = Sql::portable("SELECT count(*) FROM settings WHERE key = $1");
    reader.query(sql).bind(key).scalar::<i64>().await.unwrap() == 1
}

type Writer<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// Writers that wait in this order for the current group to end, and form the next group.
async fn queue_writers(core: &EventCore, sizes: impl Iterator<Item = usize>) -> Vec<Writer<'_>> {
    let mut writers = Vec::new();
    for (number, size) in sizes.enumerate() {
        let mut writer: Writer<'_> = Box::pin(insert_setting(core, format!("member {number}"), size));
        std::future::poll_fn(|cx| {
            assert!(writer.as_mut().poll(cx).is_pending(), "the writer is held by another");
            Poll::Ready(())
        })
        .await;
        writers.push(writer);
    }
    writers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_group_commit_fails_for_every_member() {
    let db = TestDb::new(Kind::Sqlite).await;
    once(
        &db,
        "CREATE TABLE children (parent TEXT REFERENCES settings (key) DEFERRABLE INITIALLY DEFERRED) STRICT",
    )
    .await;
    let mut orphan = db.core.db().begin().await.unwrap();
    let members = queue_writers(&db.core, [10; 8].into_iter()).await;
    // SQLite checks the deferred foreign key at the COMMIT, which the group shares.
    run(&mut orphan, "INSERT INTO children (parent) VALUES ('nobody')").await;
    let (first, others) = tokio::join!(orphan.commit(), futures_util::future::join_all(members));
    for outcome in others.into_iter().chain([first]) {
        assert!(matches!(outcome, Err(Error::Unavailable { .. })), "{outcome:?}");
    }
    assert_eq!(db.number("SELECT count(*) FROM children").await, 0);
    assert_eq!(db.number("SELECT count(*) FROM settings WHERE key LIKE 'member%'").await, 0);
    insert_setting(&db.core, "later".to_owned(), 10).await.unwrap();
    assert!(is_stored(&db, "later".to_owned()).await, "the writer lives on");
    db.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_that_was_acknowledged() {
    for large in [0, 3, 7] {
        let db = TestDb::new(Kind::Sqlite).await;
        let mut first = db.core.db().begin().await.unwrap();
        let sizes = (0..8).map(|member| if member == large { 400_000 } else { 10 });
        let members = queue_writers(&db.core, sizes).await;
        // Leaves room for only a few more pages, like a full disk.
        let pages: i64 = first.query(Sql::portable("PRAGMA page_count")).scalar().await.unwrap();
        let limit = |pages: i64| Sql::dynamic(format!("PRAGMA max_page_count = {pages}"));
        first.query(limit(pages + 20)).execute().await.unwrap();
        let (begun, outcomes) = tokio::join!(first.commit(), futures_util::future::join_all(members));
        drop(begun);
        for (member, outcome) in outcomes.into_iter().enumerate() {
            assert_eq!(
                outcome.is_ok(),
                is_stored(&db, format!("member {member}")).await,
                "{large} {member}: {outcome:?}"
            );
            match outcome {
                Err(Error::Unavailable { .. }) => {}
                Err(other) => panic!("{large} {member}: {other:?}"),
                Ok(()) => assert_ne!(member, large),
            }
        }
        db.check().await;
        let mut tx = db.core.db().begin().await.unwrap();
        tx.query(limit(1_000_000)).execute().await.unwrap();
        tx.commit().await.unwrap();
        insert_setting(&db.core, "later".to_owned(), 400_000).await.unwrap();
        assert!(is_stored(&db, "later".to_owned()).await, "with space again, the writer goes on");
    }
}
