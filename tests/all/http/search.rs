//! Search: 3,852 real conferences, found by hundreds of queries as a plain model in Rust finds them.

use std::collections::BTreeMap;

use eventcore::Actor;
use eventcore::fold::fold;
use eventcore::registrations::Party;
use eventcore::search::{SearchDocument, SearchQuery};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, Random, TestDb, new_event, new_event_in_2031, url_encoded};

const CATEGORIES: [&str; 4] = ["conference", "workshop", "festival", "other"];

struct IndexedConference {
    id: String,
    starts_at: String,
    title: String,
    location: String,
    description: String,
    category: String,
    tags: Vec<String>,
    free: bool,
    /// The whole text, the title alone, and everything except the description.
    texts: [SearchDocument; 3],
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().trim().to_owned()
}

async fn load(db: &TestDb, organizer: &Actor) -> Vec<IndexedConference> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/conferences.jsonl");
    let file = std::fs::read_to_string(file).unwrap();
    let rows: Vec<Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (mut inputs, mut days) = (Vec::new(), Vec::new());
    for (row, i) in rows.iter().zip(0..) {
        let city = text(row, "city");
        let location =
            if city.is_empty() { "online".to_owned() } else { format!("{city}, {}", text(row, "country")) };
        let tags = [text(row, "topic"), text(row, "country")].into_iter().filter(|tag| !tag.is_empty());
        // Each on another day, so that the order is unambiguous.
        let day = chrono::NaiveDate::from_ymd_opt(2040, 1, 1).unwrap() + chrono::Days::new(i);
        let event = new_event()
            .title(text(row, "name"))
            .location(location)
            .description(format!("Find out more at {}", text(row, "url")))
            .starts_at(format!("{day}T09:00:00Z"))
            .capacity(1)
            .category(CATEGORIES[text(row, "topic").len() % CATEGORIES.len()])
            .set("tags", tags.collect::<Vec<_>>());
        inputs.push((*organizer, event.input()));
        days.push(day.to_string());
    }
    let events = db.create_events(&inputs).await;
    let mut loaded = Vec::new();
    for (i, (event, day)) in events.into_iter().zip(days).enumerate() {
        let occurrence = event.next_occurrence.unwrap();
        let free = i % 7 != 0;
        if !free {
            db.core.register(organizer, occurrence.id, &Party::of(1)).await.unwrap();
        }
        let words = event.tags.join(" ");
        let texts = [
            SearchDocument::new(&[&event.title, &words, &event.location, &event.description]),
            SearchDocument::new(&[&event.title]),
            SearchDocument::new(&[&event.title, &words, &event.location]),
        ];
        loaded.push(IndexedConference {
            id: occurrence.id.to_string(),
            starts_at: day,
            title: event.title,
            location: event.location,
            description: event.description,
            category: event.category.unwrap(),
            tags: event.tags,
            free,
            texts,
        });
    }
    loaded
}

/// Words of a conference, whole or in part, with quotes and minus signs, and sometimes with noise.
fn question(random: &mut Random, all: &[IndexedConference]) -> String {
    let sample = random.pick(all);
    let source = match random.below(4) {
        0 => sample.location.clone(),
        1 => format!("{} {}", sample.title, sample.location),
        2 => sample.description.clone(),
        _ => sample.title.clone(),
    };
    let words: Vec<&str> = source.split_whitespace().collect();
    let mut pieces = Vec::new();
    for _ in 0..=random.below(3) {
        let at = random.below(words.len().max(1));
        let word = words.get(at).copied().unwrap_or("x");
        pieces.push(match random.below(8) {
            0 => format!("\"{}\"", words[at..words.len().min(at + 2)].join(" ")),
            1 => format!("-{}", random.pick(all).title.split_whitespace().next().unwrap_or("x")),
            2 => word.to_uppercase(),
            3 => word.chars().take(3).collect(),
            4 if random.one_in(4) => {
                (*random.pick(&["OR", "NEAR(a b)", "\"", "'; --", "title:x", "*", "💥", "^a", "(", "-"]))
                    .to_owned()
            }
            _ => word.to_owned(),
        });
    }
    pieces.join(" ")
}

