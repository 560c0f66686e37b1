//! Following what changes, by the library.

use std::collections::BTreeSet;
use std::time::Duration;

use eventcore::db::{Queries, Sql};
use eventcore::live::{Followed, LiveEvent, LiveStream};
use eventcore::{Actor, EventId, OccurrenceId};
use rstest::rstest;
use tests::{Kind, TestDb, new_event};

fn seats_of(occurrence: OccurrenceId) -> Followed {
    Followed { occurrences: BTreeSet::from([occurrence]), ..Followed::default() }
}

/// What is shown up to the next heartbeat: the waitlist of each occurrence that is shown, or the name of the
/// event. With the last id.
async fn shown(stream: &mut LiveStream) -> (Vec<String>, String) {
    let mut all = Vec::new();
    loop {
        let message = tokio::time::timeout(Duration::from_mins(1), stream.next()).await.expect("in time");
        let message = message.expect("an open stream");
        match &*message.event {
            LiveEvent::Heartbeat => return (all, message.id.expect("an id").to_string()),
            LiveEvent::Seats(seats) => all.push(format!("waiting {}", seats.waitlist_length)),
            other => all.push(other.name().unwrap_or_default().to_owned()),
        }
    }
}

/// The next message, as by [`shown`].
async fn next(stream: &mut LiveStream) -> String {
    let message = tokio::time::timeout(Duration::from_mins(1), stream.next()).await.expect("in time");
    match &*message.expect("an open stream").event {
        LiveEvent::Seats(seats) => format!("waiting {}", seats.waitlist_length),
        other => other.name().unwrap_or_default().to_owned(),
    }
}

/// Only on PostgreSQL: on SQLite, one transaction writes at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_that_commit_in_another_order_than_they_began_are_all_shown_once() {
    let db = TestDb::new(Kind::Postgres).await;
    let ada = db.user("ada").await;
    let (_, early) = db.create_event(&ada, new_event()).await;
    let (_, late) = db.create_event(&ada, new_event()).await;
    let other_process = db.another().await;
    let follow = async |resume: Option<&str>, wanted: OccurrenceId| {
        other_process.follow(&Actor::Anonymous, seats_of(wanted), resume).await.expect("a stream")
    };
    let (mut first, mut second) = (follow(None, early).await, follow(None, late).await);
    shown(&mut first).await;
    shown(&mut second).await;

    // Two transactions write, and the one that began later commits first. Another one, which began between
    // them, is rolled back.
    let mut open = Vec::new();
    for (occurrence, waiting) in [(early, 7), (late, 9), (late, 8)] {
        let mut tx = db.core.db().begin().await.expect("a transaction");
        if waiting != 9 {
            let update = Sql::portable("UPDATE occurrences SET waitlist_length = $2 WHERE id = $1");
            tx.query(update).bind(occurrence).bind(i64::from(waiting)).execute().await.expect("an update");
        }
        let insert = Sql::portable("INSERT INTO changes (topics, created_at) VALUES ($1, $2)");
        let topic = format!("o{}", occurrence.as_uuid().simple());
        tx.query(insert).bind(topic).bind(db.core.now()).execute().await.expect("an insert");
        open.push(tx);
    }
    open.pop().expect("the last").commit().await.expect("a commit");
    assert_eq!(next(&mut second).await, "waiting 8");
    let mut resumed = follow(None, late).await;
    let (_, between) = shown(&mut resumed).await;
    drop(open.pop());
    open.pop().expect("the first").commit().await.expect("a commit");
    assert_eq!(next(&mut first).await, "waiting 7");

    // Between the two commits, one was seen and the other was not.
    let (missed, after) = shown(&mut follow(Some(&between), early).await).await;
    assert_eq!(missed, ["waiting 7"]);
    assert_eq!(shown(&mut follow(Some(&between), late).await).await.0, [] as [&str; 0]);
    assert_eq!(shown(&mut follow(Some(&after), early).await).await.0, [] as [&str; 0]);
    other_process.close().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_resumable_for_five_minutes_though_old_changes_are_deleted(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    let resume = async |id: Option<&str>| {
        // A process that has just been started.
        let core = db.another().await;
        let mut stream = core.follow(&Actor::Anonymous, seats_of(occurrence), id).await.expect("a stream");
        let shown = shown(&mut stream).await;
        core.close().await;
        shown
    };
    let (_, id) = resume(None).await;
    db.register(&bob, occurrence, 1).await;
    db.clock.advance(Duration::from_secs(299));
    db.core.ensure_jobs().await.expect("jobs");
    db.core.run_due_jobs().await.expect("jobs that run");
    assert_eq!(resume(Some(&id)).await.0, ["waiting 0"]);
    let (_, later) = resume(None).await;
    db.clock.advance(Duration::from_secs(2));
    assert_eq!(resume(Some(&id)).await.0, ["reset", "waiting 0"]);
    db.clock.advance(Duration::from_secs(250));
    db.core.run_due_jobs().await.expect("jobs that run");
    assert_eq!(db.number("SELECT count(*) FROM changes").await, 0);
    assert_eq!(resume(Some(&later)).await.0, [] as [&str; 0]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_are_told_what_is_new_of_an_event_and_when_it_is_deleted(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (event, occurrence) = db.create_event(&ada, new_event()).await;
    let wanted = Followed { events: BTreeSet::from([event]), occurrences: BTreeSet::from([occurrence]) };
    let mut stream = db.core.follow(&Actor::Anonymous, wanted, None).await.expect("a stream");
    assert_eq!(shown(&mut stream).await.0, ["event", "waiting 0"]);
    db.core.delete_event(&ada, event, None).await.expect("it is deleted");
    assert_eq!([next(&mut stream).await, next(&mut stream).await], ["gone", "gone"]);
    db.core.end_live_streams();
    assert!(stream.next().await.is_none());
    let wanted = Followed { events: BTreeSet::from([EventId::at(db.core.now())]), ..Followed::default() };
    let refused = db.core.follow(&Actor::Anonymous, wanted, None).await.expect_err("the end");
    assert_eq!(refused.code(), "unavailable");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_end_when_their_credentials_expire(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    db.user_with_password("ada", "correct horse 7").await;
    let login = serde_json::json!({"login": "ada", "password": "correct horse 7"});
    let login = serde_json::from_value(login).expect("an input");
    let pair = db.core.sign_in(&login, None).await.expect("a session");
    let caller = db.core.caller(&pair.access_token).await.expect("a caller");
    let mut stream = db.core.follow(&caller, Followed::default(), None).await.expect("a stream");
    assert_eq!(shown(&mut stream).await.0, ["notifications"]);
    db.clock.advance(Duration::from_mins(14));
    db.user("bob").await;
    db.clock.advance(Duration::from_secs(61));
    assert!(tokio::time::timeout(Duration::from_mins(1), stream.next()).await.expect("in time").is_none());
}
