//! Job control of the shell, external editors, and the demo of the daemon.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use eventcore::Actor;
use tests::{Kind, Terminal, TestDb};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_is_suspended_and_resumed() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let mut terminal = Terminal::start(&["--database", &db.url]);
    terminal.shows("No upcoming events").await;
    // By the key, and by a signal.
    terminal.types("\x1a").await;
    terminal.hides("No upcoming events").await.stops().await;
    assert!(!terminal.is_taken());
    terminal.signal("CONT").await;
    terminal.shows("No upcoming events").await;
    terminal.signal("TSTP").await;
    terminal.hides("No upcoming events").await.stops().await;
    terminal.signal("CONT").await;
    terminal.shows("No upcoming events").await;
    terminal.types("?").await.shows("Keys · Agenda").await;
    terminal.types("\x03").await;
    assert_eq!(terminal.ends().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_user_is_offered_the_demo() {
    let mut newcomer = Terminal::start(&[]);
    newcomer.shows("There is no events.db in this folder yet").await;
    newcomer.types("d").await.shows("✓ sign in as ada (admin)").await.shows("Board games").await;
    newcomer.types("A").await.shows("Sign in").await;
    newcomer.types("ada\tcorrect horse 7\r").await.shows("✓ Hello, Ada").await;
    newcomer.types("q").await;
    assert_eq!(newcomer.ends().await, 0);

    let mut other = Terminal::start(&[]);
    other.shows("n  create an empty database").await;
    other.types("q").await;
    assert!(!other.home.path().join("events.db").exists());
    assert_eq!(other.ends().await, 0);
}

/// A shell script that serves as the editor.
fn script(home: &Path, name: &str, lines: &str) -> String {
    let path = home.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).expect("a script");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).expect("its mode");
    path.to_str().expect("a path").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_editor_takes_over_the_terminal() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    db.user("ada").await;
    let home = Arc::new(tempfile::tempdir().expect("a folder"));
    // This editor records the mode of the file, shows the text, and appends what is typed until a full stop.
    let lines = r#"stat -c "%a %n" "$2" >"$HOME/edited"; stty -g >"$HOME/modes"; cat "$2"; echo "$1 READY"
while read -r line; do [ "$line" = . ] && exit; echo "> $line"; echo "$line" >>"$2"; done"#;
    let editor = format!("{} --wait", script(home.path(), "editor", lines));
    let source = ["--database", &db.url, "--as", "ada"];
    let mut ada = Terminal::with(&home, &[("VISUAL", &editor), ("EDITOR", "false")], &source);
    ada.shows("No upcoming events").await.shows("ada@").await;
    ada.types("n").await.shows("New event").await;
    ada.types("Tea\ttomorrow 18:30\t\t\t\tKitchen\x0f").await.shows("--wait READY").await;
    assert!(!ada.is_taken());
    // All keys go to the editor, however quickly they are typed.
    let poem: Vec<String> = (1..=40).map(|n| format!("Line {n} of *tea*")).collect();
    ada.types(&format!("{}\n", poem.join("\n"))).await.shows("> Line 40 of *tea*").await;
    ada.types(".\n").await.shows("Line 40 of *tea*▏").await;
    assert!(ada.is_taken());
    let note = |name: &str| std::fs::read_to_string(home.path().join(name)).expect(name);
    assert_eq!(note("modes"), note("before"), "the editor has the terminal as the shell has it");
    let edited = note("edited");
    let (mode, path) = edited.trim().split_once(' ').expect("a mode and a path");
    assert_eq!((mode, Path::new(path).exists()), ("600", false));
    // The editor opens with the text so far.
    ada.types("\x0f").await.shows("Line 40 of *tea*\n--wait READY").await;
    // The last line of a frame is drawn last, so once it shows, the text is complete.
    ada.types("Sugar\n.\n").await.shows("^S save").await;
    ada.types("\x13").await.shows("✓ Tea saved").await;
    ada.types("q").await;
    assert_eq!(ada.ends().await, 0);
    let found = db
        .core
        .events(
            &Actor::Anonymous,
            &eventcore::agenda::AgendaFilter::default(),
            &eventcore::PageRequest::first(10),
        )
        .await;
    assert_eq!(found.expect("events").items[0].description, format!("{}\nSugar", poem.join("\n")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_editor_is_reported_and_loses_no_text() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    db.user("ada").await;
    let home = Arc::new(tempfile::tempdir().expect("a folder"));
    let failing = script(home.path(), "failing", r#"echo lost >"$1"; exit 3"#);
    let garbling = script(home.path(), "garbling", r#"printf '\377' >"$1""#);
    for (editor, said) in [
        ("no-such-editor", "✗ no-such-editor cannot be run".to_owned()),
        (&failing, "failed (exit status: 3)".to_owned()),
        (&garbling, "is not UTF-8".to_owned()),
    ] {
        let mut ada = Terminal::with(&home, &[("EDITOR", editor)], &["--database", &db.url, "--as", "ada"]);
        ada.shows("No upcoming events").await.shows("ada@").await;
        ada.types("nTea\x1b").await.shows("Draft kept").await;
        ada.types("n\x0f").await.shows(&said).await.shows("Tea").await;
        assert!(ada.is_taken() && !ada.text().contains("lost"), "{}", ada.text());
        ada.types("\x03").await.shows("! Unsaved text").await;
        ada.types("\x03").await;
        assert_eq!(ada.ends().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_named_editor_the_usual_one_is_used() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    db.user("ada").await;
    let home = Arc::new(tempfile::tempdir().expect("a folder"));
    script(home.path(), "editor", "printf 'by the usual one' >>\"$1\"");
    let path = format!("{}:{}", home.path().display(), std::env::var("PATH").expect("a search path"));
    let arguments = ["--database", db.url.as_str(), "--as", "ada"];
    let mut ada = Terminal::with(&home, &[("PATH", &path)], &arguments);
    ada.shows("No upcoming events").await;
    ada.types("n").await.shows("New event").await;
    ada.types("\x0f").await.shows("by the usual one").await;
    ada.types("\x1b").await.shows("✓ Draft kept").await;
    ada.types("q").await;
    assert_eq!(ada.ends().await, 0);
}
