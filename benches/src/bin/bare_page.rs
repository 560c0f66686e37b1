//! The baseline for a page of the agenda: warp over sqlx, without eventcore.
//!
//! `bare_page DATABASE-URL ADDRESS` serves `/page`. It reads the columns that eventd reads for a page of 20
//! occurrences, in one query, and serializes them as eventd does. It has no authentication, limits or
//! tracing.

use std::convert::Infallible;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Serialize;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{FromRow, PgPool, SqlitePool};
use uuid::Uuid;
use warp::Filter;

const SELECT: &str = "SELECT o.id, o.event_id, o.original_start, o.starts_at, o.ends_at, o.status,
        coalesce(o.title, e.title) AS title, coalesce(o.description, e.description) AS description,
        coalesce(o.location, e.location) AS location, coalesce(o.url, e.url) AS url,
        CAST(CASE WHEN o.title IS NULL THEN 0 ELSE 1 END + CASE WHEN o.description IS NULL THEN 0 ELSE 2 END
            + CASE WHEN o.location IS NULL THEN 0 ELSE 4 END + CASE WHEN o.url IS NULL THEN 0 ELSE 8 END
            + CASE WHEN o.capacity_override IS NULL THEN 0 ELSE 16 END
            + CASE WHEN o.moved THEN 32 ELSE 0 END
            + CASE WHEN o.registration_opens IS NULL THEN 0 WHEN o.registration_opens LIKE 'P%' THEN 128
                ELSE 64 END
            + CASE WHEN o.registration_closes IS NULL THEN 0 WHEN o.registration_closes LIKE 'P%' THEN 512
                ELSE 256 END AS BIGINT) AS overrides,
        o.capacity, o.seats_taken, o.waitlist_length, o.version, e.timezone, e.all_day,
        e.status AS event_status, e.waitlist_enabled, o.registration_opens_at, o.registration_closes_at,
        (e.rrule IS NOT NULL OR e.rdate <> '[]') AS recurring,
        (SELECT c.slug FROM categories c WHERE c.id = e.category_id) AS category, e.tags,
        u.id AS organizer_id, u.username, u.display_name
    FROM occurrences o JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id
    WHERE o.listed AND o.starts_at >= $1 ORDER BY o.starts_at, o.id LIMIT 20";

/// The characters to encode in a query parameter: all but the unreserved ones of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A row. `T` is the database's type of an instant: microseconds on SQLite, a timestamp on PostgreSQL.
#[derive(FromRow)]
struct Row<T> {
    id: Uuid,
    event_id: Uuid,
    original_start: T,
    starts_at: T,
    ends_at: T,
    status: String,
    title: String,
    description: String,
    location: String,
    url: Option<String>,
    overrides: i64,
    capacity: i64,
    seats_taken: i64,
    waitlist_length: i64,
    version: i64,
    timezone: String,
    all_day: bool,
    event_status: String,
    waitlist_enabled: bool,
    registration_opens_at: Option<T>,
    registration_closes_at: Option<T>,
    recurring: bool,
    category: Option<String>,
    tags: String,
    organizer_id: Uuid,
    username: String,
    display_name: String,
}

/// An occurrence as the API shows it, with the fields in the same order.
#[derive(Serialize)]
struct Occurrence {
    id: Uuid,
    event_id: Uuid,
    title: String,
    description: String,
    location: String,
    url: Option<String>,
    original_start: String,
    starts_at: String,
    ends_at: String,
    timezone: String,
    all_day: bool,
    status: String,
    overridden: Vec<&'static str>,
    capacity: i64,
    seats_taken: i64,
    seats_left: i64,
    waitlist_length: i64,
    waitlist_enabled: bool,
    registration_open: bool,
    registration_opens_at: Option<String>,
    registration_closes_at: Option<String>,
    category: Option<String>,
    tags: Vec<String>,
    organizer: Organizer,
    recurring: bool,
    links: Links,
    version: i64,
}

#[derive(Serialize)]
struct Organizer {
    id: Uuid,
    username: String,
    display_name: String,
}

#[derive(Serialize)]
struct Links {
    google: String,
    outlook: String,
    ics: String,
}

/// An instant as a database returns it.
trait StoredInstant: Copy {
    fn utc(self) -> DateTime<Utc>;
}

