//! Reads that take long: they end in the database when their requests do, and leave connections for others.

use std::time::Duration;

use eventcore::db::{Queries, Sql};
use futures_util::future::join_all;
use rstest::rstest;
use tests::{Daemon, Kind, TestDb, new_event_in_2031};

/// Longer than anything takes, on any machine.
const DEADLINE: Duration = Duration::from_mins(1);

/// A daemon with an event, on whose database a read of search documents never ends.
async fn daemon_with_endless_searches(kind: Kind, arguments: &[&str]) -> Daemon {
    let db = TestDb::in_real_time(kind).await;
    let daemon = Daemon::on(db, &[&["--workers", "0", "--statement-timeout", "0"], arguments].concat()).await;
    daemon.user("ada").await.create_event(new_event_in_2031().title("Market")).await;
    let endless = match kind {
        Kind::Sqlite => {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        }
        Kind::Postgres => "SELECT count(*) FROM pg_sleep(100000)",
    };
    let view = format!("CREATE VIEW search_documents AS SELECT k.* FROM kept k WHERE ({endless}) > 0");
    let mut tx = daemon.db.core.db().begin().await.unwrap();
    tx.query(Sql::portable("ALTER TABLE search_documents RENAME TO kept")).execute().await.unwrap();
    tx.query(Sql::dynamic(view)).execute().await.unwrap();
    tx.commit().await.unwrap();
    daemon
}

/// The number of connections of the daemon that run a statement.
async fn busy_connections(daemon: &Daemon) -> u64 {
    let open = daemon.metric("database_connections_open").await;
    open.saturating_sub(daemon.metric("database_connections_idle").await)
}

/// Waits until as many connections as `expected` run endless statements.
async fn until_busy(daemon: &Daemon, expected: u64) {
    let busy = async {
        while busy_connections(daemon).await != expected {
            tests::pause().await;
        }
    };
    tokio::time::timeout(DEADLINE, busy).await.expect("this number of busy connections");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_takes_too_long_ends_in_the_database(#[case] kind: Kind) {
    let daemon = daemon_with_endless_searches(kind, &["--request-timeout", "1"]).await;
    let client = daemon.anonymous();
    // More than there are connections.
    let answers = join_all((0..24).map(|_| client.get("/occurrences?title=ma"))).await;
    for answer in answers {
        answer.expect_problem(503, "unavailable");
    }
    until_busy(&daemon, 0).await;
    client.get("/occurrences").await.expect(200);
    if kind == Kind::Postgres {
        let sleeping = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event = 'PgSleep'";
        let ended = async {
            while daemon.db.number(sleeping).await > 0 {
                tests::pause().await;
            }
        };
        tokio::time::timeout(DEADLINE, ended).await.expect("the statements end");
    }
    assert!(!daemon.log().contains("ERROR"), "{}", daemon.log());
}

#[rstest]
#[case::sqlite(Kind::Sqlite, 2)]
#[case::postgres(Kind::Postgres, 4)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_of_many_clients_leave_connections_for_the_pages_of_others(
    #[case] kind: Kind,
    #[case] places: u64,
) {
    let daemon = daemon_with_endless_searches(kind, &["--request-timeout", "60"]).await;
    let client = daemon.anonymous();
    for path in ["/occurrences/facets?title=ma", "/occurrences/calendar?month=2031-03&title=ma"] {
        let counts = (0..16).map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.get(path).await })
        });
        let counts: Vec<_> = counts.collect();
        until_busy(&daemon, places).await;
        for _ in 0..20 {
            client.get("/occurrences").await.expect(200);
        }
        // A client that hangs up ends its read.
        counts.iter().for_each(tokio::task::JoinHandle::abort);
        until_busy(&daemon, 0).await;
    }
}
