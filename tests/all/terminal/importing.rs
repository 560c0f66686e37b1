//! Importing a calendar file in the terminal, on a database and on a server.

use rstest::rstest;
use tests::{Daemon, Kind, Terminal, TestDb};

const PASSWORD: &str = "correct horse 7";

fn club(title: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:club@example.org\r\n\
         DTSTART;TZID=Europe/Berlin:20370305T190000\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY:{title}\r\n\
         END:VEVENT\r\nBEGIN:VEVENT\r\nUID:minutes\r\nDTSTART:20370304T183000Z\r\n\
         RRULE:FREQ=MINUTELY\r\nSUMMARY:Each minute\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

async fn import_a_file(db: &TestDb, source: &[&str]) {
    db.user_with_password("ada", PASSWORD).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("club.ics");
    std::fs::write(&file, club("Chess")).unwrap();
    let mut terminal = Terminal::start(source);
    terminal.shows("not signed in").await;
    terminal.types("A").await.shows("Sign in").await;
    terminal.types(&format!("ada\t{PASSWORD}\r")).await.shows("✓ Hello, Ada").await;

    terminal.types("5").await.shows("No upcoming events of yours").await;
    terminal.types("U").await.shows("Import a calendar").await;
    terminal.types("/missing.ics\r").await.shows("! cannot be read: No such file").await;
    let path = file.to_str().unwrap();
    terminal.types(&format!("\x15{path}\tLibrary\r")).await.shows("Import of club.ics").await;
    terminal.shows("1 new · 1 left out").await.shows("Nothing is stored yet").await;
    assert_eq!(db.number("SELECT count(*) FROM events").await, 0);
    // What was shown is imported, whatever becomes of the file meanwhile.
    std::fs::write(&file, "nonsense").unwrap();
    terminal.types("\r").await.shows("Import 1 new entry?").await;
    terminal.types("y").await.shows("✓ Imported: 1 new · 1 left out").await;
    assert_eq!(db.number("SELECT count(*) FROM events WHERE location = 'Library'").await, 1);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_is_imported_to_a_database(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let url = db.url.clone();
    import_a_file(&db, &["--database", &url]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_is_imported_to_a_server() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let address = format!("http://{}", daemon.address());
    import_a_file(&daemon.db, &["--server", &address]).await;
}
