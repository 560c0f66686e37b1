//! How a client finds its way: the index, usernames in paths, absolute links, and what is said in words.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Daemon, Kind, TestDb, new_event_in_2031};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_begins_with_an_index_of_links_that_work() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    let base = format!("http://{}", daemon.address());
    for path in ["/api/v1", "/api/v1/"] {
        let index = daemon.anonymous().raw(Method::GET, path, Vec::new(), &[]).await.expect(200).json();
        assert_eq!(index["name"], "eventd");
        let links = index["links"].as_object().unwrap();
        assert!(links.len() >= 10, "{index}");
        for (name, link) in links {
            let path = link.as_str().unwrap().strip_prefix(&base).unwrap_or_else(|| panic!("{link}"));
            let found = ada.raw(Method::GET, path, Vec::new(), &[]).await.status.as_u16();
            assert_eq!(found, if name == "sign_in" { 405 } else { 200 }, "{name} {link}");
        }
    }
    daemon.anonymous().get("?x=1").await.expect_problem(400, "unknown-field");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_username_leads_to_a_profile_and_its_events(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    ada.post("/events", new_event_in_2031().title("Hers").json()).await.expect(201);
    bob.post("/events", new_event_in_2031().json()).await.expect(201);
    let by_id = bob.get(&format!("/users/{}", ada.id())).await.expect(200).json();
    for name in ["ada", "ADA"] {
        assert_eq!(bob.get(&format!("/users/{name}")).await.expect(200).json(), by_id);
    }
    let mut fields: Vec<&String> = by_id.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["display_name", "id", "links", "username"], "nothing private");
    let events = by_id["links"]["events"].as_str().unwrap().split_once("/api/v1").unwrap().1;
    let listed = daemon.anonymous().all(events).await;
    assert_eq!((listed.len(), &listed[0]["title"]), (1, &json!("Hers")));
    // One's own name leads to the whole account, as `me` does.
    assert_eq!(ada.get("/users/ada").await.expect(200).json(), ada.get("/users/me").await.expect(200).json());
    for unknown in ["/users/eve", "/users/01890000-0000-7000-8000-000000000000", "/users/a%20b"] {
        bob.get(unknown).await.expect_problem(404, "not-found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn co_organizers_are_named_by_username() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let [ada, bob, cid] = daemon.users(["ada", "bob", "cid"]).await;
    let event = ada.post("/events", new_event_in_2031().json()).await.expect(201).id();
    let path = |user: &str| format!("/events/{event}/organizers/{user}");
    ada.put(&path("bob"), json!({})).await.expect(204);
    ada.put(&path(&cid.id().to_string()), json!({})).await.expect(204);
    assert_eq!(ada.get(&path("Bob")).await.expect(200).json()["username"], "bob");
    bob.patch(&format!("/events/{event}"), json!({"title": "Ours"})).await.expect(200);
    ada.put(&path("eve"), json!({})).await.expect_problem(404, "not-found");
    bob.put(&path("cid"), json!({})).await.expect_problem(403, "forbidden");
    daemon.anonymous().put(&path("eve"), json!({})).await.expect_problem(401, "unauthenticated");
    bob.delete(&path("me")).await.expect(204);
    ada.delete(&path("cid")).await.expect(204);
    assert_eq!(ada.get(&format!("/events/{event}")).await.expect(200).json()["co_organizers"], json!([]));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn descriptions_come_as_html_and_recurrences_in_words(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let body =
        new_event_in_2031().description("Talks and *pizza* <script>").rule("FREQ=WEEKLY;BYDAY=TU;COUNT=3");
    let (event, occurrence) = ada.create_event(body).await;
    let (single, _) = ada.create_event(new_event_in_2031().title("Single")).await;
    bob.register(&occurrence, 1).await.expect(201);
    let html = "<p>Talks and <em>pizza</em> &lt;script&gt;</p>\n";
    let words = json!("every Tuesday, 3 times");
    let preview =
        json!({"starts_at": "2031-03-04T18:30:00Z", "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=TU;COUNT=3"}});
    assert_eq!(ada.post("/recurrence/preview", preview).await.expect(200).json()["text"], words);
    for path in [
        format!("/events/{event}"),
        format!("/occurrences/{occurrence}"),
        format!("/events?event={event}"),
        format!("/occurrences?event={event}"),
        format!("/events/{event}/occurrences"),
    ] {
        let plain = bob.get(&path).await.expect(200).json();
        let glue = if path.contains('?') { '&' } else { '?' };
        let rich = bob.get(&format!("{path}{glue}html=true")).await.expect(200).json();
        let first = |answer: &Value| answer.get("items").map_or(answer.clone(), |items| items[0].clone());
        let (plain, rich) = (first(&plain), first(&rich));
        assert!(plain.get("description_html").is_none(), "{path}");
        assert_eq!(rich["description_html"], html, "{path}");
        assert_eq!(plain["recurrence"]["text"], words, "{path}");
        if let Some(next) = rich.get("next_occurrence") {
            assert_eq!((&next["description_html"], &next["recurrence"]["text"]), (&json!(html), &words));
        }
    }
    let mine = bob.get("/registrations").await.expect(200).json();
    assert_eq!(mine["items"][0]["occurrence"]["recurrence"]["text"], words);
    let single = bob.get(&format!("/events/{single}")).await.expect(200).json();
    assert_eq!(
        (&single["recurrence"], &single["next_occurrence"]["recurrence"]),
        (&json!(null), &json!(null))
    );
    let refused = bob.get(&format!("/events/{event}?html=maybe")).await.expect_problem(400, "invalid-input");
    assert_eq!(refused.wrong(), [("/html".to_owned(), "invalid".to_owned())]);
    // What was read with them can be put back.
    let path = format!("/events/{event}");
    let read = ada.get(&format!("{path}?html=true")).await.expect(200).json();
    assert_eq!(ada.put(&path, read.clone()).await.expect(200).json()["version"], read["version"]);
    let mut changed = read;
    changed["recurrence"]["text"] = json!("never");
    let wrong = ada.put(&path, changed).await.expect_problem(400, "invalid-input").wrong();
    assert_eq!(wrong, [("/recurrence/text".to_owned(), "read_only".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_links_are_absolute() {
    let base = "https://events.example.org/app";
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let daemon = Daemon::on(db, &["--public-url", &format!("{base}/")]).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let created =
        ada.post("/events", new_event_in_2031().rule("FREQ=DAILY;COUNT=3").json()).await.expect(201);
    let event = created.json();
    let id = created.id();
    let occurrence = event["next_occurrence"]["id"].as_str().unwrap().to_owned();
    assert_eq!(created.header("location"), format!("{base}/api/v1/events/{id}"));
    let registered = bob.register(&occurrence, 1).await.expect(201);
    assert_eq!(registered.header("location"), format!("{base}/api/v1/occurrences/{occurrence}/registration"));

    let (of_event, of_occurrence) =
        (format!("{base}/api/v1/events/{id}.ics"), format!("{base}/api/v1/occurrences/{occurrence}.ics"));
    let list = ada.get("/occurrences?limit=1").await.expect(200);
    assert!(
        list.header("link").starts_with(&format!("<{base}/api/v1/occurrences?")),
        "{}",
        list.header("link")
    );
    let change = json!({"title": "Changed"});
    for (event, found) in [
        (true, event),
        (true, ada.get(&format!("/events/{id}")).await.expect(200).json()),
        (true, ada.patch(&format!("/events/{id}"), change.clone()).await.expect(200).json()),
        (true, ada.get("/events").await.expect(200).json()["items"][0].clone()),
        (true, ada.get("/users/me/export").await.expect(200).json()["events"][0].clone()),
        (false, list.json()["items"][0].clone()),
        (false, ada.get(&format!("/occurrences/{occurrence}")).await.expect(200).json()),
        (false, ada.patch(&format!("/occurrences/{occurrence}"), change).await.expect(200).json()),
        (false, ada.get(&format!("/events/{id}/occurrences")).await.expect(200).json()["items"][0].clone()),
        (false, bob.get("/registrations").await.expect(200).json()["items"][0]["occurrence"].clone()),
    ] {
        if event {
            assert_eq!(found["links"]["ics"], of_event);
            assert_eq!(found["links"]["page"], format!("{base}/events/{id}"));
            assert_eq!(found["next_occurrence"]["links"]["ics"], of_occurrence);
        } else {
            assert_eq!(found["links"]["ics"], of_occurrence);
            assert_eq!(found["links"]["page"], format!("{base}/occurrences/{occurrence}"));
        }
    }
    let registration = registered.json();
    let ticket = format!("{base}/tickets/{}", registration["ticket_code"].as_str().unwrap());
    let registration = registration["id"].as_str().unwrap();
    let list = format!("/occurrences/{occurrence}/registrations");
    for found in [
        registered.json(),
        bob.get(&format!("/occurrences/{occurrence}/registration")).await.expect(200).json(),
        bob.get(&format!("/registrations/{registration}")).await.expect(200).json(),
        bob.get("/registrations").await.expect(200).json()["items"][0].clone(),
        bob.get("/users/me/export").await.expect(200).json()["registrations"][0].clone(),
        ada.get(&list).await.expect(200).json()["items"][0].clone(),
        ada.post(&list, json!({"username": "bob"})).await.expect(200).json(),
        ada.poke(&format!("/registrations/{registration}/check-in")).await.expect(200).json(),
        ada.post("/check-in", json!({"code": &ticket[ticket.len() - 34..], "occurrence_id": occurrence}))
            .await
            .expect(200)
            .json(),
    ] {
        assert_eq!(found["links"]["page"], ticket, "{found}");
    }
    // A repeated POST gets the same address.
    let key = [("idempotency-key", "once")];
    let body = new_event_in_2031().json();
    let first = ada.call(Method::POST, "/events", Some(body.clone()), &key).await.expect(201);
    let again = ada.call(Method::POST, "/events", Some(body), &key).await.expect(201);
    assert_eq!(again.header("location"), format!("{base}/api/v1/events/{}", first.id()));
    let split =
        ada.get(&format!("/events/{id}/occurrences")).await.expect(200).json()["items"][1]["id"].clone();
    let split = ada.poke(&format!("/occurrences/{}/split", split.as_str().unwrap())).await.expect(201);
    assert_eq!(split.json()["links"]["ics"], format!("{base}/api/v1/events/{}.ics", split.id()));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_and_occurrences_have_links_to_the_calendars_that_people_use(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, anyone) = (daemon.user("ada").await, daemon.anonymous());
    let series = new_event_in_2031().title("Rust & more").timezone("Europe/Berlin");
    let (event, occurrence) = ada.create_event(series.rule("FREQ=WEEKLY;BYDAY=TU;COUNT=4")).await;
    for path in [format!("/events/{event}"), format!("/occurrences/{occurrence}")] {
        let links = anyone.get(&path).await.expect(200).json()["links"].clone();
        let link = |name: &str| links[name].as_str().unwrap_or_else(|| panic!("{path} {name}")).to_owned();
        for (name, form) in [
            ("google", "https://calendar.google.com/calendar/render?action=TEMPLATE&text=Rust%20%26%20more&"),
            ("outlook", "https://outlook.live.com/calendar/0/deeplink/compose?rru=addevent&subject=Rust%20"),
            (
                "office365",
                "https://outlook.office.com/calendar/0/deeplink/compose?rru=addevent&subject=Rust%20",
            ),
            ("yahoo", "https://calendar.yahoo.com/?v=60&title=Rust%20%26%20more&st=20310304T173000Z&"),
        ] {
            assert!(link(name).starts_with(form), "{path} {}", link(name));
        }
        // Only the form of Google takes a rule, which is that of the series.
        let recurs = link("google").contains("&recur=RRULE:FREQ%3DWEEKLY%3BBYDAY%3DTU%3BCOUNT%3D4");
        assert_eq!(recurs, path.starts_with("/events/"), "{path}");
        // Programs replace the scheme of a webcal address by that of the web.
        assert_eq!(link("webcal"), link("ics").replacen("http", "webcal", 1));
        let address = link("webcal").replacen(&format!("webcal://{}/api/v1", daemon.address()), "", 1);
        let file = anyone.get(&address).await.expect(200);
        assert_eq!(file.header("content-type"), "text/calendar; charset=utf-8");
    }
    let listed = anyone.get("/occurrences").await.expect(200).json()["items"][0]["links"].clone();
    assert_eq!(listed, anyone.get(&format!("/occurrences/{occurrence}")).await.expect(200).json()["links"]);
}
