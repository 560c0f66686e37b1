//! The library in ten lines: open a database, know someone, publish an event, read the agenda.

use eventcore::accounts::NewUser;
use eventcore::agenda::AgendaFilter;
use eventcore::events::EventInput;
use eventcore::{Actor, EventCore, PageRequest, Role};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let core = EventCore::open(&format!("sqlite://{}/events.db", folder.path().display())).await?;
    let ada =
        NewUser { username: "ada".to_owned(), email: "ada@example.org".to_owned(), ..NewUser::default() };
    let ada = core.create_user(&Actor::System, &ada).await?;
    let evening: EventInput = serde_json::from_str(
        r#"{"title": "Rust evening", "location": "Hall 2, Berlin", "starts_at": "2037-03-04T18:30:00", "timezone": "Europe/Berlin", "capacity": 40}"#,
    )?;
    core.create_event(&Actor::user(ada.id, Role::User), &evening).await?;
    for date in
        core.occurrences(&Actor::Anonymous, &AgendaFilter::default(), &PageRequest::default()).await?.items
    {
        println!("{}  {}, {}: {} seats free", date.starts_at, date.title, date.location, date.seats_left);
    }
    core.close().await;
    Ok(())
}
