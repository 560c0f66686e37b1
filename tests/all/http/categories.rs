//! Categories and tags: changed by admins, with redirects from old slugs and counts of public events.

use std::collections::BTreeSet;
use std::time::Duration;

use eventcore::db::{Queries, Sql};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, EventBuilder, Kind, TestDb, new_event_in_2031};

async fn event(organizer: &Client, changes: Value) -> Value {
    organizer.post("/events", new_event_in_2031().with(&changes).json()).await.expect(201).json()
}

async fn upcoming(client: &Client, slug: &str) -> i64 {
    client.get(&format!("/categories/{slug}")).await.expect(200).json()["upcoming_events"].as_i64().unwrap()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_links_lead_to_renamed_and_merged_categories(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, admin, anonymous) = (daemon.user("ada").await, daemon.admin("root").await, daemon.anonymous());
    let first = anonymous.get("/categories").await.expect(200).json();
    let slugs: Vec<&str> =
        first["items"].as_array().unwrap().iter().map(|c| c["slug"].as_str().unwrap()).collect();
    assert_eq!(
        slugs,
        [
            "concert",
            "conference",
            "course",
            "exhibition",
            "festival",
            "meetup",
            "online",
            "other",
            "sports",
            "workshop"
        ]
    );

    let new = json!({"slug": "open-air", "name": "Open air", "colour": "#00AA00"});
    anonymous.post("/categories", new.clone()).await.expect_problem(401, "unauthenticated");
    ada.post("/categories", new.clone()).await.expect_problem(403, "forbidden");
    let made = admin.post("/categories", new.clone()).await.expect(201);
    assert_eq!((&*made.location(), &made.json()["colour"]), ("/categories/open-air", &json!("#00aa00")));
    assert_eq!(
        admin.post("/categories", new).await.expect(400).wrong(),
        [("/slug".to_owned(), "taken".to_owned())]
    );
    assert_eq!(
        admin.post("/categories", json!({"slug": "A b", "colour": "red"})).await.expect(400).wrong().len(),
        3
    );
    let unknown = ada
        .patch(
            &format!("/events/{}", event(&ada, json!({})).await["id"].as_str().unwrap()),
            json!({"category": "nothing"}),
        )
        .await;
    assert_eq!(unknown.expect(400).wrong(), [("/category".to_owned(), "unknown".to_owned())]);

    let id = event(&ada, json!({"category": "open-air"})).await["id"].as_str().unwrap().to_owned();
    for path in ["/categories/open-air", "/categories/concert"] {
        anonymous.patch(path, json!({"name": "x"})).await.expect_problem(401, "unauthenticated");
        ada.patch(path, json!({"name": "x"})).await.expect_problem(403, "forbidden");
        anonymous.delete(path).await.expect_problem(401, "unauthenticated");
        ada.delete(path).await.expect_problem(403, "forbidden");
    }
    let renamed = admin
        .patch("/categories/open-air", json!({"slug": "outdoors", "name": "Outdoors"}))
        .await
        .expect(200)
        .json();
    assert_eq!((&renamed["version"], &renamed["upcoming_events"]), (&json!(2), &json!(1)));
    assert_eq!(
        anonymous.get("/categories/open-air").await.expect(200).json(),
        renamed,
        "the old link leads there"
    );
    assert_eq!(anonymous.get(&format!("/events/{id}")).await.expect(200).json()["category"], "outdoors");
    // Sent by a client that still shows the old slug.
    let moved = ada.patch(&format!("/events/{id}"), json!({"category": "open-air"})).await.expect(200);
    assert_eq!(moved.json()["category"], "outdoors");
    assert_eq!(
        admin.post("/categories", json!({"slug": "open-air", "name": "Again"})).await.expect(400).wrong(),
        [("/slug".to_owned(), "taken".to_owned())]
    );

    for slug in ["open-air", "outdoors"] {
        found_by(&anonymous, slug, "outdoors").await;
    }
    admin.delete("/categories/outdoors").await.expect_problem(409, "category-in-use");
    for heir in ["outdoors", "open-air", "nothing", "%00"] {
        admin
            .delete(&format!("/categories/outdoors?move_to={heir}"))
            .await
            .expect_problem(400, "invalid-input");
    }
    let before = anonymous.get(&format!("/events/{id}")).await.expect(200).json();
    admin.delete("/categories/outdoors?move_to=festival").await.expect(204);
    let after = anonymous.get(&format!("/events/{id}")).await.expect(200).json();
    assert_eq!(
        (&after["category"], &after["next_occurrence"]["category"]),
        (&json!("festival"), &json!("festival"))
    );
    assert_eq!(after["version"].as_i64(), before["version"].as_i64().map(|version| version + 1));
    assert_ne!(after["updated_at"], before["updated_at"]);
    assert_eq!(anonymous.get("/categories/open-air").await.expect(200).json()["slug"], "festival");
    for slug in ["open-air", "outdoors", "festival"] {
        found_by(&anonymous, slug, "festival").await;
    }
    assert_eq!(upcoming(&anonymous, "festival").await, 1);
    admin.delete("/categories/sports").await.expect(204);
    admin.delete("/categories/sports").await.expect_problem(404, "not-found");
}

