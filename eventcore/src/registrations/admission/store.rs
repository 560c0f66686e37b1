//! Storing the decisions of a batch, in one statement.

use std::time::Duration;

use serde_json::{Value, json};

use super::decide::OccurrenceAdmission;
use crate::db::{Dialect, Queries, RowInsert, Sql, SqlWriter, Tx};
use crate::error::Result;
use crate::time::Timestamp;

/// Stores what has changed at the occurrences. Writes nothing if nothing has.
pub(super) async fn store(tx: &mut Tx, occurrences: &[&OccurrenceAdmission], now: Timestamp) -> Result<()> {
    let stored: Vec<_> = occurrences.iter().filter(|occurrence| occurrence.has_changed()).collect();
    if stored.is_empty() {
        return Ok(());
    }
    let told = stored.iter().flat_map(|occurrence| occurrence.told()).cloned();
    let changed = stored.iter().flat_map(|occurrence| occurrence.changed.keys());
    // Each list is bound as JSON, because both databases can unnest that.
    let json = |rows: Vec<Value>| Value::Array(rows).to_string();
    let lists = StoredLists {
        added: json(stored.iter().flat_map(|occurrence| added(occurrence)).collect()),
        changed: json(stored.iter().flat_map(|occurrence| changes(occurrence)).collect()),
        changed_ids: changed.map(|id| id.as_uuid()).collect(),
        counts: json(stored.iter().map(|occurrence| counts(occurrence)).collect()),
    };
    match tx.dialect() {
        Dialect::Sqlite => {
            told.for_each(|change| tx.record(change));
            store_on_sqlite(tx, lists, now).await
        }
        Dialect::Postgres => {
            let inserts = tx.record_with_inserts(told.collect())?;
            store_on_postgres(tx, lists, inserts, now).await
        }
    }
}

/// What is stored of a batch, as JSON lists.
struct StoredLists {
    added: String,
    changed: String,
    changed_ids: Vec<uuid::Uuid>,
    counts: String,
}

async fn store_on_sqlite(tx: &mut Tx, lists: StoredLists, now: Timestamp) -> Result<()> {
    tx.query(Sql::portable(
        "INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size,
            waitlist_number, auto_promote, ticket_code, created_at, updated_at)
         SELECT unhex(value ->> 'id'), unhex(value ->> 'occurrence_id'), unhex(value ->> 'event_id'),
            unhex(value ->> 'user_id'), value ->> 'status', value ->> 'party_size',
            value ->> 'waitlist_number', value ->> 'auto_promote', value ->> 'ticket_code', $1,
            CASE WHEN value ->> 'promoted_later' THEN $2 ELSE $1 END
         FROM json_each($3);
         UPDATE registrations SET status = x.value ->> 'status', party_size = x.value ->> 'party_size',
            auto_promote = x.value ->> 'auto_promote', updated_at = $1,
            checked_in_at = CASE WHEN x.value ->> 'status' = 'attended' THEN checked_in_at END,
            checked_in_by = CASE WHEN x.value ->> 'status' = 'attended' THEN checked_in_by END
         FROM json_each($4) x WHERE registrations.id = unhex(x.value ->> 'id');
         UPDATE occurrences SET seats_taken = x.value ->> 'seats_taken',
            waitlist_length = x.value ->> 'waitlist_length',
            next_waitlist_number = x.value ->> 'next_waitlist_number',
            registered = registered OR x.value ->> 'registered', seats_changed_at = $1
         FROM json_each($5) x WHERE occurrences.id = unhex(x.value ->> 'id')",
    ))
    .bind(now)
    .bind(now.plus(LATER))
    .bind(lists.added)
    .bind(lists.changed)
    .bind(lists.counts)
    .execute_deferred()
    .await?;
    Ok(())
}

