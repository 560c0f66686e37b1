//! Managing the own account in the terminal, on a database and on a server.

use eventcore::Actor;
use eventcore::accounts::{Credentials, NewUser};
use eventcore::db::{Queries, Sql};
use rstest::rstest;
use tests::{Daemon, Kind, Terminal, TestDb};

const PASSWORD: &str = "correct horse 7";
const ANOTHER: &str = "battery staple 8";

fn credentials(password: &str) -> Credentials {
    Credentials { login: "ada".to_owned(), password: password.to_owned(), ..Credentials::default() }
}

async fn manage_account(db: &TestDb, source: &[&str]) {
    let input = NewUser {
        username: "ada".to_owned(),
        email: "ada@example.org".to_owned(),
        password: Some(PASSWORD.to_owned()),
        display_name: Some("Ada".to_owned()),
        timezone: Some("Europe/Berlin".to_owned()),
        ..NewUser::default()
    };
    let ada = db.core.create_user(&Actor::System, &input).await.unwrap();
    db.core.sign_in(&credentials(PASSWORD), Some("Firefox on the sofa")).await.unwrap();
    let mut terminal = Terminal::start(source);
    terminal.shows("No upcoming events").await;
    terminal.types("A").await.shows("Sign in").await;
    terminal.types(&format!("ada\t{PASSWORD}\r")).await.shows("✓ Hello, Ada").await;

    // Sessions are listed; an unknown one is ended.
    terminal.types("A").await.shows("Sessions (2)").await.shows("● this one").await;
    terminal.types("j").await.shows("▌Firefox on the sofa").await;
    terminal.types("x").await.shows("End the session of Firefox on the sofa, last used").await;
    terminal.types("y").await.shows("✓ Session ended").await.shows("Sessions (1)").await;

    // The profile, field by field.
    terminal.types("e").await.shows("My profile").await;
    terminal.types(" Lovelace\t\x15no address\r").await.shows("▌E-mail").await.shows("! ").await;
    terminal
        .types("\x15lovelace@example.org\r")
        .await
        .shows("✓ Saved")
        .await
        .shows("Ada Lovelace (ada)")
        .await;
    let stored = db.core.user(&Actor::System, ada.id).await.unwrap();
    assert_eq!(
        (stored.display_name.as_str(), stored.email.as_deref()),
        ("Ada Lovelace", Some("lovelace@example.org"))
    );
    assert!(!stored.takes_replies, "unless she says so");
    terminal.types("e").await.shows("My profile").await.shows("yes: shown to attendees").await;
    terminal.types("\t\t\t\x15yes\r").await.shows("✓ Saved").await;
    terminal.shows("(not verified), for replies of attendees too").await;
    assert!(db.core.user(&Actor::System, ada.id).await.unwrap().takes_replies);

    // A wrong password has no effect; the right one ends the other sessions.
    let passwords = |current: &str| format!("{current}\t{ANOTHER}\t{ANOTHER}\r");
    terminal.types("p").await.shows("Change password").await;
    terminal.types(&passwords("wrong password")).await.shows("! is not your password").await;
    terminal.types("\x1b").await.hides("Change password").await;
    db.core.sign_in(&credentials(PASSWORD), Some("curl in a script")).await.unwrap();
    terminal.types("R").await.shows("Sessions (2)").await;
    terminal.types("p").await.shows("Change password").await;
    terminal.types(&passwords(PASSWORD)).await.shows("✓ Password changed").await.shows("Sessions (1)").await;
    assert!(db.core.sign_in(&credentials(PASSWORD), None).await.is_err());
    db.core.sign_in(&credentials(ANOTHER), None).await.unwrap();

    // Ending the current session signs out.
    terminal.types("x").await.shows("End this session?").await;
    terminal.types("y").await.shows("✓ Signed out").await.shows("not signed in").await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_manages_the_account_in_a_database(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let url = db.url.clone();
    manage_account(&db, &["--database", &url]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_credentials_ask_for_the_password() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.db.user_with_password("ada", PASSWORD).await;
    let pair = daemon.db.core.sign_in(&credentials(PASSWORD), Some("Firefox on the sofa")).await.unwrap();
    let mut terminal = Terminal::start(&["--server", &format!("http://{}", daemon.address())]);
    terminal.shows("No upcoming events").await;
    terminal.types("A").await.shows("Sign in").await;
    terminal.types(&format!("ada\t{PASSWORD}\r")).await.shows("✓ Hello, Ada").await;
    let mut tx = daemon.db.core.db().begin().await.unwrap();
    tx.query(Sql::portable("UPDATE sessions SET confirmed_at = NULL")).execute().await.unwrap();
    tx.commit().await.unwrap();

    // Without it nothing changes.
    terminal.types("A").await.shows("Sessions (2)").await;
    terminal.types("j").await.shows("▌Firefox on the sofa").await;
    terminal.types("x").await.shows("End the session of Firefox on the sofa").await;
    terminal.types("y").await.shows("Your password: ▏").await;
    terminal.types("\x1b").await.shows("give your password again").await;
    terminal.types("x").await.shows("End the session of Firefox on the sofa").await;
    terminal.types("y").await.shows("Your password: ▏").await;
    terminal.types("not hers").await.shows("••••••••▏").await;
    terminal.types("\r").await.shows("is not your password").await;
    daemon.db.core.authenticate(&pair.access_token).await.unwrap();

    // With it the change takes place, and others for a while.
    terminal.types("e").await.shows("My profile").await;
    terminal.types("\t\x15lovelace@example.org\r").await.shows("Your password: ▏").await;
    terminal.types(&format!("{PASSWORD}\r")).await.shows("✓ Saved").await;
    let stored = daemon.db.core.user(&Actor::System, tests::id_of(&ada)).await.unwrap();
    assert_eq!(stored.email.as_deref(), Some("lovelace@example.org"));
    terminal.types("x").await.shows("End the session of Firefox on the sofa").await;
    terminal.types("y").await.shows("✓ Session ended").await.shows("Sessions (1)").await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_manages_the_account_on_a_server() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let address = format!("http://{}", daemon.address());
    manage_account(&daemon.db, &["--server", &address]).await;
}
