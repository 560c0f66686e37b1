//! Connections to PostgreSQL: ended by the server, kept busy by locks, and through a connection pooler.
//! SQLite has no server.

use std::time::Duration;

use eventcore::db::{Db, PoolSettings, Queries, Schema, Sql};
use eventcore::{Error, EventCore};
use futures_util::future::join_all;
use rstest::rstest;
use tests::{Client, Daemon, Kind, Pgbouncer, TestDb, new_event, new_event_in_2031};

async fn once(db: &TestDb, sql: &'static str) {
    let mut tx = db.core.db().begin().await.unwrap();
    tx.query(Sql::portable(sql)).execute().await.unwrap();
    tx.commit().await.unwrap();
}

/// Ends all other connections to the database, and returns when they have ended.
async fn terminate_others(db: &TestDb) -> i64 {
    let terminate = "SELECT count(*) FROM (SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() OFFSET 0) ended";
    db.number(terminate).await
}

/// A mix of 24 reads and changes, all at once.
async fn call(client: &Client) {
    let calls = (0..24).map(|number| async move {
        if number % 2 == 0 {
            client.get("/occurrences").await.expect(200);
        } else {
            client.post("/events", new_event_in_2031().json()).await.expect(201);
        }
    });
    join_all(calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ended_are_replaced_without_a_failed_request() {
    let daemon = Daemon::start(Kind::Postgres).await;
    let ada = daemon.user("ada").await;
    for _ in 0..3 {
        call(&ada).await;
        assert!(terminate_others(&daemon.db).await > 4, "connections of the daemon");
        call(&ada).await;
    }
    daemon.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_whose_connection_ends_before_the_commit_is_run_again() {
    let db = TestDb::new(Kind::Postgres).await;
    let ada = db.user("ada").await;
    // Sequences are not rolled back.
    once(&db, "CREATE SEQUENCE attempts").await;
    once(
        &db,
        "CREATE FUNCTION end_connection() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('attempts') <= 3 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
            RETURN NEW;
         END $$",
    )
    .await;
    once(
        &db,
        "CREATE TRIGGER end_connection BEFORE INSERT ON events
            FOR EACH ROW EXECUTE FUNCTION end_connection()",
    )
    .await;
    db.core.create_event(&ada, &new_event().input()).await.unwrap();
    assert_eq!(db.number("SELECT last_value FROM attempts").await, 4);
    assert_eq!(db.number("SELECT count(*) FROM events").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_table_does_not_keep_the_connections_from_others() {
    let db = TestDb::in_real_time(Kind::Postgres).await;
    let daemon = Daemon::on(db, &["--lock-timeout", "0.2", "--workers", "0"]).await;
    let ada = daemon.user("ada").await;
    let mut locking = daemon.db.core.db().begin().await.unwrap();
    let lock = "LOCK TABLE occurrences IN ACCESS EXCLUSIVE MODE";
    locking.query(Sql::portable(lock)).execute().await.unwrap();
    let blocked = join_all((0..48).map(|_| ada.get("/occurrences")));
    let free = join_all((0..8).map(|_| ada.get("/users/me")));
    let (blocked, free) = tokio::join!(blocked, free);
    for answer in free {
        answer.expect(200);
    }
    for answer in blocked {
        assert_eq!(answer.expect_problem(503, "unavailable").header("retry-after"), "1");
    }
    drop(locking);
    ada.get("/occurrences").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_runs_too_long_is_ended() {
    let db = TestDb::new(Kind::Postgres).await;
    let settings = PoolSettings { statement_timeout: Duration::from_millis(50), ..PoolSettings::default() };
    let limited = Db::connect(&db.url, settings).await.unwrap();
    let mut reader = limited.read().await.unwrap();
    let slow = reader.query(Sql::portable("SELECT count(*) FROM pg_sleep(600)")).scalar::<i64>().await;
    let error = Error::from(slow.unwrap_err());
    assert!(
        matches!(&error, Error::Unavailable { message, .. } if message.contains("statement timeout")),
        "{error:?}"
    );
    // The connection can be used again.
    assert_eq!(reader.query(Sql::portable("SELECT 1::bigint")).scalar::<i64>().await.unwrap(), 1);
}

/// Some poolers refuse the options that a connection starts with, and some ignore them.
#[rstest]
#[case::refusing_options("")]
#[case::ignoring_options("ignore_startup_parameters = extra_float_digits,options")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_in_transaction_mode_can_stand_in_between(#[case] settings: &str) {
    let Some(pooler) = Pgbouncer::start(settings) else { return };
    let (direct, _dir) = TestDb::bare(Kind::Postgres).await;
    let url = pooler.url(&direct);
    // Several processes migrate at once.
    let connect = || async { EventCore::builder().url(&url).connect().await.unwrap() };
    let cores = join_all((0..3).map(|_| connect())).await;
    for migrated in join_all(cores.iter().map(EventCore::migrate)).await {
        migrated.unwrap();
    }
    let core = connect().await;
    assert_eq!(core.schema().await.unwrap(), Schema::Current);
    // Time limits hold in every transaction.
    let limit = Sql::portable("SELECT current_setting('lock_timeout')");
    assert_eq!(core.db().read().await.unwrap().query(limit.clone()).scalar::<String>().await.unwrap(), "5s");
    let mut tx = core.db().begin().await.unwrap();
    assert_eq!(tx.query(limit).scalar::<String>().await.unwrap(), "5s");
    drop(tx);
    for core in cores.into_iter().chain([core]) {
        core.close().await;
    }

    let mut db = TestDb::in_real_time(Kind::Postgres).await;
    db.url = pooler.url(&db.url);
    let daemons = [(); 2].map(|()| Daemon::on(db.clone(), &[]));
    let daemons = join_all(daemons).await;
    let [first, second] = daemons.as_slice() else { panic!("two daemons") };
    let ada = first.user("ada").await;
    let elsewhere = second.again(&ada);
    for _ in 0..2 {
        tokio::join!(call(&ada), call(&elsewhere));
    }
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    let guests = join_all((0..8).map(|n| {
        let daemon = if n % 2 == 0 { first } else { second };
        async move { daemon.user(&format!("guest{n}")).await }
    }));
    let registered = guests.await;
    for answer in join_all(registered.iter().map(|guest| guest.register(&occurrence, 1))).await {
        answer.expect(201);
    }
    for daemon in &daemons {
        daemon.check().await;
    }
}
