//! The yardstick: bare warp over sqlx that reads the same rows of the agenda and serialises them, with nothing around it. `bare DATABASE-URL ADDRESS`.

use std::convert::Infallible;
use std::sync::Arc;

use serde::Serialize;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{FromRow, PgPool, SqlitePool};
use uuid::Uuid;
use warp::Filter;

const SELECT: &str = "SELECT o.id, o.event_id, o.starts_at, o.ends_at, o.status, o.capacity, o.seats_taken, o.waitlist_length, o.version,
        e.title, e.description, e.location, e.url, e.timezone, e.all_day, e.waitlist_enabled, u.id AS organizer_id, u.username, u.display_name
    FROM occurrences o JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id
    WHERE o.listed AND o.starts_at >= $1 ORDER BY o.starts_at, o.id LIMIT 20";

/// A row, with times as the database has them.
#[derive(FromRow, Serialize)]
struct Row<T> {
    id: Uuid,
    event_id: Uuid,
    starts_at: T,
    ends_at: T,
    status: String,
    capacity: i64,
    seats_taken: i64,
    waitlist_length: i64,
    version: i64,
    title: String,
    description: String,
    location: String,
    url: Option<String>,
    timezone: String,
    all_day: bool,
    waitlist_enabled: bool,
    organizer_id: Uuid,
    username: String,
    display_name: String,
}

type Instant = chrono::DateTime<chrono::Utc>;

#[derive(Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Pool {
    async fn page(&self) -> sqlx::Result<Vec<u8>> {
        let from = Instant::from_timestamp(1_800_000_000, 0).unwrap_or_default();
        let json = match self {
            Self::Sqlite(pool) => {
                let rows: Vec<Row<i64>> =
                    sqlx::query_as(SELECT).bind(from.timestamp_micros()).fetch_all(pool).await?;
                serde_json::to_vec(&rows)
            }
            Self::Postgres(pool) => {
                let rows: Vec<Row<Instant>> = sqlx::query_as(SELECT).bind(from).fetch_all(pool).await?;
                serde_json::to_vec(&rows)
            }
        };
        json.map_err(|error| sqlx::Error::Decode(error.into()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (url, address) = arguments.next().zip(arguments.next()).ok_or("bare DATABASE-URL ADDRESS")?;
    let address: std::net::SocketAddr = address.parse()?;
    let pool = if url.starts_with("sqlite:") {
        Pool::Sqlite(
            SqlitePoolOptions::new()
                .max_connections(4)
                .connect_with(url.parse::<SqliteConnectOptions>()?.read_only(true))
                .await?,
        )
    } else {
        Pool::Postgres(sqlx::postgres::PgPoolOptions::new().max_connections(16).connect(&url).await?)
    };
    let pool = Arc::new(pool);
    let page = warp::path("page").then(move || {
        let pool = pool.clone();
        async move {
            let body = pool.page().await.unwrap_or_default();
            warp::reply::with_header(body, "content-type", "application/json")
        }
    });
    let routes =
        page.recover(async |_: warp::Rejection| Ok::<_, Infallible>(warp::http::StatusCode::NOT_FOUND));
    warp::serve(routes).run(address).await;
    Ok(())
}
