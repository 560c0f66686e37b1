//! The demo: it shows everything, and it is made whole or not at all.

use std::process::Stdio;
use std::time::Duration;

use eventcore::agenda::AgendaFilter;
use eventcore::db::{Db, PoolSettings, Queries, Sql};
use eventcore::events::{Event, EventStatus, Occurrence, OccurrenceStatus, Visibility};
use eventcore::{Actor, EventCore, PageRequest, Timestamp};
use rstest::rstest;
use serde_json::json;
use tests::{Client, Finished, Kind, TestDb, command, finish};
use tokio::io::{AsyncBufReadExt, BufReader};

/// The number of users of the demo.
const USERS: i64 = 16;
const SIGN_IN: &str = "sign in as ada (admin), grace, lin or kenji with the password: correct horse 7";

async fn demo(url: &str) -> Finished {
    finish(command(&["demo", "--database", url]), "").await
}

/// Runs SQL outside the library.
async fn execute(url: &str, sql: &'static str) {
    let db = Db::connect(url, PoolSettings { postgres: 1, ..PoolSettings::default() }).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.query(Sql::portable(sql)).execute().await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
}

async fn count(url: &str, table: &str) -> i64 {
    let db = Db::connect(url, PoolSettings { postgres: 1, ..PoolSettings::default() }).await.unwrap();
    let sql = Sql::dynamic(format!("SELECT count(*) FROM {table}"));
    let number = db.read().await.unwrap().query(sql).scalar().await.unwrap();
    db.close().await;
    number
}

struct Contents {
    core: EventCore,
    events: Vec<Event>,
    occurrences: Vec<Occurrence>,
}

impl Contents {
    async fn of(url: &str) -> Self {
        let core = EventCore::builder().url(url).migrate(false).open().await.unwrap();
        let filter = AgendaFilter { from: Some(Timestamp::MIN.into()), ..AgendaFilter::default() };
        let (first, mut events) = (PageRequest::first(100), Vec::new());
        // The agenda lists what is public. The organizers see what is theirs.
        for name in ["ada", "grace", "lin", "kenji"] {
            let user = core.profile_by_username(name).await.unwrap();
            let own = AgendaFilter { organizer: Some(user.id), ..filter.clone() };
            events.extend(core.events(&Actor::System, &own, &first).await.unwrap().items);
        }
        let mut occurrences = Vec::new();
        for event in &events {
            let own = AgendaFilter { event: Some(event.id), ..filter.clone() };
            occurrences.extend(core.occurrences(&Actor::System, &own, &first).await.unwrap().items);
        }
        Self { core, events, occurrences }
    }

    #[track_caller]
    fn has_event(&self, what: &str, is: impl Fn(&Event) -> bool) {
        assert!(self.events.iter().any(is), "{what}");
    }

