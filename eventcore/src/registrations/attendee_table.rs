//! The attendees of an occurrence as a table in CSV.

use super::Registration;
use crate::csv_table;
use crate::error::Result;

const COLUMNS: [&str; 9] = [
    "username",
    "display_name",
    "status",
    "party_size",
    "position",
    "ticket_code",
    "created_at",
    "checked_in_at",
    "registration_id",
];

/// Rows of registrations in CSV, after the names of the columns if `with_columns`.
pub fn attendee_table(registrations: &[Registration], with_columns: bool) -> Result<Vec<u8>> {
    csv_table::encode(with_columns.then_some(&COLUMNS[..]), registrations.iter().map(row))
}

fn row(registration: &Registration) -> [String; 9] {
    let Registration { user, status, party_size, position, ticket_code, .. } = registration;
    let text = |value: Option<String>| value.unwrap_or_default();
    [
        user.username.clone(),
        user.display_name.clone(),
        status.to_string(),
        party_size.to_string(),
        text(position.map(|position| position.to_string())),
        text(ticket_code.clone()),
        registration.created_at.to_string(),
        text(registration.checked_in_at.map(|at| at.to_string())),
        registration.id.to_string(),
    ]
}
