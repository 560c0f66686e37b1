//! Examples of request bodies. Sent as they stand they work, in any year: times lie far in the future.
//!
//! Only secrets that the server makes are placeholders: the refresh token of a session, the token of a link
//! in a mail, and a ticket code.

use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::Operation;

/// Adds the example of the operation to each media type of its body.
pub(super) fn add(operation: &mut Operation) {
    let example = operation.operation_id.as_deref().and_then(example);
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for content in body.content.values_mut() {
            if let RefOr::T(content) = content {
                content.example.clone_from(&example);
            }
        }
    }
}

/// The example for the body of an operation, by the id of the operation.
fn example(operation: &str) -> Option<Value> {
    Some(match operation {
        "users_create" => json!({
            "username": "ada",
            "email": "ada@example.org",
            "password": "correct horse 7",
            "display_name": "Ada Lovelace",
            "timezone": "Europe/Berlin",
        }),
        "users_change" => json!({"display_name": "Ada King", "timezone": "Europe/London"}),
        "users_change_password" => json!({
            "current_password": "correct horse 7",
            "new_password": "battery staple 8",
        }),
        "auth_login" => json!({"login": "ada", "password": "correct horse 7"}),
        "auth_refresh" | "auth_logout" => json!({"refresh_token": "REFRESH_TOKEN"}),
        "auth_verify_email" => json!({"token": "LINK_TOKEN"}),
        "auth_forgot_password" => json!({"email": "ada@example.org"}),
        "auth_reset_password" => json!({"token": "LINK_TOKEN", "new_password": "paper clip 9"}),
        "auth_confirm" => json!({"password": "correct horse 7"}),
        "tokens_create" => json!({"name": "backup script", "scope": "read"}),
        "categories_create" => json!({
            "slug": "hackathon",
            "name": "Hackathon",
            "description": "Building things together, for a day or a night",
            "colour": "#0e7490",
        }),
        "categories_change" => json!({"name": "Hackathon and game jam"}),
        "calendars_import" => json!(concat!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Club//EN\r\nBEGIN:VEVENT\r\n",
            "UID:chess@example.org\r\nDTSTAMP:20990101T000000Z\r\n",
            "DTSTART;TZID=Europe/Berlin:20990305T190000\r\nDURATION:PT2H\r\nRRULE:FREQ=WEEKLY;COUNT=10\r\n",
            "SUMMARY:Chess club\r\nLOCATION:Library\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        )),
        "events_create" | "events_replace" => event(),
        "events_change" => json!({"capacity": 60, "registration_closes_before": "P1D"}),
        "events_duplicate" => json!({"starts_at": "2099-09-03T18:30:00"}),
        "occurrences_change" => json!({"location": "Hall 3, Berlin", "starts_at": "2099-03-12T19:00:00"}),
        "occurrences_split" => json!({"title": "Rust evening, second season"}),
        "recurrence_preview" => json!({
            "starts_at": "2099-03-05T18:30:00",
            "timezone": "Europe/Berlin",
            "duration": "PT2H",
            "recurrence": {"rrule": "FREQ=MONTHLY;BYDAY=1TH"},
            "limit": 5,
        }),
        "registrations_register" => json!({"party_size": 2}),
        "registrations_add" => json!({"username": "ada", "party_size": 1}),
        "registrations_check_in_by_code" => json!({"code": "TICKET_CODE"}),
        "comments_create" => json!({"body": "Will the talks be *recorded*?"}),
        "comments_change" => json!({"body": "Will the talks be recorded?"}),
        "notifications_replace_preferences" => json!({
            "kinds": [
                {"kind": "new_comment", "in_app": true, "email": false},
                {"kind": "feedback_received", "in_app": false, "email": false},
            ],
            "reminders": ["P2D", "PT2H"],
        }),
        "notifications_set_reminders" => json!({"reminders": ["PT2H"]}),
        "webhooks_create" => json!({
            "url": "https://hooks.example.org/events",
            "description": "Badge printer",
            "kinds": ["registration.confirmed", "registration.promoted", "registration.cancelled"],
        }),
        "webhooks_change" => json!({"kinds": ["registration.checked_in"], "enabled": true}),
        "subscriptions_create" => json!({
            "url": "https://calendar.example.org/events.ics",
            "location": "Library",
            "capacity": 30,
        }),
        "subscriptions_change" => json!({"capacity": 40, "enabled": true}),
        "feedback_give" => json!({"rating": 5, "body": "Good talks, and enough pizza."}),
        "feedback_answer" => json!({"body": "Thank you, see you next Thursday!"}),
        _ => return None,
    })
}

fn event() -> Value {
    json!({
        "title": "Rust evening",
        "description": "Talks and *pizza*",
        "location": "Hall 2, Berlin",
        "starts_at": "2099-03-05T18:30:00",
        "timezone": "Europe/Berlin",
        "duration": "PT2H",
        "capacity": 40,
        "category": "workshop",
        "tags": ["rust"],
        "registration_closes_before": "PT2H",
        "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=10", "exdate": ["2099-04-02T18:30:00"]},
    })
}
