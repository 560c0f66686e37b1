//! Calendars that are followed in the terminal, on a database and on a server.

use eventcore::agenda::AgendaFilter;
use eventcore::subscriptions::CalendarSubscription;
use eventcore::{Actor, Clock, PageRequest, SystemClock};
use rstest::rstest;
use tests::{CalendarServer, CalendarSource, Daemon, Kind, Terminal, TestDb, eventually};

const PASSWORD: &str = "correct horse 7";
const CLUB: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:club@example.org\r\n\
    DTSTART;TZID=Europe/Berlin:20370305T190000\r\nDURATION:PT2H\r\nSUMMARY:Chess\r\nEND:VEVENT\r\n\
    END:VCALENDAR\r\n";

/// Follows the calendar at `url`. `has` gives it a file, and has that read if no worker does.
async fn follow_a_calendar(db: &TestDb, source: &[&str], url: &str, has: impl AsyncFn(&str)) {
    let ada = db.user_with_password("ada", PASSWORD).await;
    let mut terminal = Terminal::start(source);
    terminal.shows("not signed in").await;
    terminal.types("A").await.shows("Sign in").await;
    terminal.types(&format!("ada\t{PASSWORD}\r")).await.shows("✓ Hello, Ada").await;

    terminal.types("5S").await.shows("None. n follows one").await;
    terminal.types("n").await.shows("Follow a calendar").await;
    terminal.types("https://10.0.0.1/club.ics\r").await.shows("! must lead to a public address").await;
    has(CLUB).await;
    terminal.types(&format!("\x15{url}\tLibrary\t40\r")).await.shows("✓ Calendar saved").await;
    terminal.shows("new events: Library, 40 seats").await;
    has(CLUB).await;
    read(db, &ada, |followed| followed.events == 1 && followed.report.is_some()).await;
    terminal.types("R").await.shows("1 new, 0 changed, 0 as before").await.shows("1 event, read").await;
    let filter = AgendaFilter { organizer: ada.user_id(), ..AgendaFilter::default() };
    let events = async || db.core.events(&ada, &filter, &PageRequest::first(9)).await.unwrap().items;
    let event = events().await.pop().expect("an event");
    assert_eq!((&*event.title, &*event.location, event.capacity), ("Chess", "Library", 40));

    // What cannot be read is told with its reason.
    has("no calendar").await;
    terminal.types("r").await.shows("✓ It is read as soon as possible").await;
    has("no calendar").await;
    read(db, &ada, |followed| followed.failure.is_some()).await;
    terminal.types("R").await.shows("! It cannot be read since").await.shows("not an iCalendar file").await;
    terminal.types("p").await.shows("✓ Calendar paused").await.shows("‖ paused").await;
    terminal.types("r").await.shows("✗ ").await;
    terminal.types("e").await.shows("Change the followed calendar").await;
    terminal.types("\t\t\x1541\r").await.shows("✓ Calendar saved").await.shows("Library, 41 seats").await;
    terminal.types("x").await.shows("no longer? Its events stay").await;
    terminal
        .types("y")
        .await
        .shows("followed no longer: its events stay")
        .await
        .shows("None. n follows")
        .await;
    assert!(db.core.calendar_subscriptions(&ada).await.unwrap().is_empty());
    assert_eq!(events().await.len(), 1);

    // Once more, and it ends with its events.
    has(CLUB).await;
    terminal.types("n").await.shows("Follow a calendar").await;
    terminal.types(&format!("{url}\r")).await.shows("✓ Calendar saved").await;
    has(CLUB).await;
    read(db, &ada, |followed| followed.events == 1 && followed.report.is_some()).await;
    assert_eq!(events().await.len(), 2);
    terminal.types("RX").await.shows("cancel its events ahead").await;
    terminal.types("y").await.shows("its events are being cancelled").await;
    has(CLUB).await;
    eventually(async || match &*db.core.calendar_subscriptions(&ada).await.unwrap() {
        [] => Ok(()),
        followed => Err(format!("{followed:?}")),
    })
    .await;
    terminal.types("R").await.shows("None. n follows one").await;
    assert_eq!(events().await.len(), 1);
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
}

/// Waits until the only calendar that is followed is as it should be.
async fn read(db: &TestDb, who: &Actor, is_there: impl Fn(&CalendarSubscription) -> bool) {
    eventually(async || match &*db.core.calendar_subscriptions(who).await.unwrap() {
        [one] if is_there(one) => Ok(()),
        found => Err(format!("{found:?}")),
    })
    .await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calendars_are_followed_in_a_database(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let (url, calendar) = (db.url.clone(), CalendarSource::of(&db.core));
    // The worker is that of another process.
    let has = async |file: &str| {
        calendar.has(file);
        db.clock.set(SystemClock.now());
        db.core.run_due_jobs().await.unwrap();
    };
    follow_a_calendar(&db, &["--database", &url], "https://club.example.org/chess.ics", has).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calendars_are_followed_on_a_server() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let daemon = Daemon::on(db, &["--webhook-allow-network", "127.0.0.1"]).await;
    let address = format!("http://{}", daemon.address());
    let server = CalendarServer::start("127.0.0.1", CLUB).await;
    let has = async |file: &str| server.has(file);
    follow_a_calendar(&daemon.db, &["--server", &address], &server.url("/calendar.ics"), has).await;
}
