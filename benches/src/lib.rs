//! What the benchmarks share: a database with as many dates as a busy installation has.

use eventcore::accounts::NewUser;
use eventcore::events::EventInput;
use eventcore::{Actor, EventCore, Result, Role};
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

/// Fills a database up to `dates` events of one date, many at once, through the library's own door.
pub async fn fill(core: &EventCore, dates: usize) -> Result<()> {
    let actor = organizer(core).await?;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..64 {
        let core = core.clone();
        writers.spawn(async move {
            for number in (writer..dates).step_by(64) {
                core.create_event(&actor, &event(number)).await?;
            }
            Ok::<_, eventcore::Error>(())
        });
    }
    while let Some(done) = writers.join_next().await {
        done.map_err(eventcore::Error::internal)??;
    }
    Ok(())
}
