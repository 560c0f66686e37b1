//! How many statements each operation sends to PostgreSQL, as the log of the server shows them. Each one is a
//! round trip, under load most of what an operation costs.
//!
//! `BEGIN` and `COMMIT` do not count. The statement that finds out who calls does, and so does the one that
//! stores what has changed for live streams, unless another one contains it.

use std::time::Duration;

use serde_json::json;
use tests::{DavClient, Kind, StatementLog, TestDb, new_event_in_2031};

/// Runs operations one after another and notes those that exceed their budgets.
struct Budgets {
    log: StatementLog,
    exceeded: Vec<String>,
}

impl Budgets {
    /// Runs an operation that may send `budget` statements.
    async fn run<T>(&mut self, operation: &str, budget: usize, work: impl Future<Output = T>) -> T {
        self.log.transactions();
        let done = work.await;
        let statements = self.log.transactions().concat();
        assert!(!statements.is_empty(), "{operation}: no statement was logged");
        // Shown if the test fails.
        let line = format!("{operation}: {} of {budget} statements", statements.len());
        eprintln!("{line}\n    {}", statements.join("\n    "));
        if statements.len() > budget {
            self.exceeded.push(line);
        }
        done
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_operation_keeps_its_budget_of_statements_on_postgres() {
    let db = TestDb::in_real_time(Kind::Postgres).await;
    let (daemon, log) = StatementLog::of_daemon(&db).await;
    let [ada, bob, cid, dan] = daemon.users(["ada", "bob", "cid", "dan"]).await;
    // The first request with a token reads the key that it is signed with.
    bob.get("/users/me").await.expect(200);
    let (_, occurrence) = ada.create_event(new_event_in_2031().capacity(4)).await;
    let mine = format!("/occurrences/{occurrence}/registration");
    let mut budgets = Budgets { log, exceeded: Vec::new() };

    let register = bob.register(&occurrence, 2);
    budgets.run("PUT registration", 3, register).await.expect(201);
    let repeat = bob.register(&occurrence, 2);
    budgets.run("PUT registration, a repeat", 2, repeat).await.expect(200);
    let change = bob.register(&occurrence, 4);
    budgets.run("PUT registration, a change", 3, change).await.expect(200);
    let wait = cid.register(&occurrence, 2);
    budgets.run("PUT registration, waitlisted", 3, wait).await.expect(201);
    dan.register(&occurrence, 2).await.expect(201);
    let shrink = bob.register(&occurrence, 2);
    budgets.run("PUT registration, a change that promotes", 3, shrink).await.expect(200);
    let cancel = bob.delete(&mine);
    budgets.run("DELETE registration, which promotes", 3, cancel).await.expect(204);
    let cancel = cid.delete(&mine);
    budgets.run("DELETE registration", 3, cancel).await.expect(204);
    let again = cid.delete(&mine);
    budgets.run("DELETE registration, a repeat", 2, again).await.expect(204);
    let guest = json!({"username": "bob"});
    let attendees = format!("/occurrences/{occurrence}/registrations");
    let add = ada.post(&attendees, guest);
    let added = budgets.run("POST registration of an attendee", 4, add).await.expect(201).id();
    let check_in = format!("/registrations/{added}/check-in");
    budgets.run("POST check-in", 7, ada.poke(&check_in)).await.expect(200);
    let attendee = format!("{attendees}/{added}");
    let remove = ada.delete(&attendee);
    budgets.run("DELETE registration of an attendee", 4, remove).await.expect(204);

    assert_eq!(budgets.exceeded, [] as [String; 0], "see the statements above");
    daemon.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_of_events_keep_their_budgets_of_statements_on_postgres() {
    let db = TestDb::in_real_time(Kind::Postgres).await;
    let (daemon, log) = StatementLog::of_daemon(&db).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    ada.get("/users/me").await.expect(200);
    let mut budgets = Budgets { log, exceeded: Vec::new() };

    let event = new_event_in_2031().category("concert").tags(["rust", "evening"]);
    let created = budgets.run("POST event", 3, ada.post("/events", event.json())).await.expect(201);
    let single = format!("/events/{}", created.id());
    let title = ada.patch(&single, json!({"title": "Night"}));
    budgets.run("PATCH event: title", 6, title).await.expect(200);
    let nothing = ada.patch(&single, json!({"title": "Night"}));
    budgets.run("PATCH event: nothing", 3, nothing).await.expect(200);
    let labels = ada.patch(&single, json!({"category": "workshop", "tags": ["late"]}));
    budgets.run("PATCH event: category and tags", 9, labels).await.expect(200);
    let cancel = format!("{single}/cancel");
    budgets.run("POST cancel", 7, ada.poke(&cancel)).await.expect(200);

    let series = new_event_in_2031().rule("FREQ=WEEKLY;COUNT=10").draft();
    let created =
        budgets.run("POST event: a series", 3, ada.post("/events", series.json())).await.expect(201);
    let series = format!("/events/{}", created.id());
    let publish = format!("{series}/publish");
    budgets.run("POST publish", 5, ada.poke(&publish)).await.expect(200);
    let more = ada.patch(&series, json!({"recurrence": {"rrule": "FREQ=WEEKLY;COUNT=12"}}));
    budgets.run("PATCH event: rule, two more", 6, more).await.expect(200);
    let occurrences = ada.occurrences(&created.id()).await;
    bob.register(&occurrences[11], 1).await.expect(201);
    let other = json!({"title": "Night", "recurrence": {"rrule": "FREQ=WEEKLY;INTERVAL=2;COUNT=4"}});
    budgets.run("PATCH event: rule and title", 12, ada.patch(&series, other)).await.expect(200);
    let shift = ada.patch(&series, json!({"starts_at": "2031-03-05T19:00:00"}));
    budgets.run("PATCH event: start", 10, shift).await.expect(200);

    // 730 days with four occurrences each, in steps of 500 between which others write.
    let tomorrow = db.core.now().plus(Duration::from_hours(24)).to_string();
    let dense = new_event_in_2031().starts_at(tomorrow).rule("FREQ=HOURLY;INTERVAL=6").json();
    let dense = ada.post("/events", dense);
    let dense = budgets.run("POST event: 2,900 occurrences", 32, dense).await.expect(201);
    assert!(dense.json()["occurrence_count"].as_u64().is_some_and(|count| count > 2_900));

    assert_eq!(budgets.exceeded, [] as [String; 0], "see the statements above");
    daemon.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_takes_statements_for_batches_of_new_events_on_postgres() {
    let db = TestDb::in_real_time(Kind::Postgres).await;
    let (daemon, log) = StatementLog::of_daemon(&db).await;
    let ada = daemon.user("ada").await;
    ada.get("/users/me").await.expect(200);
    let mut budgets = Budgets { log, exceeded: Vec::new() };
    for (count, budget) in [(200, 12), (450, 18)] {
        let event = |n: usize| {
            format!(
                "BEGIN:VEVENT\nUID:{count}-{n}\nDTSTART:20310304T183000Z\nCATEGORIES:concert,late\n\
                 END:VEVENT\n"
            )
        };
        let events: String = (0..count).map(event).collect();
        let file = format!("BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n").into_bytes();
        let headers = [("content-type", "text/calendar; charset=utf-8")];
        let import = ada.raw(http::Method::POST, "/api/v1/import", file, &headers);
        let report = budgets.run(&format!("POST import: {count}"), budget, import).await.expect(200).json();
        let created = usize::try_from(report["created"].as_u64().expect("a number")).expect("a count");
        assert_eq!(created, count, "{}", report["components"][count - 1]);
    }
    assert_eq!(budgets.exceeded, [] as [String; 0], "see the statements above");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_of_one_thing_take_one_statement_on_postgres() {
    let db = TestDb::in_real_time(Kind::Postgres).await;
    let (daemon, log) = StatementLog::of_daemon(&db).await;
    let [ada, bob, cid] = daemon.users(["ada", "bob", "cid"]).await;
    ada.get("/users/me").await.expect(200);
    let series = new_event_in_2031().rule("FREQ=WEEKLY;COUNT=4").tags(["rust"]).category("concert");
    let (event, occurrence) = ada.create_event(series).await;
    ada.add_co_organizer(&event, &cid).await;
    bob.register(&occurrence, 2).await.expect(201);
    let mut budgets = Budgets { log, exceeded: Vec::new() };

    let [event, occurrence] = [format!("/events/{event}"), format!("/occurrences/{occurrence}")];
    let registration = format!("{occurrence}/registration");
    let nobody = daemon.anonymous();
    for (who, client) in [("anonymous", &nobody), ("signed in", &bob)] {
        for (what, path) in [("event", &event), ("occurrence", &occurrence)] {
            let operation = format!("GET {what}, {who}");
            budgets.run(&operation, 1, client.get(path)).await.expect(200);
        }
    }
    budgets.run("GET my registration", 1, bob.get(&registration)).await.expect(200);
    let none = budgets.run("GET my registration, none", 1, cid.get(&registration)).await;
    none.expect_problem(404, "not-found");
    assert_eq!(budgets.exceeded, [] as [String; 0], "see the statements above");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_that_has_not_changed_takes_one_statement_on_postgres() {
    let db = TestDb::in_real_time(Kind::Postgres).await;
    let (daemon, log) = StatementLog::of_daemon(&db).await;
    let (ada, nobody) = (daemon.user("ada").await, daemon.anonymous());
    ada.create_event(new_event_in_2031().category("concert").tags(["late"])).await;
    let mut budgets = Budgets { log, exceeded: Vec::new() };
    // Categories and organizers are found by their names first.
    for (list, budget) in
        [("public", 1), ("public", 1), ("tags/late", 1), ("categories/concert", 4), ("organizers/ada", 2)]
    {
        for format in ["ics", "atom", "json"] {
            let path = format!("/calendars/{list}.{format}");
            let tag = nobody.get(&path).await.expect(200).header("etag").to_owned();
            let known = [("if-none-match", tag.as_str())];
            let again = nobody.call(http::Method::GET, &path, None, &known);
            budgets.run(&format!("GET {path}, known"), budget, again).await.expect(304);
        }
    }
    assert_eq!(budgets.exceeded, [] as [String; 0], "see the statements above");
}

/// Who asks, and what has changed since the calendar was read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_that_has_not_changed_takes_two_statements_on_postgres() {
    let db = TestDb::in_real_time(Kind::Postgres).await;
    let (daemon, log) = StatementLog::of_daemon(&db).await;
    let (ada, bob) = (daemon.user("ada").await, daemon.user("bob").await);
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    bob.register(&occurrence, 1).await.expect(201);
    let mut budgets = Budgets { log, exceeded: Vec::new() };
    for (user, name, kind) in [(&ada, "ada", "organizing"), (&bob, "bob", "attending")] {
        let dav = DavClient::of(&daemon, user, name).await;
        let calendar = format!("{}{kind}/", dav.home);
        // The first time the calendar is read, its token is stored, and its files are kept.
        let token = dav.sync(kind, "").await.token;
        let tags = dav.find(&calendar, "1", "<D:getetag/>").await;
        let file = tags.responses.keys().find(|path| **path != calendar).unwrap().clone();
        dav.ask("GET", &file, "", &[]).await.expect(200);
        let properties = "<D:displayname/><D:sync-token/>";
        budgets.run("PROPFIND 0", 2, dav.find(&calendar, "0", properties)).await;
        budgets.run("PROPFIND 1", 2, dav.find(&calendar, "1", "<D:getetag/>")).await;
        let synced = budgets.run("sync-collection", 2, dav.sync(kind, &token)).await;
        assert_eq!((synced.changed.len(), synced.removed.len(), synced.token), (0, 0, token));
        let body = format!("<D:prop><D:getetag/><C:calendar-data/></D:prop><D:href>{file}</D:href>");
        let multiget = dav.report(&calendar, "C:calendar-multiget", &body);
        let found = budgets.run("calendar-multiget", 2, multiget).await;
        assert!(found.responses[&file].found["calendar-data"].contains("BEGIN:VEVENT"));
        budgets.run("GET of a file", 2, dav.ask("GET", &file, "", &[])).await.expect(200);
    }
    assert_eq!(budgets.exceeded, [] as [String; 0], "see the statements above");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_the_agenda_keep_their_budgets_of_statements_on_postgres() {
    let db = TestDb::in_real_time(Kind::Postgres).await;
    let (daemon, log) = StatementLog::of_daemon(&db).await;
    let ada = daemon.user("ada").await;
    // More occurrences than a probe tests, before the few that have other words.
    let market = new_event_in_2031().title("Market").category("festival").tags(["food", "late"]);
    ada.create_event(market.rule("FREQ=DAILY;COUNT=1500")).await;
    for (title, description) in [("Jazz", "at the market"), ("Market", "jazz and dance"), ("Jazz market", "")]
    {
        let event = new_event_in_2031().title(title).description(description).location("Bonn");
        let event = event.starts_at("2040-03-04T18:30:00").category("concert").tags(["music", "late"]);
        ada.create_event(event.rule("FREQ=DAILY;COUNT=9")).await;
    }
    let mut budgets = Budgets { log, exceeded: Vec::new() };
    let nobody = daemon.anonymous();
    for (filter, found, budget) in [
        ("", 20, 1),
        ("category=concert", 20, 1),
        ("q=market", 20, 1),
        ("q=jazz", 20, 2),
        ("q=nowhere", 0, 2),
        ("tag=music", 20, 2),
        ("title=ja", 18, 2),
        ("q=jazz&category=concert&tag=music&location=bonn&available=true&to=2041-01-01", 20, 2),
        ("q=jazz&tag=late&tag=music&title=jazz&location=bonn", 18, 2),
        ("q=market&category=concert", 20, 2),
        ("q=market&sort=relevance", 20, 3),
        ("q=jazz&sort=relevance", 20, 3),
        ("q=jazz+market&sort=relevance&tag=music", 20, 3),
        ("q=nowhere&sort=relevance", 0, 3),
    ] {
        // Counters are by the id of a category, which takes a statement to find.
        let by_id = usize::from(filter == "category=concert");
        for (count, more) in [("", 0), ("&count=true", 1 + by_id)] {
            let path = format!("/occurrences?limit=20&{filter}{count}");
            let page = budgets.run(&path, budget + more, nobody.get(&path)).await.expect(200).json();
            assert_eq!(page["items"].as_array().map(Vec::len), Some(found), "{path}");
            assert_eq!(page["total"].is_number(), more > 0, "{path}");
        }
    }
    assert_eq!(budgets.exceeded, [] as [String; 0], "see the statements above");
}
