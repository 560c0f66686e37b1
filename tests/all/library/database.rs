//! The database layer: dropped, failed and grouped transactions.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use eventcore::db::{Queries, Sql};
use eventcore::{Error, EventCore};
use rstest::rstest;
use tests::{Kind, TestDb};

const INSERT: Sql = Sql::portable("INSERT INTO settings (key, value) VALUES ($1, $2)");
const READ: Sql = Sql::portable("SELECT count(*) FROM settings WHERE key = $1");

async fn insert(core: &EventCore, key: String) -> Result<(), Error> {
    let mut tx = core.db().begin().await?;
    tx.query(INSERT).bind(key.clone()).bind("first").execute().await?;
    tx.query(Sql::portable("UPDATE settings SET value = 'second' WHERE key = $1"))
        .bind(key)
        .execute()
        .await?;
    tx.commit().await
}

async fn stored(core: &EventCore, key: &str) -> bool {
    let mut reader = core.db().read().await.unwrap();
    reader.query(READ).bind(key.to_owned()).scalar::<i64>().await.unwrap() == 1
}

/// Polls a future up to `times` times, then drops it.
async fn poll_times<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    std::future::poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_dropped_at_any_await_is_rolled_back(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let mut finished = 0;
    for times in 0..60 {
        let mut others = tokio::task::JoinSet::new();
        for other in 0..3 {
            let core = db.core.clone();
            others.spawn(async move { insert(&core, format!("other {times} {other}")).await });
        }
        let answer = poll_times(times, insert(&db.core, format!("dropped {times}"))).await;
        while let Some(done) = others.join_next().await {
            done.unwrap().unwrap();
        }
        // The single writer being free proves that the dropped transaction has ended.
        insert(&db.core, format!("after {times}")).await.unwrap();
        if let Some(answer) = answer {
            answer.unwrap();
            finished += 1;
            assert!(
                stored(&db.core, &format!("dropped {times}")).await,
                "what was answered is stored ({times})"
            );
        }
        for other in 0..3 {
            assert!(stored(&db.core, &format!("other {times} {other}")).await);
        }
    }
    assert!((1..60).contains(&finished), "some were dropped and some were not: {finished}");
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partial_transactions_are_never_visible(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    for times in 0..40 {
        poll_times(times, insert(&db.core, format!("half {times}"))).await;
    }
    insert(&db.core, "last".to_owned()).await.unwrap();
    assert_eq!(db.number("SELECT count(*) FROM settings WHERE value = 'first'").await, 0);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_statement_rolls_back_its_own_transaction_only(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    insert(&db.core, "taken".to_owned()).await.unwrap();
    let neighbour = tokio::spawn({
        let core = db.core.clone();
        async move { insert(&core, "neighbour".to_owned()).await }
    });
    let mut tx = db.core.db().begin().await.unwrap();
    tx.query(INSERT).bind("lost").bind("x").execute().await.unwrap();
    tx.query(INSERT).bind("taken").bind("x").execute().await.unwrap_err();
    tx.query(INSERT).bind("later").bind("x").execute().await.unwrap_err();
    // PostgreSQL turns this COMMIT into a rollback, so nothing is stored on either database.
    drop(tx.commit().await);
    neighbour.await.unwrap().unwrap();
    assert!(!stored(&db.core, "lost").await && !stored(&db.core, "later").await);
    assert!(stored(&db.core, "neighbour").await);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writers_lose_no_row(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..40 {
        let core = db.core.clone();
        writers.spawn(async move {
            for round in 0..10 {
                insert(&core, format!("{writer} {round}")).await.unwrap();
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    assert_eq!(db.number("SELECT count(*) FROM settings WHERE value = 'second'").await, 400);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_committed_survives_closing(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    insert(&db.core, "kept".to_owned()).await.unwrap();
    db.core.close().await;
    assert!(matches!(insert(&db.core, "too late".to_owned()).await, Err(Error::Unavailable { .. })));
    let again = db.another().await;
    assert!(stored(&again, "kept").await && !stored(&again, "too late").await);
}

#[tokio::test]
async fn databases_that_cannot_be_opened_say_why() {
    let dir = tempfile::tempdir().unwrap();
    let garbage = dir.path().join("garbage.db");
    std::fs::write(
        &garbage,
        "this is not a database, and it is long enough to be looked at as one".repeat(20),
    )
    .unwrap();
    for (url, says) in [
        ("mysql://localhost/events".to_owned(), "must begin with sqlite:// or postgres://"),
        ("sqlite::memory:".to_owned(), "are not supported"),
        (format!("sqlite://{}/no/such/folder/events.db", dir.path().display()), "create the folder first"),
        (format!("sqlite://{}", garbage.display()), "not an SQLite database"),
        ("postgres://nobody@127.0.0.1:1/events".to_owned(), "cannot be reached"),
    ] {
        let error = EventCore::open(&url).await.expect_err(&url);
        assert!(error.is_unavailable() && error.to_string().contains(says), "{url}: {error}");
    }
}
