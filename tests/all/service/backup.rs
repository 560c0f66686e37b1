//! `eventd backup` and `eventd restore`, which are for SQLite only.

use std::os::unix::fs::PermissionsExt;
use std::process::{Output, Stdio};

use eventcore::accounts::RefreshToken;
use eventcore::db::{Queries, Sql};
use eventcore::{Actor, EventCore, PageRequest};
use tests::{Daemon, Kind, command, id_of, new_event};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

async fn run(arguments: &[&str]) -> Output {
    command(arguments).output().await.unwrap()
}

/// The one-sentence error of a command that refuses.
#[track_caller]
fn refusal(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_busy_database_is_restored_completely() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let new = |title: String| new_event().title(title).starts_at("2037-03-04T18:30:00Z").capacity(40).json();
    for i in 0..20 {
        ada.post("/events", new(format!("before {i}"))).await.expect(201);
    }
    let (busy, title) = (ada.clone(), "meanwhile".to_owned());
    let writing = tokio::spawn(async move {
        loop {
            busy.post("/events", new(title.clone())).await.expect(201);
        }
    });
    let database = daemon.db.url.clone();
    let copied = run(&["backup", &path("copy.db"), "--database", &database]).await;
    assert!(copied.status.success(), "{copied:?}");
    writing.abort();

    let again = run(&["backup", &path("copy.db"), "--database", &database]).await;
    assert!(refusal(&again).contains("already exists"));
    let over = run(&["restore", &path("copy.db"), "--database", &database]).await;
    assert!(refusal(&over).contains("already exists"));

    let url = format!("sqlite://{}", path("back.db"));
    let restored = run(&["restore", &path("copy.db"), "--database", &url]).await;
    assert!(restored.status.success(), "{restored:?}");
    let core = EventCore::open(&url).await.unwrap();
    let filter = eventcore::agenda::AgendaFilter { title: Some("before".to_owned()), ..Default::default() };
    let page = core.occurrences(&Actor::Anonymous, &filter, &PageRequest::first(100)).await.unwrap();
    assert_eq!(page.items.len(), 20);
    core.close().await;
}

/// The command run with a umask.
fn with_umask(umask: &str, arguments: &[&str]) -> Command {
    let eventd = command(arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]);
    shell.arg(eventd.as_std().get_program()).args(eventd.as_std().get_args());
    shell.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).kill_on_drop(true);
    shell
}

fn mode(path: &str) -> u32 {
    std::fs::metadata(path).unwrap_or_else(|error| panic!("{path}: {error}")).permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_for_their_owner_only_whatever_the_umask() {
    for umask in ["000", "022", "077"] {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let url = format!("sqlite://{}", path("events.db"));
        let mut server = with_umask(umask, &["serve", "--listen", "127.0.0.1:0", "--database", &url])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        while !lines.next_line().await.unwrap().expect("eventd starts").starts_with("listening") {}
        for name in ["events.db", "events.db-wal", "events.db-shm"] {
            assert_eq!(mode(&path(name)), 0o600, "{name} under {umask}");
        }
        let backup = with_umask(umask, &["backup", &path("copy.db"), "--database", &url]).output().await;
        assert!(backup.unwrap().status.success());
        let back = format!("sqlite://{}", path("back.db"));
        let restore = with_umask(umask, &["restore", &path("copy.db"), "--database", &back]).output().await;
        assert!(restore.unwrap().status.success());
        for name in ["copy.db", "back.db"] {
            assert_eq!(mode(&path(name)), 0o600, "{name} under {umask}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_all_could_read_is_made_private() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.db").to_str().unwrap().to_owned();
    let url = format!("sqlite://{file}");
    EventCore::open(&url).await.unwrap().close().await;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(run(&["check", "--database", &url]).await.status.success());
    assert_eq!(mode(&file), 0o600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_copy_has_ended_all_sessions_and_tokens() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.db.user("ada").await;
    let pair = daemon.db.core.open_session(&Actor::System, id_of(&ada)).await.unwrap();
    let script = serde_json::from_value(serde_json::json!({"name": "script", "scope": "read"})).unwrap();
    let token = daemon.db.core.create_access_token(&ada, &script).await.unwrap();
    let calendar = daemon.db.core.create_personal_calendar(&ada).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (copy, back) = (path("copy.db"), format!("sqlite://{}", path("back.db")));
    assert!(run(&["backup", &copy, "--database", &daemon.db.url]).await.status.success());
    let restored = run(&["restore", &copy, "--database", &back]).await;
    assert!(restored.status.success(), "{restored:?}");
    let core = EventCore::open(&back).await.unwrap();
    assert_eq!(core.profile_by_username("ada").await.unwrap().id, id_of(&ada));
    for table in ["sessions", "refresh_tokens", "access_tokens", "personal_calendars", "signing_keys"] {
        let sql = Sql::dynamic(format!("SELECT count(*) FROM {table}"));
        let left: i64 = core.db().read().await.unwrap().query(sql).scalar().await.unwrap();
        assert_eq!(left, 0, "{table}");
    }
    assert!(core.authenticate(&pair.access_token).await.is_err());
    assert!(core.authenticate(&token.secret).await.is_err());
    daemon.db.core.authenticate(&token.secret).await.unwrap();
    daemon.db.core.personal_calendar(&calendar.secret).await.unwrap();
    let refresh = RefreshToken { refresh_token: pair.refresh_token.clone(), ..Default::default() };
    assert!(core.refresh(&refresh).await.is_err());
    // Tokens of the copy are not those of the original, whose sessions continue.
    let new = core.open_session(&Actor::System, id_of(&ada)).await.unwrap();
    assert!(daemon.db.core.authenticate(&new.access_token).await.is_err());
    daemon.db.core.authenticate(&pair.access_token).await.unwrap();
    core.close().await;
    let sql = Sql::portable("SELECT secret FROM signing_keys");
    let key: String = daemon.db.core.db().read().await.unwrap().query(sql).scalar().await.unwrap();
    let bytes = std::fs::read(path("back.db")).unwrap();
    assert!(!bytes.windows(key.len()).any(|part| part == key.as_bytes()), "the key is overwritten");
}

#[tokio::test]
async fn a_damaged_or_foreign_backup_is_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (good, back) = (format!("sqlite://{}", path("good.db")), format!("sqlite://{}", path("back.db")));
    EventCore::open(&good).await.unwrap().close().await;
    assert!(run(&["backup", &path("copy.db"), "--database", &good]).await.status.success());

    let mut bytes = std::fs::read(path("copy.db")).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0x55);
    std::fs::write(path("damaged.db"), bytes).unwrap();
    std::fs::write(
        path("text.db"),
        "not a database at all, but long enough to be read as the head of one".repeat(20),
    )
    .unwrap();
    std::fs::write(path("empty.db"), "").unwrap();
    for (name, why) in [
        ("damaged.db", "damaged"),
        ("text.db", "not an SQLite database"),
        ("empty.db", "not a backup of an event database"),
        ("missing.db", "does not exist"),
    ] {
        let refused = refusal(&run(&["restore", &path(name), "--database", &back]).await);
        assert!(refused.contains(why), "{name}: {refused}");
    }
    std::fs::write(path("back.db-wal"), "of another").unwrap();
    assert!(
        refusal(&run(&["restore", &path("copy.db"), "--database", &back]).await).contains("move it away")
    );
    assert!(
        refusal(&run(&["backup", &path("x.db"), "--database", "postgres://localhost/x"]).await)
            .contains("pg_dump")
    );
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        left.iter().all(|name| !name.to_str().unwrap().contains("partial") && name != "back.db"),
        "{left:?}"
    );
}
