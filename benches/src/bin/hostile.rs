//! Honest requests beside hostile connections.
//!
//! `hostile ADDRESS PID SECONDS` opens 3,000 idle connections, 1,000 with a slow body and 1,000 that never
//! read to the eventd with this process id. Each one that the daemon closes is opened again. Prints the
//! latencies of an honest client and the memory of the daemon.
//!
//! The hostile clients have 40 addresses of the loopback network, and the honest one has 127.0.0.1.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use benches::Latencies;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The number of networks that the hostile connections come from.
const NETWORKS: usize = 40;
/// How long a hostile client waits before it connects again.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Clone, Copy)]
enum Hostility {
    /// Connects and sends nothing.
    Silent,
    /// Sends one request, and then nothing.
    Idle,
    /// Sends a body of 16,000 bytes, one byte at a time.
    SlowBody,
    /// Sends requests, and reads no response.
    NeverReads,
}

/// Each kind with its number of connections.
const KINDS: [(Hostility, usize); 4] = [
    (Hostility::Silent, 1_500),
    (Hostility::Idle, 1_500),
    (Hostility::SlowBody, 1_000),
    (Hostility::NeverReads, 1_000),
];

/// The hostile connections that are open.
#[derive(Default)]
struct Open([AtomicUsize; KINDS.len()]);

impl Open {
    fn counts(&self) -> [usize; KINDS.len()] {
        self.0.each_ref().map(|count| count.load(Ordering::Relaxed))
    }
}

/// Connects again and again, and counts the connection while it is open.
async fn be_hostile(address: SocketAddr, number: usize, kind: usize, open: Arc<Open>) {
    let hostility = KINDS[kind].0;
    loop {
        if let Ok(stream) = connect(address, number, hostility).await {
            open.0[kind].fetch_add(1, Ordering::Relaxed);
            // An error is the end of the connection, as the daemon intends.
            drop(talk(stream, hostility).await);
            open.0[kind].fetch_sub(1, Ordering::Relaxed);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn connect(address: SocketAddr, number: usize, hostility: Hostility) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if matches!(hostility, Hostility::NeverReads) {
        socket.set_recv_buffer_size(4096)?;
    }
    let last = u8::try_from(number % NETWORKS).unwrap_or_default();
    socket.bind(SocketAddr::from(([127, 0, 1, last], 0)))?;
    socket.connect(address).await
}

/// Returns when the daemon closes the connection.
async fn talk(mut stream: TcpStream, hostility: Hostility) -> std::io::Result<()> {
    let get = "GET /healthz HTTP/1.1\r\nhost: bench\r\n\r\n";
    let post = "POST /api/v1/auth/login HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
                content-length: 16000\r\n\r\n";
    match hostility {
        Hostility::Silent => {}
        Hostility::Idle => stream.write_all(get.as_bytes()).await?,
        Hostility::SlowBody => {
            stream.write_all(post.as_bytes()).await?;
            loop {
                tokio::select! {
                    ended = stream.readable() => return ended,
                    () = tokio::time::sleep(Duration::from_secs(1)) => stream.write_all(b" ").await?,
                }
            }
        }
        Hostility::NeverReads => {
            let get = "GET /openapi.json HTTP/1.1\r\nhost: bench\r\n\r\n";
            stream.write_all(get.repeat(3).as_bytes()).await?;
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                // Fails once the daemon has closed the connection.
                stream.write_all(b"\r\n").await?;
            }
        }
    }
    let mut buffer = vec![0; 16 << 10];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// Sends one request after another until the time is up. Returns the latencies and the number of failures.
async fn be_honest(address: SocketAddr, until: Instant) -> Result<(Vec<Duration>, usize), Failure> {
    let (mut latencies, mut failed) = (Vec::new(), 0);
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    while Instant::now() < until {
        let begun = Instant::now();
        let request = Request::builder().uri("/api/v1/occurrences?limit=20").header("host", "bench");
        sender.ready().await?;
        let response = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
        failed += usize::from(!response.status().is_success());
        response.into_body().collect().await?;
        latencies.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    driver.abort();
    Ok((latencies, failed))
}

/// The number of requests in progress, as the daemon counts them.
async fn places_taken(address: SocketAddr) -> Result<u64, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n").await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let value = text.lines().find_map(|line| line.strip_prefix("http_places_taken "));
    Ok(value.ok_or("no such metric")?.trim().parse()?)
}

/// A figure of `/proc/PID/status`, in MiB.
fn memory(pid: &str, field: &str) -> Result<u64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).ok_or("no such field")?;
    Ok(line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, pid, seconds] = arguments.as_slice() else {
        return Err("usage: hostile ADDRESS PID SECONDS".into());
    };
    let (address, seconds): (SocketAddr, u64) = (address.parse()?, seconds.parse()?);
    println!("before: {} MiB resident", memory(pid, "VmRSS")?);
    let (latencies, _) = be_honest(address, Instant::now() + Duration::from_secs(5)).await?;
    let quiet = Latencies::new(latencies);
    println!("alone: p50 {:.2} ms  p99 {:.2} ms", quiet.percentile_ms(50), quiet.percentile_ms(99));
    let open = Arc::new(Open::default());
    for (kind, (_, connections)) in KINDS.iter().enumerate() {
        for number in 0..*connections {
            tokio::spawn(be_hostile(address, number, kind, open.clone()));
        }
    }
    while open.counts().iter().sum::<usize>() < 4_900 || places_taken(address).await? > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let honest = tokio::spawn(be_honest(address, Instant::now() + Duration::from_secs(seconds)));
    let (mut least, mut most) = (usize::MAX, 0);
    while !honest.is_finished() {
        least = least.min(open.counts().iter().sum());
        most = most.max(memory(pid, "VmRSS")?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (latencies, failed) = honest.await??;
    let [silent, idle, slow, unread] = open.counts();
    println!("open at the end: {silent} silent, {idle} idle, {slow} slow bodies, {unread} never reading");
    println!("open at least: {least}");
    let beside = Latencies::new(latencies);
    println!(
        "beside them: {} requests, {failed} failed, p50 {:.2} ms  p99 {:.2} ms  longest {:.2} ms",
        beside.count(),
        beside.percentile_ms(50),
        beside.percentile_ms(99),
        beside.percentile_ms(100)
    );
    println!("resident: {most} MiB at most, peak {} MiB", memory(pid, "VmHWM")?);
    Ok(())
}
