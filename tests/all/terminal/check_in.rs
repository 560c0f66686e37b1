//! The attendees of an occurrence, as its organizer manages them: added, checked in, removed.

use eventcore::Clock;
use tests::{Daemon, Kind, Terminal, TestDb, new_event};

const PASSWORD: &str = "correct horse 7";

async fn manage_attendees(db: &TestDb, source: &[&str]) {
    let ada = db.user_with_password("ada", PASSWORD).await;
    for name in ["bob", "carla", "dan"] {
        db.user_with_password(name, PASSWORD).await;
    }
    let tea = new_event()
        .title("Tea for two")
        .location("Kitchen")
        .starts_at("2031-03-04T18:30:00")
        .timezone("Europe/Berlin")
        .capacity(2)
        .json();
    db.core.create_event(&ada, &serde_json::from_value(tea).unwrap()).await.unwrap();
    let mut ada = Terminal::start(source);
    ada.types("A").await.shows("Sign in").await;
    ada.types(&format!("ada\t{PASSWORD}\r")).await.shows("✓ Hello, Ada").await;
    ada.types("5").await.shows("● public").await;
    ada.types("a").await.shows("Nobody has registered yet").await;

    // The text of a failed entry can be corrected.
    ada.types("nbop 2\r").await.shows("✗ no such user").await.shows("bop 2▏").await;
    ada.types("\x17\x17bob 2\r")
        .await
        .shows("✓ Bob registered, party of 2")
        .await
        .shows("2 of 2 seats taken")
        .await;
    ada.types("ncarla\r")
        .await
        .shows("✓ Carla is 1st on the waitlist, party of 1")
        .await
        .shows("1 waiting")
        .await;
    ada.types("ndan 99\r").await.shows("✗ a party may have at most 10 people").await;
    ada.types("\x15dan\r").await.shows("✓ Dan is 2nd on the waitlist, party of 1").await;

    // Their seats go to the waitlist.
    ada.types("gx")
        .await
        .shows("Remove Bob (bob) from this occurrence (party of 2)? Their 2 seats go to the waitlist.")
        .await;
    ada.types("y").await.shows("✓ 1 removed").await.shows("✗ cancelled    Bob").await;
    ada.shows("● confirmed    Carla").await.shows("● confirmed    Dan").await.shows("no waitlist").await;

    // By name.
    ada.types("/CAR").await.shows("/ CAR▏  1 of 3").await.hides("(dan)").await;
    ada.types("\x1b").await.shows("(dan)").await;

    // Several at once.
    ada.types("   ").await.shows("◆ 3 marked").await;
    ada.types("\r")
        .await
        .shows("✗ 2 of 3 checked in: this registration was cancelled")
        .await
        .shows("◆ 1 marked")
        .await;
    ada.shows("✓ checked in   Carla").await.shows("✓ checked in   Dan").await;
    ada.types("q").await;
    assert_eq!(ada.ends().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organizer_manages_attendees_in_a_database() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    manage_attendees(&db, &["--database", &db.url]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organizer_manages_attendees_on_a_server() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let address = format!("http://{}", daemon.address());
    manage_attendees(&daemon.db, &["--server", &address]).await;
}

/// Two evenings of one organizer; the tickets of guests are shown at the first.
async fn scan_tickets(db: &TestDb, source: &[&str]) {
    let ada = db.user_with_password("ada", PASSWORD).await;
    let soon = eventcore::SystemClock.now().plus(std::time::Duration::from_hours(6));
    let mut occurrences = Vec::new();
    for (title, start) in [
        ("Jazz", soon.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("Tango", "2031-03-04T18:30:00Z".to_owned()),
    ] {
        let event = new_event().title(title).location("Pier 4").starts_at(start).timezone("Europe/Berlin");
        occurrences.push(db.create_event(&ada, event).await.1);
    }
    let mut codes = Vec::new();
    for (name, occurrence) in [("bob", 0), ("carla", 0), ("dan", 1)] {
        let guest = db.user_with_password(name, PASSWORD).await;
        codes.push(db.register(&guest, occurrences[occurrence], 2).await.ticket_code.unwrap());
    }
    let [bob, carla, dan] = codes.try_into().unwrap();
    let mut ada = Terminal::start(source);
    ada.types("A").await.shows("Sign in").await;
    ada.types(&format!("ada\t{PASSWORD}\r")).await.shows("✓ Hello, Ada").await;
    ada.types("5").await.shows("● public    Jazz").await;
    ada.types("ga").await.shows("4 of 4 seats taken").await.shows(&bob).await.shows(&carla).await;
    // The prompt stays open, as a scanner needs it.
    ada.types(&format!("c{bob}\r")).await.shows("✓ Bob checked in (2 people)").await;
    ada.types(&format!("{}\r", carla.to_lowercase())).await.shows("✓ Carla checked in (2 people)").await;
    ada.types(&format!("{bob}\r")).await.shows("! Bob is already checked in").await;
    // A ticket for the other evening, which is years away.
    ada.types(&format!("{dan}\r")).await.shows("! This ticket is for another occurrence: Tango").await;
    ada.types("y").await.shows("✗ this ticket is for Tango").await.shows(&format!("{dan}▏")).await;
    ada.types("nonsense\r").await.shows("✗ no such ticket").await.shows("nonsense▏").await;
    ada.types("\x1b").await.hides("Ticket code").await;
    ada.types("q").await;
    assert_eq!(ada.ends().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tickets_are_scanned_one_after_another_in_a_database() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    scan_tickets(&db, &["--database", &db.url]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tickets_are_scanned_one_after_another_on_a_server() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let address = format!("http://{}", daemon.address());
    scan_tickets(&daemon.db, &["--server", &address]).await;
}
