//! All filters of the agenda combined: lists, pages in both directions, totals, facets and calendars match a
//! plain model in Rust.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use eventcore::fold::fold;
use eventcore::search::{Question, Texts};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, Random};

const CATEGORIES: [&str; 3] = ["concert", "workshop", "festival"];
const TAGS: [&str; 6] = ["jazz", "Café", "open air", "rust", "JAZZ ", "#c++"];
const WORDS: [&str; 12] = [
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
const ZONES: [Tz; 9] = [
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
/// Days on which some of these clocks change, and one on which none does.
const DAYS: [&str; 9] = [
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

/// A date as the API shows it, with what the model needs.
struct Date {
    id: String,
    event: String,
    organizer: usize,
    at: DateTime<Utc>,
    title: String,
    location: String,
    category: Option<String>,
    tags: Vec<String>,
    scheduled: bool,
    free: bool,
    /// Whether everyone may find it.
    listed: bool,
    private: bool,
    event_status: String,
    /// Who has something there.
    registered: bool,
    /// All of it, only the title, and all but the description.
    texts: [Texts; 3],
}

struct World {
    organizers: Vec<Client>,
    /// Registered at some dates.
    guest: Client,
    anonymous: Client,
    admin: Client,
    dates: Vec<Date>,
}

fn words(random: &mut Random, most: usize) -> String {
    let count = 1 + random.below(most);
    (0..count).map(|_| *random.pick(&WORDS)).collect::<Vec<_>>().join(" ")
}

/// An event as an organizer would type it, at a time near midnight somewhere.
fn event(random: &mut Random) -> Value {
    let day: NaiveDate = random.pick(&DAYS).parse().unwrap();
    let start = day.and_hms_opt(0, 0, 0).unwrap()
        + TimeDelta::days(i64::try_from(random.below(3)).unwrap() - 1)
        + TimeDelta::minutes(30 * i64::try_from(random.below(48)).unwrap());
    let tags: BTreeSet<&str> = (0..random.below(4)).map(|_| *random.pick(&TAGS)).collect();
    let mut body = json!({"title": words(random, 3), "location": words(random, 2), "description": words(random, 6), "capacity": 1 + random.below(2),
        "starts_at": format!("{}Z", start.format("%Y-%m-%dT%H:%M:%S")), "tags": tags});
    if !random.one_in(4) {
        body["category"] = json!(random.pick(&CATEGORIES));
    }
    if random.one_in(3) {
        body["recurrence"] = json!({"rrule": format!("FREQ={};COUNT={}", random.pick(&["DAILY", "WEEKLY", "HOURLY"]), 2 + random.below(4))});
    }
    match random.below(8) {
        0 => body["visibility"] = json!("private"),
        1 => body["visibility"] = json!("unlisted"),
        2 => body["status"] = json!("draft"),
        _ => {}
    }
    body
}

/// Makes an event, and changes some of its dates; some of it is cancelled.
async fn make(organizer: &Client, guest: &Client, random: &mut Random) -> String {
    let made = organizer.post("/events", event(random)).await.expect(201).json();
    let id = made["id"].as_str().unwrap().to_owned();
    let dates = organizer.all(&format!("/events/{id}/occurrences")).await;
    for date in &dates {
        let path = format!("/occurrences/{}", date["id"].as_str().unwrap());
        if random.one_in(5) && dates.len() > 1 {
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

/// The dates of an event as its organizer sees them.
async fn dates(client: &Client, organizer: usize, id: &str, mine: &BTreeSet<String>) -> Vec<Date> {
    let event = client.get(&format!("/events/{id}")).await.expect(200).json();
    let listed = event["visibility"] == "public" && event["status"] != "draft";
    let shown = client.all(&format!("/events/{id}/occurrences?limit=100")).await;
    let date = |date: &Value| {
        let text = |name: &str| date[name].as_str().unwrap_or_default().to_owned();
        let (title, location, description) = (text("title"), text("location"), text("description"));
        let tags: Vec<String> = serde_json::from_value(date["tags"].clone()).unwrap();
        let joined = tags.join(" ");
        Date {
            texts: [
                Texts::of(&[&title, &joined, &location, &description]),
                Texts::of(&[&title]),
                Texts::of(&[&title, &joined, &location]),
            ],
            event: id.to_owned(),
            organizer,
            at: DateTime::parse_from_rfc3339(&text("starts_at")).unwrap().to_utc(),
            category: date["category"].as_str().map(str::to_owned),
            scheduled: date["status"] == "scheduled",
            free: date["seats_left"].as_i64().unwrap() > 0,
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
    shown.iter().map(date).collect()
}

async fn world(daemon: &Daemon) -> World {
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
        all.extend(dates(&organizers[number], number, &id, &mine).await);
    }
    // What someone has or had a part in, and in the order of the agenda.
    all.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    assert!(all.len() > 180 && all.iter().any(|date| !date.scheduled) && all.iter().any(|date| !date.listed));
    World { organizers, guest, anonymous: daemon.anonymous(), admin: daemon.admin("root").await, dates: all }
}

fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A question, and what plain Rust finds.
struct Asked<'w> {
    who: &'w Client,
    /// What narrows facets and calendars as well as lists.
    filters: Vec<String>,
    /// From when to when.
    period: Vec<String>,
    zone: Tz,
    sort: Option<&'static str>,
    /// All but the period.
    found: Vec<&'w Date>,
    within: Vec<&'w Date>,
    q: Option<String>,
}

impl<'w> Asked<'w> {
    fn draw(world: &'w World, random: &mut Random) -> Self {
        let who = *random.pick(&[&world.anonymous, &world.guest, &world.organizers[0], &world.admin]);
        let (is_guest, is_ada, is_admin) = (
            std::ptr::eq(who, &raw const world.guest),
            std::ptr::eq(who, &raw const world.organizers[0]),
            std::ptr::eq(who, &raw const world.admin),
        );
        let sample = random.pick(&world.dates);
        let mut found: Vec<&Date> = world.dates.iter().collect();
        let mut filters = Vec::new();
        let (mut all, mut q) = (false, None);
        if random.one_in(6) {
            filters.push(format!("organizer={}", ["ada", "bob", "eve"][sample.organizer]));
            found.retain(|date| date.organizer == sample.organizer);
            all |= is_admin || (is_ada && sample.organizer == 0);
        }
        if is_guest && random.one_in(2) {
            filters.push("registered=me".to_owned());
            found.retain(|date| date.registered);
            all = true;
        }
        let seen = sample.event_status != "draft" && (!sample.private || (is_guest && sample.registered));
        if random.one_in(8) && (seen || is_admin || (is_ada && sample.organizer == 0)) {
            filters.push(format!("event={}", sample.event));
            found.retain(|date| date.event == sample.event);
            all = true;
        }
        found.retain(|date| all || date.listed);
        if random.one_in(2) {
            let asked = question(random, sample);
            let read = Question::parse(&asked);
            found.retain(|date| read.fits(&date.texts[0]));
            filters.push(format!("q={}", encode(&asked)));
            q = Some(asked);
        }
        for (name, text) in [("title", &sample.title), ("location", &sample.location)] {
            if random.one_in(6) {
                let piece: String = text.chars().skip(random.below(2)).take(1 + random.below(5)).collect();
                let needle = fold(&piece);
                found.retain(|date| {
                    fold(if name == "title" { &date.title } else { &date.location }).contains(&needle)
                });
                filters.push(format!("{name}={}", encode(&piece.to_uppercase())));
            }
        }
        if random.one_in(4) {
            let chosen = [*random.pick(&CATEGORIES), *random.pick(&CATEGORIES)];
            found.retain(|date| date.category.as_deref().is_some_and(|category| chosen.contains(&category)));
            filters.extend(chosen.map(|category| format!("category={category}")));
        }
        for _ in 0..random.below(2) {
            let tag = random.pick(&TAGS);
            let folded = fold(tag.trim().trim_start_matches('#'));
            found.retain(|date| date.tags.iter().any(|other| fold(other) == folded));
            filters.push(format!("tag={}", encode(&tag.to_uppercase())));
        }
        if random.one_in(5) {
            found.retain(|date| date.free && date.scheduled);
            filters.push("available=true".to_owned());
        }
        let mut asked = Self {
            who,
            filters,
            period: Vec::new(),
            zone: *random.pick(&ZONES),
            sort: None,
            within: found.clone(),
            found,
            q,
        };
        asked.limit(random, sample);
        asked.sort = match random.below(4) {
            0 => Some("-starts_at"),
            1 | 2 if asked.q.is_some() => Some("relevance"),
            _ => None,
        };
        asked
    }

    /// Narrows the period, by instants or by days of the zone.
    fn limit(&mut self, random: &mut Random, sample: &Date) {
        let zone = self.zone;
        let day = sample.at.with_timezone(&zone).date_naive();
        match random.below(5) {
            0 => {
                self.period.push(format!("from={}", encode(&sample.at.to_rfc3339())));
                self.within.retain(|date| date.at >= sample.at);
            }
            1 => {
                self.period.push(format!("from={day}"));
                self.within.retain(|date| date.at.with_timezone(&zone).date_naive() >= day);
            }
            2 => {
                self.period.push(format!("to={day}"));
                self.within.retain(|date| date.at.with_timezone(&zone).date_naive() <= day);
            }
            3 => {
                self.period.push(format!("from={day}&to={day}"));
                self.within.retain(|date| date.at.with_timezone(&zone).date_naive() == day);
            }
            _ => {}
        }
        self.filters.push(format!("tz={}", encode(zone.name())));
    }

    fn rank(&self, date: &Date) -> usize {
        let Some(q) = self.q.as_ref().filter(|_| self.sort == Some("relevance")) else { return 0 };
        let question = Question::parse(q);
        if q.trim().is_empty() || q.split_whitespace().all(|word| word.starts_with('-')) {
            return 0;
        }
        usize::from(!question.fits(&date.texts[1])) + usize::from(!question.fits(&date.texts[2]))
    }

    fn sorted<'d>(&self, mut dates: Vec<&'d Date>) -> Vec<&'d Date> {
        dates.sort_by(|a, b| (self.rank(a), a.at, &a.id).cmp(&(self.rank(b), b.at, &b.id)));
        if self.sort == Some("-starts_at") {
            dates.reverse();
        }
        dates
    }

    fn query(&self) -> String {
        let sort = self.sort.map(|sort| format!("sort={sort}"));
        self.filters.iter().chain(&self.period).cloned().chain(sort).collect::<Vec<_>>().join("&")
    }
}

/// Words of a date, whole or in part, with quotes and minus signs.
fn question(random: &mut Random, sample: &Date) -> String {
    let text = if random.one_in(3) { &sample.location } else { &sample.title };
    let words: Vec<&str> = text.split_whitespace().collect();
    match random.below(7) {
        0 => format!("\"{text}\""),
        1 => format!("{} -{}", random.pick(&words), random.pick(&WORDS)),
        2 => random.pick(&words).chars().take(2).collect(),
        3 => format!("-{}", random.pick(&WORDS)),
        4 => format!("{} {}", random.pick(&WORDS), random.pick(&words)),
        _ => (*random.pick(&words)).to_owned(),
    }
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Reads all pages there, and all pages back; the total is told on each.
async fn read(client: &Client, path: &str, expected: &[&str]) {
    let mut page = client.get(path).await.expect(200).json();
    let mut there = ids(&page);
    while let Some(next) = page["next"].as_str() {
        assert_eq!(page["total"], expected.len(), "{path}");
        page = client.get(&format!("{path}&cursor={next}")).await.expect(200).json();
        there.extend(ids(&page));
    }
    assert_eq!(page["total"], expected.len(), "{path}");
    assert_eq!(there, expected, "{path}");
    let mut back = vec![ids(&page)];
    while let Some(previous) = page["previous"].as_str() {
        page = client.get(&format!("{path}&cursor={previous}")).await.expect(200).json();
        back.push(ids(&page));
    }
    assert_eq!(back.into_iter().rev().flatten().collect::<Vec<_>>(), expected, "{path}, backwards");
}

fn counted(list: &Value, label: &str) -> BTreeMap<String, i64> {
    let items = list.as_array().unwrap().iter();
    let counts: Vec<_> = items
        .map(|item| (item[label].as_str().unwrap_or_default().to_owned(), item["count"].as_i64().unwrap()))
        .collect();
    let map: BTreeMap<String, i64> = counts.iter().cloned().collect();
    assert_eq!(map.len(), counts.len(), "each once: {counts:?}");
    map
}

fn tally(labels: impl Iterator<Item = String>) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for label in labels {
        *counts.entry(label).or_default() += 1;
    }
    counts
}

async fn facets(asked: &Asked<'_>) {
    let query = asked.filters.iter().chain(&asked.period).cloned().collect::<Vec<_>>().join("&");
    let facets = asked.who.get(&format!("/occurrences/facets?{query}")).await.expect(200).json();
    let dates = || asked.within.iter();
    assert_eq!(facets["total"], asked.within.len(), "{query}");
    let categories = tally(dates().map(|date| date.category.clone().unwrap_or_default()));
    assert_eq!(counted(&facets["categories"], "category"), categories, "{query}");
    let tags = tally(dates().flat_map(|date| date.tags.iter().map(|tag| fold(tag))));
    let told = counted(&facets["tags"], "tag");
    assert_eq!(
        told.into_iter().map(|(tag, count)| (fold(&tag), count)).collect::<BTreeMap<_, _>>(),
        tags,
        "{query}"
    );
    let month = |date: &&Date| date.at.with_timezone(&asked.zone).format("%Y-%m").to_string();
    assert_eq!(counted(&facets["months"], "month"), tally(asked.within.iter().map(month)), "{query}");
}

async fn calendar(asked: &Asked<'_>, month: &str) {
    let query = asked.filters.join("&");
    let path = format!("/occurrences/calendar?month={month}&{query}");
    let calendar = asked.who.get(&path).await.expect(200).json();
    let day = |date: &&Date| date.at.with_timezone(&asked.zone).date_naive().to_string();
    let days = tally(asked.found.iter().map(day).filter(|day| day.starts_with(month)));
    let told = counted(&calendar["days"], "date");
    assert!((28..=31).contains(&told.len()));
    assert_eq!(told.into_iter().filter(|(_, count)| *count > 0).collect::<BTreeMap<_, _>>(), days, "{path}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_filters_together_find_what_a_model_finds(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let world = world(&daemon).await;
    let mut random = Random(3);
    let mut some = 0;
    for round in 0..250 {
        let asked = Asked::draw(&world, &mut random);
        some += usize::from(!asked.within.is_empty());
        let query = asked.query();
        let limit = 1 + random.below(20);
        let dates = asked.sorted(asked.within.clone());
        let expected: Vec<&str> = dates.iter().map(|date| date.id.as_str()).collect();
        read(
            asked.who,
            &format!("/occurrences?{query}&count=true&limit={}", limit.max(expected.len() / 6)),
            &expected,
        )
        .await;
        // Each event once, by its first date that is let through.
        let mut first: HashMap<&str, &Date> = HashMap::new();
        for date in &asked.within {
            first.entry(&date.event).or_insert(date);
        }
        let dates = asked.sorted(first.into_values().collect());
        let expected: Vec<&str> = dates.iter().map(|date| date.event.as_str()).collect();
        read(
            asked.who,
            &format!("/events?{query}&count=true&limit={}", limit.max(expected.len() / 4)),
            &expected,
        )
        .await;
        facets(&asked).await;
        let month = DAYS[round % DAYS.len()];
        calendar(&asked, &month[..7]).await;
    }
    assert!(some > 120, "{some} of 250 found something");
}
