//! Insights.

use crossterm::event::KeyCode;
use serde_json::{Value, json};

use crate::app::driven::{Driven, event, page};
use crate::backend::{ApiError, Request, Response};

fn figures(seats: i64, attended: i64, no_shows: i64) -> Value {
    json!({
        "registrations": 40, "confirmed": 36, "cancelled": 4, "cancellation_rate": 0.1, "capacity": 60,
        "seats_taken": seats, "fill_rate": 0.75, "waiting": 1, "waitlisted": 8, "promoted": 6,
        "conversion_rate": 0.75, "attended": attended, "no_shows": no_shows,
        "attendance_rate": (attended > 0).then_some(0.875)
    })
}

fn summary(average: Option<f64>) -> Value {
    let counts = [0, 1, 2, 6, 14];
    let distribution: Vec<Value> =
        counts.iter().enumerate().map(|(n, count)| json!({"rating": n + 1, "count": count})).collect();
    json!({"count": average.map_or(0, |_| 23), "average": average, "distribution": distribution})
}

fn date(n: i64, status: &str, figures: Value, average: Option<f64>) -> Value {
    let mut date = json!({
        "occurrence_id": format!("01890000-0000-7000-8000-00000000001{n}"),
        "starts_at": format!("2027-02-0{n}T17:30:00Z"), "status": status, "title": "Rust evening",
        "feedback": summary(average), "by_day": []
    });
    eventcore::input::merge_patch(&mut date, figures);
    date
}

fn insights(occurrences: &[Value]) -> Response {
    let by_day: Vec<Value> = [(1, 2), (2, 7), (3, 12), (9, 5), (20, 1)]
        .iter()
        .map(|(day, people)| {
            json!({
                "date": format!("2027-01-{day:02}"), "registrations": people, "people": people
            })
        })
        .collect();
    let seen = json!({
        "event_id": event().id, "timezone": "Europe/Berlin", "total": figures(45, 28, 4),
        "feedback": summary(Some(4.43)), "trend": {"earlier": 4.1, "recent": 4.6}, "by_day": by_day,
        "occurrences": occurrences
    });
    Response::Insights(Box::new(serde_json::from_value(seen).unwrap()))
}

/// The insights of an event with `count` occurrences.
pub(crate) fn of_dates(count: usize) -> Response {
    insights(&vec![date(1, "scheduled", figures(15, 14, 1), Some(4.0)); count])
}

/// The screen before the response.
fn asked() -> Driven {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('5'));
    driven.respond(
        |r| matches!(r, Request::OrganizedEvents { .. }),
        Ok(Response::Events(page(vec![event()], None))),
    );
    driven.press(KeyCode::Char('I'));
    driven
}

#[test]
fn all_sizes_and_states() {
    let mut driven = asked();
    driven.wait(200);
    insta::assert_snapshot!("insights_loading", driven.picture(80, 24));
    let away = ApiError::unavailable("the server does not answer");
    driven.respond(|r| matches!(r, Request::Insights(_)), Err(away));
    insta::assert_snapshot!("insights_error", driven.picture(80, 24));
    let mut driven = asked();
    let occurrences = [
        date(1, "scheduled", figures(15, 14, 1), Some(4.0)),
        date(2, "scheduled", figures(30, 14, 3), Some(4.6)),
        date(3, "cancelled", figures(0, 0, 0), None),
    ];
    driven.respond(|r| matches!(r, Request::Insights(_)), Ok(insights(&occurrences)));
    insta::assert_snapshot!("insights_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("insights_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("insights_40x15", driven.picture(40, 15));
    driven.send(crate::message::Message::Resized { width: 80, height: 24 });
    driven.press(KeyCode::Char('G'));
    insta::assert_snapshot!("insights_end", driven.picture(80, 24));
    driven.send(crate::message::Message::Resized { width: 40, height: 15 });
    driven.press(KeyCode::Char('G'));
    insta::assert_snapshot!("insights_end_40x15", driven.picture(40, 15));
    driven.press(KeyCode::PageUp);
    insta::assert_snapshot!("insights_middle_40x15", driven.picture(40, 15));
    driven.press(KeyCode::Esc);
    assert!(driven.app.stack.layers.is_empty());
}
