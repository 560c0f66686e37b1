//! Metrics, logs and CORS of the running daemon.

use eventcore::db::{Queries, Sql};
use http::Method;
use rstest::rstest;
use tests::{Daemon, Kind, TestDb, new_event};

async fn sqlite(arguments: &[&str]) -> Daemon {
    Daemon::on(TestDb::in_real_time(Kind::Sqlite).await, arguments).await
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_count_requests_and_responses(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let client = daemon.anonymous();
    client.get("/occurrences").await.expect(200);
    client.get("/events/0").await.expect(404);
    client.get("/events/1").await.expect(404);
    client.raw(Method::GET, "/nowhere", Vec::new(), &[]).await.expect(404);
    let answer = client.raw(Method::GET, "/metrics", Vec::new(), &[]).await.expect(200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let figures = String::from_utf8(answer.bytes.to_vec()).unwrap();
    for line in [
        "http_requests_total{method=\"GET\",route=\"/api/v1/occurrences\",status=\"200\"} 1",
        "http_requests_total{method=\"GET\",route=\"/api/v1/events/{event}\",status=\"404\"} 2",
        "http_requests_total{method=\"GET\",route=\"other\",status=\"404\"} 1",
        "http_request_duration_seconds_count{method=\"GET\",route=\"/api/v1/occurrences\"} 1",
        "http_requests_in_flight 1",
        "eventd_ready 1",
    ] {
        assert!(figures.lines().any(|found| found == line), "{line} is not in\n{figures}");
    }
}

/// On one database, because the listener does not depend on it.
#[tokio::test]
async fn metrics_can_have_their_own_listener() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let daemon = sqlite(&["--metrics-listen", &free]).await;
    daemon.anonymous().raw(Method::GET, "/metrics", Vec::new(), &[]).await.expect_problem(404, "not-found");
    let figures = tests::Client::at(&free).raw(Method::GET, "/metrics", Vec::new(), &[]).await.expect(200);
    assert!(figures.bytes.starts_with(b"# HELP"), "{figures:?}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_internal_error_is_logged_once_and_not_disclosed(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let event = ada.post("/events", new_event().json()).await.expect(201).id();
    let mut tx = daemon.db.core.db().begin().await.unwrap();
    // Not the JSON that the library writes there.
    tx.query(Sql::portable("UPDATE events SET tags = 'sesame'")).execute().await.unwrap();
    tx.commit().await.unwrap();
    let id = ("x-request-id", "find-me-42");
    let answer = ada.call(Method::GET, &format!("/events/{event}"), None, &[id]).await;
    let problem = answer.expect_problem(500, "internal").json();
    assert_eq!(problem["instance"], "find-me-42");
    assert!(!problem.to_string().contains("expected"), "{problem}");
    while !daemon.log().contains("find-me-42") {
        tests::pause().await;
    }
    let log = daemon.log();
    let errors: Vec<_> = log.lines().filter(|line| line.contains("\"internal error\"")).collect();
    assert!(
        matches!(errors.as_slice(), [one] if one.contains("find-me-42") && one.contains("expected value")),
        "{errors:?}"
    );
}

/// On one database, because the response does not depend on it.
#[tokio::test]
async fn head_has_a_length_and_no_body_on_both_http_versions() {
    let daemon = sqlite(&[]).await;
    let client = daemon.anonymous();
    let whole = client.raw(Method::GET, "/openapi.json", Vec::new(), &[]).await.expect(200);
    for client in [client.clone(), client.over_http_2()] {
        let head = client.raw(Method::HEAD, "/openapi.json", Vec::new(), &[]).await.expect(200);
        assert_eq!(
            (head.bytes.len(), head.header("content-length")),
            (0, whole.bytes.len().to_string().as_str())
        );
    }
}

/// On one database, because the response does not depend on it.
#[tokio::test]
async fn cors_allows_any_origin_with_a_token() {
    let daemon = sqlite(&[]).await;
    let asks = [
        ("origin", "https://example.org"),
        ("access-control-request-method", "PATCH"),
        ("access-control-request-headers", "authorization,content-type,if-match,idempotency-key"),
    ];
    let preflight =
        daemon.anonymous().raw(Method::OPTIONS, "/api/v1/events", Vec::new(), &asks).await.expect(200);
    let allowed = preflight.header("access-control-allow-headers");
    for header in ["authorization", "content-type", "if-match", "idempotency-key"] {
        assert!(allowed.contains(header), "{header} is not in {allowed}");
    }
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert!(!preflight.header("x-request-id").is_empty());
}
