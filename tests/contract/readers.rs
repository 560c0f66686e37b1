//! Exported calendars as icalendar with recurring-ical-events, ical.js and libical read them: random events
//! with overrides, edits, turns to all-day and clock changes have the occurrences that the API tells, instant
//! for instant.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;
use serde_json::{Value, json};
use tests::{Client, Daemon, EventBuilder, Kind, Random, new_event};
use tokio::process::Command;

use crate::program;

/// Random events. `READERS_EVENTS` names another number.
const EVENTS: usize = 500;
/// Begin and end of occurrences, in seconds since 1970. Days begin at midnight UTC.
type Spans = Vec<(i64, i64)>;

/// Zones whose clocks change at midnight, by half an hour, on irregular days, backwards in summer, or never.
const ZONES: [&str; 14] = [
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/Santiago",
    "America/Havana",
    "America/Asuncion",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Jerusalem",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "UTC",
];
const RULES: [&str; 17] = [
    "FREQ=WEEKLY;COUNT=20",
    "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=30",
    "FREQ=WEEKLY;INTERVAL=2;UNTIL=20290601T000000Z",
    "FREQ=WEEKLY;INTERVAL=3;BYDAY=SA,SU;WKST=SU;COUNT=24",
    "FREQ=DAILY;COUNT=40",
    "FREQ=DAILY;INTERVAL=9;COUNT=60",
    "FREQ=DAILY;INTERVAL=2;UNTIL=20280401T000000Z",
    "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=40",
    "FREQ=DAILY;INTERVAL=3;BYDAY=MO,TU,WE,TH,FR;COUNT=20",
    "FREQ=DAILY;BYMONTHDAY=1,10,-1;COUNT=20",
    "FREQ=DAILY;BYMONTH=3,11;COUNT=70",
    "FREQ=DAILY;BYMONTH=3,5,11;BYDAY=SA,SU;UNTIL=20290601T000000Z",
    "FREQ=MONTHLY;COUNT=24",
    "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=18",
    "FREQ=MONTHLY;BYDAY=-1SU;COUNT=24",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=24",
    "FREQ=YEARLY;BYMONTH=3,11;BYDAY=2SU;COUNT=6",
];

