//! `Idempotency-Key` over HTTP.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Client, Daemon, Kind, new_event};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

fn event(title: &str) -> Value {
    new_event().title(title).starts_at("2037-03-04T18:30:00").timezone("Europe/Berlin").capacity(40).json()
}

async fn post(client: &Client, path: &str, body: Value, key: &str) -> Answer {
    client.call(Method::POST, path, Some(body), &[("idempotency-key", key)]).await
}

async fn total(client: &Client, title: &str) -> Value {
    client.get(&format!("/events?title={title}&count=true")).await.expect(200).json()["total"].clone()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_gets_the_first_answer(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let first = post(&ada, "/events", event("concert"), "\"k\"").await.expect(201);
    // The draft of the header quotes the key; a bare key is the same.
    let again = post(&ada, "/events", event("concert"), "k").await.expect(201);
    assert_eq!(first.bytes, again.bytes);
    for header in ["etag", "location", "content-type", "last-modified"] {
        assert!(!first.header(header).is_empty(), "{header}");
        assert_eq!(first.header(header), again.header(header), "{header}");
    }
    assert_ne!(first.header("x-request-id"), again.header("x-request-id"));
    post(&ada, "/events", event("theatre"), "k").await.expect_problem(409, "idempotency-key-reused");
    assert_eq!((total(&ada, "concert").await, total(&ada, "theatre").await), (json!(1), json!(0)));

    let bad = post(&ada, "/events", event("opera"), "two words").await.expect_problem(400, "invalid-input");
    assert_eq!(bad.wrong(), [("/Idempotency-Key".to_owned(), "invalid".to_owned())]);
    let anonymous = daemon.anonymous();
    post(&anonymous, "/events", event("opera"), "k").await.expect_problem(401, "unauthenticated");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_repeated_to_its_owner_only(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, lin] = daemon.users(["ada", "lin"]).await;
    let first = post(&ada, "/tokens", json!({"name": "script"}), "k").await.expect(201);
    let again = post(&ada, "/tokens", json!({"name": "script"}), "k").await.expect(201);
    assert_eq!(first.json()["secret"], again.json()["secret"]);
    let other = post(&lin, "/tokens", json!({"name": "script"}), "k").await.expect(201);
    assert_ne!(first.json()["secret"], other.json()["secret"]);
    assert_eq!(ada.get("/tokens").await.expect(200).json()["items"].as_array().unwrap().len(), 1);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_disconnects_and_repeats_creates_one_event(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let body = event("rush").to_string();
    let token =
        ada.post("/tokens", json!({"name": "raw", "scope": "write"})).await.expect(201).json()["secret"]
            .as_str()
            .unwrap()
            .to_owned();
    for key in 0..20 {
        let mut stream = TcpStream::connect(daemon.address()).await.unwrap();
        let head = format!(
            "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nIdempotency-Key: k{key}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        // Disconnects before the response.
        drop(stream);
    }
    for key in 0..20 {
        post(&ada.with_token(&token), "/events", event("rush"), &format!("k{key}")).await.expect(201);
    }
    assert_eq!(total(&ada, "rush").await, 20);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_after_a_crash_takes_effect_once(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    // Sessions are opened first: the crash may happen before a slow writer has begun.
    let token =
        ada.post("/tokens", json!({"name": "raw", "scope": "write"})).await.expect(201).json()["secret"]
            .as_str()
            .unwrap()
            .to_owned();
    let writers = (0..8).map(|writer| {
        let (address, body, token) = (daemon.address().to_owned(), event("crash").to_string(), token.clone());
        tokio::spawn(async move {
            for key in 0_i64.. {
                let Ok(mut stream) = TcpStream::connect(&address).await else { return key };
                let head = format!(
                    "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                             Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
                             Idempotency-Key: k{writer}-{key}\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                let sent = stream.write_all(format!("{head}{body}").as_bytes()).await;
                let mut answer = Vec::new();
                let answered = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await;
                if sent.is_err() || answered.is_err() || !answer.starts_with(b"HTTP/1.1 201") {
                    return key + 1;
                }
            }
            0
        })
    });
    let writers: Vec<_> = writers.collect();
    // Once some requests are answered, the others are running.
    while total(&ada, "crash").await.as_i64().unwrap() < 30 {}
    let db = daemon.kill().await;
    let daemon = Daemon::on(db, &[]).await;
    let again = daemon.again(&ada).with_token(&token);
    let repeats = writers.into_iter().enumerate().map(|(writer, sent)| {
        let again = again.clone();
        async move {
            let sent = sent.await.unwrap();
            for key in 0..sent {
                let answer = post(&again, "/events", event("crash"), &format!("k{writer}-{key}")).await;
                assert!(matches!(answer.status.as_u16(), 201 | 409), "{writer}-{key}: {answer:?}");
            }
            sent
        }
    });
    let keys: i64 = futures_util::future::join_all(repeats).await.into_iter().sum();
    assert_eq!(total(&again, "crash").await, keys);
}
