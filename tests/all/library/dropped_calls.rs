//! Calls whose futures are dropped, or kept without being polled, and transactions that are left open: none
//! of them keeps others waiting, on either database.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use eventcore::agenda::AgendaFilter;
use eventcore::comments::CommentInput;
use eventcore::db::{PoolSettings, Queries, Sql};
use eventcore::registrations::{NewAttendee, Party};
use eventcore::{Actor, Error, EventCore, EventId, OccurrenceId, PageRequest, Quotas, Result};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;
use tests::{Kind, Random, TestDb, new_event};
use tokio::time::timeout;

/// Longer than anything takes, on any machine.
const DEADLINE: Duration = Duration::from_mins(1);

type Call = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// Waits for a call that nobody may keep from the database.
async fn in_time<T>(call: impl Future<Output = T>) -> T {
    timeout(DEADLINE, call).await.expect("an end of the call within the deadline")
}

/// Polls a call once.
async fn begin<T>(call: &mut Pin<Box<impl Future<Output = T> + ?Sized>>) -> Poll<T> {
    std::future::poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await
}

/// Waits until a query returns this number.
async fn until(db: &TestDb, sql: &'static str, expected: i64) {
    in_time(async {
        while db.number(sql).await != expected {
            tests::pause().await;
        }
    })
    .await;
}

/// A course of ten occurrences, and who uses it.
struct Course {
    core: EventCore,
    organizer: Actor,
    event: EventId,
    occurrences: Vec<OccurrenceId>,
    guests: Vec<Actor>,
}

impl Course {
    async fn new(db: &TestDb, guests: usize) -> Self {
        let organizer = db.user("ada").await;
        let course = new_event().title("Course").capacity(4).rule("FREQ=DAILY;COUNT=10");
        let event = db.core.create_event(&organizer, &course.input()).await.unwrap().id;
        let occurrences = db.occurrence_ids(event).await;
        Self { core: db.core.clone(), organizer, event, occurrences, guests: db.guests(guests).await }
    }

    /// A call of one of several operations, which begins when it is polled.
    fn call(&self, random: &mut Random) -> Call {
        let (core, organizer, event) = (self.core.clone(), self.organizer, self.event);
        let occurrence = *random.pick(&self.occurrences);
        let number = random.below(self.guests.len());
        let guest = self.guests[number];
        match random.below(8) {
            0 | 1 => {
                Box::pin(async move { core.register(&guest, occurrence, &Party::of(1)).await.map(drop) })
            }
            2 => Box::pin(async move { core.cancel_registration(&guest, occurrence, None).await.map(drop) }),
            3 => Box::pin(async move {
                let attendee =
                    NewAttendee { username: Some(format!("guest{number}")), ..NewAttendee::default() };
                core.add_registration(&organizer, occurrence, &attendee).await.map(drop)
            }),
            4 => Box::pin(async move {
                let patch = json!({"title": format!("Course {number}")});
                core.change_event(&organizer, event, &patch, None).await.map(drop)
            }),
            5 => Box::pin(async move {
                let patch = json!({"capacity": 3 + number % 4});
                core.change_occurrence(&organizer, occurrence, &patch, None).await.map(drop)
            }),
            6 => Box::pin(async move {
                let comment = CommentInput { body: "see you".to_owned(), ..CommentInput::default() };
                core.add_comment(&guest, event, &comment).await.map(drop)
            }),
            _ => Box::pin(async move {
                let request = PageRequest::first(20);
                core.occurrences(&guest, &AgendaFilter::default(), &request).await.map(drop)
            }),
        }
    }

