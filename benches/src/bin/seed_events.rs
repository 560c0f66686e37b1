//! Creates the events of the load test unless the database has occurrences, and prints an access token of
//! their organizer.
//!
//! `seed_events DATABASE-URL [EVENTS]`, by default 100,000 events of one occurrence each.

use eventcore::agenda::AgendaFilter;
use eventcore::{Actor, PageRequest};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("usage: seed_events DATABASE-URL [EVENTS]")?;
    let count = arguments.next().map_or(Ok(benches::OCCURRENCES), |text| text.parse())?;
    let core = benches::open(&url).await?;
    let organizer = benches::organizer(&core).await?;
    let page = core.occurrences(&Actor::Anonymous, &AgendaFilter::default(), &PageRequest::first(1)).await?;
    if page.items.is_empty() {
        benches::seed_events(&core, count, benches::event).await?;
    }
    let organizer = organizer.user_id().ok_or("the organizer is not a user")?;
    println!("{}", core.open_session(&Actor::System, organizer).await?.access_token);
    core.close().await;
    Ok(())
}
