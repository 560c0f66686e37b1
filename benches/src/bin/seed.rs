//! Fills a database for the load driver and prints an access token of its organizer: `seed URL [DATES]`.

use eventcore::{Actor, EventCore, PageRequest};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("seed URL [DATES]")?;
    let dates = arguments.next().map_or(Ok(benches::DATES), |text| text.parse())?;
    let core = EventCore::open(&url).await?;
    let actor = benches::organizer(&core).await?;
    let page = core
        .occurrences(&Actor::Anonymous, &eventcore::agenda::AgendaFilter::default(), &PageRequest::first(1))
        .await?;
    if page.items.is_empty() {
        benches::fill(&core, dates).await?;
    }
    let organizer = actor.user_id().ok_or("an organizer")?;
    println!("{}", core.open_session(&Actor::System, organizer).await?.access_token);
    core.close().await;
    Ok(())
}
