//! Fills a database for `benches/compare`, and writes the files that a round of measurements reads.
//! `benches/django/peer/prepare.py` does the same for the peer.
//!
//! `prepare events COUNT` prints the bodies of `POST /events` of so many events, one a line.
//!
//! `prepare DATABASE-URL EVENTS PEOPLE SHARED DIRECTORY` creates the events of such a file, unless there are
//! events, and the users that are missing. Then it creates 1,000 occurrences with seats for all users, and
//! SHARED occurrences with seats for half of them. It writes to the directory, one a line: `organizer` (an
//! access token), `people` (an access token of each user), `spread` and `shared` (the ids of these
//! occurrences), and `events` (the ids of 1,000 events). On PostgreSQL it prints the `plan_cache_mode` of the
//! sessions of eventcore.

use std::path::Path;

use benches::{concurrent_writers, run_concurrently};
use eventcore::accounts::NewUser;
use eventcore::agenda::AgendaFilter;
use eventcore::db::{Dialect, Queries, Sql};
use eventcore::events::EventInput;
use eventcore::{Actor, Error, EventCore, PageRequest, Result};
use serde_json::json;

/// How many occurrences registrations are spread over.
const SPREAD: usize = 1_000;

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["events", count] => {
            for number in 0..count.parse()? {
                println!("{}", benches::peer_event(number));
            }
        }
        [url, events, people, shared, directory] => {
            let core = benches::open(url).await?;
            let events = std::fs::read_to_string(events)?;
            prepare(&core, &events, people.parse()?, shared.parse()?, Path::new(directory)).await?;
            core.close().await;
        }
        _ => return Err("usage: prepare DATABASE-URL EVENTS PEOPLE SHARED DIRECTORY".into()),
    }
    Ok(())
}

async fn prepare(
    core: &EventCore,
    events: &str,
    people: usize,
    shared: usize,
    directory: &Path,
) -> std::result::Result<(), Box<dyn std::error::Error>> {
    if core.db().dialect() == Dialect::Postgres {
        let mode: String =
            core.db().read().await?.query(Sql::portable("SHOW plan_cache_mode")).scalar().await?;
        println!("{mode}");
    }
    let organizer = benches::organizer(core).await?;
    if agenda(core, 1).await?.is_empty() {
        let inputs = events.lines().map(serde_json::from_str).collect::<serde_json::Result<Vec<_>>>()?;
        create_events(core, organizer, inputs).await?;
    }
    let id = organizer.user_id().ok_or("the organizer is not a user")?;
    let write = |name: &str, lines: &[String]| std::fs::write(directory.join(name), lines.join("\n") + "\n");
    write("organizer", &[core.open_session(&Actor::System, id).await?.access_token])?;
    write("events", &agenda(core, 10).await?)?;
    let (tasks, signing_in) = (concurrent_writers(core), core.clone());
    let sign_in = move |number| sign_in(signing_in.clone(), number);
    write("people", &run_concurrently(tasks, people, sign_in).await?)?;
    write("spread", &create_events(core, organizer, rushes(SPREAD, people)).await?)?;
    write("shared", &create_events(core, organizer, rushes(shared, (people / 2).max(1))).await?)?;
    Ok(())
}

/// The ids of the events on the first pages of the agenda.
async fn agenda(core: &EventCore, pages: usize) -> Result<Vec<String>> {
    let mut request = PageRequest::first(100);
    let mut events = Vec::new();
    for _ in 0..pages {
        let page = core.occurrences(&Actor::Anonymous, &AgendaFilter::default(), &request).await?;
        events.extend(page.items.iter().map(|occurrence| occurrence.event_id.to_string()));
        let Some(next) = page.next else { break };
        request = request.at(Some(next));
    }
    Ok(events)
}

/// Events for registrations, each with so many seats.
fn rushes(count: usize, seats: usize) -> Vec<EventInput> {
    let body = |number| {
        json!({
            "title": format!("Rush {number}"),
            "location": "Arena",
            "starts_at": "2047-03-04T18:30:00Z",
            "capacity": seats,
        })
    };
    (0..count).map(|number| serde_json::from_value(body(number)).unwrap_or_default()).collect()
}

/// Creates events. Returns the ids of their first occurrences.
async fn create_events(core: &EventCore, organizer: Actor, inputs: Vec<EventInput>) -> Result<Vec<String>> {
    let (tasks, count) = (concurrent_writers(core), inputs.len());
    let (core, inputs) = (core.clone(), std::sync::Arc::new(inputs));
    let create = move |number: usize| {
        let (core, inputs) = (core.clone(), inputs.clone());
        async move {
            let event = core.create_event(&organizer, &inputs[number]).await?;
            let occurrence = event.next_occurrence.ok_or(Error::NotFound("occurrence"))?;
            Ok(occurrence.id.to_string())
        }
    };
    run_concurrently(tasks, count, create).await
}

/// Signs the user with this number in, who is created if missing. Returns an access token.
async fn sign_in(core: EventCore, number: usize) -> Result<String> {
    let username = format!("person{number}");
    let user = if let Ok(known) = core.profile_by_username(&username).await {
        known.id
    } else {
        let email = format!("{username}@example.org");
        core.create_user(&Actor::System, &NewUser { username, email, ..NewUser::default() }).await?.id
    };
    Ok(core.open_session(&Actor::System, user).await?.access_token)
}
