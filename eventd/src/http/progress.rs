//! What a connection does, as far as its deadlines depend on it.

use std::time::{Duration, Instant};

use super::pace::Pace;

/// The first bytes of an HTTP/2 connection (RFC 9113 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long a closed connection may go on to send the body that was refused.
const LINGER: Duration = Duration::from_secs(2);

/// How long a connection may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    /// From the connection to the first byte, and from there to the end of the head.
    pub(crate) head: Duration,
    /// Between two requests.
    pub(crate) idle: Duration,
    /// For a response that the client does not read.
    pub(crate) write: Pace,
}

/// Why the server closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// No complete head came in time.
    SlowHead,
    /// No request came for a while.
    Idle,
    /// The client does not read its response.
    UnreadResponse,
    /// The response was sent and the connection shut down a while ago.
    Lingered,
    /// A newer connection takes its place.
    Replaced,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    /// So many bytes of the preface of HTTP/2 have come, and no others.
    Unknown(usize),
    Http1,
    Http2,
}

/// Bytes that wait for the client to read them.
#[derive(Debug, Clone, Copy)]
struct Transfer {
    start: Instant,
    /// When it last read some.
    progress: Instant,
    /// The bytes that it has read since the start.
    bytes: u64,
}

impl Transfer {
    const fn new(now: Instant) -> Self {
        Self { start: now, progress: now, bytes: 0 }
    }

    fn advance(&mut self, bytes: usize, now: Instant) {
        self.progress = now;
        self.bytes += bytes as u64;
    }

    /// When the client is too slow: at the least rate, or because it has stopped.
    fn deadline(&self, pace: Pace) -> Instant {
        pace.deadline(self.start, self.bytes).min(self.progress + pace.patience)
    }
}

/// The progress of a connection.
#[derive(Debug)]
pub(crate) struct Progress {
    protocol: Protocol,
    /// When bytes came after the last request.
    head_since: Option<Instant>,
    /// Bytes that the socket does not take.
    write: Option<Transfer>,
    /// Responses by number, each with a part that hyper does not take.
    responses: Vec<(u64, Transfer)>,
    next_response: u64,
    shut_down: Option<Instant>,
    /// Whether the last request was answered before its body was read.
    has_unread_body: bool,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            protocol: Protocol::Unknown(0),
            head_since: None,
            write: None,
            responses: Vec::new(),
            next_response: 0,
            shut_down: None,
            has_unread_body: false,
        }
    }
}

impl Progress {
    /// Bytes have come.
    pub(crate) fn receive(&mut self, bytes: &[u8], now: Instant) {
        if bytes.is_empty() {
            return;
        }
        self.head_since.get_or_insert(now);
        if let Protocol::Unknown(matched) = self.protocol {
            let expected = &PREFACE[matched..];
            let length = expected.len().min(bytes.len());
            self.protocol = if expected[..length] != bytes[..length] {
                Protocol::Http1
            } else if matched + length == PREFACE.len() {
                Protocol::Http2
            } else {
                Protocol::Unknown(matched + length)
            };
        }
    }

    /// A request begins or ends.
    pub(crate) fn end_head(&mut self) {
        self.head_since = None;
    }

    /// The socket takes no more bytes.
    pub(crate) fn block_write(&mut self, now: Instant) {
        self.write.get_or_insert(Transfer::new(now));
    }

    /// The socket has taken bytes.
    pub(crate) fn write(&mut self, bytes: usize, now: Instant) {
        if let Some(transfer) = &mut self.write {
            transfer.advance(bytes, now);
        }
    }

    /// The socket has taken all bytes.
    pub(crate) fn flush(&mut self) {
        self.write = None;
    }

    /// The number of a new response.
    pub(crate) fn begin_response(&mut self) -> u64 {
        self.next_response += 1;
        self.next_response
    }

    /// A part of a response waits to be sent, after so many bytes that were sent since it began to wait.
    pub(crate) fn offer(&mut self, response: u64, sent: usize, now: Instant) {
        match self.responses.iter_mut().find(|(number, _)| *number == response) {
            Some((_, transfer)) => transfer.advance(sent, now),
            None => self.responses.push((response, Transfer::new(now))),
        }
    }

    /// A response waits for its own next part, or has ended.
    pub(crate) fn end_offer(&mut self, response: u64) {
        self.responses.retain(|(number, _)| *number != response);
    }

    /// The connection was shut down for writing.
    pub(crate) fn shut_down(&mut self, now: Instant) {
        self.shut_down.get_or_insert(now);
    }

    pub(crate) fn set_unread_body(&mut self, unread: bool) {
        self.has_unread_body = unread;
    }

    pub(crate) fn has_unread_body(&self) -> bool {
        self.has_unread_body
    }

