//! The baseline for durable writes: transactions of one INSERT each, without eventcore.
//!
//! `bare_commits DATABASE-URL CONNECTIONS SECONDS` prints the commits per second. SQLite allows one writer:
//! it always uses one connection, with `synchronous=FULL`. The program creates a table and drops it at the
//! end.

use std::time::{Duration, Instant};

use benches::Latencies;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgPool};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const CREATE: &str =
    "CREATE TABLE IF NOT EXISTS commits_yardstick (id BIGINT PRIMARY KEY, what TEXT NOT NULL)";
const INSERT: &str = "INSERT INTO commits_yardstick (id, what)
    VALUES ($1, 'a row about as long as a registration, without its indexes')";
const DROP: &str = "DROP TABLE commits_yardstick";

async fn commit_on_sqlite(url: &str, until: Instant) -> Result<Vec<Duration>, Failure> {
    let options: SqliteConnectOptions = url.parse()?;
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await?;
    sqlx::query(CREATE).execute(&mut connection).await?;
    let mut latencies = Vec::new();
    while Instant::now() < until {
        let begun = Instant::now();
        // A statement outside a transaction is a transaction of its own: it begins and commits implicitly.
        sqlx::query(INSERT).bind(i64::try_from(latencies.len())?).execute(&mut connection).await?;
        latencies.push(begun.elapsed());
    }
    sqlx::query(DROP).execute(&mut connection).await?;
    connection.close().await?;
    Ok(latencies)
}

async fn commit_on_postgres(url: &str, connections: u32, until: Instant) -> Result<Vec<Duration>, Failure> {
    let pool = PgPoolOptions::new().max_connections(connections).connect(url).await?;
    sqlx::query(CREATE).execute(&pool).await?;
    let mut running = tokio::task::JoinSet::new();
    for number in 0..connections {
        running.spawn(commit_on_connection(pool.clone(), number.into(), until));
    }
    let mut latencies = Vec::new();
    while let Some(joined) = running.join_next().await {
        latencies.extend(joined??);
    }
    sqlx::query(DROP).execute(&pool).await?;
    Ok(latencies)
}

async fn commit_on_connection(pool: PgPool, number: i64, until: Instant) -> Result<Vec<Duration>, Failure> {
    let mut connection = pool.acquire().await?;
    let mut latencies = Vec::new();
    while Instant::now() < until {
        let begun = Instant::now();
        // Each connection has a range of ids of its own.
        let id = number * 1_000_000_000 + i64::try_from(latencies.len())?;
        sqlx::query(INSERT).bind(id).execute(&mut *connection).await?;
        latencies.push(begun.elapsed());
    }
    Ok(latencies)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, connections, seconds] = arguments.as_slice() else {
        return Err("usage: bare_commits DATABASE-URL CONNECTIONS SECONDS".into());
    };
    let seconds: u64 = seconds.parse()?;
    let until = Instant::now() + Duration::from_secs(seconds);
    let latencies = Latencies::new(if url.starts_with("sqlite:") {
        commit_on_sqlite(url, until).await?
    } else {
        commit_on_postgres(url, connections.parse()?, until).await?
    });
    println!(
        "{:>8} per second  p50 {:>6.2} ms  p99 {:>6.2} ms",
        latencies.count() as u64 / seconds.max(1),
        latencies.percentile_ms(50),
        latencies.percentile_ms(99)
    );
    Ok(())
}
