//! Live updates in the terminal client, which asks for nothing again here.

use std::sync::Arc;

use eventcore::PageRequest;
use rstest::rstest;
use serde_json::json;
use tests::{Daemon, Kind, Terminal, TestDb, new_event_in_2031};

const PASSWORD: &str = "correct horse 7";

fn start(source: &[&str]) -> Terminal {
    let home = Arc::new(tempfile::tempdir().unwrap());
    Terminal::with(&home, &[("EVENTTUI_WITHOUT_POLLS", "1")], source)
}

async fn watch(db: &TestDb, source: &[&str]) {
    let ada = db.user_with_password("ada", PASSWORD).await;
    let [bob, cid] = db.people(["bob", "cid"]).await;
    let (event, tea) = db.create_event(&ada, new_event_in_2031().title("Tea").capacity(9)).await;
    let mut terminal = start(source);
    terminal.shows("9 of 9 free").await;

    // The seats, for everyone.
    db.register(&bob, tea, 3).await;
    terminal.shows("6 of 9 free").await;
    terminal.types("A").await.shows("Sign in").await;
    terminal.types(&format!("ada\t{PASSWORD}\r")).await.shows("✓ Hello, Ada").await;
    db.core.cancel_registration(&bob, tea, None).await.unwrap();
    terminal.shows("9 of 9 free").await;

    // The badge of the inbox, there and back.
    let comment = serde_json::from_value(json!({"body": "Is there milk?"})).unwrap();
    db.core.add_comment(&bob, event, &comment).await.unwrap();
    terminal.shows("✉ 1").await;
    let page = db.core.notifications(&ada, true, &PageRequest::default()).await.unwrap().page;
    db.core.read_notification(&ada, page.items[0].id).await.unwrap();
    terminal.hides("✉").await;

    // What organizers change, on the list and on the screen of the event.
    db.core.change_event(&ada, event, &json!({"title": "High tea"}), None).await.unwrap();
    terminal.shows("High tea").await;
    terminal.types("\r").await.shows("Esc back").await;
    db.core.change_event(&ada, event, &json!({"location": "Attic"}), None).await.unwrap();
    terminal.shows("Attic").await;
    db.register(&cid, tea, 9).await;
    terminal.shows("0 of 9 free").await;
    db.core.cancel_event(&ada, event, None).await.unwrap();
    terminal.shows("✗ This occurrence is cancelled").await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_shown_without_a_key_press_in_a_database(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let url = db.url.clone();
    watch(&db, &["--database", &url]).await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_shown_without_a_key_press_on_a_server(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let address = format!("http://{}", daemon.address());
    watch(&daemon.db, &["--server", &address]).await;
    daemon.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_a_server_that_was_restarted_is_told_what_it_missed() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let address = daemon.address().to_owned();
    let [ada, bob, cid] = daemon.db.people(["ada", "bob", "cid"]).await;
    let (_, tea) = daemon.db.create_event(&ada, new_event_in_2031().title("Tea").capacity(9)).await;
    let mut terminal = start(&["--server", &format!("http://{address}")]);
    daemon.db.register(&bob, tea, 2).await;
    terminal.shows("7 of 9 free").await;
    let db = daemon.kill().await;
    db.register(&cid, tea, 4).await;
    let daemon = Daemon::listening(db, &address, &[]).await;
    terminal.shows("3 of 9 free").await;
    // And what changes from then on.
    daemon.db.core.cancel_registration(&bob, tea, None).await.unwrap();
    terminal.shows("5 of 9 free").await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
}
