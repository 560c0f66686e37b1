//! Multi-day occurrences, which overlap periods in which they do not start.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::agenda::{AgendaFilter, Bound};
use eventcore::events::Occurrence;
use eventcore::time::{Moment, start_of_day};
use eventcore::{Actor, Order, PageRequest, Timestamp};
use rstest::rstest;
use tests::{Kind, Random, TestDb, at, new_event};

/// The titles that a filter finds, page by page.
async fn titles(db: &TestDb, filter: &AgendaFilter, limit: u32) -> Vec<String> {
    let mut titles = Vec::new();
    let mut page = PageRequest { count: true, ..PageRequest::first(limit) };
    loop {
        let found = db.core.occurrences(&Actor::Anonymous, filter, &page).await.unwrap();
        titles.extend(found.items.into_iter().map(|occurrence| occurrence.title));
        match found.next {
            Some(next) => page.cursor = Some(next),
            None => {
                assert_eq!(found.total, i64::try_from(titles.len()).ok());
                return titles;
            }
        }
    }
}

fn overlapping(from: Option<Bound>, to: Option<Bound>) -> AgendaFilter {
    AgendaFilter { overlaps: true, from, to, ..AgendaFilter::default() }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_place_at_any_time_of_a_period_is_found(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let event = |title: &str| new_event().title(title).timezone("Europe/Berlin").capacity(20);
    let all_day = |title: &str, start: &str| event(title).set("all_day", true).starts_at(start);
    for event in [
        all_day("Fair", "2026-12-04").ends_at("2026-12-06"),
        event("Conference").starts_at("2026-12-05T09:00:00").ends_at("2026-12-07T17:00:00"),
        event("Night").starts_at("2026-12-04T20:00:00").duration("PT10H"),
        all_day("Day", "2026-12-05"),
        event("Draft").starts_at("2026-12-04T20:00:00").duration("P4D").draft(),
        event("Friends").starts_at("2026-12-04T20:00:00").duration("P4D").private(),
        event("Camp").starts_at("2026-12-01T20:00:00").duration("P3D").rule("FREQ=WEEKLY;COUNT=2"),
    ] {
        db.create_event(&ada, event).await;
    }
    for (from, to, expected) in [
        // The camp ends on Friday at 20:00, the night on Saturday at 06:00.
        ("2026-12-05T00:00:00+01:00", "2026-12-06T00:00:00+01:00", "Fair Night Day Conference"),
        ("2026-12-05T06:00:00+01:00", "2026-12-05T09:00:00+01:00", "Fair Day"),
        // The fair has ended with its last day, and the second camp starts at the end of the period.
        ("2026-12-07T00:00:00+01:00", "2026-12-08T20:00:00+01:00", "Conference"),
        ("2026-12-04T00:00:00+01:00", "2026-12-05T00:00:00+01:00", "Camp Fair Night"),
        ("2026-12-01T00:00:00+01:00", "2026-12-31T00:00:00+01:00", "Camp Fair Night Day Conference Camp"),
        ("2027-01-01T00:00:00+01:00", "2027-02-01T00:00:00+01:00", ""),
    ] {
        let filter = overlapping(Some(at(from).into()), Some(at(to).into()));
        for limit in [100, 1] {
            assert_eq!(titles(&db, &filter, limit).await.join(" "), expected, "{from} {to} {limit}");
        }
        let latest_first = AgendaFilter { order: Order::Descending, ..filter };
        let mut expected: Vec<_> = expected.split_terminator(' ').collect();
        expected.reverse();
        assert_eq!(titles(&db, &latest_first, 1).await, expected, "{from} {to}");
    }
    // Without a beginning, from now on.
    db.clock.advance(at("2026-12-06T12:00:00Z").since(db.core.now()));
    assert_eq!(titles(&db, &overlapping(None, None), 2).await, ["Fair", "Conference", "Camp"]);
    let words = AgendaFilter { q: Some("fair".to_owned()), ..overlapping(None, None) };
    assert_eq!(titles(&db, &words, 2).await, ["Fair"]);
    let (filter, page) = (overlapping(None, None), PageRequest::first(10));
    let events = db.core.events(&Actor::Anonymous, &filter, &page).await.unwrap();
    let events = events.items.into_iter().map(|event| event.title);
    assert_eq!(events.collect::<Vec<_>>(), ["Fair", "Conference", "Camp"]);
}

/// Whether an occurrence takes place at any time between two bounds.
fn is_within(occurrence: &Occurrence, from: Bound, to: Bound) -> bool {
    let (begins, ends) = match (occurrence.starts_at, occurrence.ends_at) {
        (Moment::Day(first), Moment::Day(last)) => {
            let zone: Tz = occurrence.timezone.parse().unwrap();
            let after = |bound| match bound {
                Bound::Day(day, _) => day <= last,
                Bound::At(at) => at < start_of_day(last.succ_opt().unwrap(), zone),
            };
            let before = |bound| match bound {
                Bound::Day(day, _) => first < day,
                Bound::At(at) => start_of_day(first, zone) < at,
            };
            return after(from) && before(to);
        }
        (Moment::At(begins), Moment::At(ends)) => (Timestamp::from(begins), Timestamp::from(ends)),
        other => panic!("{other:?}"),
    };
    begins < to.instant() && from.instant() < ends
}

/// Random occurrences in zones from Honolulu to Kiritimati, and random periods.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overlapping_periods_agree_with_a_model(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let mut random = Random(11);
    let zones = ["Pacific/Honolulu", "UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/Santiago"];
    for n in 0..60 {
        let zone = *random.pick(&zones);
        let (day, days) = (1 + random.below(20), random.below(14));
        let event = new_event().title(format!("e{n}")).timezone(zone);
        let event = if random.one_in(2) {
            let end = format!("2027-04-{:02}", day + days.min(9));
            event.set("all_day", true).starts_at(format!("2027-04-{day:02}")).ends_at(end)
        } else {
            let start = format!("2027-04-{day:02}T{:02}:30:00", random.below(24));
            event.starts_at(start).duration(format!("PT{}H", 1 + random.below(24 * days + 30)))
        };
        db.create_event(&ada, event).await;
    }
    let all = overlapping(None, None);
    let all = db.core.occurrences(&Actor::Anonymous, &all, &PageRequest::first(100)).await.unwrap().items;
    assert_eq!(all.len(), 60);
    for _ in 0..150 {
        let tz: Tz = random.pick(&zones).parse().unwrap();
        let mut bound = |first: usize| {
            let day = format!("2027-04-{:02}", first + random.below(8)).parse().unwrap();
            if random.one_in(2) {
                Bound::Day(day, tz)
            } else {
                Bound::At(
                    start_of_day(day, tz)
                        .plus(Duration::from_mins(u64::try_from(random.below(99)).unwrap() * 30)),
                )
            }
        };
        let (from, to) = (bound(3), bound(11));
        let mut expected: Vec<_> =
            all.iter().filter(|one| is_within(one, from, to)).map(|one| one.title.clone()).collect();
        let mut found = titles(&db, &overlapping(Some(from), Some(to)), 7).await;
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{from:?} {to:?}");
    }
}

