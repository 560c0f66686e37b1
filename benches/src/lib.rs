//! What the benchmarks share: a database with as many dates as a busy installation has.

use eventcore::accounts::NewUser;
use eventcore::agenda::AgendaFilter;
use eventcore::db::{Dialect, Queries, Sql};
use eventcore::events::EventInput;
use eventcore::registrations::Party;
use eventcore::{Actor, EventCore, EventId, PageRequest, Result, Role};
use serde_json::json;

/// Dates in the database.
pub const DATES: usize = 100_000;

/// A user who publishes; made at once, without a password.
pub async fn organizer(core: &EventCore) -> Result<Actor> {
    if let Ok(known) = core.profile_by_username("organizer").await {
        return Ok(Actor::user(known.id, Role::User));
    }
    let input = NewUser {
        username: "organizer".to_owned(),
        email: "organizer@example.org".to_owned(),
        ..NewUser::default()
    };
    let user = core.create_user(&Actor::System, &input).await?;
    Ok(Actor::user(user.id, user.role))
}

/// An event in the years from 2037 on, one every few minutes.
pub fn event(number: usize) -> EventInput {
    let start = chrono::DateTime::from_timestamp(
        2_114_380_800 + i64::try_from(number).unwrap_or_default() * 1_200,
        0,
    )
    .unwrap_or_default();
    let body = json!({
        "title": format!("Evening {number}"),
        "description": "Talks and *pizza*. Bring a laptop, a friend, and a question that nobody has answered yet.",
        "location": format!("Hall {}, Berlin", number % 500),
        "starts_at": start.to_rfc3339(),
        "timezone": "Europe/Berlin",
        "duration": "PT2H",
        "capacity": 40,
    });
    serde_json::from_value(body).unwrap_or_default()
}

const TOPICS: [&str; 8] = ["rust", "jazz", "yoga", "chess", "pottery", "opera", "baking", "history"];
const CATEGORIES: [&str; 4] = ["meetup", "concert", "course", "workshop"];

fn pick(of: &[&str], by: usize) -> String {
    of.get(by % of.len()).copied().unwrap_or_default().to_owned()
}

/// Three words of which [`labelled`] events are found: all of a topic, those in one hall, those whose number begins so, and none.
pub fn question(number: usize) -> String {
    let (topic, other) = (pick(&TOPICS, number), pick(&TOPICS, number / 3));
    match number % 4 {
        0 => format!("{topic} evening pizza"),
        1 => format!("{topic} berlin {}", number % 500),
        2 => format!("evening laptop {number}"),
        _ => format!("{topic} {other} nowhere"),
    }
}

/// An event as [`event`] makes it, with a category, three tags and words of its own.
pub fn labelled(number: usize) -> EventInput {
    let mut event = event(number);
    let topic = pick(&TOPICS, number / 3);
    event.title = format!("{topic} evening {number}");
    event.category = Some(pick(&CATEGORIES, number / 7));
    event.tags = vec![topic, pick(&TOPICS, number / 5), format!("series {}", number % 1_000)];
    event
}

/// Fills a database up to `dates` events of one date, many at once, through the library's own door.
pub async fn fill(core: &EventCore, dates: usize) -> Result<()> {
    fill_with(core, dates, event).await
}

/// As [`fill`], with the events that `make` makes of their numbers.
pub async fn fill_with(core: &EventCore, dates: usize, make: fn(usize) -> EventInput) -> Result<()> {
    let (actor, count) = (organizer(core).await?, writers(core));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..count {
        let core = core.clone();
        writers.spawn(async move {
            for number in (writer..dates).step_by(count) {
                core.create_event(&actor, &make(number)).await?;
            }
            Ok(())
        });
    }
    all(writers).await
}

/// How many write at once: SQLite commits them together, and PostgreSQL has but so many connections.
fn writers(core: &EventCore) -> usize {
    match core.db().dialect() {
        Dialect::Sqlite => 64,
        Dialect::Postgres => 12,
    }
}

async fn all(mut tasks: tokio::task::JoinSet<Result<()>>) -> Result<()> {
    while let Some(done) = tasks.join_next().await {
        done.map_err(eventcore::Error::internal)??;
    }
    Ok(())
}

/// A weekly event for whose every date `people` register; one in ten waits, and those with a place have said how it was.
pub async fn course(core: &EventCore, dates: usize, people: usize) -> Result<EventId> {
    let organizer = organizer(core).await?;
    let start = core.now().to_utc().date_naive() + chrono::Days::new(1);
    let body = json!({"title": "Course", "location": "Hall", "starts_at": format!("{start}T18:30:00"), "timezone": "Europe/Berlin",
        "capacity": people * 9 / 10, "waitlist_enabled": true, "recurrence": {"rrule": format!("FREQ=WEEKLY;COUNT={dates}")}});
    let event = core.create_event(&organizer, &serde_json::from_value(body).unwrap_or_default()).await?.id;
    let filter = AgendaFilter { event: Some(event), ..AgendaFilter::default() };
    let dates = core.occurrences(&organizer, &filter, &PageRequest::first(100)).await?.items;
    let count = writers(core);
    let mut crowd = tokio::task::JoinSet::new();
    for first in 0..count {
        let (core, dates) = (core.clone(), dates.clone());
        crowd.spawn(async move {
            for number in (first..people).step_by(count) {
                let input = NewUser {
                    username: format!("pupil{number}"),
                    email: format!("pupil{number}@example.org"),
                    ..NewUser::default()
                };
                let user = core.create_user(&Actor::System, &input).await?;
                for date in &dates {
                    core.register(&Actor::user(user.id, user.role), date.id, &Party::of(1)).await?;
                }
            }
            Ok(())
        });
    }
    all(crowd).await?;
    let mut tx = core.db().begin().await?;
    tx.query(Sql::same(
        "INSERT INTO feedback (id, occurrence_id, event_id, user_id, rating, text, created_at, updated_at)
         SELECT r.id, r.occurrence_id, r.event_id, r.user_id, 4, '', r.created_at, r.created_at FROM registrations r
         WHERE r.event_id = $1 AND r.status = 'confirmed'",
    ))
    .bind(event)
    .execute()
    .await?;
    tx.commit().await?;
    Ok(event)
}
