//! A client that can disconnect: each request has its own connection.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How an exchange ended.
#[derive(Debug)]
pub(super) enum Ended {
    Answered(u16, Value),
    /// No server listened: the request was never sent.
    Unsent,
    /// Sent, as far as the client can tell, without a response.
    Broken,
}

/// The bytes of a request.
pub(super) fn request(method: &str, path: &str, token: &str, body: Option<&Value>) -> Vec<u8> {
    let body = body.map(ToString::to_string).unwrap_or_default();
    let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    let head = format!(
        "{method} /api/v1{path} HTTP/1.1\r\nhost: tests\r\nconnection: close\r\n\
             authorization: Bearer {token}\r\n{kind}content-length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}

/// Sends a request and waits for the response.
pub(super) async fn exchange(address: &str, request: &[u8]) -> Ended {
    let Ok(mut stream) = TcpStream::connect(address).await else { return Ended::Unsent };
    if stream.write_all(request).await.is_err() {
        return Ended::Broken;
    }
    let mut bytes = Vec::new();
    if stream.read_to_end(&mut bytes).await.is_err() {
        return Ended::Broken;
    }
    parsed(&bytes).map_or(Ended::Broken, |(status, body)| Ended::Answered(status, body))
}

/// Sends the first `length` bytes of a request and disconnects.
pub(super) async fn hang_up(address: &str, request: &[u8], length: usize) {
    if let Ok(mut stream) = TcpStream::connect(address).await {
        // The server may be gone already.
        drop(stream.write_all(&request[..length.min(request.len())]).await);
    }
}

/// Status and body of a complete response.
fn parsed(bytes: &[u8]) -> Option<(u16, Value)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    if status == 204 {
        return Some((status, Value::Null));
    }
    Some((status, serde_json::from_str(body).ok()?))
}
