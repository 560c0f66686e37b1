//! 3,852 real conferences, found by every combination of filters as a plain model in Rust finds them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{Datelike, NaiveDate, TimeZone};
use chrono_tz::Tz;
use eventcore::Actor;
use eventcore::fold::fold;
use rstest::rstest;
use serde_json::Value;
use tests::{Client, Daemon, Kind, Random, TestDb, ids_of, new_event, url_encoded};

/// A row of the file, as an event.
struct Conference {
    id: String,
    title: String,
    location: String,
    folded_title: String,
    folded_location: String,
    organizer: usize,
    /// In microseconds.
    starts_at: i64,
}

fn rows() -> Vec<Value> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/conferences.jsonl");
    std::fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Moved by ten years into the future; 29 February becomes the 28th if necessary.
fn ten_years_later(date: &str) -> NaiveDate {
    let date: NaiveDate = date.parse().unwrap();
    let year = date.year() + 10;
    date.with_year(year).or_else(|| date.with_day(28)?.with_year(year)).unwrap()
}

async fn load(db: &TestDb, organizers: &[Actor]) -> Vec<Conference> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().trim().to_owned();
    let (mut inputs, mut conferences) = (Vec::new(), Vec::new());
    for (i, row) in rows().iter().enumerate() {
        let (title, city) = (text(row, "name"), text(row, "city"));
        let location = match city.as_str() {
            "" => "online".to_owned(),
            city => format!("{city}, {}", text(row, "country")),
        };
        let organizer = i % organizers.len();
        let tz: Tz = text(row, "timezone").parse().unwrap();
        let start = ten_years_later(&text(row, "start_date")).and_hms_opt(9, 0, 0).unwrap();
        let event = new_event()
            .title(title.clone())
            .location(location.clone())
            .starts_at(start.format("%Y-%m-%dT%H:%M:%S").to_string())
            .timezone(tz.name())
            .capacity(100)
            .description(format!("A conference on {}", text(row, "topic")));
        inputs.push((organizers[organizer], event.input()));
        conferences.push(Conference {
            id: String::new(),
            folded_title: fold(&title),
            folded_location: fold(&location),
            title,
            location,
            organizer,
            starts_at: tz.from_local_datetime(&start).earliest().unwrap().timestamp_micros(),
        });
    }
    assert_eq!(conferences.len(), 3_852);
    for (conference, event) in conferences.iter_mut().zip(db.create_events(&inputs).await) {
        conference.id = event.next_occurrence.unwrap().id.to_string();
    }
    conferences
}

/// A part of the text of a conference, in another case.
fn excerpt(random: &mut Random, text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let start = random.below(letters.len());
    let length = 1 + random.below(6.min(letters.len() - start));
    let piece: String = letters[start..start + length].iter().collect();
    if random.one_in(2) { piece.to_uppercase() } else { piece }
}

/// A query, and the results of the model.
fn query(random: &mut Random, all: &[Conference], organizers: &[Client]) -> (String, Vec<String>) {
    let mut parameters: BTreeMap<&str, String> = BTreeMap::new();
    let mut found: Vec<&Conference> = all.iter().collect();
    let sample = &all[random.below(all.len())];
    if random.one_in(2) {
        let needle = excerpt(random, &sample.title);
        let folded = fold(&needle);
        found.retain(|c| c.folded_title.contains(&folded));
        parameters.insert("title", url_encoded(&needle));
    }
    if random.one_in(2) {
        let needle = excerpt(random, &sample.location);
        let folded = fold(&needle);
        found.retain(|c| c.folded_location.contains(&folded));
        parameters.insert("location", url_encoded(&needle));
    }
    if random.one_in(3) {
        let at = chrono::DateTime::from_timestamp_micros(sample.starts_at).unwrap();
        found.retain(|c| c.starts_at >= sample.starts_at);
        parameters.insert("from", url_encoded(&at.to_rfc3339()));
    }
    if random.one_in(3) {
        let tz = [Tz::UTC, Tz::Asia__Tokyo, Tz::America__Los_Angeles][random.below(3)];
        let day = chrono::DateTime::from_timestamp_micros(all[random.below(all.len())].starts_at)
            .unwrap()
            .with_timezone(&tz)
            .date_naive();
        let end = tz
            .from_local_datetime(&day.succ_opt().unwrap().and_hms_opt(0, 0, 0).unwrap())
            .earliest()
            .unwrap()
            .timestamp_micros();
        found.retain(|c| c.starts_at < end);
        parameters.insert("to", day.to_string());
        parameters.insert("tz", url_encoded(tz.name()));
    }
    if random.one_in(4) {
        let organizer = random.below(organizers.len());
        found.retain(|c| c.organizer == organizer);
        parameters.insert("organizer", organizers[organizer].id().to_string());
    }
    let descending = random.one_in(3);
    if descending {
        parameters.insert("sort", "-starts_at".to_owned());
    }
    found.sort_by(|a, b| (a.starts_at, &a.id).cmp(&(b.starts_at, &b.id)));
    if descending {
        found.reverse();
    }
    parameters.insert("limit", (20 + random.below(81)).to_string());
    let text: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    (format!("/occurrences?{}", text.join("&")), found.iter().map(|c| c.id.clone()).collect())
}

