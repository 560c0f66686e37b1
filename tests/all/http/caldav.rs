//! Calendars over CalDAV: what programs find on their way from the host to the files, and how they query.

use http::Method;
use rstest::rstest;
use serde_json::json;
use tests::{Answer, Client, Daemon, DavClient, EventBuilder, Kind, Multistatus, new_event_in_2031};

use super::calendars::Reader;

fn series(title: &str) -> EventBuilder {
    new_event_in_2031().title(title).timezone("Europe/Berlin").rule("FREQ=WEEKLY;COUNT=4")
}

/// The text of a refusal that names a precondition.
#[track_caller]
fn precondition(answer: Answer) -> String {
    let answer = answer.expect(403);
    assert_eq!(answer.header("content-type"), "application/xml; charset=utf-8", "{answer:?}");
    let text = String::from_utf8(answer.bytes.to_vec()).expect("UTF-8");
    assert!(text.contains("<D:error xmlns:D=\"DAV:\""), "{text}");
    text
}

/// The components of a calendar that are events, in order.
fn events(calendar: &str) -> Vec<String> {
    let events = calendar.split("BEGIN:VEVENT\r\n").skip(1);
    let mut events: Vec<_> =
        events.map(|event| event.split("END:VEVENT\r\n").next().unwrap_or_default().to_owned()).collect();
    events.sort();
    events
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_finds_its_way_from_the_host_to_the_calendars(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, anyone) = (daemon.user("ada").await, daemon.anonymous());
    let dav = DavClient::of(&daemon, &ada, "ada").await;
    for method in ["GET", "PROPFIND", "OPTIONS"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = anyone.raw(method, "/.well-known/caldav", vec![], &[]).await.expect(301);
        assert_eq!(answer.header("location"), format!("http://{}/dav/", daemon.address()));
    }
    let options = anyone.raw(Method::OPTIONS, "/dav/", vec![], &[]).await.expect(200);
    assert_eq!(options.header("dav"), "1, 3, access-control, calendar-access");
    assert_eq!(options.header("allow"), "OPTIONS, GET, HEAD, PROPFIND, REPORT");
    // Browsers still ask what other origins may do.
    let preflight = [("origin", "https://example.org"), ("access-control-request-method", "PROPFIND")];
    let preflight = anyone.raw(Method::OPTIONS, "/dav/", vec![], &preflight).await.expect(200);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");

    let root = dav.find("/dav/", "0", "<D:current-user-principal/><D:resourcetype/>").await;
    assert_eq!(root.only().found["current-user-principal"], "<href>/dav/principals/ada/");
    let principal = dav.find("/dav/principals/ada/", "0", "<C:calendar-home-set/><D:displayname/>").await;
    assert_eq!(principal.only().found["calendar-home-set"], format!("<href>{}", dav.home));
    assert_eq!(principal.only().found["displayname"], "ada");
    let wanted = "<D:resourcetype/><D:displayname/><C:supported-calendar-component-set/>\
        <D:supported-report-set/><D:current-user-privilege-set/><D:sync-token/><S:getctag/><D:nonsense/>\
        <X:color xmlns:X=\"urn:x\"/>";
    let home = dav.find(&dav.home, "1", wanted).await;
    let hrefs: Vec<&String> = home.responses.keys().collect();
    let [all, attending, organizing] =
        ["", "attending/", "organizing/"].map(|end| format!("{}{end}", dav.home));
    assert_eq!(hrefs, [&all, &attending, &organizing]);
    assert_eq!(home.responses[&all].found["resourcetype"], "<collection>");
    for (path, name) in [(&attending, "Attending"), (&organizing, "Organizing")] {
        let calendar = &home.responses[path];
        assert_eq!(calendar.found["resourcetype"], "<collection><calendar>");
        assert_eq!(calendar.found["displayname"], name);
        assert_eq!(calendar.found["supported-calendar-component-set"], "<comp>");
        assert_eq!(calendar.found["sync-token"], calendar.found["getctag"]);
        assert!(!calendar.found["current-user-privilege-set"].contains("write"), "{calendar:?}");
        let missing: Vec<&str> = calendar.missing.iter().map(String::as_str).collect();
        assert_eq!(missing, ["DAV: nonsense", "urn:x color"]);
    }
    // With fewer words, if that is preferred.
    let body = "<D:propfind xmlns:D='DAV:'><D:prop><D:getetag/><D:displayname/></D:prop></D:propfind>";
    let headers = [("depth", "0"), ("prefer", "return=minimal")];
    let minimal = Multistatus::of(&dav.ask("PROPFIND", &attending, body, &headers).await);
    assert!(minimal.only().missing.is_empty() && minimal.only().found.len() == 1, "{minimal:?}");
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_calendars_have_what_the_calendar_at_the_secret_address_has(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, lin, anyone) = (daemon.user("ada").await, daemon.user("lin").await, daemon.anonymous());
    let dav = DavClient::of(&daemon, &lin, "lin").await;
    let (weekly, _) = ada.create_event(series("Weekly <&> talks").description("One\n\"two\"")).await;
    let occurrences = ada.occurrences(&weekly).await;
    for occurrence in &occurrences[1..3] {
        lin.register(occurrence, 1).await.expect(201);
    }
    let (_, full) = ada.create_event(new_event_in_2031().title("Full").capacity(1)).await;
    ada.register(&full, 1).await.expect(201);
    lin.register(&full, 1).await.expect(201);
    let (own, first) = lin.create_event(series("Own")).await;
    // Those who organize an event and attend it have it once.
    lin.register(&first, 1).await.expect(201);
    lin.create_event(new_event_in_2031().title("Draft").set("status", "draft")).await;
    ada.create_event(new_event_in_2031().title("Of others")).await;

    let attending = dav.query("attending", "").await;
    let organizing = dav.query("organizing", "").await;
    assert_eq!((attending.len(), organizing.len()), (2, 2));
    assert!(organizing.contains_key(&format!("{}organizing/{own}.ics", dav.home)));
    let mut here: Vec<String> =
        attending.values().chain(organizing.values()).flat_map(|file| events(file)).collect();
    here.sort();
    let address = lin.poke("/users/me/calendar").await.expect(201).json();
    let path = address["url"].as_str().unwrap().split_once("/api/v1").unwrap().1;
    let feed = anyone.get(path).await.expect(200);
    assert_eq!(here, events(std::str::from_utf8(&feed.bytes).unwrap()));
    let weekly = &attending[&format!("{}attending/{weekly}.ics", dav.home)];
    assert!(weekly.contains("SUMMARY:Weekly <&> talks\r\n"), "{weekly}");
    assert_eq!(weekly.matches("RECURRENCE-ID").count(), 2, "{weekly}");
    assert!(weekly.contains("BEGIN:VTIMEZONE\r\n"), "{weekly}");
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_read_by_their_addresses_with_the_tags_that_lists_tell(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let dav = DavClient::of(&daemon, &ada, "ada").await;
    let (event, _) = ada.create_event(series("Weekly").description("x".repeat(3_000))).await;
    let (other, _) = ada.create_event(new_event_in_2031()).await;
    let path = |event: &str| format!("{}organizing/{event}.ics", dav.home);
    let listed = dav.find(&format!("{}organizing/", dav.home), "1", "<D:getetag/><D:getcontenttype/>").await;
    assert_eq!(listed.responses.len(), 3);
    let tag = &listed.responses[&path(&event)].found["getetag"];
    assert_eq!(
        listed.responses[&path(&event)].found["getcontenttype"],
        "text/calendar; charset=utf-8; component=VEVENT"
    );
    // Compressed, it would have another tag.
    let answer = dav.ask("GET", &path(&event), "", &[("accept-encoding", "gzip")]).await.expect(200);
    assert_eq!((answer.header("etag"), answer.header("content-encoding")), (tag.as_str(), ""));
    assert_eq!(Reader::of(&answer).entries().len(), 1);
    dav.ask("GET", &path(&event), "", &[("if-none-match", tag)]).await.expect(304);
    dav.ask("HEAD", &path(&event), "", &[]).await.expect(200);

    let missing = "00000000-0000-7000-8000-000000000000";
    let hrefs = [
        path(&event),
        format!("http://{}{}", daemon.address(), path(&other)),
        path(&other),
        path(missing),
        format!("{}attending/{event}.ics", dav.home),
        "/elsewhere/a%20b.ics".to_owned(),
    ];
    let hrefs = hrefs.map(|href| format!("<D:href>{href}</D:href>")).concat();
    let content = format!("<D:prop><D:getetag/><C:calendar-data/></D:prop>{hrefs}");
    let read = dav.report(&format!("{}organizing/", dav.home), "C:calendar-multiget", &content).await;
    assert_eq!(read.responses.len(), 5, "{read:?}");
    assert_eq!(read.responses.values().filter(|one| one.status == Some(404)).count(), 3);
    let whole = &read.responses[&path(&event)].found;
    assert_eq!(&whole["getetag"], tag);
    assert_eq!(whole["calendar-data"].as_bytes(), answer.bytes);

    ada.patch(&format!("/events/{event}"), json!({"title": "Moved"})).await.expect(200);
    let answer = dav.ask("GET", &path(&event), "", &[("if-none-match", tag)]).await.expect(200);
    assert_ne!(answer.header("etag"), tag);
    for gone in [path(missing), path("x"), format!("{}holidays/", dav.home)] {
        dav.ask("GET", &gone, "", &[]).await.expect_problem(404, "not-found");
        dav.ask("PROPFIND", &gone, "", &[("depth", "0")]).await.expect_problem(404, "not-found");
    }
    for collection in ["/dav", "/dav/", &dav.home] {
        let answer = dav.ask("GET", collection, "", &[]).await.expect(200);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    }
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_find_what_takes_place_within_a_period_and_what_has_a_text(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, lin) = (daemon.user("ada").await, daemon.user("lin").await);
    let dav = DavClient::of(&daemon, &lin, "lin").await;
    // On Tuesdays, 4, 11, 18 and 25 March 2031, at 17:30 UTC.
    let (weekly, _) = ada.create_event(series("Weekly")).await;
    let attended = &ada.occurrences(&weekly).await[2];
    lin.register(attended, 1).await.expect(201);
    let (own, _) = lin.create_event(series("Own")).await;
    let (endless, _) = lin.create_event(new_event_in_2031().title("Endless").rule("FREQ=WEEKLY")).await;
    let range = |from: &str, to: &str| format!("<C:time-range start=\"2031{from}\" end=\"2031{to}\"/>");
    let found = async |calendar: &str, filter: &str| {
        let found = dav.query(calendar, filter).await;
        let mut titles: Vec<String> = found
            .values()
            .map(|file| file.split_once("SUMMARY:").unwrap().1.split("\r\n").next().unwrap().to_owned())
            .collect();
        titles.sort();
        titles.join(" ")
    };
    // Only the occurrence that is attended, from its start until its end.
    for (from, to, titles) in [
        ("0318T173000Z", "0318T183000Z", "Weekly"),
        ("0318T182959Z", "0319T000000Z", "Weekly"),
        ("0318T183000Z", "0319T000000Z", ""),
        ("0318T000000Z", "0318T173000Z", ""),
        ("0304T000000Z", "0312T000000Z", ""),
        ("0101T000000Z", "1231T000000Z", "Weekly"),
    ] {
        assert_eq!(found("attending", &range(from, to)).await, titles, "{from} {to}");
    }
    assert_eq!(found("organizing", &range("0304T170000Z", "0304T180000Z")).await, "Own");
    assert_eq!(found("organizing", &range("0304T170000Z", "0304T190000Z")).await, "Endless Own");
    assert_eq!(found("organizing", &range("0326T000000Z", "0331T000000Z")).await, "");
    // What is so far ahead that it is not stored is found by the rule.
    assert_eq!(found("organizing", "<C:time-range start=\"20390101T000000Z\"/>").await, "Endless");
    assert_eq!(found("organizing", &range("1202T190000Z", "1203T000000Z")).await, "Endless");
    assert_eq!(found("organizing", &range("1202T193000Z", "1203T000000Z")).await, "");
    assert_eq!(found("organizing", "<C:time-range end=\"20310304T170000Z\"/>").await, "");
    let text = |property: &str, text: &str| {
        format!("<C:prop-filter name=\"{property}\"><C:text-match>{text}</C:text-match></C:prop-filter>")
    };
    assert_eq!(found("organizing", &text("SUMMARY", "own")).await, "Own");
    assert_eq!(found("organizing", &text("UID", &endless)).await, "Endless");
    let both = range("0304T170000Z", "0304T190000Z") + &text("UID", &own);
    assert_eq!(found("organizing", &both).await, "Own");
    let absent = "<C:prop-filter name=\"RRULE\"><C:is-not-defined/></C:prop-filter>";
    assert_eq!(found("organizing", absent).await, "");
    assert_eq!(found("attending", absent).await, "Weekly");

    // Each occurrence by itself, if a program does not expand rules.
    let expanded = "<D:prop><C:calendar-data><C:expand start=\"20310310T000000Z\" end=\"20310320T000000Z\"/>\
        </C:calendar-data></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\"/></C:filter>";
    let told = dav.report(&format!("{}organizing/", dav.home), "C:calendar-query", expanded).await;
    let file = &told.responses[&format!("{}organizing/{own}.ics", dav.home)].found["calendar-data"];
    for (text, count) in [
        ("BEGIN:VEVENT\r\n", 2),
        ("RECURRENCE-ID:20310311T173000Z\r\n", 1),
        ("DTSTART:20310318T173000Z\r\n", 1),
        ("RRULE", 0),
        ("TZID", 0),
    ] {
        assert_eq!(file.matches(text).count(), count, "{text} in {file}");
    }

    // Other components than events are not there, and other filters are refused by their names.
    let path = format!("{}organizing/", dav.home);
    let of_tasks = "<D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\">\
        <C:comp-filter name=\"VTODO\"/></C:comp-filter></C:filter>";
    assert!(dav.report(&path, "C:calendar-query", of_tasks).await.responses.is_empty());
    for (filter, refusal) in [
        ("<C:filter><C:comp-filter name=\"VEVENT\"/></C:filter>", "<C:valid-filter/>"),
        ("", "<C:valid-filter/>"),
    ] {
        let refused = precondition(dav.try_report(&path, "C:calendar-query", filter).await);
        assert!(refused.contains(refusal), "{refused}");
    }
    for (path, root) in [(path.as_str(), "C:free-busy-query"), (dav.home.as_str(), "C:calendar-query")] {
        assert!(
            precondition(dav.try_report(path, root, "").await).contains("<D:supported-report/>"),
            "{root}"
        );
    }
    let versioned = "<D:prop><C:calendar-data content-type=\"application/calendar+json\"/></D:prop>";
    let refused = precondition(dav.try_report(&path, "C:calendar-multiget", versioned).await);
    assert!(refused.contains("<C:supported-calendar-data/>"), "{refused}");
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn properties_are_told_all_by_name_or_as_asked_for(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let dav = DavClient::of(&daemon, &ada, "ada").await;
    let (event, _) = ada.create_event(new_event_in_2031()).await;
    let calendar = format!("{}organizing/", dav.home);
    let file = format!("{calendar}{event}.ics");
    let ask = async |path: &str, depth: &str, body: &str| {
        Multistatus::of(&dav.ask("PROPFIND", path, body, &[("depth", depth)]).await)
    };
    let all = "<D:propfind xmlns:D='DAV:'><D:allprop/><D:include><D:owner/></D:include></D:propfind>";
    for (body, includes_owner) in [("", false), (all, true)] {
        let told = ask(&calendar, "1", body).await;
        assert_eq!(told.responses.len(), 2);
        assert!(told.responses[&file].found.contains_key("getetag"), "{told:?}");
        assert!(told.responses.values().all(|one| one.found.contains_key("owner") == includes_owner));
        assert!(told.responses.values().all(|one| one.missing.is_empty()));
    }
    let names = "<D:propfind xmlns:D='DAV:'><D:propname/></D:propfind>";
    let told = ask(&calendar, "0", names).await;
    assert!(told.only().found.values().all(String::is_empty), "{told:?}");
    for name in ["sync-token", "getctag", "supported-report-set", "displayname"] {
        assert!(told.only().found.contains_key(name), "{name}");
    }
    // A file has no members, so that any depth is that of the file.
    for depth in ["0", "1", "infinity"] {
        assert_eq!(ask(&file, depth, all).await.responses.len(), 1);
    }
    for headers in [&[("depth", "infinity")][..], &[]] {
        let refused = precondition(dav.ask("PROPFIND", &calendar, all, headers).await);
        assert!(refused.contains("<D:propfind-finite-depth/>"), "{refused}");
    }
    dav.ask("PROPFIND", &calendar, all, &[("depth", "2")]).await.expect_problem(400, "invalid-input");
    let empty = "<D:propfind xmlns:D='DAV:'/>";
    dav.ask("PROPFIND", &calendar, empty, &[("depth", "0")]).await.expect_problem(400, "invalid-input");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_that_changes_something_is_refused_as_programs_understand(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let dav = DavClient::of(&daemon, &ada, "ada").await;
    let (event, _) = ada.create_event(new_event_in_2031()).await;
    let file = format!("{}organizing/{event}.ics", dav.home);
    let new = format!("{}attending/new.ics", dav.home);
    let calendar = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";
    for (method, path, privilege) in [
        ("PUT", &file, "write-content"),
        ("PUT", &new, "write-content"),
        ("DELETE", &file, "unbind"),
        ("PROPPATCH", &dav.home, "write-properties"),
        ("MKCALENDAR", &format!("{}more/", dav.home), "bind"),
        ("MKCOL", &format!("{}more/", dav.home), "bind"),
        ("MOVE", &file, "unbind"),
        ("COPY", &file, "write-content"),
        ("POST", &dav.home, "write-content"),
        ("ACL", &dav.home, "write-acl"),
    ] {
        let headers = [("destination", new.as_str()), ("idempotency-key", "a")];
        let refused = precondition(dav.ask(method, path, calendar, &headers).await);
        let expected = format!("<D:privilege><D:{privilege}/></D:privilege>");
        assert!(
            refused.contains("<D:need-privileges>") && refused.contains(&expected),
            "{method}: {refused}"
        );
    }
    for method in ["LOCK", "UNLOCK", "TRACE"] {
        let answer = dav.ask(method, &file, "", &[]).await.expect_problem(405, "method-not-allowed");
        let allowed: Vec<&str> = answer.header("allow").split(", ").collect();
        assert!(allowed.contains(&"PROPFIND") && !allowed.contains(&"PUT"), "{allowed:?}");
    }
    assert_eq!(dav.query("organizing", "").await.len(), 1);
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_sign_in_by_a_token_that_can_do_nothing_else(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, lin) = (daemon.user("ada").await, daemon.user("lin").await);
    let made = async |scope: &str| -> (String, String) {
        let token = ada.post("/tokens", json!({"name": scope, "scope": scope})).await.expect(201).json();
        assert_eq!(token["scope"], scope);
        (token["id"].as_str().unwrap().to_owned(), token["secret"].as_str().unwrap().to_owned())
    };
    let (id, calendar) = made("calendar").await;
    let (_, read) = made("read").await;
    let of_lin = DavClient::of(&daemon, &lin, "lin").await;
    let status = async |dav: &DavClient, path: &str| dav.ask("PROPFIND", path, "", &[("depth", "0")]).await;
    let signed_in = |name: &str, password: &str| DavClient::signed_in(&daemon, name, password);
    for (name, password) in
        [("ada", &calendar), ("ADA", &calendar), ("ada@example.org", &calendar), ("ada", &read)]
    {
        status(&signed_in(name, password), "/dav/").await.expect(207);
    }
    let bearer = signed_in("ada", "").with_authorization(&format!("Bearer {calendar}"));
    status(&bearer, "/dav/calendars/ada/").await.expect(207);
    // Of others there is nothing, whether they exist or not.
    for path in ["/dav/calendars/lin/", "/dav/principals/lin/", "/dav/calendars/nobody/attending/"] {
        status(&bearer, path).await.expect_problem(404, "not-found");
    }
    status(&of_lin, "/dav/calendars/lin/").await.expect(207);

    let nobody = signed_in("ada", "").with_authorization("");
    let refused = [
        signed_in("ada", "correct horse 7"),
        signed_in("lin", &calendar),
        signed_in("ada", ""),
        signed_in("", &calendar),
        signed_in("ada", ada.token()),
        signed_in("ada", "").with_authorization("Basic %%%"),
        nobody,
    ];
    for dav in &refused {
        for method in ["PROPFIND", "GET", "PUT", "REPORT"] {
            let answer = dav.ask(method, "/dav/calendars/ada/", "<a/>", &[]).await;
            let answer = answer.expect_problem(401, "invalid-credentials");
            assert_eq!(answer.header("www-authenticate"), "Basic realm=\"Events\", charset=\"UTF-8\"");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("token of the scope calendar"), "{detail}");
        }
    }
    let answer = daemon.anonymous().raw(Method::GET, "/dav/", vec![], &[]).await;
    answer.expect_problem(401, "unauthenticated");

    // Elsewhere the token is known, and refused.
    let script: Client = ada.with_token(&calendar);
    script.get("/users/me").await.expect_problem(403, "forbidden");
    script.get("/occurrences").await.expect_problem(403, "forbidden");
    script.post("/events", new_event_in_2031().json()).await.expect_problem(403, "forbidden");
    script.post("/tokens", json!({"name": "more"})).await.expect_problem(403, "forbidden");

    ada.delete(&format!("/tokens/{id}")).await.expect(204);
    status(&signed_in("ada", &calendar), "/dav/").await.expect_problem(401, "invalid-credentials");
    lin.delete("/users/me").await.expect(204);
    status(&of_lin, "/dav/").await.expect_problem(401, "invalid-credentials");
    assert_eq!(daemon.db.number("SELECT count(*) FROM calendar_snapshots").await, 0);
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_bodies_are_problems_and_cost_nothing(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let dav = DavClient::of(&daemon, &ada, "ada").await;
    let bomb = "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;'>]>\
        <D:propfind xmlns:D='DAV:'>&c;</D:propfind>";
    let outside = "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><D:propfind xmlns:D='DAV:'/>";
    let deep = "<a>".repeat(300_000);
    let wide = format!("<a>{}</a>", "<b/>".repeat(200_000));
    let attributes = (0..90_000).map(|n| format!(" a{n}=''")).collect::<Vec<_>>().concat();
    let attributes = format!("<a{attributes}/>");
    let namespaces = (0..40_000).map(|n| format!(" xmlns:a{n}='b'")).collect::<Vec<_>>().concat();
    let namespaces = format!("<a{namespaces}/>");
    let names = "<D:x/>".repeat(29_000);
    let names = format!("<D:propfind xmlns:D='DAV:'><D:prop>{names}</D:prop></D:propfind>");
    let before = daemon.peak_memory();
    for body in [bomb, outside, &deep, &wide, &attributes, &namespaces, "\u{feff}", "<a", "<a>&x;</a>", "{}"]
    {
        for method in ["PROPFIND", "REPORT"] {
            let answer = dav.ask(method, &dav.home, body, &[("depth", "1")]).await;
            answer.expect_problem(400, "invalid-input");
        }
    }
    // What is asked for many times is told once.
    let told = Multistatus::of(&dav.ask("PROPFIND", &dav.home, &names, &[("depth", "1")]).await);
    assert_eq!(told.responses.len(), 3);
    let large = "a".repeat((1 << 20) + 1);
    dav.ask("PROPFIND", &dav.home, &large, &[]).await.expect_problem(413, "payload-too-large");
    assert!(daemon.peak_memory() < before + 100, "{} MiB", daemon.peak_memory());
    // A file that is not there, over and over.
    let hrefs = "<D:href>/x</D:href>".repeat(20_000);
    let read = dav.report(&format!("{}attending/", dav.home), "C:calendar-multiget", &hrefs).await;
    assert_eq!(read.responses.len(), 1);
    daemon.check().await;
}
