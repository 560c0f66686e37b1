//! Counters of the agenda: they equal a recount after any writes, whether or not a job has added the latest
//! changes to them, and the reads that use them agree with lists.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use eventcore::agenda::{AgendaFilter, Bound, Month};
use eventcore::categories::CategoryInput;
use eventcore::db::{Queries, Sql};
use eventcore::events::{Occurrence, OccurrenceStatus};
use eventcore::fold::fold;
use eventcore::time::{Moment, start_of_day};
use eventcore::{Actor, EventId, PageRequest, Timestamp};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Kind, Random, START, TestDb, at, new_event};

const ZONES: [&str; 5] =
    ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kathmandu"];
const TAGS: [&str; 6] = ["jazz", "café", "cafe", "rust", "open air", "späti"];
const CATEGORIES: [&str; 3] = ["concert", "workshop", "craft"];

/// All matches of a filter, page by page.
async fn listed(db: &TestDb, filter: &AgendaFilter) -> Vec<Occurrence> {
    let mut request = PageRequest::first(100);
    let mut all = Vec::new();
    loop {
        let page = db.core.occurrences(&Actor::Anonymous, filter, &request).await.unwrap();
        all.extend(page.items);
        if page.next.is_none() {
            return all;
        }
        request = request.at(page.next);
    }
}

fn counted() -> PageRequest {
    PageRequest { count: true, ..PageRequest::first(1) }
}

/// The local start of an event within a year.
fn random_start(db: &TestDb, random: &mut Random) -> String {
    let days = u64::try_from(random.below(300)).unwrap();
    let at = db.core.now().plus(Duration::from_hours(24 * days + 48));
    let (hour, minute) = (random.below(24), random.pick(&[0, 0, 30, 45, 7]));
    format!("{}T{hour:02}:{minute:02}:00", at.in_zone(Tz::UTC).date_naive())
}

fn random_labels(random: &mut Random) -> (Option<&'static str>, Vec<&'static str>) {
    let category = (!random.one_in(4)).then(|| *random.pick(&CATEGORIES));
    let tags: BTreeSet<&str> = (0..random.below(4)).map(|_| *random.pick(&TAGS)).collect();
    (category, tags.into_iter().collect())
}

/// Creates, changes or removes something at random. What is refused changes nothing.
async fn write(db: &TestDb, ada: &Actor, events: &mut Vec<EventId>, random: &mut Random) {
    let (core, start) = (&db.core, random_start(db, random));
    let (category, tags) = random_labels(random);
    if events.len() < 4 || random.one_in(3) {
        let mut event = new_event()
            .starts_at(start.as_str())
            .timezone(*random.pick(&ZONES))
            .set("tags", tags)
            .with(&json!({"category": category}))
            .visibility(*random.pick(&["public", "public", "public", "public", "unlisted", "private"]))
            .status(*random.pick(&["published", "published", "draft"]));
        event = match random.below(5) {
            0 => event.set("all_day", true).starts_at(&start[..10]),
            1 => event.set("all_day", true).starts_at(&start[..10]).set("duration", "P3D"),
            2 => event.rule(*random.pick(&["FREQ=WEEKLY;COUNT=20", "FREQ=DAILY;COUNT=45"])),
            3 => event.set("duration", "PT50H"),
            _ => event,
        };
        events.push(core.create_event(ada, &event.input()).await.unwrap().id);
        return;
    }
    let event = *random.pick(events);
    let occurrences =
        AgendaFilter { event: Some(event), from: Some(past().into()), ..AgendaFilter::default() };
    let page = core.occurrences(ada, &occurrences, &PageRequest::first(50)).await.unwrap();
    let occurrence = random.pick(&page.items).id;
    match random.below(11) {
        0 => drop(core.change_event(ada, event, &json!({"category": category}), None).await),
        1 | 2 => drop(core.change_event(ada, event, &json!({"tags": tags}), None).await),
        3 => drop(core.change_event(ada, event, &json!({"starts_at": start}), None).await),
        4 => {
            let visibility = *random.pick(&["public", "private"]);
            drop(core.change_event(ada, event, &json!({"visibility": visibility}), None).await);
        }
        5 => drop(core.publish_event(ada, event, None).await),
        6 if random.one_in(3) => drop(core.cancel_event(ada, event, None).await),
        7 if random.one_in(3) => {
            if core.delete_event(ada, event, None).await.is_ok() {
                events.retain(|other| *other != event);
            }
        }
        8 => drop(core.cancel_occurrence(ada, occurrence, None).await),
        9 => drop(core.change_occurrence(ada, occurrence, &json!({"starts_at": start}), None).await),
        _ => {
            if let Ok(split) = core.split_event(ada, occurrence, &json!({"tags": tags}), None).await {
                events.push(split.id);
            }
        }
    }
}

