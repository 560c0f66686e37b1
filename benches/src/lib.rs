//! What the benchmarks share: test data for a database of 100,000 occurrences, and percentiles.

mod concurrently;
mod growth_data;
mod http_connection;
mod latencies;
mod many_registered;
mod peer_data;

use eventcore::accounts::NewUser;
use eventcore::agenda::AgendaFilter;
use eventcore::db::{Dialect, Queries, Sql};
use eventcore::events::EventInput;
use eventcore::registrations::Party;
use eventcore::{Actor, EventCore, EventId, OccurrenceId, PageRequest, Quotas, Result, Role};
use serde_json::json;
use tokio::task::JoinSet;

pub use concurrently::run_concurrently;
pub use growth_data::GrowthData;
pub use http_connection::{Failure, HttpConnection};
pub use latencies::Latencies;
pub use many_registered::insert_registrations;
pub use peer_data::peer_event;

/// The default number of occurrences in a database.
pub const OCCURRENCES: usize = 100_000;

const TOPICS: [&str; 8] = ["rust", "jazz", "yoga", "chess", "pottery", "opera", "baking", "history"];
const CATEGORIES: [&str; 4] = ["meetup", "concert", "course", "workshop"];

/// Opens the database at `url` without quotas, and migrates it.
pub async fn open(url: &str) -> Result<EventCore> {
    EventCore::builder().url(url).quotas(Quotas::UNLIMITED).open().await
}

/// The user `organizer`, who organizes all events. Created without a password if missing.
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

/// The event with this number. Event 0 starts in 2037, and each one 20 minutes after the one before.
pub fn event(number: usize) -> EventInput {
    let seconds = 2_114_380_800 + i64::try_from(number).unwrap_or_default() * 1_200;
    let start = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let body = json!({
        "title": format!("Evening {number}"),
        "description":
            "Talks and *pizza*. Bring a laptop, a friend, and a question that nobody has answered yet.",
        "location": format!("Hall {}, Berlin", number % 500),
        "starts_at": start.to_rfc3339(),
        "timezone": "Europe/Berlin",
        "duration": "PT2H",
        "capacity": 40,
    });
    serde_json::from_value(body).unwrap_or_default()
}

/// [`event`] with a category, three tags, and a topic in its title.
pub fn labelled_event(number: usize) -> EventInput {
    let mut event = event(number);
    let topic = nth(&TOPICS, number / 3);
    event.title = format!("{topic} evening {number}");
    event.category = Some(nth(&CATEGORIES, number / 7));
    event.tags = vec![topic, nth(&TOPICS, number / 5), format!("series {}", number % 1_000)];
    event
}

/// A search for three words in events of [`labelled_event`]. By `number % 4` it matches all events of a
/// topic, the events of a topic in one location, the events whose number begins with `number`, or none.
pub fn three_word_query(number: usize) -> String {
    let (topic, other) = (nth(&TOPICS, number), nth(&TOPICS, number / 3));
    match number % 4 {
        0 => format!("{topic} evening pizza"),
        1 => format!("{topic} berlin {}", number % 500),
        2 => format!("evening laptop {number}"),
        _ => format!("{topic} {other} nowhere"),
    }
}

/// The element at `index` modulo the length.
fn nth(of: &[&str], index: usize) -> String {
    of.get(index % of.len()).copied().unwrap_or_default().to_owned()
}

/// Creates `count` events of one occurrence each through the library. `input` makes the event of a number,
/// such as [`event`] or [`labelled_event`].
pub async fn seed_events(core: &EventCore, count: usize, input: fn(usize) -> EventInput) -> Result<()> {
    let (organizer, creating) = (organizer(core).await?, core.clone());
    let create = move |number| {
        let core = creating.clone();
        async move { core.create_event(&organizer, &input(number)).await.map(drop) }
    };
    run_concurrently(concurrent_writers(core), count, create).await?;
    do_jobs(core).await
}

/// Does the jobs that follow from writes, such as counting what was created, so that a server which is
/// measured has none to do.
pub async fn do_jobs(core: &EventCore) -> Result<()> {
    core.ensure_jobs().await?;
    core.run_due_jobs().await.map(drop)
}

/// Creates a weekly event and registers `users` new users for all its occurrences, of which there are at most
/// 100. One user in ten is waitlisted. Each confirmed user has rated each occurrence.
pub async fn seed_series_with_registrations(
    core: &EventCore,
    occurrences: usize,
    users: usize,
) -> Result<EventId> {
    let organizer = organizer(core).await?;
    let tomorrow = core.now().to_utc().date_naive() + chrono::Days::new(1);
    let body = json!({
        "title": "Course",
        "location": "Hall",
        "starts_at": format!("{tomorrow}T18:30:00"),
        "timezone": "Europe/Berlin",
        "capacity": users * 9 / 10,
        "waitlist_enabled": true,
        "recurrence": {"rrule": format!("FREQ=WEEKLY;COUNT={occurrences}")},
    });
    let event = core.create_event(&organizer, &serde_json::from_value(body).unwrap_or_default()).await?.id;
    let filter = AgendaFilter { event: Some(event), ..AgendaFilter::default() };
    let page = core.occurrences(&organizer, &filter, &PageRequest::first(100)).await?;
    let occurrences: Vec<OccurrenceId> = page.items.iter().map(|occurrence| occurrence.id).collect();
    let tasks = concurrent_writers(core);
    let mut running = JoinSet::new();
    for first in 0..tasks {
        let (core, occurrences) = (core.clone(), occurrences.clone());
        running.spawn(async move {
            for number in (first..users).step_by(tasks) {
                register_new_user(&core, number, &occurrences).await?;
            }
            Ok(())
        });
    }
    join_all(running).await?;
    insert_feedback(core, event).await?;
    Ok(event)
}

async fn register_new_user(core: &EventCore, number: usize, occurrences: &[OccurrenceId]) -> Result<()> {
    let input = NewUser {
        username: format!("pupil{number}"),
        email: format!("pupil{number}@example.org"),
        ..NewUser::default()
    };
    let user = core.create_user(&Actor::System, &input).await?;
    for occurrence in occurrences {
        core.register(&Actor::user(user.id, user.role), *occurrence, &Party::of(1)).await?;
    }
    Ok(())
}

/// A rating of 4 from each confirmed user. Inserted by SQL, because the library accepts ratings only after an
/// occurrence has ended.
async fn insert_feedback(core: &EventCore, event: EventId) -> Result<()> {
    let mut tx = core.db().begin().await?;
    tx.query(Sql::portable(
        "INSERT INTO feedback (id, occurrence_id, event_id, user_id, rating, text, created_at, updated_at)
         SELECT r.id, r.occurrence_id, r.event_id, r.user_id, 4, '', r.created_at, r.created_at
         FROM registrations r WHERE r.event_id = $1 AND r.status = 'confirmed'",
    ))
    .bind(event)
    .execute()
    .await?;
    tx.commit().await
}

/// How many tasks write at once. SQLite commits concurrent transactions together; on PostgreSQL the number of
/// connections is the limit.
pub fn concurrent_writers(core: &EventCore) -> usize {
    match core.db().dialect() {
        Dialect::Sqlite => 64,
        Dialect::Postgres => 12,
    }
}

async fn join_all(mut tasks: JoinSet<Result<()>>) -> Result<()> {
    while let Some(joined) = tasks.join_next().await {
        joined.map_err(eventcore::Error::internal)??;
    }
    Ok(())
}
