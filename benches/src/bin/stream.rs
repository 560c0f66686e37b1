//! Live streams: the memory of each, and the time until a change has reached all of them.
//!
//! `stream ADDRESS PID DATABASE-URL STREAMS` opens that many streams of one occurrence at the eventd with
//! this process id. Then a registration is changed, first in that process and then in this one: the daemon
//! is told of it by PostgreSQL, and on SQLite looks for it four times a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use benches::Latencies;
use eventcore::accounts::NewUser;
use eventcore::registrations::Party;
use eventcore::{Actor, Role};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Changes in each process.
const CHANGES: i64 = 20;
const PASSWORD: &str = "correct horse 7";

/// What all streams have seen.
#[derive(Default)]
struct Seen {
    open: AtomicUsize,
    /// The number of seats that is waited for, and how many streams have seen it.
    awaited: AtomicI64,
    count: AtomicUsize,
    changed: Notify,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, pid, url, streams] = arguments.as_slice() else {
        return Err("usage: stream ADDRESS PID DATABASE-URL STREAMS".into());
    };
    let streams: usize = streams.parse()?;
    let core = benches::open(url).await?;
    core.reach_other_processes(None)?;
    let organizer = benches::organizer(&core).await?;
    let mut event = benches::event(0);
    event.capacity = Some(1_000);
    let event = core.create_event(&organizer, &event).await?;
    let occurrence = event.next_occurrence.ok_or("no occurrence")?.id;
    let name = format!("guest{}", core.now().as_micros() % 1_000_000);
    let account: NewUser = serde_json::from_value(json!({
        "username": name, "email": format!("{name}@example.org"), "password": PASSWORD,
    }))?;
    let guest = core.create_user(&Actor::System, &account).await?;
    let guest = Actor::user(guest.id, Role::User);
    let login = serde_json::from_value(json!({"login": name, "password": PASSWORD}))?;
    let bearer = core.sign_in(&login, None).await?.access_token;

    let seen = Arc::new(Seen { awaited: AtomicI64::new(-1), ..Seen::default() });
    let before = memory(pid)?;
    let start = Instant::now();
    for _ in 0..streams {
        let (seen, address, path) = (seen.clone(), address.clone(), format!("occurrence={occurrence}"));
        tokio::spawn(async move {
            if let Err(error) = follow(&address, &path, &seen).await {
                eprintln!("a stream ended: {error}");
            }
        });
    }
    while seen.open.load(Ordering::SeqCst) < streams {
        if start.elapsed() > Duration::from_mins(2) {
            return Err("not all streams were opened".into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("{streams} streams were opened in {:.1} s", start.elapsed().as_secs_f64());
    println!("memory of a stream: {:.1} KiB", memory_of_each(pid, before, streams)?);

    let mut taken = 0;
    for is_in_daemon in [true, false] {
        let mut latencies = Vec::new();
        for _ in 0..CHANGES {
            taken = taken % 10 + 1;
            seen.count.store(0, Ordering::SeqCst);
            seen.awaited.store(taken, Ordering::SeqCst);
            let start = Instant::now();
            if is_in_daemon {
                register(address, &bearer, &occurrence.to_string(), taken).await?;
            } else {
                let party = Party { party_size: Some(taken), ..Party::default() };
                core.register(&guest, occurrence, &party).await?;
            }
            while seen.count.load(Ordering::SeqCst) < streams {
                tokio::time::timeout(Duration::from_secs(30), seen.changed.notified()).await?;
            }
            latencies.push(start.elapsed());
        }
        let place = if is_in_daemon { "the same process" } else { "another process" };
        let latencies = Latencies::new(latencies);
        println!(
            "a change in {place} has reached all: median {:.0} ms, longest {:.0} ms",
            latencies.percentile_ms(50),
            latencies.percentile_ms(100)
        );
    }
    println!("memory of a stream afterwards: {:.1} KiB", memory_of_each(pid, before, streams)?);
    Ok(())
}

/// Opens a stream, and counts the changes that it shows.
async fn follow(address: &str, query: &str, seen: &Seen) -> Result<(), Failure> {
    let mut connection = TcpStream::connect(address).await?;
    let request = format!("GET /api/v1/stream?{query} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let (mut text, mut buffer, mut is_open) = (String::new(), [0; 1_024], false);
    loop {
        let length = connection.read(&mut buffer).await?;
        if length == 0 {
            return Err(format!("the server closed it after {text:?}").into());
        }
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
        // A block of lines is an event.
        while let Some((block, rest)) = text.split_once("\n\n") {
            let taken = block.split("\"seats_taken\":").nth(1).and_then(|rest| rest.split(',').next());
            let taken: Option<i64> = taken.and_then(|taken| taken.parse().ok());
            if taken.is_some() && !std::mem::replace(&mut is_open, true) {
                seen.open.fetch_add(1, Ordering::SeqCst);
            }
            if taken == Some(seen.awaited.load(Ordering::SeqCst)) {
                seen.count.fetch_add(1, Ordering::SeqCst);
                seen.changed.notify_one();
            }
            text = rest.to_owned();
        }
    }
}

/// Changes a registration by a request to the daemon.
async fn register(address: &str, bearer: &str, occurrence: &str, party_size: i64) -> Result<(), Failure> {
    let mut connection = TcpStream::connect(address).await?;
    let body = json!({"party_size": party_size}).to_string();
    let request = format!(
        "PUT /api/v1/occurrences/{occurrence}/registration HTTP/1.1\r\nhost: {address}\r\n\
         authorization: Bearer {bearer}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    if answer.starts_with("HTTP/1.1 20") { Ok(()) } else { Err(answer.into()) }
}

/// The memory of each stream, in KiB.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn memory_of_each(pid: &str, before: usize, streams: usize) -> Result<f64, Failure> {
    Ok(memory(pid)?.saturating_sub(before) as f64 / streams as f64)
}

/// The resident memory of a process, in KiB.
fn memory(pid: &str) -> Result<usize, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no such process")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
