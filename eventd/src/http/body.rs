//! Request bodies: their size, their pace, and the memory that all of them share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{Stream, StreamExt};
use http::{HeaderMap, header};
use warp::Buf;

use super::client_network::ClientNetwork;
use super::pace::Pace;
use super::problem::Problem;
use super::problem_kind::Kind;
use super::shares::{Share, Shares};

/// The largest file as a body, in bytes.
pub(crate) const FILE_BODY: usize = 10 << 20;
/// The largest body of all other routes, in bytes.
pub(crate) const LARGE_BODY: usize = 1 << 20;
/// The largest body of routes whose bodies are small, in bytes, and of those that take none.
pub(crate) const SMALL_BODY: usize = 16 << 10;

/// The memory for the first 16 KiB of all bodies in flight, in bytes. Small bodies never wait for large ones.
const SMALL_BUDGET: usize = 16 << 20;
/// The memory for the rest of bodies above 16 KiB.
const LARGE_BUDGET: usize = 48 << 20;
/// The memory for files above 16 KiB: three of the largest, of which one client network can send one.
const FILE_BUDGET: usize = 3 * FILE_BODY;
/// The part of the other budgets that one client network can take.
const NETWORK_PART: usize = 8;

/// What all request bodies share.
pub(crate) struct BodyReader {
    small: Arc<Shares>,
    large: Arc<Shares>,
    files: Arc<Shares>,
    /// How long a body may take in all.
    timeout: Duration,
    pace: Pace,
}

/// A body that was read. Its memory counts against the budget until the request is answered.
pub(crate) struct ReadBody {
    pub(crate) bytes: Vec<u8>,
    pub(crate) memory: BodyMemory,
}

/// The part of the budget that a body takes.
#[derive(Default)]
pub(crate) struct BodyMemory {
    small: Option<Share>,
    large: Option<Share>,
}

impl BodyReader {
    /// Reads bodies within `timeout` each, and at least at `rate` bytes per second after a sixth of it.
    pub(crate) fn new(timeout: Duration, rate: u32) -> Self {
        Self {
            small: Shares::new(SMALL_BUDGET, SMALL_BUDGET / NETWORK_PART),
            large: Shares::new(LARGE_BUDGET, LARGE_BUDGET / NETWORK_PART),
            files: Shares::new(FILE_BUDGET, FILE_BODY),
            timeout,
            pace: Pace { patience: timeout / 6, rate },
        }
    }

    /// The memory that bodies in flight have reserved, in bytes.
    pub(crate) fn reserved(&self) -> usize {
        self.small.taken() + self.large.taken() + self.files.taken()
    }

    /// Reads a body of up to `limit` bytes, of which the head has announced `expected`. Waits for memory if
    /// other bodies have taken it; that time counts towards the time limit of the body, but not towards its
    /// pace.
    pub(crate) async fn read(
        &self,
        network: ClientNetwork,
        expected: usize,
        limit: usize,
        body: impl Stream<Item = Result<impl Buf, warp::Error>>,
    ) -> Result<ReadBody, Problem> {
        let whole = self.read_in_pace(network, expected.min(limit), limit, body);
        tokio::time::timeout(self.timeout, whole).await.unwrap_or_else(|_| Err(self.too_late()))
    }

    async fn read_in_pace(
        &self,
        network: ClientNetwork,
        expected: usize,
        limit: usize,
        body: impl Stream<Item = Result<impl Buf, warp::Error>>,
    ) -> Result<ReadBody, Problem> {
        let mut read = ReadBody { bytes: Vec::new(), memory: BodyMemory::default() };
        let mut start = Instant::now();
        let mut body = std::pin::pin!(body);
        loop {
            let deadline = self.pace.deadline(start, read.bytes.len() as u64);
            let next = tokio::time::timeout_at(deadline.into(), body.next()).await;
            let Some(chunk) = next.map_err(|_| self.too_slow())? else { return Ok(read) };
            let mut chunk =
                chunk.map_err(|_| Problem::new(Kind::MalformedJson, "the request body is incomplete"))?;
            let length = read.bytes.len() + chunk.remaining();
            if length > limit {
                return Err(too_large(limit));
            }
            let begun = Instant::now();
            if read.memory.small.is_none() {
                read.memory.small = Some(self.small.take(network, expected.min(SMALL_BODY)).await);
            }
            if read.memory.large.is_none() && length > SMALL_BODY {
                let budget = if limit > LARGE_BODY { &self.files } else { &self.large };
                read.memory.large = Some(budget.take(network, expected.saturating_sub(SMALL_BODY)).await);
                // Growing step by step would copy the body, and need up to three times its size.
                read.bytes.reserve_exact(expected.saturating_sub(read.bytes.len()));
            }
            start += begun.elapsed();
            while chunk.has_remaining() {
                let piece = chunk.chunk();
                read.bytes.extend_from_slice(piece);
                let length = piece.len();
                chunk.advance(length);
            }
        }
    }

    fn too_late(&self) -> Problem {
        let seconds = self.timeout.as_secs_f64();
        Problem::new(Kind::RequestTimeout, format!("the body must arrive within {seconds} seconds"))
    }

    fn too_slow(&self) -> Problem {
        let detail =
            format!("the body must arrive at a rate of at least {} bytes per second", self.pace.rate);
        Problem::new(Kind::RequestTimeout, detail)
    }
}

