//! Random events, and their occurrences as the API shows them.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use eventcore::search::SearchDocument;
use serde_json::{Value, json};
use tests::{Client, Daemon, Random};

pub(super) const CATEGORIES: [&str; 3] = ["concert", "workshop", "festival"];
pub(super) const TAGS: [&str; 6] = ["jazz", "Café", "open air", "rust", "JAZZ ", "#c++"];
pub(super) const WORDS: [&str; 12] = [
    "Jazz",
    "evening",
    "Köln",
    "open",
    "air",
    "Łódź",
    "C++",
    "東京",
    "rust-lang",
    "winter",
    "café",
    "Evening's",
];
/// Time zones with unusual clock changes (at midnight, by half an hour, none) and large offsets.
pub(super) const ZONES: [Tz; 9] = [
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Asia__Kolkata,
    Tz::Australia__Lord_Howe,
    Tz::America__Santiago,
    Tz::Africa__Cairo,
    Tz::Pacific__Kiritimati,
    Tz::Pacific__Pago_Pago,
];
/// Days of clock changes in some of these time zones, and one without any.
pub(super) const DAYS: [&str; 9] = [
    "2031-03-09",
    "2031-03-30",
    "2031-04-06",
    "2031-04-25",
    "2031-09-07",
    "2031-10-05",
    "2031-10-26",
    "2031-11-02",
    "2031-12-31",
];

/// An occurrence as the API shows it, for the model.
pub(super) struct Occurrence {
    pub(super) id: String,
    pub(super) event: String,
    pub(super) organizer: usize,
    pub(super) at: DateTime<Utc>,
    pub(super) title: String,
    pub(super) location: String,
    pub(super) category: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) scheduled: bool,
    /// Seats are free, and registration is open.
    pub(super) available: bool,
    /// Whether it is public.
    pub(super) listed: bool,
    pub(super) private: bool,
    pub(super) event_status: String,
    /// The index of its organizer.
    pub(super) registered: bool,
    /// The whole text, the title alone, and everything except the description.
    pub(super) texts: [SearchDocument; 3],
}

pub(super) struct World {
    pub(super) organizers: Vec<Client>,
    /// Registered for some occurrences.
    pub(super) guest: Client,
    pub(super) anonymous: Client,
    pub(super) admin: Client,
    pub(super) occurrences: Vec<Occurrence>,
}

pub(super) fn words(random: &mut Random, most: usize) -> String {
    let count = 1 + random.below(most);
    (0..count).map(|_| *random.pick(&WORDS)).collect::<Vec<_>>().join(" ")
}

/// A random event at a time near midnight in some time zone.
fn event(random: &mut Random) -> Value {
    let day: NaiveDate = random.pick(&DAYS).parse().unwrap();
    let start = day.and_hms_opt(0, 0, 0).unwrap()
        + TimeDelta::days(i64::try_from(random.below(3)).unwrap() - 1)
        + TimeDelta::minutes(30 * i64::try_from(random.below(48)).unwrap());
    let tags: BTreeSet<&str> = (0..random.below(4)).map(|_| *random.pick(&TAGS)).collect();
    let mut body = json!({"title": words(random, 3), "location": words(random, 2),
        "description": words(random, 6), "capacity": 1 + random.below(2),
        "starts_at": format!("{}Z", start.format("%Y-%m-%dT%H:%M:%S")), "tags": tags});
    if !random.one_in(4) {
        body["category"] = json!(random.pick(&CATEGORIES));
    }
    if random.one_in(3) {
        let frequency = *random.pick(&["DAILY", "WEEKLY", "HOURLY"]);
        let rule = format!("FREQ={frequency};COUNT={}", 2 + random.below(4));
        body["recurrence"] = json!({"rrule": rule});
    }
    match random.below(10) {
        0 => body["registration_opens_before"] = json!(random.pick(&["P7D", "PT36H", "P3000D"])),
        1 => body["registration_closes_before"] = json!(random.pick(&["P7D", "PT36H", "P3000D"])),
        2 => body["registration_opens_at"] = json!("2031-01-01"),
        3 => body["registration_closes_at"] = json!(random.pick(&["2026-01-01", "2030-12-31"])),
        _ => {}
    }
    match random.below(8) {
        0 => body["visibility"] = json!("private"),
        1 => body["visibility"] = json!("unlisted"),
        2 => body["status"] = json!("draft"),
        _ => {}
    }
    body
}