/// Compares what each reader shows. Returns what differs.
pub(crate) async fn read() -> Option<String> {
    let (Some(python), Some(packages), Some(libical)) =
        (std::env::var_os("CALDAV_PYTHON"), std::env::var_os("READERS"), std::env::var_os("LIBICAL"))
    else {
        return Some("start this by tests/contract/run, which installs the readers".to_owned());
    };
    let events = std::env::var("READERS_EVENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(EVENTS);
    let daemon = Daemon::start(Kind::Sqlite).await;
    let folder = tempfile::tempdir().expect("a folder");
    let ada = daemon.user("ada").await;
    let mut random = Random(11);
    let mut wanted = BTreeMap::new();
    for number in 0..events {
        let name = format!("{number:04}");
        let (id, edits) = edited_event(&ada, &mut random).await;
        let file = ada.get(&format!("/events/{id}.ics")).await.expect(200);
        std::fs::write(folder.path().join(format!("{name}.ics")), &file.bytes).expect("a file");
        let occurrences = ada.all(&format!("/events/{id}/occurrences?limit=100")).await;
        let mut spans: Spans =
            occurrences.iter().filter(|one| one["status"] != "cancelled").map(span).collect();
        spans.sort_unstable();
        let zone = ada.get(&format!("/events/{id}")).await.expect(200).json()["timezone"].clone();
        let zone = zone.as_str().and_then(|zone| zone.parse().ok()).expect("a zone");
        wanted.insert(name, Wanted { spans, zone, edits });
    }

    let here = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/contract/readers"));
    let files = wanted.keys().map(|name| folder.path().join(format!("{name}.ics")));
    let mut commands = [Command::new(python), Command::new("node"), Command::new(libical)];
    commands[0].arg(here.join("read.py")).arg(folder.path()).env("PYTHONDONTWRITEBYTECODE", "1");
    // The zones of PyPI's tzdata instead of the system's, which can be older.
    commands[0].env("PYTHONTZPATH", "");
    commands[1].arg(here.join("read.mjs")).arg(folder.path()).env("PACKAGES", packages);
    commands[2].args(files);
    let mut wrong = Vec::new();
    for (reader, command) in ["icalendar", "ical.js", "libical"].into_iter().zip(commands) {
        let printed = match program::run(command, String::new()).await {
            Ok(printed) => printed,
            Err(why) => {
                wrong.push(format!("{reader}: {why}"));
                continue;
            }
        };
        let shown = shown(&printed);
        for (name, Wanted { spans, zone, edits }) in &wanted {
            let found = shown.get(name).map(Vec::as_slice).unwrap_or_default();
            // Only the first is right for a time that a clock shows twice (RFC 5545, 3.3.5), but ical.js and
            // libical take the second where the clock has just been turned back.
            let (wanted, found) = match reader {
                "icalendar" => (spans.clone(), found.to_vec()),
                _ => (with_first_hours(spans, *zone), with_first_hours(found, *zone)),
            };
            if wanted != found {
                let file = std::fs::read_to_string(folder.path().join(format!("{name}.ics")));
                wrong.push(difference(reader, &wanted, &found, edits) + &file.unwrap_or_default());
            }
        }
    }
    let spans: usize = wanted.values().map(|wanted| wanted.spans.len()).sum();
    println!("contract: three readers of {events} files with {spans} occurrences: {} differ", wrong.len());
    // The first are enough to read.
    (!wrong.is_empty()).then(|| format!("== readers: {}", wrong[..wrong.len().min(5)].join("\n")))
}

/// What a file is to show.
struct Wanted {
    spans: Spans,
    zone: Tz,
    /// The requests that made the event.
    edits: String,
}

/// The spans, with the first of two instants for times that the clocks of the zone show twice. If that is the
/// start, without the end, because the length depends on which it is.
fn with_first_hours(spans: &[(i64, i64)], zone: Tz) -> Spans {
    let first = |at: i64| match local(at, zone).map(|local| zone.from_local_datetime(&local)) {
        Some(LocalResult::Ambiguous(first, _)) => Some(first.timestamp()),
        _ => None,
    };
    let both = |&(start, end): &(i64, i64)| match first(start) {
        Some(start) => (start, 0),
        None => (start, first(end).unwrap_or(end)),
    };
    let mut spans: Spans = spans.iter().map(both).collect();
    spans.sort_unstable();
    spans
}

/// What the clocks of a zone show.
fn local(at: i64, zone: Tz) -> Option<NaiveDateTime> {
    Some(DateTime::from_timestamp(at, 0)?.with_timezone(&zone).naive_local())
}

/// What a reader lacks and has too much.
fn difference(reader: &str, wanted: &[(i64, i64)], found: &[(i64, i64)], edits: &str) -> String {
    let only_in = |these: &[(i64, i64)], those: &[(i64, i64)]| {
        let alone = these.iter().filter(|span| !those.contains(span));
        let texts = alone.take(5).map(|(start, end)| {
            let text = |at: &i64| DateTime::from_timestamp(*at, 0).map(|at| at.to_rfc3339());
            format!("{}–{}", text(start).unwrap_or_default(), text(end).unwrap_or_default())
        });
        texts.collect::<Vec<_>>().join(", ")
    };
    format!(
        "{reader} lacks {}; shows {}, which do not exist\n{edits}\n",
        only_in(wanted, found),
        only_in(found, wanted)
    )
}

/// The lines of a reader.
fn shown(output: &str) -> BTreeMap<String, Spans> {
    let lines = output.lines().map(|line| {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default().to_owned();
        let span = |word: &str| {
            let (start, end) = word.split_once('/')?;
            Some((start.parse().ok()?, end.parse().ok()?))
        };
        let mut spans: Spans = words.map(|word| span(word).expect("start/end")).collect();
        spans.sort_unstable();
        (name, spans)
    });
    lines.collect()
}

/// The begin and the end of an occurrence, as the API tells.
fn span(occurrence: &Value) -> (i64, i64) {
    let at = |field: &str| {
        let text = occurrence[field].as_str().expect("a time");
        match text.parse::<NaiveDate>() {
            Ok(day) => day.and_time(NaiveTime::MIN).and_utc().timestamp(),
            Err(_) => DateTime::parse_from_rfc3339(text).expect("an instant").timestamp(),
        }
    };
    // The last day is part of an occurrence of whole days.
    let day = if occurrence["all_day"] == true { 86_400 } else { 0 };
    (at("starts_at"), at("ends_at") + day)
}

/// Creates an event and edits it at random. Returns its id and what was done.
async fn edited_event(ada: &Client, random: &mut Random) -> (String, String) {
    let (id, mut done) = loop {
        let event = random_event(random).json();
        let answer = ada.post("/events", event.clone()).await;
        // A start that the clocks skip is refused.
        if answer.status != 400 {
            break (answer.expect(201).id(), event.to_string());
        }
    };
    let occurrences = ada.all(&format!("/events/{id}/occurrences?limit=100")).await;
    for _ in 0..random.below(7) {
        let edit = random_edit(random, &id, &occurrences);
        let (method, path, body) = &edit;
        let answer = match *method {
            "PATCH" => ada.patch(path, body.clone()).await,
            "DELETE" => ada.delete(path).await,
            _ => ada.poke(path).await,
        };
        // Some are refused, such as one of an occurrence that an earlier one deleted. None may fail.
        assert!(answer.status.as_u16() < 500, "{edit:?}: {}", answer.status);
        done += &format!("\n{method} {path} {body}: {}", answer.status);
    }
    (id, done)
}

fn random_day(random: &mut Random) -> NaiveDate {
    // Clocks change in March and April, in October and November.
    let month = *random.pick(&[1, 2, 3, 3, 3, 4, 6, 9, 10, 10, 11]);
    let day = 1 + u32::try_from(random.below(28)).expect("a day");
    NaiveDate::from_ymd_opt(2027, month, day).expect("a day")
}

fn random_time(random: &mut Random) -> &'static str {
    // Some are skipped or repeated when clocks change.
    *random.pick(&[
        "00:00:00", "00:30:00", "01:30:00", "02:00:00", "02:30:00", "03:15:00", "18:30:00", "23:45:00",
    ])
}

