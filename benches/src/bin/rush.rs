//! The rush: `rush ADDRESS FILE CONNECTIONS DATES` lets everyone of a file of `crowd` register once, spread over its first dates.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Crowd {
    people: Vec<String>,
    dates: Vec<String>,
    next: AtomicUsize,
}

/// Registers one person after another; answers how long each took, and how many were refused.
async fn connection(address: String, crowd: Arc<Crowd>) -> Result<(Vec<Duration>, usize), Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let (mut took, mut refused) = (Vec::new(), 0);
    loop {
        let number = crowd.next.fetch_add(1, Ordering::Relaxed);
        let Some(token) = crowd.people.get(number) else { break };
        let date = &crowd.dates[number % crowd.dates.len()];
        let request = Request::put(format!("/api/v1/occurrences/{date}/registration"))
            .header("host", "rush")
            .header("authorization", format!("Bearer {token}"))
            .body(Full::<Bytes>::default())?;
        let begun = Instant::now();
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        refused += usize::from(response.status() != 201);
        response.into_body().collect().await?;
        took.push(begun.elapsed());
    }
    driver.abort();
    Ok((took, refused))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, file, connections, dates] = arguments.as_slice() else {
        return Err("rush ADDRESS FILE CONNECTIONS DATES".into());
    };
    let lines = std::fs::read_to_string(file)?;
    let of =
        |kind: &'static str| lines.lines().filter_map(move |line| line.strip_prefix(kind)).map(str::to_owned);
    let crowd = Arc::new(Crowd {
        people: of("person ").collect(),
        dates: of("date ").take(dates.parse()?).collect(),
        next: AtomicUsize::new(0),
    });
    let began = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..connections.parse::<usize>()? {
        running.spawn(connection(address.clone(), crowd.clone()));
    }
    let (mut took, mut refused) = (Vec::new(), 0);
    while let Some(done) = running.join_next().await {
        let (these, bad) = done??;
        took.extend(these);
        refused += bad;
    }
    let seconds = began.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |part: usize| took.get(took.len() * part / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
    let rate = f64::from(u32::try_from(took.len())?) / seconds;
    println!("{rate:>8.0} a second  p50 {:>6.2} ms  p99 {:>6.2} ms  {refused} without 201", at(50), at(99));
    Ok(())
}
