//! Databases that cannot be used: each is refused in one sentence that says what to do, by both programs, and
//! nothing is created or changed.

use std::path::{Path, PathBuf};

use eventcore::db::{Db, PoolSettings, Queries, Sql};
use rstest::rstest;
use serde_json::json;
use tests::{Daemon, Kind, TestDb, command, finish, new_event, tui};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// The commands of both programs that read a database.
const READING: [&[&str]; 5] =
    [&["check"], &["migrate", "--check"], &["user", "list"], &["export", "--user", "ada"], &["agenda"]];
const WRITING: [&[&str]; 3] = [&["serve", "--listen", "127.0.0.1:0"], &["migrate"], &["demo"]];

/// A command of the program that has it.
fn on(url: &str, arguments: &[&str]) -> Command {
    let arguments = [arguments, &["--database", url]].concat();
    if arguments.contains(&"agenda") { tui(&arguments) } else { command(&arguments) }
}

fn file_of(url: &str) -> PathBuf {
    PathBuf::from(url.strip_prefix("sqlite://").unwrap())
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.to_str().unwrap().to_owned()).collect()
}

/// Runs SQL on a database that may be without a schema.
async fn execute(url: &str, statements: &[&str]) {
    let db = Db::connect(url, PoolSettings { postgres: 1, ..PoolSettings::default() }).await.unwrap();
    for sql in statements {
        let query = Sql::dynamic((*sql).to_owned());
        if sql.starts_with("VACUUM") {
            db.read().await.unwrap().query(query).execute().await.unwrap();
        } else {
            let mut tx = db.begin().await.unwrap();
            tx.query(query).execute().await.unwrap();
            tx.commit().await.unwrap();
        }
    }
    db.close().await;
}