/// Reads all pages forwards and backwards.
async fn read(client: &Client, path: &str) -> (Vec<String>, Vec<String>, i64) {
    let mut page = client.get(&format!("{path}&count=true")).await.expect(200).json();
    let total = page["total"].as_i64().unwrap();
    let mut there = ids_of(&page);
    while let Some(next) = page["next"].as_str() {
        page = client.get(&format!("{path}&cursor={next}")).await.expect(200).json();
        there.extend(ids_of(&page));
    }
    let mut back = vec![ids_of(&page)];
    while let Some(previous) = page["previous"].as_str() {
        page = client.get(&format!("{path}&cursor={previous}")).await.expect(200).json();
        back.push(ids_of(&page));
    }
    (there, back.into_iter().rev().flatten().collect(), total)
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_real_conferences_are_found(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let actors = daemon.db.people(["ada", "bob", "eve"]).await;
    let all = load(&daemon.db, &actors).await;
    let mut organizers = Vec::new();
    for actor in &actors {
        organizers.push(daemon.signed_in(actor).await);
    }
    let anonymous = daemon.anonymous();
    let mut random = Random(7);
    for round in 0..300 {
        let (path, expected) = query(&mut random, &all, &organizers);
        // Long lists are read completely now and then; otherwise the first page and the total suffice.
        if expected.len() > 400 && round % 25 != 0 {
            let page = anonymous.get(&format!("{path}&count=true")).await.expect(200).json();
            assert_eq!(page["total"], expected.len(), "{path}");
            assert!(expected.starts_with(&ids_of(&page)), "{path}");
            continue;
        }
        let (there, back, total) = read(&anonymous, &path).await;
        assert_eq!(there, expected, "{path}");
        assert_eq!(back, expected, "{path}, backwards");
        assert_eq!(usize::try_from(total).unwrap(), expected.len(), "{path}");
    }

    // While another client inserts and deletes, unchanged events appear once and in order.
    let stop = Arc::new(AtomicBool::new(false));
    let meddler = tokio::spawn({
        let (stop, client) = (stop.clone(), organizers[0].clone());
        async move {
            let mut random = Random(11);
            while !stop.load(Ordering::Relaxed) {
                let day = NaiveDate::from_yo_opt(
                    2030 + i32::try_from(random.below(6)).unwrap(),
                    1 + u32::try_from(random.below(365)).unwrap(),
                )
                .unwrap();
                let body =
                    new_event().title("Meddler").starts_at(format!("{day}T09:00:00")).capacity(1).json();
                let id = client.post("/events", body).await.expect(201).id();
                client.delete(&format!("/events/{id}")).await.expect(204);
            }
        }
    });
    let mut expected: Vec<&Conference> = all.iter().collect();
    expected.sort_by(|a, b| (a.starts_at, &a.id).cmp(&(b.starts_at, &b.id)));
    let expected: Vec<&str> = expected.iter().map(|c| c.id.as_str()).collect();
    for _ in 0..2 {
        let items = anonymous.all("/occurrences?limit=100").await;
        let seen: Vec<&str> = items
            .iter()
            .filter(|item| item["title"] != "Meddler")
            .map(|item| item["id"].as_str().unwrap())
            .collect();
        assert_eq!(seen, expected);
    }
    stop.store(true, Ordering::Relaxed);
    meddler.await.unwrap();
    daemon.db.check().await;
}