fn random_event(random: &mut Random) -> EventBuilder {
    let zone = *random.pick(&ZONES);
    let day = random_day(random);
    let mut event = new_event().timezone(zone);
    let is_all_day = random.one_in(4);
    let start = if is_all_day { day.to_string() } else { format!("{day}T{}", random_time(random)) };
    event = event.starts_at(start.clone());
    if is_all_day {
        let last = day + chrono::Days::new(random.below(3) as u64);
        event = event.set("all_day", true).ends_at(last.to_string());
    } else {
        event = event.duration(*random.pick(&["PT45M", "PT2H", "PT8H", "PT30H"]));
    }
    if random.one_in(8) {
        return event;
    }
    let mut recurrence = json!({"rrule": *random.pick(&RULES)});
    if is_all_day {
        let rule = recurrence["rrule"].as_str().expect("a rule").replace("T000000Z", "");
        recurrence["rrule"] = json!(rule);
    }
    if random.one_in(2) {
        let more = (0..=random.below(3)).map(|_| {
            let later = day + chrono::Days::new(1 + random.below(400) as u64);
            if is_all_day { later.to_string() } else { format!("{later}T{}", random_time(random)) }
        });
        recurrence["rdate"] = json!(more.collect::<Vec<_>>());
    }
    if random.one_in(3) {
        recurrence["exdate"] = json!([start]);
    }
    event.set("recurrence", recurrence)
}

/// A request: method, path and body.
fn random_edit(random: &mut Random, event: &str, occurrences: &[Value]) -> (&'static str, String, Value) {
    let whole = format!("/events/{event}");
    let day = random_day(random);
    if occurrences.is_empty() || random.one_in(3) {
        let body = match random.below(5) {
            0 => json!({"timezone": *random.pick(&ZONES)}),
            1 => json!({"starts_at": format!("{day}T{}", random_time(random))}),
            2 => json!({"all_day": true, "starts_at": day.to_string(), "ends_at": day.to_string()}),
            3 => json!({
                "all_day": false, "starts_at": format!("{day}T{}", random_time(random)), "duration": "PT90M",
            }),
            _ => json!({"recurrence": {"rrule": *random.pick(&RULES)}}),
        };
        return ("PATCH", whole, body);
    }
    let one = random.pick(occurrences);
    let path = format!("/occurrences/{}", one["id"].as_str().expect("an id"));
    let start = one["starts_at"].as_str().expect("a time");
    match random.below(6) {
        0 => ("POST", format!("{path}/cancel"), Value::Null),
        1 => ("POST", format!("{path}/restore"), Value::Null),
        2 => ("DELETE", path, Value::Null),
        3 => ("PATCH", path, json!({"title": "Another title"})),
        4 => ("PATCH", path, json!({"starts_at": null})),
        _ if one["all_day"] == true => ("PATCH", path, json!({"starts_at": day.to_string()})),
        _ => ("PATCH", path, json!({"starts_at": format!("{}T{}", &start[..10], random_time(random))})),
    }
}