/// Counts one more on each of these days of a month.
fn count_days(counts: &mut BTreeMap<NaiveDate, i64>, month: &str, days: std::ops::RangeInclusive<u32>) {
    for day in days {
        *counts.entry(format!("{month}-{day:02}").parse().unwrap()).or_default() += 1;
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_counts_multi_day_occurrences_on_each_of_their_days(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let event = |title: &str| new_event().title(title).timezone("Europe/Berlin").capacity(20);
    let all_day = |title: &str, start: &str| event(title).set("all_day", true).starts_at(start);
    for event in [
        all_day("Fair", "2026-12-04").ends_at("2026-12-06"),
        event("Conference").starts_at("2026-12-05T09:00:00").ends_at("2026-12-07T17:00:00"),
        event("Night").starts_at("2026-12-04T20:00:00").duration("PT10H"),
        event("Draft").starts_at("2026-12-20T20:00:00").duration("P2D").draft(),
        event("Camp").starts_at("2026-12-30T20:00:00").duration("P3D"),
        all_day("Year", "2026-11-30").ends_at("2026-12-02").timezone("Pacific/Auckland"),
    ] {
        db.create_event(&ada, event).await;
    }
    let (berlin, auckland) = (Tz::Europe__Berlin, Tz::Pacific__Auckland);
    let organized = AgendaFilter { organizer: ada.user_id(), ..AgendaFilter::default() };
    let fair = AgendaFilter { title: Some("fair".to_owned()), ..AgendaFilter::default() };
    let overlaps = AgendaFilter { overlaps: true, ..AgendaFilter::default() };
    for (month, tz, filter, expected) in [
        ("2026-11", berlin, AgendaFilter::default(), &[30..=30][..]),
        ("2026-12", berlin, AgendaFilter::default(), &[1..=2, 4..=6, 5..=7, 4..=4, 30..=31]),
        ("2027-01", berlin, AgendaFilter::default(), &[1..=2]),
        ("2027-02", berlin, AgendaFilter::default(), &[]),
        // Timed occurrences have days in the requested zone, all-day occurrences those of their own zone.
        ("2026-12", auckland, AgendaFilter::default(), &[1..=2, 4..=6, 5..=8, 5..=5, 31..=31]),
        ("2027-01", auckland, AgendaFilter::default(), &[1..=3]),
        ("2026-12", berlin, organized, &[1..=2, 4..=6, 5..=7, 4..=4, 20..=22, 30..=31]),
        ("2026-12", berlin, fair, &[4..=6]),
        // Then a night counts on both of its days.
        ("2026-12", berlin, overlaps.clone(), &[1..=2, 4..=6, 5..=7, 4..=5, 30..=31]),
        ("2026-12", auckland, overlaps.clone(), &[1..=2, 4..=6, 5..=8, 5..=5, 31..=31]),
        ("2026-11", berlin, overlaps, &[30..=30]),
    ] {
        let mut counts = BTreeMap::new();
        for days in expected {
            count_days(&mut counts, month, days.clone());
        }
        let found = db.core.daily_counts(&ada, &filter, month.parse().unwrap(), tz).await.unwrap();
        let found = found.days.into_iter().filter(|day| day.count > 0).map(|day| (day.date, day.count));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), counts, "{month} {tz} {filter:?}");
    }
}
