//! Output for scripts and pipes, without a terminal.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use eventcore::Actor;
use eventcore::accounts::NewUser;
use serde_json::Value;
use tests::{Daemon, Kind, Terminal, TestDb, finish, new_event, new_event_in_2031, tui};

async fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = tui(arguments).output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_reads_the_agenda_and_registers() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let ada =
        NewUser { username: "ada".to_owned(), email: "ada@example.org".to_owned(), ..NewUser::default() };
    let ada = db.core.create_user(&Actor::System, &ada).await.unwrap();
    let series = new_event()
        .title("Tea \u{202e}time")
        .location("Kitchen")
        .starts_at("2031-03-04T18:30:00")
        .timezone("Europe/Berlin")
        .capacity(1)
        .category("course")
        .tags(["green tea"])
        .rule("FREQ=DAILY;COUNT=250")
        .json();
    db.core
        .create_event(&Actor::user(ada.id, ada.role), &serde_json::from_value(series).unwrap())
        .await
        .unwrap();
    let url = ["--database", &db.url];

    let (status, text, _) =
        run(&[&["agenda", "--limit", "3", "--from", "2031-03-10"], &url[..]].concat()).await;
    assert_eq!((status, text.lines().count()), (0, 3));
    assert!(text.contains("2031-03-10T18:30:00+01:00\tTea ␛time\tKitchen\t1\t"), "{text}");
    let (_, json, _) =
        run(&[&["agenda", "--json", "--limit", "1000", "--search", "tea"], &url[..]].concat()).await;
    let occurrences: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(occurrences.len(), 250);
    for (category, tag, found) in
        [("course", "GREEN TEA", 5), ("concert", "green tea", 0), ("course", "coffee", 0)]
    {
        let asked = ["agenda", "--limit", "5", "--category", category, "--tag", tag];
        let (status, text, _) = run(&[&asked, &url[..]].concat()).await;
        assert_eq!((status, text.lines().count()), (0, found), "{category} {tag}");
    }
    let (_, text, _) = run(&[&["agenda", "--to", "2031-03-05"], &url[..]].concat()).await;
    assert_eq!(text.lines().count(), 2);

    let id = occurrences[0]["id"].as_str().unwrap();
    let (status, text, _) = run(&[&["show", id], &url[..]].concat()).await;
    assert!(status == 0 && text.contains("1 of 1 seats free, 0 waiting"), "{text}");
    let (status, text, _) = run(&[&["register", id, "--as", "ada"], &url[..]].concat()).await;
    assert!(status == 0 && text.starts_with("confirmed for 1, ticket "), "{text}");
    let (status, _, error) =
        run(&[&["register", id, "--as", "ada", "--party", "2"], &url[..]].concat()).await;
    assert!(status == 1 && error.starts_with("eventtui: "), "{error}");
    let (status, _, error) = run(&[&["register", id], &url[..]].concat()).await;
    assert_eq!((status, error.as_str()), (1, "eventtui: sign in first\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completions_and_manual_name_the_commands() {
    for arguments in [&["completions", "bash"][..], &["completions", "zsh"], &["man"]] {
        let (status, text, _) = run(arguments).await;
        assert!(status == 0 && text.contains("eventtui") && text.contains("agenda"), "{arguments:?}");
    }
}

/// The script failed with "sign in first", because each of its commands renewed the only refresh token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_at_once_and_beside_an_open_client_stay_signed_in() {
    const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/cases/13-eventtui-parallel.sh");
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    daemon.db.user_with_password("bob", "correct horse 7").await;
    let series = new_event_in_2031().title("Tea time").rule("FREQ=DAILY;COUNT=6").capacity(9);
    let event = ada.post("/events", series.json()).await.expect(201).id();
    let occurrences = ada.occurrences(&event).await;
    let (server, home) = (format!("http://{}", daemon.address()), Arc::new(tempfile::tempdir().unwrap()));
    let at_home = |arguments: &[&str]| {
        let mut command = tui(arguments);
        command.env("HOME", home.path());
        command
    };

    let login = at_home(&["login", "bob", "--password-stdin", "--server", &server]);
    assert_eq!(finish(login, "correct horse 7\n").await.succeeds(), "signed in as bob\n");
    let mut open = Terminal::at_home(&home, &["--server", &server]);
    open.shows("Tea time").await;

    let program = tui(&[]).as_std().get_args().last().map(Path::new).unwrap().to_owned();
    let mut path = OsString::from(program.parent().unwrap());
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let mut script = tokio::process::Command::new("sh");
    script.arg(SCRIPT).args(&occurrences).env_clear().env("PATH", path).env("SERVER", &server);
    script.env("HOME", home.path()).kill_on_drop(true);
    let out = finish(script, "").await.succeeds();
    let confirmed = out.lines().filter(|line| line.starts_with("confirmed for 1, ticket ")).count();
    assert_eq!((confirmed, out.lines().count()), (7, 7), "{out}");

    let mine = at_home(&["mine", "--server", &server]);
    assert_eq!(finish(mine, "").await.succeeds().lines().count(), 6);
    // The client that was open all the time is still signed in.
    open.types("4").await.shows("● you").await;
    open.types("q").await;
    assert_eq!(open.ends().await, 0);
}
