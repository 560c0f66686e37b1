//! What it costs to pass a seat on, with 10 and with 100,000 people who wait: `promotion [DATABASE-URL]`. The people and their registrations are made by SQL.

use std::time::{Duration, Instant};

use eventcore::db::{Queries, Sql};
use eventcore::registrations::Party;
use eventcore::{Actor, EventCore, OccurrenceId, Role, UserId};
use serde_json::json;

/// Seats that are passed on.
const TIMES: usize = 9;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| format!("sqlite://{}/promotion.db", folder.path().display()));
    let core = EventCore::open(&url).await?;
    let mut rounds = Vec::new();
    for waiting in [10, 100_000, 10, 100_000] {
        let median = passed_on(&core, waiting).await?;
        println!("{waiting:>7} wait: a seat is passed on in {:.2} ms", median.as_secs_f64() * 1e3);
        rounds.push(median);
    }
    println!(
        "{:.2} times as long",
        (rounds[1] + rounds[3]).as_secs_f64() / (rounds[0] + rounds[2]).as_secs_f64()
    );
    println!("{} dates were miscounted", core.recount().await?.len());
    core.close().await;
    Ok(())
}

/// The median time of a cancellation that promotes the head of the list.
async fn passed_on(core: &EventCore, waiting: i64) -> Result<Duration, Box<dyn std::error::Error>> {
    let organizer = benches::organizer(core).await?;
    let input = json!({"title": format!("{waiting} wait"), "location": "Arena", "starts_at": "2041-03-04T18:30:00Z", "capacity": 1});
    let event = core.create_event(&organizer, &serde_json::from_value(input)?).await?;
    let date = event.next_occurrence.ok_or("the event has a date")?.id;
    core.register(&organizer, date, &Party::of(1)).await?;
    queue(core, date, waiting).await?;
    let mut took = Vec::new();
    let mut holder = organizer;
    for _ in 0..TIMES {
        let begun = Instant::now();
        core.cancel_registration(&holder, date).await?;
        took.push(begun.elapsed());
        holder = Actor::user(sitting(core, date).await?, Role::User);
    }
    took.sort_unstable();
    Ok(took[TIMES / 2])
}

async fn sitting(core: &EventCore, date: OccurrenceId) -> eventcore::Result<UserId> {
    let mut db = core.db().read().await?;
    let sql = "SELECT user_id FROM registrations WHERE occurrence_id = $1 AND status = 'confirmed'";
    Ok(db.query(Sql::same(sql)).bind(date).scalar().await?)
}

/// Makes people who wait.
async fn queue(core: &EventCore, date: OccurrenceId, waiting: i64) -> eventcore::Result<()> {
    let people = Sql::each(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
         INSERT INTO users (id, username, email, email_folded, display_name, search_text, timezone, role, created_at, updated_at)
         SELECT randomblob(16), lower(hex($1)) || '-' || i, 'e', lower(hex($1)) || i, 'Waits', '', 'UTC', 'user', i, i FROM n",
        "INSERT INTO users (id, username, email, email_folded, display_name, search_text, timezone, role, created_at, updated_at)
         SELECT gen_random_uuid(), replace($1::text, '-', '') || '-' || i, 'e', replace($1::text, '-', '') || i, 'Waits', '', 'UTC', 'user', now(), now()
         FROM generate_series(1, $2) i",
    );
    let registrations = Sql::each(
        "INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size, waitlist_number, ticket_code, created_at, updated_at)
         SELECT randomblob(16), o.id, o.event_id, u.id, 'waitlisted', 1, u.created_at, hex(randomblob(14)), u.created_at, u.created_at
         FROM occurrences o JOIN users u ON u.username LIKE lower(hex($1)) || '-%' WHERE o.id = $1",
        "INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size, waitlist_number, ticket_code, created_at, updated_at)
         SELECT gen_random_uuid(), o.id, o.event_id, u.id, 'waitlisted', 1, split_part(u.username, '-', 2)::bigint, gen_random_uuid()::text, now(), now()
         FROM occurrences o JOIN users u ON u.username LIKE replace($1::text, '-', '') || '-%' WHERE o.id = $1",
    );
    let mut tx = core.db().begin().await?;
    tx.query(people).bind(date).bind(waiting).execute().await?;
    tx.query(registrations).bind(date).execute().await?;
    let numbers = "UPDATE occurrences SET waitlist_length = $2, next_waitlist_number = $2 + 1 WHERE id = $1";
    tx.query(Sql::same(numbers)).bind(date).bind(waiting).execute().await?;
    tx.commit().await
}
