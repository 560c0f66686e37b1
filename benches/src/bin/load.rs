//! The load driver: `load ADDRESS MODE CONNECTIONS SECONDS [PATH-OR-TOKEN]`, where MODE is `get` (with a path) or `create` (with an access token).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What every connection asks for.
enum Work {
    Get(String),
    Create(String),
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

impl Work {
    fn request(&self) -> Result<Request<Full<Bytes>>, Failure> {
        let request = Request::builder().header("host", "load");
        Ok(match self {
            Self::Get(path) => request.uri(path).body(Full::default())?,
            Self::Create(token) => {
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                let body = format!(
                    r#"{{"title":"Load {number}","location":"Hall {}","starts_at":"2041-03-04T18:30:00Z","capacity":40}}"#,
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

/// Asks again and again until the time is over; answers how long each answer took, and how many were none.
async fn connection(
    address: String,
    work: Arc<Work>,
    until: Instant,
) -> Result<(Vec<Duration>, usize), Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let (mut took, mut failed) = (Vec::new(), 0);
    while Instant::now() < until {
        let begun = Instant::now();
        sender.ready().await?;
        let response = sender.send_request(work.request()?).await?;
        let good = response.status().is_success();
        response.into_body().collect().await?;
        took.push(begun.elapsed());
        failed += usize::from(!good);
    }
    driver.abort();
    Ok((took, failed))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, mode, connections, seconds, rest] = arguments.as_slice() else {
        return Err("load ADDRESS get|create CONNECTIONS SECONDS PATH|TOKEN".into());
    };
    let work = Arc::new(if mode == "create" { Work::Create(rest.clone()) } else { Work::Get(rest.clone()) });
    let seconds: u64 = seconds.parse()?;
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..connections.parse::<usize>()? {
        running.spawn(connection(address.clone(), work.clone(), until));
    }
    let (mut took, mut failed) = (Vec::new(), 0);
    while let Some(done) = running.join_next().await {
        let (these, bad) = done??;
        took.extend(these);
        failed += bad;
    }
    took.sort_unstable();
    let at = |part: usize| took.get(took.len() * part / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
    println!(
        "{:>8} a second  p50 {:>6.2} ms  p99 {:>6.2} ms  {failed} failed",
        took.len() as u64 / seconds.max(1),
        at(50),
        at(99)
    );
    Ok(())
}