fn past() -> Timestamp {
    at("2000-01-01T00:00:00Z")
}

fn random_filter(db: &TestDb, random: &mut Random) -> AgendaFilter {
    let bound = |random: &mut Random| {
        let hours = u64::try_from(random.below(24 * 120)).unwrap();
        let at = db.core.now().minus(Duration::from_hours(24 * 30)).plus(Duration::from_hours(hours));
        let tz: Tz = random.pick(&ZONES).parse().unwrap();
        if random.one_in(2) { Bound::At(at) } else { Bound::Day(at.in_zone(tz).date_naive(), tz) }
    };
    let from = (!random.one_in(3)).then(|| bound(random));
    let to = random.one_in(2).then(|| bound(random));
    let categories: &[&str] = match random.below(6) {
        0 => &["concert"],
        1 => &["handicraft", "concert"],
        2 if random.one_in(3) => &["nowhere"],
        _ => &[],
    };
    AgendaFilter {
        from,
        to,
        categories: categories.iter().map(|slug| (*slug).to_owned()).collect(),
        tags: if random.one_in(4) { vec![(*random.pick(&TAGS)).to_owned()] } else { Vec::new() },
        status: match random.below(5) {
            0 => Some(OccurrenceStatus::Scheduled),
            1 => Some(OccurrenceStatus::Cancelled),
            _ => None,
        },
        overlaps: random.one_in(4),
        current: random.one_in(4),
        ..AgendaFilter::default()
    }
}

/// The day of the start in a time zone; of an all-day occurrence its own.
fn day(occurrence: &Occurrence, tz: Tz) -> NaiveDate {
    match occurrence.starts_at {
        Moment::Day(day) => day,
        Moment::At(at) => Timestamp::from(at).in_zone(tz).date_naive(),
    }
}

/// The total and the facets of a filter agree with its list.
async fn compare(db: &TestDb, filter: &AgendaFilter, tz: Tz) {
    let all = listed(db, filter).await;
    let total = i64::try_from(all.len()).unwrap();
    let page = db.core.occurrences(&Actor::Anonymous, filter, &counted()).await.unwrap();
    assert_eq!(page.total, Some(total), "{filter:?}");
    let facets = db.core.facets(&Actor::Anonymous, filter, tz).await.unwrap();
    assert_eq!(facets.total, total, "{filter:?}");

    let mut categories: BTreeMap<Option<String>, i64> = BTreeMap::new();
    let mut tags: BTreeMap<String, i64> = BTreeMap::new();
    let mut months: BTreeMap<String, i64> = BTreeMap::new();
    for occurrence in &all {
        *categories.entry(occurrence.category.clone()).or_default() += 1;
        occurrence.tags.iter().for_each(|tag| *tags.entry(fold(tag)).or_default() += 1);
        *months.entry(day(occurrence, tz).format("%Y-%m").to_string()).or_default() += 1;
    }
    let found = facets.categories.into_iter().map(|count| (count.category, count.count));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), categories, "{filter:?}");
    let found = facets.tags.into_iter().map(|count| (fold(&count.tag), count.count));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), tags, "{filter:?}");
    let found: Vec<_> =
        facets.months.into_iter().map(|count| (count.month.to_string(), count.count)).collect();
    assert_eq!(found, months.into_iter().collect::<Vec<_>>(), "{filter:?} {tz}");
}

/// The calendar of a month agrees with the list.
async fn compare_calendar(db: &TestDb, filter: &AgendaFilter, month: Month, tz: Tz) {
    let filter = AgendaFilter { from: None, to: None, overlaps: false, current: false, ..filter.clone() };
    let calendar = db.core.daily_counts(&Actor::Anonymous, &filter, month, tz).await.unwrap();
    let list = AgendaFilter { from: Some(past().into()), ..filter.clone() };
    let all = listed(db, &list).await;
    for count in calendar.days {
        let expected = all.iter().filter(|occurrence| occurrence.days(tz).contains(&count.date)).count();
        assert_eq!(count.count, i64::try_from(expected).unwrap(), "{} {tz} {filter:?}", count.date);
    }
}

