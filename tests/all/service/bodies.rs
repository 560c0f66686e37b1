//! Request bodies: who may not send one is told before, slow ones end, and their memory is bounded. On one
//! database, because bodies are read before the database is used.

use std::time::{Duration, Instant};

use futures_util::stream;
use http::Request;
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tests::{Daemon, Kind, TestDb, Wire};
use tokio::net::TcpStream;

async fn sqlite(arguments: &[&str]) -> Daemon {
    Daemon::on(TestDb::in_real_time(Kind::Sqlite).await, arguments).await
}

/// The head of a request with a JSON body.
fn head(request: &str, length: usize, more: &str) -> String {
    format!("{request} HTTP/1.1\r\nhost: tests\r\ncontent-length: {length}\r\n{more}\r\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_head_tells_is_answered_before_the_body() {
    let daemon = sqlite(&[]).await;
    let ada = daemon.user("ada").await;
    let token = ada.post("/tokens", json!({"name": "t", "scope": "read"})).await.expect(201).json();
    let reads = format!("authorization: Bearer {}\r\n", token["secret"].as_str().unwrap());
    let writes = format!("authorization: Bearer {}\r\n", ada.token());
    let json = "content-type: application/json\r\n";
    for (request, length, headers, status, slug) in [
        ("POST /api/v1/events", 500_000, json.to_owned(), 401, "unauthenticated"),
        (
            "POST /api/v1/events",
            500_000,
            format!("authorization: Bearer x\r\n{json}"),
            401,
            "invalid-credentials",
        ),
        ("POST /api/v1/events", 500_000, format!("{reads}{json}"), 403, "forbidden"),
        (
            "POST /api/v1/users",
            5_000,
            format!("authorization: Bearer x\r\n{json}"),
            401,
            "invalid-credentials",
        ),
        (
            "PATCH /api/v1/events/1",
            500_000,
            format!("{writes}content-type: text/plain\r\n"),
            415,
            "unsupported-media-type",
        ),
        ("POST /api/v1/events", (1 << 20) + 1, json.to_owned(), 413, "payload-too-large"),
        ("POST /api/v1/auth/login", (16 << 10) + 1, json.to_owned(), 413, "payload-too-large"),
        ("POST /api/v1/users", (16 << 10) + 1, json.to_owned(), 413, "payload-too-large"),
        ("GET /api/v1/events", (16 << 10) + 1, String::new(), 413, "payload-too-large"),
        ("POST /api/v1/nothing", 500_000, json.to_owned(), 404, "not-found"),
        ("PUT /api/v1/events", 500_000, json.to_owned(), 405, "method-not-allowed"),
    ] {
        let mut wire = Wire::connect(daemon.address()).await;
        wire.send(head(request, length, &headers)).await;
        wire.response().await.problem(status, slug);
        // A client that waits for 100 (Continue) is refused without it.
        let mut waiting = Wire::connect(daemon.address()).await;
        waiting.send(head(request, length, &format!("{headers}expect: 100-continue\r\n"))).await;
        waiting.response().await.problem(status, slug);
    }
    assert_eq!(daemon.metric("http_body_bytes_reserved").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_head_tells_is_answered_before_the_body_on_http_2() {
    let daemon = sqlite(&[]).await;
    let stream = TcpStream::connect(daemon.address()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let body = StreamBody::new(stream::pending::<Result<Frame<Bytes>, std::convert::Infallible>>());
    let request = Request::post(format!("http://{}/api/v1/events", daemon.address()));
    let answer = sender.send_request(request.body(body).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 401);
    driver.abort();
}

/// The client still sends while the server refuses it, and gets the response nevertheless.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_sends_on_receives_the_refusal() {
    let daemon = sqlite(&[]).await;
    for _ in 0..20 {
        let mut wire = Wire::connect(daemon.address()).await;
        let json = "content-type: application/json\r\n";
        wire.send(head("POST /api/v1/auth/login", 900_000, json)).await;
        for _ in 0..9 {
            wire.try_send(vec![b' '; 100_000]).await;
        }
        let detail = wire.response().await.problem(413, "payload-too-large");
        assert_eq!(detail, "the body must be at most 16 KiB");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_slow_is_ended() {
    for (arguments, sent, reason) in [
        (
            ["--body-timeout", "3", "--body-rate", "1000"],
            1,
            "the body must arrive at a rate of at least 1000 bytes per second",
        ),
        (["--body-timeout", "0.5", "--body-rate", "1"], 500, "the body must arrive within 0.5 seconds"),
    ] {
        let daemon = sqlite(&arguments).await;
        let mut wire = Wire::connect(daemon.address()).await;
        wire.send(head("POST /api/v1/auth/login", 1_000, "content-type: application/json\r\n")).await;
        wire.send(vec![b' '; sent]).await;
        let detail = wire.response().await.problem(408, "request-timeout");
        assert_eq!(detail, reason);
        wire.closed().await;
        assert_eq!(daemon.metric("http_body_bytes_reserved").await, 0);
    }
}

/// The issue is memory: 256 MiB of bodies, of which the daemon holds no more than its budget.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_in_flight_share_one_budget() {
    const LENGTH: usize = 1 << 20;
    let daemon = sqlite(&["--body-timeout", "600"]).await;
    let ada = daemon.user("ada").await;
    let before = daemon.peak_memory();
    let more = format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", ada.token());
    let mut senders = tokio::task::JoinSet::new();
    for number in 0..256 {
        let (address, head) = (daemon.address().to_owned(), head("POST /api/v1/events", LENGTH, &more));
        senders.spawn(async move {
            let mut wire = Wire::connect_from(&format!("127.0.0.{}", 2 + number % 16), &address).await;
            wire.send(head).await;
            // All but the last byte. What the daemon does not read stays with the sender.
            wire.try_send(vec![b' '; LENGTH - 1]).await;
            wire
        });
    }
    let large = 48 << 20;
    while daemon.metric("http_body_bytes_reserved").await < large {
        tests::pause().await;
    }
    daemon.anonymous().get("/occurrences").await.expect(200);
    let peak = daemon.peak_memory();
    assert!(daemon.metric("http_body_bytes_reserved").await <= 64 << 20);
    assert!(peak < before + 150, "{before} MiB before, {peak} MiB at the peak");
    senders.shutdown().await;
    while daemon.metric("http_body_bytes_reserved").await > 0 {
        tests::pause().await;
    }
    // The memory returns to the system.
    let deadline = Instant::now() + Duration::from_mins(1);
    while daemon.memory() > before + 60 {
        assert!(Instant::now() < deadline, "{before} MiB before, {} MiB after", daemon.memory());
        daemon.anonymous().get("/occurrences").await.expect(200);
    }
}
