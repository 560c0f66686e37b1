//! The entries of calendar files as programs that differ in their reading take them: SEQUENCE, starts, and
//! the offsets of time zones.

use chrono::{DateTime, NaiveDateTime};
use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, EventBuilder, Kind, new_event_in_2031};

use super::calendars::Reader;

async fn read(client: &Client, path: &str) -> Reader {
    Reader::of(&client.get(path).await.expect(200))
}

/// The numbers of all entries, and the latest LAST-MODIFIED.
fn numbers(file: &Reader) -> (Vec<i64>, String) {
    let entries = file.entries();
    let number = |line: &str| line.strip_prefix("SEQUENCE:").and_then(|n| n.parse().ok()).expect("a number");
    let modified = entries.iter().map(|entry| entry["LAST-MODIFIED"][0].to_owned()).max().expect("an entry");
    (entries.iter().map(|entry| number(entry["SEQUENCE"][0])).collect(), modified)
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sequence_rises_with_every_change_and_never_falls(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, bob, root) = (daemon.user("ada").await, daemon.user("bob").await, daemon.admin("root").await);
    for slug in ["often", "other-one"] {
        root.post("/categories", json!({"slug": slug, "name": slug})).await.expect(201);
    }
    let series =
        new_event_in_2031().timezone("Europe/Berlin").rule("FREQ=WEEKLY;COUNT=8").category("often").json();
    let event = ada.post("/events", series).await.expect(201).id();
    let (path, file) = (format!("/events/{event}"), format!("/events/{event}.ics"));
    let occurrences = ada.occurrences(&event).await;
    let [first, second, third] = [0, 1, 2].map(|place| format!("/occurrences/{}", occurrences[place]));
    let (mut last, mut modified) = numbers(&read(&ada, &file).await);
    assert_eq!(last, [0]);

    let changes: Vec<(&Client, &str, &str, Value)> = vec![
        (&ada, "PATCH", &first, json!({"title": "Night"})),
        (&ada, "PATCH", &second, json!({"starts_at": "2031-03-12T10:00:00"})),
        (&ada, "PATCH", &first, json!({"location": "Pier"})),
        (&ada, "PATCH", &path, json!({"title": "Dusk"})),
        (&ada, "PATCH", &first, json!({"title": null, "location": null})),
        (&ada, "PATCH", &second, json!({"starts_at": null})),
        (&ada, "POST", &third, json!("cancel")),
        (&ada, "POST", &third, json!("restore")),
        (&ada, "DELETE", &third, Value::Null),
        (&root, "PATCH", "/categories/often", json!({"name": "Very often"})),
        (&root, "PATCH", "/categories/often", json!({"name": "Too often"})),
        (&ada, "PATCH", &path, json!({"category": "other-one"})),
        (&root, "PATCH", "/categories/other-one", json!({"name": "Another"})),
        (&root, "DELETE", "/categories/other-one?move_to=workshop", Value::Null),
        (&ada, "PATCH", &path, json!({"category": null})),
        (&ada, "PATCH", &path, json!({"timezone": "Africa/Cairo"})),
        (&ada, "POST", &path, json!("cancel")),
    ];
    for (who, method, target, body) in changes {
        let step = format!("{method} {target} {body}");
        let answer = match method {
            "PATCH" => who.patch(target, body).await,
            "DELETE" => who.delete(target).await,
            _ => who.poke(&format!("{target}/{}", body.as_str().expect("a verb"))).await,
        };
        assert!(answer.status.is_success(), "{step}: {}", answer.status);
        let reader = read(&ada, &file).await;
        let (now, dated) = numbers(&reader);
        let greatest = last.iter().max().expect("a number");
        assert!(now.iter().all(|number| number > greatest), "{step}: {last:?}, then {now:?}");
        assert!(dated >= modified, "{step}: {modified}, then {dated}");
        // The file of one occurrence has the same number.
        let (alone, _) = numbers(&read(&ada, &format!("{second}.ics")).await);
        assert_eq!(alone, [now[0]], "{step}");
        (last, modified) = (now, dated);
    }

    // What calendars do not show changes nothing in them.
    let (event, occurrence) = ada.create_event(new_event_in_2031()).await;
    let before = ada.get(&format!("/events/{event}.ics")).await.expect(200);
    bob.register(&occurrence, 2).await.expect(201);
    assert_eq!(ada.get(&format!("/events/{event}.ics")).await.expect(200).bytes, before.bytes);
}