    /// Registers and cancels, again and again. Returns how long the longest round took.
    async fn use_it(&self, guest: Actor, rounds: usize) -> Duration {
        let mut longest = Duration::ZERO;
        for round in 0..rounds {
            let begun = Instant::now();
            let occurrence = self.occurrences[round % self.occurrences.len()];
            match in_time(self.core.register(&guest, occurrence, &Party::of(1))).await {
                // One of the calls may have lowered the capacity.
                Ok(_) | Err(Error::RegistrationClosed) => {}
                Err(error) => panic!("{error:?}"),
            }
            in_time(self.core.cancel_registration(&guest, occurrence, None)).await.unwrap();
            longest = longest.max(begun.elapsed());
        }
        longest
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_dropped_and_unpolled_calls_keep_nobody_waiting(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let course = Course::new(&db, 40).await;
    let users = [db.user("bob").await, db.user("cid").await, db.user("dan").await, db.user("eve").await];

    let leave = async {
        let mut random = Random(1);
        let mut unpolled = Vec::new();
        for number in 0..1_000 {
            let mut call = course.call(&mut random);
            let polls = random.below(12);
            tokio::select! {
                biased;
                _ = &mut call => continue,
                () = async {
                    for _ in 0..polls {
                        tokio::task::yield_now().await;
                    }
                } => {}
            }
            if number % 2 == 0 {
                unpolled.push(call);
            }
            // What was begun runs to its end: waits for its turn behind it, so that no backlog grows.
            if number % 20 == 0 {
                course.use_it(course.guests[0], 1).await;
            }
        }
        unpolled
    };
    let used = join_all(users.iter().map(|user| course.use_it(*user, 40)));
    let (unpolled, mut rounds) = tokio::join!(leave, used);
    // They go on while the calls are kept, and while they are dropped.
    rounds.extend(join_all(users.iter().map(|user| course.use_it(*user, 5))).await);
    assert!(unpolled.len() > 100, "{}", unpolled.len());
    drop(unpolled);
    rounds.extend(join_all(users.iter().map(|user| course.use_it(*user, 5))).await);
    // A figure for benches/README.md, and no assertion: a busy machine may need longer.
    println!("the longest round of two calls on {kind:?}: {:?}", rounds.iter().max());

    assert_eq!(db.core.check_consistency().await.unwrap(), []);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_has_begun_and_is_dropped_takes_effect(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let course = Course::new(&db, 4).await;
    let occurrence = course.occurrences[0];
    let live = "SELECT count(*) FROM registrations WHERE status <> 'cancelled'";
    for (number, guest) in (1..).zip(&course.guests) {
        let (party, core) = (Party::of(1), &course.core);
        let mut call = Box::pin(core.register(guest, occurrence, &party));
        assert!(begin(&mut call).await.is_pending(), "no call ends at its first poll");
        drop(call);
        until(&db, live, number).await;
    }
    for (left, guest) in (0..4).rev().zip(&course.guests) {
        let mut call = Box::pin(course.core.cancel_registration(guest, occurrence, None));
        assert!(begin(&mut call).await.is_pending(), "no call ends at its first poll");
        drop(call);
        until(&db, live, left).await;
    }
    let rename = json!({"title": "Renamed"});
    let mut call = Box::pin(course.core.change_event(&course.organizer, course.event, &rename, None));
    assert!(begin(&mut call).await.is_pending(), "no call ends at its first poll");
    drop(call);
    until(&db, "SELECT count(*) FROM events WHERE title = 'Renamed'", 1).await;
    assert_eq!(db.core.check_consistency().await.unwrap(), []);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_are_kept_unpolled_keep_no_connection(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let course = Course::new(&db, 1).await;
    // More than there are connections, at several points.
    let (filter, page) = (AgendaFilter::default(), PageRequest::first(20));
    let mut unpolled = Vec::new();
    for polls in 0..60 {
        let mut read = Box::pin(course.core.occurrences(&course.organizer, &filter, &page));
        for _ in 0..polls % 8 {
            if begin(&mut read).await.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        unpolled.push(read);
    }
    in_time(course.core.event(&course.organizer, course.event)).await.unwrap();
    course.use_it(course.guests[0], 1).await;
    drop(unpolled);
}

/// The library on the same database, with time limits.
async fn limited(db: &TestDb, pools: PoolSettings) -> EventCore {
    let builder = EventCore::builder().url(&db.url).clock(db.clock.clone()).pools(pools);
    builder.quotas(Quotas::UNLIMITED).connect().await.unwrap()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_is_left_open_is_rolled_back(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let course = Course::new(&db, 1).await;
    let idle_transaction_timeout = Duration::from_millis(100);
    let core = limited(&db, PoolSettings { idle_transaction_timeout, ..PoolSettings::default() }).await;
    let rename = |title: &str| json!({"title": title});

    let held = core.begin_transaction().await.unwrap();
    held.core().change_event(&course.organizer, course.event, &rename("held"), None).await.unwrap();
    // A read in it, too, that nobody polls.
    let mut unpolled = Box::pin(held.core().event(&course.organizer, course.event));
    _ = begin(&mut unpolled).await;
    // Another change of the event waits for the transaction.
    let new = rename("free");
    let changed = core.change_event(&course.organizer, course.event, &new, None);
    assert_eq!(in_time(changed).await.unwrap().title, "free");
    let late = held.core().change_event(&course.organizer, course.event, &rename("late"), None).await;
    assert!(matches!(&late, Err(Error::Unavailable { message, .. }) if message.contains("idle")), "{late:?}");
    drop(unpolled);
    assert!(matches!(held.commit().await, Err(Error::Unavailable { .. })));
    assert_eq!(core.event(&course.organizer, course.event).await.unwrap().title, "free");

    // The same for a transaction of a tool, in the middle of a statement.
    let mut tx = core.db().begin().await.unwrap();
    let update = Sql::portable("UPDATE events SET title = 'held'");
    tx.query(update.clone()).execute().await.unwrap();
    let mut unpolled = Box::pin(tx.query(update).execute());
    _ = begin(&mut unpolled).await;
    let new = rename("again");
    let changed = core.change_event(&course.organizer, course.event, &new, None);
    assert_eq!(in_time(changed).await.unwrap().title, "again");
    drop(unpolled);
    assert!(tx.commit().await.is_err());
    assert_eq!(core.event(&course.organizer, course.event).await.unwrap().title, "again");
    core.close().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_too_long_for_others_is_told_to_try_again(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let course = Course::new(&db, 8).await;
    let short = Duration::from_millis(100);
    let pools = PoolSettings {
        queue_timeout: short,
        lock_timeout: short,
        idle_transaction_timeout: Duration::ZERO,
        ..PoolSettings::default()
    };
    let core = limited(&db, pools).await;
    let (party, [left, joined]) = (Party::of(1), [course.occurrences[0], course.occurrences[1]]);
    for guest in &course.guests {
        db.core.register(guest, left, &party).await.unwrap();
    }
    let mut tx = core.db().begin().await.unwrap();
    let lock = Sql::portable("UPDATE occurrences SET version = version");
    tx.query(lock).execute().await.unwrap();
    let refused = |outcome: Result<()>| {
        assert!(matches!(outcome, Err(Error::Unavailable { .. })), "{outcome:?}");
    };
    let cancelled = join_all(course.guests.iter().map(|guest| core.cancel_registration(guest, left, None)));
    in_time(cancelled).await.into_iter().for_each(|outcome| refused(outcome.map(drop)));
    let registered = join_all(course.guests.iter().map(|guest| core.register(guest, joined, &party)));
    in_time(registered).await.into_iter().for_each(|outcome| refused(outcome.map(drop)));
    drop(tx);
    // A transaction that is dropped is rolled back in the background.
    in_time(async { while core.register(&course.guests[0], joined, &party).await.is_err() {} }).await;
    core.close().await;
}
