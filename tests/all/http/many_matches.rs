//! Totals of many matches say that they are a lower bound.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Daemon, Kind, new_event};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn above_ten_thousand_matches_a_total_is_a_lower_bound(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    for number in 0..6 {
        let event = new_event()
            .title(format!("Market {number}"))
            .starts_at("2031-01-01T10:00:00")
            .category("festival")
            .rule("FREQ=DAILY;COUNT=1700");
        ada.post("/events", event.json()).await.expect(201);
    }
    let totals = async |path: &str| {
        let answer = ada.get(path).await.expect(200).json();
        (answer["total"].clone(), answer["total_relation"].clone())
    };
    let at_least = (json!(10_000), json!("at_least"));
    for filter in ["q=market", "title=mark", "title=ma", "available=true", "q=market+-nowhere"] {
        assert_eq!(totals(&format!("/occurrences?limit=1&count=true&{filter}")).await, at_least, "{filter}");
        assert_eq!(totals(&format!("/occurrences/facets?{filter}")).await, at_least, "{filter}");
        // The events are few.
        let events = totals(&format!("/events?limit=1&count=true&{filter}")).await;
        assert_eq!(events, (json!(6), Value::Null), "{filter}");
    }
    // Others are exact.
    for filter in ["", "q=%22market+2%22", "category=festival"] {
        let exact = if filter.starts_with('q') { 1_700 } else { 10_200 };
        let counted = totals(&format!("/occurrences?limit=1&count=true&{filter}")).await;
        assert_eq!(counted, (json!(exact), Value::Null), "{filter}");
        let facets = ada.get(&format!("/occurrences/facets?{filter}")).await.expect(200).json();
        assert_eq!(facets["categories"], json!([{"category": "festival", "count": exact}]), "{filter}");
        assert_eq!((&facets["total"], &facets["total_relation"]), (&json!(exact), &Value::Null), "{filter}");
    }
}
