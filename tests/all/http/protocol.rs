//! Entity tags, headers, compression, shutdown and probes.

use http::Method;
use serde_json::json;
use tests::{Daemon, Kind, new_event, new_event_in_2031};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn etags_save_transfers_and_guard_changes() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    let body = new_event_in_2031().title("T").json();
    let created = ada.post("/events", body).await.expect(201);
    let path = created.location();
    let read = ada.get(&path).await.expect(200);
    assert!(read.header("last-modified").ends_with("GMT"));
    let tag = read.header("etag").to_owned();
    assert_eq!(created.header("etag"), tag);
    let known = ada.call(Method::GET, &path, None, &[("if-none-match", &tag)]).await.expect(304);
    assert!(known.bytes.is_empty());
    let change = Some(json!({"title": "Changed"}));
    ada.call(Method::PATCH, &path, change.clone(), &[("if-match", &tag)]).await.expect(200);
    ada.call(Method::PATCH, &path, change, &[("if-match", &tag)])
        .await
        .expect_problem(412, "version-mismatch");
    ada.call(Method::DELETE, &path, None, &[("if-match", &tag)])
        .await
        .expect_problem(412, "version-mismatch");
    ada.call(Method::GET, &path, None, &[("if-none-match", &tag)]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responses_have_the_documented_headers() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    for day in 1..=3 {
        let body = new_event()
            .without("timezone")
            .title("T")
            .description("d".repeat(2_000))
            .starts_at(format!("2031-03-0{day}T18:30:00Z"))
            .json();
        ada.post("/events", body).await.expect(201);
    }
    let page = ada.get("/occurrences?limit=1&title=t").await.expect(200);
    let link = page.header("link");
    assert!(
        link.contains("/api/v1/occurrences?limit=1&title=t&cursor=") && link.ends_with("; rel=\"next\""),
        "{link}"
    );
    for (sent, kept) in [("abc-1", true), ("a b", false)] {
        let answer = ada.call(Method::GET, "/events", None, &[("x-request-id", sent)]).await;
        assert_eq!(answer.header("x-request-id") == sent, kept);
    }
    for encoding in ["br", "gzip"] {
        let packed =
            ada.call(Method::GET, "/occurrences", None, &[("accept-encoding", encoding)]).await.expect(200);
        assert_eq!(packed.header("content-encoding"), encoding);
        assert!(packed.bytes.len() < 2_000);
    }
    let small = ada.call(Method::GET, "/sessions", None, &[("accept-encoding", "gzip")]).await.expect(200);
    assert_eq!(small.header("content-encoding"), "");
    let head = ada.call(Method::HEAD, "/occurrences", None, &[]).await.expect(200);
    assert!(head.bytes.is_empty());
    let asks = [
        ("origin", "https://elsewhere.example"),
        ("access-control-request-method", "PATCH"),
        ("access-control-request-headers", "authorization"),
    ];
    let preflight = ada.call(Method::OPTIONS, "/events/1", None, &asks).await.expect(200);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_requests_finish_at_shutdown() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    let body = new_event_in_2031().title("T").json().to_string();
    let token =
        ada.post("/tokens", json!({"name": "slow", "scope": "write"})).await.expect(201).json()["secret"]
            .as_str()
            .unwrap()
            .to_owned();
    let mut slow = TcpStream::connect(daemon.address()).await.unwrap();
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    // The server has requested the body (100 Continue), so the request is running.
    let mut asked = [0; 25];
    slow.read_exact(&mut asked).await.unwrap();
    assert!(asked.starts_with(b"HTTP/1.1 100"));
    let address = daemon.address().to_owned();
    let ending = tokio::spawn(daemon.stop());
    while TcpStream::connect(&address).await.is_ok() {
        tests::pause().await;
    }
    slow.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(ending.await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_distinguish_alive_from_ready() {
    let daemon = Daemon::start(Kind::Postgres).await;
    let client = daemon.anonymous();
    client.raw(Method::GET, "/healthz", Vec::new(), &[]).await.expect(200);
    client.raw(Method::GET, "/readyz", Vec::new(), &[]).await.expect(200);
    let mut tx = daemon.db.core.db().begin().await.unwrap();
    let newer = eventcore::db::Sql::portable(
        "UPDATE _eventcore_migrations SET version = 9999 \
             WHERE version = (SELECT max(version) FROM _eventcore_migrations)",
    );
    eventcore::db::Queries::query(&mut tx, newer).execute().await.unwrap();
    tx.commit().await.unwrap();
    let answer = client.raw(Method::GET, "/readyz", Vec::new(), &[]).await.expect_problem(503, "unavailable");
    // Only an operator can remedy it.
    assert!(!answer.headers.contains_key("retry-after"));
    client.raw(Method::GET, "/healthz", Vec::new(), &[]).await.expect(200);
}
