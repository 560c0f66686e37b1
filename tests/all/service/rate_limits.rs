//! Rate limits per client network. On one database, because they apply before the database is used.

use http::Method;
use serde_json::json;
use tests::{Answer, Client, Daemon, Kind, TestDb};

async fn limited(arguments: &[&str]) -> Daemon {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    Daemon::on(db, &[&["--limits", "on"], arguments].concat()).await
}

/// Calls until an answer is not `status`.
async fn until_not(status: u16, mut call: impl AsyncFnMut() -> Answer) -> Answer {
    loop {
        let answer = call().await;
        if answer.status != status {
            return answer;
        }
    }
}

async fn sign_in(client: &Client, headers: &[(&str, &str)]) -> Answer {
    let wrong = json!({"login": "nobody", "password": "wrong horse 7"});
    client.call(Method::POST, "/auth/login", Some(wrong), headers).await
}

#[tokio::test]
async fn a_client_above_the_rate_limit_is_told_to_wait() {
    let daemon = limited(&["--rate-limit", "2"]).await;
    let client = daemon.anonymous();
    let refused = until_not(200, async || client.get("/occurrences").await).await;
    let refused = refused.expect_problem(429, "rate-limited");
    assert_eq!(refused.header("ratelimit-policy"), "\"requests\";q=2;w=1");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("ratelimit"), "\"requests\";r=0;t=1");
    // Probes are never limited.
    for _ in 0..10 {
        let alive = client.raw(Method::GET, "/healthz", Vec::new(), &[]).await.expect(200);
        assert_eq!(alive.header("ratelimit"), "");
    }
}

#[tokio::test]
async fn reads_are_generous_and_sign_in_sign_up_search_and_facets_are_strict() {
    let daemon = limited(&[]).await;
    let client = daemon.anonymous();
    let policy = |answer: &Answer| answer.header("ratelimit-policy").to_owned();
    assert_eq!(policy(&client.get("/occurrences").await.expect(200)), "\"requests\";q=100;w=1");
    for search in ["/occurrences?q=rust", "/events?title=rust", "/occurrences/facets"] {
        let found = client.get(search).await.expect(200);
        assert_eq!(policy(&found), "\"requests\";q=100;w=1, \"searches\";q=100;w=10");
    }
    let refused = sign_in(&client, &[]).await.expect(401);
    assert_eq!(policy(&refused), "\"requests\";q=100;w=1, \"sign-ins\";q=30;w=60");
    assert_eq!(refused.header("ratelimit").split(", ").nth(1), Some("\"sign-ins\";r=29;t=2"));
    let refused = client.post("/users", json!({})).await.expect(400);
    assert_eq!(policy(&refused), "\"requests\";q=100;w=1, \"sign-ups\";q=30;w=600");
}

#[tokio::test]
async fn new_accounts_from_one_network_are_few() {
    let daemon = limited(&["--sign-up-limit", "2"]).await;
    let client = daemon.anonymous();
    let refused = until_not(400, async || client.post("/users", json!({})).await).await;
    let refused = refused.expect_problem(429, "rate-limited");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((240..=300).contains(&wait), "{wait}");
}

#[tokio::test]
async fn only_trusted_proxies_name_the_client() {
    let arguments = ["--sign-in-limit", "1", "--trusted-hops", "2", "--forwarding-header", "forwarded"];
    let daemon = limited(&arguments).await;
    let client = daemon.anonymous();
    let from = async |forwarded: &str| sign_in(&client, &[("forwarded", forwarded)]).await.status.as_u16();
    // Port and spelling do not matter, what a client claims does not either, and IPv6 counts by /64.
    assert_eq!(from("for=203.0.113.9, for=192.0.2.1").await, 401);
    assert_eq!(from("for=198.51.100.7, For=\"203.0.113.9:4711\";proto=https, for=192.0.2.2").await, 429);
    assert_eq!(from("for=198.51.100.7, for=192.0.2.1").await, 401);
    assert_eq!(from("for=\"[2001:db8::1]:4711\", for=192.0.2.1").await, 401);
    assert_eq!(from("for=\"[2001:db8::2]\", for=192.0.2.1").await, 429);

    let daemon = limited(&["--sign-in-limit", "1"]).await;
    let client = daemon.anonymous();
    let from = async |address: &str| {
        sign_in(&client, &[("x-forwarded-for", address), ("forwarded", "for=203.0.113.9")]).await.status
    };
    assert_eq!(from("203.0.113.9").await, 401);
    assert_eq!(from("198.51.100.7").await, 429);
}

#[tokio::test]
async fn one_setting_lifts_all_limits_per_client() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let daemon = Daemon::on(db, &["--limits", "off", "--rate-limit", "1", "--sign-in-limit", "1"]).await;
    for _ in 0..20 {
        let answer = sign_in(&daemon.anonymous(), &[]).await.expect(401);
        assert_eq!(answer.header("ratelimit"), "");
    }
}
