//! Load: 10,000 users compete for 500 seats; afterwards 500 of them cancel.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use eventcore::registrations::{Party, Registration, RegistrationStatus};
use eventcore::{Actor, EventCore, OccurrenceId, PageRequest, UserId};
use rstest::rstest;
use tests::{Kind, TestDb, id_of, new_event};

const PEOPLE: usize = 10_000;
const SEATS: usize = 500;
/// Concurrent requests. Each process has ten connections to PostgreSQL.
const AT_ONCE: usize = 64;

/// Runs `work` for all people, [`AT_ONCE`] at a time.
async fn everyone<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    people: &[Actor],
    work: impl Fn(usize, Actor) -> F + Send + Sync + 'static,
) -> Vec<T> {
    let (next, work, people) = (Arc::new(AtomicUsize::new(0)), Arc::new(work), Arc::new(people.to_vec()));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let (next, work, people) = (next.clone(), work.clone(), people.clone());
        tasks.spawn(async move {
            let mut done = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                let Some(person) = people.get(number) else { return done };
                done.push(work(number, *person).await);
            }
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

/// A response, and the times of the request and the response.
struct TimedRegistration {
    from: Duration,
    to: Duration,
    registration: Registration,
}

async fn register_all(
    cores: [EventCore; 2],
    people: &[Actor],
    occurrence: OccurrenceId,
) -> Vec<TimedRegistration> {
    let began = Instant::now();
    let register = move |number: usize, person| {
        let core = cores[number % 2].clone();
        async move {
            let from = began.elapsed();
            let registration = core.register(&person, occurrence, &Party::of(1)).await.unwrap().registration;
            TimedRegistration { from, to: began.elapsed(), registration }
        }
    };
    everyone(people, register).await
}

/// Asserts that a response which preceded another request also precedes it in the waitlist.
fn must_be_in_order(answers: &[&TimedRegistration]) {
    let mut earliest_answer = Duration::MAX;
    for answer in answers.iter().rev() {
        assert!(answer.from <= earliest_answer, "{:?} was overtaken", answer.registration.position);
        earliest_answer = earliest_answer.min(answer.to);
    }
}

async fn waitlist(core: &EventCore, ada: &Actor, occurrence: OccurrenceId) -> Vec<UserId> {
    let mut request = PageRequest::first(PageRequest::MAX_LIMIT);
    let mut waiting = Vec::new();
    loop {
        let page = core
            .registrations(ada, occurrence, Some(RegistrationStatus::Waitlisted), &request)
            .await
            .unwrap();
        for registration in page.items {
            waiting.push(registration.user.id);
            assert_eq!(registration.position, i64::try_from(waiting.len()).ok());
        }
        let Some(next) = page.next else { return waiting };
        request.cursor = Some(next);
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_users_compete_for_five_hundred_seats(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (_, occurrence) = db.create_event(&ada, new_event().title("The rush").capacity(SEATS)).await;
    let creator = db.clone();
    let people = everyone(&vec![ada; PEOPLE], move |number, _| {
        let db = creator.clone();
        async move { db.user(&format!("person{number}")).await }
    })
    .await;
    let answers = register_all([db.core.clone(), db.another().await], &people, occurrence).await;

    let (sit, mut wait): (Vec<&TimedRegistration>, Vec<&TimedRegistration>) =
        answers.iter().partition(|answer| answer.registration.status == RegistrationStatus::Confirmed);
    assert_eq!((sit.len(), wait.len()), (SEATS, PEOPLE - SEATS));
    wait.sort_by_key(|answer| answer.registration.position);
    assert!(
        wait.iter().zip(1..).all(|(answer, position)| answer.registration.position == Some(position)),
        "each number once"
    );
    must_be_in_order(&wait);
    assert_eq!(db.core.check_consistency().await.unwrap(), []);
    let list: Vec<UserId> = wait.iter().map(|answer| answer.registration.user.id).collect();
    assert_eq!(waitlist(&db.core, &ada, occurrence).await, list);

    let by_id: HashMap<UserId, Actor> = people.iter().map(|person| (id_of(person), *person)).collect();
    let leaving: Vec<Actor> = sit.iter().map(|answer| by_id[&answer.registration.user.id]).collect();
    let core = db.core.clone();
    everyone(&leaving, move |_, person| {
        let core = core.clone();
        async move { drop(core.cancel_registration(&person, occurrence, None).await.unwrap()) }
    })
    .await;
    assert_eq!(waitlist(&db.core, &ada, occurrence).await, list[SEATS..]);
    let sitting = db
        .core
        .registrations(
            &ada,
            occurrence,
            Some(RegistrationStatus::Confirmed),
            &PageRequest { count: true, ..PageRequest::first(1) },
        )
        .await
        .unwrap();
    assert_eq!(sitting.total, i64::try_from(SEATS).ok());
    for id in &list[..SEATS] {
        assert_eq!(
            db.core.my_registration(&by_id[id], occurrence).await.unwrap().status,
            RegistrationStatus::Confirmed
        );
    }
    assert_eq!(db.core.check_consistency().await.unwrap(), []);
}
