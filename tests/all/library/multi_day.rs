//! Multi-day occurrences, which overlap periods in which they do not start.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::PageRequest;
use eventcore::agenda::AgendaFilter;
use rstest::rstest;
use tests::{Kind, TestDb, at, new_event};

async fn overlapping(db: &TestDb, from: &str, to: &str, limit: u32) -> Vec<String> {
    let mut titles = Vec::new();
    let mut page = PageRequest { count: true, ..PageRequest::first(limit) };
    loop {
        let found = db.core.ongoing(at(from), at(to), &page).await.unwrap();
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

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn multi_day_occurrences_are_found_on_each_of_their_days(#[case] kind: Kind) {
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
    for (from, to, titles) in [
        ("2026-12-05T00:00:00+01:00", "2026-12-06T00:00:00+01:00", &["Fair", "Conference"][..]),
        // The fair has ended with its last day, and the second camp starts at the end of the period.
        ("2026-12-07T00:00:00+01:00", "2026-12-08T20:00:00+01:00", &["Conference"]),
        ("2026-12-04T00:00:00+01:00", "2026-12-05T00:00:00+01:00", &["Camp", "Fair"]),
        ("2026-12-01T00:00:00+01:00", "2026-12-31T00:00:00+01:00", &["Camp", "Fair", "Conference", "Camp"]),
        ("2027-01-01T00:00:00+01:00", "2027-02-01T00:00:00+01:00", &[]),
    ] {
        assert_eq!(overlapping(&db, from, to, 100).await, titles, "{from} {to}");
        assert_eq!(overlapping(&db, from, to, 1).await, titles, "{from} {to}, one by one");
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
