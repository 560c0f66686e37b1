//! The sample events, as data.

use chrono_tz::Tz;
use eventcore::events::{EventStatus, Visibility};

/// A sample event.
pub(super) struct Sample {
    /// Number of the organizer.
    pub(super) organizer: usize,
    /// Numbers of the co-organizers.
    pub(super) co_organizers: &'static [usize],
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) location: &'static str,
    pub(super) url: Option<&'static str>,
    pub(super) timezone: Tz,
    /// Days before the present at which it is created.
    pub(super) announced: u64,
    /// Days from today at which it first takes place.
    pub(super) day: i64,
    /// Hour and minute. `None` for an all-day event.
    pub(super) time: Option<(u32, u32)>,
    pub(super) minutes: i64,
    pub(super) capacity: i64,
    pub(super) waitlist: bool,
    pub(super) status: EventStatus,
    pub(super) visibility: Visibility,
    /// Days from today at which registration opens.
    pub(super) opens: Option<i64>,
    /// Days from today at which registration closes.
    pub(super) closes: Option<i64>,
    pub(super) rrule: Option<&'static str>,
    pub(super) category: &'static str,
    pub(super) tags: &'static [&'static str],
    pub(super) changes: &'static [Change],
}

/// A change of an event after people have registered. Occurrences are numbered from the next one.
pub(super) enum Change {
    CancelEvent,
    CancelOccurrence(usize),
    Move { number: usize, days: u64, time: &'static str, location: &'static str },
}

/// The defaults: a published, public event in Berlin.
const DEFAULTS: Sample = Sample {
    organizer: 2,
    co_organizers: &[],
    title: "",
    description: "",
    location: "",
    url: None,
    timezone: Tz::Europe__Berlin,
    announced: 20,
    day: 1,
    time: Some((18, 30)),
    minutes: 120,
    capacity: 40,
    waitlist: true,
    status: EventStatus::Published,
    visibility: Visibility::Public,
    opens: None,
    closes: None,
    rrule: None,
    category: "meetup",
    tags: &[],
    changes: &[],
};

pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        title: "Letterpress evening",
        category: "workshop",
        tags: &["printing", "paper"],
        description: "Set a line of type and print it. *Aprons are there.*",
        location: "Print shop, Leipzig",
        announced: 40,
        day: -9,
        capacity: 16,
        ..DEFAULTS
    },
    Sample {
        title: "Rust evening",
        co_organizers: &[3],
        tags: &["rust", "programming"],
        description: "Talks and *pizza*. Bring a laptop.",
        location: "Hall 2, Berlin",
        day: 3,
        ..DEFAULTS
    },
    Sample {
        title: "Jazz at the quay",
        category: "concert",
        tags: &["jazz", "music"],
        description: "The trio plays two sets.",
        location: "Pier 4, Hamburg",
        time: Some((19, 0)),
        day: 3,
        capacity: 120,
        ..DEFAULTS
    },
    Sample {
        title: "Board games",
        tags: &["games"],
        description: "Old ones, new ones, tea.",
        location: "Café Nord, Köln",
        time: Some((20, 0)),
        // Four times so far; the next time is in three days.
        announced: 35,
        day: -25,
        capacity: 12,
        rrule: Some("FREQ=WEEKLY"),
        changes: &[
            Change::Move { number: 1, days: 1, time: "19:00", location: "Café Süd, Köln" },
            Change::CancelOccurrence(2),
        ],
        ..DEFAULTS
    },
    Sample {
        title: "Data days",
        co_organizers: &[1, 3],
        category: "conference",
        tags: &["data", "statistics"],
        description: "Two days of talks about what numbers hide.",
        location: "Congress centre, München",
        time: Some((9, 0)),
        day: 10,
        closes: Some(8),
        minutes: 1_980,
        capacity: 200,
        ..DEFAULTS
    },
    Sample {
        title: "Spring fair",
        category: "festival",
        tags: &["music", "open air"],
        description: "Stalls, music, a carousel.",
        location: "Old town, Weimar",
        time: None,
        minutes: 2 * 1_440,
        day: 20,
        capacity: 900,
        ..DEFAULTS
    },
    Sample {
        title: "Summer camp",
        co_organizers: &[0],
        category: "festival",
        tags: &["tents", "open air"],
        description: "Five days by the lake. Registration opens soon.",
        location: "Lake meadow, Waren",
        time: None,
        minutes: 5 * 1_440,
        day: 45,
        opens: Some(10),
        capacity: 80,
        ..DEFAULTS
    },
    Sample {
        organizer: 0,
        title: "Analytical engine reading group",
        category: "course",
        tags: &["history", "programming"],
        description: "Note G, slowly.",
        location: "Library, London",
        timezone: Tz::Europe__London,
        time: Some((17, 0)),
        announced: 30,
        day: -9,
        capacity: 15,
        rrule: Some("FREQ=WEEKLY;INTERVAL=2;COUNT=8"),
        ..DEFAULTS
    },
    Sample {
        organizer: 1,
        title: "Compilers and coffee",
        category: "workshop",
        tags: &["programming", "coffee"],
        description: "What a linker does before breakfast.",
        location: "Room 101, Arlington",
        timezone: Tz::America__New_York,
        time: Some((8, 30)),
        day: 6,
        minutes: 90,
        capacity: 30,
        ..DEFAULTS
    },
    Sample {
        organizer: 1,
        title: "Office hours",
        category: "meetup",
        tags: &["programming", "questions"],
        description: "Ask anything. The link is open from five minutes before.",
        location: "Online",
        url: Some("https://meet.example.org/office-hours"),
        timezone: Tz::America__New_York,
        time: Some((12, 0)),
        day: 2,
        minutes: 60,
        capacity: 100,
        ..DEFAULTS
    },
    Sample {
        organizer: 3,
        title: "夜桜を見る会",
        category: "other",
        tags: &["花見", "open air"],
        description: "An evening under the cherry trees.",
        location: "上野公園, 東京",
        timezone: Tz::Asia__Tokyo,
        time: Some((18, 0)),
        day: 12,
        capacity: 60,
        ..DEFAULTS
    },
    Sample {
        title: "Sourdough course",
        category: "course",
        tags: &["baking"],
        description: "From flour to loaf in four hours.",
        location: "Kitchen 3, Leipzig",
        time: Some((10, 0)),
        day: 7,
        minutes: 240,
        capacity: 8,
        ..DEFAULTS
    },
    Sample {
        title: "Cheese tasting",
        category: "course",
        tags: &["cheese"],
        description: "Twelve seats, twelve cheeses, no waitlist.",
        location: "Market hall, Kassel",
        time: Some((19, 30)),
        day: 8,
        capacity: 12,
        waitlist: false,
        ..DEFAULTS
    },
    Sample {
        title: "Repair café",
        category: "workshop",
        tags: &["repair"],
        description: "Bring what is broken.",
        location: "Library, Kassel",
        time: Some((14, 0)),
        day: 7,
        minutes: 180,
        capacity: 25,
        rrule: Some("FREQ=MONTHLY"),
        ..DEFAULTS
    },
    Sample {
        title: "Open-air cinema",
        category: "other",
        tags: &["film", "open air"],
        description: "A silent film with piano.",
        location: "Castle yard, Gotha",
        time: Some((21, 0)),
        day: 5,
        capacity: 150,
        changes: &[Change::CancelEvent],
        ..DEFAULTS
    },
    Sample {
        title: "Birthday picnic",
        category: "other",
        description: "For all who have the link.",
        location: "Tiergarten, Berlin",
        time: Some((15, 0)),
        day: 9,
        minutes: 240,
        capacity: 25,
        visibility: Visibility::Unlisted,
        ..DEFAULTS
    },
    Sample {
        title: "Committee meeting",
        category: "other",
        description: "For members.",
        location: "Back room, Berlin",
        day: 4,
        capacity: 10,
        visibility: Visibility::Private,
        ..DEFAULTS
    },
    Sample {
        organizer: 0,
        title: "A talk that is not ready",
        category: "other",
        description: "Still a draft.",
        location: "To be found",
        timezone: Tz::Europe__London,
        day: 40,
        status: EventStatus::Draft,
        ..DEFAULTS
    },
];

/// Comments: title of the event, number of the author, body, and whether it replies to the first comment.
pub(super) const COMMENTS: &[(&str, usize, &str, bool)] = &[
    ("Rust evening", 1, "Is there a way in *without stairs*?", false),
    ("Rust evening", 2, "There is: ring at the yard door, and someone comes down.", true),
    ("Rust evening", 1, "Thank you!", true),
    ("Rust evening", 3, "Last time was good. I bring `cargo` stickers.", false),
    ("Letterpress evening", 3, "My poster hangs in the kitchen now.", false),
    ("Open-air cinema", 1, "A pity. Is there another day?", false),
];

/// Ratings of 1 to 5 with texts, which are given in turn.
pub(super) const REVIEWS: &[(i64, &str)] = &[
    (5, "Everything worked, and the people were kind."),
    (4, "Good, but the room was cold."),
    (5, ""),
    (3, "It began half an hour late."),
    (5, "I will come again."),
    (4, ""),
    (2, "Too loud to hear one another."),
];