#[tokio::test]
async fn reading_a_missing_database_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/evnets.db", folder.path().display());
    let copy = folder.path().join("copy.db").display().to_string();
    let others: [&[&str]; 6] = [
        &["backup", &copy],
        &["user", "disable", "ada"],
        &["user", "enable", "ada"],
        &["user", "set-role", "ada", "admin"],
        &["user", "delete", "ada", "--yes"],
        &["user", "reset-password", "ada"],
    ];
    for arguments in READING.iter().chain(&others) {
        finish(on(&url, arguments), "").await.refuses("evnets.db does not exist");
        assert_eq!(names(folder.path()), Vec::<String>::new(), "{arguments:?}");
    }
    for arguments in [&["config"][..], &["openapi"], &["man"], &["completions", "fish"]] {
        finish(on(&url, arguments), "").await.succeeds();
        assert_eq!(names(folder.path()), Vec::<String>::new(), "{arguments:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    let content = "this is not a database, and it is long enough to be looked at as one".repeat(20);
    std::fs::write(&text, &content).unwrap();
    std::fs::write(folder.path().join("empty.db"), "").unwrap();
    let url = |name: &str| format!("sqlite://{}/{name}", folder.path().display());
    for arguments in READING.iter().chain(&WRITING) {
        finish(on(&url("notes.txt"), arguments), "")
            .await
            .refuses("not an SQLite database: name another file");
        finish(on(&url(""), arguments), "").await.refuses("is a folder: name a file in it");
        finish(on(&url("none/x.db"), arguments), "").await.refuses("does not exist: create the folder first");
    }
    for arguments in READING.iter().filter(|arguments| arguments[0] != "migrate") {
        let refused = finish(on(&url("empty.db"), arguments), "").await;
        refused.refuses("the database is empty: create its tables with `eventd migrate`");
    }
    assert_eq!(std::fs::read_to_string(&text).unwrap(), content);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_of_another_program_is_left_alone(
    #[case] kind: Kind,
    #[values(false, true)] with_migrations: bool,
) {
    let (mut url, _dir) = TestDb::bare(kind).await;
    let mut statements = vec!["CREATE TABLE places (id INTEGER PRIMARY KEY, url TEXT)"];
    // Another program that migrates as this one does.
    let checksum = if kind == Kind::Sqlite { "x'00'" } else { "'\\x00'" };
    let insert = format!(
        "INSERT INTO _sqlx_migrations
            VALUES (20240101120000, 'places', CURRENT_TIMESTAMP, TRUE, {checksum}, 1)"
    );
    if with_migrations {
        statements.extend([
            "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
                installed_on TIMESTAMP NOT NULL, success BOOLEAN NOT NULL, checksum BYTEA NOT NULL,
                execution_time BIGINT NOT NULL)",
            &insert,
        ]);
    }
    // The files of most programs are not in WAL mode, and opening one for use would switch it.
    let copy = format!("{}.copy", url.trim_start_matches("sqlite://"));
    let vacuum = format!("VACUUM INTO '{copy}'");
    if kind == Kind::Sqlite {
        statements.push(&vacuum);
    }
    execute(&url, &statements).await;
    if kind == Kind::Sqlite {
        assert_eq!(std::fs::read(&copy).unwrap()[18..20], [1, 1], "the versions of the format without WAL");
        url = format!("sqlite://{copy}");
    }
    let before = (kind == Kind::Sqlite).then(|| std::fs::read(file_of(&url)).unwrap());
    for arguments in READING.iter().chain(&WRITING) {
        finish(on(&url, arguments), "").await.refuses("belongs to another program");
    }
    if let Some(before) = before {
        assert!(std::fs::read(file_of(&url)).unwrap() == before, "the file is unchanged");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_schema_is_read_only_after_a_migration(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    db.user("ada").await;
    db.core.close().await;
    let newest = "(SELECT max(version) FROM _eventcore_migrations)";
    execute(&db.url, &[&format!("DELETE FROM _eventcore_migrations WHERE version = {newest}")]).await;
    for arguments in READING.iter().filter(|arguments| arguments[0] != "migrate") {
        let refused = finish(on(&db.url, arguments), "").await;
        refused.refuses("the schema lacks 1 migration: run `eventd migrate`");
    }
    execute(&db.url, &[&format!("UPDATE _eventcore_migrations SET version = 9999 WHERE version = {newest}")])
        .await;
    for arguments in READING.iter().filter(|arguments| arguments[0] != "migrate") {
        finish(on(&db.url, arguments), "").await.refuses("by a newer version of the program");
    }
}

#[rstest]
#[case::sqlite(
    Kind::Sqlite,
    "x'e580318bfd6e3c684f3d881a1f2679fd533b4484f8605b9332c5195cb0db6c03510d7f93d5ba480b067d379bdef77103'"
)]
#[case::postgres(
    Kind::Postgres,
    "'\\x809d871372ad44ff5653a82b4b8301ae67527e0089a15ef71aa49f911e150ab7a8e6a991c400a4196a9ebf0da9d245c1'"
)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_from_before_the_first_release_is_refused(#[case] kind: Kind, #[case] checksum: &str) {
    let db = TestDb::new(kind).await;
    db.core.close().await;
    // Its first migration was another one.
    let former = format!("UPDATE _eventcore_migrations SET checksum = {checksum} WHERE version = 1");
    let table = "ALTER TABLE _eventcore_migrations RENAME TO _sqlx_migrations";
    execute(&db.url, &[&former, table]).await;
    for arguments in READING.iter().chain(&WRITING) {
        finish(on(&db.url, arguments), "").await.refuses("created before the first release");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_says_so() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let ada = db.user("ada").await;
    for _ in 0..20 {
        let event = new_event().starts_at("2037-03-04T18:30:00Z").input();
        db.core.create_event(&ada, &event).await.unwrap();
    }
    db.core.close().await;
    let file = file_of(&db.url);
    let whole = std::fs::read(&file).unwrap();
    // All pages but the first one, which has the header.
    let mut damaged = whole.clone();
    damaged[4_096..].fill(0x55);
    std::fs::write(&file, &damaged).unwrap();
    for arguments in READING.iter().chain(&WRITING) {
        finish(on(&db.url, arguments), "").await.refuses("the database file is damaged: restore a backup");
    }
    // The tail is missing, as after a copy that was interrupted.
    std::fs::write(&file, &whole[..whole.len() / 2 / 4_096 * 4_096]).unwrap();
    let check = finish(on(&db.url, &["check"]), "").await;
    assert!(check.code == 1 && (check.out + &check.err).contains("database"), "{}", check.code);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_finds_damage_in_pages_that_no_query_reads() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    execute(
        &db.url,
        &["CREATE TABLE spare (x TEXT)", "INSERT INTO spare VALUES (printf('%.*c', 9000, 'x'))"],
    )
    .await;
    let page = db.number("SELECT rootpage FROM sqlite_schema WHERE name = 'spare'").await;
    db.core.close().await;
    let file = file_of(&db.url);
    let mut bytes = std::fs::read(&file).unwrap();
    let start = usize::try_from(page - 1).unwrap() * 4_096;
    bytes[start..start + 4_096].fill(0x55);
    std::fs::write(&file, &bytes).unwrap();
    let check = finish(on(&db.url, &["check"]), "").await;
    assert!(check.code == 1 && (check.out + &check.err).contains("database file"), "{}", check.code);
}

/// `eventd` without the capabilities by which root ignores permissions.
fn without_privileges(plain: &Command) -> Command {
    let mut bound = Command::new("setpriv");
    bound
        .arg("--bounding-set=-dac_override,-dac_read_search")
        .arg(plain.as_std().get_program())
        .args(plain.as_std().get_args());
    bound.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).kill_on_drop(true);
    bound
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_without_permission_says_so() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    db.core.close().await;
    let set = |mode| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(file_of(&db.url), mode).unwrap();
    };
    set(0o000);
    for arguments in READING.iter().chain(&WRITING) {
        let refused = finish(without_privileges(&on(&db.url, arguments)), "").await;
        refused.refuses("cannot be read: Permission denied");
    }
    set(0o600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_file_says_so() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    db.user("ada").await;
    let held = db.core.db().begin().await.unwrap();
    let refused = finish(on(&db.url, &["user", "disable", "ada"]), "").await;
    refused.refuses("locked by another process: try again shortly");
    drop(held);
}

