//! The library beside an application with tables and migrations of its own, and several times in one
//! database.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use eventcore::accounts::NewUser;
use eventcore::agenda::AgendaFilter;
use eventcore::db::Schema;
use eventcore::live::{Followed, LiveEvent};
use eventcore::registrations::Party;
use eventcore::{Actor, Builder, EventCore, ManualClock, OccurrenceId, PageRequest, Quotas, Role};
use rstest::rstest;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use tests::{Kind, Pgbouncer, START, TestDb, new_event};

/// Tables with the names of tables of the library.
static COLLIDING: Migrator = sqlx::migrate!("data/application");
/// Tables with other names.
static BESIDE: Migrator = sqlx::migrate!("data/application_beside");

fn on(url: &str) -> Builder {
    let clock = Arc::new(ManualClock::new(START.parse().expect("an instant")));
    EventCore::builder().url(url).clock(clock).quotas(Quotas::UNLIMITED)
}

/// A library with an event, for which the organizer has registered.
struct Tenant {
    core: EventCore,
    ada: Actor,
    occurrence: OccurrenceId,
}

impl Tenant {
    /// Creates `ada` and an event with this title.
    async fn with_event(core: EventCore, title: &str) -> Self {
        let ada = NewUser {
            username: "ada".to_owned(),
            email: "ada@example.org".to_owned(),
            role: Some(Role::User),
            ..NewUser::default()
        };
        let ada = core.create_user(&Actor::System, &ada).await.expect("a user");
        let ada = Actor::user(ada.id, ada.role);
        let event = core.create_event(&ada, &new_event().title(title).input()).await.expect("an event");
        let filter = AgendaFilter { event: Some(event.id), ..AgendaFilter::default() };
        let page = core.occurrences(&ada, &filter, &PageRequest::default()).await.expect("a page");
        let occurrence = page.items[0].id;
        core.register(&ada, occurrence, &Party::of(2)).await.expect("a registration");
        Self { core, ada, occurrence }
    }

    /// What a search finds: by words and by a substring.
    async fn found(&self, words: &str, part: &str) -> Vec<String> {
        let by_words = AgendaFilter { q: Some(words.to_owned()), ..AgendaFilter::default() };
        let by_part = AgendaFilter { title: Some(part.to_owned()), ..AgendaFilter::default() };
        let mut titles = Vec::new();
        for filter in [by_words, by_part] {
            let page = self.core.occurrences(&Actor::Anonymous, &filter, &PageRequest::default()).await;
            titles.extend(page.expect("a page").items.into_iter().map(|occurrence| occurrence.title));
        }
        titles
    }

    /// The seats that are taken.
    async fn seats_taken(&self) -> i64 {
        self.core.occurrence(&self.ada, self.occurrence).await.expect("an occurrence").seats_taken
    }
}