    #[track_caller]
    fn has_occurrence(&self, what: &str, is: impl Fn(&Occurrence) -> bool) {
        assert!(self.occurrences.iter().any(is), "{what}");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_has_events_of_every_kind(#[case] kind: Kind) {
    let (url, _dir) = TestDb::empty(kind).await;
    let said = demo(&url).await.succeeds();
    assert!(said.starts_with("created 16 users, ") && said.trim_end().ends_with(SIGN_IN), "{said}");
    assert_eq!(count(&url, "users").await, USERS);
    let checked = finish(command(&["check", "--database", &url]), "").await.succeeds();
    assert!(checked.starts_with("time zones: 20") && checked.ends_with("\nno discrepancies\n"), "{checked}");

    let contents = Contents::of(&url).await;
    let now = contents.core.now();
    let overrides = |o: &Occurrence, field: &str| o.overridden.iter().any(|name| name == field);
    contents.has_event("a draft", |e| e.status == EventStatus::Draft);
    contents.has_event("a cancelled event", |e| e.status == EventStatus::Cancelled);
    contents.has_event("an unlisted event", |e| e.visibility == Visibility::Unlisted);
    contents.has_event("a private event", |e| e.visibility == Visibility::Private);
    contents.has_event("an online event", |e| e.url.is_some());
    contents.has_event("co-organizers", |e| e.co_organizers.len() > 1);
    contents.has_event("a series", |e| e.recurrence.is_some());
    contents.has_event("several days", |e| e.all_day && e.starts_at.to_string() != e.ends_at.to_string());
    contents.has_event("not yet open", |e| {
        e.next_occurrence
            .as_ref()
            .is_some_and(|o| !o.registration_open && o.status == OccurrenceStatus::Scheduled)
            && e.status == EventStatus::Published
    });
    contents.has_occurrence("a moved one", |o| overrides(o, "starts_at") && overrides(o, "location"));
    contents.has_occurrence("a cancelled one in a series", |o| {
        o.status == OccurrenceStatus::Cancelled && o.recurring
    });
    contents.has_occurrence("full, and nobody can wait", |o| o.seats_left == 0 && !o.waitlist_enabled);
    contents.has_occurrence("a waitlist", |o| o.waitlist_length > 2);
    contents.has_occurrence("over", |o| o.ends_at.to_string() < now.to_string() && o.seats_taken > 0);
    for (table, what) in [
        ("feedback WHERE rating < 4", "bad ratings"),
        ("feedback WHERE answer IS NOT NULL", "answers"),
        ("registrations WHERE status = 'attended'", "check-ins"),
        ("registrations WHERE status = 'confirmed'", "confirmed registrations"),
        ("comments WHERE parent_id IS NOT NULL", "replies"),
    ] {
        assert!(count(&url, table).await > 0, "{what}");
    }
    let early = Sql::portable("SELECT count(*) FROM registrations WHERE created_at > $1");
    let mut reader = contents.core.db().read().await.unwrap();
    assert_eq!(reader.query(early).bind(now).scalar::<i64>().await.unwrap(), 0, "nothing is in the future");
    drop(reader);
    contents.core.close().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_that_fails_leaves_nothing_behind(#[case] kind: Kind) {
    let (url, _dir) = TestDb::empty(kind).await;
    finish(command(&["migrate", "--database", &url]), "").await.succeeds();
    // Comments come last of all.
    execute(&url, "ALTER TABLE comments RENAME TO comments_elsewhere").await;
    let failed = demo(&url).await;
    failed.refuses("another program has changed the schema of the database");
    for table in ["users", "events", "registrations", "settings WHERE key = 'demo'"] {
        assert_eq!(count(&url, table).await, 0, "{table}");
    }
    execute(&url, "ALTER TABLE comments_elsewhere RENAME TO comments").await;
    demo(&url).await.succeeds();
    assert_eq!(count(&url, "users").await, USERS);
}

/// Whenever the process is killed, there is nothing or the whole demo.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_that_is_killed_leaves_nothing_behind(#[case] kind: Kind) {
    let (url, _dir) = TestDb::empty(kind).await;
    finish(command(&["migrate", "--database", &url]), "").await.succeeds();
    for attempt in 1..=6 {
        let mut child = command(&["demo", "--database", &url])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Any moment is right.
        drop(tokio::time::timeout(Duration::from_millis(attempt * 150), child.wait()).await);
        drop(child.kill().await);
        let (users, comments) = (count(&url, "users").await, count(&url, "comments").await);
        match users {
            0 => assert_eq!(comments, 0),
            USERS => assert!(comments > 0),
            _ => panic!("{users} users"),
        }
    }
    demo(&url).await.succeeds();
    assert_eq!(count(&url, "users").await, USERS);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_create_one_demo(#[case] kind: Kind) {
    let (url, _dir) = TestDb::empty(kind).await;
    finish(command(&["migrate", "--database", &url]), "").await.succeeds();
    let all = futures_util::future::join_all((0..3).map(|_| demo(&url))).await;
    let created = all.iter().filter(|one| one.code == 0 && one.out.starts_with("created ")).count();
    assert_eq!(created, 1, "{all:?}");
    for one in all {
        // On a slow machine the others may wait too long for the first.
        let waited = one.code == 1 && (one.err.contains("try again") || one.err.contains("unavailable"));
        assert!(waited || one.out.trim_end().ends_with(SIGN_IN), "{one:?}");
    }
    assert_eq!(count(&url, "users").await, USERS);
}

/// Serves the demo; returns the process, the line before it listens, and a client.
async fn serve(url: &str) -> (tokio::process::Child, String, Client) {
    let mut child = command(&["serve", "--demo", "--listen", "127.0.0.1:0", "--database", url])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = lines.next_line().await.unwrap().expect("a line");
    let listening = lines.next_line().await.unwrap().expect("another line");
    let address = listening.strip_prefix("listening on http://").expect("an address");
    (child, told, Client::at(address))
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_that_is_served_again_says_how_to_sign_in(#[case] kind: Kind) {
    let (url, _dir) = TestDb::empty(kind).await;
    let (mut server, told, client) = serve(&url).await;
    assert!(told.starts_with("created ") && told.ends_with(SIGN_IN), "{told}");
    let credentials = json!({"login": "ada", "password": told.rsplit_once(": ").unwrap().1});
    client.post("/auth/login", credentials.clone()).await.expect(200);
    // People use the demo. It is one still.
    let account = json!({"username": "new", "email": "new@example.org", "password": "correct horse 8"});
    client.post("/users", account).await.expect(201);
    server.kill().await.unwrap();

    let (mut server, told, client) = serve(&url).await;
    assert_eq!(told, format!("the database has the demo already; {SIGN_IN}"));
    client.post("/auth/login", credentials).await.expect(200);
    server.kill().await.unwrap();
    assert_eq!(demo(&url).await.succeeds(), format!("the database has the demo already; {SIGN_IN}\n"));
    assert_eq!(count(&url, "users").await, USERS + 1);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_with_anything_else_in_it_is_no_demo(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    db.admin("root").await;
    let bob = db.user("bob").await;
    let serving = ["serve", "--demo", "--listen", "127.0.0.1:0", "--database", &db.url];
    let says = "the database has accounts that are not of the demo: name another one with --database";
    demo(&db.url).await.refuses(says);
    finish(command(&serving), "").await.refuses(says);
    // Also if nobody is left: what they did is.
    db.core.delete_user(&Actor::System, tests::id_of(&bob), None).await.unwrap();
    execute(&db.url, "DELETE FROM users WHERE deleted_at IS NULL").await;
    demo(&db.url).await.refuses(says);
    assert_eq!(count(&db.url, "events").await, 0);
}