/// Links to the events of a category work with each of its slugs.
async fn found_by(client: &Client, slug: &str, now: &str) {
    for list in ["/occurrences", "/events"] {
        let page = client.get(&format!("{list}?category={slug}&count=true")).await.expect(200).json();
        assert_eq!(
            (&page["total"], &page["items"][0]["category"]),
            (&json!(1), &json!(now)),
            "{list} {slug}"
        );
    }
    let facets = client.get(&format!("/occurrences/facets?category={slug}")).await.expect(200).json();
    assert_eq!(facets["categories"], json!([{"category": now, "count": 1}]), "{slug}");
    let calendar =
        client.get(&format!("/occurrences/calendar?month=2031-03&category={slug}")).await.expect(200).json();
    assert_eq!(calendar["days"][3]["count"], 1, "{slug}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_hidden_is_counted(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, admin, anonymous) = (daemon.user("ada").await, daemon.admin("root").await, daemon.anonymous());
    let labels = json!({"category": "concert", "tags": ["Jazz", "#jazz", " Café Concert "]});
    let shown = event(&ada, labels.clone()).await;
    assert_eq!(
        (&shown["category"], &shown["tags"], &shown["next_occurrence"]["tags"]),
        (&json!("concert"), &json!(["café concert", "jazz"]), &json!(["café concert", "jazz"]))
    );
    for hidden in
        [json!({"visibility": "private"}), json!({"visibility": "unlisted"}), json!({"status": "draft"})]
    {
        event(&ada, EventBuilder::of(&labels).with(&hidden).json()).await;
    }
    event(
        &ada,
        json!({"category": "concert", "tags": ["jazz"], "recurrence": {"rrule": "FREQ=DAILY;COUNT=3"}}),
    )
    .await;
    // Counts are of public events, also for their organizer.
    for client in [&anonymous, &ada, &admin] {
        assert_eq!(upcoming(client, "concert").await, 2);
        let tags = client.get("/tags").await.expect(200).json();
        assert_eq!(tags["items"], json!([{"tag": "jazz", "count": 2}, {"tag": "café concert", "count": 1}]));
        assert_eq!(
            client.get("/tags?q=CAFE").await.expect(200).json()["items"],
            json!([{"tag": "café concert", "count": 1}])
        );
        assert_eq!(client.get("/tags?q=azz").await.expect(200).json()["items"], json!([]));
    }
    let id = shown["id"].as_str().unwrap();
    let changed = ada
        .patch(&format!("/events/{id}"), json!({"tags": ["blues"], "category": null}))
        .await
        .expect(200)
        .json();
    assert_eq!((&changed["tags"], &changed["category"]), (&json!(["blues"]), &Value::Null));
    assert_eq!(
        anonymous.get("/tags?limit=1").await.expect(200).json()["items"],
        json!([{"tag": "blues", "count": 1}])
    );
    let copy = ada
        .post(&format!("/events/{id}/duplicate"), json!({"starts_at": "2031-05-04T18:30:00Z"}))
        .await
        .expect(201)
        .json();
    assert_eq!(copy["tags"], json!(["blues"]));
    ada.poke(&format!("/events/{id}/cancel")).await.expect(200);
    assert_eq!(anonymous.get("/tags?q=blues").await.expect(200).json()["items"], json!([]));
    assert_eq!(upcoming(&anonymous, "concert").await, 1);
    for bad in ["/tags?limit=0", "/tags?limit=101", "/tags?q=%00", "/tags?p=x"] {
        anonymous.get(bad).await.expect(400);
    }
    let many: Vec<String> = (0..11).map(|n| format!("t{n}")).collect();
    let refused = ada.patch(&format!("/events/{id}"), json!({"tags": many})).await.expect(400);
    assert_eq!(refused.wrong(), [("/tags".to_owned(), "too_many".to_owned())]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_split_series_keeps_its_labels(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let series = event(
        &ada,
        json!({"category": "course", "tags": ["yoga"], "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=4"}}),
    )
    .await;
    let occurrences =
        ada.get(&format!("/events/{}/occurrences", series["id"].as_str().unwrap())).await.expect(200).json();
    let third = occurrences["items"][2]["id"].as_str().unwrap();
    let rest = ada
        .post(&format!("/occurrences/{third}/split"), json!({"category": "sports"}))
        .await
        .expect(201)
        .json();
    assert_eq!((&rest["category"], &rest["tags"]), (&json!("sports"), &json!(["yoga"])));
    assert_eq!(upcoming(&ada, "course").await, 1);
    assert_eq!(upcoming(&ada, "sports").await, 1);
    assert_eq!(ada.get("/tags").await.expect(200).json()["items"], json!([{"tag": "yoga", "count": 2}]));
}

/// Admins rename, merge and delete categories while organizers publish: no event is lost or in a deleted
/// category, and no response is a 500.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn categories_change_while_events_are_published(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let daemons = Daemon::several(&db, &[]).await;
    let (admin, anonymous) = (daemons[0].admin("root").await, daemons[0].anonymous());
    for round in 0..5 {
        admin
            .post("/categories", json!({"slug": format!("round{round}"), "name": "Round"}))
            .await
            .expect(201);
    }
    let mut organizers = tokio::task::JoinSet::new();
    for number in 0..6 {
        let ada = daemons[number % daemons.len()].user(&format!("ada{number}")).await;
        organizers.spawn(async move {
            let mut made = Vec::new();
            for round in 0..15 {
                let category = format!("round{}", round % 5);
                let body = new_event_in_2031().category(category).json();
                // The slug of a category always leads to a category.
                let id = ada.post("/events", body).await.expect(201).id();
                ada.patch(&format!("/events/{id}"), json!({"title": "Night"})).await.expect(200);
                made.push(id);
            }
            made
        });
    }
    let curators = (0..2).map(|curator| {
        let admin = daemons[curator % daemons.len()].again(&admin);
        async move {
            for round in 0..5 {
                let slug = format!("round{round}");
                let renamed = admin
                    .patch(&format!("/categories/{slug}"), json!({"slug": format!("{slug}-{curator}")}))
                    .await;
                assert!([200, 404].contains(&renamed.status.as_u16()), "{renamed:?}");
                // It moves to the successor of the other category, or to the default category.
                let gone = admin.delete(&format!("/categories/{slug}?move_to=other")).await.status.as_u16();
                assert!([204, 400, 404].contains(&gone), "{gone}");
            }
        }
    });
    futures_util::future::join_all(curators).await;
    let made: Vec<String> = organizers.join_all().await.into_iter().flatten().collect();
    let slugs: BTreeSet<String> = anonymous.get("/categories").await.expect(200).json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|category| category["slug"].as_str().unwrap().to_owned())
        .collect();
    // The successor may have been renamed to one of its old slugs.
    let heir = anonymous.get("/categories/other").await.expect(200).json()["slug"].clone();
    let mut inherited = 0;
    for id in &made {
        let event = anonymous.get(&format!("/events/{id}")).await.expect(200).json();
        let category = event["category"].as_str().unwrap();
        assert!(slugs.contains(category), "{category} is gone");
        assert_eq!(event["next_occurrence"]["category"], category);
        inherited += i64::from(heir == category);
    }
    assert_eq!(upcoming(&anonymous, "other").await, inherited);
    db.check().await;
    for daemon in daemons {
        assert!(!daemon.log().contains("ERROR"), "{}", daemon.log());
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn categories_and_tags_are_sorted_alike_on_both_databases(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let admin = daemon.admin("root").await;
    for (slug, name) in [("z", "Zoo"), ("b", "art fair"), ("a", "apple"), ("e", "Ägypten"), ("y", "Élan")] {
        admin.post("/categories", json!({"slug": slug, "name": name})).await.expect(201);
    }
    let all = daemon.anonymous().get("/categories").await.expect(200).json();
    let names: Vec<&str> =
        all["items"].as_array().unwrap().iter().map(|category| category["name"].as_str().unwrap()).collect();
    assert_eq!(names[..5], ["Ägypten", "apple", "art fair", "Concert", "Conference"]);
    assert_eq!((names[6], names[14]), ("Élan", "Zoo"));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_a_category_does_not_wait_for_its_changes(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let mut tx = db.core.db().begin().await.unwrap();
    let hold = Sql::per_dialect(
        "UPDATE categories SET version = version + 1",
        "SELECT id FROM categories ORDER BY id FOR UPDATE",
    );
    tx.query(hold).execute().await.unwrap();
    let read = tokio::time::timeout(Duration::from_secs(5), db.core.category("workshop")).await;
    assert_eq!(read.expect("an answer while it is held").unwrap().version, 1);
    drop(tx);
}
