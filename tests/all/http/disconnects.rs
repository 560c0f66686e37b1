//! Many concurrent clients, a third of which disconnect in the middle of a request.

use rstest::rstest;
use serde_json::json;
use tests::{Client, Daemon, Kind, new_event_in_2031};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const CLIENTS: usize = 200;
const ROUNDS: usize = 5;

/// Creates and changes events; returns their ids.
async fn create_and_change(client: Client, number: usize) -> Vec<String> {
    let mut created = Vec::new();
    for round in 0..ROUNDS {
        let body = new_event_in_2031().title(format!("{number} {round}")).json();
        let id = client.post("/events", body).await.expect(201).id();
        client
            .patch(&format!("/events/{id}"), json!({"title": format!("{number} {round} changed")}))
            .await
            .expect(200);
        created.push(id);
    }
    created
}

/// Begins the same requests and disconnects somewhere.
async fn disconnect_midway(address: String, token: String, number: usize) {
    for round in 0..ROUNDS {
        let body = new_event_in_2031().title(format!("rude {number}")).json().to_string();
        let request = format!(
            "POST /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        // Some requests are incomplete; others are complete, but the client does not wait for the response.
        let said = if (number + round).is_multiple_of(2) {
            request.len()
        } else {
            request.len() * (number % 7 + 1) / 8
        };
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(&request.as_bytes()[..said]).await.unwrap();
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_hang_up_disturb_nobody(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let token =
        ada.post("/tokens", json!({"name": "rush", "scope": "write"})).await.expect(201).json()["secret"]
            .as_str()
            .unwrap()
            .to_owned();
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..CLIENTS {
        let (client, address, token) = (ada.clone(), daemon.address().to_owned(), token.clone());
        clients.spawn(async move {
            if number % 3 == 0 {
                disconnect_midway(address, token, number).await;
                Vec::new()
            } else {
                create_and_change(client, number).await
            }
        });
    }
    let created: Vec<String> = clients.join_all().await.into_iter().flatten().collect();
    assert_eq!(created.len(), CLIENTS.div_ceil(3).abs_diff(CLIENTS) * ROUNDS);
    // A blocked writer would block this request as well.
    create_and_change(ada.clone(), CLIENTS).await;
    for id in created.iter().step_by(7) {
        let title = ada.get(&format!("/events/{id}")).await.expect(200).json()["title"].clone();
        assert!(title.as_str().unwrap().ends_with("changed"));
    }
    let changed =
        daemon.db.number("SELECT count(*) FROM events WHERE title LIKE '%changed' AND version = 2").await;
    assert_eq!(usize::try_from(changed).unwrap(), created.len() + ROUNDS, "every answered 201 is there");
    daemon.db.check().await;
    assert!(!daemon.log().contains("ERROR"), "{}", daemon.log());
}
