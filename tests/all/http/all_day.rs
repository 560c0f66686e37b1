//! All-day occurrences are on a day of their own time zone, whatever time zone is requested.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, new_event};

async fn titles(client: &Client, query: &str) -> Vec<String> {
    let occurrences = client.all(&format!("/occurrences?{query}")).await;
    occurrences.iter().map(|occurrence| occurrence["title"].as_str().unwrap().to_owned()).collect()
}

/// The days of a month with occurrences, and their counts.
async fn days_with_counts(client: &Client, query: &str) -> Vec<(String, i64)> {
    let month = client.get(&format!("/occurrences/calendar?{query}")).await.expect(200).json();
    let days = month["days"].as_array().unwrap().iter();
    days.map(|day| (day["date"].as_str().unwrap().to_owned(), day["count"].as_i64().unwrap()))
        .filter(|(_, count)| *count > 0)
        .collect()
}

async fn months(client: &Client, query: &str) -> Value {
    client.get(&format!("/occurrences/facets?{query}")).await.expect(200).json()["months"].clone()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_day_occurrences_are_on_the_day_of_their_own_time_zone(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let all_day = |title: &str, day: &str, timezone: &str| {
        new_event().title(title).set("all_day", true).starts_at(day).timezone(timezone).capacity(9).json()
    };
    let fair = ada.post("/events", all_day("Fair", "2031-04-01", "Pacific/Auckland")).await.expect(201).id();
    ada.post("/events", all_day("Walk", "2031-04-01", "Pacific/Pago_Pago")).await.expect(201);
    let talk = new_event().title("Talk").starts_at("2031-04-01T12:00:00Z").capacity(9).json();
    ada.post("/events", talk).await.expect(201);

    for tz in ["UTC", "Pacific/Auckland", "Pacific/Pago_Pago", "America/New_York"] {
        let day = format!("from=2031-04-01&to=2031-04-01&tz={tz}");
        // In Auckland the talk is after midnight.
        let with_times = tz != "Pacific/Auckland";
        let mut expected = vec!["Fair", "Walk", "Talk"];
        expected.retain(|title| with_times || *title != "Talk");
        assert_eq!(titles(&ada, &day).await, expected, "{tz}");
        let count = if with_times { 3 } else { 2 };
        let mut on_days = vec![("2031-04-01".to_owned(), count)];
        on_days.extend((!with_times).then(|| ("2031-04-02".to_owned(), 1)));
        assert_eq!(days_with_counts(&ada, &format!("month=2031-04&tz={tz}")).await, on_days, "{tz}");
        assert_eq!(days_with_counts(&ada, &format!("month=2031-03&tz={tz}")).await, [], "{tz}");
        let april = json!([{"month": "2031-04", "count": 3}]);
        assert_eq!(months(&ada, &format!("from=2031-01-01&tz={tz}")).await, april, "{tz}");
        assert_eq!(titles(&ada, &format!("from=2031-04-03&tz={tz}")).await, [""; 0], "{tz}");
        assert_eq!(titles(&ada, &format!("to=2031-03-31&tz={tz}")).await, [""; 0], "{tz}");
        let events = ada.all(&format!("/events?{day}")).await;
        assert_eq!(events.len(), expected.len(), "{tz}");
        let occurrences = ada.all(&format!("/events/{fair}/occurrences?{day}")).await;
        assert_eq!(occurrences.len(), 1, "{tz}");
    }
    // With instants, the fair starts at midnight of its own time zone.
    assert_eq!(titles(&ada, "from=2031-04-01T00:00:00Z&sort=-starts_at").await, ["Talk", "Walk"]);
    moved(&ada, &fair).await;
}

/// Pages, and occurrences that are moved or get times.
async fn moved(ada: &Client, fair: &str) {
    let day = "from=2031-04-01&to=2031-04-01";
    let first = ada.get(&format!("/occurrences?{day}&limit=1")).await.expect(200).json();
    assert_eq!(first["items"][0]["title"], "Fair");
    let cursor = first["next"].as_str().unwrap();
    let second = ada.get(&format!("/occurrences?{day}&limit=1&cursor={cursor}")).await.expect(200).json();
    assert_eq!(second["items"][0]["title"], "Walk");
    let back = second["previous"].as_str().unwrap();
    let before = ada.get(&format!("/occurrences?{day}&limit=1&cursor={back}")).await.expect(200).json();
    assert_eq!(before["items"], first["items"]);

    let id = first["items"][0]["id"].as_str().unwrap();
    ada.patch(&format!("/occurrences/{id}"), json!({"starts_at": "2031-05-01"})).await.expect(200);
    assert_eq!(days_with_counts(ada, "month=2031-05").await, [("2031-05-01".to_owned(), 1)]);
    ada.patch(&format!("/occurrences/{id}"), json!({"starts_at": null})).await.expect(200);
    assert_eq!(days_with_counts(ada, "month=2031-05").await, []);
    let with_times =
        json!({"all_day": false, "starts_at": "2031-04-01T09:00:00", "ends_at": null, "duration": "PT1H"});
    ada.patch(&format!("/events/{fair}"), with_times).await.expect(200);
    // Nine in the morning in Auckland is the day before in UTC.
    assert_eq!(days_with_counts(ada, "month=2031-03").await, [("2031-03-31".to_owned(), 1)]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tags_may_be_required_at_once(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let tags: Vec<String> = (0..10).map(|n| format!("tag{n}")).collect();
    let body = |title: &str, tags: &[String]| {
        new_event().title(title).starts_at("2031-04-01T12:00:00Z").capacity(9).set("tags", tags).json()
    };
    ada.post("/events", body("All", &tags)).await.expect(201);
    ada.post("/events", body("Some", &tags[..5])).await.expect(201);
    let query = |tags: &[String]| tags.iter().map(|tag| format!("tag={tag}")).collect::<Vec<_>>().join("&");
    assert_eq!(titles(&ada, &query(&tags)).await, ["All"]);
    assert_eq!(titles(&ada, &query(&tags[..5])).await.len(), 2);
    assert_eq!(titles(&ada, &query(&tags[..6])).await, ["All"]);
    // Repeated tags, and tags in another case, count once.
    let again: Vec<String> = tags.iter().cycle().take(15).map(|tag| tag.to_uppercase()).collect();
    assert_eq!(titles(&ada, &query(&again)).await, ["All"]);
    let more: Vec<String> = (0..20).map(|n| format!("tag{n}")).collect();
    assert_eq!(titles(&ada, &query(&more)).await, [""; 0], "no event has so many");
    let relevant = format!("q=all&sort=relevance&{}", query(&tags));
    assert_eq!(titles(&ada, &relevant).await, ["All"]);
}

/// Berlin's 8 to 10 December was found on the 7th by a reader in UTC, and Honolulu's 8 to 9 on the 10th by
/// one in Berlin.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_day_occurrences_overlap_their_own_days_only(#[case] kind: Kind) {
    let case = include_str!("../../data/cases/10-lasting-allday-neighbour-days.json");
    // At a time that is not past, with the same weekdays.
    let case: Value = serde_json::from_str(&case.replace("2026-12", "2037-12")).unwrap();
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    for event in case["create"].as_array().unwrap() {
        ada.post("/events", event.clone()).await.expect(201);
    }
    for (path, wanted) in case["get"].as_array().unwrap().iter().zip(case["wanted"].as_array().unwrap()) {
        let query = path.as_str().unwrap().strip_prefix("/occurrences/lasting?").unwrap();
        let found = titles(&ada, &format!("overlaps=true&{query}")).await;
        let wanted = wanted.as_str().unwrap().replace("nothing", "");
        assert_eq!(found.join(", "), wanted, "{query}");
    }
    for tz in ["Pacific/Honolulu", "UTC", "Pacific/Kiritimati"] {
        for (day, expected) in [
            ("07", &[][..]),
            ("08", &["Berlin 8-10", "Honolulu 8-9"]),
            ("09", &["Berlin 8-10", "Honolulu 8-9"]),
            ("10", &["Berlin 8-10"]),
            ("11", &[]),
        ] {
            let query = format!("overlaps=true&from=2037-12-{day}&to=2037-12-{day}&tz={tz}");
            assert_eq!(titles(&ada, &query).await, expected, "{query}");
        }
        let counts: Vec<_> =
            (8..=10).map(|day| (format!("2037-12-{day:02}"), if day < 10 { 2 } else { 1 })).collect();
        for overlaps in ["", "&overlaps=true"] {
            assert_eq!(days_with_counts(&ada, &format!("month=2037-12&tz={tz}{overlaps}")).await, counts);
        }
    }
    ada.get("/occurrences/lasting").await.expect_problem(404, "not-found");
    ada.get("/occurrences?overlaps=maybe").await.expect_problem(400, "invalid-input");
}
