//! Measures a feed of many events: the time and the memory of the whole feed, and the time of the answer that
//! it has not changed.
//!
//! `feeds ADDRESS PID ROUNDS` asks the eventd at this address, which runs as the process PID.

use std::time::{Duration, Instant};

use benches::{Failure, HttpConnection, Latencies};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Response, StatusCode};

/// The feeds, with what they are called.
const FEEDS: [(&str, &str); 3] = [
    ("calendar", "/api/v1/calendars/public.ics"),
    ("calendar of an organizer", "/api/v1/calendars/organizers/organizer.ics"),
    ("Atom", "/api/v1/calendars/public.atom"),
];
/// Answers of `304` for each whole feed.
const UNCHANGED: usize = 50;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, pid, rounds] = arguments.as_slice() else {
        return Err("usage: feeds ADDRESS PID ROUNDS".into());
    };
    let rounds: usize = rounds.parse()?;
    let mut connection = HttpConnection::open(address).await?;
    for (name, path) in FEEDS {
        // The first one stores when the feed has changed.
        let (first, before) =
            (expect(send(&mut connection, path, None).await?.0, StatusCode::OK)?, resident(pid)?);
        reset_peak(pid)?;
        let (mut whole, mut unchanged) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let (response, took) = send(&mut connection, path, None).await?;
            let response = expect(response, StatusCode::OK)?;
            whole.push(took);
            let tag = response.headers().get("etag").ok_or("the feed has no ETag")?.to_str()?.to_owned();
            for _ in 0..UNCHANGED {
                let (response, took) = send(&mut connection, path, Some(&tag)).await?;
                expect(response, StatusCode::NOT_MODIFIED)?;
                unchanged.push(took);
            }
        }
        let growth = peak(pid)?.saturating_sub(before);
        let (whole, unchanged) = (Latencies::new(whole), Latencies::new(unchanged));
        println!(
            "{name}: {:.1} MB in {:.0} ms (p50; longest {:.0} ms), {:.1} MiB more memory at most; 304 in \
             {:.2} ms (p50; p99 {:.2} ms)",
            f64::from(u32::try_from(first.body().len())?) / 1e6,
            whole.percentile_ms(50),
            whole.percentile_ms(100),
            f64::from(u32::try_from(growth)?) / 1_024.0,
            unchanged.percentile_ms(50),
            unchanged.percentile_ms(99)
        );
    }
    Ok(())
}

async fn send(
    connection: &mut HttpConnection,
    path: &str,
    known: Option<&str>,
) -> Result<(Response<Bytes>, Duration), Failure> {
    let mut request = Request::builder().uri(path).header("host", "feeds");
    if let Some(tag) = known {
        request = request.header("if-none-match", tag);
    }
    let begun = Instant::now();
    let response = connection.send(request.body(Full::default())?).await?;
    Ok((response, begun.elapsed()))
}

fn expect(response: Response<Bytes>, status: StatusCode) -> Result<Response<Bytes>, Failure> {
    if response.status() == status {
        return Ok(response);
    }
    Err(format!("{} instead of {status}: {}", response.status(), String::from_utf8_lossy(response.body()))
        .into())
}

/// The resident memory of a process in KiB.
fn resident(pid: &str) -> Result<u64, Failure> {
    memory(pid, "VmRSS:")
}

/// The greatest resident memory of a process since [`reset_peak`], in KiB.
fn peak(pid: &str) -> Result<u64, Failure> {
    memory(pid, "VmHWM:")
}

fn memory(pid: &str, name: &str) -> Result<u64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no memory is told")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}

fn reset_peak(pid: &str) -> Result<(), Failure> {
    Ok(std::fs::write(format!("/proc/{pid}/clear_refs"), "5")?)
}