impl StoredInstant for i64 {
    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self).unwrap_or_default()
    }
}

impl StoredInstant for DateTime<Utc> {
    fn utc(self) -> DateTime<Utc> {
        self
    }
}

fn encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

impl<T: StoredInstant> Row<T> {
    fn into_occurrence(self, now: DateTime<Utc>) -> Occurrence {
        let tz: Tz = self.timezone.parse().unwrap_or(Tz::UTC);
        let local = |at: T| at.utc().with_timezone(&tz).to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let (from, to) = (self.starts_at.utc(), self.ends_at.utc());
        let (title, location) = (encode(&self.title).to_string(), encode(&self.location).to_string());
        let basic = |at: DateTime<Utc>| at.format("%Y%m%dT%H%M%SZ").to_string();
        let extended = |at: DateTime<Utc>| encode(&at.to_rfc3339_opts(SecondsFormat::Secs, true)).to_string();
        let links = Links {
            google: format!(
                "https://calendar.google.com/calendar/render?action=TEMPLATE&text={title}&dates={}/{}\
                 &location={location}&ctz={}",
                basic(from),
                basic(to),
                encode(tz.name())
            ),
            outlook: format!(
                "https://outlook.live.com/calendar/0/deeplink/compose?rru=addevent&subject={title}\
                 &startdt={}&enddt={}&allday={}&location={location}",
                extended(from),
                extended(to),
                self.all_day
            ),
            ics: format!("/api/v1/occurrences/{}.ics", self.id),
        };
        // The fields of the bits of `overrides`, from the lowest bit on.
        let names = [
            "title",
            "description",
            "location",
            "url",
            "capacity",
            "starts_at",
            "registration_opens_at",
            "registration_opens_before",
            "registration_closes_at",
            "registration_closes_before",
        ];
        let overridden = names.iter().enumerate().filter(|(bit, _)| self.overrides & (1 << bit) != 0);
        let open = self.event_status == "published"
            && self.status == "scheduled"
            && now < from
            && self.registration_opens_at.is_none_or(|at| at.utc() <= now)
            && self.registration_closes_at.is_none_or(|at| now < at.utc());
        Occurrence {
            original_start: local(self.original_start),
            starts_at: local(self.starts_at),
            ends_at: local(self.ends_at),
            overridden: overridden.map(|(_, name)| *name).collect(),
            seats_left: (self.capacity - self.seats_taken).max(0),
            registration_open: open && self.seats_taken <= self.capacity,
            registration_opens_at: self.registration_opens_at.map(local),
            registration_closes_at: self.registration_closes_at.map(local),
            organizer: Organizer {
                id: self.organizer_id,
                username: self.username,
                display_name: self.display_name,
            },
            links,
            tags: serde_json::from_str(&self.tags).unwrap_or_default(),
            category: self.category,
            id: self.id,
            event_id: self.event_id,
            title: self.title,
            description: self.description,
            location: self.location,
            url: self.url,
            timezone: self.timezone,
            all_day: self.all_day,
            status: self.status,
            capacity: self.capacity,
            seats_taken: self.seats_taken,
            waitlist_length: self.waitlist_length,
            waitlist_enabled: self.waitlist_enabled,
            recurring: self.recurring,
            version: self.version,
        }
    }
}

#[derive(Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Pool {
    /// The page as JSON: an array of occurrences.
    async fn page(&self) -> sqlx::Result<Vec<u8>> {
        let now = eventcore::Clock::now(&eventcore::SystemClock).to_utc();
        let occurrences: Vec<Occurrence> = match self {
            Self::Sqlite(pool) => {
                let rows: Vec<Row<i64>> =
                    sqlx::query_as(SELECT).bind(now.timestamp_micros()).fetch_all(pool).await?;
                rows.into_iter().map(|row| row.into_occurrence(now)).collect()
            }
            Self::Postgres(pool) => {
                let rows: Vec<Row<DateTime<Utc>>> = sqlx::query_as(SELECT).bind(now).fetch_all(pool).await?;
                rows.into_iter().map(|row| row.into_occurrence(now)).collect()
            }
        };
        serde_json::to_vec(&occurrences).map_err(|error| sqlx::Error::Decode(error.into()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (url, address) =
        arguments.next().zip(arguments.next()).ok_or("usage: bare_page DATABASE-URL ADDRESS")?;
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
