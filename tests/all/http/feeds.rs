//! Lists of events to subscribe to: in three formats, with dates that never go back, and with reminders.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Client, Daemon, EventBuilder, Kind, new_event_in_2031};

use super::calendars::Reader;

fn series(title: &str) -> EventBuilder {
    new_event_in_2031().title(title).timezone("Europe/Berlin").rule("FREQ=WEEKLY;COUNT=4")
}

/// The values of an XML element, unescaped.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let (begin, end) = (format!("<{name}>"), format!("</{name}>"));
    let values = xml.split(&begin).skip(1).map(|rest| rest.split(&end).next().expect("its end"));
    let names = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    values.map(|value| names.iter().fold(value.to_owned(), |text, (name, c)| text.replace(name, c))).collect()
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.bytes.to_vec()).expect("UTF-8")
}

/// The titles in a list by its path without the end, which must be the same in all formats.
async fn titles(client: &Client, list: &str) -> Vec<String> {
    let calendar = client.get(&format!("{list}.ics")).await.expect(200);
    let calendar = Reader::of(&calendar);
    let entries = calendar.entries();
    let mut expected: Vec<_> =
        entries.iter().map(|entry| entry["SUMMARY"][0].replace("SUMMARY:", "").replace('\\', "")).collect();
    let atom = client.get(&format!("{list}.atom")).await.expect(200);
    assert_eq!(atom.header("content-type"), "application/atom+xml");
    let in_atom = elements(&text(&atom), "title").split_off(1);
    let feed = client.get(&format!("{list}.json")).await.expect(200);
    assert_eq!(feed.header("content-type"), "application/feed+json");
    let feed = feed.json();
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    let items = feed["items"].as_array().expect("a list").clone();
    let in_json: Vec<_> =
        items.iter().map(|item| item["title"].as_str().expect("a title").to_owned()).collect();
    assert_eq!(in_atom, in_json);
    let mut sorted = in_json.clone();
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected, "{list}");
    in_json
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_list_is_a_calendar_an_atom_feed_and_a_json_feed(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, lin, anyone) = (daemon.user("ada").await, daemon.user("lin").await, daemon.anonymous());
    let rust =
        series("Rust <b>& \"more\"</b>").tags(["Rüst"]).category("workshop").set("url", "https://a.org/?b&c");
    let (rust, _) = ada.create_event(rust.description("Talks & *pizza*")).await;
    lin.create_event(new_event_in_2031().title("Jazz").category("concert").tags(["late"])).await;
    let (_, hidden) = ada.create_event(new_event_in_2031().title("Secret").private()).await;
    for path in ["/calendars/public", "/calendars/organizers/ada", "/calendars/categories/workshop"] {
        assert!(titles(&anyone, path).await.contains(&"Rust <b>& \"more\"</b>".to_owned()), "{path}");
    }
    assert_eq!(titles(&anyone, "/calendars/public").await, ["Jazz", "Rust <b>& \"more\"</b>"]);
    assert_eq!(titles(&anyone, "/calendars/tags/late").await, ["Jazz"]);
    assert_eq!(titles(&anyone, "/calendars/tags/R%C3%9CST").await, ["Rust <b>& \"more\"</b>"]);
    assert_eq!(titles(&anyone, "/calendars/tags/none").await, [] as [&str; 0]);
    let found = anyone.get("/calendars/public.json?q=jazz").await.expect(200).json();
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    assert!(
        found["feed_url"].as_str().expect("an address").ends_with("/api/v1/calendars/public.json?q=jazz")
    );

    let item = anyone.get("/calendars/tags/r%C3%BCst.json").await.expect(200).json()["items"][0].clone();
    assert_eq!(item["id"], format!("urn:uuid:{rust}"));
    assert!(item["url"].as_str().expect("a page").ends_with(&format!("/events/{rust}")), "{item}");
    assert_eq!(item["external_url"], "https://a.org/?b&c");
    assert_eq!(item["tags"], json!(["Workshop", "rüst"]));
    assert_eq!(item["authors"], json!([{"name": "ada"}]));
    assert_eq!(item["summary"], "Tuesday, 4 March 2031, 18:30–19:30 (Europe/Berlin), Room 2");
    let html = item["content_html"].as_str().expect("HTML");
    assert!(html.contains("<em>pizza</em>") && html.contains("Talks &amp;"), "{html}");
    let atom = text(&anyone.get("/calendars/tags/r%C3%BCst.atom").await.expect(200));
    assert!(
        elements(&atom, "content").is_empty() && atom.contains("<content type=\"html\">&lt;p&gt;"),
        "{atom}"
    );
    assert!(atom.contains("<link rel=\"related\" href=\"https://a.org/?b&amp;c\"/>"), "{atom}");
    assert!(elements(&atom, "updated").len() == 2 && elements(&atom, "id").len() == 2, "{atom}");

    // The personal list has the occurrences that one attends. Those of a private event have no page.
    ada.post(&format!("/occurrences/{hidden}/registrations"), json!({"user_id": lin.id()})).await.expect(201);
    let address = lin.poke("/users/me/calendar").await.expect(201).json();
    let url = address["url"].as_str().and_then(|url| Some(url.split_once("/api/v1")?.1)).expect("an address");
    let list = url.strip_suffix(".ics").expect("a calendar").to_owned();
    let mut mine = titles(&anyone, &list).await;
    mine.sort();
    assert_eq!(mine, ["Jazz", "Secret"]);
    let feed = anyone.get(&format!("{list}.json")).await.expect(200);
    assert_eq!(feed.header("cache-control"), "private, no-cache");
    let items = feed.json()["items"].as_array().expect("a list").clone();
    let secret = items.iter().find(|item| item["title"] == "Secret").expect("the private one");
    assert_eq!((&secret["id"], &secret["url"]), (&json!(format!("urn:uuid:{hidden}")), &Value::Null));

    // A longer one comes in parts.
    for number in 0..120 {
        ada.create_event(new_event_in_2031().title(format!("Evening {number}")).tags(["many"])).await;
    }
    assert_eq!(titles(&anyone, "/calendars/tags/many").await.len(), 120);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_date_of_a_feed_never_goes_back(#[case] kind: Kind) {
    let db = tests::TestDb::in_real_time(kind).await;
    let daemons = Daemon::several(&db, &[]).await;
    let daemon = &daemons[0];
    let (ada, anyone) = (daemon.user("ada").await, daemon.anonymous());
    let date = |answer: &Answer| {
        let date = answer.header("last-modified").to_owned();
        chrono::DateTime::parse_from_rfc2822(&date).unwrap_or_else(|error| panic!("{date}: {error}"))
    };
    for end in ["ics", "atom", "json"] {
        let path = format!("/calendars/public.{end}");
        let read = async || anyone.get(&path).await.expect(200);
        let (kept, _) = ada.create_event(new_event_in_2031()).await;
        let first = read().await;
        // Dates have whole seconds.
        while first.header("last-modified") == anyone.get("/").await.header("date") {
            tests::pause().await;
        }
        let (gone, _) = ada.create_event(new_event_in_2031()).await;
        let second = read().await;
        assert!(date(&second) > date(&first), "{end}");
        assert_ne!(second.header("etag"), first.header("etag"));
        // It stays while nothing changes, in every process.
        for daemon in &daemons {
            let again = daemon.anonymous().get(&path).await.expect(200);
            assert_eq!((date(&again), again.header("etag")), (date(&second), second.header("etag")), "{end}");
        }
        // What leaves the list takes its date along.
        let leave: [(Method, String, Option<Value>); 2] = [
            (Method::PATCH, format!("/events/{gone}"), Some(json!({"visibility": "private"}))),
            (Method::DELETE, format!("/events/{gone}"), None),
        ];
        for (method, target, body) in leave {
            let answer = ada.call(method, &target, body, &[]).await;
            assert!(answer.status.is_success(), "{target}: {}", answer.status);
            assert!(date(&read().await) >= date(&second), "{end}");
        }
        ada.delete(&format!("/events/{kept}")).await.expect(204);
        assert!(date(&read().await) >= date(&second), "{end}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn feeds_are_compressed_and_have_a_tag_for_each_coding() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let (ada, anyone) = (daemon.user("ada").await, daemon.anonymous());
    for number in 0..40 {
        ada.create_event(new_event_in_2031().title(format!("Evening {number:02}"))).await;
    }
    for end in ["ics", "atom", "json"] {
        let path = format!("/calendars/public.{end}");
        let plain = anyone.get(&path).await.expect(200);
        for coding in ["gzip", "br"] {
            let headers = [("accept-encoding", coding)];
            let packed = anyone.call(Method::GET, &path, None, &headers).await.expect(200);
            assert_eq!(packed.header("content-encoding"), coding, "{end}");
            assert!(packed.bytes.len() * 2 < plain.bytes.len(), "{end} {coding}");
            assert!(packed.header("vary").contains("accept-encoding"), "{end} {coding}");
            assert_ne!(packed.header("etag"), plain.header("etag"));
            let known = [("accept-encoding", coding), ("if-none-match", packed.header("etag"))];
            anyone.call(Method::GET, &path, None, &known).await.expect(304);
        }
        let head = anyone.call(Method::HEAD, &path, None, &[]).await.expect(200);
        assert!(head.bytes.is_empty() && head.header("etag") == plain.header("etag"), "{end}");
    }
}

/// The triggers of the reminders, by title.
fn triggers(calendar: &Reader) -> Vec<(String, Vec<String>)> {
    let entries = calendar.text.split("BEGIN:VEVENT\r\n").skip(1);
    let mut triggers: Vec<_> = entries
        .map(|entry| {
            let lines = |name: &str| {
                entry
                    .split("\r\n")
                    .filter_map(|line| line.strip_prefix(name))
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            assert_eq!(entry.matches("BEGIN:VALARM").count(), lines("TRIGGER:").len());
            (lines("SUMMARY:").remove(0), lines("TRIGGER:"))
        })
        .collect();
    triggers.sort();
    triggers
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_personal_calendar_reminds_by_the_lead_times_of_the_person(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, lin, anyone) = (daemon.user("ada").await, daemon.user("lin").await, daemon.anonymous());
    let address = lin.poke("/users/me/calendar").await.expect(201).json();
    let url = address["url"].as_str().and_then(|url| Some(url.split_once("/api/v1")?.1)).expect("an address");
    let read = async || Reader::of(&anyone.get(url).await.expect(200));
    let mut occurrences = Vec::new();
    for title in ["attended", "cancelled", "full", "own times"] {
        occurrences.push(ada.create_event(new_event_in_2031().title(title).capacity(1)).await.1);
    }
    ada.register(&occurrences[2], 1).await.expect(201);
    for occurrence in &occurrences {
        lin.register(occurrence, 1).await.expect(201);
    }
    ada.poke(&format!("/occurrences/{}/cancel", occurrences[1])).await.expect(200);
    lin.create_event(new_event_in_2031().title("organized")).await;
    let own = json!({"reminders": ["P2DT3H"]});
    lin.put(&format!("/occurrences/{}/registration/reminders", occurrences[3]), own).await.expect(200);
    let expected = |usual: &[&str]| {
        [
            ("attended", usual),
            ("cancelled", &[]),
            ("full", &[]),
            ("organized", usual),
            ("own times", &["-P2DT3H"]),
        ]
        .map(|(title, leads)| {
            (title.to_owned(), leads.iter().map(|&lead| lead.to_owned()).collect::<Vec<_>>())
        })
    };
    assert_eq!(triggers(&read().await), expected(&["-P1D", "-PT1H"]));
    let before = anyone.get(url).await.expect(200);
    lin.put("/notifications/preferences", json!({"reminders": ["PT30M"]})).await.expect(200);
    assert_eq!(triggers(&read().await), expected(&["-PT30M"]));
    let known = [("if-none-match", before.header("etag"))];
    anyone.call(Method::GET, url, None, &known).await.expect(200);
    // Other lists remind nobody.
    let public = Reader::of(&anyone.get("/calendars/public.ics").await.expect(200));
    assert!(!public.text.contains("VALARM"), "{}", public.text);
}
