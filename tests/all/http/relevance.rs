//! Pages by relevance, in both directions, while others publish, rename, move and delete events: unchanged
//! ones appear once and in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, Random, new_event};

/// The number of unchanged events in each part of the list.
const UNCHANGED_EACH: usize = 40;

/// The field that contains the word: title, tag, location or description.
const PLACES: [fn(&str) -> Value; 4] = [
    |word| json!({"title": format!("An evening of {word}")}),
    |word| json!({"tags": [word]}),
    |word| json!({"location": format!("{word} hall")}),
    |word| json!({"description": format!("There may be {word} as well")}),
];

fn event(random: &mut Random, place: usize, word: &str) -> Value {
    let day =
        chrono::NaiveDate::from_ymd_opt(2031, 1, 1).unwrap() + chrono::Days::new(random.below(60) as u64);
    new_event()
        .location("Somewhere")
        .starts_at(format!("{day}T{:02}:00:00Z", random.below(24)))
        .capacity(9)
        .with(&PLACES[place](word))
        .json()
}

/// Creates, renames, moves and deletes events that match the same query, until it is stopped.
async fn change_other_events(client: Client, stop: Arc<AtomicBool>, written: Arc<AtomicUsize>, seed: u64) {
    let mut random = Random(seed);
    let mut mine: Vec<String> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        match random.below(5) {
            // Few, so that readers of pages reach the end.
            0..=1 if mine.len() < 10 => {
                let place = random.below(4);
                let mut body = event(&mut random, place, "marimba");
                body["url"] = json!("https://meddler.example/");
                mine.push(client.post("/events", body).await.expect(201).id());
            }
            2 if !mine.is_empty() => {
                let id = mine.swap_remove(random.below(mine.len()));
                client.delete(&format!("/events/{id}")).await.expect(204);
            }
            3 if !mine.is_empty() => {
                let day = chrono::NaiveDate::from_ymd_opt(2031, 1, 1).unwrap()
                    + chrono::Days::new(random.below(60) as u64);
                let id = random.pick(&mine);
                client
                    .patch(&format!("/events/{id}"), json!({"starts_at": format!("{day}T12:00:00Z")}))
                    .await
                    .expect(200);
            }
            _ if !mine.is_empty() => {
                let change = PLACES[random.below(4)]("marimba");
                let id = random.pick(&mine);
                client.patch(&format!("/events/{id}"), change).await.expect(200);
            }
            _ => {}
        }
        written.fetch_add(1, Ordering::Relaxed);
    }
}

/// The unchanged events in the order of pages of this size, forwards or backwards.
async fn seen(client: &Client, path: &str) -> (Vec<String>, Vec<String>) {
    let still = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .filter(|item| item["url"].is_null())
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut page = client.get(path).await.expect(200).json();
    let mut there = still(&page);
    while let Some(next) = page["next"].as_str() {
        page = client.get(&format!("{path}&cursor={next}")).await.expect(200).json();
        there.extend(still(&page));
    }
    let mut back = vec![still(&page)];
    while let Some(previous) = page["previous"].as_str() {
        page = client.get(&format!("{path}&cursor={previous}")).await.expect(200).json();
        back.push(still(&page));
    }
    (there, back.into_iter().rev().flatten().collect())
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_are_sorted_by_relevance_while_events_change(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, anonymous) = (daemon.user("ada").await, daemon.anonymous());
    let mut random = Random(8);
    let mut made = Vec::new();
    for number in 0..UNCHANGED_EACH * 4 {
        let body = event(&mut random, number % 4, "marimba");
        let event = ada.post("/events", body).await.expect(201).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        // In the title before tags and location, and those before the description.
        let rank = [0, 1, 1, 2][number % 4];
        made.push((
            rank,
            text(&event["starts_at"]),
            text(&event["next_occurrence"]["id"]),
            text(&event["id"]),
        ));
    }
    made.sort();
    let occurrences: Vec<String> = made.iter().map(|(.., occurrence, _)| occurrence.clone()).collect();
    let events: Vec<String> = made.iter().map(|(.., event)| event.clone()).collect();

    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut meddlers = tokio::task::JoinSet::new();
    for seed in 1..=3 {
        let client = daemon.user(&format!("meddler{seed}")).await;
        meddlers.spawn(change_other_events(client, stop.clone(), written.clone(), seed));
    }
    for limit in [2, 7, 100, 33] {
        for (list, expected) in [("occurrences", &occurrences), ("events", &events)] {
            let before = written.load(Ordering::Relaxed);
            for words in ["marimba", "marim", "evening+marimba+-trombone"] {
                // Reading pages of two takes many requests, so only one query is read that way.
                if limit == 2 && words != "marim" {
                    continue;
                }
                let path = format!("/{list}?q={words}&sort=relevance&limit={limit}");
                let (there, back) = seen(&anonymous, &path).await;
                // With two words the order is another, but each event appears once, in both directions.
                if words.contains("evening") {
                    let still: std::collections::BTreeSet<_> = there.iter().collect();
                    assert_eq!(still.len(), there.len(), "{path}: each once");
                    assert!(there.len() >= UNCHANGED_EACH, "{path}");
                    assert_eq!(back, there, "{path}, backwards");
                } else {
                    assert_eq!(&there, expected, "{path}");
                    assert_eq!(&back, expected, "{path}, backwards");
                }
            }
            assert!(written.load(Ordering::Relaxed) > before, "others wrote meanwhile");
        }
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(meddler) = meddlers.join_next().await {
        meddler.unwrap();
    }
    daemon.db.check().await;
    assert!(!daemon.log().contains("ERROR"), "{}", daemon.log());
}