/// The lines of a file that tell when its entry takes place.
fn schedule(file: &Reader) -> Vec<String> {
    let entry = file.entries().swap_remove(0);
    let named = ["DTSTART", "RRULE", "RDATE", "EXDATE"].into_iter().filter_map(|name| entry.get(name));
    named.flatten().map(|line| (*line).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_that_take_dtstart_or_only_the_recurrence_show_each_start_once() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    let dtstart = "DTSTART:20310304T183000Z";
    let by_rule = json!(["2031-03-04T18:30:00Z", "2031-03-06T18:30:00Z"]);
    for (recurrence, expected) in [
        // The start is by the rule: libical and ical.js would show it twice if it were an RDATE too.
        (
            json!({"rrule": "FREQ=WEEKLY;COUNT=2", "rdate": by_rule}),
            vec![dtstart, "RRULE:FREQ=WEEKLY;COUNT=2", "RDATE:20310306T183000Z"],
        ),
        // They would not show it at all if nothing but DTSTART told it.
        (
            json!({"rrule": "FREQ=WEEKLY;BYDAY=MO;UNTIL=20310311"}),
            vec![dtstart, "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20310311T235959Z", "RDATE:20310304T183000Z"],
        ),
        (
            json!({"rdate": ["2031-03-06T18:30:00Z"]}),
            vec![dtstart, "RRULE:FREQ=DAILY;COUNT=1", "RDATE:20310306T183000Z"],
        ),
    ] {
        let event = new_event_in_2031().set("recurrence", recurrence.clone());
        let (event, _) = ada.create_event(event).await;
        let file = read(&ada, &format!("/events/{event}.ics")).await;
        assert_eq!(schedule(&file), expected, "{recurrence}");
    }
}

/// A change of the offset, in seconds, at a local time by the offset before.
struct Onset {
    local: NaiveDateTime,
    before: i64,
    after: i64,
}

/// The onsets of the one time zone of a file, as a program has them that computes those of a component by
/// DTSTART and RRULE, and knows no RDATE.
fn onsets(file: &Reader) -> Vec<Onset> {
    let (_, zone) = file.text.split_once("BEGIN:VTIMEZONE").expect("a time zone");
    let (zone, _) = zone.split_once("END:VTIMEZONE").expect("its end");
    let mut onsets = Vec::new();
    for component in zone.split("BEGIN:").skip(1) {
        let value = |name: &str| component.lines().find_map(|line| line.strip_prefix(name));
        let offset = |name| {
            let text = value(name).expect("an offset");
            let number =
                |range: std::ops::Range<usize>| text.get(range).map_or(0, |n| n.parse().unwrap_or(0));
            let seconds: i64 = number(1..3) * 3600 + number(3..5) * 60 + number(5..7);
            if text.starts_with('-') { -seconds } else { seconds }
        };
        let (before, after) = (offset("TZOFFSETFROM:"), offset("TZOFFSETTO:"));
        let first = value("DTSTART:").expect("an onset");
        let rule = value("RRULE:").unwrap_or("FREQ=DAILY;COUNT=1");
        let set = format!("DTSTART:{first}Z\nRRULE:{rule}");
        let set: rrule::RRuleSet = set.parse().expect("a rule");
        onsets.extend(set.into_iter().take(60).map(|at| Onset { local: at.naive_utc(), before, after }));
    }
    onsets
}

impl Onset {
    fn instant(&self) -> i64 {
        self.local.and_utc().timestamp() - self.before
    }
}

/// The instant of a local time by the latest onset before it.
fn instant(onsets: &[Onset], local: NaiveDateTime) -> i64 {
    let begun = onsets.iter().filter(|onset| onset.local <= local);
    local.and_utc().timestamp() - begun.max_by_key(|onset| onset.instant()).expect("an onset").after
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_that_know_no_zone_by_name_show_irregular_ones_at_the_right_hour() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    for zone in [
        "Africa/Cairo",
        "America/Santiago",
        "Asia/Gaza",
        "Africa/Casablanca",
        "Asia/Jerusalem",
        "Asia/Beirut",
        "Europe/Berlin",
        "America/New_York",
    ] {
        let event: EventBuilder = new_event_in_2031().timezone(zone).rule("FREQ=WEEKLY;COUNT=160");
        let (event, _) = ada.create_event(event).await;
        let file = read(&ada, &format!("/events/{event}.ics")).await;
        let onsets = onsets(&file);
        let listed = ada.all(&format!("/events/{event}/occurrences?limit=100")).await;
        assert_eq!(listed.len(), 160);
        for occurrence in listed {
            let starts = DateTime::parse_from_rfc3339(occurrence["starts_at"].as_str().expect("a start"));
            let starts = starts.expect("an instant");
            assert_eq!(instant(&onsets, starts.naive_local()), starts.timestamp(), "{zone} {starts}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_exist_is_404_whatever_the_client_accepts() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    let (event, occurrence) = ada.create_event(new_event_in_2031()).await;
    let nothing = "0198aaaa-0000-7000-8000-000000000000";
    for accept in ["application/json", "text/calendar", "image/png", "text/html", "*/*;q=0"] {
        let headers = [("accept", accept)];
        for path in [
            "/nothing".to_owned(),
            "/calendars/nothing.ics".to_owned(),
            "/calendars/categories/nothing.ics".to_owned(),
            format!("/events/{nothing}"),
            format!("/events/{nothing}.ics"),
            format!("/occurrences/{nothing}.ics"),
            format!("/occurrences/{nothing}/registrations"),
        ] {
            for method in [Method::GET, Method::HEAD] {
                let answer = ada.call(method.clone(), &path, None, &headers).await;
                assert_eq!(answer.status, 404, "{method} {path} {accept}");
            }
        }
    }
    // What exists has a type.
    for path in [format!("/events/{event}.ics"), format!("/occurrences/{occurrence}")] {
        let answer = ada.call(Method::GET, &path, None, &[("accept", "image/png")]).await;
        answer.expect_problem(406, "not-acceptable");
    }
    let headers = [("accept", "image/png")];
    let created = ada.call(Method::POST, "/events", Some(new_event_in_2031().json()), &headers).await;
    created.expect_problem(406, "not-acceptable");
    assert_eq!(ada.all("/occurrences").await.len(), 1);
}