/// Stores the lists and what `inserts` write, in one statement: each costs a round trip to the server.
async fn store_on_postgres(
    tx: &mut Tx,
    lists: StoredLists,
    inserts: Vec<RowInsert>,
    now: Timestamp,
) -> Result<()> {
    let mut sql = SqlWriter::new(Dialect::Postgres);
    sql.push(
        "WITH added AS (
            INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size,
                waitlist_number, auto_promote, ticket_code, created_at, updated_at)
            SELECT id, occurrence_id, event_id, user_id, status, party_size, waitlist_number, auto_promote,
                ticket_code, ",
    );
    sql.value(now).push(", CASE WHEN promoted_later THEN ").value(now.plus(LATER));
    sql.push(" ELSE ").value(now).push(" END FROM json_to_recordset(").value(lists.added);
    sql.push(
        "::json) AS x (id uuid, occurrence_id uuid, event_id uuid, user_id uuid,
                status text, party_size bigint, waitlist_number bigint, auto_promote boolean,
                ticket_code text, promoted_later boolean)),
         changed AS (
            UPDATE registrations r SET status = x.status, party_size = x.party_size,
                auto_promote = x.auto_promote, updated_at = ",
    );
    sql.value(now).push(
        ", checked_in_at = CASE WHEN x.status = 'attended' THEN r.checked_in_at END,
                checked_in_by = CASE WHEN x.status = 'attended' THEN r.checked_in_by END
            FROM json_to_recordset(",
    );
    sql.value(lists.changed).push(
        "::json) AS x (n bigint, id uuid, status text, party_size bigint,
                auto_promote boolean)
            WHERE x.n BETWEEN 0 AND 1000000 AND r.id = x.id AND r.id = ANY (",
    );
    // Whichever of the two PostgreSQL reads first, it looks up these rows, and no others.
    sql.ids(lists.changed_ids).push("))");
    for (n, insert) in inserts.into_iter().enumerate() {
        sql.push(", ").named_insert(n, insert);
    }
    sql.push(
        " UPDATE occurrences o SET seats_taken = x.seats_taken, waitlist_length = x.waitlist_length,
            next_waitlist_number = x.next_waitlist_number, registered = o.registered OR x.registered,
            seats_changed_at = ",
    );
    sql.value(now).push(" FROM json_to_recordset(").value(lists.counts).push(
        "::json) AS x (n bigint, id uuid, seats_taken bigint,
            waitlist_length bigint, next_waitlist_number bigint, registered boolean)
         WHERE x.n BETWEEN 0 AND 1000000 AND o.id = x.id",
    );
    sql.query(tx).execute_deferred().await?;
    Ok(())
}

/// A registration that was promoted after its caller was told that it waits has another version than the one
/// that they know.
const LATER: Duration = Duration::from_micros(1);

fn hex(id: uuid::Uuid) -> String {
    id.simple().to_string()
}

fn added(occurrence: &OccurrenceAdmission) -> impl Iterator<Item = Value> {
    occurrence.added.iter().map(|row| {
        json!({
            "id": hex(row.id.as_uuid()),
            "occurrence_id": hex(row.occurrence_id.as_uuid()),
            "event_id": hex(row.event_id.as_uuid()),
            "user_id": hex(row.user_id.as_uuid()),
            "status": row.status,
            "party_size": row.party_size,
            "waitlist_number": row.waitlist_number,
            "auto_promote": row.auto_promote,
            "ticket_code": row.ticket_code,
            "promoted_later": occurrence.promoted_later.contains(&row.id),
        })
    })
}

/// `n` makes PostgreSQL expect few rows, so that it looks each up by its index.
fn changes(occurrence: &OccurrenceAdmission) -> impl Iterator<Item = Value> {
    occurrence.changed.iter().map(|(id, change)| {
        json!({
            "n": 0,
            "id": hex(id.as_uuid()),
            "status": change.status,
            "party_size": change.party_size,
            "auto_promote": change.auto_promote,
        })
    })
}

fn counts(occurrence: &OccurrenceAdmission) -> Value {
    let seats = occurrence.seats();
    json!({
        "n": 0,
        "id": hex(occurrence.facts().id.as_uuid()),
        "seats_taken": seats.taken,
        "waitlist_length": seats.waiting,
        "next_waitlist_number": occurrence.next_waitlist_number(),
        "registered": !occurrence.added.is_empty(),
    })
}
