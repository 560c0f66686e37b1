//! The command line of the daemon, as an operator uses it.

use std::process::{Output, Stdio};
use std::time::Duration;

use eventcore::db::{Queries, Sql};
use rstest::rstest;
use tests::{Kind, TestDb, command};
use tokio::io::AsyncWriteExt;

async fn run(arguments: &[&str], input: &str) -> (i32, String, String) {
    run_to_the_end(command(arguments), input).await
}

async fn run_to_the_end(mut command: tokio::process::Command, input: &str) -> (i32, String, String) {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let ending = tokio::time::timeout(Duration::from_mins(1), child.wait_with_output());
    let Output { status, stdout, stderr } = ending.await.expect("it ends").unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_manages_users_and_the_schema(#[case] kind: Kind) {
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
    assert_eq!(
        (code, out.as_str()),
        (0, "password of root changed, all sessions ended and personal access tokens revoked\n")
    );
    let (code, out, _) = run(&["user", "disable", "root", "--database", url], "").await;
    assert_eq!((code, out.as_str()), (0, "root is disabled\n"));
    let (code, _, err) = run(&["user", "disable", "nobody", "--database", url], "").await;
    assert_eq!((code, err.as_str()), (1, "eventd: no such user\n"));
    let (code, _, err) = run(&["demo", "--database", url], "").await;
    assert_eq!(
        (code, err.as_str()),
        (1, "eventd: the database has accounts that are not of the demo: name another one with --database\n")
    );
    let (code, out, _) = run(&["migrate", "--check", "--database", url], "").await;
    assert_eq!((code, out.as_str()), (0, "the schema is up to date\n"));
}

#[tokio::test]
async fn an_empty_database_is_filled_and_migrated() {
    let (url, _dir) = TestDb::empty(Kind::Sqlite).await;
    let (code, _, err) = run(&["migrate", "--check", "--database", &url], "").await;
    assert!(code == 1 && err.contains("create it with `eventd migrate`"), "{err}");
    let (code, out, _) = run(&["demo", "--database", &url], "").await;
    assert!(code == 0 && out.contains("sign in as ada"), "{out}");
    let (code, ..) = run(&["migrate", "--check", "--database", &url], "").await;
    assert_eq!(code, 0);
}

#[tokio::test]
async fn an_unusable_setting_is_reported_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let read_only = dir.path().join("config.toml");
    std::fs::write(&read_only, "colour = \"red\"").unwrap();
    let config = read_only.display().to_string();
    for (arguments, says) in [
        (vec!["serve", "--database", "sqlite:///no/such/folder/x.db"], "create the folder first"),
        (vec!["serve", "--database", "mysql://x"], "must begin with sqlite:// or postgres://"),
        (vec!["migrate", "--database", "postgres://nobody@127.0.0.1:1/x"], "cannot be reached"),
        (vec!["serve", "--listen", "here"], "listen (flag) must be an address"),
        (vec!["config", "--config", &config], "unknown setting colour"),
        (vec!["config", "--config", "/no/such/file"], "cannot read"),
    ] {
        let (code, out, err) = run(&arguments, "").await;
        assert!(
            code == 1 && out.is_empty() && err.contains(says) && err.trim_end().lines().count() == 1,
            "{arguments:?}: {err}"
        );
    }
}

