//! What organizers do with an event in the terminal: share it, duplicate it, and save its tables, on a
//! database and on a server.

use eventcore::agenda::AgendaFilter;
use eventcore::events::{Event, EventStatus};
use eventcore::{Actor, PageRequest};
use rstest::rstest;
use tests::{Daemon, Kind, Terminal, TestDb, id_of, new_event_in_2031};

const PASSWORD: &str = "correct horse 7";

async fn events_of(db: &TestDb, organizer: &Actor) -> Vec<Event> {
    let filter = AgendaFilter { organizer: Some(id_of(organizer)), ..AgendaFilter::default() };
    db.core.events(organizer, &filter, &PageRequest::default()).await.unwrap().items
}

/// The text of a file that the terminal saved.
fn saved(terminal: &Terminal, name: &str) -> String {
    std::fs::read_to_string(terminal.home.path().join(name)).expect(name)
}

async fn organize(db: &TestDb, source: &[&str]) {
    let ada = db.user_with_password("ada", PASSWORD).await;
    let bob = db.user_with_password("bob", PASSWORD).await;
    let chess = new_event_in_2031().title("Chess").rule("FREQ=WEEKLY;COUNT=3").capacity(12);
    let (event, occurrence) = db.create_event(&ada, chess).await;
    db.register(&bob, occurrence, 2).await;
    let mut terminal = Terminal::start(source);
    terminal.shows("Chess").await;
    terminal.types("A").await.shows("Sign in").await;
    terminal.types(&format!("ada\t{PASSWORD}\r")).await.shows("✓ Hello, Ada").await;

    // Co-organizers, by username.
    terminal.types("5").await.shows("↻ 3").await;
    terminal.types("P").await.shows("None yet. n adds one").await;
    terminal.types("nbop\r").await.shows("✗ no such user").await.shows("bop▏").await;
    terminal.types("\x17@bob\r").await.shows("✓ Co-organizer added").await.shows("▌Bob (bob)").await;
    let profiles = db.core.co_organizers(&ada, event).await.unwrap();
    assert_eq!(profiles.iter().map(|profile| profile.id).collect::<Vec<_>>(), [id_of(&bob)]);
    terminal.types("\x1b").await.hides("Co-organizers ·").await;
    terminal.types("\r").await.shows("by Ada, Bob").await;
    terminal.types("P").await.shows("▌Bob (bob)").await;
    terminal.types("x").await.shows("Remove Bob (bob) as co-organizer?").await;
    terminal.types("y").await.shows("✓ Co-organizer removed").await.shows("None yet").await;
    assert!(db.core.co_organizers(&ada, event).await.unwrap().is_empty());

    // Tables, for spreadsheets.
    terminal.types("\x1b").await.hides("Co-organizers ·").await;
    terminal.types("a").await.shows("Bob (bob)").await;
    terminal.types("s").await.shows("✓ Saved as ~/chess-attendees.csv").await;
    let table = saved(&terminal, "chess-attendees.csv");
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].starts_with("\"username\",\"display_name\",\"status\""), "{table}");
    assert!(lines[1].starts_with("\"bob\",\"Bob\",\"confirmed\",\"2\""), "{table}");
    assert_eq!(lines.len(), 2);
    terminal.types("\x1b").await.hides("seats taken").await;
    terminal.types("I").await.shows("Insights · Chess").await.shows("2 people").await;
    terminal.types("s").await.shows("✓ Saved as ~/chess-insights.csv").await;
    let figures = saved(&terminal, "chess-insights.csv");
    assert!(figures.starts_with("\"occurrence_id\",\"starts_at\",\"title\",\"status\""), "{figures}");
    assert!(figures.contains(&occurrence.to_string()), "{figures}");
    terminal.types("S").await.shows("✓ Saved as ~/chess-registrations-by-day.csv").await;
    let days = saved(&terminal, "chess-registrations-by-day.csv");
    assert!(days.starts_with("\"date\",\"registrations\",\"people\"\r\n"), "{days}");
    assert!(days.ends_with(",\"1\",\"2\"\r\n"), "{days}");

    // A copy, as a draft with its own start.
    terminal.types("\x1b").await.hides("Insights ·").await;
    terminal.types("C").await.shows("Copy of the event").await;
    terminal.types("2020-01-01 18:30\x13").await.shows("! in the past").await;
    terminal.types("\x152031-05-07 19:00").await.shows("→ Wed 7 May 2031, 19:00").await;
    terminal.types("\x13").await.shows("✓ Chess saved as a draft with 3 occurrences").await;
    terminal.shows("✎ Draft").await.shows("Wed 7 May 2031").await;
    let events = events_of(db, &ada).await;
    let draft = events.iter().find(|event| event.status == EventStatus::Draft).expect("a draft");
    let original = events.iter().find(|other| other.id == event).expect("the original");
    assert_eq!((draft.title.as_str(), draft.capacity, draft.occurrence_count), ("Chess", 12, 3));
    assert_eq!((&draft.location, &draft.timezone), (&original.location, &original.timezone));
    assert!(draft.starts_at.to_string().starts_with("2031-05-07T19:00:00"), "{}", draft.starts_at);
    terminal.types("p").await.shows("✓ Published: everyone sees it").await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_shared_duplicated_and_saved_in_a_database(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let url = db.url.clone();
    organize(&db, &["--database", &url]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_shared_duplicated_and_saved_on_a_server() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let address = format!("http://{}", daemon.address());
    organize(&daemon.db, &["--server", &address]).await;
}
