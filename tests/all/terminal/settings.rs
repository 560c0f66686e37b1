//! Preferences in the configuration file of a user.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use eventcore::Actor;
use eventcore::accounts::NewUser;
use tempfile::TempDir;
use tests::{Daemon, Kind, Terminal, TestDb, new_event, tui};

/// A home directory with a configuration file.
fn home(config: &str) -> Arc<TempDir> {
    let home = tempfile::tempdir().unwrap();
    configure(home.path(), config);
    Arc::new(home)
}

fn configure(home: &Path, config: &str) {
    let folder = home.join(".config/eventtui");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), config).unwrap();
}

/// A database with one event of this title.
async fn with_event(db: &TestDb, title: &str) {
    let name = title.to_lowercase();
    let user = NewUser { email: format!("{name}@example.org"), username: name, ..NewUser::default() };
    let user = db.core.create_user(&Actor::System, &user).await.unwrap();
    let event = new_event().title(title).starts_at("2031-03-04T18:30:00").timezone("Europe/Berlin").json();
    let event = serde_json::from_value(event).unwrap();
    db.core.create_event(&Actor::user(user.id, user.role), &event).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configured_server_is_the_default() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    with_event(&db, "Preferred").await;
    let daemon = Daemon::start(Kind::Sqlite).await;
    with_event(&daemon.db, "Served").await;

    let on_database =
        format!("database = {:?}\ntimezone = \"Asia/Tokyo\"\ntimes = \"mine\"\ntheme = \"light\"\n", db.url);
    let home = home(&on_database);
    let mut terminal = Terminal::at_home(&home, &[]);
    terminal
        .shows("Preferred")
        .await
        .shows("Wed 5 March 2031")
        .await
        .shows("02:30")
        .await
        .shows("Asia/Tokyo")
        .await;
    terminal.types("T").await.shows("✓ Theme: contrast").await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);

    configure(home.path(), &format!("server = \"http://{}\"", daemon.address()));
    let mut terminal = Terminal::at_home(&home, &[]);
    terminal.shows("Served").await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
    // The environment overrides the configuration, and the command line overrides both.
    let address = format!("http://{}", daemon.address());
    for (arguments, title) in
        [(vec!["agenda"], "Preferred"), (vec!["agenda", "--server", &address], "Served")]
    {
        let mut command = tui(&arguments);
        let output = command.env("HOME", home.path()).env("DATABASE_URL", &db.url).output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(title) && text.lines().count() == 1, "{arguments:?}: {text}");
    }
    // For scripts too; the command line has precedence.
    for (arguments, title) in
        [(vec!["agenda"], "Served"), (vec!["agenda", "--database", &db.url], "Preferred")]
    {
        let output = tui(&arguments).env("HOME", home.path()).output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(title) && text.lines().count() == 1, "{arguments:?}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn preferences_apply_at_once_and_are_saved() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    with_event(&db, "Preferred").await;
    let home = home("# mine\n");
    let mut terminal = Terminal::at_home(&home, &["--database", &db.url]);
    terminal.shows("Preferred").await.shows("Tue 4 March 2031").await;
    terminal.types(",").await.shows("My preferences").await;
    terminal.types("sparkle\tMars/Olympus\t\x15mine\t").await.types(&db.url).await.types("\r").await;
    terminal.shows("! \"Mars/Olympus\" is not a time zone").await;
    terminal.types("\x15Asia/Tokyo\r").await.shows("! there is no theme \"sparkle\"").await;
    terminal
        .types("\x15light\r")
        .await
        .shows("✓ Saved")
        .await
        .shows("Wed 5 March 2031")
        .await
        .shows("02:30")
        .await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
    let kept = fs::read_to_string(home.path().join(".config/eventtui/config.toml")).unwrap();
    let said =
        format!("database = {:?}\ntheme = \"light\"\ntimezone = \"Asia/Tokyo\"\ntimes = \"mine\"\n", db.url);
    assert!(kept.contains(&said) && kept.contains("# mine"), "{kept}");

    let mut terminal = Terminal::at_home(&home, &[]);
    terminal.shows("Preferred").await.shows("Wed 5 March 2031").await.shows("Asia/Tokyo").await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_configuration_a_file_in_the_folder_is_opened() {
    let home = home("# nothing yet\n");
    let folder = home.path().join("events.db");
    let core = eventcore::EventCore::open(&format!("sqlite://{}", folder.display())).await.unwrap();
    core.close().await;
    let mut terminal = Terminal::at_home(&home, &[]);
    terminal.shows("No upcoming events").await.shows("· events.db").await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
    fs::remove_file(folder).unwrap();
    let mut terminal = Terminal::at_home(&home, &[]);
    terminal.shows("There is no events.db in this folder yet").await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_configuration_is_reported() {
    for (config, said) in [
        ("sever = \"http://a\"", "config.toml: unknown setting sever"),
        (
            "server = \"http://a\"\ndatabase = \"sqlite://b\"",
            "config.toml: name a server or a database, not both",
        ),
        ("theme = ", "config.toml: "),
        ("theme = \"sparkle\"", "there is no theme \"sparkle\""),
    ] {
        let terminal = Terminal::at_home(&home(config), &[]);
        terminal.shows(said).await;
        assert_eq!(terminal.ends().await, 1, "{config}");
    }
}