#[tokio::test]
async fn a_wrong_url_says_what_a_url_is() {
    for (url, says) in [
        ("events.db", "must begin with sqlite:// or postgres://, such as sqlite://events.db"),
        ("mysql://localhost/events", "must begin with sqlite:// or postgres://"),
        ("sqlite://", "names no file"),
        ("sqlite::memory:", "in-memory databases are not supported"),
        ("sqlite://x.db?mode=fast", "is not valid"),
        ("postgres://localhost:port/events", "is not valid (postgres://USER@HOST/NAME)"),
        ("postgres://nobody@127.0.0.1:1/events", "127.0.0.1:1 cannot be reached: check that it runs"),
        ("postgres://nobody@no-such-host.invalid/events", "cannot be reached: check that it runs"),
    ] {
        for arguments in READING.iter().chain(&WRITING) {
            finish(on(url, arguments), "").await.refuses(says);
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_postgresql_says_so() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://ada@{}/events", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 64];
            drop(stream.read(&mut head).await);
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
        }
    });
    finish(on(&url, &["check"]), "").await.refuses("is not PostgreSQL: check the host and port");
    finish(on(&url, &["agenda"]), "").await.refuses("is not PostgreSQL: check the host and port");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_of_postgresql_without_rights_is_told() {
    let (url, _dir) = TestDb::bare(Kind::Postgres).await;
    let role = format!("guest_{}", uuid::Uuid::new_v4().simple());
    execute(&url, &[&format!("CREATE ROLE {role} LOGIN")]).await;
    let guest = url.replacen("tests@", &format!("{role}@"), 1);
    for grant in ["ALL PRIVILEGES ON ALL TABLES IN", "USAGE ON"] {
        finish(on(&guest, &["migrate"]), "").await.refuses("refused this: grant its user the privilege");
        execute(&url, &[&format!("GRANT {grant} SCHEMA public TO {role}")]).await;
    }
    finish(on(&guest, &["migrate"]), "").await.refuses("refused this: grant its user the privilege");
    let unknown = url.replacen("tests@", "nobody_here@", 1);
    finish(on(&unknown, &["migrate"]), "").await.refuses("refused the connection");
}

/// What a client of a running server sees of a database that breaks: it is unavailable, and no bug.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_answers_unavailable_when_its_tables_are_gone(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let event = new_event().starts_at("2037-03-04T18:30:00Z").json();
    let event = ada.post("/events", event).await.expect(201).id();
    execute(&daemon.db.url, &["DROP TABLE comments"]).await;
    let path = format!("/events/{event}/comments");
    ada.get(&path).await.expect_problem(503, "unavailable");
    ada.post(&path, json!({"body": "hello"})).await.expect_problem(503, "unavailable");
    let log = daemon.log();
    assert!(log.contains("another program has changed the schema") && !log.contains("internal"), "{log}");
}
