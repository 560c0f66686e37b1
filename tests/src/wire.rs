//! A connection on which a test writes the bytes itself: broken requests, slow ones, silence.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// How long the server may take for anything that a test waits for.
const PATIENCE: Duration = Duration::from_mins(1);

/// A TCP connection to the daemon.
pub struct Wire(TcpStream);

/// A response as it came.
#[derive(Debug)]
pub struct WireResponse {
    /// The status.
    pub status: u16,
    /// The status line and the headers, in lower case.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Wire {
    /// Connects from 127.0.0.1.
    pub async fn connect(address: &str) -> Self {
        Self(TcpStream::connect(address).await.expect("a connection"))
    }

    /// Connects from an address of the loopback network, each of which is a network of its own to the daemon.
    pub async fn connect_from(local: &str, address: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        let local: SocketAddr = format!("{local}:0").parse().expect("an address");
        socket.bind(local).expect("a loopback address");
        Self(socket.connect(address.parse().expect("an address")).await.expect("a connection"))
    }

    /// Sends bytes.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.expect("the server reads");
    }

    /// Sends bytes; false if the server has closed the connection.
    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends a `GET` request and reads the response.
    pub async fn get(&mut self, path: &str) -> WireResponse {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: tests\r\n\r\n")).await;
        self.response().await
    }

    /// Reads one response with a `Content-Length`.
    pub async fn response(&mut self) -> WireResponse {
        tokio::time::timeout(PATIENCE, self.read_response()).await.expect("a response in time")
    }

    async fn read_response(&mut self) -> WireResponse {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match self.0.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&head)),
            }
        }
        let head = String::from_utf8(head).expect("text").to_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let length = head.split("\r\ncontent-length: ").nth(1).and_then(|rest| rest.split('\r').next());
        let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a number"))];
        self.0.read_exact(&mut body).await.expect("a body");
        WireResponse { status, head, body: String::from_utf8(body).expect("text") }
    }

    /// Waits until the server closes the connection. Returns what it sent before.
    pub async fn closed(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await;
        // A reset is an end, too.
        drop(read.expect("the end of the connection in time"));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl WireResponse {
    /// Asserts that this is a problem document: its status and the last part of its type. Returns `detail`.
    #[track_caller]
    pub fn problem(&self, status: u16, slug: &str) -> String {
        assert_eq!(self.status, status, "{self:?}");
        let problem: serde_json::Value = serde_json::from_str(&self.body).expect("a problem");
        assert_eq!(problem["type"], format!("/problems/{slug}"), "{problem}");
        problem["detail"].as_str().expect("a detail").to_owned()
    }
}
