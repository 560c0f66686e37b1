//! What other programs do with the terminal meanwhile: the shell's job control, and the demo of the daemon.

use tests::{Kind, Terminal, TestDb};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stops_for_the_shell_and_goes_on() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let mut terminal = Terminal::start(&["--database", &db.url]);
    terminal.shows("Nothing ahead").await;
    // By the key, and by a signal of the shell.
    terminal.types("\x1a").await;
    terminal.hides("Nothing ahead").await;
    assert!(!terminal.is_taken());
    terminal.signal("CONT").await;
    terminal.shows("Nothing ahead").await;
    terminal.signal("TSTP").await;
    terminal.hides("Nothing ahead").await;
    terminal.signal("CONT").await;
    terminal.shows("Nothing ahead").await;
    terminal.types("?").await.shows("Keys · Agenda").await;
    terminal.types("\x03").await;
    assert_eq!(terminal.ends().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_first_is_offered_a_demo() {
    let mut newcomer = Terminal::start(&[]);
    newcomer.shows("There is no events.db in this folder yet").await;
    newcomer.types("d").await.shows("✓ sign in as ada (admin)").await.shows("Board games").await;
    newcomer.types("A").await.shows("Sign in").await;
    newcomer.types("ada\tcorrect horse 7\r").await.shows("✓ Hello, Ada").await;
    newcomer.types("q").await;
    assert_eq!(newcomer.ends().await, 0);

    let mut other = Terminal::start(&[]);
    other.shows("n  make an empty one").await;
    other.types("q").await;
    assert!(!other.home.path().join("events.db").exists());
    assert_eq!(other.ends().await, 0);
}
