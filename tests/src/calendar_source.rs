//! Calendars that are followed: a fetcher without a network, and a server on a socket.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eventcore::EventCore;
use eventcore::subscriptions::{CalendarFetcher, CalendarRequest, FetchError, FetchedCalendar, Fetching};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is fetched from any URL by the workers of a library.
pub struct CalendarSource {
    answer: Mutex<Result<FetchedCalendar, FetchError>>,
    requests: Mutex<Vec<CalendarRequest>>,
}

impl CalendarSource {
    /// The source of the workers of `core`. It refuses everything until it is told what to answer.
    pub fn of(core: &EventCore) -> Arc<Self> {
        let (answer, requests) = (Mutex::new(Ok(FetchedCalendar::Refused(404))), Mutex::default());
        let source = Arc::new(Self { answer, requests });
        core.fetch_calendars_by(source.clone());
        source
    }

    /// Answers with this from now on.
    pub fn answer(&self, answer: Result<FetchedCalendar, FetchError>) {
        *self.answer.lock().expect("a lock") = answer;
    }

    /// Answers with this file from now on.
    pub fn has(&self, file: &str) {
        self.answer(Ok(FetchedCalendar::File {
            bytes: file.as_bytes().to_vec(),
            validators: eventcore::subscriptions::Validators::default(),
        }));
    }

    /// Takes out what was asked for.
    pub fn take(&self) -> Vec<CalendarRequest> {
        std::mem::take(&mut *self.requests.lock().expect("a lock"))
    }
}

impl CalendarFetcher for CalendarSource {
    fn fetch<'a>(&'a self, request: &'a CalendarRequest) -> Fetching<'a> {
        self.requests.lock().expect("a lock").push(request.clone());
        let answer = self.answer.lock().expect("a lock").clone();
        Box::pin(async move { answer })
    }
}

/// A server of calendars at a loopback address, on a free port. It ends with the test.
///
/// `/calendar.ics` is the file that it has, with an `ETag` and `Last-Modified` by which it answers with 304.
/// `/status/NUMBER` answers with that status, `/to/PATH` redirects to that path, `/away?URL` to that URL,
/// `/loop` to itself. `/endless`, `/slow` and `/silent` never end, and `/large` is larger than a calendar may
/// be.
#[derive(Debug, Clone)]
pub struct CalendarServer {
    address: SocketAddr,
    file: Arc<Mutex<String>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl CalendarServer {
    /// A server that has a file.
    pub async fn start(ip: &str, file: &str) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = Self { address, file: Arc::new(Mutex::new(file.to_owned())), heads: Arc::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = serving.clone();
                // It fails once the client has enough.
                tokio::spawn(async move { drop(server.serve(stream).await) });
            }
        });
        server
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Replaces the file.
    pub fn has(&self, file: &str) {
        file.clone_into(&mut self.file.lock().expect("a lock"));
    }

    /// The heads of all requests so far, in lower case.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("a lock").clone()
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        let head = String::from_utf8_lossy(&bytes).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        self.heads.lock().expect("a lock").push(head.to_lowercase());
        let empty =
            |status: &str, more: &str| format!("HTTP/1.1 {status}\r\n{more}content-length: 0\r\n\r\n");
        let found = |to: &str| empty("302 Found", &format!("location: {to}\r\n"));
        let answer = match path.as_str() {
            "/calendar.ics" => self.calendar(&head),
            "/loop" => found("/loop"),
            "/endless" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nBEGIN:VCALENDAR\r\n").await?;
                loop {
                    stream.write_all(&b"X-A:b\r\n".repeat(1_000)).await?;
                }
            }
            "/slow" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nBEGIN:VCALENDAR\r\n").await?;
                loop {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    stream.write_all(b"X").await?;
                }
            }
            "/silent" => return stream.read(&mut [0; 1]).await.map(drop),
            "/large" => {
                let length = EventCore::MAX_IMPORT + 1;
                format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")
            }
            other => match (other.strip_prefix("/status/"), other.strip_prefix("/to")) {
                (Some(status), _) => empty(&format!("{status} Status"), ""),
                (_, Some(to)) => found(to),
                _ => other.strip_prefix("/away?").map_or_else(|| empty("404 Not Found", ""), found),
            },
        };
        stream.write_all(answer.as_bytes()).await
    }

    /// The file, or 304 if the client has it.
    fn calendar(&self, head: &str) -> String {
        let file = self.file.lock().expect("a lock").clone();
        let (tag, date) = (format!("\"{}\"", file.len()), "Mon, 01 Jun 2026 10:00:00 GMT");
        let head = head.to_lowercase();
        let knows =
            |name: &str, value: &str| head.contains(&format!("\r\n{name}: {}\r\n", value.to_lowercase()));
        let validators = format!("etag: {tag}\r\nlast-modified: {date}\r\n");
        if knows("if-none-match", &tag) && knows("if-modified-since", date) {
            return format!("HTTP/1.1 304 Not Modified\r\n{validators}\r\n");
        }
        let length = file.len();
        format!("HTTP/1.1 200 OK\r\n{validators}content-length: {length}\r\n\r\n{file}")
    }
}
