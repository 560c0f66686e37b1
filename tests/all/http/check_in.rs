//! Check-in over HTTP: by whom, with which ticket codes, once; also when devices scan a ticket at the same
//! time.

use eventcore::Clock;
use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, TestDb, eventd_check, new_event_in_2031};

async fn register(who: &Client, occurrence: &str) -> Value {
    who.put(&format!("/occurrences/{occurrence}/registration"), json!({})).await.expect(201).json()
}

/// Scans a code, for an occurrence or for any.
async fn scan_code(door: &Client, code: &str, occurrence: Option<&str>) -> tests::Answer {
    let mut shown = json!({"code": code});
    if let Some(occurrence) = occurrence {
        shown["occurrence_id"] = json!(occurrence);
    }
    door.post("/check-in", shown).await
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tickets_are_checked_in_by_organizers_only_and_once(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, helper, eve, bob, cid, dan] = daemon.users(["ada", "helper", "eve", "bob", "cid", "dan"]).await;
    let (event, here) = ada.create_event(new_event_in_2031().capacity(2)).await;
    let (_, elsewhere) = ada.create_event(new_event_in_2031().capacity(2)).await;
    eve.create_event(new_event_in_2031().capacity(2)).await;
    ada.add_co_organizer(&event, &helper).await;
    let ticket = register(&bob, &here).await;
    let (id, code) = (ticket["id"].as_str().unwrap(), ticket["ticket_code"].as_str().unwrap());
    let left = register(&cid, &here).await;
    let waits = register(&dan, &here).await;
    assert_eq!((&waits["status"], &waits["ticket_code"]), (&json!("waitlisted"), &Value::Null));

    // Tickets of other occurrences, and scans by people who do not organize the event, are refused.
    let refused =
        scan_code(&ada, code, Some(&elsewhere)).await.expect_problem(409, "wrong-occurrence").json();
    let detail = refused["detail"].as_str().unwrap();
    assert_eq!(detail, "this ticket is for another occurrence: Evening, 4 March 2031, 18:30");
    for stranger in [&eve, &bob, &dan] {
        scan_code(stranger, code, None).await.expect_problem(404, "not-found");
        scan_code(stranger, code, Some(&here)).await.expect_problem(404, "not-found");
    }
    scan_code(&daemon.anonymous(), code, None).await.expect_problem(401, "unauthenticated");
    let almost = code.replace(&code[..1], if code.starts_with('A') { "B" } else { "A" });
    scan_code(&ada, &almost, None).await.expect_problem(404, "not-found");
    for wrong in [
        json!({"code": 7}),
        json!({"code": code, "occurrence_id": "x"}),
        json!({"code": code, "door": "B"}),
        json!([]),
    ] {
        let refused = ada.post("/check-in", wrong.clone()).await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
    assert_eq!(bob.get(&format!("/registrations/{id}")).await.expect(200).json()["status"], "confirmed");

    // Typed in lower case, by a co-organizer; the second scan returns the first check-in.
    let typed = code.to_lowercase().replace('-', " ");
    let first = scan_code(&helper, &typed, Some(&here)).await.expect(200).json();
    assert_eq!((&first["already"], &first["status"]), (&json!(false), &json!("attended")));
    assert_eq!(first["checked_in_by"], json!(helper.id()));
    assert!(first["checked_in_at"].is_string());
    for again in [
        scan_code(&ada, code, Some(&here)).await.expect(200).json(),
        ada.poke(&format!("/registrations/{id}/check-in")).await.expect(200).json(),
    ] {
        assert_eq!(again["already"], true);
        for field in ["checked_in_at", "checked_in_by", "id", "status"] {
            assert_eq!(again[field], first[field], "{field}");
        }
    }
    // An attendee keeps the seats, and registering again changes nothing.
    let seen = bob.put(&format!("/occurrences/{here}/registration"), json!({})).await.expect(200).json();
    assert_eq!((&seen["status"], &seen["checked_in_at"]), (&json!("attended"), &first["checked_in_at"]));
    let seats = ada.get(&format!("/occurrences/{here}")).await.expect(200).json();
    assert_eq!((&seats["seats_taken"], &seats["waitlist_length"]), (&json!(2), &json!(1)));

    // Undone twice, and checked in again.
    for _ in 0..2 {
        ada.delete(&format!("/registrations/{id}/check-in")).await.expect(204);
    }
    let undone = bob.get(&format!("/registrations/{id}")).await.expect(200).json();
    assert_eq!(
        (&undone["status"], &undone["checked_in_at"], &undone["checked_in_by"]),
        (&json!("confirmed"), &Value::Null, &Value::Null)
    );
    let anew = scan_code(&ada, code, Some(&here)).await.expect(200).json();
    assert_eq!((&anew["already"], &anew["checked_in_by"]), (&json!(false), &json!(ada.id())));
    assert!(anew["checked_in_at"].as_str() > first["checked_in_at"].as_str());

    // Waitlisted and cancelled registrations, and cancelled occurrences, have no check-in.
    ada.poke(&format!("/registrations/{}/check-in", waits["id"].as_str().unwrap()))
        .await
        .expect_problem(409, "not-confirmed");
    cid.delete(&format!("/occurrences/{here}/registration")).await.expect(204);
    scan_code(&ada, left["ticket_code"].as_str().unwrap(), Some(&here))
        .await
        .expect_problem(409, "not-confirmed");
    let promoted = dan.get(&format!("/occurrences/{here}/registration")).await.expect(200).json();
    assert_eq!(promoted["status"], "confirmed");
    ada.poke(&format!("/events/{event}/cancel")).await.expect(200);
    scan_code(&ada, promoted["ticket_code"].as_str().unwrap(), Some(&here))
        .await
        .expect_problem(409, "occurrence-cancelled");
    assert_eq!(scan_code(&ada, code, Some(&here)).await.expect(200).json()["already"], true, "what was, was");
}

/// Every ticket is scanned by several devices at once while attendees cancel and return: one scan checks in.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_scanned_twice_at_once_is_checked_in_once(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let daemons = Daemon::several(&db, &[]).await;
    let ada = daemons[0].user("ada").await;
    let (_, here) = ada.create_event(new_event_in_2031().capacity(30)).await;
    let mut scanning = tokio::task::JoinSet::new();
    for number in 0..30 {
        let guest = daemons[number % daemons.len()].user(&format!("guest{number}")).await;
        let ticket = register(&guest, &here).await;
        let code = ticket["ticket_code"].as_str().unwrap().to_owned();
        let doors: Vec<Client> = daemons.iter().cycle().take(3).map(|daemon| daemon.again(&ada)).collect();
        let here = here.clone();
        scanning.spawn(async move {
            let scans = doors.iter().map(|door| scan_code(door, &code, Some(&here)));
            let leaves = async {
                if number % 3 == 0 {
                    guest.delete(&format!("/occurrences/{here}/registration")).await.expect(204);
                }
            };
            let (answers, ()) = tokio::join!(futures_util::future::join_all(scans), leaves);
            let let_in: Vec<Value> = answers
                .into_iter()
                .filter(|answer| answer.status == 200)
                .map(|answer| answer.json())
                .collect();
            if number % 3 == 0 {
                // A cancelled registration is not checked in.
                guest
                    .get(&format!("/occurrences/{here}/registration"))
                    .await
                    .expect_problem(404, "not-found");
            } else {
                assert_eq!(let_in.len(), 3, "{let_in:?}");
                assert!(let_in.iter().all(|door| door["checked_in_at"] == let_in[0]["checked_in_at"]));
                assert_eq!(let_in.iter().filter(|door| door["already"] == false).count(), 1, "{let_in:?}");
            }
        });
    }
    scanning.join_all().await;
    let inside = ada
        .get(&format!("/occurrences/{here}/registrations?status=attended&count=true"))
        .await
        .expect(200)
        .json();
    assert_eq!(inside["total"], 20);
    eventd_check(&db).await;
    db.check().await;
    for daemon in daemons {
        assert!(!daemon.log().contains("ERROR"), "{}", daemon.log());
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_confirmed_registrations_are_checked_in(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid] = daemon.users(["ada", "bob", "cid"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031().capacity(1)).await;
    let mine = format!("/occurrences/{occurrence}/registration");
    let sits = bob.put(&mine, json!({})).await.expect(201).id();
    let waits = cid.put(&mine, json!({})).await.expect(201).id();
    let refused = ada
        .poke(&format!("/registrations/{waits}/check-in"))
        .await
        .expect_problem(409, "not-confirmed")
        .json();
    assert!(refused["detail"].as_str().unwrap().starts_with("still on the waitlist"), "{refused}");
    bob.delete(&mine).await.expect(204);
    let refused = ada
        .poke(&format!("/registrations/{sits}/check-in"))
        .await
        .expect_problem(409, "not-confirmed")
        .json();
    assert_eq!(refused["detail"], "this registration was cancelled");
    ada.raw(Method::GET, "/problems/not-confirmed", Vec::new(), &[]).await.expect(200);
}

/// A device that names no occurrence takes tickets of what takes place about now.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_occurrence_only_tickets_of_about_now_are_taken(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let far = ada.create_event(new_event_in_2031()).await.1;
    let code = register(&bob, &far).await["ticket_code"].as_str().unwrap().to_owned();
    let refused = scan_code(&ada, &code, None).await.expect_problem(409, "check-in-closed").json();
    assert!(
        refused["detail"].as_str().unwrap().starts_with("this ticket is for Evening, 4 March 2031, 18:30")
    );
    ada.raw(Method::GET, "/problems/check-in-closed", Vec::new(), &[]).await.expect(200);
    ada.raw(Method::GET, "/problems/wrong-occurrence", Vec::new(), &[]).await.expect(200);

    let soon = eventcore::SystemClock.now().plus(std::time::Duration::from_hours(12));
    let near = ada
        .create_event(new_event_in_2031().starts_at(soon.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()))
        .await
        .1;
    let code = register(&bob, &near).await["ticket_code"].as_str().unwrap().to_owned();
    // As scanners and people send it.
    for typed in [format!("{code}\r\n"), format!(" {} ", code.replace('-', " – ")), code.to_lowercase()] {
        let taken = scan_code(&ada, &typed, None).await.expect(200).json();
        assert_eq!(taken["status"], "attended", "{typed:?}");
    }
    let full_width: String = code
        .chars()
        .map(|c| if c == '-' { '－' } else { char::from_u32(u32::from(c) + 0xfee0).unwrap() })
        .collect();
    assert_eq!(scan_code(&ada, &full_width, Some(&near)).await.expect(200).json()["already"], true);
}
