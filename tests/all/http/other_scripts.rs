//! Search in scripts other than Latin, and in texts with characters that nobody sees.

use eventcore::db::{Queries, Sql};
use rstest::rstest;
use serde_json::Value;
use tests::{Client, Daemon, Kind, TestDb, new_event_in_2031, url_encoded};

const CASES: &str = include_str!("../../data/cases/08-fold-other-scripts.json");

fn cases() -> Value {
    serde_json::from_str(CASES).unwrap()
}

/// Pairs of a query and a title.
fn pairs(name: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    cases()[name].as_object().unwrap().iter().map(|(query, title)| (query.clone(), text(title))).collect()
}

/// The titles that a query finds, by words and as a part of the title.
async fn found(client: &Client, query: &str) -> [Vec<String>; 2] {
    let titles = async |filter: &str| {
        let path = format!("/occurrences?limit=100&{filter}={}", url_encoded(query));
        let page = client.get(&path).await.expect(200).json();
        let items = page["items"].as_array().unwrap().iter();
        items.map(|occurrence| occurrence["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    [titles("q").await, titles("title").await]
}

async fn create_all(client: &Client) {
    let titles = cases()["events"].as_array().unwrap().iter().map(|event| event["title"].clone()).collect();
    let more = pairs("must_find").into_iter().map(|(_, title)| Value::from(title));
    for title in [titles, more.collect::<Vec<_>>()].concat() {
        client.post("/events", new_event_in_2031().title(title).json()).await.expect(201);
    }
    for tag in cases()["tags_that_must_stay_two"][0].as_array().unwrap() {
        let event = new_event_in_2031().title("Tagged").set("tags", vec![tag.clone()]);
        client.post("/events", event.json()).await.expect(201);
    }
}

async fn check_all(client: &Client) {
    for (query, title) in pairs("must_not_find") {
        for titles in found(client, &query).await {
            assert!(!titles.contains(&title), "{query} finds {titles:?}");
        }
    }
    for (query, title) in pairs("must_find") {
        for titles in found(client, &query).await {
            assert_eq!(titles, [title.as_str()], "{query}");
        }
    }
    for event in cases()["events"].as_array().unwrap() {
        let title = event["title"].as_str().unwrap();
        assert_eq!(found(client, title).await, [[title], [title]].map(|one| one.map(str::to_owned).to_vec()));
    }
    let tags = cases()["tags_that_must_stay_two"][0].clone();
    for tag in tags.as_array().unwrap() {
        let path = format!("/occurrences?tag={}", url_encoded(tag.as_str().unwrap()));
        let found = client.get(&path).await.expect(200).json();
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{tag}");
        assert_eq!(found["items"][0]["tags"], Value::from(vec![tag.clone()]));
    }
    let counts = client.get("/tags").await.expect(200).json();
    assert_eq!(counts["items"].as_array().unwrap().len(), 2, "{counts}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_make_another_word_and_invisible_characters_do_not(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    create_all(&ada).await;
    check_all(&ada).await;
    // Both are tags of one event.
    let both = new_event_in_2031().tags(["ハハ", "パパ"]);
    assert_eq!(
        ada.post("/events", both.json()).await.expect(201).json()["tags"].as_array().unwrap().len(),
        2
    );
    daemon.check().await;
}

/// What an earlier version stored: marks were removed from letters of all scripts.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_that_another_version_folded_are_folded_anew(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let daemon = Daemon::on(db, &["--workers", "0"]).await;
    let ada = daemon.user("ada").await;
    create_all(&ada).await;
    let db = daemon.kill().await;
    let mut tx = db.core.db().begin().await.unwrap();
    for sql in [
        "UPDATE search_documents SET title = 'ハハ', tokens = ' ハ ハ ', title_end = 4, head_end = 4",
        "UPDATE event_tags SET folded = 'ハハ'",
        "UPDATE users SET search_text = ''",
        "DELETE FROM settings WHERE key = 'folding'",
    ] {
        tx.query(Sql::portable(sql)).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
    let daemon = Daemon::on(db, &["--workers", "0"]).await;
    let ada = daemon.again(&ada);
    check_all(&ada).await;
    let root = daemon.admin("root").await;
    let users = root.get("/users?q=ada").await.expect(200).json();
    assert_eq!(users["items"].as_array().unwrap().len(), 1, "{users}");
    daemon.check().await;
}
