//! Calendars to subscribe to: public ones by filters, and the personal one at its secret address.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, EventBuilder, Kind, TestDb, new_event_in_2031};

use super::calendars::Reader;

const PUBLIC: &str = "/calendars/public.ics";

async fn subscribed(client: &Client, path: &str) -> Reader {
    Reader::of(&client.get(path).await.expect(200))
}

/// The titles in a calendar, each as often as it has an entry.
fn titles(calendar: &Reader) -> Vec<String> {
    let entries = calendar.entries();
    let mut titles: Vec<_> =
        entries.iter().map(|entry| entry["SUMMARY"][0].replace("SUMMARY:", "")).collect();
    titles.sort();
    titles
}

fn series(title: &str) -> EventBuilder {
    new_event_in_2031().title(title).timezone("Europe/Berlin").rule("FREQ=WEEKLY;COUNT=4")
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_public_calendar_has_what_the_filter_finds(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, lin, anyone) = (daemon.user("ada").await, daemon.user("lin").await, daemon.anonymous());
    assert_eq!(titles(&subscribed(&anyone, PUBLIC).await), [] as [&str; 0]);
    let (rust, _) = ada.create_event(series("Rust evening").category("workshop").tags(["rust"])).await;
    let occurrences = ada.occurrences(&rust).await;
    ada.create_event(new_event_in_2031().title("Jazz").timezone("Africa/Cairo").category("concert")).await;
    lin.create_event(new_event_in_2031().title("Rust by Lin")).await;
    for hidden in
        [json!({"visibility": "unlisted"}), json!({"visibility": "private"}), json!({"status": "draft"})]
    {
        ada.create_event(new_event_in_2031().title("Hidden Rust").with(&hidden)).await;
    }
    ada.patch(&format!("/occurrences/{}", occurrences[1]), json!({"title": "Rust night"})).await.expect(200);

    let calendar = subscribed(&anyone, PUBLIC).await;
    assert_eq!(titles(&calendar), ["Jazz", "Rust by Lin", "Rust evening", "Rust night"]);
    assert!(calendar.text.contains("\r\nNAME:Events\r\n"), "{}", calendar.text);
    assert!(calendar.text.contains("\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n"), "{}", calendar.text);
    // Each time zone once, before the entries.
    for zone in ["Europe/Berlin", "Africa/Cairo"] {
        assert_eq!(calendar.text.matches(&format!("\r\nTZID:{zone}\r\n")).count(), 1, "{}", calendar.text);
    }
    assert!(calendar.text.rfind("END:VTIMEZONE") < calendar.text.find("BEGIN:VEVENT"), "{}", calendar.text);
    // The entries are those of the event's own file.
    let alone = subscribed(&anyone, &format!("/events/{rust}.ics")).await;
    let entries = calendar.entries();
    for entry in alone.entries() {
        assert!(entries.contains(&entry), "{entry:?}");
    }

    for (path, expected) in [
        ("/calendars/public.ics?q=rust&category=workshop", vec!["Rust evening", "Rust night"]),
        ("/calendars/public.ics?tag=rust", vec!["Rust evening", "Rust night"]),
        ("/calendars/public.ics?q=nothing", vec![]),
        ("/calendars/categories/concert.ics", vec!["Jazz"]),
        ("/calendars/organizers/lin.ics", vec!["Rust by Lin"]),
        ("/calendars/organizers/LIN.ics", vec!["Rust by Lin"]),
    ] {
        assert_eq!(titles(&subscribed(&anyone, path).await), expected, "{path}");
    }
    // The organizer sees what is theirs, with their token.
    assert_eq!(titles(&subscribed(&ada, "/calendars/organizers/ada.ics").await).len(), 6);
    for nothing in ["/calendars/categories/none.ics", "/calendars/organizers/none.ics"] {
        anyone.get(nothing).await.expect_problem(404, "not-found");
    }
    for wrong in ["?colour=red", "?from=2031-01-01", "?available=perhaps", "?sort=starts_at"] {
        let answer = anyone.get(&format!("{PUBLIC}{wrong}")).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_that_has_not_changed_is_not_sent_again(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, anyone) = (daemon.user("ada").await, daemon.anonymous());
    let (event, _) = ada.create_event(series("Rust evening")).await;
    let occurrences = ada.occurrences(&event).await;
    let mut known = String::new();
    let changes: [(&str, Value); 3] = [
        ("create", Value::Null),
        (&format!("/events/{event}"), json!({"location": "Hall 3"})),
        (&format!("/occurrences/{}", occurrences[2]), json!({"title": "Rust night"})),
    ];
    for (path, change) in &changes {
        if !change.is_null() {
            ada.patch(path, change.clone()).await.expect(200);
        }
        let condition = [("if-none-match", known.as_str())];
        let headers = if known.is_empty() { &[][..] } else { &condition[..] };
        let answer = anyone.call(Method::GET, PUBLIC, None, headers).await.expect(200);
        assert_eq!(answer.header("content-type"), "text/calendar; charset=utf-8");
        assert_eq!(anyone.get(PUBLIC).await.bytes, answer.bytes);
        known = answer.header("etag").to_owned();
        let again = anyone.call(Method::GET, PUBLIC, None, &[("if-none-match", &known)]).await.expect(304);
        assert!(again.bytes.is_empty());
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_not_modified_of_what_they_may_not_see(#[case] kind: Kind) {
    const PATH: &str = "/calendars/organizers/ada.ics";
    let db = TestDb::in_real_time(kind).await;
    let daemons = Daemon::several(&db, &[]).await;
    let (ada, anyone) = (daemons[0].user("ada").await, daemons[0].anonymous());
    let (event, _) = ada.create_event(new_event_in_2031().title("Shown")).await;
    ada.create_event(new_event_in_2031().title("Draft").draft()).await;
    let ask = async |daemon: &Daemon, client: &Client, tag: &str| {
        daemon.again(client).call(Method::GET, PATH, None, &[("if-none-match", tag)]).await
    };
    let mut tags = Vec::new();
    for client in [&ada, &anyone] {
        tags.push(client.get(PATH).await.expect(200).header("etag").to_owned());
    }
    for daemon in daemons.iter().chain(&daemons) {
        for (client, own, other) in [(&ada, &tags[0], &tags[1]), (&anyone, &tags[1], &tags[0])] {
            ask(daemon, client, own).await.expect(304);
            ask(daemon, client, other).await.expect(200);
        }
    }
    // Any process knows at once what one of them has hidden.
    for (n, visibility) in ["unlisted", "public", "private"].into_iter().enumerate() {
        let tag = anyone.get(PATH).await.expect(200).header("etag").to_owned();
        for daemon in daemons.iter().chain(&daemons) {
            ask(daemon, &anyone, &tag).await.expect(304);
        }
        let changer = daemons[n % daemons.len()].again(&ada);
        changer.patch(&format!("/events/{event}"), json!({"visibility": visibility})).await.expect(200);
        for daemon in &daemons {
            let answer = ask(daemon, &anyone, &tag).await.expect(200);
            let shown = if visibility == "public" { vec!["Shown"] } else { Vec::new() };
            assert_eq!(titles(&Reader::of(&answer)), shown, "{visibility}");
        }
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_calendar_is_sent_in_parts_and_whole(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, anyone) = (daemon.user("ada").await, daemon.anonymous());
    for number in 0..230 {
        ada.create_event(new_event_in_2031().title(format!("Evening {number:03}"))).await;
    }
    let expected: Vec<_> = (0..230).map(|number| format!("Evening {number:03}")).collect();
    assert_eq!(titles(&subscribed(&anyone, PUBLIC).await), expected);
    let over_http_2 = subscribed(&anyone.over_http_2(), PUBLIC).await;
    assert_eq!(titles(&over_http_2), expected);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_personal_calendar_has_what_one_attends_waits_for_and_organizes(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, lin, anyone) = (daemon.user("ada").await, daemon.user("lin").await, daemon.anonymous());
    let address = lin.poke("/users/me/calendar").await.expect(201).json();
    let url = address["url"].as_str().expect("an address");
    let (_, path) = url.split_once("/api/v1").expect("an address of this server");
    assert_eq!(address["webcal_url"], url.replacen("http", "webcal", 1));
    assert_eq!(titles(&subscribed(&anyone, path).await), [] as [&str; 0]);

    let (weekly, _) = ada.create_event(series("Weekly").set("visibility", "private")).await;
    let weekly = ada.occurrences(&weekly).await;
    let (_, full) = ada.create_event(new_event_in_2031().title("Full").capacity(1)).await;
    ada.create_event(new_event_in_2031().title("Of others")).await;
    lin.create_event(series("My draft").set("status", "draft")).await;
    for occurrence in [&weekly[1], &weekly[3]] {
        let body = json!({"user_id": lin.id()});
        ada.post(&format!("/occurrences/{occurrence}/registrations"), body).await.expect(201);
    }
    for person in [&ada, &lin] {
        person.put(&format!("/occurrences/{full}/registration"), json!({})).await.expect(201);
    }
    let answer = anyone.get(path).await.expect(200);
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    let calendar = Reader::of(&answer);
    assert_eq!(titles(&calendar), ["Full", "My draft", "Weekly", "Weekly"]);
    for entry in calendar.entries() {
        let expected = if entry["SUMMARY"] == ["SUMMARY:Weekly"] { "CONFIRMED" } else { "TENTATIVE" };
        assert_eq!(entry["STATUS"], [format!("STATUS:{expected}")], "{entry:?}");
        assert_eq!(entry.contains_key("RECURRENCE-ID"), entry["SUMMARY"] == ["SUMMARY:Weekly"], "{entry:?}");
    }

    // It follows a promotion, a cancellation of one's own, and one by the organizer.
    let known = answer.header("etag").to_owned();
    anyone.call(Method::GET, path, None, &[("if-none-match", &known)]).await.expect(304);
    ada.delete(&format!("/occurrences/{full}/registration")).await.expect(204);
    lin.delete(&format!("/occurrences/{}/registration", weekly[3])).await.expect(204);
    ada.poke(&format!("/occurrences/{}/cancel", weekly[1])).await.expect(200);
    let answer = anyone.call(Method::GET, path, None, &[("if-none-match", &known)]).await.expect(200);
    let calendar = Reader::of(&answer);
    assert_eq!(titles(&calendar), ["Full", "My draft", "Weekly"]);
    for entry in calendar.entries() {
        let expected = match entry["SUMMARY"][0] {
            "SUMMARY:Full" => "STATUS:CONFIRMED",
            "SUMMARY:Weekly" => "STATUS:CANCELLED",
            _ => "STATUS:TENTATIVE",
        };
        assert_eq!(entry["STATUS"], [expected], "{entry:?}");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_of_a_personal_calendar_ends_with_the_next_its_revocation_and_the_account(
    #[case] kind: Kind,
) {
    let daemon = Daemon::start(kind).await;
    let (lin, anyone) = (daemon.user("lin").await, daemon.anonymous());
    let made = async || {
        let address = lin.poke("/users/me/calendar").await.expect(201).json();
        address["url"].as_str().expect("an address").split_once("/api/v1").expect("a path").1.to_owned()
    };
    let first = made().await;
    let second = made().await;
    assert_ne!(first, second);
    anyone.get(&first).await.expect_problem(404, "not-found");
    anyone.get(&second).await.expect(200);
    let created_at =
        lin.get("/users/me/export").await.expect(200).json()["calendar_address_created_at"].clone();
    assert!(created_at.is_string(), "{created_at}");
    for _ in 0..2 {
        lin.delete("/users/me/calendar").await.expect(204);
        anyone.get(&second).await.expect_problem(404, "not-found");
    }

    // A personal access token would be outlived by the address.
    let token = lin.post("/tokens", json!({"name": "script", "scope": "write"})).await.expect(201).json();
    let script = lin.with_token(token["secret"].as_str().expect("a secret"));
    script.poke("/users/me/calendar").await.expect_problem(403, "forbidden");
    script.delete("/users/me/calendar").await.expect_problem(403, "forbidden");
    anyone.poke("/users/me/calendar").await.expect_problem(401, "unauthenticated");

    let third = made().await;
    anyone.get(&third).await.expect(200);
    lin.delete("/users/me").await.expect(204);
    for gone in [third.as_str(), "/calendars/personal/.ics", "/calendars/personal/x.ics"] {
        anyone.get(gone).await.expect_problem(404, "not-found");
    }
}