/// What both tenants do stays with them: registrations, search, jobs, and what changes.
async fn stay_apart(north: &Tenant, south: &Tenant) {
    assert_eq!(north.found("jazz", "zz in").await, ["Jazz in the north"; 2]);
    assert_eq!(south.found("jazz", "zz in").await, ["Jazz in the south"; 2]);
    assert!(north.core.occurrence(&north.ada, south.occurrence).await.is_err());
    assert!(north.core.user(&Actor::System, south.ada.user_id().expect("a user")).await.is_err());

    // Whoever follows in the south is told nothing of the north.
    for tenant in [north, south] {
        tenant.core.reach_other_processes(None).expect("a link");
    }
    let followed = Followed { occurrences: [south.occurrence].into(), ..Followed::default() };
    let mut stream = south.core.follow(south.ada, followed, None).await.expect("a stream");
    let guest =
        NewUser { username: "bob".to_owned(), email: "bob@example.org".to_owned(), ..NewUser::default() };
    for (tenant, size) in [(north, 1), (south, 2)] {
        let bob = tenant.core.create_user(&Actor::System, &guest).await.expect("a user");
        let bob = Actor::user(bob.id, bob.role);
        tenant.core.register(&bob, tenant.occurrence, &Party::of(size)).await.expect("a registration");
    }
    let mut seats = Vec::new();
    while seats.last() != Some(&4) {
        let message = tokio::time::timeout(Duration::from_mins(1), stream.next()).await.expect("in time");
        match &*message.expect("an open stream").event {
            LiveEvent::Seats(now) => {
                assert_eq!(now.occurrence_id, south.occurrence);
                seats.push(now.seats_taken);
            }
            LiveEvent::Gone(gone) => panic!("{gone:?}"),
            _ => {}
        }
    }
    assert_eq!((north.seats_taken().await, south.seats_taken().await), (3, 4));

    // The jobs of the north are done, and those of the south are left.
    let all = PageRequest::first(100);
    for tenant in [north, south] {
        tenant.core.ensure_jobs().await.expect("jobs");
    }
    let waiting = async |tenant: &Tenant| {
        let jobs = tenant.core.jobs(&Actor::System, None, &all).await.expect("a page").items;
        let due = jobs.iter().filter(|job| job.due_at <= tenant.core.now()).count();
        (jobs.len(), due)
    };
    let before = waiting(south).await;
    assert!(before.1 > 0 && north.core.run_due_jobs().await.expect("jobs that run") > 0);
    assert_eq!(waiting(north).await.1, 0);
    assert_eq!(waiting(south).await, before);
    assert!(south.core.run_due_jobs().await.expect("jobs that run") > 0);
    assert_eq!(waiting(south).await.1, 0);
}