/// The numbers of upcoming events by category and tag agree with the list.
async fn compare_upcoming(db: &TestDb) {
    let filter = AgendaFilter { status: Some(OccurrenceStatus::Scheduled), ..AgendaFilter::default() };
    let all = listed(db, &filter).await;
    let mut by_category: BTreeMap<String, BTreeSet<EventId>> = BTreeMap::new();
    let mut by_tag: BTreeMap<String, (BTreeSet<EventId>, BTreeSet<String>)> = BTreeMap::new();
    for occurrence in &all {
        if let Some(slug) = &occurrence.category {
            by_category.entry(slug.clone()).or_default().insert(occurrence.event_id);
        }
        for tag in &occurrence.tags {
            let (events, spellings) = by_tag.entry(fold(tag)).or_default();
            events.insert(occurrence.event_id);
            spellings.insert(tag.clone());
        }
    }
    for category in db.core.categories().await.unwrap() {
        let expected = by_category.get(&category.slug).map_or(0, BTreeSet::len);
        assert_eq!(category.upcoming_events, i64::try_from(expected).unwrap(), "{}", category.slug);
        assert_eq!(db.core.category(&category.slug).await.unwrap(), category);
    }
    for prefix in ["", "c", "CAF", "#jazz", "späti", "ja\u{1f}"] {
        let folded = fold(prefix.trim_start_matches('#'));
        let mut expected: Vec<(String, i64)> = by_tag
            .iter()
            .filter(|(tag, _)| tag.starts_with(&folded))
            .map(|(_, (events, spellings))| {
                (spellings.first().unwrap().clone(), i64::try_from(events.len()).unwrap())
            })
            .collect();
        expected.sort_by_key(|(_, count)| -count);
        let tags = db.core.tags(prefix, 100).await.unwrap();
        let tags: Vec<_> = tags.into_iter().map(|count| (count.tag, count.count)).collect();
        assert_eq!(tags, expected, "{prefix}");
    }
}

async fn rename_category(db: &TestDb) {
    let root = db.admin("root").await;
    let input = CategoryInput { slug: "handicraft".into(), name: "Craft".into(), ..CategoryInput::default() };
    db.core.create_category(&root, &input).await.unwrap();
    db.core.change_category(&root, "handicraft", &json!({"slug": "craft"}), None).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite, 1)]
#[case::sqlite_too(Kind::Sqlite, 2)]
#[case::postgres(Kind::Postgres, 3)]
#[case::postgres_too(Kind::Postgres, 4)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_equal_a_recount_after_random_writes(#[case] kind: Kind, #[case] seed: u64) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    rename_category(&db).await;
    db.core.ensure_jobs().await.unwrap();
    let (mut random, mut events) = (Random(seed), Vec::new());
    for round in 0..12 {
        for _ in 0..10 {
            write(&db, &ada, &mut events, &mut random).await;
        }
        // In every other round, nothing has been counted yet.
        if round % 2 == 1 {
            db.clock.advance(Duration::from_secs(5));
            db.core.run_due_jobs().await.unwrap();
            assert_eq!(db.number("SELECT count(*) FROM uncounted_changes").await, 0);
            assert!(db.number("SELECT count(*) FROM agenda_counts").await > 0);
        }
        assert_eq!(db.core.check_counters().await.unwrap(), [] as [String; 0], "round {round}");
        let tz: Tz = random.pick(&ZONES).parse().unwrap();
        compare(&db, &AgendaFilter::default(), tz).await;
        for _ in 0..6 {
            let tz: Tz = random.pick(&ZONES).parse().unwrap();
            let filter = random_filter(&db, &mut random);
            compare(&db, &filter, tz).await;
            let day = db.core.now().plus(Duration::from_hours(24 * 20)).in_zone(tz).date_naive();
            let month = format!("{}-{:02}", day.year(), day.month()).parse().unwrap();
            compare_calendar(&db, &filter, month, tz).await;
        }
        compare_upcoming(&db).await;
        if random.one_in(2) {
            db.clock.advance(Duration::from_hours(u64::try_from(1 + random.below(400)).unwrap()));
            compare(&db, &AgendaFilter::default(), tz).await;
            compare_upcoming(&db).await;
        }
    }
    // Nobody has an event any more.
    for event in events {
        drop(db.core.delete_event(&Actor::System, event, None).await);
    }
    db.clock.advance(Duration::from_secs(5));
    db.core.run_due_jobs().await.unwrap();
    assert_eq!(db.core.check_counters().await.unwrap(), [] as [String; 0]);
    assert_eq!(db.number("SELECT count(*) FROM agenda_counts WHERE n < 1").await, 0);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_counters_are_found(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    db.create_event(&ada, new_event().tags(["jazz"]).category("concert")).await;
    db.core.ensure_jobs().await.unwrap();
    db.core.run_due_jobs().await.unwrap();
    assert_eq!(db.core.check_counters().await.unwrap(), [] as [String; 0]);
    for (spoil, mend, what) in [
        (
            "UPDATE agenda_counts SET n = n + 1 WHERE scope = 'all' AND series = 1",
            "UPDATE agenda_counts SET n = n - 1 WHERE scope = 'all' AND series = 1",
            "the counter \"all\", Days, 20881, \"\", \"scheduled\" lacks -1",
        ),
        (
            "UPDATE agenda_counts SET n = n - 1 WHERE scope = 'events' AND series = 6",
            "UPDATE agenda_counts SET n = n + 1 WHERE scope = 'events' AND series = 6",
            "the counter \"events\", TagsByMonth, 24326, \"jazz\\u{1f}jazz\", \"\" lacks 1",
        ),
        ("UPDATE counted_events SET labels = ''", "SELECT 1", "is not counted as it is"),
    ] {
        for sql in [spoil, mend] {
            let mut tx = db.core.db().begin().await.unwrap();
            tx.query(Sql::portable(sql)).execute().await.unwrap();
            tx.commit().await.unwrap();
            let found = db.core.check_counters().await.unwrap();
            let expected = sql == spoil || mend == "SELECT 1";
            assert_eq!(found.iter().any(|fault| fault.contains(what)), expected, "{sql}: {found:?}");
        }
    }
}

