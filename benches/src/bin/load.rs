//! The load driver: sends requests over several connections and prints the responses per second.
//!
//! `load ADDRESS get CONNECTIONS SECONDS PATH` requests a path, and
//! `load ADDRESS create CONNECTIONS SECONDS ACCESS-TOKEN` creates events.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use benches::{Failure, HttpConnection, Latencies};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;

/// The requests to send.
enum Work {
    /// Requests this path.
    Get(String),
    /// Creates events with this access token.
    Create(String),
}

/// The number of the next event to create, over all connections.
static NEXT: AtomicUsize = AtomicUsize::new(0);

impl Work {
    fn request(&self) -> Result<Request<Full<Bytes>>, Failure> {
        let request = Request::builder().header("host", "load");
        Ok(match self {
            Self::Get(path) => request.uri(path).body(Full::default())?,
            Self::Create(token) => {
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                let body = format!(
                    r#"{{"title":"Load {number}","location":"Hall {}",
                        "starts_at":"2041-03-04T18:30:00Z","capacity":40}}"#,
                    number % 500
                );
                request
                    .method("POST")
                    .uri("/api/v1/events")
                    .header("authorization", format!("Bearer {token}"))
                    .header("content-type", "application/json")
                    .body(Full::from(body))?
            }
        })
    }
}

/// Sends one request after another over one connection until the time is up. Returns the latencies, and how
/// many responses were not successful.
async fn send_requests(
    address: String,
    work: Arc<Work>,
    until: Instant,
) -> Result<(Vec<Duration>, usize), Failure> {
    let mut connection = HttpConnection::open(&address).await?;
    let (mut latencies, mut failed) = (Vec::new(), 0);
    while Instant::now() < until {
        let begun = Instant::now();
        let successful = connection.send(work.request()?).await?.status().is_success();
        latencies.push(begun.elapsed());
        failed += usize::from(!successful);
    }
    Ok((latencies, failed))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, mode, connections, seconds, rest] = arguments.as_slice() else {
        return Err("usage: load ADDRESS get|create CONNECTIONS SECONDS PATH|ACCESS-TOKEN".into());
    };
    let work = Arc::new(if mode == "create" { Work::Create(rest.clone()) } else { Work::Get(rest.clone()) });
    let seconds: u64 = seconds.parse()?;
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..connections.parse::<usize>()? {
        running.spawn(send_requests(address.clone(), work.clone(), until));
    }
    let (mut latencies, mut failed) = (Vec::new(), 0);
    while let Some(joined) = running.join_next().await {
        let (of_connection, failed_of_connection) = joined??;
        latencies.extend(of_connection);
        failed += failed_of_connection;
    }
    let latencies = Latencies::new(latencies);
    println!(
        "{:>8} per second  p50 {:>6.2} ms  p99 {:>6.2} ms  {failed} failed",
        latencies.count() as u64 / seconds.max(1),
        latencies.percentile_ms(50),
        latencies.percentile_ms(99)
    );
    Ok(())
}