#[rstest]
#[case::the_application_first(true, None)]
#[case::the_library_first(false, None)]
#[case::with_the_extension_elsewhere(true, Some("extensions"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tenants_and_an_application_share_a_database_of_postgresql(
    #[case] application_first: bool,
    #[case] extension: Option<&str>,
) {
    let (url, _dir) = TestDb::bare(Kind::Postgres).await;
    let pool = PgPool::connect(&url).await.expect("a pool");
    if let Some(schema) = extension {
        let sql = format!("CREATE SCHEMA {schema}; CREATE EXTENSION pg_trgm SCHEMA {schema}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.expect("an extension");
    }
    if application_first {
        COLLIDING.run(&pool).await.expect("the tables of the application");
    }
    // Both at once, one by a URL, and one by the options of the pool.
    let by_pool = EventCore::builder()
        .postgres(pool.connect_options().as_ref().clone())
        .clock(Arc::new(ManualClock::new(START.parse().expect("an instant"))));
    let (north, south) = tokio::join!(on(&url).schema("north").open(), by_pool.schema("South").open());
    let north = Tenant::with_event(north.expect("a library"), "Jazz in the north").await;
    let south = Tenant::with_event(south.expect("a library"), "Jazz in the south").await;
    // In any order, and again.
    for _ in 0..2 {
        COLLIDING.run(&pool).await.expect("the tables of the application");
    }
    stay_apart(&north, &south).await;

    let names: Vec<(String,)> = sqlx::query_as(
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
    )
    .fetch_all(&pool)
    .await
    .expect("names");
    let names: Vec<&str> = names.iter().map(|(name,)| name.as_str()).collect();
    assert_eq!(names, ["_sqlx_migrations", "events", "invoices", "sessions", "users"]);
    // The application reads both in one statement.
    let seats: Vec<(String, i64)> = sqlx::query_as(
        "SELECT e.title, sum(o.seats_taken)::bigint FROM north.events e
         JOIN north.occurrences o ON o.event_id = e.id JOIN invoices i ON i.event_title = e.title GROUP BY 1",
    )
    .fetch_all(&pool)
    .await
    .expect("seats");
    assert_eq!(seats, [("Jazz in the north".to_owned(), 3)]);

    // The end of one tenant takes nothing from the other.
    north.core.close().await;
    let drop_north = sqlx::raw_sql("DROP SCHEMA north CASCADE").execute(&pool);
    drop_north.await.expect("the end of the north");
    assert_eq!(south.found("jazz", "zz in").await, ["Jazz in the south"; 2]);
    let again = on(&url).schema("South").migrate(false).open().await.expect("a library");
    assert_eq!(again.schema().await.expect("a schema"), Schema::Current);
    again.close().await;
    south.core.close().await;
}

/// A pooler gives each transaction any connection, whichever schema the one before had.
#[rstest]
#[case::refusing_options("")]
#[case::ignoring_options("ignore_startup_parameters = extra_float_digits,options")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tenants_share_a_pooler_in_transaction_mode(#[case] settings: &str) {
    let Some(pooler) = Pgbouncer::start(settings) else { return };
    let (direct, _dir) = TestDb::bare(Kind::Postgres).await;
    let url = pooler.url(&direct);
    let (north, south) = tokio::join!(on(&url).schema("north").open(), on(&url).schema("south").open());
    let (north, south) = tokio::join!(
        Tenant::with_event(north.expect("a library"), "Jazz in the north"),
        Tenant::with_event(south.expect("a library"), "Jazz in the south")
    );
    stay_apart(&north, &south).await;
    for _ in 0..20 {
        let (of_north, of_south) = tokio::join!(north.found("jazz", "zz in"), south.found("jazz", "zz in"));
        assert_eq!(
            (of_north, of_south),
            (vec!["Jazz in the north".to_owned(); 2], vec!["Jazz in the south".to_owned(); 2])
        );
    }
    for tenant in [north, south] {
        tenant.core.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_and_an_application_have_files_of_their_own_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let pool = SqlitePool::connect(&format!("sqlite://{}?mode=rwc", file("application.db"))).await;
    let pool = pool.expect("a pool");
    COLLIDING.run(&pool).await.expect("the tables of the application");
    let open = async |name: &str| on(&format!("sqlite://{}", file(name))).open().await.expect("a library");
    let north = Tenant::with_event(open("north.db").await, "Jazz in the north").await;
    let south = Tenant::with_event(open("south.db").await, "Jazz in the south").await;
    stay_apart(&north, &south).await;

    let mut connection = pool.acquire().await.expect("a connection");
    let attach = format!("ATTACH 'file:{}?mode=ro' AS north", file("north.db"));
    sqlx::raw_sql(AssertSqlSafe(attach)).execute(&mut *connection).await.expect("an attached file");
    let seats: Vec<(String, i64)> = sqlx::query_as(
        "SELECT e.title, sum(o.seats_taken) FROM north.events e
         JOIN north.occurrences o ON o.event_id = e.id JOIN invoices i ON i.event_title = e.title GROUP BY 1",
    )
    .fetch_all(&mut *connection)
    .await
    .expect("seats");
    assert_eq!(seats, [("Jazz in the north".to_owned(), 3)]);
    let written = sqlx::query("DELETE FROM north.registrations").execute(&mut *connection).await;
    assert!(written.expect_err("a read-only file").to_string().contains("readonly"));
    north.core.close().await;
    south.core.close().await;
}

/// The schema of the connections, or the file, has other tables too.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_with_other_names_may_stand_beside_those_of_the_library(
    #[case] kind: Kind,
    #[values(true, false)] application_first: bool,
) {
    let (url, _dir) = TestDb::bare(kind).await;
    if application_first {
        migrate(&url, kind, &BESIDE).await;
    }
    let core = on(&url).open().await.expect("a library");
    let tenant = Tenant::with_event(core, "Jazz in the north").await;
    migrate(&url, kind, &BESIDE).await;
    assert_eq!(tenant.found("jazz", "zz in").await, ["Jazz in the north"; 2]);
    tenant.core.close().await;
    // What is there already, programs whose users name the database open as well.
    let again = on(&url).refuse_foreign(true).migrate(false).open().await.expect("a library");
    again.close().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite, "give this one a database file of its own")]
