//! Heads of requests that are ambiguous or incomplete, who may read `/metrics`, and readiness. What is
//! answered before the database is used runs on one database.

use std::process::Command;

use eventcore::db::{Db, PoolSettings, Queries, Sql};
use http::Method;
use tests::{Daemon, Kind, TestDb, Wire};

async fn sqlite(arguments: &[&str]) -> Daemon {
    Daemon::on(TestDb::in_real_time(Kind::Sqlite).await, arguments).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ambiguous_heads_are_refused() {
    let daemon = sqlite(&[]).await;
    let token = "authorization: Bearer x\r\n";
    for headers in [
        String::new(),
        "host: a\r\nhost: a\r\n".to_owned(),
        "host: \r\n".to_owned(),
        "host: [::1\r\n".to_owned(),
        "host: a@b\r\n".to_owned(),
        "host: a b\r\n".to_owned(),
        "host: a:99999\r\n".to_owned(),
        format!("host: a\r\n{token}{token}"),
        "host: a\r\ncontent-type: text/plain\r\ncontent-type: application/json\r\n".to_owned(),
        "host: a\r\ntransfer-encoding: gzip, chunked\r\n".to_owned(),
        "host: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n".to_owned(),
        "host: a\r\ntransfer-encoding: chunked, chunked\r\n".to_owned(),
    ] {
        let mut wire = Wire::connect(daemon.address()).await;
        wire.send(format!("POST /api/v1/recurrence/preview HTTP/1.1\r\n{headers}\r\n")).await;
        wire.send("0\r\n\r\n").await;
        let response = wire.response().await;
        response.problem(400, "invalid-input");
        assert!(response.head.contains("\r\nconnection: close\r\n"), "{response:?}");
    }
    for host in ["example.org", "EXAMPLE.org:8080", "[::1]:80", "127.0.0.1"] {
        let mut wire = Wire::connect(daemon.address()).await;
        wire.send(format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n")).await;
        assert_eq!(wire.response().await.status, 200, "{host}");
    }
    let mut chunked = Wire::connect(daemon.address()).await;
    chunked
        .send(
            "POST /api/v1/auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
               2\r\n{}\r\n0\r\n\r\n",
        )
        .await;
    assert_eq!(chunked.response().await.status, 415);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_for_this_machine_unless_they_are_opened() {
    let daemon = sqlite(&[]).await;
    let client = daemon.anonymous();
    client.raw(Method::GET, "/metrics", Vec::new(), &[]).await.expect(200);
    for header in [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1"), ("via", "1.1 proxy")] {
        client.raw(Method::GET, "/metrics", Vec::new(), &[header]).await.expect_problem(404, "not-found");
    }
    let open = sqlite(&["--metrics-public", "true"]).await;
    let proxied = [("x-forwarded-for", "192.0.2.1")];
    open.anonymous().raw(Method::GET, "/metrics", Vec::new(), &proxied).await.expect(200);
}

/// A limit on the size of files stands for a full disk: it needs no privileges, and it can be lifted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_on_a_full_disk_is_not_ready() {
    let daemon = sqlite(&[]).await;
    let client = daemon.anonymous();
    client.raw(Method::GET, "/readyz", Vec::new(), &[]).await.expect(200);
    let set_size = |size: &str| {
        let pid = daemon.pid().to_string();
        let set = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={size}:")]).status();
        assert!(set.unwrap().success());
    };
    set_size("4096");
    let refused = loop {
        let answer = client.raw(Method::GET, "/readyz", Vec::new(), &[]).await;
        if answer.status != 200 {
            break answer.expect_problem(503, "unavailable");
        }
    };
    assert_eq!(refused.header("retry-after"), "", "a full disk does not pass by itself");
    client.raw(Method::GET, "/healthz", Vec::new(), &[]).await.expect(200);
    assert_eq!(daemon.metric("eventd_ready").await, 0);
    set_size("unlimited");
    while client.raw(Method::GET, "/readyz", Vec::new(), &[]).await.status != 200 {
        tests::pause().await;
    }
}

/// Settings of the database stand for a standby server and for a disk that takes no more files. They hold for
/// new connections, so the open ones are ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_whose_postgres_cannot_be_written_is_not_ready() {
    let daemon = Daemon::on(TestDb::in_real_time(Kind::Postgres).await, &[]).await;
    let client = daemon.anonymous();
    // A setting of the connection is stronger than one of the database.
    let url = &daemon.db.url;
    let sign = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{sign}options[default_transaction_read_only]=off");
    let operator = Db::connect(&url, PoolSettings::default()).await.unwrap();
    let mut operator = operator.read().await.unwrap();
    let name: String =
        operator.query(Sql::portable("SELECT current_database()::text")).scalar().await.unwrap();
    let mut set = async |change: &str| {
        operator.query(Sql::dynamic(format!("ALTER DATABASE \"{name}\" {change}"))).execute().await.unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        operator.query(Sql::portable(end)).execute().await.unwrap();
    };
    let becomes = async |status: u16| {
        loop {
            let answer = client.raw(Method::GET, "/readyz", Vec::new(), &[]).await;
            if answer.status == status {
                break answer;
            }
            tests::pause().await;
        }
    };
    becomes(200).await;
    for (refuse, allow) in [
        ("SET default_transaction_read_only = on", "RESET default_transaction_read_only"),
        ("SET temp_file_limit = 0", "RESET temp_file_limit"),
    ] {
        set(refuse).await;
        becomes(503).await.expect_problem(503, "unavailable");
        client.raw(Method::GET, "/healthz", Vec::new(), &[]).await.expect(200);
        set(allow).await;
        becomes(200).await;
    }
}
