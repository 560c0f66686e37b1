//! Guesses of passwords. On one database, because failures are counted in memory.

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use tests::{Answer, Client, Daemon, Kind, TestDb};

const PASSWORD: &str = "correct horse 7";

/// A daemon behind a proxy, which names the networks of clients. The rates are not what is tested.
async fn daemon() -> Daemon {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    db.user_with_password("ada", PASSWORD).await;
    let arguments =
        ["--limits", "on", "--trusted-hops", "1", "--sign-in-limit", "100000", "--rate-limit", "100000"];
    Daemon::on(db, &arguments).await
}

async fn sign_in(client: &Client, network: &str, login: &str, password: &str) -> Answer {
    let body = json!({"login": login, "password": password});
    client.call(Method::POST, "/auth/login", Some(body), &[("x-forwarded-for", network)]).await
}

fn wait(answer: &Answer) -> u64 {
    answer.header("retry-after").parse().expect("seconds")
}

#[tokio::test]
async fn a_guesser_waits_longer_and_longer_and_nobody_else_does() {
    let daemon = daemon().await;
    let client = daemon.anonymous();
    // Sixty guesses from one network: few are tried.
    let guesses = join_all((0..60).map(|n| {
        let client = client.clone();
        async move { sign_in(&client, "203.0.113.9", "ada", &format!("wrong horse {n}")).await }
    }));
    let guesses = guesses.await;
    let tried = guesses.iter().filter(|answer| answer.status == 401).count();
    assert!((1..15).contains(&tried), "{tried}");
    for refused in guesses.into_iter().filter(|answer| answer.status != 401) {
        assert!(wait(&refused.expect_problem(429, "rate-limited")) >= 1);
    }
    // Guesses from many networks: one that failed waits for longer, even with the right password.
    for number in 0..20 {
        sign_in(&client, &format!("198.51.100.{number}"), "ada", "wrong horse 7").await.expect(401);
    }
    let refused =
        sign_in(&client, "198.51.100.19", "ada", PASSWORD).await.expect_problem(429, "rate-limited");
    assert!((2..=15).contains(&wait(&refused)), "{refused:?}");
    // Who has not failed is let in at once, and so is the owner again.
    sign_in(&client, "192.0.2.1", "ada", PASSWORD).await.expect(200);
    sign_in(&client, "192.0.2.1", "ada@example.org", PASSWORD).await.expect(200);
    // Whether the account exists makes no difference.
    for number in 0..20 {
        sign_in(&client, &format!("198.51.100.{number}"), "nobody", "wrong horse 7").await.expect(401);
    }
    let refused = sign_in(&client, "198.51.100.19", "nobody", PASSWORD).await;
    assert!((2..=15).contains(&wait(&refused.expect_problem(429, "rate-limited"))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_sign_ins_at_once_do_not_starve_an_honest_one() {
    let daemon = daemon().await;
    let client = daemon.anonymous();
    let flood: Vec<_> = (0..1_040)
        .map(|n| {
            let client = client.clone();
            tokio::spawn(async move {
                sign_in(&client, "203.0.113.9", &format!("user{n}"), "wrong horse 7").await
            })
        })
        .collect();
    sign_in(&client, "192.0.2.1", "ada", PASSWORD).await.expect(200);
    for answer in join_all(flood).await {
        let answer = answer.expect("an answer");
        match answer.status.as_u16() {
            401 => {}
            429 | 503 => assert!(wait(&answer) >= 1),
            other => panic!("{other}: {answer:?}"),
        }
    }
}