/// Asserts that a command fails with one sentence that contains `says`, and prints nothing else.
async fn fails(command: tokio::process::Command, says: &str) {
    let (code, out, err) = run_to_the_end(command, "").await;
    let sentence = err.strip_prefix("eventd: ").and_then(|rest| rest.strip_suffix('\n'));
    assert!(
        code == 1 && out.is_empty() && sentence.is_some_and(|s| s.contains(says) && !s.contains('\n')),
        "{says}: {code}\n{out}\n{err}"
    );
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_not_served() {
    let nobody = "postgres://nobody@127.0.0.1:1/events";
    fails(
        command(&["serve", "--database", nobody]),
        "PostgreSQL at 127.0.0.1:1 cannot be reached: check that it runs",
    )
    .await;
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_not_served() {
    let db = TestDb::new(Kind::Postgres).await;
    let elsewhere = db.url.replace("/test_", "/nothing_");
    fails(command(&["serve", "--database", &elsewhere]), "does not exist").await;
}

/// `eventd` as a process that obeys file permissions, which root does not.
fn without_privileges(arguments: &[&str]) -> tokio::process::Command {
    let plain = command(arguments);
    let is_root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0;
    if !is_root {
        return plain;
    }
    let mut bound = tokio::process::Command::new("setpriv");
    bound
        .arg("--bounding-set=-dac_override")
        .arg(plain.as_std().get_program())
        .args(plain.as_std().get_args());
    bound.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).kill_on_drop(true);
    bound
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_file_is_not_served() {
    let db = TestDb::new(Kind::Sqlite).await;
    db.core.close().await;
    let file = std::path::Path::new(db.url.strip_prefix("sqlite://").unwrap());
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o444)).unwrap();
    let serve = without_privileges(&["serve", "--listen", "127.0.0.1:0", "--database", &db.url]);
    fails(serve, "the database file is read-only: make it writable for this user").await;
    let fresh = format!("{}.new", db.url);
    let (code, ..) = run(&["migrate", "--database", &fresh], "").await;
    assert_eq!(code, 0, "a new file beside it is none the worse");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_replica_is_not_served() {
    let db = TestDb::new(Kind::Postgres).await;
    let follower = format!("{}&options=-c%20default_transaction_read_only%3Don", db.url);
    fails(command(&["serve", "--database", &follower]), "is read-only (a standby): connect to its primary")
        .await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_schema_is_not_served(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let sql = "UPDATE _eventcore_migrations SET version = 9999 \
               WHERE version = (SELECT max(version) FROM _eventcore_migrations)";
    let mut tx = db.core.db().begin().await.unwrap();
    tx.query(Sql::portable(sql)).execute().await.unwrap();
    tx.commit().await.unwrap();
    for what in ["serve", "migrate"] {
        let says = "was migrated by a newer version of the program: run that version, or newer";
        fails(command(&[what, "--database", &db.url]), says).await;
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_number_of_processes_may_migrate_at_once(#[case] kind: Kind) {
    let (url, _dir) = TestDb::bare(kind).await;
    let migrate = ["migrate", "--database", url.as_str()];
    let all = futures_util::future::join_all((0..6).map(|_| run(&migrate, ""))).await;
    for (code, out, err) in all {
        assert_eq!((code, out.as_str()), (0, "the schema is up to date\n"), "{err}");
    }
    let (code, out, _) = run(&["migrate", "--check", "--database", &url], "").await;
    assert_eq!((code, out.as_str()), (0, "the schema is up to date\n"));
}

#[tokio::test]
async fn config_shows_the_origin_of_each_setting() {
    let (code, out, _) =
        run(&["config", "--listen", "127.0.0.1:99", "--jwt-secret", "0123456789abcdef0123456789abcdef"], "")
            .await;
    assert_eq!(code, 0);
    assert!(out.contains("127.0.0.1:99  (flag)") && out.contains("sqlite://events.db  (default)"), "{out}");
    assert!(!out.contains("0123456789abcdef"), "{out}");
}

/// A mistyped name is reported, and no new file is created.
#[tokio::test]
async fn checking_a_missing_database_does_not_create_it() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/evnets.db", dir.path().display());
    for arguments in [&["check", "--database", &url][..], &["migrate", "--check", "--database", &url]] {
        let said = command(arguments).output().await.unwrap();
        let text = String::from_utf8(said.stderr).unwrap();
        assert!(!said.status.success() && text.contains("evnets.db does not exist"), "{text}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn config_hides_passwords_wherever_they_stand_in_a_url() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    for url in [
        "postgres://ada:hunter2@db/events",
        "postgres://fir:hunter2@se:c0nd@db/events",
        "postgres://ada:a/b?hunter2#c@db/events",
        "postgres://ada%3Ahunter2@db/events",
        "postgres://ada:hunter2%40db/events",
        "postgres://db/events?user=ada&password=hunter2",
        "postgres://db/events?pass%77ord=hunter2&sslmode=disable",
        "sqlite://events.db?password=hunter2",
    ] {
        std::fs::write(&file, format!("database = \"{url}\"\npublic_url = \"https://ada:hunter2@x.org\""))
            .unwrap();
        let path = file.display().to_string();
        let flag = command(&["config", "--database", url]);
        let mut environment = command(&["config"]);
        environment.env("DATABASE_URL", url);
        for (origin, command) in
            [("flag", flag), ("environment", environment), ("file", command(&["config", "--config", &path]))]
        {
            let (code, said, errors) = run_to_the_end(command, "").await;
            assert_eq!(code, 0, "{errors}");
            let line = said.lines().find(|line| line.starts_with("database ")).unwrap();
            assert!(line.contains("(hidden)") && line.ends_with(&format!("({origin})")), "{line}");
            assert!(!said.contains("hunter2") && !said.contains("c0nd"), "{said}");
        }
        // Nor do errors tell them.
        let (_, said, errors) = run(&["migrate", "--check", "--database", url], "").await;
        assert!(!said.contains("hunter2") && !errors.contains("hunter2"), "{said}{errors}");
    }
    let wrong = ["config", "--public-url", "ftp://ada:hunter2@x.org"];
    let (code, _, errors) = run(&wrong, "").await;
    assert!(code == 1 && !errors.contains("hunter2"), "{errors}");
    std::fs::write(&file, "database = \"postgres://ada:hunter2@db\" oops").unwrap();
    let (code, _, errors) = run(&["config", "--config", &file.display().to_string()], "").await;
    assert!(code == 1 && !errors.contains("hunter2"), "{errors}");
}