/// The size of the body that the head announces: `Content-Length`, or else the limit. A chunked body does not
/// announce its size. Refuses what is above the limit, so that none of it is read.
pub(crate) fn announced_size(headers: &HeaderMap, limit: usize) -> Result<usize, Problem> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    // hyper has refused what is not a number. A number beyond 64 bits is too large, too.
    let length = length.map(|length| length.parse().unwrap_or(usize::MAX));
    match length {
        Some(length) if length > limit => Err(too_large(limit)),
        Some(length) => Ok(length),
        None => Ok(limit),
    }
}

fn too_large(limit: usize) -> Problem {
    let size = if limit >= 1 << 20 { format!("{} MiB", limit >> 20) } else { format!("{} KiB", limit >> 10) };
    Problem::new(Kind::PayloadTooLarge, format!("the body must be at most {size}"))
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, stream};
    use http::HeaderValue;
    use hyper::body::Bytes;

    use super::*;

    const NETWORK: ClientNetwork = ClientNetwork::UNKNOWN;

    fn chunks(sizes: &[usize]) -> impl Stream<Item = Result<Bytes, warp::Error>> {
        stream::iter(sizes.iter().map(|size| Ok(Bytes::from(vec![b'x'; *size]))).collect::<Vec<_>>())
    }

    fn reader() -> BodyReader {
        BodyReader::new(Duration::from_mins(1), 1)
    }

    #[test]
    fn what_is_announced_above_the_limit_is_refused() {
        let headers =
            |length| HeaderMap::from_iter([(header::CONTENT_LENGTH, HeaderValue::from_static(length))]);
        assert_eq!(announced_size(&headers("10"), 10).ok(), Some(10));
        assert_eq!(announced_size(&HeaderMap::new(), 10).ok(), Some(10));
        for length in ["11", "99999999999999999999999999"] {
            let problem = announced_size(&headers(length), 10).unwrap_err();
            assert_eq!(problem.kind, Kind::PayloadTooLarge);
        }
        assert_eq!(too_large(SMALL_BODY).detail, "the body must be at most 16 KiB");
        assert_eq!(too_large(FILE_BODY).detail, "the body must be at most 10 MiB");
        assert_eq!(too_large(LARGE_BODY).detail, "the body must be at most 1 MiB");
    }

    #[tokio::test]
    async fn memory_is_reserved_until_the_request_is_answered() {
        let reader = reader();
        let small = reader.read(NETWORK, 10, LARGE_BODY, chunks(&[10])).await.unwrap_or_else(|_| panic!());
        assert_eq!((small.bytes.len(), reader.reserved()), (10, 10));
        let sizes = [SMALL_BODY, 1];
        let large =
            reader.read(NETWORK, LARGE_BODY, LARGE_BODY, chunks(&sizes)).await.unwrap_or_else(|_| panic!());
        assert_eq!((large.bytes.len(), reader.reserved()), (SMALL_BODY + 1, 10 + LARGE_BODY));
        drop((small, large));
        assert_eq!(reader.reserved(), 0);
    }

    #[tokio::test]
    async fn a_body_above_the_limit_is_refused_and_returns_its_memory() {
        let reader = reader();
        let sizes = [SMALL_BODY, 1];
        let refused = reader.read(NETWORK, SMALL_BODY, SMALL_BODY, chunks(&sizes)).await;
        assert!(refused.is_err_and(|problem| problem.kind == Kind::PayloadTooLarge));
        assert_eq!(reader.reserved(), 0);
    }

    #[tokio::test]
    async fn a_body_must_keep_the_pace() {
        let reader = BodyReader::new(Duration::from_mins(1), 1024);
        let reader =
            BodyReader { pace: Pace { patience: Duration::from_millis(1), ..reader.pace }, ..reader };
        let forever = chunks(&[100]).chain(stream::pending());
        let slow = reader.read(NETWORK, 1000, LARGE_BODY, forever).await;
        let Err(problem) = slow else { panic!("it is too slow") };
        assert_eq!(problem.detail, "the body must arrive at a rate of at least 1024 bytes per second");
        assert_eq!(reader.reserved(), 0);
    }

    #[tokio::test]
    async fn bodies_beyond_the_budget_wait_for_it() {
        let reader = reader();
        let mut held = Vec::new();
        for last in 0..NETWORK_PART {
            let network = ClientNetwork::of([192, 0, 2, u8::try_from(last).unwrap()].into());
            held.push(reader.large.take(network, LARGE_BUDGET / NETWORK_PART).await);
        }
        let waiting = reader.read(NETWORK, LARGE_BODY, LARGE_BODY, chunks(&[SMALL_BODY, 1]));
        let mut waiting = std::pin::pin!(waiting);
        assert!(waiting.as_mut().now_or_never().is_none());
        // A small body does not wait for large ones.
        assert!(reader.read(NETWORK, 10, LARGE_BODY, chunks(&[10])).await.is_ok());
        assert!(waiting.as_mut().now_or_never().is_none());
        held.pop();
        assert!(waiting.await.is_ok());
    }

    #[tokio::test]
    async fn a_request_without_a_body_takes_no_memory() {
        let reader = reader();
        let none = reader.read(NETWORK, SMALL_BODY, SMALL_BODY, chunks(&[])).await;
        assert!(none.is_ok_and(|none| none.bytes.is_empty()));
        assert_eq!(reader.reserved(), 0);
    }
}
