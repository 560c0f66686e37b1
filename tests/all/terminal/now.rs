//! What takes place now: first in the agenda, and with its organizers until it is over.

use std::time::Duration;

use eventcore::{Clock, SystemClock};
use tests::{Daemon, Kind, Terminal, TestDb, new_event};

const PASSWORD: &str = "correct horse 7";
const HOUR: Duration = Duration::from_hours(1);

async fn keep_the_door(db: &TestDb, source: &[&str]) {
    let organizer = db.user_with_password("ada", PASSWORD).await;
    db.user_with_password("bob", PASSWORD).await;
    let event =
        |title: &str| new_event().title(title).starts_at("2031-03-04T18:30:00").timezone("Europe/Berlin");
    let (_, tea) = db.create_event(&organizer, event("Tea for two").capacity(2)).await;
    db.create_event(&organizer, event("Later tea").starts_at("2031-03-05T18:30:00")).await;
    let now = SystemClock.now();
    db.set_times(&tea.to_string(), now.minus(HOUR), now.plus(HOUR * 30)).await;

    let mut ada = Terminal::start(source);
    ada.shows(" Now").await.shows("Tea for two").await.shows("Wed 5 March 2031").await;
    ada.types("A").await.shows("Sign in").await;
    ada.types(&format!("ada\t{PASSWORD}\r")).await.shows("✓ Hello, Ada").await;
    ada.types("\r").await.shows("Esc back").await.shows("It has started: registration is closed").await;
    ada.types("\x1b").await.hides("Esc back").await;
    // Organizers add walk-ins and check them in.
    ada.types("5").await.shows("now, to ").await.shows("5 Mar 2031 18:30").await;
    ada.types("a").await.shows("Nobody has registered yet").await;
    ada.types("nbob\r").await.shows("✓ Bob registered, party of 1").await.shows("● confirmed").await;
    ada.types("\r").await.shows("✓ Bob checked in").await;
    ada.types("\x1b").await.shows("now, to ").await;
    db.set_times(&tea.to_string(), now.minus(HOUR * 2), now.minus(HOUR)).await;
    ada.types("R").await.hides("Tea for two").await.shows("Later tea").await;
    ada.types("1R").await.hides(" Now").await.shows("Later tea").await;
    ada.types("q").await;
    assert_eq!(ada.ends().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizers_keep_the_door_of_what_takes_place_in_a_database() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    keep_the_door(&db, &["--database", &db.url]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizers_keep_the_door_of_what_takes_place_on_a_server() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let server = format!("http://{}", daemon.address());
    keep_the_door(&daemon.db, &["--server", &server]).await;
}
