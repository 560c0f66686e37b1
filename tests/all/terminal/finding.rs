//! Finding events by their organizer, and opening one by its id or a link, on a database and on a server.

use rstest::rstest;
use tests::{Daemon, Kind, Terminal, TestDb, finish, new_event_in_2031, tui};

async fn find(db: &TestDb, source: &[&str]) {
    let (ada, bob) = (db.user("ada").await, db.user("bob").await);
    db.create_event(&ada, new_event_in_2031().title("Rust evening")).await;
    let hidden = new_event_in_2031().title("Secret tea").visibility("unlisted");
    let (event, occurrence) = db.create_event(&ada, hidden).await;
    db.create_event(&bob, new_event_in_2031().title("Jazz at the quay")).await;
    let mut terminal = Terminal::start(source);
    terminal.shows("Rust evening").await.shows("Jazz at the quay").await;

    terminal.types("/by:bob").await.shows("[by bob]").await.hides("Rust evening").await;
    terminal.shows("Jazz at the quay").await;
    terminal.types("\x15by:@ADA rust").await.shows("[by ada]").await.hides("Jazz at the quay").await;
    terminal.shows("Rust evening").await;
    terminal.types("\x15by:nobody").await.shows("No upcoming event matches.").await;

    // By an id that was typed: what is typed stays until something is found.
    terminal.types("\t\tO").await.shows("Link or id: ▏").await;
    terminal.types("01890000-0000-7000-8000-000000000001\r").await.shows("✗ no such occurrence").await;
    terminal.shows("01890000-0000-7000-8000-000000000001▏ · Enter opens it").await;
    terminal.types(&format!("\x15{event}\r")).await.shows("Secret tea").await;
    terminal.shows("◑ Unlisted").await;
    terminal.types("\x1b").await.hides("Secret tea").await;

    // By a link that is pasted into a list, and by one in the search.
    let link = format!("https://events.example.org/occurrences/{occurrence}");
    terminal.types(&format!("\x1b[200~{link}\x1b[201~")).await.shows("Link or id: https").await;
    terminal.types("\r").await.shows("◑ Unlisted").await;
    terminal.types("\x1b").await.hides("Secret tea").await;
    terminal.types("/").await.shows("by:nobody").await;
    terminal.types(&format!("\x15{link}")).await.shows("⏎ opens it.").await;
    terminal.types("\r").await.shows("◑ Unlisted").await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);

    let shown = finish(tui(&[&["show", &link], source].concat()), "").await.succeeds();
    assert!(shown.starts_with("Secret tea"), "{shown}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_found_by_organizer_and_link_in_a_database(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let url = db.url.clone();
    find(&db, &["--database", &url]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_found_by_organizer_and_link_on_a_server() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let address = format!("http://{}", daemon.address());
    find(&daemon.db, &["--server", &address]).await;
}
