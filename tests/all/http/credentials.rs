//! Credentials over HTTP: which operations want which, and what becomes of those that are lost or repeated.

use std::collections::BTreeSet;

use eventcore::Actor;
use eventcore::db::{Queries, Sql};
use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Client, Daemon, Kind, command, id_of, new_event_in_2031};
use tokio::io::AsyncWriteExt;

const PASSWORD: &str = "correct horse 7";
const OTHER: &str = "another horse 8";

/// What an operation wants of the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    /// Anything, or nothing.
    Any,
    /// A session: personal access tokens are refused.
    Session,
    /// A session in which the password was given in the last five minutes.
    Password,
}

/// The operations that concern accounts or are for admins. Every change below these paths is listed, so that
/// a new one is decided here.
const OPERATIONS: [(&str, &str, Wants); 29] = [
    ("post", "/auth/login", Wants::Any),
    ("post", "/auth/refresh", Wants::Any),
    ("post", "/auth/logout", Wants::Any),
    ("post", "/auth/confirm", Wants::Session),
    ("post", "/auth/verify-email", Wants::Any),
    ("post", "/auth/forgot-password", Wants::Any),
    ("post", "/auth/reset-password", Wants::Any),
    ("get", "/sessions", Wants::Any),
    ("delete", "/sessions", Wants::Password),
    ("delete", "/sessions/{session}", Wants::Password),
    ("get", "/tokens", Wants::Any),
    ("post", "/tokens", Wants::Password),
    ("delete", "/tokens/{token}", Wants::Session),
    ("get", "/users", Wants::Session),
    ("post", "/users", Wants::Any),
    ("get", "/users/{user}", Wants::Any),
    ("patch", "/users/{user}", Wants::Any),
    ("delete", "/users/{user}", Wants::Password),
    ("get", "/users/me/export", Wants::Any),
    ("get", "/users/me/insights", Wants::Any),
    ("put", "/users/me/password", Wants::Session),
    ("post", "/users/me/calendar", Wants::Session),
    ("delete", "/users/me/calendar", Wants::Session),
    ("post", "/users/me/verify-email", Wants::Session),
    ("get", "/categories", Wants::Any),
    ("get", "/categories/{category}", Wants::Any),
    ("post", "/categories", Wants::Session),
    ("patch", "/categories/{category}", Wants::Session),
    ("delete", "/categories/{category}", Wants::Session),
];

/// A body that is valid, as far as the operation has one to give.
fn body(method: &str, path: &str) -> Option<Value> {
    match (method, path) {
        (_, "/auth/confirm") => Some(json!({"password": "not her password"})),
        ("post", "/tokens") => Some(json!({"name": "script", "scope": "write"})),
        (_, "/users/me/password") => Some(json!({"current_password": "not hers 77", "new_password": OTHER})),
        ("post", "/categories") => Some(json!({"slug": "a-new-one", "name": "A new one"})),
        ("patch" | "post" | "put", _) => Some(json!({})),
        _ => None,
    }
}

async fn call(client: &Client, method: &str, path: &str) -> Answer {
    let missing = "01890000-0000-7000-8000-000000000000";
    let address = path.replace("{user}", "me").replace("{category}", "not-there");
    let address: Vec<&str> =
        address.split('/').map(|segment| if segment.starts_with('{') { missing } else { segment }).collect();
    let body = body(method, path);
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    client.call(method, &address.join("/"), body, &[]).await
}

async fn document(client: &Client) -> Value {
    client.raw(Method::GET, "/openapi.json", Vec::new(), &[]).await.expect(200).json()
}

/// Method and path below `/api/v1` of all operations, each with whether it takes no personal access token.
fn operations(document: &Value) -> Vec<(String, String, bool)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix("/api/v1") else { continue };
        for (method, operation) in item.as_object().unwrap() {
            let session_only = operation["security"] == json!([{"session": []}]);
            found.push((method.clone(), path.to_owned(), session_only));
        }
    }
    found
}

/// The type of a problem; empty for a success.
fn problem(answer: &Answer) -> String {
    if answer.status.is_success() || answer.status.as_u16() == 304 {
        return String::new();
    }
    answer.json()["type"].as_str().unwrap_or_default().to_owned()
}