    /// When the connection is to be closed unless something happens. `idle_since` is when the last request
    /// ended, or when the connection began; `None` if there are requests.
    pub(crate) fn deadline(
        &self,
        idle_since: Option<Instant>,
        deadlines: &Deadlines,
    ) -> Option<(Instant, CloseReason)> {
        let unread = |transfer: &Transfer| (transfer.deadline(deadlines.write), CloseReason::UnreadResponse);
        let lingered = self.shut_down.map(|since| (since + LINGER, CloseReason::Lingered));
        let written = self.write.as_ref().map(unread);
        let responses = self.responses.iter().map(|(_, transfer)| unread(transfer));
        let idle = idle_since.map(|idle_since| match (self.protocol, self.head_since) {
            (Protocol::Unknown(_) | Protocol::Http1, Some(since)) => {
                (since + deadlines.head, CloseReason::SlowHead)
            }
            (Protocol::Unknown(_), None) => (idle_since + deadlines.head, CloseReason::SlowHead),
            (Protocol::Http1, None) | (Protocol::Http2, _) => {
                (idle_since + deadlines.idle, CloseReason::Idle)
            }
        });
        lingered.into_iter().chain(written).chain(responses).chain(idle).min_by_key(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINES: Deadlines = Deadlines {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        write: Pace { patience: Duration::from_secs(30), rate: 1000 },
    };

    /// The deadline in seconds after `start`, with its reason.
    fn due(progress: &Progress, start: Instant, idle: bool) -> Option<(u64, CloseReason)> {
        let (at, reason) = progress.deadline(idle.then_some(start), &DEADLINES)?;
        Some((at.duration_since(start).as_secs(), reason))
    }

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn silence_and_half_heads_have_the_deadline_of_heads() {
        let start = Instant::now();
        let mut progress = Progress::default();
        assert_eq!(due(&progress, start, true), Some((10, CloseReason::SlowHead)));
        progress.receive(b"PRI * HT", after(start, 3));
        progress.receive(b"TP/2.0\r\n", after(start, 9));
        assert_eq!(due(&progress, start, true), Some((13, CloseReason::SlowHead)));
        let mut http1 = Progress::default();
        http1.receive(b"GET / HTTP/1.1\r\n", after(start, 3));
        assert_eq!(due(&http1, start, true), Some((13, CloseReason::SlowHead)));
        http1.end_head();
        assert_eq!(due(&http1, start, false), None);
        assert_eq!(due(&http1, start, true), Some((75, CloseReason::Idle)));
    }

    #[test]
    fn http_2_is_idle_without_requests_whatever_frames_come() {
        let start = Instant::now();
        let mut progress = Progress::default();
        progress.receive(&PREFACE[..10], start);
        progress.receive(&PREFACE[10..], start);
        progress.receive(b"\0\0\x08\x06", after(start, 70));
        assert_eq!(due(&progress, start, true), Some((75, CloseReason::Idle)));
        assert_eq!(due(&progress, start, false), None);
    }

    #[test]
    fn bytes_that_the_client_does_not_read_have_a_deadline() {
        let start = Instant::now();
        let mut progress = Progress::default();
        progress.receive(b"GET", start);
        progress.block_write(start);
        assert_eq!(due(&progress, start, false), Some((30, CloseReason::UnreadResponse)));
        progress.write(2000, after(start, 5));
        progress.block_write(after(start, 5));
        assert_eq!(due(&progress, start, false), Some((32, CloseReason::UnreadResponse)));
        // A client that stops after it has read a lot.
        progress.write(1_000_000, after(start, 20));
        assert_eq!(due(&progress, start, false), Some((50, CloseReason::UnreadResponse)));
        progress.flush();
        assert_eq!(due(&progress, start, false), None);
    }

    #[test]
    fn each_response_has_its_own_deadline_until_it_waits_for_its_source() {
        let start = Instant::now();
        let mut progress = Progress::default();
        let (one, other) = (progress.begin_response(), progress.begin_response());
        progress.offer(one, 0, start);
        progress.offer(other, 0, after(start, 1));
        progress.offer(one, 1000, after(start, 2));
        assert_eq!(due(&progress, start, false), Some((31, CloseReason::UnreadResponse)));
        progress.offer(other, 16_384, after(start, 10));
        assert_eq!(due(&progress, start, false), Some((31, CloseReason::UnreadResponse)));
        progress.end_offer(one);
        assert_eq!(due(&progress, start, false), Some((40, CloseReason::UnreadResponse)));
        progress.end_offer(other);
        assert_eq!(due(&progress, start, false), None);
        progress.offer(one, 0, start);
        progress.end_offer(one);
        assert_eq!(due(&progress, start, false), None);
    }
}
