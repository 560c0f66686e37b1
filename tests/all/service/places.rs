//! Places: how many requests the daemon works on at once, and who gets them. On one database, because places
//! are given before the database is used.

use eventcore::db::{Queries, Sql};
use futures_util::stream;
use http::{Method, Request};
use http_body_util::{Empty, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tests::{Daemon, Kind, TestDb, Wire, new_event_in_2031};
use tokio::net::TcpStream;

async fn sqlite(arguments: &[&str]) -> Daemon {
    Daemon::on(TestDb::in_real_time(Kind::Sqlite).await, arguments).await
}

const SIGN_IN: &str = "POST /api/v1/auth/login HTTP/1.1\r\nhost: tests\r\n\
                       content-type: application/json\r\ncontent-length: 1000\r\n\r\n{";

/// Waits until the daemon has received as many requests as that.
async fn in_flight(daemon: &Daemon, number: u64) {
    while daemon.metric("http_requests_in_flight").await <= number {
        tests::pause().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_without_their_bodies_take_no_place() {
    let daemon = sqlite(&["--max-concurrent", "4", "--body-timeout", "600"]).await;
    let mut slow = Vec::new();
    for _ in 0..30 {
        let mut wire = Wire::connect(daemon.address()).await;
        wire.send(SIGN_IN).await;
        slow.push(wire);
    }
    let stream = TcpStream::connect(daemon.address()).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let body = StreamBody::new(stream::pending::<Result<Frame<Bytes>, std::convert::Infallible>>());
        let request = Request::post(format!("http://{}/api/v1/auth/login", daemon.address()));
        let request = request.header("content-type", "application/json").body(body).unwrap();
        requests.spawn(sender.clone().send_request(request));
    }
    in_flight(&daemon, 60).await;
    let client = daemon.anonymous();
    client.get("/occurrences").await.expect(200);
    for probe in ["/healthz", "/readyz", "/metrics"] {
        client.raw(Method::GET, probe, Vec::new(), &[]).await.expect(200);
    }
    assert_eq!(daemon.metric("http_places_taken").await, 0);
    driver.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_http_2_connection_has_at_most_64_streams() {
    let daemon = sqlite(&[]).await;
    let stream = TcpStream::connect(daemon.address()).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(async move {
        let mut connection = std::pin::pin!(connection);
        loop {
            if connection.current_max_send_streams() == 64 {
                break 64;
            }
            tokio::select! {
                ended = &mut connection => panic!("{ended:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
    });
    assert_eq!(driver.await.unwrap(), 64);
    drop::<SendRequest<Empty<Bytes>>>(sender);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_network_takes_all_places() {
    let daemon = sqlite(&["--max-concurrent", "4", "--max-concurrent-per-network", "2"]).await;
    let ada = daemon.user("ada").await;
    // Writes wait while this transaction is open.
    let mut tx = daemon.db.core.db().begin().await.unwrap();
    tx.query(Sql::portable("UPDATE settings SET value = value")).execute().await.unwrap();
    let body = new_event_in_2031().json().to_string();
    let create = format!(
        "POST /api/v1/events HTTP/1.1\r\nhost: tests\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        ada.token(),
        body.len()
    );
    let mut writes = Vec::new();
    for _ in 0..2 {
        let mut wire = Wire::connect_from("127.0.0.2", daemon.address()).await;
        wire.send(&create).await;
        writes.push(wire);
    }
    while daemon.metric("http_places_taken").await < 2 {
        tests::pause().await;
    }
    let mut same = Wire::connect_from("127.0.0.2", daemon.address()).await;
    let detail = same.get("/api/v1/occurrences").await.problem(503, "unavailable");
    assert_eq!(detail, "the server is at its limit of concurrent requests: try again");
    assert_eq!(same.get("/healthz").await.status, 200);
    let mut other = Wire::connect_from("127.0.0.3", daemon.address()).await;
    assert_eq!(other.get("/api/v1/occurrences").await.status, 200);
    tx.commit().await.unwrap();
    for wire in &mut writes {
        assert_eq!(wire.response().await.status, 201);
    }
}
