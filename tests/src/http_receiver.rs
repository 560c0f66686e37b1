//! Receivers of webhooks on sockets: well-behaved ones, and hostile ones.

use std::net::SocketAddr;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What a receiver answers to each request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// These bytes, and then the end of the connection.
    Bytes(Vec<u8>),
    /// These bytes, and then others without end.
    Endless(Vec<u8>, Vec<u8>),
    /// These bytes, and then one byte every tenth of a second, without end.
    Slow(Vec<u8>),
    /// Nothing, on a connection that stays open.
    Silence,
}

impl Reply {
    /// An answer with a status and no body.
    pub fn status(status: u16) -> Self {
        Self::Bytes(format!("HTTP/1.1 {status} Status\r\ncontent-length: 0\r\n\r\n").into_bytes())
    }
}

/// A request that a receiver got.
#[derive(Debug)]
pub struct ReceivedRequest {
    /// The first line.
    pub line: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

/// A server that keeps what it is sent. It ends with the test.
#[derive(Debug)]
pub struct HttpReceiver {
    address: SocketAddr,
    requests: UnboundedReceiver<ReceivedRequest>,
}

impl HttpReceiver {
    /// A receiver at a loopback address, on a free port.
    pub async fn start(ip: &str, reply: Reply) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (sender, requests) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, reply.clone(), sender.clone()));
            }
        });
        Self { address, requests }
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits for the next request.
    pub async fn next(&mut self) -> ReceivedRequest {
        let next = tokio::time::timeout(Duration::from_mins(1), self.requests.recv()).await;
        next.expect("a request within a minute").expect("the receiver runs")
    }

    /// Whether there was no further request so far.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }
}

async fn serve(mut stream: TcpStream, reply: Reply, requests: UnboundedSender<ReceivedRequest>) {
    let Some(request) = read(&mut stream).await else { return };
    // The test may have ended.
    drop(requests.send(request));
    drop(answer(&mut stream, reply).await);
}

/// Writes until the client has enough.
async fn answer(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Bytes(bytes) => stream.write_all(&bytes).await,
        Reply::Endless(begin, rest) => {
            stream.write_all(&begin).await?;
            loop {
                stream.write_all(&rest).await?;
            }
        }
        Reply::Slow(begin) => {
            stream.write_all(&begin).await?;
            loop {
                tokio::time::sleep(Duration::from_millis(100)).await;
                stream.write_all(b"a").await?;
            }
        }
        Reply::Silence => stream.read(&mut [0; 1]).await.map(drop),
    }
}

/// Reads a request with `Content-Length`; `None` if the connection ends before.
async fn read(stream: &mut TcpStream) -> Option<ReceivedRequest> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let (line, rest) = text.split_once("\r\n").unwrap_or((&text, ""));
    let headers: HeaderMap = rest
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| {
            let name: HeaderName = name.parse().expect("a name");
            (name, HeaderValue::from_str(value.trim()).expect("a value"))
        })
        .collect();
    let length: usize = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&bytes[head + 4..]).into_owned();
    Some(ReceivedRequest { line: line.to_owned(), headers, body })
}
