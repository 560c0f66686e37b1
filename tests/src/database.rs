//! A new database for each test: SQLite or PostgreSQL.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use eventcore::db::{Db, PoolSettings, Queries, Sql};
use eventcore::{
    Actor, Clock, EventCore, ManualClock, OccurrenceId, Quotas, Role, Timestamp, UserId, ZoneSource,
};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::postgres;
use crate::waiting::pause;

/// A supported database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// SQLite in a file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A migrated, empty database, and the library on it with a clock that the test sets. Clones share both.
#[derive(Clone)]
pub struct TestDb {
    /// SQLite or PostgreSQL.
    pub kind: Kind,
    /// Its URL, for other processes.
    pub url: String,
    /// The library.
    pub core: EventCore,
    /// The clock of the library.
    pub clock: Arc<ManualClock>,
    dir: Arc<TempDir>,
}

/// The first instant on the clocks of tests.
pub const START: &str = "2026-11-23T10:00:00Z";

impl TestDb {
    /// A new database.
    pub async fn new(kind: Kind) -> Self {
        let (url, dir) = Self::empty(kind).await;
        if kind == Kind::Sqlite {
            std::fs::write(dir.path().join("events.db"), sqlite_template().await).expect("a file");
        }
        let clock = Arc::new(ManualClock::new(START.parse().expect("an instant")));
        let core = open(&url, clock.clone()).await;
        core.migrate().await.expect("a schema");
        Self { kind, url, core, clock, dir: Arc::new(dir) }
    }

    /// A copy of the database of an earlier schema in `dump`, migrated: a compressed file of SQLite, or the
    /// compressed SQL of `pg_dump`.
    pub async fn upgraded(kind: Kind, dump: &Path) -> Self {
        let mut content = Vec::new();
        let file = std::fs::File::open(dump).expect("a dump");
        flate2::read::GzDecoder::new(file).read_to_end(&mut content).expect("a gzip file");
        let (url, dir) = Self::bare(kind).await;
        match kind {
            Kind::Sqlite => std::fs::write(dir.path().join("events.db"), content).expect("a file"),
            Kind::Postgres => run_script(&url, &String::from_utf8(content).expect("SQL")).await,
        }
        let clock = Arc::new(ManualClock::new(START.parse().expect("an instant")));
        let core = open(&url, clock.clone()).await;
        core.migrate().await.expect("an upgrade");
        Self { kind, url, core, clock, dir: Arc::new(dir) }
    }

    /// Where daemons on this database write mails as files.
    pub fn mail_dir(&self) -> std::path::PathBuf {
        self.dir.path().join("mail")
    }

    /// Moves an occurrence into the past by SQL, because daemons run on the clock of the machine.
    pub async fn pass(&self, occurrence: &str, at: &str) {
        let at: Timestamp = at.parse().expect("an instant");
        self.set_times(occurrence, at, at).await;
    }

    /// Sets start and end of an occurrence by SQL, because daemons run on the clock of the machine.
    pub async fn set_times(&self, occurrence: &str, starts_at: Timestamp, ends_at: Timestamp) {
        let occurrence: OccurrenceId = occurrence.parse().expect("an id");
        let mut tx = self.core.db().begin().await.expect("a transaction");
        let sql = Sql::portable("UPDATE occurrences SET starts_at = $2, ends_at = $3 WHERE id = $1");
        let update = tx.query(sql).bind(occurrence).bind(starts_at).bind(ends_at);
        update.execute().await.expect("an update");
        tx.commit().await.expect("a commit");
    }

    /// A new database, with the clock set to the time of the machine: for daemons.
    pub async fn in_real_time(kind: Kind) -> Self {
        let db = Self::new(kind).await;
        db.clock.set(eventcore::SystemClock.now());
        db
    }

