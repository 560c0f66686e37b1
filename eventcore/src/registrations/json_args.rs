//! Many values as one JSON argument of a statement, which both databases can unnest.

use serde_json::json;

use super::registration::RegistrationRow;
use crate::id::UserId;

/// A JSON array of ids as hexadecimal digits, which SQLite's `unhex()` and PostgreSQL's `uuid` both read.
pub(super) fn ids(ids: &[UserId]) -> String {
    json!(ids.iter().map(|id| id.as_uuid().simple().to_string()).collect::<Vec<_>>()).to_string()
}

/// A JSON array of new registrations for one occurrence.
pub(super) fn registrations(rows: &[RegistrationRow]) -> String {
    let rows = rows.iter().map(|row| {
        json!({
            "id": row.id.as_uuid().simple().to_string(),
            "user_id": row.user_id.as_uuid().simple().to_string(),
            "status": row.status,
            "party_size": row.party_size,
            "waitlist_number": row.waitlist_number,
            "auto_promote": row.auto_promote,
            "ticket_code": row.ticket_code,
        })
    });
    serde_json::Value::Array(rows.collect()).to_string()
}
