//! Embeds the library: opens a database, creates a user, publishes an event and lists the agenda.

use eventcore::accounts::NewUser;
use eventcore::agenda::AgendaFilter;
use eventcore::events::EventInput;
use eventcore::{Actor, EventCore, PageRequest, Role};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let core = EventCore::builder().temporary().open().await?;
    let ada =
        NewUser { username: "ada".to_owned(), email: "ada@example.org".to_owned(), ..NewUser::default() };
    let ada = core.create_user(&Actor::System, &ada).await?;
    let event: EventInput = serde_json::from_str(
        r#"{"title": "Rust evening", "location": "Hall 2, Berlin", "capacity": 40,
            "starts_at": "2037-03-04T18:30:00", "timezone": "Europe/Berlin"}"#,
    )?;
    core.create_event(&Actor::user(ada.id, Role::User), &event).await?;
    let page = core.occurrences(&Actor::Anonymous, &AgendaFilter::default(), &PageRequest::default()).await?;
    for occurrence in page.items {
        println!("{}  {}, {}", occurrence.starts_at, occurrence.title, occurrence.location);
        println!("{} seats left", occurrence.seats_left);
    }
    core.close().await;
    Ok(())
}
