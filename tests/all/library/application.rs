//! The example of an application on axum, with members and logins of its own, in the database of the library.

use eventcore::EventCore;
use http::Method;
use rstest::rstest;
use serde_json::json;
use sqlx::{PgPool, SqlitePool};
use tests::{Answer, Client, Kind, TestDb, new_event_in_2031};
use tokio::net::TcpListener;

#[path = "../../../eventcore/examples/axum.rs"]
#[expect(dead_code, reason = "the tests serve what its main function serves")]
mod example;

/// Serves the application on this database, and returns a client.
async fn serve(url: &str) -> Client {
    let application = example::Application::open(url).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, application.router()).await });
    Client::at(&address)
}

async fn send(client: &Client, method: Method, path: &str, body: serde_json::Value) -> Answer {
    let headers = [("content-type", "application/json")];
    client.raw(method, path, body.to_string().into_bytes(), &headers).await
}

/// A new member who is logged in.
async fn join(anyone: &Client, name: &str) -> Client {
    let member = json!([format!("{name}@example.org"), name]);
    let token = send(anyone, Method::POST, "/members", member).await.expect(200).json();
    anyone.with_token(token.as_str().unwrap())
}

/// The names of the members who have seats, by a statement over the tables of both.
async fn seated(url: &str, kind: Kind) -> Vec<String> {
    match kind {
        Kind::Sqlite => {
            let sql = "SELECT m.name FROM members m JOIN users u ON u.external_id = m.id
                JOIN registrations r ON r.user_id = u.id WHERE r.status = 'confirmed' ORDER BY 1";
            let pool = SqlitePool::connect(url).await.unwrap();
            sqlx::query_scalar(sql).fetch_all(&pool).await.unwrap()
        }
        Kind::Postgres => {
            let sql = "SELECT m.name FROM members m JOIN eventcore.users u ON u.external_id = m.id
                JOIN eventcore.registrations r ON r.user_id = u.id WHERE r.status = 'confirmed' ORDER BY 1";
            let pool = PgPool::connect(url).await.unwrap();
            sqlx::query_scalar(sql).fetch_all(&pool).await.unwrap()
        }
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_has_its_own_users_in_the_database_of_the_library(#[case] kind: Kind) {
    let (url, _dir) = TestDb::bare(kind).await;
    let anyone = serve(&url).await;
    let [ada, bob] = [join(&anyone, "ada").await, join(&anyone, "bob").await];
    let again = json!(["ada@example.org", "another ada"]);
    send(&anyone, Method::POST, "/members", again).await.expect(409);

    let talk = new_event_in_2031().title("Talk").capacity(2).json();
    send(&anyone, Method::POST, "/events", talk.clone()).await.expect(401);
    let wrong = send(&ada, Method::POST, "/events", json!({"title": "Talk"})).await.expect(400);
    assert!(String::from_utf8_lossy(&wrong.bytes).contains("capacity"), "{wrong:?}");
    send(&ada, Method::POST, "/events", talk).await.expect(200);
    let agenda = anyone.raw(Method::GET, "/agenda", Vec::new(), &[]).await.expect(200).json();
    assert_eq!(agenda["items"][0]["organizer"]["display_name"], "ada");
    let registration = format!("/registrations/{}", agenda["items"][0]["id"].as_str().unwrap());

    // Several first calls of a member make one user.
    let calls = [(); 4].map(|()| send(&bob, Method::PUT, &registration, json!({"party_size": 2})));
    let [one, two, three, four] = calls;
    let (one, two, three, four) = tokio::join!(one, two, three, four);
    for answer in [one, two, three, four] {
        let answer = answer.expect(200).json();
        assert_eq!((&answer["status"], &answer["party_size"]), (&json!("confirmed"), &json!(2)));
    }
    let waits = send(&ada, Method::PUT, &registration, json!({})).await.expect(200).json();
    assert_eq!((&waits["status"], &waits["position"]), (&json!("waitlisted"), &json!(1)));
    send(&anyone, Method::PUT, &registration, json!({})).await.expect(401);
    assert_eq!(seated(&url, kind).await, ["bob"]);

    // A second process, and the library opened again, find what is there.
    let elsewhere = serve(&url).await.with_token(ada.token());
    let unknown = format!("/registrations/{}", uuid::Uuid::nil());
    send(&elsewhere, Method::PUT, &unknown, json!({})).await.expect(404);
    let waits = send(&elsewhere, Method::PUT, &registration, json!({})).await.expect(200).json();
    assert_eq!(waits["position"], 1);
    let core = match kind {
        Kind::Sqlite => EventCore::open(&url).await.unwrap(),
        Kind::Postgres => EventCore::builder().url(&url).schema("eventcore").open().await.unwrap(),
    };
    assert_eq!(core.check_consistency().await.unwrap(), []);
    core.close().await;
}
