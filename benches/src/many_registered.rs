//! An occurrence with very many registrations, inserted by SQL: by the library it would take minutes.

use eventcore::db::{Queries, Sql};
use eventcore::{EventCore, OccurrenceId, Result};

/// Inserts that many users, each with a registration for an occurrence: confirmed, or waitlisted after those
/// that have seats. The usernames contain the id of the occurrence, which makes them unique.
///
/// # Errors
/// As the database fails.
pub async fn insert_registrations(
    core: &EventCore,
    occurrence: OccurrenceId,
    count: i64,
    is_waitlisted: bool,
) -> Result<()> {
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
         SELECT randomblob(16), o.id, o.event_id, u.id,
             CASE WHEN $2 THEN 'waitlisted' ELSE 'confirmed' END, 1, CASE WHEN $2 THEN u.created_at END,
             hex(randomblob(14)), u.created_at, u.created_at
         FROM occurrences o JOIN users u ON u.username LIKE lower(hex($1)) || '-%' WHERE o.id = $1",
        "INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size, waitlist_number,
             ticket_code, created_at, updated_at)
         SELECT gen_random_uuid(), o.id, o.event_id, u.id,
             CASE WHEN $2 THEN 'waitlisted' ELSE 'confirmed' END, 1,
             CASE WHEN $2 THEN split_part(u.username, '-', 2)::bigint END,
             gen_random_uuid()::text, now(), now()
         FROM occurrences o JOIN users u ON u.username LIKE replace($1::text, '-', '') || '-%'
         WHERE o.id = $1",
    );
    let seats = Sql::portable(if is_waitlisted {
        "UPDATE occurrences SET waitlist_length = $2, next_waitlist_number = $2 + 1 WHERE id = $1"
    } else {
        "UPDATE occurrences SET seats_taken = $2, registered = TRUE WHERE id = $1"
    });
    let mut tx = core.db().begin().await?;
    tx.query(users).bind(occurrence).bind(count).execute().await?;
    tx.query(registrations).bind(occurrence).bind(is_waitlisted).execute().await?;
    tx.query(seats).bind(occurrence).bind(count).execute().await?;
    tx.commit().await
}
