//! The yardstick of what is durable: one INSERT and one COMMIT, again and again, with nothing around them. `commits DATABASE-URL CONNECTIONS SECONDS`; SQLite
//! has one connection that writes, `synchronous=FULL`, whatever is asked for. It makes a table of its own and drops it.

use std::time::{Duration, Instant};

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgPool};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const CREATE: &str =
    "CREATE TABLE IF NOT EXISTS commits_yardstick (id BIGINT PRIMARY KEY, what TEXT NOT NULL)";
const INSERT: &str = "INSERT INTO commits_yardstick (id, what) VALUES ($1, 'a row about as long as a registration, without its indexes')";
const DROP: &str = "DROP TABLE commits_yardstick";

async fn sqlite(url: &str, until: Instant) -> Result<Vec<Duration>, Failure> {
    let options: SqliteConnectOptions = url.parse()?;
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await?;
    sqlx::query(CREATE).execute(&mut connection).await?;
    let mut took = Vec::new();
    while Instant::now() < until {
        let begun = Instant::now();
        // A statement outside of a transaction is one: BEGIN, INSERT, COMMIT.
        sqlx::query(INSERT).bind(i64::try_from(took.len())?).execute(&mut connection).await?;
        took.push(begun.elapsed());
    }
    sqlx::query(DROP).execute(&mut connection).await?;
    connection.close().await?;
    Ok(took)
}

async fn writer(pool: PgPool, number: i64, until: Instant) -> Result<Vec<Duration>, Failure> {
    let mut connection = pool.acquire().await?;
    let mut took = Vec::new();
    while Instant::now() < until {
        let begun = Instant::now();
        let id = number * 1_000_000_000 + i64::try_from(took.len())?;
        sqlx::query(INSERT).bind(id).execute(&mut *connection).await?;
        took.push(begun.elapsed());
    }
    Ok(took)
}

async fn postgres(url: &str, connections: u32, until: Instant) -> Result<Vec<Duration>, Failure> {
    let pool = PgPoolOptions::new().max_connections(connections).connect(url).await?;
    sqlx::query(CREATE).execute(&pool).await?;
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..connections {
        writers.spawn(writer(pool.clone(), number.into(), until));
    }
    let mut took = Vec::new();
    while let Some(done) = writers.join_next().await {
        took.extend(done??);
    }
    sqlx::query(DROP).execute(&pool).await?;
    Ok(took)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, connections, seconds] = arguments.as_slice() else {
        return Err("commits DATABASE-URL CONNECTIONS SECONDS".into());
    };
    let seconds: u64 = seconds.parse()?;
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut took = if url.starts_with("sqlite:") {
        sqlite(url, until).await?
    } else {
        postgres(url, connections.parse()?, until).await?
    };
    took.sort_unstable();
    let at = |part: usize| took.get(took.len() * part / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
    println!(
        "{:>8} a second  p50 {:>6.2} ms  p99 {:>6.2} ms",
        took.len() as u64 / seconds.max(1),
        at(50),
        at(99)
    );
    Ok(())
}