/// Makes the server believe that nobody gave a password lately.
async fn forget_passwords(daemon: &Daemon) {
    let mut tx = daemon.db.core.db().begin().await.unwrap();
    tx.query(Sql::portable("UPDATE sessions SET confirmed_at = NULL")).execute().await.unwrap();
    tx.commit().await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_operation_takes_only_the_credentials_it_should(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let root = daemon.admin("root").await;
    let all = operations(&document(&root).await);
    let prefixes = ["/auth", "/sessions", "/tokens", "/users", "/categories"];
    let concerned = |path: &str| {
        prefixes.iter().any(|prefix| {
            path.strip_prefix(prefix).is_some_and(|rest| matches!(rest.as_bytes(), [] | [b'/', ..]))
        })
    };
    let documented: BTreeSet<(&str, &str)> = all
        .iter()
        .filter(|(method, path, _)| method != "get" && concerned(path))
        .map(|(method, path, _)| (&**method, &**path))
        .collect();
    let listed: BTreeSet<(&str, &str)> = OPERATIONS
        .iter()
        .filter(|(method, ..)| *method != "get")
        .map(|(method, path, _)| (*method, *path))
        .collect();
    assert_eq!(documented, listed, "decide what a new operation wants");
    let wants = |method: &str, path: &str| {
        let found = OPERATIONS.iter().find(|(m, p, _)| (*m, *p) == (method, path));
        found.map_or(Wants::Any, |(_, _, wants)| *wants)
    };

    let secret = root.post("/tokens", json!({"name": "script", "scope": "write"})).await.expect(201).json();
    let script = root.with_token(secret["secret"].as_str().unwrap());
    for (method, path, session_only) in &all {
        let wants = wants(method, path);
        assert_eq!(wants != Wants::Any, *session_only, "{method} {path} is documented otherwise");
        if path == "/stream" {
            continue;
        }
        let answer = call(&script, method, path).await;
        let refused = problem(&answer) == "/problems/forbidden";
        assert_eq!(refused, wants != Wants::Any, "{method} {path}: {answer:?}");
    }
    script.get("/users/me").await.expect(200);

    forget_passwords(&daemon).await;
    for (method, path, _) in &all {
        if path == "/stream" {
            continue;
        }
        let answer = call(&root, method, path).await;
        let refused = problem(&answer) == "/problems/password-required";
        assert_eq!(refused, wants(method, path) == Wants::Password, "{method} {path}: {answer:?}");
        assert!(!refused || answer.status == 403);
    }
    root.get("/users/me").await.expect(200);
    let page = root.raw(Method::GET, "/problems/password-required", Vec::new(), &[]).await.expect(200);
    let html = String::from_utf8_lossy(&page.bytes).replace("&#x2f;", "/");
    assert!(html.contains("/auth/confirm"), "{html}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_of_an_admin_has_the_permissions_of_a_user(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (root, [ada, bob]) = (daemon.admin("root").await, daemon.users(["ada", "bob"]).await);
    let secret = root.post("/tokens", json!({"name": "script", "scope": "write"})).await.expect(201).json();
    let script = root.with_token(secret["secret"].as_str().unwrap());
    let (event, _) = ada.create_event(new_event_in_2031()).await;
    let (draft, _) = ada.create_event(new_event_in_2031().draft()).await;
    script
        .patch(&format!("/events/{event}"), json!({"title": "Mine"}))
        .await
        .expect_problem(403, "forbidden");
    script.get(&format!("/events/{draft}")).await.expect_problem(404, "not-found");
    root.get(&format!("/events/{draft}")).await.expect(200);
    let bob = format!("/users/{}", bob.id());
    assert_eq!(script.get(&bob).await.expect(200).json().get("email"), None);
    for change in [json!({"role": "admin"}), json!({"display_name": "X"}), json!({"email": "x@example.org"})]
    {
        script.patch(&bob, change).await.expect_problem(403, "forbidden");
    }
    script.delete(&bob).await.expect_problem(403, "forbidden");
    script.patch("/users/me", json!({"role": "user"})).await.expect_problem(403, "forbidden");
    script.patch("/users/me", json!({"email": "x@example.org"})).await.expect_problem(403, "forbidden");
    let with_password = json!({"email": "x@example.org", "current_password": PASSWORD});
    script.patch("/users/me", with_password).await.expect_problem(403, "forbidden");
    script.patch("/users/me", json!({"display_name": "Script"})).await.expect(200);
    let admin = json!({"username": "evil", "email": "e@example.org", "password": PASSWORD, "role": "admin"});
    script.post("/users", admin.clone()).await.expect_problem(403, "forbidden");
    forget_passwords(&daemon).await;
    root.post("/users", admin).await.expect_problem(403, "password-required");
}

/// Signs in over HTTP; the tokens.
async fn sign_in(daemon: &Daemon, password: &str) -> Value {
    daemon
        .anonymous()
        .post("/auth/login", json!({"login": "ada", "password": password}))
        .await
        .expect(200)
        .json()
}

fn with(daemon: &Daemon, tokens: &Value) -> Client {
    daemon.anonymous().with_token(tokens["access_token"].as_str().unwrap())
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_given_again_allows_changes_of_credentials(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    daemon.db.user_with_password("ada", PASSWORD).await;
    let ada = with(&daemon, &sign_in(&daemon, PASSWORD).await);
    forget_passwords(&daemon).await;
    let refused = ada.delete("/users/me").await.expect_problem(403, "password-required");
    assert_eq!(refused.header("www-authenticate"), "");
    let wrong =
        ada.post("/auth/confirm", json!({"password": OTHER})).await.expect_problem(400, "invalid-input");
    assert_eq!(wrong.wrong(), [("/password".to_owned(), "wrong_password".to_owned())]);
    ada.post("/auth/confirm", json!({"password": PASSWORD})).await.expect(204);
    ada.post("/tokens", json!({"name": "script"})).await.expect(201);
    forget_passwords(&daemon).await;
    ada.post("/tokens", json!({"name": "script"})).await.expect_problem(403, "password-required");
    ada.post("/tokens", json!({"name": "script", "current_password": PASSWORD})).await.expect(201);

    for (current, new, pointer, code) in [
        (OTHER, "a third horse 9", "/current_password", "wrong_password"),
        (PASSWORD, PASSWORD, "/new_password", "unchanged"),
    ] {
        let change = json!({"current_password": current, "new_password": new});
        let wrong = ada.put("/users/me/password", change).await.expect_problem(400, "invalid-input");
        assert_eq!(wrong.wrong(), [(pointer.to_owned(), code.to_owned())]);
        assert_eq!(wrong.header("www-authenticate"), "");
    }
    ada.put("/users/me/password", json!({"current_password": PASSWORD, "new_password": OTHER}))
        .await
        .expect(204);
    assert_eq!(ada.get("/tokens").await.expect(200).json()["items"], json!([]));
    ada.post("/auth/confirm", json!({"password": OTHER})).await.expect(204);
    ada.delete("/users/me").await.expect(204);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_not_repeated_to_another_credential_of_its_owner(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    daemon.db.user_with_password("ada", PASSWORD).await;
    let (one, other) = (sign_in(&daemon, PASSWORD).await, sign_in(&daemon, PASSWORD).await);
    let (here, there) = (with(&daemon, &one), with(&daemon, &other));
    let create = async |client: &Client| {
        let (body, key) = (json!({"name": "script", "scope": "write"}), [("idempotency-key", "k")]);
        client.call(Method::POST, "/tokens", Some(body), &key).await
    };
    let secret = create(&here).await.expect(201).json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(create(&here).await.expect(201).json()["secret"], secret);
    assert_ne!(create(&there).await.expect(201).json()["secret"], secret);
    create(&daemon.anonymous().with_token(&secret)).await.expect_problem(403, "forbidden");
    // Renewed tokens are of the same session.
    let renewed = json!({"refresh_token": one["refresh_token"]});
    let renewed = daemon.anonymous().post("/auth/refresh", renewed).await.expect(200).json();
    assert_eq!(create(&with(&daemon, &renewed)).await.expect(201).json()["secret"], secret);
}

/// A stored answer would hand out the tokens of a sign-in to whoever repeats it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_again_is_a_new_session_whatever_the_key() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    daemon.db.user_with_password("ada", PASSWORD).await;
    let login = async || {
        let body = json!({"login": "ada", "password": PASSWORD});
        let key = [("idempotency-key", "k")];
        daemon.anonymous().call(Method::POST, "/auth/login", Some(body), &key).await.expect(200).json()
    };
    assert_ne!(login().await["refresh_token"], login().await["refresh_token"]);
    let document = document(&daemon.anonymous()).await;
    let parameters = |path: &str| document["paths"][path]["post"]["parameters"].to_string();
    assert!(!parameters("/api/v1/auth/login").contains("Idempotency-Key"));
    assert!(parameters("/api/v1/tokens").contains("Idempotency-Key"));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_that_is_repeated_gets_the_same_pair_and_a_late_one_ends_the_session(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    daemon.db.user_with_password("ada", PASSWORD).await;
    let first = sign_in(&daemon, PASSWORD).await;
    let anonymous = daemon.anonymous();
    let refresh = async |pair: &Value| {
        anonymous.post("/auth/refresh", json!({"refresh_token": pair["refresh_token"]})).await
    };
    let answers = futures_util::future::join_all((0..8).map(|_| refresh(&first))).await;
    let pairs: Vec<Value> = answers.into_iter().map(|answer| answer.expect(200).json()).collect();
    for pair in &pairs {
        assert_eq!(
            (&pair["access_token"], &pair["refresh_token"]),
            (&pairs[0]["access_token"], &pairs[0]["refresh_token"])
        );
    }
    let ada = with(&daemon, &pairs[0]);
    ada.get("/users/me").await.expect(200);

    let mut tx = daemon.db.core.db().begin().await.unwrap();
    let long_ago = daemon.db.core.now().minus(std::time::Duration::from_hours(1));
    let sql = Sql::portable("UPDATE refresh_tokens SET used_at = $1 WHERE used_at IS NOT NULL");
    tx.query(sql).bind(long_ago).execute().await.unwrap();
    tx.commit().await.unwrap();
    refresh(&first).await.expect_problem(401, "invalid-credentials");
    refresh(&pairs[0]).await.expect_problem(401, "invalid-credentials");
    ada.get("/users/me").await.expect_problem(401, "invalid-credentials");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_sessions_are_listed_page_by_page_and_can_be_ended(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    for _ in 0..110 {
        daemon.db.core.open_session(&Actor::System, ada.id()).await.unwrap();
    }
    let sessions = ada.all("/sessions?limit=50").await;
    assert_eq!(sessions.len(), 111);
    assert_eq!(ada.get("/sessions?limit=1&count=true").await.expect(200).json()["total"], 111);
    let other = sessions.iter().rev().find(|session| session["current"] == false).unwrap();
    ada.delete(&format!("/sessions/{}", other["id"].as_str().unwrap())).await.expect(204);
    ada.delete("/sessions").await.expect(204);
    let left = ada.all("/sessions").await;
    assert_eq!(left.iter().map(|session| session["current"].clone()).collect::<Vec<_>>(), [json!(true)]);
}

/// Runs `eventd` on the database of a daemon with a line of input; what it says.
async fn eventd(daemon: &Daemon, arguments: &[&str], input: &str) -> String {
    let mut child = command(arguments)
        .args(["--database", &daemon.db.url])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_s_new_password_ends_sessions_and_personal_tokens(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    daemon.db.user_with_password("ada", PASSWORD).await;
    let ada = with(&daemon, &sign_in(&daemon, PASSWORD).await);
    let secret = ada.post("/tokens", json!({"name": "script"})).await.expect(201).json();
    let script = ada.with_token(secret["secret"].as_str().unwrap());
    script.get("/users/me").await.expect(200);
    let said = eventd(&daemon, &["user", "reset-password", "ada"], &format!("{OTHER}\n")).await;
    assert!(said.contains("personal access tokens revoked"), "{said}");
    for client in [&ada, &script] {
        client.get("/users/me").await.expect_problem(401, "invalid-credentials");
    }
    with(&daemon, &sign_in(&daemon, OTHER).await).get("/users/me").await.expect(200);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_rotates_the_key_of_a_running_server(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.db.user_with_password("ada", PASSWORD).await;
    assert_eq!(daemon.db.core.user(&Actor::System, id_of(&ada)).await.unwrap().username, "ada");
    let first = sign_in(&daemon, PASSWORD).await;
    eventd(&daemon, &["secret", "rotate"], "").await;
    let second = sign_in(&daemon, PASSWORD).await;
    let header = |pair: &Value| {
        jsonwebtoken::decode_header(pair["access_token"].as_str().unwrap().as_bytes()).unwrap()
    };
    assert_ne!(header(&first).kid, header(&second).kid);
    assert_eq!(header(&second).typ.as_deref(), Some("at+jwt"));
    for pair in [&first, &second] {
        with(&daemon, pair).get("/users/me").await.expect(200);
    }
    eventd(&daemon, &["secret", "rotate", "--at-once"], "").await;
    for pair in [&first, &second] {
        with(&daemon, pair).get("/users/me").await.expect_problem(401, "invalid-credentials");
        let refresh = json!({"refresh_token": pair["refresh_token"]});
        let renewed = daemon.anonymous().post("/auth/refresh", refresh).await.expect(200).json();
        with(&daemon, &renewed).get("/users/me").await.expect(200);
    }
    let claims = |pair: &Value| {
        let token = pair["access_token"].as_str().unwrap();
        jsonwebtoken::dangerous::insecure_decode::<Value>(token.as_bytes()).unwrap().claims
    };
    for name in ["iss", "aud", "client_id", "sub", "iat", "exp", "jti", "sid"] {
        assert!(!claims(&second)[name].is_null(), "{name}");
    }
    let configured = ["--jwt-secret", "0123456789abcdef0123456789abcdef"];
    let refused =
        command(&["secret", "rotate", "--database", &daemon.db.url]).args(configured).output().await.unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("JWT_SECRET"), "{refused:?}");
}
