//! Fills a database for the rush: `crowd DATABASE-URL PEOPLE DATES FILE` makes people who are signed in and events of one date with seats for half of
//! them, and writes a line `person TOKEN` or `date ID` each into the file.

use std::fmt::Write as _;

use eventcore::accounts::NewUser;
use eventcore::{Actor, EventCore, Result};
use serde_json::json;

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, people, dates, file] = arguments.as_slice() else {
        return Err("crowd DATABASE-URL PEOPLE DATES FILE".into());
    };
    let (people, dates): (usize, usize) = (people.parse()?, dates.parse()?);
    let core = EventCore::open(url).await?;
    let organizer = benches::organizer(&core).await?;
    let mut lines = String::new();
    for token in many(people, {
        let core = core.clone();
        move |number| person(core.clone(), number)
    })
    .await?
    {
        writeln!(lines, "person {token}")?;
    }
    let seats = (people / dates / 2).max(1);
    for date in many(dates, {
        let core = core.clone();
        move |number| date(core.clone(), organizer, number, seats)
    })
    .await?
    {
        writeln!(lines, "date {date}")?;
    }
    std::fs::write(file, lines)?;
    core.close().await;
    Ok(())
}

/// Does something `count` times, many at once.
async fn many<T: Send + 'static, F: Future<Output = Result<T>> + Send + 'static>(
    count: usize,
    work: impl Fn(usize) -> F + Clone + Send + 'static,
) -> Result<Vec<T>> {
    let mut tasks = tokio::task::JoinSet::new();
    for first in 0..16 {
        let work = work.clone();
        tasks.spawn(async move {
            let mut done = Vec::new();
            for number in (first..count).step_by(16) {
                done.push(work(number).await?);
            }
            Ok::<_, eventcore::Error>(done)
        });
    }
    let mut all = Vec::with_capacity(count);
    while let Some(done) = tasks.join_next().await {
        all.extend(done.map_err(eventcore::Error::internal)??);
    }
    Ok(all)
}

/// A new person's access token.
async fn person(core: EventCore, number: usize) -> Result<String> {
    let name = format!("p{}", uuid::Uuid::new_v4().simple()).chars().take(20).collect::<String>();
    let user = NewUser {
        email: format!("{name}@example.org"),
        username: name,
        display_name: Some(format!("Person {number}")),
        ..NewUser::default()
    };
    let user = core.create_user(&Actor::System, &user).await?;
    Ok(core.open_session(&Actor::System, user.id).await?.access_token)
}

async fn date(core: EventCore, organizer: Actor, number: usize, seats: usize) -> Result<String> {
    let input = json!({"title": format!("Rush {number}"), "location": "Arena", "starts_at": "2041-03-04T18:30:00Z", "capacity": seats});
    let event = core.create_event(&organizer, &serde_json::from_value(input).unwrap_or_default()).await?;
    Ok(event.next_occurrence.map(|date| date.id.to_string()).unwrap_or_default())
}
