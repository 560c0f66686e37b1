//! Registration over HTTP: permissions, problem types, preconditions, tickets and lists.

use std::collections::BTreeSet;

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, command, new_event_in_2031, scanned, scanned_png};

async fn act(action: &str, who: &Client, occurrence: &str, registration: &str, code: &str) -> u16 {
    let (mine, all, one) = (
        format!("/occurrences/{occurrence}/registration"),
        format!("/occurrences/{occurrence}/registrations"),
        format!("/registrations/{registration}"),
    );
    let answer = match action {
        "register" => who.put(&mine, json!({"party_size": 1})).await,
        "read mine" => who.get(&mine).await,
        "cancel mine" => who.delete(&mine).await,
        "list mine" => who.get("/registrations").await,
        "list all" => who.get(&all).await,
        "add" => who.post(&all, json!({"username": "guest"})).await,
        "remove" => who.delete(&format!("{all}/{registration}")).await,
        "read one" => who.get(&one).await,
        "ticket" => {
            who.call(Method::GET, &format!("{one}/ticket.svg"), None, &[("accept", "image/svg+xml")]).await
        }
        "check in" => who.poke(&format!("{one}/check-in")).await,
        "undo" => who.delete(&format!("{one}/check-in")).await,
        "check in by code" => who.post("/check-in", json!({"code": code, "occurrence_id": occurrence})).await,
        other => panic!("{other}"),
    };
    answer.status.as_u16()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_of_registrations(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [organizer, helper, holder, guest, other] =
        daemon.users(["organizer", "helper", "holder", "guest", "other"]).await;
    let (anonymous, admin) = (daemon.anonymous(), daemon.admin("admin").await);
    let (public, private) = (json!({}), json!({"visibility": "private"}));
    // Action, event, and the statuses for: anonymous, another user, the attendee, co-organizer, organizer,
    // admin.
    let table: [(&str, &Value, [u16; 6]); 19] = [
        ("register", &public, [401, 201, 200, 201, 201, 201]),
        ("register", &private, [401, 404, 200, 201, 201, 201]),
        ("read mine", &public, [401, 404, 200, 404, 404, 404]),
        ("cancel mine", &public, [401, 204, 204, 204, 204, 204]),
        ("cancel mine", &private, [401, 404, 204, 204, 204, 204]),
        ("list mine", &public, [401, 200, 200, 200, 200, 200]),
        ("list all", &public, [401, 403, 403, 200, 200, 200]),
        ("list all", &private, [401, 404, 403, 200, 200, 200]),
        ("add", &public, [401, 403, 403, 201, 201, 201]),
        ("add", &private, [401, 404, 403, 201, 201, 201]),
        ("remove", &public, [401, 403, 403, 204, 204, 204]),
        ("remove", &private, [401, 404, 403, 204, 204, 204]),
        ("read one", &public, [401, 404, 200, 200, 200, 200]),
        ("ticket", &public, [401, 404, 200, 200, 200, 200]),
        ("check in", &public, [401, 404, 403, 200, 200, 200]),
        ("check in", &private, [401, 404, 403, 200, 200, 200]),
        ("undo", &public, [401, 404, 403, 204, 204, 204]),
        ("check in by code", &public, [401, 404, 404, 200, 200, 200]),
        ("check in by code", &private, [401, 404, 404, 200, 200, 200]),
    ];
    for (action, changes, statuses) in table {
        let people = [&anonymous, &other, &holder, &helper, &organizer, &admin];
        for (column, (who, status)) in people.into_iter().zip(statuses).enumerate() {
            let (event, occurrence) = organizer.create_event(new_event_in_2031().with(changes)).await;
            organizer.add_co_organizer(&event, &helper).await;
            let place = organizer
                .post(&format!("/occurrences/{occurrence}/registrations"), json!({"user_id": holder.id()}))
                .await
                .expect(201)
                .json();
            let (id, code) = (place["id"].as_str().unwrap(), place["ticket_code"].as_str().unwrap());
            assert_eq!(
                act(action, who, &occurrence, id, code).await,
                status,
                "column {column}: {action} {changes}"
            );
        }
    }
    read_only_tokens(&holder, &guest, &organizer.create_event(new_event_in_2031()).await.1).await;
}

/// A read-only token neither registers nor cancels.
async fn read_only_tokens(holder: &Client, guest: &Client, occurrence: &str) {
    let token = guest.post("/tokens", json!({"name": "look", "scope": "read"})).await.expect(201).json();
    let reader = holder.with_token(token["secret"].as_str().unwrap());
    let mine = format!("/occurrences/{occurrence}/registration");
    reader.put(&mine, json!({})).await.expect_problem(403, "forbidden");
    reader.delete(&mine).await.expect_problem(403, "forbidden");
    reader.get("/registrations").await.expect(200);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_refusal_has_its_own_problem_type(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    for (changes, party, status, slug) in [
        (json!({"registration_opens_at": "2031-01-01T00:00:00Z"}), json!(1), 409, "registration-not-open"),
        (json!({"registration_closes_at": "2026-01-01T00:00:00Z"}), json!(1), 409, "registration-closed"),
        (json!({"waitlist_enabled": false}), json!(5), 409, "event-full"),
        (json!({"max_party_size": 2}), json!(3), 409, "party-too-large"),
        (json!({}), json!(1_000_000_000_000_i64), 409, "party-too-large"),
        (json!({"visibility": "private"}), json!(1), 404, "not-found"),
        (json!({"status": "draft"}), json!(1), 404, "not-found"),
        (json!({}), json!(0), 400, "invalid-input"),
        (json!({}), json!(-3), 400, "invalid-input"),
        (json!({}), json!(1.5), 400, "invalid-input"),
        (json!({}), json!("two"), 400, "invalid-input"),
        (json!({}), json!(1e300), 400, "invalid-input"),
    ] {
        let (_, occurrence) = ada.create_event(new_event_in_2031().with(&changes)).await;
        let answer =
            bob.put(&format!("/occurrences/{occurrence}/registration"), json!({"party_size": party})).await;
        answer.expect_problem(status, slug);
    }
    let (_, draft) = ada.create_event(new_event_in_2031().draft()).await;
    ada.put(&format!("/occurrences/{draft}/registration"), json!({}))
        .await
        .expect_problem(409, "event-not-published");
    let (event, off) = ada.create_event(new_event_in_2031()).await;
    ada.poke(&format!("/events/{event}/cancel")).await.expect(200);
    let mine = format!("/occurrences/{off}/registration");
    bob.put(&mine, json!({})).await.expect_problem(409, "occurrence-cancelled");
    bob.put(&mine, json!({"seats": 1})).await.expect_problem(400, "unknown-field");
    bob.put(&mine, json!([])).await.expect_problem(400, "invalid-input");
    bob.raw(Method::PUT, &format!("/api/v1{mine}"), b"{".to_vec(), &[("content-type", "application/json")])
        .await
        .expect_problem(400, "malformed-json");
    bob.get("/registrations?status=happy").await.expect_problem(400, "invalid-input");
    bob.get("/registrations?stat=confirmed").await.expect_problem(400, "unknown-field");
    for code in
        [json!(""), json!("0000-0000-0000-0000-0000-0000-0000"), json!("\u{0}"), json!("x".repeat(10_000))]
    {
        ada.post("/check-in", json!({"code": code})).await.expect_problem(404, "not-found");
    }
    ada.post("/check-in", json!({})).await.expect_problem(400, "invalid-input");
    for path in [
        "/occurrences/x/registration",
        "/registrations/x",
        "/registrations/01890000-0000-7000-8000-000000000000/ticket.png",
    ] {
        bob.get(path).await.expect_problem(404, "not-found");
    }
}

/// Reads a drawing of black squares, in one path, on a white square.
fn scanned_svg(svg: &[u8]) -> String {
    /// Pixels per square, enough for the corner detection.
    const SCALE: usize = 4;
    let svg = std::str::from_utf8(svg).unwrap();
    let between = |before: &str, after: &str| {
        svg.split_once(before).and_then(|(_, rest)| rest.split_once(after)).expect(before).0
    };
    let side: usize = between("viewBox=\"0 0 ", " ").parse().unwrap();
    assert_eq!(between("<rect ", "/>"), format!("width=\"{side}px\" height=\"{side}px\" fill=\"#ffffff\""));
    assert!(svg.ends_with("\" fill=\"#000000\"/></svg>"), "{svg}");
    let dark: BTreeSet<(usize, usize)> = between("<path d=\"M", "\"")
        .split('M')
        .map(|square| {
            let (x, y) = square.strip_suffix("h1v1h-1").expect(square).split_once(',').expect(square);
            (x.parse().unwrap(), y.parse().unwrap())
        })
        .collect();
    scanned(side * SCALE, |x, y| !dark.contains(&(x / SCALE, y / SCALE)))
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tickets_are_qr_codes_and_lists_are_csv(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid] = daemon.users(["ada", "bob", "cid"]).await;
    bob.patch("/users/me", json!({"display_name": "=HYPERLINK(\"http://evil\"), \"Bob\""})).await.expect(200);
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    let (mine, all) = (
        format!("/occurrences/{occurrence}/registration"),
        format!("/occurrences/{occurrence}/registrations"),
    );
    // Two requests at once, without a body.
    let (one, two) =
        tokio::join!(bob.call(Method::PUT, &mine, None, &[]), bob.call(Method::PUT, &mine, None, &[]));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201]);
    assert_eq!(one.json(), two.json());
    let place = bob.put(&mine, json!({"party_size": 4})).await.expect(200).json();
    let waits = cid.put(&mine, json!({"party_size": 2})).await.expect(201).json();
    assert_eq!(
        (&waits["status"], &waits["position"], &waits["ticket_code"]),
        (&json!("waitlisted"), &json!(1), &Value::Null)
    );
    let seen = bob.get(&format!("/occurrences/{occurrence}")).await.expect(200).json();
    assert_eq!(
        (&seen["seats_taken"], &seen["seats_left"], &seen["waitlist_length"]),
        (&json!(4), &json!(0), &json!(1))
    );
    let (id, code) = (place["id"].as_str().unwrap(), place["ticket_code"].as_str().unwrap());

    let png = bob
        .call(Method::GET, &format!("/registrations/{id}/ticket.png"), None, &[("accept", "image/png")])
        .await
        .expect(200);
    assert_eq!((png.header("content-type"), png.header("cache-control")), ("image/png", "no-store"));
    assert_eq!(scanned_png(&png.bytes), code);
    let svg = bob
        .call(Method::GET, &format!("/registrations/{id}/ticket.svg"), None, &[("accept", "image/*")])
        .await
        .expect(200);
    assert_eq!(svg.header("content-type"), "image/svg+xml");
    assert_eq!(scanned_svg(&svg.bytes), code);
    cid.get(&format!("/registrations/{}/ticket.svg", waits["id"].as_str().unwrap()))
        .await
        .expect_problem(404, "not-found");

    let table = ada.call(Method::GET, &all, None, &[("accept", "text/csv")]).await.expect(200);
    assert!(table.header("content-type").starts_with("text/csv"));
    let text = String::from_utf8(table.bytes.to_vec()).unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.len(), 4, "{text}");
    let columns = r#""username","display_name","status","party_size","position","ticket_code""#;
    assert!(lines[0].starts_with(columns));
    let bobs = r#""bob","'=HYPERLINK(""http://evil""), ""Bob""","confirmed","4","","#;
    assert!(lines[1].starts_with(bobs), "{text}");
    assert!(lines[2].starts_with(r#""cid","cid","waitlisted","2","1","","#), "{text}");
    let waitlist = ada
        .call(Method::GET, &format!("{all}?status=waitlisted"), None, &[("accept", "text/csv")])
        .await
        .expect(200);
    assert_eq!(String::from_utf8_lossy(&waitlist.bytes).lines().count(), 2);
    cid.call(Method::GET, &all, None, &[("accept", "text/csv")]).await.expect_problem(403, "forbidden");

    let scan = json!({"code": scanned_png(&png.bytes), "occurrence_id": occurrence});
    let first = ada.post("/check-in", scan.clone()).await.expect(200).json();
    let again = ada.post("/check-in", scan).await.expect(200).json();
    assert_eq!(
        (&first["already"], &again["already"], &again["status"]),
        (&json!(false), &json!(true), &json!("attended"))
    );
    assert_eq!(first["checked_in_at"], again["checked_in_at"]);
    assert!(bob.get(&mine).await.expect(200).json().get("already").is_none());
    bob.delete(&mine).await.expect(204);
    bob.delete(&mine).await.expect(204);
    assert_eq!(cid.get(&mine).await.expect(200).json()["status"], "confirmed");
    let listed = cid.get("/registrations").await.expect(200).json();
    assert_eq!(listed["items"][0]["occurrence"]["title"], "Evening");

    let key = [("idempotency-key", "one")];
    let guest = Some(json!({"username": "bob"}));
    let added = ada.call(Method::POST, &all, guest.clone(), &key).await.expect(201);
    assert_eq!(ada.call(Method::POST, &all, guest.clone(), &key).await.expect(201).json(), added.json());
    ada.call(Method::POST, &all, guest, &[]).await.expect(200);
    assert_eq!(ada.get(&added.location()).await.expect(200).json(), added.json());
    recount(&daemon).await;
}

/// Runs `eventd check` before and after a count is falsified.
async fn recount(daemon: &Daemon) {
    let check = async || command(&["check", "--database", &daemon.db.url]).output().await.unwrap();
    let clean = check().await;
    assert!(clean.status.success(), "{clean:?}");
    let mut tx = daemon.db.core.db().begin().await.unwrap();
    let spoil = eventcore::db::Sql::portable("UPDATE occurrences SET seats_taken = seats_taken + 1");
    eventcore::db::Queries::query(&mut tx, spoil).execute().await.unwrap();
    tx.commit().await.unwrap();
    let spoilt = check().await;
    assert_eq!(spoilt.status.code(), Some(1));
    let report = String::from_utf8(spoilt.stdout).unwrap();
    assert!(report.contains("seats_taken is 4, but the parties hold 3"), "{report}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_match_guards_registrations(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    let mine = format!("/occurrences/{occurrence}/registration");
    let put = async |party: i64, tag: &str| {
        bob.call(Method::PUT, &mine, Some(json!({"party_size": party})), &[("if-match", tag)]).await
    };
    put(1, "\"1\"").await.expect_problem(412, "version-mismatch");
    bob.get(&mine).await.expect(404);
    let first = bob.put(&mine, json!({})).await.expect(201);
    let (id, old) = (first.id(), first.header("etag").to_owned());
    let new = put(2, &old).await.expect(200).header("etag").to_owned();
    put(3, &old).await.expect_problem(412, "version-mismatch");
    assert_eq!(bob.get(&mine).await.expect(200).header("etag"), new);
    bob.call(Method::DELETE, &mine, None, &[("if-match", &old)])
        .await
        .expect_problem(412, "version-mismatch");
    let (door, one) =
        (format!("/registrations/{id}/check-in"), format!("/occurrences/{occurrence}/registrations/{id}"));
    let guarded = async |method: Method, path: &str, tag: &str| {
        ada.call(method, path, None, &[("if-match", tag)]).await
    };
    guarded(Method::POST, &door, &old).await.expect_problem(412, "version-mismatch");
    guarded(Method::POST, &door, &new).await.expect(200);
    guarded(Method::DELETE, &door, &new).await.expect_problem(412, "version-mismatch");
    guarded(Method::DELETE, &one, &new).await.expect_problem(412, "version-mismatch");
    let now = bob.get(&mine).await.expect(200);
    assert_eq!(now.json()["status"], "attended");
    guarded(Method::DELETE, &door, now.header("etag")).await.expect(204);
    let now = bob.get(&mine).await.expect(200).header("etag").to_owned();
    guarded(Method::DELETE, &one, &now).await.expect(204);
    guarded(Method::DELETE, &one, &now).await.expect_problem(412, "version-mismatch");
    ada.delete(&one).await.expect(204);
    bob.call(Method::DELETE, &mine, None, &[("if-match", &now)])
        .await
        .expect_problem(412, "version-mismatch");
    bob.delete(&mine).await.expect(204);
    let again = bob.put(&mine, json!({})).await.expect(201).header("etag").to_owned();
    bob.call(Method::DELETE, &mine, None, &[("if-match", &again)]).await.expect(204);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accept_chooses_between_json_and_csv(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    let all = format!("/occurrences/{occurrence}/registrations");
    for (accept, kind) in [
        ("text/csv", Some("text/csv")),
        ("text/csv, application/json;q=0.1", Some("text/csv")),
        ("application/json, text/csv;q=0.9", Some("application/json")),
        ("text/csv;q=0, */*", Some("application/json")),
        ("text/csv, */*", Some("text/csv")),
        ("*/*", Some("application/json")),
        ("text/csv;q=0", None),
    ] {
        let answer = ada.call(Method::GET, &all, None, &[("accept", accept)]).await;
        match kind {
            Some(kind) => assert!(answer.expect(200).header("content-type").starts_with(kind), "{accept}"),
            None => drop(answer.expect_problem(406, "not-acceptable")),
        }
    }
    ada.call(Method::GET, "/registrations", None, &[("accept", "text/csv")])
        .await
        .expect_problem(406, "not-acceptable");
    ada.call(Method::GET, "/registrations", None, &[("accept", "text/csv, application/json")])
        .await
        .expect(200);
}
