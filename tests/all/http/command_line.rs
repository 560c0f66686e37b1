//! The command line of the daemon, as an operator uses it.

use std::process::{Output, Stdio};

use tests::{Kind, TestDb, command, for_each_kind};
use tokio::io::AsyncWriteExt;

async fn run(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let Output { status, stdout, stderr } = child.wait_with_output().await.unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

async fn story(kind: Kind) {
    let db = TestDb::new(kind).await;
    let url = db.url.as_str();
    let create = [
        "user",
        "create",
        "--username",
        "root",
        "--email",
        "root@example.org",
        "--admin",
        "--password-stdin",
        "--database",
        url,
    ];
    let (code, out, _) = run(&create, "correct horse 7\n").await;
    assert!(code == 0 && out.starts_with("created root (admin)"), "{out}");
    let (code, _, err) = run(&create, "correct horse 7\n").await;
    assert_eq!((code, err.as_str()), (1, "eventd: another user has this username\n"));
    let (code, out, _) = run(&["user", "list", "--database", url], "").await;
    assert!(code == 0 && out.contains("root@example.org"), "{out}");
    let (code, out, _) =
        run(&["user", "reset-password", "root", "--database", url], "another horse 8\n").await;
    assert_eq!((code, out.as_str()), (0, "root has a new password, and is signed out everywhere\n"));
    let (code, out, _) = run(&["user", "disable", "root", "--database", url], "").await;
    assert_eq!((code, out.as_str()), (0, "root can no longer sign in\n"));
    let (code, _, err) = run(&["user", "disable", "nobody", "--database", url], "").await;
    assert_eq!((code, err.as_str()), (1, "eventd: there is no such user\n"));
    let (code, _, err) = run(&["demo", "--database", url], "").await;
    assert_eq!(
        (code, err.as_str()),
        (1, "eventd: the database has accounts already: name an empty one with --database\n")
    );
    let (code, out, _) = run(&["migrate", "--check", "--database", url], "").await;
    assert_eq!((code, out.as_str()), (0, "the schema is up to date\n"));
}

for_each_kind!(story);

#[tokio::test]
async fn an_empty_database_is_filled_and_migrated() {
    let (url, _dir) = TestDb::empty(Kind::Sqlite).await;
    let (code, out, _) = run(&["migrate", "--check", "--database", &url], "").await;
    assert!(code == 1 && out.contains("run `eventd migrate`"), "{out}");
    let (code, out, _) = run(&["demo", "--database", &url], "").await;
    assert!(code == 0 && out.contains("sign in as ada"), "{out}");
    let (code, ..) = run(&["migrate", "--check", "--database", &url], "").await;
    assert_eq!(code, 0);
}

#[tokio::test]
async fn what_cannot_be_used_is_said_in_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let read_only = dir.path().join("config.toml");
    std::fs::write(&read_only, "colour = \"red\"").unwrap();
    let config = read_only.display().to_string();
    for (arguments, says) in [
        (vec!["serve", "--database", "sqlite:///no/such/folder/x.db"], "check that its folder exists"),
        (vec!["serve", "--database", "mysql://x"], "must begin with sqlite:// or postgres://"),
        (vec!["migrate", "--database", "postgres://nobody@127.0.0.1:1/x"], "cannot be reached"),
        (vec!["serve", "--listen", "here"], "listen (flag) must be an address"),
        (vec!["config", "--config", &config], "colour is not a setting"),
        (vec!["config", "--config", "/no/such/file"], "cannot be read"),
    ] {
        let (code, out, err) = run(&arguments, "").await;
        assert!(
            code == 1 && out.is_empty() && err.contains(says) && err.trim_end().lines().count() == 1,
            "{arguments:?}: {err}"
        );
    }
}

#[tokio::test]
async fn the_configuration_says_where_it_comes_from() {
    let (code, out, _) =
        run(&["config", "--listen", "127.0.0.1:99", "--jwt-secret", "0123456789abcdef0123456789abcdef"], "")
            .await;
    assert_eq!(code, 0);
    assert!(out.contains("127.0.0.1:99  (flag)") && out.contains("sqlite://events.db  (default)"), "{out}");
    assert!(!out.contains("0123456789abcdef"), "{out}");
}
