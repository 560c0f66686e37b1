//! Hostile receivers of webhooks, and URLs that lead where nobody may go.

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, HttpReceiver, Kind, Reply, TestDb, eventually};

const OK: &str = "HTTP/1.1 200 OK\r\n\r\n";

/// Sends a test to a new webhook with this URL; what became of it.
async fn outcome(client: &Client, url: &str) -> Value {
    let new = json!({"url": url, "kinds": ["event.created"]});
    let webhook = client.post("/webhooks", new).await.expect(201).location();
    let test = client.poke(&format!("{webhook}/test")).await.expect(201).location();
    eventually(async || {
        let found = client.get(&test).await.expect(200).json();
        if found["state"] == "waiting" { Err(format!("{url}: {found}")) } else { Ok(found) }
    })
    .await
}

/// What becomes of a message: the status, and parts of the answer and of the error.
struct Expected(Option<u16>, &'static str, &'static str);

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_answers_are_cut_off_and_redirects_are_not_followed(#[case] kind: Kind) {
    let arguments = ["--webhook-allow-network", "127.0.0.0/8"];
    let daemon = Daemon::on(TestDb::in_real_time(kind).await, &arguments).await;
    let ada = daemon.user("ada").await;
    let inside = HttpReceiver::start("127.0.0.1", Reply::status(200)).await;
    let redirect = |status: u16| {
        let to = inside.url("/latest/meta-data");
        Reply::Bytes(
            format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
                .into_bytes(),
        )
    };
    let endless = |begin: &str, rest: &str| {
        Reply::Endless(begin.as_bytes().to_vec(), rest.repeat(1 + 1_000 / rest.len()).into_bytes())
    };
    let bytes = |text: &[u8]| Reply::Bytes(text.to_vec());
    let not_followed = "redirects are not followed";
    let cases = [
        ("a redirect", redirect(302), Expected(Some(302), "", not_followed)),
        ("a redirect of the POST", redirect(307), Expected(Some(307), "", not_followed)),
        ("an error", Reply::status(500), Expected(Some(500), "", "status 500")),
        ("an endless body", endless(OK, "a"), Expected(Some(200), "aaaa", "")),
        (
            "endless chunks",
            endless("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "4\r\nabcd\r\n"),
            Expected(Some(200), "abcdabcd", ""),
        ),
        (
            "broken chunks",
            bytes(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz"),
            Expected(Some(200), "", ""),
        ),
        ("a body that comes slowly", Reply::Slow(OK.as_bytes().to_vec()), Expected(Some(200), "a", "")),
        (
            "a body without meaning",
            bytes(b"HTTP/1.1 200 OK\r\n\r\n\0\xff\x1b[2J"),
            Expected(Some(200), "\u{fffd}", ""),
        ),
        ("an endless header", endless("HTTP/1.1 200 OK\r\nx: ", "a"), Expected(None, "", "")),
        ("endless headers", endless("HTTP/1.1 200 OK\r\n", "x: y\r\n"), Expected(None, "", "")),
        (
            "endless interim answers",
            endless("HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"),
            Expected(None, "", ""),
        ),
        (
            "a header that comes slowly",
            Reply::Slow(b"HTTP/1.1 200 OK\r\nx: ".to_vec()),
            Expected(None, "", "within 15 seconds"),
        ),
        ("no answer", Reply::Silence, Expected(None, "", "within 15 seconds")),
        ("another protocol", bytes(b"SSH-2.0-OpenSSH_10.0\r\n"), Expected(None, "", "")),
        ("the end", bytes(b""), Expected(None, "", "")),
    ];
    let ada = &ada;
    // Each at an address of its own: only so many messages are sent to one at a time.
    let outcomes = cases.into_iter().enumerate().map(async |(n, (name, reply, expected))| {
        let mut receiver = HttpReceiver::start(&format!("127.0.1.{}", n + 1), reply).await;
        let found = outcome(ada, &receiver.url("/")).await;
        receiver.next().await;
        assert!(receiver.is_empty(), "{name}: it is tried once");
        let Expected(status, answer, error) = expected;
        let state = if status.is_some_and(|status| status < 300) { "delivered" } else { "failed" };
        assert_eq!(found["state"], state, "{name}: {found}");
        assert_eq!(found["status"], json!(status), "{name}: {found}");
        let kept = found["answer"].as_str().unwrap_or_default();
        assert!(kept.contains(answer) && kept.chars().count() <= 2_000, "{name}: {found}");
        let told = found["error"].as_str().unwrap_or_default();
        assert_eq!(told.is_empty(), state == "delivered", "{name}: {found}");
        assert!(told.contains(error), "{name}: {found}");
    });
    join_all(outcomes).await;
    assert!(inside.is_empty(), "a redirect was followed");
    daemon.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_url_that_leads_to_no_public_address_is_refused_however_it_is_written() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    let long = format!("https://hooks.example.org/{}", "a".repeat(2_000));
    for url in [
        "",
        "hooks",
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "https://ada:secret@hooks.example.org/",
        "https://ada@hooks.example.org/",
        "https://hooks.example.org/#part",
        "https://hooks.example.org:22/",
        "https://hooks.example.org:25/",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:65536/",
        "https://hooks.example.org/\r\nx: y",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.0x1/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.0.1/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[::]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://0251.0376.0251.0376/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1]/",
        "https://224.0.0.1/",
        "https://[ff02::1]/",
        "https://255.255.255.255/",
        &long,
    ] {
        let new = json!({"url": url, "kinds": ["event.created"]});
        let refused = ada.post("/webhooks", new).await.expect_problem(400, "invalid-input");
        let code = if url.is_empty() { "required" } else { "invalid" };
        assert_eq!(refused.wrong(), [("/url".to_owned(), code.to_owned())], "{url}");
    }
    assert_eq!(ada.get("/webhooks").await.expect(200).json()["items"], json!([]));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_is_followed_into_no_network_but_those_that_the_operator_allows(#[case] kind: Kind) {
    let arguments = ["--webhook-allow-network", "127.0.0.2, 10.1.0.0/16"];
    let daemon = Daemon::on(TestDb::in_real_time(kind).await, &arguments).await;
    let ada = daemon.user("ada").await;
    let mut allowed = HttpReceiver::start("127.0.0.2", Reply::status(204)).await;
    let inside = HttpReceiver::start("127.0.0.1", Reply::status(200)).await;
    assert_eq!(outcome(&ada, &allowed.url("/")).await["state"], "delivered");
    allowed.next().await;
    for scheme in ["http", "https"] {
        let found = outcome(&ada, &format!("{scheme}://localhost:{}/", inside.address().port())).await;
        assert_eq!((&found["state"], &found["status"]), (&json!("failed"), &json!(null)), "{found}");
        let told = found["error"].as_str().unwrap();
        assert!(told.contains("no public address") && !told.contains("127.0.0.1"), "{told}");
    }
    assert!(inside.is_empty());
    daemon.check().await;
}
