//! Events and occurrences as iCalendar files, read back by independent parsers.

use std::collections::BTreeMap;

use calcard::icalendar::{ICalendar, ICalendarComponentType};
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Client, Daemon, EventBuilder, Kind, new_event, new_event_in_2031};

/// An occurrence as a calendar shows it: start, end, title, and whether it takes place.
type Shown = (String, String, String, bool);

/// A file as a calendar program reads it.
pub(super) struct Reader {
    pub(super) text: String,
}

impl Reader {
    pub(super) fn of(answer: &Answer) -> Self {
        Self::of_text(std::str::from_utf8(&answer.bytes).expect("UTF-8"))
    }

    pub(super) fn of_text(text: &str) -> Self {
        assert!(text.ends_with("END:VCALENDAR\r\n"), "{text}");
        assert!(
            text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(char::is_control)),
            "{text}"
        );
        let parsed = ICalendar::parse(text).expect("a calendar that calcard reads");
        let events = parsed.components.iter().filter(|c| c.component_type == ICalendarComponentType::VEvent);
        assert_eq!(events.count(), text.matches("BEGIN:VEVENT").count());
        Self { text: text.replace("\r\n ", "") }
    }

    /// The entries: for each the values of its properties by name, parameters included.
    pub(super) fn entries(&self) -> Vec<BTreeMap<&str, Vec<&str>>> {
        let entries = self.text.split("BEGIN:VEVENT\r\n").skip(1);
        let properties = entries.map(|entry| {
            let mut properties: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for line in entry.split("\r\n").take_while(|line| *line != "END:VEVENT") {
                properties.entry(line.split([':', ';']).next().expect("a name")).or_default().push(line);
            }
            properties
        });
        properties.collect()
    }

    /// All occurrences, expanded by the rrule crate, with overridden ones in place of the originals.
    fn occurrences(&self) -> Vec<Shown> {
        let entries = self.entries();
        let mut shown: BTreeMap<DateTime<Utc>, Shown> = BTreeMap::new();
        let (others, series): (Vec<_>, Vec<_>) =
            entries.iter().partition(|entry| entry.contains_key("RECURRENCE-ID"));
        for entry in series {
            let length = length(entry);
            for start in starts(entry) {
                shown.insert(start, instance(entry, start, start + length));
            }
        }
        for entry in others {
            let start = time(entry["DTSTART"][0]);
            shown.remove(&time(entry["RECURRENCE-ID"][0]));
            shown.insert(start, instance(entry, start, start + length(entry)));
        }
        let mut occurrences: Vec<_> = shown.into_values().collect();
        occurrences.sort();
        occurrences
    }
}

fn instance(entry: &BTreeMap<&str, Vec<&str>>, start: DateTime<Utc>, end: DateTime<Utc>) -> Shown {
    let title = entry["SUMMARY"][0].strip_prefix("SUMMARY:").expect("a title").replace('\\', "");
    (start.to_rfc3339(), end.to_rfc3339(), title, entry["STATUS"][0] != "STATUS:CANCELLED")
}

fn length(entry: &BTreeMap<&str, Vec<&str>>) -> chrono::TimeDelta {
    match entry.get("DTEND") {
        Some(end) => time(end[0]) - time(entry["DTSTART"][0]),
        None => match entry["DURATION"][0] {
            "DURATION:PT8H" => chrono::TimeDelta::hours(8),
            other => panic!("{other}"),
        },
    }
}

/// The instant of a property. Days begin at midnight UTC; times skipped by the clocks have the offset from
/// before the gap (RFC 5545, 3.3.5).
fn time(line: &str) -> DateTime<Utc> {
    let (name, value) = line.rsplit_once(':').expect("a value");
    let format = if name.ends_with("VALUE=DATE") { "%Y%m%d%H%M%S" } else { "%Y%m%dT%H%M%S" };
    let padded = if name.ends_with("VALUE=DATE") {
        format!("{value}000000")
    } else {
        value.trim_end_matches('Z').to_owned()
    };
    let local = NaiveDateTime::parse_from_str(&padded, format).expect("a time");
    let Some((_, zone)) = name.split_once(";TZID=") else { return local.and_utc() };
    let zone: chrono_tz::Tz = zone.parse().expect("a zone");
    let hour = chrono::TimeDelta::hours(1);
    let shown = zone.from_local_datetime(&local).earliest();
    shown.unwrap_or_else(|| zone.from_local_datetime(&(local - hour)).unwrap() + hour).to_utc()
}

