//! Access tokens, and the export and deletion of the own account in the terminal, on a database and on a
//! server; the categories, which admins maintain.

use eventcore::accounts::NewUser;
use eventcore::{Actor, Role};
use rstest::rstest;
use serde_json::Value;
use tests::{Daemon, Kind, Terminal, TestDb, id_of, new_event_in_2031};

const PASSWORD: &str = "correct horse 7";

async fn signed_in(source: &[&str], name: &str) -> Terminal {
    let mut terminal = Terminal::start(source);
    terminal.shows("not signed in").await;
    terminal.types("A").await.shows("Sign in").await;
    terminal.types(&format!("{name}\t{PASSWORD}\r")).await.shows("✓ Hello, ").await;
    terminal
}

async fn manage_own_data(db: &TestDb, source: &[&str]) {
    let ada = db.user_with_password("ada", PASSWORD).await;
    let (_, occurrence) = db.create_event(&ada, new_event_in_2031().title("Tea")).await;
    let mut terminal = signed_in(source, "ada").await;

    // A token is shown once, and acts until it is revoked.
    terminal.types(":api key\r").await.shows("None. n creates one").await;
    terminal.types("n").await.shows("New access token").await.shows("▌Name").await;
    terminal.types("backup\t\x15everything\r").await.shows("! must be read, write or calendar").await;
    terminal.types("\x15write\t\x152 weeks").await.shows("→ until ").await;
    terminal.types("\r").await.shows("Token “backup” · write").await.shows("evc_").await;
    let screen = terminal.text();
    let secret =
        screen.split_whitespace().find(|word| word.starts_with("evc_")).expect("a secret").to_owned();
    let actor = db.core.authenticate(&secret).await.unwrap();
    assert_eq!((id_of(&actor), actor.may_write().is_ok()), (id_of(&ada), true), "{screen}");
    terminal.types("\x1b").await.hides("evc_").await.shows("▌backup").await;
    terminal.types("x").await.shows("Revoke “backup”?").await;
    terminal.types("y").await.shows("✓ Token revoked").await.shows("None. n creates one").await;
    assert!(db.core.authenticate(&secret).await.is_err());

    // All that is held about her.
    terminal.types("\x1b").await.hides("Access tokens").await;
    terminal.types("A").await.shows("Sessions (1)").await;
    terminal.types("s").await.shows("✓ Saved as ~/account-ada.json").await;
    let export = std::fs::read_to_string(terminal.home.path().join("account-ada.json")).unwrap();
    let export: Value = serde_json::from_str(&export).unwrap();
    assert_eq!((&export["user"]["username"], &export["events"][0]["title"]), (&"ada".into(), &"Tea".into()));

    // Deletion wants her name and her password.
    terminal
        .types("D")
        .await
        .shows("Delete my account")
        .await
        .shows("Your registrations are cancelled")
        .await;
    terminal.types(&format!("bob\t{PASSWORD}\r")).await.shows("! must be ada").await;
    terminal.types("\x15ada\t\x15not hers\r").await.shows("! is not your password").await;
    terminal.shows("ada").await;
    db.core.user(&Actor::System, id_of(&ada)).await.unwrap();
    terminal.types(&format!("\x15{PASSWORD}\r")).await.shows("✓ Your account is deleted").await;
    terminal.shows("not signed in").await;
    assert_eq!(db.core.user(&Actor::System, id_of(&ada)).await.unwrap_err().code(), "not_found");
    let tea = db.core.occurrence(&Actor::Anonymous, occurrence).await.unwrap();
    assert_eq!(tea.status, eventcore::events::OccurrenceStatus::Cancelled);
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
}

async fn maintain_categories(db: &TestDb, source: &[&str]) {
    let input = NewUser {
        username: "root".to_owned(),
        email: "root@example.org".to_owned(),
        password: Some(PASSWORD.to_owned()),
        role: Some(Role::Admin),
        ..NewUser::default()
    };
    let root = db.core.create_user(&Actor::System, &input).await.unwrap();
    db.user_with_password("ada", PASSWORD).await;
    let root = Actor::user(root.id, root.role);
    let slugs = async || {
        let all = db.core.categories().await.unwrap();
        all.into_iter().map(|category| (category.slug, category.name)).collect::<Vec<_>>()
    };

    let mut ada = signed_in(source, "ada").await;
    ada.types("5K").await.shows("Categories").await.shows("concert").await;
    ada.types("nRepair café\r").await.shows("✗ ").await.shows("Repair café").await;
    ada.types("\x03").await.hides("Repair café").await;
    drop(ada);

    let mut admin = signed_in(source, "root").await;
    admin.types("5K").await.shows("Categories").await.shows("concert").await;
    admin.types("nRepair café").await.shows("→ repair-cafe").await;
    admin.types("\r").await.hides("New category").await.shows("repair-cafe").await;
    assert!(slugs().await.contains(&("repair-cafe".to_owned(), "Repair café".to_owned())));
    db.create_event(&root, new_event_in_2031().title("Toasters").category("repair-cafe")).await;
    // The new one is selected by its place in the alphabet.
    let place = slugs().await.iter().position(|(slug, _)| slug == "repair-cafe").unwrap();
    admin.types(&format!("g{}", "j".repeat(place))).await.shows("▌Repair café").await;
    admin.types("e").await.shows("Change category").await;
    admin.types("\x15Mending\r").await.hides("Change category").await.shows("Mending").await;
    assert!(slugs().await.contains(&("repair-cafe".to_owned(), "Mending".to_owned())));
    let place = slugs().await.iter().position(|(slug, _)| slug == "repair-cafe").unwrap();
    admin.types(&format!("g{}", "j".repeat(place))).await.shows("▌Mending").await;
    admin.types("x").await.shows("Delete the category “Mending”").await;
    admin.types("\r").await.shows("✗ ").await;
    admin.types("workshop\r").await.hides("Delete the category").await.hides("Mending").await;
    assert!(!slugs().await.iter().any(|(slug, _)| slug == "repair-cafe"));
    admin.types("q").await;
    assert_eq!(admin.ends().await, 0);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_export_and_deletion_in_a_database(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let url = db.url.clone();
    manage_own_data(&db, &["--database", &url]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_export_and_deletion_on_a_server() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let address = format!("http://{}", daemon.address());
    manage_own_data(&daemon.db, &["--server", &address]).await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn categories_are_maintained_in_a_database(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let url = db.url.clone();
    maintain_categories(&db, &["--database", &url]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn categories_are_maintained_on_a_server() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let address = format!("http://{}", daemon.address());
    maintain_categories(&daemon.db, &["--server", &address]).await;
}
