//! Events that become all-day, all-day events that get another time zone, and what is over, which does not
//! change.

use std::collections::BTreeSet;
use std::time::Duration;

use eventcore::{Actor, EventId, Role};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Daemon, Kind, new_event};

use super::matching::{Scene, case, shown};

const HALF_A_DAY: Duration = Duration::from_hours(12);

/// The entries of an event's file. No entry ends when it starts, and no two have one RECURRENCE-ID.
async fn calendar(scene: &Scene) -> Vec<String> {
    let answer = scene.ada.get(&format!("{}.ics", scene.path)).await.expect(200);
    let text = String::from_utf8(answer.bytes.to_vec()).expect("UTF-8").replace("\r\n ", "");
    let entries: Vec<String> = text.split("BEGIN:VEVENT").skip(1).map(str::to_owned).collect();
    let property = |entry: &str, name: &str| {
        let line = entry.lines().find(|line| line.split([':', ';']).next() == Some(name))?;
        Some(line.rsplit_once(':').expect("a value").1.to_owned())
    };
    let mut ids = BTreeSet::new();
    for entry in &entries {
        assert_ne!(property(entry, "DTSTART"), property(entry, "DTEND"), "{text}");
        assert!(ids.insert(property(entry, "RECURRENCE-ID")), "{text}");
    }
    entries
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_time_zone_moves_no_day(#[case] kind: Kind) {
    let case = case(include_str!("../../data/cases/02-allday-moved-date-zone-change.json"));
    let scene = Scene::new(kind, &case["create"]).await;
    scene.register([1]).await;
    let second = format!("/occurrences/{}", scene.occurrences().await[1]["id"].as_str().expect("an id"));
    scene.ada.patch(&second, case["patch_second_occurrence"].clone()).await.expect(200);
    let days = ["09-07", "09-16 bob", "09-21"];
    assert_eq!(scene.shown().await, days);
    for timezone in ["America/New_York", "Pacific/Auckland", "Europe/Berlin"] {
        scene.change(json!({"timezone": timezone})).await;
        assert_eq!(scene.shown().await, days, "{timezone}");
        let moved = scene.ada.get(&second).await.expect(200).json();
        assert_eq!((&moved["overridden"], &moved["timezone"]), (&json!(["starts_at"]), &json!(timezone)));
        calendar(&scene).await;
    }
    scene.daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overridden_times_become_days(#[case] kind: Kind) {
    let case = case(include_str!("../../data/cases/06-moved-date-then-allday.json"));
    let scene = Scene::new(kind, &case["create"]).await;
    let before = scene.occurrences().await;
    let path = |place: usize| format!("/occurrences/{}", before[place]["id"].as_str().expect("an id"));
    scene.ada.patch(&path(1), case["patch_second"].clone()).await.expect(200);
    scene.ada.patch(&path(2), case["patch_third"].clone()).await.expect(200);
    scene.change(case["patch_event"].clone()).await;
    assert_eq!(scene.shown().await, ["09-07", "09-15", "09-21", "09-28"]);
    let occurrences = scene.occurrences().await;
    let of = |field: &str| occurrences.iter().map(|one| one[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("overridden"), [json!([]), json!(["starts_at"]), json!([]), json!([])]);
    assert_eq!(of("ends_at"), of("starts_at"));
    let entries = calendar(&scene).await;
    assert_eq!(entries.len(), 2);
    assert!(entries[1].contains("RECURRENCE-ID;VALUE=DATE:20320914"), "{entries:?}");
    assert!(entries[1].contains("DTSTART;VALUE=DATE:20320915"), "{entries:?}");
    scene.daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_showings_of_a_day_become_one_day_and_two_again(#[case] kind: Kind) {
    let case = case(include_str!("../../data/cases/05-two-shows-become-allday.json"));
    let scene = Scene::new(kind, &case["create"]).await;
    scene.register(0..6).await;
    let before = scene.shown().await;
    let cancelled = format!("/occurrences/{}", scene.occurrences().await[5]["id"].as_str().expect("an id"));
    scene.ada.poke(&format!("{cancelled}/cancel")).await.expect(200);
    scene.change(case["patch_event"].clone()).await;
    let mut days = scene.shown().await;
    days.sort();
    let both = |day: &str| [format!("{day} bob"), format!("{day} bob cancelled")];
    assert_eq!(days, [both("09-07"), both("09-08"), both("09-09")].concat());
    // The three days as the rule has them.
    assert_eq!(calendar(&scene).await.len(), 1);

    let rule = json!({"rrule": "FREQ=DAILY;BYHOUR=15,20;COUNT=6"});
    let undo = json!({"all_day": false, "starts_at": "2032-09-07T15:00:00", "duration": "PT1H",
        "recurrence": rule});
    scene.change(undo).await;
    let [others @ .., last] = &before[..] else { panic!("six occurrences") };
    assert_eq!(scene.shown().await, [others, &[format!("{last} cancelled")]].concat());
    calendar(&scene).await;
    scene.daemon.check().await;
}

/// What an occurrence shows of its event.
fn inherited(occurrence: &Value) -> Value {
    let mut shown = serde_json::Map::new();
    for field in
        ["starts_at", "ends_at", "url", "timezone", "all_day", "category", "tags", "waitlist_enabled"]
    {
        shown.insert(field.to_owned(), occurrence[field].clone());
    }
    shown.into()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_does_not_change(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let now = daemon.db.core.now();
    // Three days ago the first occurrence was ahead. Two are over, and the third is half a day ahead.
    daemon.db.clock.set(now.minus(6 * HALF_A_DAY));
    let start =
        now.minus(3 * HALF_A_DAY).in_zone(chrono_tz::Europe::Berlin).format("%Y-%m-%dT%H:%M:%S").to_string();
    let event = new_event().starts_at(start.as_str()).timezone("Europe/Berlin").duration("PT1H");
    let event = event.rule("FREQ=DAILY;COUNT=6").category("concert").tags(["jazz", "live"]);
    let actor = Actor::user(ada.id(), Role::User);
    let event: EventId = daemon.db.core.create_event(&actor, &event.input()).await.expect("an event").id;
    daemon.db.clock.set(now);
    let scene = Scene { bob: daemon.user("bob").await, path: format!("/events/{event}"), ada, daemon };

    let before = scene.occurrences().await;
    let ids = |occurrences: &[Value]| occurrences.iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    let url = json!("https://meet.example.org/now");
    for patch in [
        json!({"url": url, "tags": ["rock"], "category": "festival", "waitlist_enabled": false}),
        json!({"timezone": "Europe/London", "url": null, "tags": []}),
        json!({"all_day": true, "starts_at": &start[..10], "duration": "P1D"}),
        json!({"timezone": "America/New_York", "url": "https://meet.example.org/later"}),
    ] {
        scene.change(patch.clone()).await;
        let after = scene.occurrences().await;
        for (was, is) in before[..2].iter().zip(&after) {
            assert_eq!((&was["id"], inherited(was)), (&is["id"], inherited(is)), "{patch}");
        }
        for (field, value) in patch.as_object().expect("fields") {
            if !["starts_at", "duration"].contains(&field.as_str()) {
                let last = &after.last().expect("an occurrence")[field];
                assert_eq!(last, value, "{field} of occurrences that are not over");
            }
        }
        calendar(&scene).await;
    }
    assert_eq!(ids(&scene.occurrences().await)[..2], ids(&before)[..2]);
    assert_eq!(shown(&scene.ada, &scene.path).await.len(), 6);
    scene.daemon.check().await;
}
