//! The baseline for the creation of events: transactions that copy the rows of an event, without eventcore.
//!
//! `bare_events DATABASE-URL EVENT-ID CONNECTIONS SECONDS` prints the transactions per second. Each writes
//! the rows that the creation of an event of one occurrence writes, with one statement a table, into the same
//! tables with all their indexes and triggers. The copies stay in the database, which must have the current
//! schema. SQLite allows one writer: it always uses one connection, with `synchronous=FULL`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventcore::{Clock, EventId, SystemClock};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool};
use uuid::Uuid;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The columns of a table that a copy has in common with the original. `$1` is the table.
const SQLITE_COLUMNS: &str = "SELECT group_concat(name, ', ') FROM pragma_table_xinfo($1)
    WHERE hidden = 0 AND name NOT IN ('id', 'event_id', 'document_id')";
const POSTGRES_COLUMNS: &str = "SELECT string_agg(column_name, ', ') FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER'
        AND column_name NOT IN ('id', 'event_id', 'document_id')";

/// The tables in the order of the statements.
const TABLES: [&str; 4] = ["events", "event_tags", "search_documents", "occurrences"];

/// `$1` is the new event, `$2` the copied one, `$3` the new occurrence and `$4` its document.
fn statements([events, tags, documents, occurrences]: [String; 4]) -> [String; 4] {
    [
        format!("INSERT INTO events (id, {events}) SELECT $1, {events} FROM events WHERE id = $2"),
        format!(
            "INSERT INTO event_tags (event_id, {tags}) SELECT $1, {tags} FROM event_tags WHERE event_id = $2"
        ),
        format!(
            "INSERT INTO search_documents (event_id, {documents})
             SELECT $1, {documents} FROM search_documents WHERE event_id = $2 RETURNING id"
        ),
        format!(
            "INSERT INTO occurrences (event_id, id, document_id, {occurrences})
             SELECT $1, $3, $4, {occurrences} FROM occurrences WHERE event_id = $2"
        ),
    ]
}

/// A UUIDv7, as for new events and occurrences.
fn new_id() -> Uuid {
    EventId::at(SystemClock.now()).as_uuid()
}

/// Copies the event `$from` in a transaction. `$tokens` makes the statement that indexes a document.
macro_rules! copy_event {
    ($connection:expr, $statements:expr, $from:expr, $tokens:expr) => {{
        let [event, tags, document, occurrence] = &$statements;
        let (id, from): (Uuid, Uuid) = (new_id(), $from);
        let mut tx = $connection.begin().await?;
        sqlx::query(AssertSqlSafe(event.as_str())).bind(id).bind(from).execute(&mut *tx).await?;
        sqlx::query(AssertSqlSafe(tags.as_str())).bind(id).bind(from).execute(&mut *tx).await?;
        let document = sqlx::query_scalar(AssertSqlSafe(document.as_str())).bind(id).bind(from);
        let document: i64 = document.fetch_one(&mut *tx).await?;
        $tokens(document).execute(&mut *tx).await?;
        let occurrence = sqlx::query(AssertSqlSafe(occurrence.as_str())).bind(id).bind(from);
        occurrence.bind(new_id()).bind(document).execute(&mut *tx).await?;
        tx.commit().await?;
    }};
}

/// Returns the number of copies.
async fn copy_on_sqlite(url: &str, from: Uuid, seconds: Duration) -> Result<u64, Failure> {
    let options: SqliteConnectOptions = url.parse()?;
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await?;
    let mut columns = TABLES.map(str::to_owned);
    for table in &mut columns {
        let names = sqlx::query_scalar(SQLITE_COLUMNS).bind(table.clone());
        *table = names.fetch_one(&mut connection).await?;
    }
    let statements = statements(columns);
    // The index does not store the tokens. The document does: title, tags, location and description.
    let tokens = sqlx::query_scalar("SELECT tokens FROM search_documents WHERE event_id = $1").bind(from);
    let tokens: String = tokens.fetch_one(&mut connection).await?;
    let texts: Vec<String> = tokens.split(" # ").map(str::to_owned).collect();
    let [title, tags, location, description] = texts.as_slice() else {
        return Err("the tokens of a document are not four texts".into());
    };
    let index = |document: i64| {
        sqlx::query(
            "INSERT INTO search_tokens (rowid, title, tags, location, description)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(document)
        .bind(title)
        .bind(tags)
        .bind(location)
        .bind(description)
    };
    let (mut copies, until) = (0, Instant::now() + seconds);
    while Instant::now() < until {
        copy_event!(connection, statements, from, index);
        copies += 1;
    }
    connection.close().await?;
    Ok(copies)
}

async fn copy_on_postgres(
    url: &str,
    from: Uuid,
    connections: u32,
    seconds: Duration,
) -> Result<u64, Failure> {
    let pool = PgPoolOptions::new().max_connections(connections).connect(url).await?;
    let mut columns = TABLES.map(str::to_owned);
    for table in &mut columns {
        *table = sqlx::query_scalar(POSTGRES_COLUMNS).bind(table.clone()).fetch_one(&pool).await?;
    }
    let (statements, until) = (Arc::new(statements(columns)), Instant::now() + seconds);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..connections {
        running.spawn(copy_on_connection(pool.clone(), statements.clone(), from, until));
    }
    let mut copies = 0;
    while let Some(joined) = running.join_next().await {
        copies += joined??;
    }
    Ok(copies)
}

async fn copy_on_connection(
    pool: PgPool,
    statements: Arc<[String; 4]>,
    from: Uuid,
    until: Instant,
) -> Result<u64, Failure> {
    let mut connection = pool.acquire().await?;
    let document = sqlx::query_scalar("SELECT id FROM search_documents WHERE event_id = $1").bind(from);
    let original: i64 = document.fetch_one(&mut *connection).await?;
    let index = |document: i64| {
        sqlx::query(
            "INSERT INTO search_tokens (id, tokens) SELECT $1, tokens FROM search_tokens WHERE id = $2",
        )
        .bind(document)
        .bind(original)
    };
    let mut copies = 0;
    while Instant::now() < until {
        copy_event!(connection, *statements, from, index);
        copies += 1;
    }
    Ok(copies)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, event, connections, seconds] = arguments.as_slice() else {
        return Err("usage: bare_events DATABASE-URL EVENT-ID CONNECTIONS SECONDS".into());
    };
    let (from, seconds): (Uuid, u64) = (event.parse()?, seconds.parse()?);
    let time = Duration::from_secs(seconds);
    let copies = if url.starts_with("sqlite:") {
        copy_on_sqlite(url, from, time).await?
    } else {
        copy_on_postgres(url, from, connections.parse()?, time).await?
    };
    println!("{}", copies / seconds.max(1));
    Ok(())
}