/// Creates an event, and overrides or cancels some of its occurrences.
async fn make(organizer: &Client, guest: &Client, random: &mut Random) -> String {
    let made = organizer.post("/events", event(random)).await.expect(201).json();
    let id = made["id"].as_str().unwrap().to_owned();
    let occurrences = organizer.all(&format!("/events/{id}/occurrences")).await;
    for occurrence in &occurrences {
        let path = format!("/occurrences/{}", occurrence["id"].as_str().unwrap());
        if random.one_in(5) && occurrences.len() > 1 {
            organizer
                .patch(&path, json!({"title": words(random, 2), "description": words(random, 4)}))
                .await
                .expect(200);
        }
        if made["status"] == "published" && random.one_in(3) {
            organizer
                .post(&format!("{path}/registrations"), json!({"user_id": guest.id()}))
                .await
                .expect(201);
        }
        if made["status"] == "published" && random.one_in(12) {
            organizer.poke(&format!("{path}/cancel")).await.expect(200);
        }
    }
    if made["status"] == "published" && random.one_in(12) {
        organizer.poke(&format!("/events/{id}/cancel")).await.expect(200);
    }
    id
}

/// The occurrences of an event as its organizer sees them.
async fn occurrences(
    client: &Client,
    organizer: usize,
    id: &str,
    mine: &BTreeSet<String>,
) -> Vec<Occurrence> {
    let event = client.get(&format!("/events/{id}")).await.expect(200).json();
    let listed = event["visibility"] == "public" && event["status"] != "draft";
    let shown = client.all(&format!("/events/{id}/occurrences?limit=100")).await;
    let occurrence = |occurrence: &Value| {
        let text = |name: &str| occurrence[name].as_str().unwrap_or_default().to_owned();
        let (title, location, description) = (text("title"), text("location"), text("description"));
        let tags: Vec<String> = serde_json::from_value(occurrence["tags"].clone()).unwrap();
        let joined = tags.join(" ");
        Occurrence {
            texts: [
                SearchDocument::new(&[&title, &joined, &location, &description]),
                SearchDocument::new(&[&title]),
                SearchDocument::new(&[&title, &joined, &location]),
            ],
            event: id.to_owned(),
            organizer,
            at: DateTime::parse_from_rfc3339(&text("starts_at")).unwrap().to_utc(),
            category: occurrence["category"].as_str().map(str::to_owned),
            scheduled: occurrence["status"] == "scheduled",
            available: occurrence["registration_open"] == true
                && occurrence["seats_left"].as_i64().unwrap() > 0,
            listed,
            private: event["visibility"] == "private",
            event_status: event["status"].as_str().unwrap().to_owned(),
            registered: mine.contains(&text("id")),
            id: text("id"),
            title,
            location,
            tags,
        }
    };
    shown.iter().map(occurrence).collect()
}

pub(super) async fn world(daemon: &Daemon) -> World {
    let mut organizers = Vec::new();
    for name in ["ada", "bob", "eve"] {
        organizers.push(daemon.user(name).await);
    }
    let guest = daemon.user("guest").await;
    let mut making = tokio::task::JoinSet::new();
    for (number, organizer) in organizers.iter().cloned().enumerate() {
        let guest = guest.clone();
        making.spawn(async move {
            let mut random = Random(number as u64 + 1);
            let mut made = Vec::new();
            for _ in 0..40 {
                made.push((number, make(&organizer, &guest, &mut random).await));
            }
            made
        });
    }
    let events: Vec<_> = making.join_all().await.into_iter().flatten().collect();
    let mine = guest.all("/registrations?limit=100").await;
    let mine: BTreeSet<String> =
        mine.iter().map(|one| one["occurrence_id"].as_str().unwrap().to_owned()).collect();
    let mut all = Vec::new();
    for (number, id) in events {
        all.extend(occurrences(&organizers[number], number, &id, &mine).await);
    }
    // In the order of the agenda.
    all.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    assert!(
        all.len() > 180
            && all.iter().any(|occurrence| !occurrence.scheduled)
            && all.iter().any(|occurrence| !occurrence.listed)
    );
    World {
        organizers,
        guest,
        anonymous: daemon.anonymous(),
        admin: daemon.admin("root").await,
        occurrences: all,
    }
}
