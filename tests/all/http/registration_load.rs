//! Load over HTTP: 10,000 users compete for 500 seats, at one process or three; then those with a seat
//! cancel.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use eventcore::{Actor, UserId};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, TestDb, eventd_check, id_of, new_event};
use tokio::sync::watch;

const PEOPLE: usize = 10_000;
const SEATS: usize = 500;
/// Concurrent connections.
const CONNECTIONS: usize = 96;
/// One in so many users sends two requests at once, the second to another process if there are several.
const ONE_IN_SENDS_TWICE: usize = 25;

/// A response, and the times of the request and the response.
struct Answer {
    person: usize,
    from: Duration,
    to: Duration,
    told: Value,
}

impl Answer {
    fn position(&self) -> Option<usize> {
        self.told["position"].as_u64().map(|position| usize::try_from(position).unwrap())
    }
}

/// Does `work` for the numbers up to `count`, on as many connections as there are lines, each with two
/// clients.
async fn for_each_number<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    lines: &[[Client; 2]],
    count: usize,
    work: impl Fn([Client; 2], usize) -> F + Clone + Send + 'static,
) -> Vec<T> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for line in lines {
        let (next, work, line) = (next.clone(), work.clone(), line.clone());
        tasks.spawn(async move {
            let mut done = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number >= count {
                    return done;
                }
                done.push(work(line.clone(), number).await);
            }
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

/// Signed-in users and their tokens. They have no passwords: hashing ten thousand would take minutes.
async fn signed_in_users(db: &TestDb, lines: &[[Client; 2]]) -> Vec<(UserId, String)> {
    let db = db.clone();
    for_each_number(lines, PEOPLE, move |_, number| {
        let db = db.clone();
        async move {
            let id = id_of(&db.user(&format!("person{number}")).await);
            (id, db.core.open_session(&Actor::System, id).await.unwrap().access_token)
        }
    })
    .await
}

/// Registers everyone.
async fn register_all(lines: &[[Client; 2]], people: &Arc<Vec<(UserId, String)>>, mine: &str) -> Vec<Answer> {
    let (began, people, mine) = (Instant::now(), people.clone(), mine.to_owned());
    for_each_number(lines, PEOPLE, move |line, person| {
        let (people, mine) = (people.clone(), mine.clone());
        async move {
            let [one, other] = line.map(|device| device.with_token(&people[person].1));
            let from = began.elapsed();
            if person % ONE_IN_SENDS_TWICE != 0 {
                let told = one.put(&mine, json!({})).await.expect(201).json();
                return Answer { person, from, to: began.elapsed(), told };
            }
            let (one, other) = tokio::join!(one.put(&mine, json!({})), other.put(&mine, json!({})));
            let to = began.elapsed();
            let (first, second) = if one.status == 201 { (one, other) } else { (other, one) };
            let told = first.expect(201).json();
            assert_eq!(second.expect(200).json(), told, "one place, whatever was asked first");
            Answer { person, from, to, told }
        }
    })
    .await
}

/// Asserts that a response which preceded another request also precedes it in the order of admission.
fn must_be_in_order(sit: &[&Answer], wait: &[&Answer]) {
    let mut earliest_answer = Duration::MAX;
    for answer in wait.iter().rev() {
        assert!(answer.from <= earliest_answer, "{:?} was overtaken", answer.position());
        earliest_answer = earliest_answer.min(answer.to);
    }
    for answer in sit {
        assert!(answer.from <= earliest_answer, "someone waits who was answered before this one asked");
    }
}

/// Reads the occurrence until it is stopped: seats are never overbooked, and nobody waits while a seat is
/// free. Returns the number of reads.
async fn watch_for_overbooking(anyone: Client, occurrence: String, over: watch::Receiver<bool>) -> usize {
    let mut looks = 0;
    while !*over.borrow() {
        let seen = anyone.get(&format!("/occurrences/{occurrence}")).await.expect(200).json();
        let (taken, waiting) =
            (seen["seats_taken"].as_u64().unwrap(), seen["waitlist_length"].as_u64().unwrap());
        assert!(taken <= SEATS as u64 && (waiting == 0 || taken == SEATS as u64), "{seen}");
        looks += 1;
    }
    looks
}

async fn ids(organizer: &Client, occurrence: &str, status: &str) -> Vec<UserId> {
    let all =
        organizer.all(&format!("/occurrences/{occurrence}/registrations?status={status}&limit=100")).await;
    if status == "waitlisted" {
        assert!(all.iter().zip(1..).all(|(waits, position)| waits["position"] == position));
    }
    all.iter().map(|one| one["user"]["id"].as_str().unwrap().parse().unwrap()).collect()
}

fn sorted(mut ids: Vec<UserId>) -> Vec<UserId> {
    ids.sort_unstable();
    ids
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_clients_share_the_seats_without_overbooking(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let daemons = Daemon::several(&db, &[]).await;
    // A client uses one connection while its requests are sequential.
    let at = |number: usize| Client::at(daemons[number % daemons.len()].address());
    let lines: Vec<[Client; 2]> = (0..CONNECTIONS).map(|number| [at(number), at(number + 1)]).collect();
    let people = Arc::new(signed_in_users(&db, &lines).await);

    let ada = daemons[0].user("ada").await;
    let arena = new_event()
        .title("The rush")
        .location("Arena")
        .starts_at("2041-03-04T18:30:00Z")
        .capacity(SEATS)
        .json();
    let event = ada.post("/events", arena).await.expect(201).json();
    let occurrence = event["next_occurrence"]["id"].as_str().unwrap().to_owned();
    let mine = format!("/occurrences/{occurrence}/registration");
    let (over, told) = watch::channel(false);
    let onlooker = tokio::spawn(watch_for_overbooking(daemons[0].anonymous(), occurrence.clone(), told));

    let answers = register_all(&lines, &people, &mine).await;
    let (sit, mut wait): (Vec<&Answer>, Vec<&Answer>) =
        answers.iter().partition(|answer| answer.told["status"] == "confirmed");
    assert_eq!((sit.len(), wait.len()), (SEATS, PEOPLE - SEATS));
    assert!(wait.iter().all(|answer| answer.told["status"] == "waitlisted"));
    wait.sort_by_key(|answer| answer.position());
    assert!(
        wait.iter().zip(1..).all(|(answer, position)| answer.position() == Some(position)),
        "each number once"
    );
    must_be_in_order(&sit, &wait);
    let list: Vec<UserId> = wait.iter().map(|answer| people[answer.person].0).collect();
    assert_eq!(ids(&ada, &occurrence, "waitlisted").await, list);

    // Half of those with a seat cancel, and then the others.
    let leaving: Arc<Vec<usize>> = Arc::new(sit.iter().map(|answer| answer.person).collect());
    for half in 0..2 {
        let (people, leaving, mine) = (people.clone(), leaving.clone(), mine.clone());
        for_each_number(&lines, SEATS / 2, move |[one, _], number| {
            let leaver = one.with_token(&people[leaving[half * SEATS / 2 + number]].1);
            let mine = mine.clone();
            async move { leaver.delete(&mine).await.expect(204) }
        })
        .await;
        let moved = (half + 1) * SEATS / 2;
        let waiting = format!("/occurrences/{occurrence}/registrations?status=waitlisted&limit=1&count=true");
        let head = ada.get(&waiting).await.expect(200).json();
        let next = (&head["items"][0]["user"]["id"], &head["total"]);
        assert_eq!(next, (&json!(list[moved]), &json!(list.len() - moved)));
    }
    assert_eq!(ids(&ada, &occurrence, "waitlisted").await, list[SEATS..]);
    assert_eq!(sorted(ids(&ada, &occurrence, "confirmed").await), sorted(list[..SEATS].to_vec()));
    over.send_replace(true);
    assert!(onlooker.await.unwrap() > 20);

    eventd_check(&db).await;
    db.check().await;
    for daemon in daemons {
        assert!(!daemon.log().contains("ERROR"), "{}", daemon.log());
    }
}