/// Writers on one day and in one category, while the job counts.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_of_one_day_and_the_job_do_not_miscount(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    db.core.ensure_jobs().await.unwrap();
    let mut writers = Vec::new();
    for number in 0..8 {
        let core = db.core.clone();
        writers.push(tokio::spawn(async move {
            for _ in 0..6 {
                let event = new_event().tags(["jazz", "rust"]).category("concert").input();
                let event = core.create_event(&ada, &event).await.unwrap().id;
                let patch: Value = if number % 2 == 0 {
                    json!({"tags": ["late"]})
                } else {
                    json!({"starts_at": "2027-03-05T18:30:00"})
                };
                core.change_event(&ada, event, &patch, None).await.unwrap();
            }
        }));
    }
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        db.clock.advance(Duration::from_secs(5));
        db.core.run_due_jobs().await.unwrap();
        let (filter, request) = (AgendaFilter::default(), counted());
        let page = db.core.occurrences(&Actor::Anonymous, &filter, &request).await.unwrap();
        assert!(page.total.is_some_and(|total| total <= 48));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(db.core.check_counters().await.unwrap(), [] as [String; 0]);
    db.clock.advance(Duration::from_secs(5));
    db.core.run_due_jobs().await.unwrap();
    assert_eq!(db.core.check_counters().await.unwrap(), [] as [String; 0]);
    let tags = db.core.tags("", 10).await.unwrap();
    let tags: Vec<_> = tags.iter().map(|tag| (tag.tag.as_str(), tag.count)).collect();
    assert_eq!(tags, [("jazz", 24), ("late", 24), ("rust", 24)]);
}

/// The day on which the clocks of most tests begin has an occurrence in each quarter of an hour, and the next
/// one begins in each time zone at another of them.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_begin_in_each_time_zone_at_their_own_quarter(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let first = at(START).plus(Duration::from_hours(24 * 7));
    for quarter in 0..200 {
        let start = first.plus(Duration::from_mins(15 * quarter));
        db.create_event(&ada, new_event().starts_at(start.to_string())).await;
    }
    db.core.ensure_jobs().await.unwrap();
    db.core.run_due_jobs().await.unwrap();
    for tz in ["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Pago_Pago"] {
        let tz: Tz = tz.parse().unwrap();
        compare(&db, &AgendaFilter::default(), tz).await;
        for month in ["2026-11", "2026-12"] {
            compare_calendar(&db, &AgendaFilter::default(), month.parse().unwrap(), tz).await;
        }
        let day = NaiveDate::from_ymd_opt(2026, 12, 1).unwrap();
        let before = start_of_day(day, tz).since(first).as_secs().div_ceil(900);
        let facets = db.core.facets(&Actor::Anonymous, &AgendaFilter::default(), tz).await.unwrap();
        let november = facets.months.iter().find(|count| count.month.to_string() == "2026-11");
        assert_eq!(november.map_or(0, |count| count.count), i64::try_from(before).unwrap(), "{tz}");
    }
}
