//! Work that is executed once per idempotency key.

use std::time::Duration;

use eventcore::events::Event;
use eventcore::idempotency::IdempotencyKey;
use eventcore::{Actor, Error, EventCore};
use rstest::rstest;
use tests::{Kind, TestDb, new_event};

fn key(actor: &Actor, text: &str, request: &str) -> IdempotencyKey {
    IdempotencyKey::new(actor, text, &[request.as_bytes()]).unwrap()
}

async fn create(core: EventCore, actor: Actor, capacity: i64) -> Result<Vec<u8>, Error> {
    let event: Event =
        core.create_event(&actor, &new_event().title("Once").capacity(capacity).input()).await?;
    Ok(event.id.to_string().into_bytes())
}

async fn once(core: &EventCore, actor: Actor, text: &str, capacity: i64) -> Result<Vec<u8>, Error> {
    let key = key(&actor, text, &capacity.to_string());
    core.run_idempotent(key, |core| create(core, actor, capacity)).await
}

async fn events(db: &TestDb) -> i64 {
    db.number("SELECT count(*) FROM events").await
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_concurrent_requests_takes_effect(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let another = db.another().await;
    let calls = (0..40).map(|i| {
        let core = if i % 2 == 0 { db.core.clone() } else { another.clone() };
        tokio::spawn(async move { once(&core, ada, "k", 40).await.unwrap() })
    });
    let answers = futures_util::future::try_join_all(calls).await.unwrap();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(events(&db).await, 1);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_may_be_repeated_and_a_key_not_reused(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    assert_eq!(once(&db.core, ada, "k", 0).await.unwrap_err().code(), "invalid_input");
    let first = once(&db.core, ada, "k", 40).await.unwrap();
    assert_eq!(once(&db.core, ada, "k", 41).await.unwrap_err().code(), "idempotency_key_reused");
    assert_eq!(once(&db.core, ada, "k", 40).await.unwrap(), first);
    assert_eq!(events(&db).await, 1);
    let lin = db.user("lin").await;
    assert_ne!(once(&db.core, lin, "k", 40).await.unwrap(), first, "a key is its owner's");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_and_answers_expire_after_a_day(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let first = once(&db.core, ada, "k", 40).await.unwrap();
    once(&db.core, ada, "l", 40).await.unwrap();
    db.clock.advance(Duration::from_hours(24) - Duration::from_secs(1));
    assert_eq!(once(&db.core, ada, "k", 40).await.unwrap(), first);
    db.clock.advance(Duration::from_secs(1));
    assert_ne!(once(&db.core, ada, "k", 40).await.unwrap(), first);
    assert_eq!(db.number("SELECT count(*) FROM idempotency_keys").await, 1);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_completes_though_its_caller_is_gone(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (begun, wait_for_begin) = tokio::sync::oneshot::channel();
    let (go_on, wait_to_go_on) = tokio::sync::oneshot::channel::<()>();
    let core = db.core.clone();
    let caller = tokio::spawn(async move {
        core.run_idempotent(key(&ada, "k", "40"), |core| async move {
            begun.send(()).unwrap();
            wait_to_go_on.await.unwrap();
            create(core, ada, 40).await
        })
        .await
    });
    wait_for_begin.await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    go_on.send(()).unwrap();
    // Whether this call precedes the COMMIT of the other or follows it.
    once(&db.core, ada, "k", 40).await.unwrap();
    assert_eq!(events(&db).await, 1);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completed_work_is_not_repeated_though_its_answer_was_lost(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let lost = db
        .core
        .run_idempotent(key(&ada, "k", "40"), |core| async move {
            create(core, ada, 40).await?;
            Err(Error::internal("the process ends here"))
        })
        .await;
    assert_eq!(lost.unwrap_err().code(), "idempotency_key_reused");
    assert_eq!(once(&db.core, ada, "k", 40).await.unwrap_err().code(), "idempotency_key_reused");
    assert_eq!(events(&db).await, 1);
}