fn starts(entry: &BTreeMap<&str, Vec<&str>>) -> Vec<DateTime<Utc>> {
    let wanted = ["DTSTART", "RRULE", "RDATE", "EXDATE"];
    let mut lines: Vec<_> = wanted.iter().filter_map(|name| entry.get(name)).flatten().copied().collect();
    if !entry.contains_key("RRULE") {
        lines.push("RRULE:FREQ=DAILY;COUNT=1");
    }
    starts_of(&lines.join("\n"))
}

fn starts_of(lines: &str) -> Vec<DateTime<Utc>> {
    // The crate has no days: they are midnight UTC.
    let lines: Vec<_> = lines
        .lines()
        .map(|line| match line.split_once(";VALUE=DATE:") {
            Some((name, days)) => {
                format!(
                    "{name}:{}",
                    days.split(',').map(|day| format!("{day}T000000Z")).collect::<Vec<_>>().join(",")
                )
            }
            None => line.to_owned(),
        })
        .collect();
    let lines = lines.join("\n");
    let set: rrule::RRuleSet = lines.parse().unwrap_or_else(|error| panic!("{lines}: {error}"));
    set.into_iter().take(2_000).map(|start| start.to_utc()).collect()
}

/// The occurrences as the API lists them.
async fn listed(client: &Client, event: &str) -> Vec<Shown> {
    let items = client.all(&format!("/events/{event}/occurrences?limit=100")).await;
    let mut occurrences: Vec<_> = items
        .iter()
        .map(|item| {
            let text = |name: &str| item[name].as_str().expect("text").to_owned();
            let at = |name: &str, days: i64| {
                let text = text(name);
                let day = |_| {
                    (text.parse::<chrono::NaiveDate>().expect("a day") + chrono::TimeDelta::days(days))
                        .and_time(chrono::NaiveTime::MIN)
                        .and_utc()
                };
                DateTime::parse_from_rfc3339(&text).map_or_else(day, |at| at.to_utc()).to_rfc3339()
            };
            (at("starts_at", 0), at("ends_at", 1), text("title"), text("status") == "scheduled")
        })
        .collect();
    occurrences.sort();
    occurrences
}

