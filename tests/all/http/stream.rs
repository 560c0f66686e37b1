//! The live stream: what changes is shown in every process, to those who may see it, once.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{
    Client, Daemon, EventStream, Kind, Pgbouncer, StreamEvent, TestDb, Wire, new_event_in_2031, wait_until,
};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;

/// Three processes on one database.
async fn three(kind: Kind) -> [Daemon; 3] {
    let db = TestDb::in_real_time(kind).await;
    let [first, second, third] = [0, 1, 2].map(|_| Daemon::on(db.clone(), &[]));
    [first.await, second.await, third.await]
}

fn seats(event: &StreamEvent) -> Option<i64> {
    if event.name == "seats" { event.data["seats_taken"].as_i64() } else { None }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_seats_reaches_the_streams_of_all_processes(#[case] kind: Kind) {
    let daemons = three(kind).await;
    let [ada, bob] = daemons[0].users(["ada", "bob"]).await;
    let (event, occurrence) = ada.create_event(new_event_in_2031().capacity(4)).await;
    let query = format!("occurrence={occurrence}&event={event}");
    let mut streams = Vec::new();
    for daemon in &daemons {
        let mut stream = daemon.anonymous().stream(&query, None).await;
        assert_eq!(stream.headers["content-type"], "text/event-stream; charset=utf-8");
        assert_eq!(stream.headers["x-accel-buffering"], "no");
        assert_eq!(stream.headers["cache-control"], "no-store, no-transform");
        assert!(!stream.headers.contains_key("content-encoding"));
        assert_eq!(stream.expect("event").await["version"], 1);
        let now = stream.expect("seats").await;
        let expected = json!({
            "occurrence_id": occurrence, "event_id": event, "status": "scheduled", "capacity": 4,
            "seats_taken": 0, "seats_left": 4, "waitlist_length": 0, "version": 1,
        });
        assert_eq!(now, expected);
        streams.push(stream);
    }
    // Each process in turn makes a change.
    for (n, daemon) in daemons.iter().enumerate() {
        let taken = i64::try_from(n).expect("a small number") + 1;
        daemon.again(&bob).register(&occurrence, taken).await;
        for stream in &mut streams {
            let event = stream.until(|event| seats(event) == Some(taken)).await;
            assert_eq!(event.data["seats_left"], 4 - taken);
        }
    }
    daemons[2].again(&ada).patch(&format!("/events/{event}"), json!({"capacity": 9})).await.expect(200);
    for stream in &mut streams {
        assert_eq!(stream.until(|event| event.name == "event").await.data["version"], 2);
        let event = stream.until(|event| event.name == "seats").await;
        assert_eq!((&event.data["capacity"], &event.data["seats_left"]), (&json!(9), &json!(6)));
    }
    daemons[0].check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_resumes_in_any_process_without_loss_or_repeat(#[case] kind: Kind) {
    let daemons = three(kind).await;
    let [ada, bob] = daemons[0].users(["ada", "bob"]).await;
    let (event, first) = ada.create_event(new_event_in_2031().capacity(4)).await;
    let (_, second) = ada.create_event(new_event_in_2031()).await;
    let query = format!("occurrence={first}&occurrence={second}&event={event}");
    let bob_at = |n: usize| daemons[n].again(&bob);

    let mut stream = bob_at(0).stream(&query, None).await;
    let names: Vec<String> = stream.up_to_heartbeat().await.into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["event", "seats", "seats", "notifications"]);
    bob.register(&first, 1).await.expect(201);
    stream.until(|event| seats(event) == Some(1)).await;
    stream.until(|event| event.name == "notifications").await;
    let last = stream.last_id.clone().expect("an id");
    drop(stream);

    // While nobody reads, there are changes in all processes.
    bob_at(1).register(&first, 2).await.expect(200);
    bob_at(2).register(&first, 3).await.expect(200);
    bob_at(1).register(&second, 1).await.expect(201);
    for n in [1, 2, 0] {
        let mut stream = bob_at(n).stream(&query, Some(&last)).await;
        let missed = stream.up_to_heartbeat().await;
        let shown: Vec<(&str, Option<i64>)> =
            missed.iter().map(|event| (event.name.as_str(), seats(event))).collect();
        assert_eq!(shown, [("seats", Some(3)), ("seats", Some(1)), ("notifications", None)], "{n}");
        let told = &missed[2].data;
        assert_eq!(
            (&told["unread_count"], &told["notification"]["kind"]),
            (&json!(2), &json!("registration_confirmed"))
        );
        // From there, and from within, nothing is repeated.
        let after = stream.last_id.clone().expect("an id");
        for (id, left) in [(missed[0].id.clone(), 2), (missed[1].id.clone(), 1), (Some(after), 0)] {
            let mut stream = bob_at((n + 1) % 3).stream(&query, id.as_deref()).await;
            let rest = stream.up_to_heartbeat().await;
            assert_eq!(rest.len(), left, "{rest:?}");
            assert!(rest.iter().zip(&missed[3 - left..]).all(|(one, other)| one.data == other.data));
        }
    }
    daemons[0].check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_follower_may_not_see_is_gone_and_nothing_more_is_told_of_it(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid, eve] = daemon.users(["ada", "bob", "cid", "eve"]).await;
    let (public, marker) = ada.create_event(new_event_in_2031()).await;
    let (hidden, private) = ada.create_event(new_event_in_2031().private()).await;
    let (draft, drafted) = ada.create_event(new_event_in_2031().draft()).await;
    let (_, unlisted) = ada.create_event(new_event_in_2031().visibility("unlisted")).await;
    let attendees = format!("/occurrences/{private}/registrations");
    let place = ada.post(&attendees, json!({"username": "bob"})).await.expect(201).id();
    let unknown = "01890000-0000-7000-8000-000000000000";
    let query = format!(
        "event={hidden}&event={draft}&event={unknown}&occurrence={private}&occurrence={drafted}\
         &occurrence={unlisted}&occurrence={unknown}&occurrence={marker}"
    );
    let subject = |event: &StreamEvent| {
        let id = [&event.data["occurrence_id"], &event.data["event_id"]].into_iter().find_map(Value::as_str);
        id.unwrap_or_default().to_owned()
    };
    let gone = |events: &[StreamEvent]| -> Vec<String> {
        events.iter().filter(|event| event.name == "gone").map(subject).collect()
    };
    let sorted = |ids: &[&str]| {
        let mut ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        ids.sort();
        ids
    };
    let mut streams: Vec<EventStream> = Vec::new();
    for (who, hidden_from) in [
        (&daemon.anonymous(), sorted(&[&hidden, &draft, unknown, &private, &drafted, unknown])),
        (&eve, sorted(&[&hidden, &draft, unknown, &private, &drafted, unknown])),
        (&bob, sorted(&[&draft, unknown, &drafted, unknown])),
        (&ada, sorted(&[unknown, unknown])),
    ] {
        let mut stream = who.stream(&query, None).await;
        let mut found = gone(&stream.up_to_heartbeat().await);
        found.sort();
        assert_eq!(found, hidden_from);
        streams.push(stream);
    }

    // What changes in hidden events is told to those who see them.
    ada.post(&attendees, json!({"username": "cid"})).await.expect(201);
    ada.patch(&format!("/events/{hidden}"), json!({"title": "Secret"})).await.expect(200);
    cid.register(&marker, 1).await.expect(201);
    for (n, stream) in streams.iter_mut().enumerate() {
        let is_marker = |event: &StreamEvent| subject(event) == marker;
        let mut before = Vec::new();
        loop {
            let event = stream.next().await;
            if event.name != "notifications" {
                before.push(event.clone());
            }
            if is_marker(&event) {
                break;
            }
        }
        let told_of_hidden = before.iter().any(|event| [&hidden, &private].contains(&&subject(event)));
        assert_eq!(told_of_hidden, n >= 2, "{n}: {before:?}");
    }

    // Whoever may no longer see an event is told that once.
    ada.delete(&format!("{attendees}/{place}")).await.expect(204);
    let stream = &mut streams[2];
    stream.until(|event| event.name == "gone" && subject(event) == private).await;
    ada.patch(&format!("/events/{public}"), json!({"visibility": "private"})).await.expect(200);
    for (n, stream) in streams.iter_mut().enumerate() {
        let name = if n == 3 { "seats" } else { "gone" };
        stream.until(|event| event.name == name && subject(event) == marker).await;
    }
    // And shown it again when they may.
    ada.patch(&format!("/events/{public}"), json!({"visibility": "unlisted"})).await.expect(200);
    for stream in &mut streams {
        stream.until(|event| event.name == "seats" && subject(event) == marker).await;
    }
    ada.patch(&format!("/events/{draft}"), json!({"status": "published"})).await;
    ada.poke(&format!("/events/{draft}/publish")).await;
    for stream in &mut streams {
        stream.until(|event| event.name == "event" && subject(event) == draft).await;
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn my_notifications_are_shown_to_me_alone(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    let (mut of_ada, mut of_bob) = (ada.stream("", None).await, bob.stream("", None).await);
    for stream in [&mut of_ada, &mut of_bob] {
        assert_eq!(stream.expect("notifications").await, json!({"unread_count": 0, "notification": null}));
    }
    bob.register(&occurrence, 1).await.expect(201);
    let told = of_bob.expect("notifications").await;
    let listed = bob.get("/notifications").await.expect(200).json();
    assert_eq!(told, json!({"unread_count": 1, "notification": listed["items"][0]}));
    bob.poke("/notifications/read-all").await.expect(204);
    assert_eq!(of_bob.expect("notifications").await, json!({"unread_count": 0, "notification": null}));
    // Ada is told of something else, and of nothing before it.
    let event = ada.get(&format!("/occurrences/{occurrence}")).await.expect(200).json()["event_id"].clone();
    let comments = format!("/events/{}/comments", event.as_str().expect("an id"));
    bob.post(&comments, json!({"body": "Nice"})).await.expect(201);
    let told = of_ada.expect("notifications").await;
    assert_eq!(told["notification"]["kind"], "new_comment");

    let refused = daemon.anonymous().get("/stream").await;
    assert_eq!(refused.expect_problem(400, "invalid-input").wrong()[0].0, "/occurrence");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_the_credential_of_its_caller(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let root = daemon.admin("root").await;
    let login = async |name: &str| -> (Client, String) {
        let body = json!({"login": name, "password": "correct horse 7"});
        let pair = daemon.anonymous().post("/auth/login", body).await.expect(200).json();
        let text = |field: &str| pair[field].as_str().expect("a token").to_owned();
        (daemon.anonymous().with_token(&text("access_token")), text("refresh_token"))
    };
    for name in ["ada", "bob"] {
        let account =
            json!({"username": name, "email": format!("{name}@example.org"), "password": "correct horse 7"});
        daemon.anonymous().post("/users", account).await.expect(201);
    }
    // A sign-out ends the stream of that session alone.
    let ((one, refresh), (other, _)) = (login("ada").await, login("ada").await);
    let (mut ended, mut open) = (one.stream("", None).await, other.stream("", None).await);
    one.post("/auth/logout", json!({"refresh_token": refresh})).await.expect(204);
    ended.ends().await;
    // A personal access token is revoked.
    let made = other.post("/tokens", json!({"name": "script", "scope": "read"})).await.expect(201).json();
    let script = daemon.anonymous().with_token(made["secret"].as_str().expect("a secret"));
    let mut of_script = script.stream("", None).await;
    let id = made["token"]["id"].as_str().or(made["id"].as_str()).expect("an id");
    other.delete(&format!("/tokens/{id}")).await.expect(204);
    of_script.ends().await;
    // All other sessions end.
    let (third, _) = login("ada").await;
    let mut of_third = third.stream("", None).await;
    let body = json!({"current_password": "correct horse 7", "new_password": "battery staple 9"});
    third.put("/users/me/password", body).await.expect(204);
    open.ends().await;
    assert!(of_third.up_to_heartbeat().await.iter().all(|event| event.name == "notifications"));
    // The account is deleted.
    let me = third.get("/users/me").await.expect(200).json()["id"].clone();
    root.delete(&format!("/users/{}", me.as_str().expect("an id"))).await.expect(204);
    of_third.ends().await;
    // The operator disables it.
    let mut of_bob = login("bob").await.0.stream("", None).await;
    let disable = ["user", "disable", "bob", "--database", &daemon.db.url];
    assert!(tests::command(&disable).output().await.expect("eventd runs").status.success());
    of_bob.ends().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_is_none_resets_the_stream(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    let query = format!("occurrence={occurrence}");
    let mut stream = daemon.anonymous().stream(&query, None).await;
    stream.up_to_heartbeat().await;
    let good = stream.last_id.clone().expect("an id");
    let (seconds, rest) = good.split_once('-').expect("an id");
    let seconds: i64 = seconds.parse().expect("a number");
    let running: Vec<String> = (0..1_500).map(|n: u32| n.to_string()).collect();
    let running = running.join(".");
    for hostile in [
        "0",
        "-",
        "'; DROP TABLE changes; --",
        "\u{e9}",
        "18446744073709551616-1.1",
        &format!("{}-{rest}", seconds - 301),
        &format!("{}-{rest}", seconds + 3600),
        &format!("{seconds}-9223372036854775807.0"),
        &format!("{seconds}-1.9223372036854775806.5"),
        &format!("{seconds}-1.5000.{running}"),
        &format!("{seconds}-1.18446744073709551615"),
        &format!("{good}-1.1-q"),
        &"7-".repeat(2_000),
    ] {
        let mut stream = daemon.anonymous().stream(&query, Some(hostile)).await;
        let names: Vec<String> = stream.up_to_heartbeat().await.into_iter().map(|event| event.name).collect();
        assert_eq!(names, ["reset", "seats"], "{hostile}");
    }
    let mut stream = daemon.anonymous().stream(&query, Some(&good)).await;
    assert_eq!(stream.up_to_heartbeat().await, []);
    let many: Vec<String> = (0..101).map(|n| format!("event=01890000-0000-7000-8000-{n:012}")).collect();
    for (query, wrong) in [
        (many.join("&"), "/event"),
        ("occurrence=x".to_owned(), "/occurrence"),
        ("event=".to_owned(), "/event"),
    ] {
        let refused = ada.try_stream(&query, &[]).await.err().expect("a refusal");
        assert_eq!(refused.expect_problem(400, "invalid-input").wrong()[0].0, wrong);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_one_client_and_of_one_account_are_bounded() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let limits = ["--limits", "on", "--rate-limit", "1000000", "--change-limit", "1000000"];
    let bounds = ["--streams-per-network", "40", "--streams-per-account", "3"];
    let daemon = Daemon::on(db, &[&limits[..], &bounds[..]].concat()).await;
    let ada = daemon.user("ada").await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    let mut of_ada = Vec::new();
    for _ in 0..3 {
        of_ada.push(ada.stream("", None).await);
    }
    let refused = ada.try_stream("", &[]).await.err().expect("a refusal");
    let refused = refused.expect_problem(429, "rate-limited");
    assert_eq!(refused.header("retry-after"), "30");

    // One client asks for 10,000.
    let query = format!("occurrence={occurrence}");
    let anonymous = daemon.anonymous();
    let ask = async || {
        let (mut open, mut refused) = (Vec::new(), 0);
        for _ in 0..500 {
            match anonymous.try_stream(&query, &[]).await {
                Ok(stream) => open.push(stream),
                Err(answer) => {
                    answer.expect_problem(429, "rate-limited");
                    refused += 1;
                }
            }
        }
        (open, refused)
    };
    let all = futures_util::future::join_all((0..20).map(|_| ask())).await;
    let refused: usize = all.iter().map(|(_, refused)| refused).sum();
    let open: Vec<EventStream> = all.into_iter().flat_map(|(open, _)| open).collect();
    assert_eq!((open.len(), refused), (37, 9_963));
    assert_eq!(daemon.metric("http_streams_open").await, 40);
    let counted = "http_requests_total{method=\"GET\",route=\"/api/v1/stream\",status=\"429\"}";
    assert_eq!(daemon.metric(counted).await, 9_964);
    // All others are served, and there is room again.
    ada.get("/occurrences").await.expect(200);
    drop((open, of_ada));
    wait_until("room", async || anonymous.try_stream(&query, &[]).await.is_ok()).await;
    wait_until("the end of all", async || daemon.metric("http_streams_open").await == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_cut_off_and_others_are_not() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    let (event, _) = ada.create_event(new_event_in_2031().rule("FREQ=DAILY;COUNT=100")).await;
    let occurrences = ada.occurrences(&event).await;
    let all: Vec<String> = occurrences.iter().map(|id| format!("occurrence={id}")).collect();
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let mut slow = socket.connect(daemon.address().parse().expect("an address")).await.expect("a connection");
    let request = format!("GET /api/v1/stream?{} HTTP/1.1\r\nhost: tests\r\n\r\n", all.join("&"));
    slow.write_all(request.as_bytes()).await.expect("a request");
    let mut quick = daemon.anonymous().stream(&all[0], None).await;
    wait_until("the slow stream", async || daemon.metric("http_streams_open").await == 2).await;
    let mut capacity = 50;
    while daemon.metric("http_streams_cut_off").await == 0 {
        capacity += 1;
        assert!(capacity < 2_000, "the buffer is bounded");
        ada.patch(&format!("/events/{event}"), json!({"capacity": capacity})).await.expect(200);
        quick.until(|event| event.data["capacity"] == capacity).await;
    }
    assert_eq!(daemon.metric("http_streams_cut_off").await, 1);
    ada.patch(&format!("/events/{event}"), json!({"capacity": 7})).await.expect(200);
    quick.until(|event| event.data["capacity"] == 7).await;
    drop(slow);
    wait_until("the end of the slow stream", async || daemon.metric("http_streams_open").await == 1).await;
}

#[rstest]
#[case::http_1(false)]
#[case::http_2(true)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_stream_lives_by_heartbeats_until_the_server_stops(#[case] over_http_2: bool) {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let timeouts =
        ["--idle-timeout", "1", "--write-timeout", "1", "--head-timeout", "1", "--request-timeout", "1"];
    let daemon = Daemon::on(db, &timeouts).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    let client = if over_http_2 { daemon.anonymous().over_http_2() } else { daemon.anonymous() };
    let mut stream = client.stream(&format!("occurrence={occurrence}"), None).await;
    stream.up_to_heartbeat().await;
    let before = stream.last_id.clone();
    // The next one comes after much more than all of these limits.
    assert_eq!(stream.up_to_heartbeat().await, []);
    assert_ne!(stream.last_id, before, "an idle stream stays resumable");
    bob.register(&occurrence, 1).await.expect(201);
    assert_eq!(stream.expect("seats").await["seats_taken"], 1);
    let (stopped, rest) = tokio::join!(daemon.stop(), stream.ends());
    assert!(stopped.success());
    assert_eq!(rest, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_head_of_a_stream_has_no_body() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    ada.raw(Method::HEAD, "/api/v1/stream", Vec::new(), &[]).await.expect(200);
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    let mut wire = Wire::connect(daemon.address()).await;
    let target = format!("/api/v1/stream?occurrence={occurrence}");
    wire.send(&format!("GET {target} HTTP/1.1\r\nhost: tests\r\naccept: text/html\r\n\r\n")).await;
    wire.response().await.problem(406, "not-acceptable");
}

/// How many processes listen to PostgreSQL.
const LISTENERS: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE 'LISTEN %'";

/// Only on PostgreSQL, as SQLite has no server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_server_ends_the_connections_of_listeners() {
    let daemons = three(Kind::Postgres).await;
    let db = &daemons[0].db;
    let [ada, bob] = daemons[0].users(["ada", "bob"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    wait_until("three listeners", async || db.number(LISTENERS).await == 3).await;
    let mut stream = daemons[2].anonymous().stream(&format!("occurrence={occurrence}"), None).await;
    stream.up_to_heartbeat().await;
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN %'";
    for party in 1..4 {
        assert_eq!(db.number(end).await, 3);
        bob.register(&occurrence, party).await;
        stream.until(|event| seats(event) == Some(party)).await;
        wait_until("three listeners", async || db.number(LISTENERS).await == 3).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_behind_a_pooler_listen_at_the_address_that_they_are_given() {
    let Some(pooler) = Pgbouncer::start("") else { return };
    let mut db = TestDb::in_real_time(Kind::Postgres).await;
    let direct = std::mem::take(&mut db.url);
    db.url = pooler.url(&direct);
    let blind = Daemon::on(db.clone(), &[]).await;
    let listening = Daemon::on(db.clone(), &["--database-listen-url", &direct]).await;
    let [ada, bob] = blind.users(["ada", "bob"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    wait_until("one listener", async || db.number(LISTENERS).await == 1).await;
    // The other one looks every second.
    for (n, daemon) in [(1, &blind), (2, &listening)] {
        let mut stream = daemon.anonymous().stream(&format!("occurrence={occurrence}"), None).await;
        stream.up_to_heartbeat().await;
        let other = if n == 1 { &listening } else { &blind };
        other.again(&bob).register(&occurrence, n).await;
        stream.until(|event| seats(event) == Some(n)).await;
    }
}
