//! Multi-day occurrences, which overlap periods in which they do not start.

use eventcore::PageRequest;
use rstest::rstest;
use tests::{Kind, TestDb, at, new_event};

async fn overlapping(db: &TestDb, from: &str, to: &str, limit: u32) -> Vec<String> {
    let mut titles = Vec::new();
    let mut page = PageRequest { count: true, ..PageRequest::first(limit) };
    loop {
        let found = db.core.lasting(at(from), at(to), &page).await.unwrap();
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
