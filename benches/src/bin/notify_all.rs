//! Moves an occurrence with very many registrations, and measures when everyone has been notified, and how
//! long others wait meanwhile who register.
//!
//! `notify_all ADDRESS DATABASE-URL COUNT FILE` inserts COUNT registrations into the database of the eventd
//! at this address. The users of the file, written by `seed_registrations`, register for its occurrences one
//! after another while the notifications are written.

use std::time::{Duration, Instant};

use benches::{Failure, HttpConnection, Latencies, insert_registrations};
use eventcore::db::{Queries, Sql};
use eventcore::{Actor, EventCore, OccurrenceId};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use serde_json::json;

/// After so long there is something wrong.
const DEADLINE: Duration = Duration::from_mins(5);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, url, count, file] = arguments.as_slice() else {
        return Err("usage: notify_all ADDRESS DATABASE-URL COUNT FILE".into());
    };
    let count: i64 = count.parse()?;
    let core = benches::open(url).await?;
    let organizer = benches::organizer(&core).await?;
    let mut event = benches::event(0);
    event.capacity = Some(count);
    let event = core.create_event(&organizer, &event).await?;
    let occurrence = event.next_occurrence.ok_or("the event has no occurrence")?.id;
    insert_registrations(&core, occurrence, count, false).await?;
    let id = organizer.user_id().ok_or("the organizer is not a user")?;
    let token = core.open_session(&Actor::System, id).await?.access_token;

    let file = std::fs::read_to_string(file)?;
    let values = |keyword: &'static str| file.lines().filter_map(move |line| line.strip_prefix(keyword));
    let occurrences: Vec<&str> = values("date ").collect();
    let mut people = values("person ").zip(occurrences.iter().cycle());
    let mut connection = HttpConnection::open(address).await?;

    let begun = Instant::now();
    let body = json!({"starts_at": "2037-01-02T20:00:00", "ends_at": "2037-01-02T22:00:00"}).to_string();
    let path = format!("/api/v1/occurrences/{occurrence}");
    let response = connection.send(request("PATCH", &path, &token, body)?).await?;
    if response.status() != StatusCode::OK {
        return Err(
            format!("the occurrence was not moved: {}", String::from_utf8_lossy(response.body())).into()
        );
    }
    let change = begun.elapsed();
    let counting = tokio::spawn(async move { all_told(&core, occurrence, count, begun).await });
    let mut latencies = Vec::new();
    while !counting.is_finished() {
        let (person, occurrence) = people.next().ok_or("too few users to register meanwhile")?;
        let path = format!("/api/v1/occurrences/{occurrence}/registration");
        let sent = Instant::now();
        let response = connection.send(request("PUT", &path, person, String::new())?).await?;
        if response.status() != StatusCode::CREATED {
            return Err(format!("a registration was refused: {}", response.status()).into());
        }
        latencies.push(sent.elapsed());
    }
    let all = counting.await??;
    let latencies = Latencies::new(latencies);
    println!(
        "{count} notifications within {:.1} s of the change, which took {:.0} ms; meanwhile {} registered: \
         p50 {:.1} ms  p99 {:.1} ms  longest {:.1} ms",
        all.as_secs_f64(),
        change.as_secs_f64() * 1e3,
        latencies.count(),
        latencies.percentile_ms(50),
        latencies.percentile_ms(99),
        latencies.percentile_ms(100)
    );
    Ok(())
}

fn request(method: &str, path: &str, token: &str, body: String) -> Result<Request<Full<Bytes>>, Failure> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "notify-all")
        .header("authorization", format!("Bearer {token}"));
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    Ok(request.body(Full::from(body))?)
}

/// Waits until everyone who is registered has a notification. Returns the time since `begun`.
async fn all_told(
    core: &EventCore,
    occurrence: OccurrenceId,
    count: i64,
    begun: Instant,
) -> Result<Duration, Failure> {
    let sql = Sql::portable("SELECT count(*) FROM notifications WHERE occurrence_id = $1");
    while begun.elapsed() < DEADLINE {
        let told: i64 = core.db().read().await?.query(sql.clone()).bind(occurrence).scalar().await?;
        if told == count {
            return Ok(begun.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Err("not everyone was notified in time".into())
}
