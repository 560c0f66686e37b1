//! Prepares a database for `register`: creates signed-in users and events of one occurrence each, with seats
//! for half of the users.
//!
//! `seed_registrations DATABASE-URL USERS OCCURRENCES FILE [quiet]` writes a line `person ACCESS-TOKEN` for
//! each user and a line `date OCCURRENCE-ID` for each occurrence to the file. These two keywords are never
//! changed, so that the programs of two commits can be measured with the same file. With `quiet`, the users
//! want no notification of their registrations.

use std::fmt::Write as _;

use benches::run_concurrently;
use eventcore::accounts::NewUser;
use eventcore::notifications::{KindPreference, NotificationKind, PreferencesInput};
use eventcore::{Actor, EventCore, Result};
use serde_json::json;

/// Number of concurrent tasks.
const TASKS: usize = 16;

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (url, users, occurrences, file, is_quiet) = match arguments.as_slice() {
        [url, users, occurrences, file] => (url, users, occurrences, file, false),
        [url, users, occurrences, file, quiet] if quiet == "quiet" => (url, users, occurrences, file, true),
        _ => return Err("usage: seed_registrations DATABASE-URL USERS OCCURRENCES FILE [quiet]".into()),
    };
    let (users, occurrences): (usize, usize) = (users.parse()?, occurrences.parse()?);
    let seats = (users / occurrences / 2).max(1);
    let core = benches::open(url).await?;
    let organizer = benches::organizer(&core).await?;
    let mut lines = String::new();
    let user_core = core.clone();
    for token in
        run_concurrently(TASKS, users, move |number| sign_in_new_user(user_core.clone(), number, is_quiet))
            .await?
    {
        writeln!(lines, "person {token}")?;
    }
    let event_core = core.clone();
    let create = move |number| create_event(event_core.clone(), organizer, number, seats);
    for occurrence in run_concurrently(TASKS, occurrences, create).await? {
        writeln!(lines, "date {occurrence}")?;
    }
    std::fs::write(file, lines)?;
    core.close().await;
    Ok(())
}

/// Creates a user and a session. Returns the access token.
async fn sign_in_new_user(core: EventCore, number: usize, is_quiet: bool) -> Result<String> {
    // Random, so that a database can be prepared several times.
    let name = format!("p{}", uuid::Uuid::new_v4().simple()).chars().take(20).collect::<String>();
    let user = NewUser {
        email: format!("{name}@example.org"),
        username: name,
        display_name: Some(format!("Person {number}")),
        ..NewUser::default()
    };
    let user = core.create_user(&Actor::System, &user).await?;
    if is_quiet {
        let off = |kind| KindPreference { kind, in_app: false, email: false };
        let kinds = [NotificationKind::RegistrationConfirmed, NotificationKind::RegistrationWaitlisted];
        let preferences = PreferencesInput { kinds: kinds.map(off).to_vec(), ..PreferencesInput::default() };
        core.set_notification_preferences(&Actor::user(user.id, user.role), &preferences).await?;
    }
    Ok(core.open_session(&Actor::System, user.id).await?.access_token)
}

/// Creates an event of one occurrence. Returns the id of the occurrence.
async fn create_event(core: EventCore, organizer: Actor, number: usize, seats: usize) -> Result<String> {
    let input = json!({
        "title": format!("Rush {number}"),
        "location": "Arena",
        "starts_at": "2041-03-04T18:30:00Z",
        "capacity": seats,
    });
    let event = core.create_event(&organizer, &serde_json::from_value(input).unwrap_or_default()).await?;
    Ok(event.next_occurrence.map(|occurrence| occurrence.id.to_string()).unwrap_or_default())
}