#[case::postgres(Kind::Postgres, "give this one a schema or a database of its own")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_in_the_way_is_named(#[case] kind: Kind, #[case] advice: &str) {
    let (url, _dir) = TestDb::bare(kind).await;
    migrate(&url, kind, &COLLIDING).await;
    let refused = on(&url).open().await.expect_err("a refusal").to_string();
    assert_eq!(refused, format!("the table events of another program is in the way: {advice}"));
    let refused = on(&url).migrate(false).open().await.expect_err("a refusal").to_string();
    assert!(refused.starts_with("the database is empty"), "{refused}");
    let refused = on(&url).refuse_foreign(true).open().await.expect_err("a refusal").to_string();
    assert!(refused.contains("belongs to another program"), "{refused}");
    // The tables of the application are as they were.
    migrate(&url, kind, &COLLIDING).await;
}

/// Applies the migrations of an application, as often as it starts.
async fn migrate(url: &str, kind: Kind, migrator: &Migrator) {
    match kind {
        Kind::Sqlite => {
            let pool = SqlitePool::connect(&format!("{url}?mode=rwc")).await.expect("a pool");
            migrator.run(&pool).await.expect("the tables of the application");
            pool.close().await;
        }
        Kind::Postgres => {
            let pool = PgPool::connect(url).await.expect("a pool");
            migrator.run(&pool).await.expect("the tables of the application");
            pool.close().await;
        }
    }
}

/// A version without a table of its own has recorded its migrations in that of sqlx.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_an_earlier_version_is_adopted_and_leaves_room_for_an_application(#[case] kind: Kind) {
    use eventcore::db::{Queries, Sql};
    let db = TestDb::new(kind).await;
    let rename = "ALTER TABLE _eventcore_migrations RENAME TO _sqlx_migrations";
    let mut tx = db.core.db().begin().await.expect("a transaction");
    tx.query(Sql::portable(rename)).execute().await.expect("a rename");
    tx.commit().await.expect("a commit");
    // It can be used as it is.
    let core = on(&db.url).migrate(false).open().await.expect("a library");
    let tenant = Tenant::with_event(core, "Jazz in the north").await;
    // Several processes of the new version start at once.
    let (here, there) = tokio::join!(on(&db.url).open(), on(&db.url).open());
    for core in [here.expect("a library"), there.expect("a library")] {
        assert_eq!(core.schema().await.expect("a schema"), Schema::Current);
        core.close().await;
    }
    migrate(&db.url, kind, &BESIDE).await;
    assert_eq!(tenant.found("jazz", "zz in").await, ["Jazz in the north"; 2]);
    tenant.core.close().await;
    on(&db.url).open().await.expect("a library").close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_temporary_database_is_shared_by_clones_and_deleted_after_the_last() {
    let core = EventCore::builder().temporary().open().await.expect("a library");
    let clone = core.clone();
    let files: Vec<(String,)> = {
        use eventcore::db::{Queries, Sql};
        let mut reader = core.db().read().await.expect("a reader");
        reader.query(Sql::portable("SELECT file FROM pragma_database_list")).all().await.expect("a file")
    };
    let file = Path::new(&files[0].0).to_owned();
    drop(core);
    let tenant = Tenant::with_event(clone, "Jazz in the north").await;
    assert_eq!(tenant.found("jazz", "zz in").await, ["Jazz in the north"; 2]);
    assert!(file.exists());
    tenant.core.close().await;
    drop(tenant);
    tests::wait_until("the file is deleted", async || !file.exists()).await;
}

#[tokio::test]
async fn what_a_builder_cannot_open_is_refused() {
    let refusal = async |builder: Builder| builder.open().await.expect_err("a refusal").to_string();
    assert!(refusal(EventCore::builder()).await.contains("no database is named"));
    assert!(
        refusal(EventCore::builder().temporary().schema("north")).await.contains("SQLite has no schemas")
    );
    let injected = on("postgres://localhost/events").schema("a\"; DROP SCHEMA public; --");
    assert!(refusal(injected).await.contains("cannot be the name of a schema"));
}
