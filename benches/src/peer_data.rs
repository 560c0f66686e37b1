//! The events of `benches/compare`, as bodies of `POST /events`: the same ones for eventd and its peer.

use serde_json::{Value, json};

const TOPICS: [&str; 5] = ["Jazz", "Rust", "Yoga", "Chess", "Opera"];
const PEOPLE: [&str; 5] = ["beginners", "experts", "families", "students", "neighbours"];
const DRINKS: [&str; 5] = ["lemonade", "coffee", "cider", "water", "cocoa"];
const CITIES: [&str; 6] = ["Berlin", "Hamburg", "Köln", "Leipzig", "München", "Stuttgart"];
const CATEGORIES: [&str; 4] = ["meetup", "concert", "course", "workshop"];

/// The event with this number. Event 0 starts in 2037, and each one 20 minutes after the one before. A fifth
/// of the titles contain `azz`, a fifth of the descriptions `beginners`, and a fifth `lemonade`; a fifth of
/// the events with one of them have another one as well.
pub fn peer_event(number: usize) -> Value {
    let seconds = 2_114_380_800 + i64::try_from(number).unwrap_or_default() * 1_200;
    let start = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let topic = TOPICS[number % 5];
    let (people, drink) = (PEOPLE[number / 5 % 5], DRINKS[number / 25 % 5]);
    json!({
        "title": format!("{topic} evening {number}"),
        "description": format!(
            "Talks and *pizza* for {people}, with {drink}. Bring a laptop, a friend, and a question that \
             nobody has answered yet."
        ),
        "location": format!("Hall {}, {}", number % 500, CITIES[number / 7 % 6]),
        "starts_at": start.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "timezone": "Europe/Berlin",
        "duration": "PT2H",
        "capacity": 40,
        "category": CATEGORIES[number / 3 % 4],
        "tags": [topic.to_lowercase(), people, format!("series {}", number % 1_000)],
    })
}
