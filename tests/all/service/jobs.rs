//! Jobs as an operator sees them, and the workers of a daemon.

use eventcore::JobId;
use eventcore::db::{Queries, Sql};
use rstest::rstest;
use serde_json::Value;
use tests::{Daemon, Finished, Kind, TestDb, command, eventually, finish};

async fn jobs(db: &TestDb, arguments: &[&str]) -> Finished {
    finish(command(&[&["jobs"], arguments, &["--database", &db.url]].concat()), "").await
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_retries_and_drops_what_failed(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let id = JobId::at(db.core.now());
    let mut tx = db.core.db().begin().await.unwrap();
    tx.query(Sql::portable(
        "INSERT INTO jobs (id, kind, payload, priority, state, due_at, attempts, last_error, created_at,
            updated_at)
         VALUES ($1, 'broken', '{\"kind\":\"broken\"}', 1, 'failed', $2, 16, 'no', $2, $2)",
    ))
    .bind(id)
    .bind(db.core.now())
    .execute()
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let id = id.to_string();

    let listed = jobs(&db, &["list", "--state", "failed"]).await.succeeds();
    assert!(listed.starts_with(&format!("{id}\tbroken\tfailed\t16\t")), "{listed}");
    assert!(listed.ends_with("\tno\n"), "{listed}");
    let shown: Value = serde_json::from_str(&jobs(&db, &["show", &id]).await.succeeds()).unwrap();
    assert_eq!((&shown["payload"]["kind"], &shown["last_error"]), (&"broken".into(), &"no".into()));
    assert_eq!(jobs(&db, &["retry", &id]).await.succeeds(), format!("job {id} is due now\n"));
    assert_eq!(jobs(&db, &["list", "--state", "failed"]).await.succeeds(), "");
    assert_eq!(jobs(&db, &["drop", &id]).await.succeeds(), format!("dropped job {id}\n"));
    assert_eq!(jobs(&db, &["list"]).await.succeeds(), "");
    jobs(&db, &["drop", &id]).await.refuses("job");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_processes_with_workers_do_jobs(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let serves_only = Daemon::on(db.clone(), &["--workers", "0"]).await;
    assert_eq!(jobs(&db, &["list"]).await.succeeds(), "", "nothing was written for workers");
    serves_only.stop().await;

    let works = Daemon::on(db.clone(), &["--workers", "3"]).await;
    eventually(async || {
        let finished = jobs(&db, &["list", "--state", "finished"]).await.succeeds();
        if finished.contains("recompute_times") { Ok(()) } else { Err(works.log()) }
    })
    .await;
    works.check().await;
    assert!(works.stop().await.success());
}
