//! The events of `benches/growth`: words as in natural language, of which few are common and most are rare.

use eventcore::events::EventInput;
use serde_json::json;

/// How many different words there are.
const WORDS: u32 = 20_000;
const TAGS: u32 = 300;
/// How many events of one occurrence come before each weekly series, which has as many occurrences.
const SINGLE_EVENTS: usize = 10;
const ORGANIZERS: usize = 20;
const SYLLABLES: [&str; 16] =
    ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va"];
const CATEGORIES: [&str; 10] = [
    "conference",
    "workshop",
    "concert",
    "meetup",
    "exhibition",
    "sports",
    "course",
    "festival",
    "online",
    "other",
];
#[rustfmt::skip]
const CITIES: [&str; 30] = [
    "Aachen", "Augsburg", "Berlin", "Bielefeld", "Bochum", "Bonn", "Bremen", "Dortmund", "Dresden", "Erfurt",
    "Essen", "Frankfurt", "Freiburg", "Halle", "Hamburg", "Hannover", "Jena", "Karlsruhe", "Kassel", "Kiel",
    "Köln", "Leipzig", "Mainz", "Mannheim", "München", "Münster", "Nürnberg", "Rostock", "Trier", "Ulm",
];

/// An event, and the number of its organizer.
pub struct GrowthData {
    /// From 0 to 19: each organizes a twentieth of all events.
    pub organizer: usize,
    /// What the organizer creates.
    pub input: EventInput,
}

impl GrowthData {
    /// How many events have this number of occurrences.
    pub const fn events(occurrences: usize) -> usize {
        occurrences * (SINGLE_EVENTS + 1) / (2 * SINGLE_EVENTS)
    }

    /// The number of organizers.
    pub const fn organizers() -> usize {
        ORGANIZERS
    }

    /// The event with this number, always the same one.
    pub fn event(number: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(number as u64);
        let mut text = |words: usize| {
            (0..words).map(|_| Self::word(zipf(&mut random, WORDS))).collect::<Vec<_>>().join(" ")
        };
        let (title, description) = (text(4), text(30));
        let city = CITIES[random.usize(..CITIES.len())];
        let tags: Vec<String> = (0..3).map(|_| Self::tag(zipf(&mut random, TAGS))).collect();
        let seconds = 2_114_380_800 + random.i64(0..700 * 96) * 900;
        let start = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        let mut body = json!({
            "title": title,
            "description": description,
            "location": format!("Hall {}, {city}", random.u32(1..200)),
            "starts_at": start.to_rfc3339(),
            "timezone": "Europe/Berlin",
            // A single registration fills every fourth event of an organizer.
            "capacity": if (number / ORGANIZERS).is_multiple_of(4) { 1 } else { 40 },
            "category": CATEGORIES[random.usize(..CATEGORIES.len())],
            "tags": tags,
        });
        if number % (SINGLE_EVENTS + 1) == SINGLE_EVENTS {
            body["recurrence"] = json!({ "rrule": format!("FREQ=WEEKLY;COUNT={SINGLE_EVENTS}") });
        }
        Self { organizer: number % ORGANIZERS, input: serde_json::from_value(body).unwrap_or_default() }
    }

    /// The word of a rank: 1 is the most common one, 20,000 the rarest.
    pub fn word(rank: u32) -> String {
        // An odd factor permutes the numbers, so that neighbours in rank do not begin alike.
        let number = rank.wrapping_mul(40_503) % 65_536;
        let syllable = |shift: u32| SYLLABLES[(number >> shift & 15) as usize];
        [0, 4, 8, 12].map(syllable).concat()
    }

    /// The tag of a rank from 1 to 300.
    pub fn tag(rank: u32) -> String {
        format!("{} {rank}", Self::word(rank + WORDS))
    }
}

/// A rank from 1 to `ranks`, by Zipf's law: in inverse proportion to the rank.
fn zipf(random: &mut fastrand::Rng, ranks: u32) -> u32 {
    // The logarithm of the rank is distributed evenly. Truncation is what makes it a rank.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 1 and at most `ranks`"
    )]
    let rank = (random.f64() * f64::from(ranks).ln()).exp() as u32;
    rank.clamp(1, ranks)
}
