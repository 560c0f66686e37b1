//! A database for one test, of either kind.

use std::sync::Arc;

use eventcore::db::{Db, PoolSizes, Queries, Sql};
use eventcore::{Actor, Clock, EventCore, ManualClock, OccurrenceId, Options, Role, Timestamp, UserId};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::postgres;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// SQLite in a file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A migrated, empty database, and the library on it with a clock that the test turns. Copies share it.
#[derive(Clone)]
pub struct TestDb {
    /// Which database it is.
    pub kind: Kind,
    /// Where it is, for other processes.
    pub url: String,
    /// The library.
    pub core: EventCore,
    /// What the library takes for now.
    pub clock: Arc<ManualClock>,
    _dir: Arc<TempDir>,
}

/// What the clocks of tests show at first.
pub const START: &str = "2026-11-23T10:00:00Z";

impl TestDb {
    /// A new database.
    pub async fn new(kind: Kind) -> Self {
        let (url, dir) = Self::empty(kind).await;
        let clock = Arc::new(ManualClock::new(START.parse().expect("an instant")));
        let core = open(&url, clock.clone()).await;
        core.migrate().await.expect("a schema");
        Self { kind, url, core, clock, _dir: Arc::new(dir) }
    }

    /// Lets a date be over since an instant, behind the library's back: nobody can wait for it.
    pub async fn pass(&self, date: &str, at: &str) {
        let date: OccurrenceId = date.parse().expect("an id");
        let at: Timestamp = at.parse().expect("an instant");
        let mut tx = self.core.db().begin().await.expect("a transaction");
        let sql = Sql::same("UPDATE occurrences SET starts_at = $2, ends_at = $2 WHERE id = $1");
        tx.query(sql).bind(date).bind(at).execute().await.expect("an update");
        tx.commit().await.expect("a commit");
    }

    /// A new database on the machine's clock, for daemons.
    pub async fn in_real_time(kind: Kind) -> Self {
        let db = Self::new(kind).await;
        db.clock.set(eventcore::SystemClock.now());
        db
    }

    /// The address of a database without a schema, and the folder that goes with it.
    pub async fn empty(kind: Kind) -> (String, TempDir) {
        let dir = tempfile::tempdir().expect("a folder");
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}/events.db", dir.path().display()),
            Kind::Postgres => create_postgres().await,
        };
        (url, dir)
    }

    /// The address of a database that nobody has migrated yet, and the folder that goes with it.
    pub async fn bare(kind: Kind) -> (String, TempDir) {
        let (url, dir) = Self::empty(kind).await;
        if kind == Kind::Postgres {
            // The template has the schema already.
            let sizes = PoolSizes { postgres: 1, ..PoolSizes::default() };
            let db = Db::connect(&url, sizes).await.expect("a database");
            let mut reader = db.read().await.expect("a connection");
            for sql in ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"] {
                reader.query(Sql::same(sql)).execute().await.expect("an empty database");
            }
            drop(reader);
            db.close().await;
        }
        (url, dir)
    }

    /// The library once more on the same database and clock, as another process would have it.
    pub async fn another(&self) -> EventCore {
        open(&self.url, self.clock.clone()).await
    }

    /// A user without a password, made at once.
    pub async fn user(&self, name: &str) -> Actor {
        self.user_with(name, Role::User).await
    }

    /// An admin without a password, made at once.
    pub async fn admin(&self, name: &str) -> Actor {
        self.user_with(name, Role::Admin).await
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

    /// The one number that a query answers.
    pub async fn number(&self, sql: &'static str) -> i64 {
        self.core.db().read().await.expect("a reader").query(Sql::same(sql)).scalar().await.expect("a number")
    }

    /// How many deadlocks there were on PostgreSQL, whose count is only right once all connections of the library are closed.
    pub async fn deadlocks(&self) -> i64 {
        self.core.close().await;
        self.counted("SELECT deadlocks FROM pg_stat_database WHERE datname = $1").await
    }

    /// How many transactions there were on PostgreSQL, where each statement that only reads is one; right once all connections are closed.
    pub async fn transactions(&self) -> i64 {
        self.counted("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1").await
    }

    /// The name of a database of PostgreSQL.
    pub(crate) fn name(&self) -> &str {
        let path = self.url.split('?').next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }

    async fn counted(&self, count: &'static str) -> i64 {
        let sizes = PoolSizes { postgres: 1, ..PoolSizes::default() };
        // From another database, so that the question is not counted.
        let db = Db::connect(&postgres_url("postgres"), sizes).await.expect("the server");
        let mut reader = db.read().await.expect("a connection");
        let name = self.name().to_owned();
        let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1";
        while reader.query(Sql::same(others)).bind(name.clone()).scalar::<i64>().await.expect("a count") > 0 {
            tokio::task::yield_now().await;
        }
        reader.query(Sql::same(count)).bind(name).scalar().await.expect("a count")
    }

    /// What must hold in every database at every time.
    pub async fn check(&self) {
        if self.kind == Kind::Sqlite {
            let mut reader = self.core.db().read().await.expect("a reader");
            let verdict: String =
                reader.query(Sql::same("PRAGMA integrity_check")).scalar().await.expect("a verdict");
            assert_eq!(verdict, "ok");
            let broken = reader
                .query(Sql::same("SELECT count(*) FROM pragma_foreign_key_check"))
                .scalar::<i64>()
                .await
                .expect("a count");
            assert_eq!(broken, 0, "foreign keys");
        }
        let eventless = "SELECT count(*) FROM events e WHERE NOT EXISTS (SELECT 1 FROM occurrences o WHERE o.event_id = e.id)";
        assert_eq!(self.number(eventless).await, 0, "every event has a date");
    }
}

/// The id of a user who acts.
pub fn id_of(actor: &Actor) -> UserId {
    actor.user_id().expect("a user")
}

/// An instant from its text.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

async fn open(url: &str, clock: Arc<ManualClock>) -> EventCore {
    let pools = PoolSizes { postgres: 10, ..PoolSizes::default() };
    EventCore::connect(url, Options { clock: Box::new(clock), pools, ..Options::default() })
        .await
        .expect("a database")
}

fn postgres_url(database: &str) -> String {
    format!("postgres://tests@localhost/{database}?host={}", postgres::socket_dir())
}

/// A copy of a template that is migrated once.
async fn create_postgres() -> String {
    static TEMPLATE: OnceCell<()> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            administer("CREATE DATABASE template_events".to_owned()).await;
            let core = EventCore::open(&postgres_url("template_events")).await.expect("a template");
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
    static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    // Two copies of one template at once refuse each other.
    let _turn = ONE_AT_A_TIME.lock().await;
    let sizes = PoolSizes { postgres: 1, ..PoolSizes::default() };
    let db = Db::connect(&postgres_url("postgres"), sizes).await.expect("the server");
    db.read().await.expect("a connection").query(Sql::built(sql)).execute().await.expect("a new database");
    db.close().await;
}
