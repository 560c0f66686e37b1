//! The operator's commands on accounts, and the help, completions and manual pages.

use eventcore::accounts::NewUser;
use eventcore::{Actor, Role};
use rstest::rstest;
use serde_json::Value;
use tests::{Daemon, Finished, Kind, TestDb, command, finish, id_of, new_event, tui};
use tokio::io::AsyncReadExt;

async fn eventd(db: &TestDb, arguments: &[&str]) -> Finished {
    finish(command(&[arguments, &["--database", &db.url]].concat()), "").await
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipe_gets_all_accounts_with_role_and_state(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    db.admin("root").await;
    db.user("bob").await;
    let mallory = NewUser {
        username: "mallory".to_owned(),
        email: "mallory@example.org".to_owned(),
        display_name: Some("Mallory \u{202e}".to_owned()),
        ..NewUser::default()
    };
    db.core.create_user(&Actor::System, &mallory).await.unwrap();
    assert_eq!(eventd(&db, &["user", "disable", "bob"]).await.succeeds(), "bob is disabled\n");
    let listed = eventd(&db, &["user", "list"]).await.succeeds();
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
    let mut rows: Vec<Vec<String>> = listed.lines().map(cells).collect();
    // They were created at the same time.
    rows.sort();
    let firsts: Vec<&[String]> = rows.iter().map(|row| &row[..4]).collect();
    assert_eq!(
        firsts,
        [
            ["bob", "user", "disabled", "bob@example.org"],
            ["mallory", "user", "active", "mallory@example.org"],
            ["root", "admin", "active", "root@example.org"],
        ]
    );
    assert!(rows.iter().all(|row| row.len() == 7), "{listed}");
    assert!(!listed.contains('\u{202e}'), "{listed}");
    assert_eq!(eventd(&db, &["user", "enable", "bob"]).await.succeeds(), "bob is enabled\n");
    let listed = eventd(&db, &["user", "list"]).await.succeeds();
    assert!(listed.contains("bob\tuser\tactive"), "{listed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_gets_an_aligned_table_of_accounts() {
    let db = TestDb::new(Kind::Sqlite).await;
    db.admin("root").await;
    db.user("bartholomew").await;
    let plain = command(&["user", "list", "--database", &db.url]);
    let (mut pty, pts) = pty_process::open().unwrap();
    pty.resize(pty_process::Size::new(24, 200)).unwrap();
    let mut child = pty_process::Command::new(plain.as_std().get_program())
        .args(plain.as_std().get_args())
        .spawn(pts)
        .unwrap();
    let mut text = Vec::new();
    // Reading fails once the program has closed the terminal.
    drop(pty.read_to_end(&mut text).await);
    assert!(child.wait().await.unwrap().success());
    let text = String::from_utf8(text).unwrap();
    let mut starts: Vec<&str> = text.lines().map(|line| &line[..20]).collect();
    starts[1..].sort_unstable();
    assert_eq!(starts, ["USERNAME     ROLE   ", "bartholomew  user   ", "root         admin  "], "{text}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sets_roles_and_deletes_accounts(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    db.admin("root").await;
    let bob = db.user("bob").await;
    let set = |name, role| ["user", "set-role", name, role];
    assert_eq!(eventd(&db, &set("bob", "admin")).await.succeeds(), "the role of bob is admin\n");
    assert_eq!(db.core.user(&Actor::System, id_of(&bob)).await.unwrap().role, Role::Admin);
    assert_eq!(eventd(&db, &set("bob", "user")).await.succeeds(), "the role of bob is user\n");
    eventd(&db, &set("root", "user")).await.refuses("the last admin cannot leave");
    eventd(&db, &set("nobody", "admin")).await.refuses("no such user");
    assert_eq!(eventd(&db, &set("bob", "king")).await.code, 2, "a usage error");

    let event = new_event().starts_at("2037-03-04T18:30:00Z").input();
    let event = db.core.create_event(&bob, &event).await.unwrap().id;
    eventd(&db, &["user", "delete", "bob"]).await.refuses("confirm it with --yes");
    assert!(db.core.profile_by_username("bob").await.is_ok());
    assert_eq!(eventd(&db, &["user", "delete", "bob", "--yes"]).await.succeeds(), "deleted bob\n");
    assert!(db.core.profile_by_username("bob").await.is_err());
    let event = db.core.event(&Actor::System, event).await.unwrap();
    assert_eq!(
        (event.organizer.display_name.as_str(), event.status.to_string().as_str()),
        ("deleted user", "cancelled")
    );
    eventd(&db, &["user", "delete", "bob", "--yes"]).await.refuses("no such user");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_exports_the_data_of_an_account_as_its_user_does(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let event = new_event().title("Notes").starts_at("2037-03-04T18:30:00Z").private().json();
    let event = ada.post("/events", event).await.expect(201).json();
    let path = format!("/events/{}/comments", event["id"].as_str().unwrap());
    ada.post(&path, serde_json::json!({"body": "first"})).await.expect(201);
    let exported = eventd(&daemon.db, &["export", "--user", "ADA"]).await.succeeds();
    let exported: Value = serde_json::from_str(&exported).unwrap();
    let own = ada.get("/users/me/export").await.expect(200).json();
    let names = |export: &Value| export.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&exported), names(&own));
    // Events differ in their links, which are absolute over HTTP.
    for list in ["user", "access_tokens", "comments", "registrations", "feedback"] {
        assert_eq!(exported[list], own[list], "{list}");
    }
    assert_eq!(exported["events"].as_array().unwrap().len(), own["events"].as_array().unwrap().len());
    assert_eq!(exported["events"][0]["title"], "Notes");
    eventd(&daemon.db, &["export", "--user", "nobody"]).await.refuses("no such user");
    drop(bob);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_imports_a_calendar(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let file = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20370304T183000Z\nDURATION:PT2H\n\
                SUMMARY:Notes\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\nDTSTART:20200304T183000Z\n\
                DURATION:PT2H\nSUMMARY:Old\n\
                LOCATION:x\nEND:VEVENT\nEND:VCALENDAR\n";
    let import = async |arguments: &[&str]| {
        let arguments = [&["import", "-", "--as", "ADA", "--database", &db.url], arguments].concat();
        finish(command(&arguments), file).await
    };
    assert_eq!(
        import(&["--dry-run"]).await.succeeds(),
        "line 2: created: Notes: LOCATION is missing: “To be announced” is filled in\n\
         line 8: skipped: Old: it is over\n\
         1 created, 0 updated, 0 unchanged, 1 skipped (dry run: nothing is stored)\n"
    );
    assert_eq!(db.number("SELECT count(*) FROM events").await, 0);
    let made = import(&["--location", "Library", "--draft", "--past", "--json"]).await.succeeds();
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!((&made["created"], &made["dry_run"]), (&Value::from(2), &Value::from(false)));
    let id = made["components"][0]["event_id"].as_str().unwrap().parse().unwrap();
    let event = db.core.event(&ada, id).await.unwrap();
    assert_eq!((event.location.as_str(), event.status.to_string().as_str()), ("Library", "draft"));
    assert_eq!((event.organizer.id, event.capacity), (id_of(&ada), 100));
    let again = import(&["--location", "Library"]).await.succeeds();
    assert!(again.ends_with("0 created, 0 updated, 2 unchanged, 0 skipped\n"), "{again}");
    let arguments = ["import", "-", "--as", "ada", "--database", &db.url];
    finish(command(&arguments), "BEGIN:VCALENDAR\n").await.refuses("truncated");
    eventd(&db, &["import", "not-there.ics", "--as", "ada"]).await.refuses("cannot read not-there.ics");
    eventd(&db, &["import", "-", "--as", "nobody"]).await.refuses("no such user");
}

#[tokio::test]
async fn the_help_of_a_command_shows_what_has_an_effect_on_it() {
    let help = async |arguments: &[&str]| finish(command(arguments), "").await.succeeds();
    for own in
        [&["user", "set-role"][..], &["user", "list"], &["check"], &["migrate"], &["backup"], &["export"]]
    {
        let text = help(&[own, &["--help"]].concat()).await;
        assert!(text.contains("--database") && text.contains("--config"), "{own:?}: {text}");
        for of_the_server in ["--listen", "--rate-limit", "--trust-proxy", "--jwt-secret", "--workers"] {
            assert!(!text.contains(of_the_server), "{own:?}: {text}");
        }
    }
    for own in [&["openapi"][..], &["completions"], &["man"]] {
        assert!(!help(&[own, &["--help"]].concat()).await.contains("--database"), "{own:?}");
    }
    for all in [&["serve", "--help"][..], &["config", "--help"], &["--help"]] {
        let text = help(all).await;
        let (own, settings) = text.split_once("Settings:").expect("a heading of their own");
        assert!(settings.contains("--listen") && settings.contains("--database"), "{text}");
        assert!(!own.contains("--listen"), "{text}");
    }
    // What is hidden is still understood, before and after the command.
    let (url, _dir) = TestDb::empty(Kind::Sqlite).await;
    for line in [
        ["--workers", "0", "migrate", "--database", &url],
        ["migrate", "--workers", "0", "--database", &url],
        ["--database", &url, "migrate", "--workers", "0"],
    ] {
        assert_eq!(finish(command(&line), "").await.succeeds(), "the schema is up to date\n", "{line:?}");
    }
    let text = finish(tui(&["show", "--help"]), "").await.succeeds();
    let (own, of_all) = text.split_once("Options of all commands:").expect("a heading of their own");
    assert!(own.contains("--json") && !own.contains("--database"), "{text}");
    assert!(of_all.contains("--database"), "{text}");
}

#[tokio::test]
async fn completions_and_manual_pages_cover_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = finish(command(&["completions", shell]), "").await.succeeds();
        assert!(text.contains("reset-password") && text.contains("set-role"), "{shell}");
    }
    let page = finish(command(&["man"]), "").await.succeeds();
    assert!(page.starts_with(".ie") || page.contains(".TH eventd"), "{page}");
    for (program, pages) in [
        ("eventd", ["eventd.1", "eventd-serve.1", "eventd-user-set-role.1"]),
        ("eventtui", ["eventtui.1", "eventtui-agenda.1", "eventtui-register.1"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().to_str().unwrap();
        let arguments = ["man", "--folder", folder];
        let written = if program == "eventd" { command(&arguments) } else { tui(&arguments) };
        finish(written, "").await.succeeds();
        for page in pages {
            let text = std::fs::read_to_string(format!("{folder}/{page}")).unwrap();
            assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{page}");
        }
    }
    let nowhere = finish(command(&["man", "--folder", "/no/such/folder"]), "").await;
    nowhere.refuses("cannot write to /no/such/folder");
}
