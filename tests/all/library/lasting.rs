//! Dates of several days, which go on where none of them begins.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::events::AgendaFilter;
use eventcore::{Actor, PageRequest};
use serde_json::{Value, json};
use tests::{TestDb, at, on_both};

use super::recurring::create;

async fn going_on(db: &TestDb, from: &str, to: &str, limit: u32) -> Vec<String> {
    let mut titles = Vec::new();
    let mut page = PageRequest { count: true, ..PageRequest::first(limit) };
    loop {
        let found = db.core.lasting(at(from), at(to), &page).await.unwrap();
        titles.extend(found.items.into_iter().map(|date| date.title));
        match found.next {
            Some(next) => page.cursor = Some(next),
            None => {
                assert_eq!(found.total, i64::try_from(titles.len()).ok());
                return titles;
            }
        }
    }
}

on_both! {
    async fn dates_of_several_days_are_found_on_each_of_them(db: TestDb) {
        let ada: Actor = db.user("ada").await;
        for changes in [
            json!({"title": "Fair", "all_day": true, "starts_at": "2026-12-04", "ends_at": "2026-12-06"}),
            json!({"title": "Conference", "starts_at": "2026-12-05T09:00:00", "ends_at": "2026-12-07T17:00:00"}),
            json!({"title": "Night", "starts_at": "2026-12-04T20:00:00", "duration": "PT10H"}),
            json!({"title": "Day", "all_day": true, "starts_at": "2026-12-05"}),
            json!({"title": "Draft", "starts_at": "2026-12-04T20:00:00", "duration": "P4D", "status": "draft"}),
            json!({"title": "Friends", "starts_at": "2026-12-04T20:00:00", "duration": "P4D", "visibility": "private"}),
            json!({"title": "Camp", "starts_at": "2026-12-01T20:00:00", "duration": "P3D", "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=2"}}),
        ] {
            let mut event: Value = json!({"location": "Hall 2", "timezone": "Europe/Berlin", "capacity": 20});
            eventcore::input::merge_patch(&mut event, changes);
            create(&db, &ada, event).await;
        }
        for (from, to, titles) in [
            ("2026-12-05T00:00:00+01:00", "2026-12-06T00:00:00+01:00", &["Fair", "Conference"][..]),
            // It has ended with its last day; the other begins only then.
            ("2026-12-07T00:00:00+01:00", "2026-12-08T20:00:00+01:00", &["Conference"]),
            ("2026-12-04T00:00:00+01:00", "2026-12-05T00:00:00+01:00", &["Camp", "Fair"]),
            ("2026-12-01T00:00:00+01:00", "2026-12-31T00:00:00+01:00", &["Camp", "Fair", "Conference", "Camp"]),
            ("2027-01-01T00:00:00+01:00", "2027-02-01T00:00:00+01:00", &[]),
        ] {
            assert_eq!(going_on(&db, from, to, 100).await, titles, "{from} {to}");
            assert_eq!(going_on(&db, from, to, 1).await, titles, "{from} {to}, one by one");
        }
    }
}

/// Counts one more on each of these days of a month.
fn on_days(counts: &mut BTreeMap<NaiveDate, i64>, month: &str, days: std::ops::RangeInclusive<u32>) {
    for day in days {
        *counts.entry(format!("{month}-{day:02}").parse().unwrap()).or_default() += 1;
    }
}

on_both! {
    async fn a_month_counts_occurrences_of_several_days_on_each_of_them(db: TestDb) {
        let ada: Actor = db.user("ada").await;
        for changes in [
            json!({"title": "Fair", "all_day": true, "starts_at": "2026-12-04", "ends_at": "2026-12-06"}),
            json!({"title": "Conference", "starts_at": "2026-12-05T09:00:00", "ends_at": "2026-12-07T17:00:00"}),
            json!({"title": "Night", "starts_at": "2026-12-04T20:00:00", "duration": "PT10H"}),
            json!({"title": "Draft", "starts_at": "2026-12-20T20:00:00", "duration": "P2D", "status": "draft"}),
            json!({"title": "Camp", "starts_at": "2026-12-30T20:00:00", "duration": "P3D"}),
            json!({"title": "Year", "all_day": true, "starts_at": "2026-11-30", "ends_at": "2026-12-02", "timezone": "Pacific/Auckland"}),
        ] {
            let mut event: Value = json!({"location": "Hall 2", "timezone": "Europe/Berlin", "capacity": 20});
            eventcore::input::merge_patch(&mut event, changes);
            create(&db, &ada, event).await;
        }
        let (berlin, auckland) = (Tz::Europe__Berlin, Tz::Pacific__Auckland);
        let organized = AgendaFilter { organizer: ada.user_id(), ..AgendaFilter::default() };
        let fair = AgendaFilter { title: Some("fair".to_owned()), ..AgendaFilter::default() };
        for (month, tz, filter, expected) in [
            ("2026-11", berlin, AgendaFilter::default(), &[30..=30][..]),
            ("2026-12", berlin, AgendaFilter::default(), &[1..=2, 4..=6, 5..=7, 4..=4, 30..=31]),
            ("2027-01", berlin, AgendaFilter::default(), &[1..=2]),
            ("2027-02", berlin, AgendaFilter::default(), &[]),
            // Times have the days of the zone that is asked for; all-day occurrences keep theirs.
            ("2026-12", auckland, AgendaFilter::default(), &[1..=2, 4..=6, 5..=8, 5..=5, 31..=31]),
            ("2027-01", auckland, AgendaFilter::default(), &[1..=3]),
            ("2026-12", berlin, organized, &[1..=2, 4..=6, 5..=7, 4..=4, 20..=22, 30..=31]),
            ("2026-12", berlin, fair, &[4..=6]),
        ] {
            let mut counts = BTreeMap::new();
            expected.iter().for_each(|days| on_days(&mut counts, month, days.clone()));
            let found = db.core.calendar(&ada, &filter, month.parse().unwrap(), tz).await.unwrap();
            let found = found.days.into_iter().filter(|day| day.count > 0).map(|day| (day.date, day.count));
            assert_eq!(found.collect::<BTreeMap<_, _>>(), counts, "{month} {tz} {filter:?}");
        }
    }
}
