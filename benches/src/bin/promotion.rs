//! Measures the cancellation that promotes the first registration of a waitlist, with 10 and with 100,000
//! waitlisted registrations. The users and their registrations are inserted by SQL.
//!
//! `promotion [DATABASE-URL]`, by default a temporary SQLite file.

use std::time::{Duration, Instant};

use benches::Latencies;
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
    insert_waitlist(core, occurrence, waitlisted).await?;
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

/// Inserts users and their waitlisted registrations. The id of the occurrence is part of the usernames, which
/// makes them unique.
async fn insert_waitlist(
    core: &EventCore,
    occurrence: OccurrenceId,
    waitlisted: i64,
) -> eventcore::Result<()> {
    let users = Sql::per_dialect(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
         INSERT INTO users (id, username, email, email_folded, display_name, search_text, timezone, role,
             created_at, updated_at)
         SELECT randomblob(16), lower(hex($1)) || '-' || i, 'e', lower(hex($1)) || i, 'Waits', '', 'UTC',
             'user', i, i
         FROM n",
        "INSERT INTO users (id, username, email, email_folded, display_name, search_text, timezone, role,
             created_at, updated_at)
         SELECT gen_random_uuid(), replace($1::text, '-', '') || '-' || i, 'e',
             replace($1::text, '-', '') || i, 'Waits', '', 'UTC', 'user', now(), now()
         FROM generate_series(1, $2) i",
    );
    let registrations = Sql::per_dialect(
        "INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size, waitlist_number,
             ticket_code, created_at, updated_at)
         SELECT randomblob(16), o.id, o.event_id, u.id, 'waitlisted', 1, u.created_at,
             hex(randomblob(14)), u.created_at, u.created_at
         FROM occurrences o JOIN users u ON u.username LIKE lower(hex($1)) || '-%' WHERE o.id = $1",
        "INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size, waitlist_number,
             ticket_code, created_at, updated_at)
         SELECT gen_random_uuid(), o.id, o.event_id, u.id, 'waitlisted', 1,
             split_part(u.username, '-', 2)::bigint, gen_random_uuid()::text, now(), now()
         FROM occurrences o JOIN users u ON u.username LIKE replace($1::text, '-', '') || '-%'
         WHERE o.id = $1",
    );
    let counters = Sql::portable(
        "UPDATE occurrences SET waitlist_length = $2, next_waitlist_number = $2 + 1 WHERE id = $1",
    );
    let mut tx = core.db().begin().await?;
    tx.query(users).bind(occurrence).bind(waitlisted).execute().await?;
    tx.query(registrations).bind(occurrence).execute().await?;
    tx.query(counters).bind(occurrence).bind(waitlisted).execute().await?;
    tx.commit().await
}
