//! Registers users over HTTP as fast as the daemon allows, and prints the registrations per second.
//!
//! `register ADDRESS FILE CONNECTIONS OCCURRENCES` registers each user of a file written by
//! `seed_registrations` once. The users are spread evenly over the first occurrences of the file.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use benches::{Failure, HttpConnection, Latencies};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;

/// The work that all connections share.
struct Registrations {
    tokens: Vec<String>,
    occurrences: Vec<String>,
    /// The index of the next token.
    next: AtomicUsize,
}

/// Registers one user after another over one connection. Returns the latencies, and how many responses were
/// not `201 Created`.
async fn register(
    address: String,
    registrations: Arc<Registrations>,
) -> Result<(Vec<Duration>, usize), Failure> {
    let mut connection = HttpConnection::open(&address).await?;
    let (mut latencies, mut refused) = (Vec::new(), 0);
    loop {
        let number = registrations.next.fetch_add(1, Ordering::Relaxed);
        let Some(token) = registrations.tokens.get(number) else { break };
        let occurrence = &registrations.occurrences[number % registrations.occurrences.len()];
        let request = Request::put(format!("/api/v1/occurrences/{occurrence}/registration"))
            .header("host", "register")
            .header("authorization", format!("Bearer {token}"))
            .body(Full::<Bytes>::default())?;
        let begun = Instant::now();
        let response = connection.send(request).await?;
        refused += usize::from(response.status() != 201);
        latencies.push(begun.elapsed());
    }
    Ok((latencies, refused))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, file, connections, occurrences] = arguments.as_slice() else {
        return Err("usage: register ADDRESS FILE CONNECTIONS OCCURRENCES".into());
    };
    let file = std::fs::read_to_string(file)?;
    let values = |keyword: &'static str| {
        file.lines().filter_map(move |line| line.strip_prefix(keyword)).map(str::to_owned)
    };
    let registrations = Arc::new(Registrations {
        tokens: values("person ").collect(),
        occurrences: values("date ").take(occurrences.parse()?).collect(),
        next: AtomicUsize::new(0),
    });
    let begun = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..connections.parse::<usize>()? {
        running.spawn(register(address.clone(), registrations.clone()));
    }
    let (mut latencies, mut refused) = (Vec::new(), 0);
    while let Some(joined) = running.join_next().await {
        let (of_connection, refused_of_connection) = joined??;
        latencies.extend(of_connection);
        refused += refused_of_connection;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let latencies = Latencies::new(latencies);
    println!(
        "{:>8.0} per second  p50 {:>6.2} ms  p99 {:>6.2} ms  {refused} refused",
        f64::from(u32::try_from(latencies.count())?) / seconds,
        latencies.percentile_ms(50),
        latencies.percentile_ms(99)
    );
    Ok(())
}