fn ids<'a>(found: impl Iterator<Item = &'a IndexedConference>) -> Vec<String> {
    found.map(|c| c.id.clone()).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_find_the_same_conferences(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let actor = daemon.db.user("ada").await;
    let all = load(&daemon.db, &actor).await;
    let (ada, anonymous) = (daemon.signed_in(&actor).await, daemon.anonymous());
    assert_eq!(all.len(), 3_852);
    let mut random = Random(5);
    let (mut found_some, mut found_none) = (0, 0);
    for round in 0..250 {
        let asked = question(&mut random, &all);
        let mut parameters = vec![format!("q={}", url_encoded(&asked))];
        let read = SearchQuery::parse(&asked);
        let mut found: Vec<&IndexedConference> =
            all.iter().filter(|c| asked.trim().is_empty() || read.matches(&c.texts[0])).collect();
        if random.one_in(3) {
            let chosen = [*random.pick(&CATEGORIES), *random.pick(&CATEGORIES)];
            parameters.push(format!("category={}&category={}", chosen[0], chosen[1]));
            found.retain(|c| chosen.contains(&c.category.as_str()));
        }
        if random.one_in(4) {
            let sample = random.pick(&all);
            let tag = sample.tags.first().cloned().unwrap_or_default();
            parameters.push(format!("tag={}", url_encoded(&tag.to_uppercase())));
            found.retain(|c| c.tags.iter().any(|other| fold(other) == fold(&tag)));
        }
        if random.one_in(4) {
            parameters.push("available=true".to_owned());
            found.retain(|c| c.free);
        }
        if random.one_in(6) {
            let from = &random.pick(&all).starts_at;
            parameters.push(format!("from={from}"));
            found.retain(|c| c.starts_at >= *from);
        }
        let parameters = parameters.join("&");
        if found.is_empty() {
            found_none += 1
        } else {
            found_some += 1
        }
        let page = anonymous
            .get(&format!("/occurrences?{parameters}&count=true&limit=100"))
            .await
            .expect(200)
            .json();
        let first: Vec<String> =
            page["items"].as_array().unwrap().iter().map(|o| o["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(page["total"], found.len(), "{asked:?} {parameters}");
        assert_eq!(first, ids(found.iter().copied().take(100)), "{asked:?} {parameters}");
        // A page without a count takes another path in the library.
        if round % 4 == 2 && found.len() < 300 {
            let pages = anonymous.all(&format!("/occurrences?{parameters}&limit=7")).await;
            let pages: Vec<String> =
                pages.iter().map(|occurrence| occurrence["id"].as_str().unwrap().to_owned()).collect();
            assert_eq!(pages, ids(found.iter().copied()), "{asked:?} {parameters}");
        } else {
            let few = anonymous.get(&format!("/occurrences?{parameters}&limit=7")).await.expect(200).json();
            let few: Vec<String> = few["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|occurrence| occurrence["id"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(few, ids(found.iter().copied().take(7)), "{asked:?} {parameters}");
        }
        if round % 8 == 0 {
            facets(&anonymous, &parameters, &found).await;
        }
        let relevance = format!("/occurrences?{parameters}&sort=relevance");
        if round % 8 == 1 && found.len() < 300 {
            let ranked: Vec<String> = anonymous
                .all(&format!("{relevance}&limit=7"))
                .await
                .iter()
                .map(|o| o["id"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(ranked, ids(by_relevance(&asked, &found).into_iter()), "{asked:?} {parameters}");
        }
    }
    assert!(found_some > 150 && found_none > 20, "{found_some} found, {found_none} not");
    let mine = ada.all("/occurrences?registered=me&limit=100").await;
    assert_eq!(mine.len(), all.iter().filter(|c| !c.free).count());
    anonymous.get("/occurrences?registered=me").await.expect_problem(401, "unauthenticated");
    hostile(&anonymous).await;
}

fn by_relevance<'c>(asked: &str, found: &[&'c IndexedConference]) -> Vec<&'c IndexedConference> {
    let question = SearchQuery::parse(asked);
    // No result contains an excluded word, so each part of its text is tested by itself.
    let rank = |c: &IndexedConference| {
        if question.matches(&c.texts[1]) {
            0
        } else if question.matches(&c.texts[2]) {
            1
        } else {
            2
        }
    };
    let mut ranked = found.to_vec();
    ranked.sort_by_key(|c| rank(c));
    ranked
}

async fn facets(client: &Client, parameters: &str, found: &[&IndexedConference]) {
    let facets = client.get(&format!("/occurrences/facets?{parameters}")).await.expect(200).json();
    assert_eq!(facets["total"], found.len(), "{parameters}");
    let mut categories: BTreeMap<&str, i64> = BTreeMap::new();
    let mut months: BTreeMap<&str, i64> = BTreeMap::new();
    let mut tags: BTreeMap<&str, i64> = BTreeMap::new();
    for conference in found {
        *categories.entry(&conference.category).or_default() += 1;
        *months.entry(&conference.starts_at[..7]).or_default() += 1;
        for tag in &conference.tags {
            *tags.entry(tag).or_default() += 1;
        }
    }
    let counted = |name: &str, label: &str| -> Vec<(String, i64)> {
        let items = facets[name].as_array().unwrap().iter();
        items
            .map(|item| (item[label].as_str().unwrap().to_owned(), item["count"].as_i64().unwrap()))
            .collect()
    };
    let mut here = counted("categories", "category");
    here.sort();
    assert_eq!(
        here,
        categories.into_iter().map(|(c, n)| (c.to_owned(), n)).collect::<Vec<_>>(),
        "{parameters}"
    );
    assert_eq!(
        counted("months", "month"),
        months.clone().into_iter().map(|(m, n)| (m.to_owned(), n)).collect::<Vec<_>>()
    );
    for (tag, count) in counted("tags", "tag") {
        assert_eq!(tags.get(tag.as_str()), Some(&count), "{tag} {parameters}");
    }
    if let Some((month, count)) = months.into_iter().next() {
        let calendar = client
            .get(&format!("/occurrences/calendar?month={month}&{}", without_from(parameters)))
            .await
            .expect(200)
            .json();
        let days = calendar["days"].as_array().unwrap();
        assert!((28..=31).contains(&days.len()));
        let sum: i64 = days.iter().map(|day| day["count"].as_i64().unwrap()).sum();
        assert!(sum >= count, "{parameters}");
        for conference in found.iter().filter(|c| c.starts_at.starts_with(month)) {
            let day = days.iter().find(|day| day["date"] == conference.starts_at.as_str()).unwrap();
            assert_eq!(day["count"], 1, "{parameters}");
        }
    }
}

/// A calendar has its own period.
fn without_from(parameters: &str) -> String {
    let kept: Vec<&str> = parameters.split('&').filter(|part| !part.starts_with("from=")).collect();
    kept.join("&")
}

/// Texts that the query languages of SQLite and PostgreSQL, or a tokenizer, might stumble over.
const HOSTILE: [&str; 42] = [
    "\"",
    "\"\"\"",
    "-",
    "--",
    "-\"",
    "*",
    "a* b*",
    "NEAR(a b, 5)",
    "a AND",
    "AND",
    "OR OR",
    "NOT",
    "title:",
    "{title}:a",
    "^a",
    "a:*",
    "a<->b",
    "!a",
    "a & | b",
    "'; DROP TABLE events; --",
    "' OR '1'='1",
    "\\",
    "\\'",
    "%",
    "_",
    "\u{0}",
    "a\u{0}b",
    "💥",
    "👩‍👩‍👧",
    "שלום",
    "مرحبا -عالم",
    "\u{202e}abc",
    "ﷺ",
    "İ",
    "ß",
    "a\u{301}",
    "(((((((((((",
    "c++ c# .net",
    "\u{fffe}",
    "+",
    "#",
    "a#b",
];

async fn hostile(client: &Client) {
    for text in HOSTILE {
        for path in [
            "/occurrences?",
            "/events?",
            "/occurrences/facets?",
            "/occurrences/calendar?month=2040-01&",
            "/tags?",
        ] {
            let status = client.get(&format!("{path}q={}", url_encoded(text))).await.status.as_u16();
            assert!(status == 200 || status == 400, "{status} for {text:?} at {path}");
        }
        client
            .get(&format!("/occurrences?sort=relevance&q={}", url_encoded(text)))
            .await
            .expect(if text.trim().is_empty() { 400 } else { 200 });
    }
    for (query, pointer, code) in [
        (format!("q={}", "x".repeat(10_000)), "/q", "too_long"),
        ("sort=relevance".to_owned(), "/sort", "needs_q"),
        ("available=maybe".to_owned(), "/available", "invalid"),
        (format!("tag={}", "x".repeat(201)), "/tag", "too_long"),
        (["category=a"; 21].join("&"), "/category", "too_many"),
        ("tag=%00".to_owned(), "/tag", "control_character"),
        ("q=a&q=b".to_owned(), "/q", "repeated"),
        ("registered=ada".to_owned(), "/registered", "invalid"),
    ] {
        let refused = client.get(&format!("/occurrences?{query}")).await.expect(400);
        assert_eq!(refused.wrong(), [(pointer.to_owned(), code.to_owned())], "{query}");
    }
    for text in [
        "x".repeat(10_000),
        "-".repeat(10_000),
        "a -b ".repeat(2_000),
        "\"".repeat(4_000),
        "東".repeat(1_200),
    ] {
        for path in [
            "/occurrences?",
            "/events?sort=relevance&",
            "/occurrences/facets?",
            "/occurrences/calendar?month=2040-01&",
            "/tags?",
        ] {
            let refused = client
                .get(&format!("{path}q={}", url_encoded(&text)))
                .await
                .expect_problem(400, "invalid-input");
            assert_eq!(refused.wrong(), [("/q".to_owned(), "too_long".to_owned())], "{path}");
        }
    }
    every_wrong_parameter_is_named(client).await;
    for query in ["", "month=2027", "month=2027-13", "month=2027-03&tz=Mars"] {
        client.get(&format!("/occurrences/calendar?{query}")).await.expect_problem(400, "invalid-input");
    }
    assert_eq!(client.get("/occurrences?category=nothing&count=true").await.expect(200).json()["total"], 0);
    // Operators of the query languages of both databases are plain words, even a hundred of them.
    client.get(&format!("/occurrences?q={}", url_encoded(&"a ".repeat(250)))).await.expect(200);
}

/// Unknown and invalid parameters are refused, for all users.
async fn every_wrong_parameter_is_named(client: &Client) {
    let long = "x".repeat(600);
    let texts = format!("tag=%00&q={long}&title={long}&location=%00&category={long}");
    let of_texts = ["/category", "/location", "/q", "/tag", "/title"];
    let of_lists =
        "sort=x&event=x&registered=z&limit=999&tz=q&organizer=%00&status=x&available=x&from=x&to=x&x=y";
    let of_all = [
        "/available",
        "/event",
        "/from",
        "/limit",
        "/organizer",
        "/registered",
        "/sort",
        "/status",
        "/to",
        "/tz",
        "/x",
    ];
    let mut both = [&of_all[..], &of_texts[..]].concat();
    both.sort_unstable();
    let table: [(&str, &str, &[&str]); 7] = [
        ("/occurrences", of_lists, &of_all),
        ("/occurrences", &texts, &of_texts),
        ("/events", &format!("{of_lists}&{texts}"), &both),
        (
            "/occurrences/facets",
            &format!("{texts}&event=x"),
            &["/category", "/event", "/location", "/q", "/tag", "/title"],
        ),
        ("/occurrences/facets", "sort=starts_at&limit=5", &["/limit", "/sort"]),
        (
            "/occurrences/calendar",
            "month=2027-03&from=2027-01-01&to=2027-02-01&sort=starts_at",
            &["/from", "/sort", "/to"],
        ),
        ("/occurrences/calendar", "q=%00&registered=you&tz=q", &["/month", "/registered", "/tz"]),
    ];
    for (path, query, pointers) in table {
        let refused = client.get(&format!("{path}?{query}")).await.expect(400).wrong();
        let mut named: Vec<&str> = refused.iter().map(|(pointer, _)| pointer.as_str()).collect();
        named.sort_unstable();
        assert_eq!(named, pointers, "{path}?{query}");
    }
    // Sign-in is demanded only if the query is valid.
    client.get("/occurrences?registered=me").await.expect_problem(401, "unauthenticated");
    client.get("/occurrences?organizer=me").await.expect_problem(401, "unauthenticated");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn search_follows_changes(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, anonymous) = (daemon.user("ada").await, daemon.anonymous());
    let course = new_event_in_2031().title("Spring course").description("For beginners").tags(["yoga"]);
    let (event, _) = ada.create_event(course.rule("FREQ=WEEKLY;COUNT=4")).await;
    let found = async |q: &str| {
        let page = anonymous.get(&format!("/occurrences?count=true&q={}", url_encoded(q))).await.expect(200);
        page.json()["total"].as_i64().unwrap()
    };
    assert_eq!((found("beginners").await, found("yoga").await, found("spring course").await), (4, 4, 4));
    ada.patch(&format!("/events/{event}"), json!({"description": "For everyone", "tags": ["pilates"]}))
        .await
        .expect(200);
    assert_eq!((found("beginners").await, found("yoga").await, found("everyone pilates").await), (0, 0, 4));
    let occurrences = ada.all(&format!("/events/{event}/occurrences")).await;
    let path = |i: usize| format!("/occurrences/{}", occurrences[i]["id"].as_str().unwrap());
    ada.patch(&path(1), json!({"description": "With a guest from afar"})).await.expect(200);
    assert_eq!((found("afar").await, found("everyone").await, found("spring").await), (1, 3, 4));
    ada.patch(&path(1), json!({"description": null})).await.expect(200);
    assert_eq!((found("afar").await, found("everyone").await), (0, 4));
    ada.post(&format!("{}/split", path(2)), json!({"title": "Summer course"})).await.expect(201);
    assert_eq!((found("spring").await, found("summer").await, found("everyone pilates").await), (2, 2, 4));
    ada.delete(&format!("/events/{event}")).await.expect(204);
    assert_eq!((found("spring").await, found("course").await), (0, 2));
}
