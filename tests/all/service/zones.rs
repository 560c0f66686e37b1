//! Time zones that are newer than the program: where they are from, and that all processes of a database use
//! the same.

use std::path::Path;

use eventcore::db::{Queries, Sql};
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;
use tests::{Client, Daemon, Kind, TestDb, command, finish, new_event_in_2031};

/// A compiled zone (`TZif`, RFC 9636) without changes in the past, and with a rule for all times.
fn compiled(rule: &str) -> Vec<u8> {
    let header = |version: u8| {
        let mut header = b"TZif".to_vec();
        header.push(version);
        header.extend([0; 15]);
        // Of the six counts, there is one offset, and an abbreviation of four bytes.
        for count in [0_u32, 0, 0, 0, 1, 4] {
            header.extend(count.to_be_bytes());
        }
        // An hour east of UTC, no daylight saving time, the first abbreviation.
        header.extend(3_600_i32.to_be_bytes());
        header.extend([0, 0]);
        header.extend(b"CET\0");
        header
    };
    [header(b'2'), header(b'2'), format!("\n{rule}\n").into_bytes()].concat()
}

/// A folder of an edition in which Berlin has given up summer time.
fn without_summer_time(edition: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tzdata.zi"), format!("# version {edition}\n")).unwrap();
    std::fs::create_dir(folder.path().join("Europe")).unwrap();
    std::fs::write(folder.path().join("Europe/Berlin"), compiled("CET-1")).unwrap();
    folder
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

/// What `/readyz` says of the time zones.
async fn zones_of(daemon: &Daemon) -> String {
    let answer = daemon.anonymous().raw(http::Method::GET, "/readyz", Vec::new(), &[]).await.expect(200);
    String::from_utf8(answer.bytes.to_vec()).unwrap().replace("ready\ntime zones: ", "").trim_end().to_owned()
}

/// The start of the only occurrence of a new event in July, in Berlin.
async fn create_in_july(client: &Client) -> (String, String) {
    let event = new_event_in_2031().starts_at("2031-07-04T18:30:00").timezone("Europe/Berlin").json();
    let event = client.post("/events", event).await.expect(201).json();
    (text(&event["next_occurrence"]["id"]), text(&event["starts_at"]))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

const SUMMER: &str = "2031-07-04T18:30:00+02:00";
const NO_SUMMER: &str = "2031-07-04T18:30:00+01:00";

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_zones_of_a_newer_folder_are_used_named_and_kept_in_the_database(#[case] kind: Kind) {
    let folder = without_summer_time("2097a");
    let daemon = Daemon::on(TestDb::in_real_time(kind).await, &["--zoneinfo", path(&folder)]).await;
    assert_eq!(zones_of(&daemon).await, format!("2097a, from {}", path(&folder)));
    let (_, start) = create_in_july(&daemon.user("ada").await).await;
    assert_eq!(start, NO_SUMMER);
    // On a machine without the folder.
    let checked = finish(command(&["check", "--database", &daemon.db.url]), "").await.succeeds();
    assert_eq!(checked, "time zones: 2097a, from the database\nno discrepancies\n");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stored_times_follow_a_newer_edition_once_at_once_and_once_when_all_have_followed(
    #[case] kind: Kind,
) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let (occurrence, start) = create_in_july(&ada).await;
    assert_eq!(start, SUMMER);
    let db = daemon.kill().await;

    let folder = without_summer_time("2097a");
    let daemon = Daemon::on(db, &["--zoneinfo", path(&folder)]).await;
    let ada = daemon.again(&ada);
    let read = async || ada.get(&format!("/occurrences/{occurrence}")).await.expect(200).json();
    while text(&read().await["starts_at"]) != NO_SUMMER {
        tests::pause().await;
    }
    // A process that has not followed yet may have stored other times meanwhile.
    let again = "SELECT count(*) FROM jobs WHERE kind = 'recompute_times' AND state = 'waiting'";
    while daemon.db.number(again).await == 0 {
        tests::pause().await;
    }
    let done = "SELECT count(*) FROM settings WHERE key = 'tz_database' AND value = '2097a'";
    assert_eq!(daemon.db.number(done).await, 0);
    let earlier = match kind {
        Kind::Sqlite => "UPDATE jobs SET due_at = 0 WHERE kind = 'recompute_times'",
        Kind::Postgres => "UPDATE jobs SET due_at = to_timestamp(0) WHERE kind = 'recompute_times'",
    };
    let in_force = r#"UPDATE settings SET value = '{"edition":"2097a","since":"2026-01-01T00:00:00Z"}'
        WHERE key = 'zone_edition'"#;
    execute(&daemon.db, &[in_force, earlier]).await;
    while daemon.db.number(done).await == 0 {
        tests::pause().await;
    }
    assert_eq!(text(&read().await["starts_at"]), NO_SUMMER);
    daemon.check().await;
}

async fn execute(db: &TestDb, statements: &[&'static str]) {
    let mut tx = db.core.db().begin().await.unwrap();
    for sql in statements {
        tx.query(Sql::portable(sql)).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_process_takes_newer_zones_from_the_database(#[case] kind: Kind) {
    let old = Daemon::start(kind).await;
    let ada = old.user("ada").await;
    let before = zones_of(&old).await;
    assert_eq!(create_in_july(&ada).await.1, SUMMER);

    let (folder, older) = (without_summer_time("2097b"), without_summer_time("2097a"));
    let new = Daemon::on(old.db.clone(), &["--zoneinfo", path(&folder)]).await;
    assert_ne!(zones_of(&old).await, before);
    assert_eq!(zones_of(&old).await, "2097b, from the database");
    let (occurrence, start) = create_in_july(&ada).await;
    assert_eq!(start, NO_SUMMER);
    for daemon in [&old, &new] {
        let seen = daemon.anonymous().get(&format!("/occurrences/{occurrence}")).await.expect(200).json();
        assert_eq!(text(&seen["starts_at"]), NO_SUMMER);
    }
    // Nor does a process that has an older folder bring that.
    let third = Daemon::on(old.db.clone(), &["--zoneinfo", path(&older)]).await;
    assert_eq!(zones_of(&third).await, "2097b, from the database");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_cannot_have_the_zones_of_the_database_is_refused(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    // As by a newer version of the program, into which they are built.
    let newer = r#"UPDATE settings SET value = '{"edition":"2098c","since":"2026-01-01T00:00:00Z"}'
        WHERE key = 'zone_edition'"#;
    execute(&daemon.db, &[newer]).await;
    let answer = daemon.anonymous().raw(http::Method::GET, "/readyz", Vec::new(), &[]).await;
    answer.expect_problem(503, "unavailable");
    while !daemon.log().contains("needs the time zones of edition 2098c") {
        tests::pause().await;
    }
    for arguments in [&["check"][..], &["migrate"], &["serve", "--listen", "127.0.0.1:0"]] {
        let refused = command(&[arguments, &["--database", &daemon.db.url]].concat());
        finish(refused, "").await.refuses("needs the time zones of edition 2098c");
    }
    let folder = without_summer_time("2098d");
    let fixed = command(&["check", "--database", &daemon.db.url, "--zoneinfo", path(&folder)]);
    finish(fixed, "").await.succeeds();

    // Damaged data is not used either.
    execute(
        &daemon.db,
        &[r#"INSERT INTO settings (key, value)
            VALUES ('zone_files', '{"edition":"2098c","zones":{"Europe/Berlin":0},"files":["VFppZg=="]}')"#],
    )
    .await;
    let refused = command(&["check", "--database", &daemon.db.url]);
    finish(refused, "").await.refuses("the time zones in the database are damaged: Europe/Berlin: ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_cannot_be_used_is_refused_and_an_older_one_is_not_used() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let check = async |folder: &Path| {
        let folder = folder.to_str().unwrap();
        finish(command(&["check", "--database", &db.url, "--zoneinfo", folder]), "").await
    };
    let folder = without_summer_time("2097a");
    let berlin = folder.path().join("Europe/Berlin");
    let whole = std::fs::read(&berlin).unwrap();
    let mut long = whole.clone();
    long.resize(100_000, b' ');
    // The counts of a header can ask for 4 billion changes.
    let mut huge = whole.clone();
    huge[32..36].fill(0xff);
    let mut many = whole.clone();
    let second = whole.len() / 2;
    many[second..].fill(0xff);
    for content in [&whole[..whole.len() - 3], b"", b"TZif", b"Europe/Berlin", &long, &huge, &many] {
        std::fs::write(&berlin, content).unwrap();
        check(folder.path())
            .await
            .refuses(&format!("time zones cannot be read from {}: Europe/Berlin: ", path(&folder)));
    }
    std::fs::write(&berlin, compiled("CET-30")).unwrap();
    check(folder.path()).await.refuses("Europe/Berlin: ");
    std::fs::write(&berlin, &whole).unwrap();
    check(folder.path()).await.succeeds();
    std::fs::remove_file(folder.path().join("tzdata.zi")).unwrap();
    check(folder.path()).await.refuses("neither tzdata.zi nor +VERSION tells its edition");
    check(&folder.path().join("missing")).await.refuses("neither tzdata.zi nor +VERSION");

    let older = without_summer_time("2020a");
    let checked = check(older.path()).await.succeeds();
    assert!(!checked.contains("2020a") && checked.starts_with("time zones: 20"), "{checked}");
}
