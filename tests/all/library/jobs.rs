//! Jobs: done once by any number of workers, repeated after failures, taken over from workers that ended.

use std::time::Duration;

use eventcore::db::{Queries, Sql};
use eventcore::jobs::{JobState, JobSummary, LEASE};
use eventcore::{Actor, EventCore, JobId, PageRequest};
use rstest::rstest;
use tests::{Kind, TestDb};

async fn all(core: &EventCore, state: Option<JobState>) -> Vec<JobSummary> {
    core.jobs(&Actor::System, state, &PageRequest::first(100)).await.unwrap().items
}

async fn execute(db: &TestDb, sql: &'static str) {
    let mut tx = db.core.db().begin().await.unwrap();
    tx.query(Sql::portable(sql)).execute().await.unwrap();
    tx.commit().await.unwrap();
}

/// Adds jobs of a kind that no version knows: they fail.
async fn add_broken(db: &TestDb, count: usize) {
    for _ in 0..count {
        let mut tx = db.core.db().begin().await.unwrap();
        tx.query(Sql::portable(
            "INSERT INTO jobs (id, kind, payload, priority, state, due_at, created_at, updated_at)
             VALUES ($1, 'broken', '{\"kind\":\"broken\"}', 1, 'waiting', $2, $2, $2)",
        ))
        .bind(JobId::at(db.core.now()))
        .bind(db.core.now())
        .execute()
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upkeep_recurs_and_there_is_one_job_of_each_kind(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let other = db.another().await;
    for core in [&db.core, &other, &db.core] {
        core.ensure_jobs().await.unwrap();
    }
    let kinds = |jobs: &[JobSummary]| {
        let mut kinds: Vec<String> = jobs.iter().map(|job| job.kind.clone()).collect();
        kinds.sort();
        kinds
    };
    let written = kinds(&all(&db.core, None).await);
    let mut once = written.clone();
    once.dedup();
    assert_eq!(written, once);
    assert!(written.contains(&"extend_schedules".to_owned()), "{written:?}");

    assert!(db.core.run_due_jobs().await.unwrap() >= 3);
    let finished = all(&db.core, Some(JobState::Finished)).await;
    assert_eq!(kinds(&finished), ["recompute_times"], "it follows each start of a program");
    let waiting = all(&db.core, Some(JobState::Waiting)).await;
    assert!(waiting.iter().all(|job| job.due_at > db.core.now() && job.attempts == 0), "{waiting:?}");

    // The finished one is deleted a day later.
    db.clock.advance(Duration::from_hours(25));
    assert!(db.core.run_due_jobs().await.unwrap() > 0);
    assert!(all(&db.core, Some(JobState::Finished)).await.is_empty());
    other.close().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_is_tried_again_ever_later_and_set_aside_at_last(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    add_broken(&db, 1).await;
    let mut delays = Vec::new();
    let failed = loop {
        assert!(db.core.run_due_job().await.unwrap());
        assert!(!db.core.run_due_job().await.unwrap(), "it waits");
        let job = all(&db.core, None).await.remove(0);
        assert!(job.last_error.is_some());
        if job.state == JobState::Failed {
            break job;
        }
        assert_eq!(job.state, JobState::Waiting);
        delays.push(job.due_at.since(db.core.now()));
        db.clock.set(job.due_at);
    };
    assert_eq!(failed.attempts, 16);
    assert!(delays[0] <= Duration::from_secs(5), "{delays:?}");
    assert!(delays.windows(3).take(8).all(|three| three[0] < three[2]), "{delays:?}");
    assert!(delays.iter().all(|delay| *delay <= Duration::from_hours(1)), "{delays:?}");
    db.clock.advance(Duration::from_hours(24 * 365));
    assert!(!db.core.run_due_job().await.unwrap(), "it is set aside");

    db.core.retry_job(&Actor::System, failed.id).await.unwrap();
    assert!(db.core.run_due_job().await.unwrap());
    assert_eq!(db.core.job(&Actor::System, failed.id).await.unwrap().attempts, 1);
    db.core.drop_job(&Actor::System, failed.id).await.unwrap();
    assert!(all(&db.core, None).await.is_empty());
    assert_eq!(db.core.drop_job(&Actor::System, failed.id).await.unwrap_err().code(), "not_found");
    let ada = db.admin("ada").await;
    assert_eq!(db.core.retry_job(&ada, failed.id).await.unwrap_err().code(), "forbidden");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_worker_takes_over_when_a_lease_ends(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    db.core.ensure_jobs().await.unwrap();
    // As if workers had taken them all, and their processes had been killed.
    execute(&db, "UPDATE jobs SET state = 'running', leases = 1, attempts = 1").await;
    let leased = all(&db.core, Some(JobState::Running)).await;
    db.clock.advance(LEASE);
    assert_eq!(db.core.run_due_jobs().await.unwrap(), u64::try_from(leased.len()).unwrap());
    assert!(all(&db.core, Some(JobState::Running)).await.is_empty());
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_ends_all_its_workers_is_set_aside(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    add_broken(&db, 1).await;
    execute(&db, "UPDATE jobs SET state = 'running', leases = 16, attempts = 16").await;
    assert!(!db.core.run_due_job().await.unwrap());
    let job = all(&db.core, Some(JobState::Failed)).await.remove(0);
    assert_eq!(job.last_error.as_deref(), Some("its worker ended before the job did"));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_never_take_the_same_job(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    add_broken(&db, 40).await;
    let mut workers = Vec::new();
    for _ in 0..4 {
        let core = db.another().await;
        workers.push(tokio::spawn(async move {
            let attempts = core.run_due_jobs().await.unwrap();
            core.close().await;
            attempts
        }));
    }
    let mut attempts = 0;
    for worker in workers {
        attempts += worker.await.unwrap();
    }
    assert_eq!(attempts, 40);
    assert!(all(&db.core, None).await.iter().all(|job| job.attempts == 1));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_runs_jobs_until_it_shuts_down(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let core = db.core.clone();
    let running = tokio::spawn(async move { core.run_jobs(stopped).await });
    let finished = async || !all(&db.core, Some(JobState::Finished)).await.is_empty();
    tests::wait_until("a job is finished", finished).await;
    stop.send(()).unwrap();
    running.await.unwrap();
    // Nobody does what is due from now on.
    db.clock.advance(Duration::from_hours(25));
    let due = all(&db.core, None).await.iter().filter(|job| job.due_at <= db.core.now()).count();
    assert!(due > 0 && db.core.run_due_jobs().await.unwrap() > 0);
}