/// Rules on which calendar programs differ, and rules around clock changes (30 March and 26 October 2031 in
/// Berlin).
fn series() -> Vec<(&'static str, Value)> {
    let berlin = |start: &str, duration: &str, rrule: &str| {
        json!({
            "starts_at": start,
            "timezone": "Europe/Berlin",
            "duration": duration,
            "recurrence": {"rrule": rrule},
        })
    };
    let mut besides = berlin("2031-03-06T18:30:00", "PT1H", "FREQ=WEEKLY;BYDAY=TH;COUNT=8");
    besides["recurrence"]["rdate"] = json!(["2031-03-07T20:00:00", "2031-10-26T01:30:00Z"]);
    besides["recurrence"]["exdate"] = json!(["2031-03-13", "2031-04-03T18:30:00"]);
    vec![
        ("weekly", berlin("2031-03-06T18:30:00", "PT2H", "FREQ=WEEKLY;BYDAY=TH;COUNT=10")),
        ("in the gap", berlin("2031-03-28T02:30:00", "PT1H", "FREQ=DAILY;COUNT=6")),
        ("in the fold", berlin("2031-10-24T02:30:00", "PT1H", "FREQ=DAILY;COUNT=6")),
        ("over night", berlin("2031-03-28T22:00:00", "PT8H", "FREQ=DAILY;COUNT=4")),
        ("first over the change", berlin("2031-03-29T22:00:00", "PT8H", "FREQ=DAILY;COUNT=4")),
        ("by the hour", berlin("2031-10-25T20:00:00", "PT30M", "FREQ=HOURLY;INTERVAL=3;COUNT=8")),
        ("off its rule", berlin("2031-03-06T18:30:00", "PT1H", "FREQ=WEEKLY;BYDAY=MO;COUNT=5")),
        ("until a day", berlin("2031-03-06T18:30:00", "PT1H", "FREQ=WEEKLY;UNTIL=20310417")),
        ("by the week", berlin("2031-03-06T18:30:00", "PT1H", "FREQ=YEARLY;BYWEEKNO=10;COUNT=3")),
        ("besides and lacking", besides),
        (
            "in UTC",
            json!({
                "starts_at": "2031-03-06T18:30:00Z",
                "timezone": "UTC",
                "recurrence": {"rrule": "FREQ=MONTHLY;BYDAY=-1FR;COUNT=4"},
            }),
        ),
        (
            "whole days",
            json!({"all_day": true, "starts_at": "2031-03-28", "ends_at": "2031-03-30",
                "timezone": "Europe/Berlin",
            "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=3;BYHOUR=7", "exdate": ["2031-04-04"]}}),
        ),
    ]
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_shows_exactly_our_occurrences(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, anyone) = (daemon.user("ada").await, daemon.anonymous());
    for (title, schedule) in series() {
        let event = EventBuilder::of(&schedule).title(title).location("Pier").capacity(9);
        let (event, _) = ada.create_event(event).await;
        let file = anyone.get(&format!("/events/{event}.ics")).await.expect(200);
        let reader = Reader::of(&file);
        assert_eq!(reader.occurrences(), listed(&anyone, &event).await, "{}", reader.text);
        // A rule that all programs read alike is exported as a rule, not as a list.
        let is_list = reader.entries()[0]["RRULE"] == ["RRULE:FREQ=DAILY;COUNT=1"];
        assert_eq!(is_list, title == "by the hour", "{}", reader.text);
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_follows_every_change(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, anyone) = (daemon.user("ada").await, daemon.anonymous());
    let body = new_event()
        .title("Rust; evening, \"2031\"")
        .description("Talks\nand pizza")
        .location("Hall 2, Berlin")
        .starts_at("2031-03-06T18:30:00")
        .timezone("Europe/Berlin")
        .capacity(9)
        .category("workshop")
        .tags(["rust"])
        .set("url", "https://example.org/a?b=c;d,e")
        .rule("FREQ=WEEKLY;BYDAY=TH;COUNT=12")
        .json();
    let event = ada.post("/events", body).await.expect(201).id();
    let path = format!("/events/{event}");
    let file = anyone.get(&format!("{path}.ics")).await.expect(200);
    let entry = &Reader::of(&file).entries()[0]
        .iter()
        .map(|(name, lines)| ((*name).to_owned(), lines[0].to_owned()))
        .collect::<BTreeMap<_, _>>();
    for (name, line) in [
        ("UID", format!("UID:{event}").as_str()),
        ("SEQUENCE", "SEQUENCE:0"),
        ("DTSTART", "DTSTART;TZID=Europe/Berlin:20310306T183000"),
        ("DTEND", "DTEND;TZID=Europe/Berlin:20310306T193000"),
        ("RRULE", "RRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=12"),
        ("SUMMARY", "SUMMARY:Rust\\; evening\\, \"2031\""),
        ("DESCRIPTION", "DESCRIPTION:Talks\\nand pizza"),
        ("LOCATION", "LOCATION:Hall 2\\, Berlin"),
        ("URL", "URL:https://example.org/a?b=c;d,e"),
        ("STATUS", "STATUS:CONFIRMED"),
        ("CATEGORIES", "CATEGORIES:Workshop,rust"),
    ] {
        assert_eq!(entry[name], line);
    }
    assert!(!entry.contains_key("ORGANIZER") && !entry.contains_key("CLASS"));

    // One is moved, one has another title, one is cancelled, one is excluded.
    let occurrences = anyone.all(&format!("{path}/occurrences?limit=100")).await;
    let at = |place: usize| format!("/occurrences/{}", occurrences[place]["id"].as_str().expect("an id"));
    ada.patch(&at(3), json!({"starts_at": "2031-03-29T10:00:00", "duration": "PT3H"})).await.expect(200);
    ada.patch(&at(5), json!({"title": "Rust night"})).await.expect(200);
    ada.poke(&format!("{}/cancel", at(6))).await.expect(200);
    ada.delete(&at(7)).await.expect(204);
    let file = anyone.get(&format!("{path}.ics")).await.expect(200);
    let reader = Reader::of(&file);
    let listed = listed(&anyone, &event).await;
    assert_eq!(reader.occurrences(), listed);
    assert_eq!(reader.entries().len(), 4);
    assert!(reader.entries()[0]["SEQUENCE"][0] > "SEQUENCE:0");

    // A single occurrence has the UID of its event, so that calendars do not show it twice.
    let one = Reader::of(&anyone.get(&format!("{}.ics", at(3))).await.expect(200));
    let whole = reader.entries();
    let same = whole.iter().find(|entry| entry.get("RECURRENCE-ID") == one.entries()[0].get("RECURRENCE-ID"));
    assert_eq!(same, Some(&one.entries()[0]));
    assert_eq!(one.entries()[0]["RECURRENCE-ID"], ["RECURRENCE-ID;TZID=Europe/Berlin:20310327T183000"]);

    ada.poke(&format!("{path}/cancel")).await.expect(200);
    let reader = Reader::of(&anyone.get(&format!("{path}.ics")).await.expect(200));
    assert!(reader.occurrences().iter().all(|(.., takes_place)| !takes_place), "{}", reader.text);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calendar_files_are_named_cached_and_protected(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, guest, anyone) = (daemon.user("ada").await, daemon.user("guest").await, daemon.anonymous());
    let made = async |changes: Value| {
        let event = new_event_in_2031()
            .title("Jazz am Fluß")
            .location("Pier")
            .starts_at("2031-03-06T18:30:00Z")
            .with(&changes);
        let event = ada.post("/events", event.json()).await.expect(201).json();
        [event["links"]["ics"].clone(), event["next_occurrence"]["links"]["ics"].clone()].map(|link| {
            link.as_str().and_then(|link| Some(link.split_once("/api/v1")?.1)).expect("a link").to_owned()
        })
    };
    for link in made(json!({})).await {
        let file = anyone.get(&link).await.expect(200);
        assert_eq!(file.header("content-type"), "text/calendar; charset=utf-8");
        assert_eq!(file.header("content-disposition"), "attachment; filename=\"jazz-am-fluss.ics\"");
        assert!(!file.header("last-modified").is_empty());
        let entries = Reader::of(&file).text.matches("BEGIN:VEVENT").count();
        assert!(entries == 1 && !Reader::of(&file).text.contains("RECURRENCE-ID"));
        let known = [("if-none-match", file.header("etag"))];
        let again = anyone.call(Method::GET, &link, None, &known).await.expect(304);
        assert!(again.bytes.is_empty() && again.header("etag") == file.header("etag"));
        assert_eq!(anyone.get(&link).await.bytes, file.bytes);
        anyone.call(Method::GET, &link, None, &[("accept", "text/calendar, */*;q=0.1")]).await.expect(200);
        anyone
            .call(Method::GET, &link, None, &[("accept", "application/json")])
            .await
            .expect_problem(406, "not-acceptable");
        assert_eq!(
            ada.put(&link, json!({})).await.expect_problem(405, "method-not-allowed").header("allow"),
            "GET"
        );
        anyone.get(&format!("{link}?colour=red")).await.expect_problem(400, "unknown-field");
    }
    // Permissions are those of the event: unlisted by link, private for registered users only.
    for link in made(json!({"visibility": "unlisted"})).await {
        anyone.get(&link).await.expect(200);
    }
    let private = made(json!({"visibility": "private"})).await;
    let occurrence = private[1].strip_suffix(".ics").expect("a file");
    for link in &private {
        anyone.get(link).await.expect_problem(404, "not-found");
        guest.get(link).await.expect_problem(404, "not-found");
    }
    ada.post(&format!("{occurrence}/registrations"), json!({"user_id": guest.id()})).await.expect(201);
    for link in &private {
        assert!(Reader::of(&guest.get(link).await.expect(200)).text.contains("\r\nCLASS:PRIVATE\r\n"));
    }
    for link in made(json!({"status": "draft"})).await {
        guest.get(&link).await.expect_problem(404, "not-found");
        assert!(Reader::of(&ada.get(&link).await.expect(200)).text.contains("\r\nSTATUS:TENTATIVE\r\n"));
    }
    for nothing in [
        "/events/.ics",
        "/events/x.ics",
        "/occurrences/0198aaaa-0000-7000-8000-000000000000.ics",
        "/events/x.icsx",
        "/calendars/others.ics",
    ] {
        anyone.get(nothing).await.expect_problem(404, "not-found");
    }
}