    /// The URL of a new database that nobody has opened, and the folder that holds it.
    pub async fn empty(kind: Kind) -> (String, TempDir) {
        let dir = tempfile::tempdir().expect("a folder");
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}/events.db", dir.path().display()),
            Kind::Postgres => create_postgres().await,
        };
        (url, dir)
    }

    /// The URL of a new database without a schema, and the folder that holds it.
    pub async fn bare(kind: Kind) -> (String, TempDir) {
        let (url, dir) = Self::empty(kind).await;
        if kind == Kind::Postgres {
            // The template has the schema already.
            let sizes = PoolSettings { postgres: 1, ..PoolSettings::default() };
            let db = Db::connect(&url, sizes).await.expect("a database");
            let mut reader = db.read().await.expect("a connection");
            for sql in ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"] {
                reader.query(Sql::portable(sql)).execute().await.expect("an empty database");
            }
            drop(reader);
            db.close().await;
        }
        (url, dir)
    }

    /// Verifies the addresses of all users by SQL, as their links do.
    pub async fn verify_addresses(&self) {
        let mut tx = self.core.db().begin().await.expect("a transaction");
        let verify = "UPDATE users SET email_verified_at = created_at WHERE email IS NOT NULL";
        tx.query(Sql::portable(verify)).execute().await.expect("an update");
        tx.commit().await.expect("a commit");
    }

    /// A second instance of the library on this database and clock, as in another process.
    pub async fn another(&self) -> EventCore {
        open(&self.url, self.clock.clone()).await
    }

    /// A new user without a password. Hashing one takes long.
    pub async fn user(&self, name: &str) -> Actor {
        self.user_with(name, Role::User).await
    }

    /// A new admin without a password.
    pub async fn admin(&self, name: &str) -> Actor {
        self.user_with(name, Role::Admin).await
    }

    /// A new user who can sign in with a password: in Berlin, with the capitalized name as the display name.
    pub async fn user_with_password(&self, name: &str, password: &str) -> Actor {
        let input = eventcore::accounts::NewUser {
            username: name.to_owned(),
            email: format!("{name}@example.org"),
            password: Some(password.to_owned()),
            display_name: Some(format!("{}{}", name[..1].to_uppercase(), &name[1..])),
            timezone: Some("Europe/Berlin".to_owned()),
            ..Default::default()
        };
        let user = self.core.create_user(&Actor::System, &input).await.expect("a user");
        Actor::user(user.id, user.role)
    }

    async fn user_with(&self, name: &str, role: Role) -> Actor {
        let input = eventcore::accounts::NewUser {
            username: name.to_owned(),
            email: format!("{name}@example.org"),
            role: Some(role),
            ..Default::default()
        };
        let user = self.core.create_user(&Actor::System, &input).await.expect("a user");
        Actor::user(user.id, role)
    }

    /// The result of a query for a single number.
    pub async fn number(&self, sql: &'static str) -> i64 {
        self.core
            .db()
            .read()
            .await
            .expect("a reader")
            .query(Sql::portable(sql))
            .scalar()
            .await
            .expect("a number")
    }

    /// The number of deadlocks on PostgreSQL. Closes the library: the server counts when connections end.
    pub async fn deadlocks(&self) -> i64 {
        self.core.close().await;
        self.counted("SELECT deadlocks FROM pg_stat_database WHERE datname = $1").await
    }

    /// The number of transactions on PostgreSQL, where each statement outside of one counts as well. Correct
    /// once all connections are closed.
    pub async fn transactions(&self) -> i64 {
        self.counted("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1").await
    }

    /// The name of a database of PostgreSQL.
    pub(crate) fn name(&self) -> &str {
        let path = self.url.split('?').next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }

    /// Waits until PostgreSQL has no connections to this database: it counts when connections end.
    pub async fn disconnected(&self) {
        self.counted("SELECT count(*) FROM pg_stat_activity WHERE datname = $1").await;
    }

    async fn counted(&self, count: &'static str) -> i64 {
        let sizes = PoolSettings { postgres: 1, ..PoolSettings::default() };
        // From another database, so that this query is not counted.
        let db = Db::connect(&postgres_url("postgres"), sizes).await.expect("the server");
        let mut reader = db.read().await.expect("a connection");
        let name = self.name().to_owned();
        let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1";
        while reader.query(Sql::portable(others)).bind(name.clone()).scalar::<i64>().await.expect("a count")
            > 0
        {
            pause().await;
        }
        reader.query(Sql::portable(count)).bind(name).scalar().await.expect("a count")
    }

    /// Asserts what holds in every database at all times.
    pub async fn check(&self) {
        if self.kind == Kind::Sqlite {
            let mut reader = self.core.db().read().await.expect("a reader");
            let verdict: String =
                reader.query(Sql::portable("PRAGMA integrity_check")).scalar().await.expect("a verdict");
            assert_eq!(verdict, "ok");
            let broken = reader
                .query(Sql::portable("SELECT count(*) FROM pragma_foreign_key_check"))
                .scalar::<i64>()
                .await
                .expect("a count");
            assert_eq!(broken, 0, "foreign keys");
        }
        let without_occurrence = "SELECT count(*) FROM events e
             WHERE NOT EXISTS (SELECT 1 FROM occurrences o WHERE o.event_id = e.id)";
        assert_eq!(self.number(without_occurrence).await, 0, "every event has an occurrence");
    }
}

