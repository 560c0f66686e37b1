//! Failures are reported, and the terminal is restored in any case.

use tests::{Daemon, Kind, Terminal, TestDb, new_event_in_2031, tui};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_terminal_is_restored_after_a_signal() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    for signal in ["TERM", "HUP", "INT"] {
        let terminal = Terminal::start(&["--database", &db.url]);
        terminal.shows("No upcoming events").await;
        assert!(terminal.is_taken());
        terminal.signal(signal).await;
        assert_eq!(terminal.ends().await, 0);
    }
}

// Only debug builds panic on request.
#[cfg(debug_assertions)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_terminal_is_restored_after_a_panic() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let home = std::sync::Arc::new(tempfile::tempdir().expect("a folder"));
    for (place, status) in [("loop", 101), ("work", 1)] {
        let terminal = Terminal::with(&home, &[("EVENTTUI_PANIC", place)], &["--database", &db.url]);
        terminal.shows("this is the panic that was asked for").await;
        assert_eq!(terminal.ends().await, status, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_server_is_reported_and_the_screen_stays() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    let event = new_event_in_2031().json();
    ada.post("/events", event).await.expect(201);
    let address = format!("http://{}", daemon.address());
    let mut terminal = Terminal::start(&["--server", &address]);
    terminal.shows("Evening").await;
    drop(daemon);
    terminal
        .types("R")
        .await
        .shows("✗ the")
        .await
        .shows("Showing the last known state")
        .await
        .shows("Evening")
        .await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unusable_database_is_reported_in_one_sentence() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    for (arguments, said) in [
        (vec!["--database", "mysql://x"], "the database URL must begin with sqlite:// or postgres://"),
        (vec!["--database", &db.url, "--as", "nobody"], "the database has no user \"nobody\""),
        (vec!["--database", &db.url, "--theme", "sparkle"], "there is no theme \"sparkle\""),
        (vec!["--database", &db.url, "--timezone", "Mars/Olympus"], "is not a time zone"),
        (vec!["--server", "example.org"], "the server's address must begin with http:// or https://"),
    ] {
        let terminal = Terminal::start(&arguments);
        terminal.shows(said).await;
        assert_eq!(terminal.ends().await, 1, "{arguments:?}");
    }
    // Without a terminal.
    let output = tui(&["--database", &db.url]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard input and output must be a terminal"));
}
