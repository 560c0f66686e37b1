//! Measures the cancellation that promotes the first registration of a waitlist, with 10 and with 100,000
//! waitlisted registrations. The users and their registrations are inserted by SQL.
//!
//! `promotion [DATABASE-URL]`, by default a temporary SQLite file.

use std::time::{Duration, Instant};

use benches::{Latencies, insert_registrations};
use eventcore::db::{Queries, Sql};
use eventcore::registrations::Party;
use eventcore::{Actor, EventCore, OccurrenceId, Role, UserId};
use serde_json::json;

/// Promotions measured for each length of the waitlist.
const PROMOTIONS: usize = 9;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| format!("sqlite://{}/promotion.db", folder.path().display()));
    let core = benches::open(&url).await?;
    let mut medians = Vec::new();
    for waitlisted in [10, 100_000, 10, 100_000] {
        let median = median_promotion(&core, waitlisted).await?;
        println!("{waitlisted:>7} waitlisted: a promotion takes {:.2} ms", median.as_secs_f64() * 1e3);
        medians.push(median);
    }
    println!(
        "{:.2} times as long with the long waitlist",
        (medians[1] + medians[3]).as_secs_f64() / (medians[0] + medians[2]).as_secs_f64()
    );
    println!("{} occurrences have wrong seat counts", core.check_consistency().await?.len());
    core.close().await;
    Ok(())
}

/// The median time of a cancellation that promotes one registration.
async fn median_promotion(core: &EventCore, waitlisted: i64) -> Result<Duration, Box<dyn std::error::Error>> {
    let organizer = benches::organizer(core).await?;
    let input = json!({
        "title": format!("{waitlisted} wait"),
        "location": "Arena",
        "starts_at": "2041-03-04T18:30:00Z",
        "capacity": 1,
    });
    let event = core.create_event(&organizer, &serde_json::from_value(input)?).await?;
    let occurrence = event.next_occurrence.ok_or("the event has no occurrence")?.id;
    core.register(&organizer, occurrence, &Party::of(1)).await?;
    insert_registrations(core, occurrence, waitlisted, true).await?;
    let mut latencies = Vec::new();
    let mut attendee = organizer;
    for _ in 0..PROMOTIONS {
        let begun = Instant::now();
        core.cancel_registration(&attendee, occurrence, None).await?;
        latencies.push(begun.elapsed());
        attendee = Actor::user(confirmed_user(core, occurrence).await?, Role::User);
    }
    Ok(Latencies::new(latencies).percentile(50))
}

/// The user with the only seat.
async fn confirmed_user(core: &EventCore, occurrence: OccurrenceId) -> eventcore::Result<UserId> {
    let mut db = core.db().read().await?;
    let sql = "SELECT user_id FROM registrations WHERE occurrence_id = $1 AND status = 'confirmed'";
    Ok(db.query(Sql::portable(sql)).bind(occurrence).scalar().await?)
}
