//! A web application that embeds the library. Its members and logins are its own, in tables of its own, which
//! stand in the same database: `cargo run -p eventcore --example axum [DATABASE-URL]`.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use eventcore::accounts::ExternalUser;
use eventcore::agenda::AgendaFilter;
use eventcore::events::{Event, EventInput, Occurrence};
use eventcore::registrations::{Party, Registration};
use eventcore::{Actor, Error, EventCore, OccurrenceId, Page, PageRequest};
use sqlx::types::Uuid;
use sqlx::{PgPool, SqlitePool};

const TABLES: &str = "CREATE TABLE IF NOT EXISTS members (id TEXT PRIMARY KEY, email TEXT UNIQUE, name TEXT);
    CREATE TABLE IF NOT EXISTS logins (token TEXT PRIMARY KEY, member TEXT NOT NULL REFERENCES members (id))";

/// The connections of the application to its tables.
#[derive(Clone)]
enum Tables {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Runs a statement in the SQL of both databases. Returns a row, if there is one.
macro_rules! row {
    ($tables:expr, $sql:expr $(, $argument:expr)*) => { match $tables {
        Tables::Sqlite(pool) => sqlx::query_as($sql)$(.bind($argument))*.fetch_optional(pool).await,
        Tables::Postgres(pool) => sqlx::query_as($sql)$(.bind($argument))*.fetch_optional(pool).await,
    }.map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())) };
}

#[derive(Clone)]
pub(crate) struct Application(EventCore, Tables);

type Refusal = (StatusCode, String);

impl Application {
    /// Opens the database. It does not matter whose tables come first.
    pub(crate) async fn open(url: &str) -> Result<Self, Box<dyn std::error::Error>> {
        if url.starts_with("sqlite:") {
            let core = EventCore::open(url).await?;
            let pool = SqlitePool::connect(url).await?;
            sqlx::raw_sql(TABLES).execute(&pool).await?;
            return Ok(Self(core, Tables::Sqlite(pool)));
        }
        let pool = PgPool::connect(url).await?;
        sqlx::raw_sql(TABLES).execute(&pool).await?;
        let core = EventCore::builder().url(url).schema("eventcore").open().await?;
        Ok(Self(core, Tables::Postgres(pool)))
    }

    pub(crate) fn router(self) -> Router {
        let router = Router::new().route("/members", post(join)).route("/events", post(publish));
        let router = router.route("/agenda", get(agenda)).route("/registrations/{occurrence}", put(register));
        router.with_state(self)
    }

    /// Who is logged in, as an actor of the library. Their first call creates a user there.
    async fn actor(&self, headers: &HeaderMap) -> Result<Actor, Refusal> {
        let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let find = "SELECT id, email, name FROM members JOIN logins ON member = id WHERE token = $1";
        let found: Option<(String, String, String)> = row!(&self.1, find, token)?;
        let Some((member, email, name)) = found else { return Ok(Actor::Anonymous) };
        let user = self.0.user_for(&member, &ExternalUser::new(email, name)).await;
        answer(user.map(|user| user.actor())).map(|Json(actor)| actor)
    }
}

type Called = State<Application>;
type Outcome<T> = Result<Json<T>, Refusal>;

/// The answer to a call of the library. The text of an error is meant for the reader.
fn answer<T>(outcome: Result<T, Error>) -> Outcome<T> {
    let code = |e: &Error| StatusCode::from_u16(e.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    outcome.map(Json).map_err(|error| (code(&error), error.to_string()))
}

/// Logs a new member in. A real application asks for a password.
async fn join(State(app): Called, Json((email, name)): Json<(String, String)>) -> Outcome<String> {
    let (id, token) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().to_string());
    let add = "INSERT INTO members (id, email, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id";
    let added: Option<(String,)> = row!(&app.1, add, id, email, name)?;
    let Some((id,)) = added else { return Err((StatusCode::CONFLICT, "this address is taken".to_owned())) };
    let login = "INSERT INTO logins (token, member) VALUES ($1, $2) RETURNING token";
    let login: Option<(String,)> = row!(&app.1, login, token, id)?;
    Ok(Json(login.unwrap_or_default().0))
}

async fn publish(State(app): Called, headers: HeaderMap, Json(event): Json<EventInput>) -> Outcome<Event> {
    answer(app.0.create_event(&app.actor(&headers).await?, &event).await)
}

async fn agenda(State(app): Called, headers: HeaderMap) -> Outcome<Page<Occurrence>> {
    let (actor, filter) = (app.actor(&headers).await?, AgendaFilter::default());
    answer(app.0.occurrences(&actor, &filter, &PageRequest::default()).await)
}

async fn register(
    State(app): Called,
    headers: HeaderMap,
    Path(occurrence): Path<OccurrenceId>,
    Json(party): Json<Party>,
) -> Outcome<Registration> {
    let registered = app.0.register(&app.actor(&headers).await?, occurrence, &party).await;
    answer(registered.map(|registered| registered.registration))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "sqlite://application.db".to_owned());
    let application = Application::open(&url).await?;
    let core = application.0.clone();
    tokio::spawn(async move { core.run_jobs(std::future::pending::<()>()).await });
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, application.router()).await?;
    Ok(())
}
