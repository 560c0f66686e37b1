//! The inbox of the terminal client, on a database and on a server.

use eventcore::notifications::NotificationKind;
use eventcore::registrations::Party;
use eventcore::{Actor, EventId, PageRequest};
use rstest::rstest;
use serde_json::json;
use tests::{Daemon, Kind, Terminal, TestDb, eventually, finish, new_event_in_2031, tui, wait_until};

const PASSWORD: &str = "correct horse 7";

/// Waits until as many notifications of a user are unread.
async fn unread(db: &TestDb, user: &Actor, expected: i64) {
    eventually(async || {
        let page = db.core.notifications(user, false, &PageRequest::default()).await.unwrap();
        let count = page.unread_count;
        if count == expected { Ok(()) } else { Err(format!("{count} of {expected} are unread")) }
    })
    .await;
}

async fn comment(db: &TestDb, by: &Actor, event: EventId, body: &str) {
    // Of two notifications of the same instant, either may be the newer one.
    db.clock.advance(std::time::Duration::from_millis(10));
    let comment = serde_json::from_value(json!({"body": body})).unwrap();
    db.core.add_comment(by, event, &comment).await.unwrap();
}

async fn choose_the_news(db: &TestDb, source: &[&str]) {
    let ada = db.user_with_password("ada", PASSWORD).await;
    let bob = db.user_with_password("bob", PASSWORD).await;
    let (_, tea) = db.create_event(&ada, new_event_in_2031().title("Tea")).await;
    db.core.register(&bob, tea, &Party::default()).await.unwrap();
    let mut terminal = Terminal::start(source);
    terminal.shows("not signed in").await;
    terminal.types("A").await.shows("Sign in").await;
    terminal.types(&format!("bob\t{PASSWORD}\r")).await.shows("✓ Hello, Bob").await;

    // Kinds and channels.
    terminal.types(":remind\r").await.shows("Reminders  1 day, 1 hour before the start").await;
    terminal.shows("is not verified: nothing is mailed until").await.shows("e-mail !").await;
    terminal.types("je").await.shows("▌I am on the waitlist").await.shows("[ ]").await;
    terminal.types("a").await;
    let kind = NotificationKind::RegistrationWaitlisted;
    wait_until("both are turned off", async || {
        let stored = db.core.notification_preferences(&bob).await.unwrap();
        stored.kinds.iter().any(|stored| stored.kind == kind && !stored.in_app && !stored.email)
    })
    .await;
    terminal.types("Ge").await.shows("! Notices about your account cannot be turned off").await;

    // Reminders of all registrations.
    let list = async || {
        let preferences = db.core.notification_preferences(&bob).await.unwrap();
        let off = preferences.kinds.iter().filter(|kind| !kind.in_app || !kind.email).count();
        (serde_json::to_value(preferences.reminders).unwrap(), off)
    };
    terminal.types("r\x15").await.shows("→ the default: 1 day, 1 hour").await;
    terminal.types("1 day, soon\r").await.shows("! “soon” is not understood").await;
    terminal.types("\x152 days, 90 days\r").await.shows("! “90 days” must be 1 minute to 60 days").await;
    terminal.types("\x152 days, 30 min\r").await.shows("✓ Reminders saved").await;
    terminal.shows("Reminders  2 days, 30 minutes before the start").await;
    assert_eq!(list().await, (json!(["P2D", "PT30M"]), 1), "the kinds stay as they are");

    // Reminders of one registration.
    terminal.types("1\r").await.shows("Reminded 2 days, 30 minutes before · b changes it").await;
    terminal.types("b").await.shows("→ as always: 2 days, 30 minutes").await;
    terminal
        .types("2 h\r")
        .await
        .shows("✓ Reminders saved")
        .await
        .shows("Reminded 2 hours before this one")
        .await;
    let own = db.core.registration_reminders(&bob, tea).await.unwrap();
    assert_eq!(serde_json::to_value(own.reminders).unwrap(), json!(["PT2H"]));
    terminal.types("b\x15none\r").await.shows("No reminders of this one").await;
    terminal.types("b\x15\r").await.shows("Reminded 2 days, 30 minutes before · b changes it").await;
    assert_eq!(db.core.registration_reminders(&bob, tea).await.unwrap().reminders, None);
    terminal.types("m").await.shows("✓ Event muted").await.shows("‖ Muted: you are told nothing of it").await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn preferences_and_reminders_are_changed_in_a_database(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let url = db.url.clone();
    choose_the_news(&db, &["--database", &url]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn preferences_and_reminders_are_changed_on_a_server() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let address = format!("http://{}", daemon.address());
    choose_the_news(&daemon.db, &["--server", &address]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_lists_notifications_and_marks_them_as_read() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let ada = db.user_with_password("ada", PASSWORD).await;
    let bob = db.user_with_password("bob", PASSWORD).await;
    let (event, tea) = db.create_event(&ada, new_event_in_2031().title("Tea \u{202e}time")).await;
    db.core.register(&bob, tea, &Party::default()).await.unwrap();
    comment(&db, &bob, event, "Is there milk?").await;
    let list = async |user: &str, more: &[&str]| {
        let arguments = [&["notifications", "--database", &db.url, "--as", user][..], more].concat();
        finish(tui(&arguments), "").await.succeeds()
    };
    let text = list("bob", &[]).await;
    let cells: Vec<&str> = text.trim_end().split('\t').collect();
    assert_eq!((text.lines().count(), cells.len()), (1, 5), "{text}");
    assert_eq!(
        (&cells[1..3], cells[4]),
        (&["unread", "registration_confirmed"][..], tea.to_string().as_str())
    );
    assert!(cells[3].starts_with("Your registration for “Tea ␛time” on "), "{text}");
    assert_eq!(list("ada", &["--unread"]).await.lines().count(), 1);
    assert_eq!(list("ada", &["--unread", "--read-all"]).await.lines().count(), 1);
    assert_eq!(list("ada", &["--unread"]).await, "");
    let json: serde_json::Value = serde_json::from_str(&list("ada", &["--json"]).await).unwrap();
    assert_eq!((&json["kind"], json["read_at"].is_string()), (&json!("new_comment"), true), "{json}");
    unread(&db, &bob, 1).await;
}
