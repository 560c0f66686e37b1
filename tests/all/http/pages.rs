//! The pages of events, occurrences and tickets, as a browser without scripts shows them.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Client, Daemon, HtmlPage, Kind, TestDb, new_event_in_2031, tries};

/// What browsers send.
const ACCEPT: (&str, &str) = ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

async fn ask(client: &Client, path: &str) -> Answer {
    client.raw(Method::GET, path, Vec::new(), &[ACCEPT]).await
}

async fn show(client: &Client, path: &str) -> HtmlPage {
    HtmlPage::of(&ask(client, path).await.expect(200))
}

/// The path of the page of a thing that the API returns.
fn page_of(thing: &Value) -> String {
    let address = thing["links"]["page"].as_str().expect("a page");
    let after_host = address.split_once("://").expect("an absolute address").1;
    after_host[after_host.find('/').expect("a path")..].to_owned()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_an_event_tells_what_guests_want_to_know(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let event = new_event_in_2031()
        .title("Rust evening")
        .description("# Agenda\n\nTalks and *pizza*")
        .timezone("Europe/Berlin")
        .duration("PT2H")
        .location("Hall 2, Berlin")
        .set("url", "https://example.org/join?a=1&b=2")
        .category("workshop")
        .tags(["rust"]);
    let event = ada.post("/events", event.json()).await.expect(201).json();
    let occurrence = event["next_occurrence"].clone();
    bob.register(occurrence["id"].as_str().unwrap(), 3).await.expect(201);
    let guest = daemon.anonymous();
    for (path, title) in [
        (page_of(&event), "Rust evening · eventd"),
        (page_of(&occurrence), "Rust evening, Tuesday, 4 March 2031, 18:30–20:30 · eventd"),
    ] {
        let page = show(&guest, &path).await;
        assert_eq!((&*page.first("title").text, &*page.first("h1").text), (title, "Rust evening"));
        let facts = page.facts();
        for (name, value) in [
            ("When", "Tuesday, 4 March 2031, 18:30–20:30 Europe/Berlin, UTC+01:00"),
            ("Where", "Hall 2, Berlin"),
            ("Online", "https://example.org/join?a=1&b=2"),
            ("Seats", "1 of 4 left"),
            ("Registration", "Open"),
            ("Organizer", "ada"),
            ("Category", "Workshop"),
            ("Tags", "rust"),
        ] {
            assert_eq!(facts.get(name).map(String::as_str), Some(value), "{path} {name}");
        }
        assert_eq!((&*page.first("em").text, &*page.first("h3").text), ("pizza", "Agenda"));
        assert_eq!(page.first("time").at("datetime"), "2031-03-04T18:30:00+01:00");
        let links = page.links();
        assert!(links.contains(&"https://example.org/join?a=1&b=2"), "{links:?}");
        for calendar in [
            "https://calendar.google.com/",
            "https://outlook.live.com/",
            "https://outlook.office.com/",
            "https://calendar.yahoo.com/",
            &format!("webcal://{}/api/v1/", daemon.address()),
        ] {
            assert!(links.iter().any(|link| link.starts_with(calendar)), "{links:?}");
        }
        let ics = links.iter().find(|link| link.starts_with("/api/v1/")).expect("a calendar file");
        let ics = ask(&guest, ics).await.expect(200);
        assert_eq!(ics.header("content-type"), "text/calendar; charset=utf-8");
        let address = format!("http://{}{path}", daemon.address());
        assert_eq!(page.all("link").next().unwrap().at("href"), address);
        for (name, content) in [
            ("og:title", "Rust evening"),
            ("og:url", &*address),
            ("og:description", "Agenda Talks and pizza"),
            ("description", "Agenda Talks and pizza"),
        ] {
            assert_eq!(page.meta(name), Some(content), "{path} {name}");
        }
        let data = page.json_ld();
        assert_eq!((&data["@context"], &data["@type"]), (&json!("https://schema.org"), &json!("Event")));
        assert_eq!(
            (&data["name"], &data["description"]),
            (&json!("Rust evening"), &json!("Agenda Talks and pizza"))
        );
        assert_eq!(
            (&data["startDate"], &data["endDate"]),
            (&json!("2031-03-04T18:30:00+01:00"), &json!("2031-03-04T20:30:00+01:00"))
        );
        assert_eq!(data["location"][0]["name"], "Hall 2, Berlin");
        assert_eq!(data["location"][1]["url"], "https://example.org/join?a=1&b=2");
        assert_eq!(data["offers"]["availability"], "https://schema.org/InStock");
        assert_eq!(
            (&data["remainingAttendeeCapacity"], &data["offers"]["inventoryLevel"]["value"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(data["eventStatus"], "https://schema.org/EventScheduled");
        assert_eq!(page.html.matches("<script").count(), 1, "the structured data alone");
        assert!(!page.html.contains(" style="), "the style sheet is the only style");
        assert!(page.html.len() < 20_000, "{}", page.html.len());
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_lists_its_occurrences_page_by_page(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let event = new_event_in_2031().rule("FREQ=DAILY;COUNT=23").json();
    let event = ada.post("/events", event).await.expect(201).json();
    let ids = ada.occurrences(event["id"].as_str().unwrap()).await;
    ada.poke(&format!("/occurrences/{}/cancel", ids[1])).await.expect(200);
    let moved = json!({"starts_at": "2031-03-06T20:00:00"});
    ada.patch(&format!("/occurrences/{}", ids[2]), moved).await.expect(200);
    ada.patch(&format!("/occurrences/{}", ids[3]), json!({"title": "Special"})).await.expect(200);
    daemon.db.pass(&ids[0], "2024-03-04T18:30:00Z").await;
    let guest = daemon.anonymous();
    let path = page_of(&event);
    let page = show(&guest, &path).await;
    assert_eq!(page.facts()["Takes place"], "every day, 23 times");
    let listed = |page: &HtmlPage| -> Vec<String> {
        let links = page.links().into_iter().filter_map(|link| link.strip_prefix("/occurrences/"));
        links.map(str::to_owned).collect()
    };
    assert_eq!(listed(&page), ids[1..21]);
    assert!(page.text().contains("Wednesday, 5 March 2031, 18:30–19:30 Cancelled"), "{}", page.text());
    let data = page.json_ld();
    assert_eq!((&data["@type"], data["subEvent"].as_array().unwrap().len()), (&json!("EventSeries"), 20));
    assert_eq!(data["subEvent"][0]["eventStatus"], "https://schema.org/EventCancelled");
    assert_eq!(data["subEvent"][2]["name"], "Special");
    let next =
        page.all("a").find(|link| link.at("rel") == "next").expect("a next page").at("href").to_owned();
    let next = show(&guest, &next).await;
    assert_eq!(listed(&next), ids[21..]);
    let previous =
        next.all("a").find(|link| link.at("rel") == "prev").expect("a page before").at("href").to_owned();
    assert_eq!(listed(&show(&guest, &previous).await), ids[1..21]);
    let past = show(&guest, &format!("{path}?past=true")).await;
    assert_eq!(listed(&past), ids[..1]);
    // Links carry parameters of those who pass them on.
    assert_eq!(listed(&show(&guest, &format!("{path}?utm_source=news")).await), ids[1..21]);
    HtmlPage::of(&ask(&guest, &format!("{path}?cursor=nonsense")).await.expect(400));

    let cancelled = show(&guest, &format!("/occurrences/{}", ids[1])).await;
    assert!(cancelled.text().contains("This occurrence is cancelled."), "{}", cancelled.text());
    assert_eq!(cancelled.json_ld()["offers"]["availability"], "https://schema.org/OutOfStock");
    let moved = show(&guest, &format!("/occurrences/{}", ids[2])).await;
    assert_eq!(moved.facts()["Moved from"], "Thursday, 6 March 2031, 18:30");
    assert_eq!(moved.json_ld()["eventStatus"], "https://schema.org/EventRescheduled");
    assert_eq!(moved.json_ld()["previousStartDate"], "2031-03-06T18:30:00Z");
    assert!(moved.links().contains(&&*path), "{:?}", moved.links());
    assert_eq!(show(&guest, &format!("/occurrences/{}", ids[3])).await.first("h1").text, "Special");
    let over = show(&guest, &format!("/occurrences/{}", ids[0])).await;
    assert_eq!(over.facts()["Registration"], "Closed: it is over");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_show_what_everyone_may_see(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let guest = daemon.anonymous();
    for (changes, robots) in [
        (json!({}), Some(None)),
        (json!({"visibility": "unlisted"}), Some(Some("noindex"))),
        (json!({"visibility": "private"}), None),
        (json!({"status": "draft"}), None),
    ] {
        let event = ada.post("/events", new_event_in_2031().with(&changes).json()).await.expect(201).json();
        for path in [page_of(&event), page_of(&event["next_occurrence"])] {
            // Pages are for everyone: nobody signs in to them.
            for client in [&guest, &ada] {
                match robots {
                    Some(robots) => assert_eq!(show(client, &path).await.meta("robots"), robots, "{changes}"),
                    None => {
                        let page = HtmlPage::of(&ask(client, &path).await.expect(404));
                        assert!(page.text().starts_with("Not found No such "), "{}", page.text());
                        assert!(!page.html.contains("Evening"), "{changes}");
                    }
                }
            }
        }
    }
    let event = ada.post("/events", new_event_in_2031().json()).await.expect(201).json();
    ada.poke(&format!("/events/{}/cancel", event["id"].as_str().unwrap())).await.expect(200);
    let page = show(&guest, &page_of(&event)).await;
    assert!(page.text().contains("This event is cancelled."), "{}", page.text());
    assert_eq!(page.json_ld()["eventStatus"], "https://schema.org/EventCancelled");
    for unknown in ["/events/nope", "/occurrences/01890000-0000-7000-8000-000000000000", "/tickets/x"] {
        HtmlPage::of(&ask(&guest, unknown).await.expect(404));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_texts_are_harmless_on_pages() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let ada = daemon.user("ada").await;
    let guest = daemon.anonymous();
    let own =
        ["</script><script>alert(1)</script>", "a\u{202e}txt.exe", "<!--<script>", "]]>", "{{ 7 * 7 }}"];
    let (mut shown, long) = (0, "W".repeat(200));
    for text in own.into_iter().map(str::to_owned).chain([long]).chain(tries()) {
        let event = new_event_in_2031().title(&*text).location(&*text).description(&*text);
        let made = ada.post("/events", event.json()).await;
        if !made.status.is_success() {
            continue;
        }
        let event = made.json();
        let page = show(&guest, &page_of(&event)).await;
        assert_eq!(page.first("h1").text, event["title"].as_str().unwrap());
        let marks = |c: char| c.is_control() || "\u{61c}\u{200e}\u{200f}\u{202e}".contains(c);
        let plain: String = event["title"].as_str().unwrap().chars().filter(|c| !marks(*c)).collect();
        let data = page.json_ld();
        assert_eq!((&data["name"], &data["location"]["name"]), (&json!(plain), &json!(plain)));
        assert_eq!(page.first("title").text, format!("{plain} · eventd"));
        assert_eq!(page.meta("og:title"), Some(&*plain));
        for element in &page.elements {
            let is_known = match element.tag.as_str() {
                "script" => element.at("type") == "application/ld+json",
                "iframe" | "object" | "embed" | "img" | "svg" | "form" | "base" | "input" => false,
                _ => true,
            };
            assert!(is_known, "{text}: {element:?}");
            for (name, value) in &element.attributes {
                assert!(!name.starts_with("on") && name != "style" && name != "src", "{text}: {name}");
                let is_address = name == "href";
                let scheme = ["http://", "https://", "mailto:", "webcal://", "/"]
                    .iter()
                    .any(|known| value.starts_with(known));
                assert!(!is_address || scheme, "{text}: {value}");
            }
        }
        shown += 1;
    }
    assert!(shown > 100, "{shown}");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_is_shown_by_its_secret_address_alone(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let [ada, bob, cid] = daemon.users(["ada", "bob", "cid"]).await;
    let guest = daemon.anonymous();
    let (_, occurrence) = ada.create_event(new_event_in_2031().capacity(2)).await;
    let registration = bob.register(&occurrence, 2).await.expect(201).json();
    let waits = cid.register(&occurrence, 1).await.expect(201).json();
    assert_eq!(waits["links"]["page"], Value::Null, "no seat, no ticket");
    let id = registration["id"].as_str().unwrap();
    let code = registration["ticket_code"].as_str().unwrap();
    let path = page_of(&registration);
    assert_eq!(path, format!("/tickets/{code}"));

    let answer = ask(&guest, &path).await.expect(200);
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex, nofollow"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let page = HtmlPage::of(&answer);
    assert_eq!(
        (page.meta("robots"), page.meta("referrer")),
        (Some("noindex, nofollow"), Some("no-referrer"))
    );
    let facts = page.facts();
    for (name, value) in [("Status", "Confirmed"), ("Where", "Room 2"), ("Name", "bob"), ("People", "2")] {
        assert_eq!(facts[name], value);
    }
    let svg = ask(&bob, &format!("/api/v1/registrations/{id}/ticket.svg")).await.expect(200);
    assert!(page.html.contains(std::str::from_utf8(&svg.bytes).unwrap()), "the code that the API draws");
    assert!(page.text().contains(code), "{}", page.text());
    // Nothing leads to another server with the address of the ticket.
    for link in page.all("a").filter(|link| link.at("href").starts_with("http")) {
        assert!(link.at("rel").contains("noreferrer") && !link.at("href").contains(code), "{link:?}");
    }
    // A code that differs in one letter is unknown.
    let other = if code.ends_with('0') { '1' } else { '0' };
    let wrong = format!("{}{other}", &path[..path.len() - 1]);
    for wrong in [&*wrong, "/tickets/", "/tickets/%00", &path[..path.len() - 1], &format!("{path}0")] {
        assert_eq!(ask(&guest, wrong).await.status.as_u16(), 404, "{wrong}");
    }
    // Letters are read as they are typed.
    show(&guest, &path.to_ascii_lowercase().replace('-', "")).await;

    ada.poke(&format!("/registrations/{id}/check-in")).await.expect(200);
    let page = show(&guest, &path).await;
    assert!(page.facts()["Status"].starts_with("Checked in on "), "{:?}", page.facts());
    bob.delete(&format!("/occurrences/{occurrence}/registration")).await.expect(204);
    let page = show(&guest, &path).await;
    assert_eq!(page.facts()["Status"], "Cancelled");
    assert!(page.text().contains("This registration is cancelled.") && !page.html.contains("<svg"));
    let promoted = cid.get(&format!("/occurrences/{occurrence}/registration")).await.expect(200).json();
    assert_eq!(show(&guest, &page_of(&promoted)).await.facts()["Name"], "cid");

    // The holder of a ticket for a private event sees the ticket, and no link to a page that nobody sees.
    let (_, private) = ada.create_event(new_event_in_2031().private()).await;
    let invited = json!({"username": "bob"});
    let invited =
        ada.post(&format!("/occurrences/{private}/registrations"), invited).await.expect(201).json();
    let page = show(&guest, &page_of(&invited)).await;
    assert!(page.html.contains("<svg") && !page.links().iter().any(|link| link.contains(&private)));
    ada.poke(&format!("/occurrences/{private}/cancel")).await.expect(200);
    let page = show(&guest, &page_of(&invited)).await;
    assert!(page.text().contains("This occurrence is cancelled.") && !page.html.contains("<svg"));
    assert!(!daemon.log().contains(code), "no secret in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn problems_of_pages_are_pages_for_browsers_and_documents_for_programs() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let guest = daemon.anonymous();
    for (method, path, status) in [
        (Method::GET, "/nothing", 404),
        (Method::GET, "/events/nope", 404),
        (Method::GET, "/problems/nope", 404),
        (Method::POST, "/", 405),
        (Method::POST, "/events/nope", 405),
    ] {
        let answer = guest.raw(method.clone(), path, Vec::new(), &[ACCEPT]).await.expect(status);
        let page = HtmlPage::of(&answer);
        assert!(page.text().contains(answer.header("x-request-id")), "{}", page.text());
        assert!(answer.header("content-security-policy").contains("style-src 'sha256-"), "{path}");
        assert_eq!(answer.header("allow"), if status == 405 { "GET" } else { "" });
        let slug = if status == 405 { "method-not-allowed" } else { "not-found" };
        for accept in ["*/*", "application/json", "text/html;q=0, */*"] {
            let accept = [("accept", accept)];
            guest.raw(method.clone(), path, Vec::new(), &accept).await.expect_problem(status, slug);
        }
    }
    guest.raw(Method::GET, "/api/v1/nothing", Vec::new(), &[ACCEPT]).await.expect_problem(404, "not-found");
    guest.raw(Method::GET, "/api/v1/events/x", Vec::new(), &[ACCEPT]).await.expect_problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_of_pages_have_the_path_of_the_public_url() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let daemon = Daemon::on(db, &["--public-url", "https://events.example.org/app/"]).await;
    let ada = daemon.user("ada").await;
    let event =
        ada.post("/events", new_event_in_2031().rule("FREQ=DAILY;COUNT=2").json()).await.expect(201).json();
    let id = event["id"].as_str().unwrap();
    assert_eq!(event["links"]["page"], format!("https://events.example.org/app/events/{id}"));
    for path in ["/", "/problems", &format!("/events/{id}")] {
        let page = show(&daemon.anonymous(), path).await;
        for link in page.links().into_iter().filter(|link| link.starts_with('/')) {
            assert!(link.starts_with("/app/"), "{path}: {link}");
        }
    }
}