/// The id of a signed-in actor.
pub fn id_of(actor: &Actor) -> UserId {
    actor.user_id().expect("a user")
}

/// An instant from its text.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(crate) async fn open(url: &str, clock: Arc<ManualClock>) -> EventCore {
    // What a test locks stays locked until the test ends it, however slow the machine is.
    let idle_transaction_timeout = Duration::ZERO;
    let pools = PoolSettings { postgres: 10, idle_transaction_timeout, ..PoolSettings::default() };
    EventCore::builder()
        .url(url)
        .clock(clock)
        .pools(pools)
        .quotas(Quotas::UNLIMITED)
        // The same on every machine.
        .zones(ZoneSource::BuiltIn)
        .connect()
        .await
        .expect("a database")
}

/// Runs several statements on PostgreSQL.
async fn run_script(url: &str, script: &str) {
    use sqlx::Connection;
    let mut connection = sqlx::PgConnection::connect(url).await.expect("a connection");
    sqlx::raw_sql(sqlx::AssertSqlSafe(script.to_owned())).execute(&mut connection).await.expect("a script");
    connection.close().await.expect("the end of a connection");
}

fn postgres_url(database: &str) -> String {
    format!("postgres://tests@localhost/{database}?host={}", postgres::socket_dir())
}

/// The file of a migrated, empty database, which is made once per test process.
async fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let dir = tempfile::tempdir().expect("a folder");
            let file = dir.path().join("events.db");
            let clock = Arc::new(ManualClock::new(START.parse().expect("an instant")));
            let core = open(&format!("sqlite://{}", file.display()), clock).await;
            core.migrate().await.expect("a schema");
            core.close().await;
            assert!(!dir.path().join("events.db-wal").exists(), "all that was written is in the file");
            std::fs::read(file).expect("a file")
        })
        .await
}

/// A copy of a template database, which is migrated once per test process.
async fn create_postgres() -> String {
    static TEMPLATE: OnceCell<()> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            administer("CREATE DATABASE template_events".to_owned()).await;
            let clock = Arc::new(ManualClock::new(START.parse().expect("an instant")));
            let core = open(&postgres_url("template_events"), clock).await;
            core.migrate().await.expect("a schema");
            core.close().await;
        })
        .await;
    let name = format!("test_{}", uuid_like());
    administer(format!("CREATE DATABASE {name} TEMPLATE template_events")).await;
    postgres_url(&name)
}

fn uuid_like() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn administer(sql: String) {
    static COPYING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    // PostgreSQL refuses to copy a template while it is being copied.
    let _lock = COPYING.lock().await;
    let sizes = PoolSettings { postgres: 1, ..PoolSettings::default() };
    let db = Db::connect(&postgres_url("postgres"), sizes).await.expect("the server");
    db.read().await.expect("a connection").query(Sql::dynamic(sql)).execute().await.expect("a new database");
    db.close().await;
}
