//! Categories and tags: admins curate, links survive, nothing hidden is counted.

use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, for_each_kind};

async fn event(organizer: &Client, changes: Value) -> Value {
    let mut body =
        json!({"title": "Evening", "location": "Hall", "starts_at": "2031-03-04T18:30:00Z", "capacity": 4});
    eventcore::input::merge_patch(&mut body, changes);
    organizer.post("/events", body).await.expect(201).json()
}

async fn upcoming(client: &Client, slug: &str) -> i64 {
    client.get(&format!("/categories/{slug}")).await.expect(200).json()["upcoming_events"].as_i64().unwrap()
}

async fn curating(kind: Kind) {
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
    assert_eq!(
        (made.header("location"), &made.json()["colour"]),
        ("/api/v1/categories/open-air", &json!("#00aa00"))
    );
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
    // Sent by a client that still has the old page.
    assert_eq!(
        ada.patch(&format!("/events/{id}"), json!({"category": "open-air"})).await.expect(200).json()["category"],
        "outdoors"
    );
    assert_eq!(
        admin.post("/categories", json!({"slug": "open-air", "name": "Again"})).await.expect(400).wrong(),
        [("/slug".to_owned(), "taken".to_owned())]
    );

    admin.delete("/categories/outdoors").await.expect_problem(409, "category-in-use");
    for heir in ["outdoors", "open-air", "nothing", "%00"] {
        admin
            .delete(&format!("/categories/outdoors?move_to={heir}"))
            .await
            .expect_problem(400, "invalid-input");
    }
    admin.delete("/categories/outdoors?move_to=festival").await.expect(204);
    assert_eq!(
        anonymous.get(&format!("/events/{id}")).await.expect(200).json()["next_occurrence"]["category"],
        "festival"
    );
    assert_eq!(anonymous.get("/categories/open-air").await.expect(200).json()["slug"], "festival");
    assert_eq!(upcoming(&anonymous, "festival").await, 1);
    admin.delete("/categories/sports").await.expect(204);
    admin.delete("/categories/sports").await.expect_problem(404, "not-found");
}

mod admins_curate_and_links_survive {
    use super::*;

    for_each_kind!(curating);
}

async fn counting(kind: Kind) {
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
        let mut changes = labels.clone();
        eventcore::input::merge_patch(&mut changes, hidden);
        event(&ada, changes).await;
    }
    event(
        &ada,
        json!({"category": "concert", "tags": ["jazz"], "recurrence": {"rrule": "FREQ=DAILY;COUNT=3"}}),
    )
    .await;
    // For everyone: the organizer too counts what everyone may find.
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

mod nothing_hidden_is_counted {
    use super::*;

    for_each_kind!(counting);
}

async fn splitting(kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let series = event(
        &ada,
        json!({"category": "course", "tags": ["yoga"], "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=4"}}),
    )
    .await;
    let dates =
        ada.get(&format!("/events/{}/occurrences", series["id"].as_str().unwrap())).await.expect(200).json();
    let third = dates["items"][2]["id"].as_str().unwrap();
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

mod a_split_series_keeps_its_labels {
    use super::*;

    for_each_kind!(splitting);
}
