//! `eventd backup` and `eventd restore`, which are for SQLite only.

use std::process::Output;

use eventcore::{Actor, EventCore, PageRequest};
use tests::{Daemon, Kind, command, new_event};

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
