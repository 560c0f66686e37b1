//! Connections: deadlines, limits, and what the daemon does when it cannot accept more. On one database,
//! because connections are made before the database is used.

use std::process::Command;

use http::Request;
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tests::{Daemon, Kind, TestDb, Wire, new_event_in_2031};
use tokio::net::TcpStream;

/// The first half of the preface of HTTP/2.
const HALF_A_PREFACE: &str = "PRI * HTTP/2.0\r\n";

async fn sqlite(arguments: &[&str]) -> Daemon {
    Daemon::on(TestDb::in_real_time(Kind::Sqlite).await, arguments).await
}

/// Sends a request whose body is on the way, so that the connection is not idle.
async fn send_half(wire: &mut Wire) {
    wire.send(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: 2\r\nexpect: 100-continue\r\n\r\n",
    )
    .await;
    assert_eq!(wire.response().await.status, 100);
    wire.send("{").await;
}

/// Waits until the daemon has as many open connections besides that of the question.
async fn open_connections(daemon: &Daemon, number: u64) {
    while daemon.metric("http_connections_open").await != number + 1 {
        tests::pause().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_without_a_head_are_closed() {
    let daemon = sqlite(&["--head-timeout", "2"]).await;
    let mut wires = Vec::new();
    for sent in ["", "G", "GET / HTTP/1.1\r\nhost: x\r\n", HALF_A_PREFACE] {
        let mut wire = Wire::connect(daemon.address()).await;
        wire.send(sent).await;
        wires.push((sent, wire));
    }
    for (sent, wire) in &mut wires {
        assert_eq!(wire.closed().await, "", "after {sent:?}");
    }
    // Also after a first request, and although bytes go on to come.
    let mut dripping = Wire::connect(daemon.address()).await;
    assert_eq!(dripping.get("/healthz").await.status, 200);
    dripping.send("GET / HTTP/1.1\r\n").await;
    while dripping.try_send("x: y\r\n").await {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_are_closed() {
    let daemon = sqlite(&["--idle-timeout", "2"]).await;
    let mut wire = Wire::connect(daemon.address()).await;
    assert_eq!(wire.get("/healthz").await.status, 200);
    assert_eq!(wire.closed().await, "");

    // A client of HTTP/2 that sends pings has no request either.
    let stream = TcpStream::connect(daemon.address()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .timer(hyper_util::rt::TokioTimer::new())
        .keep_alive_interval(std::time::Duration::from_millis(50))
        .keep_alive_while_idle(true)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let ended = tokio::spawn(connection);
    let request = Request::get(format!("http://{}/healthz", daemon.address()));
    let answer = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    drop(answer);
    ended.await.unwrap().expect("the server says goodbye");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_its_responses_is_closed() {
    let daemon = sqlite(&["--write-timeout", "0.5"]).await;
    // Responses that together are larger than the buffers of both sockets.
    let mut pipelining = Wire::connect(daemon.address()).await;
    let request = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n";
    while pipelining.try_send(request.repeat(10)).await {
        tests::pause().await;
    }

    // A window of HTTP/2 that stays closed.
    let stream = TcpStream::connect(daemon.address()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(1)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let ended = tokio::spawn(connection);
    let request = Request::get(format!("http://{}/openapi.json", daemon.address()));
    let answer = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    drop(ended.await.unwrap());
    open_connections(&daemon, 0).await;
    // What is left is at most the response to a question for metrics.
    while daemon.metric("http_response_bytes_unsent").await > 16 << 10 {
        tests::pause().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_limit_the_oldest_idle_connection_makes_room() {
    let bounds = ["--max-connections", "3", "--max-connections-per-network", "3", "--body-timeout", "600"];
    let daemon = sqlite(&bounds).await;
    let mut first = Wire::connect_from("127.0.0.2", daemon.address()).await;
    assert_eq!(first.get("/healthz").await.status, 200);
    // Not idle: its body is on the way.
    let mut busy = Wire::connect_from("127.0.0.2", daemon.address()).await;
    send_half(&mut busy).await;
    let mut silent = Wire::connect_from("127.0.0.3", daemon.address()).await;
    silent.send("G").await;
    // Used after the silent one, so that it is the last one to go.
    assert_eq!(first.get("/healthz").await.status, 200);
    let mut new = Wire::connect_from("127.0.0.4", daemon.address()).await;
    assert_eq!(new.get("/healthz").await.status, 200);
    assert_eq!(silent.closed().await, "");
    let mut newer = Wire::connect_from("127.0.0.5", daemon.address()).await;
    assert_eq!(newer.get("/healthz").await.status, 200);
    assert_eq!(first.closed().await, "");
    busy.send("}").await;
    busy.response().await.problem(400, "invalid-input");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_at_its_limit_takes_no_connection_of_others() {
    let bounds = ["--max-connections", "100", "--max-connections-per-network", "2", "--body-timeout", "600"];
    let daemon = sqlite(&bounds).await;
    let mut other = Wire::connect_from("127.0.0.3", daemon.address()).await;
    assert_eq!(other.get("/healthz").await.status, 200);
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut wire = Wire::connect_from("127.0.0.2", daemon.address()).await;
        send_half(&mut wire).await;
        busy.push(wire);
    }
    for _ in 0..20 {
        Wire::connect_from("127.0.0.2", daemon.address()).await.closed().await;
    }
    assert_eq!(other.get("/healthz").await.status, 200);
    let logged = daemon.log().matches("too many connections").count();
    assert_eq!(logged, 1, "{}", daemon.log());
}

/// Sets the soft limit of open files of the daemon.
fn set_files(daemon: &Daemon, files: &str) {
    let pid = daemon.pid().to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, &format!("--nofile={files}:")]).status().unwrap();
    assert!(set.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lack_of_descriptors_is_logged_once_and_passes() {
    let daemon = sqlite(&[]).await;
    let mut before = Wire::connect(daemon.address()).await;
    assert_eq!(before.get("/healthz").await.status, 200);
    set_files(&daemon, "3");
    let mut waiting = Wire::connect(daemon.address()).await;
    waiting.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    // The oldest idle connection is closed to make room, which does not suffice here.
    assert_eq!(before.closed().await, "");
    while !daemon.log().contains("cannot accept connections") {
        tests::pause().await;
    }
    // Two more errors than one: the pause between them is 50 ms.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    set_files(&daemon, "1000");
    assert_eq!(waiting.response().await.status, 200);
    let logged = daemon.log().matches("cannot accept connections").count();
    assert_eq!(logged, 1, "{}", daemon.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ordinary_use_is_not_disturbed_by_deadlines() {
    let daemon = sqlite(&["--head-timeout", "30", "--idle-timeout", "60"]).await;
    let ada = daemon.user("ada").await;
    for client in [ada.clone(), ada.over_http_2()] {
        let (_, occurrence) = client.create_event(new_event_in_2031()).await;
        client.register(&occurrence, 1).await.expect(201);
        let whole = client.raw(http::Method::GET, "/openapi.json", Vec::new(), &[]).await.expect(200);
        assert!(serde_json::from_slice::<serde_json::Value>(&whole.bytes).is_ok());
    }
}
