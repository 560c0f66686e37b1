//! Answers of hostile receivers, and names that lead elsewhere.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use eventcore::webhooks::{SendError, SignedMessage, WebhookAnswer, WebhookPolicy, WebhookSender};
use eventcore::{Timestamp, WebhookDeliveryId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::WebhookClient;
use super::connect::{LookUp, Resolver};

/// Gives each look-up the next of its answers.
#[derive(Default)]
struct Script(Mutex<VecDeque<SocketAddr>>);

impl Resolver for Script {
    fn look_up<'a>(&'a self, _: &'a str, _: u16) -> LookUp<'a> {
        let next = self.0.lock().unwrap().pop_front();
        Box::pin(async move { Ok(next.into_iter().collect()) })
    }
}

/// A server that gives each connection the same answer; returns its address and what it was sent.
async fn server(address: &str, answer: Vec<u8>) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind(address).await.unwrap();
    let (requests, received) = mpsc::unbounded_channel();
    let local = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = vec![0; 64 * 1024];
            let read = stream.read(&mut buffer).await.unwrap_or(0);
            drop(requests.send(String::from_utf8_lossy(&buffer[..read]).into_owned()));
            // It fails once the client has read enough.
            drop(stream.write_all(&answer).await);
        }
    });
    (local, received)
}

fn message(url: String, networks: &str) -> SignedMessage {
    SignedMessage {
        url,
        id: WebhookDeliveryId::at(Timestamp::MAX),
        timestamp: 1_800_000_000,
        signature: "v1,AAAA".to_owned(),
        body: "{}".to_owned(),
        policy: WebhookPolicy::parse(networks).unwrap(),
    }
}

async fn send(url: String, networks: &str) -> Result<WebhookAnswer, SendError> {
    WebhookClient::new().unwrap().send(&message(url, networks)).await
}

#[tokio::test]
async fn a_message_has_the_headers_of_the_scheme_and_the_answer_is_kept() {
    let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok".to_vec();
    let (address, mut received) = server("127.0.0.1:0", answer).await;
    let sent = message(format!("http://{address}/hook?a=b"), "127.0.0.0/8");
    let answer = WebhookClient::new().unwrap().send(&sent).await.unwrap();
    assert_eq!(answer, WebhookAnswer { status: 201, body: "ok".to_owned() });
    let request = received.recv().await.unwrap().to_lowercase();
    assert!(request.starts_with("post /hook?a=b http/1.1\r\n"), "{request}");
    for header in [
        format!("host: {address}"),
        format!("webhook-id: {}", sent.id),
        "webhook-timestamp: 1800000000".to_owned(),
        "webhook-signature: v1,aaaa".to_owned(),
        "content-type: application/json".to_owned(),
    ] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{header} is missing: {request}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed_and_huge_answers_are_cut() {
    let (inside, mut reached) = server("127.0.0.1:0", b"HTTP/1.1 200 OK\r\n\r\n".to_vec()).await;
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: http://{inside}/\r\ncontent-length: 0\r\n\r\n");
    let (address, _) = server("127.0.0.1:0", redirect.into_bytes()).await;
    assert_eq!(send(format!("http://{address}/"), "127.0.0.0/8").await.unwrap().status, 302);
    assert!(reached.try_recv().is_err(), "the redirect was followed");

    let mut huge = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    huge.resize(10_000_000, b'a');
    let (address, _) = server("127.0.0.1:0", huge).await;
    let answer = send(format!("http://{address}/"), "127.0.0.0/8").await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, super::MAX_BODY));

    let mut head = b"HTTP/1.1 200 OK\r\nx: ".to_vec();
    head.resize(1_000_000, b'a');
    let (address, _) = server("127.0.0.1:0", head).await;
    assert!(matches!(send(format!("http://{address}/"), "127.0.0.0/8").await, Err(SendError::Failed(_))));
}

#[tokio::test]
async fn no_notation_of_an_address_that_is_not_public_is_connected_to() {
    let (address, mut reached) = server("127.0.0.1:0", b"HTTP/1.1 200 OK\r\n\r\n".to_vec()).await;
    let port = address.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
        "0.0.0.0",
        "169.254.169.254",
    ] {
        for scheme in ["http", "https"] {
            let outcome = send(format!("{scheme}://{host}:{port}/"), "").await;
            let Err(SendError::Failed(reason)) = outcome else { panic!("{scheme} {host}: {outcome:?}") };
            assert!(reason.contains("no public address"), "{scheme} {host}: {reason}");
        }
    }
    assert!(reached.try_recv().is_err());
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_the_connection_is_made_to_the_checked_address() {
    let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec();
    let (allowed, mut wanted) = server("127.0.0.2:0", ok.clone()).await;
    let (inside, mut reached) = server("127.0.0.1:0", ok).await;
    let script = Arc::new(Script(Mutex::new([allowed, inside].into())));
    let client = WebhookClient::with_resolver(script.clone()).unwrap();
    let sent = message(format!("http://rebinding.example:{}/", allowed.port()), "127.0.0.2");
    assert_eq!(client.send(&sent).await.unwrap().status, 200);
    assert!(wanted.recv().await.is_some());
    assert_eq!(script.0.lock().unwrap().len(), 1, "one look-up");
    // The next message would be led inside, and is not sent.
    assert!(matches!(client.send(&sent).await, Err(SendError::Failed(_))));
    assert!(reached.try_recv().is_err());
}
