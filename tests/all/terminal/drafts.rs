//! Unsaved text of a form is restored at the next start, however the program ended.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use eventcore::Actor;
use eventcore::accounts::NewUser;
use tempfile::TempDir;
use tests::{Daemon, Kind, Terminal, TestDb};

const PASSWORD: &str = "correct horse 7";

async fn signs_up(db: &TestDb) {
    let ada = NewUser {
        username: "ada".to_owned(),
        email: "ada@example.org".to_owned(),
        password: Some(PASSWORD.to_owned()),
        ..NewUser::default()
    };
    db.core.create_user(&Actor::System, &ada).await.unwrap();
}

fn file(home: &TempDir) -> PathBuf {
    home.path().join(".local/state/eventtui/drafts.json")
}

fn kept(home: &TempDir) -> String {
    fs::read_to_string(file(home)).unwrap_or_default()
}

/// A signed-in client that shows the form for a new event.
async fn writes(home: &Arc<TempDir>, source: &[&str]) -> Terminal {
    let mut ada = Terminal::at_home(home, source);
    ada.shows("No upcoming events").await;
    // On a server the sign-in is kept.
    let signs_in = source.contains(&"--server") && !home.path().join(".local").exists();
    if signs_in {
        ada.types("A").await.shows("Sign in").await;
        ada.types(&format!("ada\t{PASSWORD}\r")).await.shows("✓ Hello, ada").await;
    }
    ada.shows("ada@").await;
    ada.types("n").await.shows("New event").await;
    ada
}

async fn drafts(source: &[&str]) {
    let home = Arc::new(tempfile::tempdir().unwrap());
    let mut ada = writes(&home, source).await;
    ada.types("Chess\t2031-03-07 19:00").await.shows("→ Fri 7 March 2031, 19:00").await;
    ada.signal("TERM").await;
    assert_eq!(ada.ends().await, 0);
    let mode = fs::metadata(file(&home)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{}", kept(&home));

    let mut ada = writes(&home, source).await;
    ada.shows("✓ Draft restored").await.shows("Chess").await;
    ada.types(" 2\x03").await.shows("! Unsaved text is kept as a draft").await;
    ada.types("\x03").await;
    assert_eq!(ada.ends().await, 0);
    assert!(kept(&home).contains("2031-03-07 19:00 2"), "{}", kept(&home));

    let mut ada = writes(&home, source).await;
    ada.shows("2031-03-07 19:00 2").await;
    ada.types("\x7f\x7f\t\t\t\tLibrary\x13").await.shows("✓ Chess saved with 1 occurrence").await;
    ada.types("q").await;
    assert_eq!(ada.ends().await, 0);
    assert_eq!(kept(&home), "{}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unsaved_text_is_restored_in_a_database() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    signs_up(&db).await;
    drafts(&["--database", &db.url, "--as", "ada"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unsaved_text_is_restored_on_a_server() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    signs_up(&daemon.db).await;
    drafts(&["--server", &format!("http://{}", daemon.address())]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_drafts_file_is_ignored() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    signs_up(&db).await;
    let home = Arc::new(tempfile::tempdir().unwrap());
    fs::create_dir_all(file(&home).parent().unwrap()).unwrap();
    fs::write(file(&home), "no JSON").unwrap();
    let source = ["--database", db.url.as_str(), "--as", "ada"];
    let mut ada = writes(&home, &source).await;
    ada.types("Chess\x1b").await.shows("✓ Draft kept").await;
    ada.types("q").await;
    assert_eq!(ada.ends().await, 0);
    // A folder in place of the file is reported, and nothing else fails.
    fs::remove_file(file(&home)).unwrap();
    fs::create_dir(file(&home)).unwrap();
    let mut ada = writes(&home, &source).await;
    ada.types("Tea\x1b").await.shows("✗ Drafts cannot be stored:").await;
    ada.types("q").await.shows("! Unsaved text").await;
    ada.types("q").await;
    assert_eq!(ada.ends().await, 0);
}
