//! Importing events that a program has as values.

#[path = "../../../eventcore/examples/import.rs"]
#[expect(dead_code, unreachable_pub, reason = "it is a program of its own")]
mod example;

use eventcore::calendars::{EventImport, ImportMode, ListedEvent};
use eventcore::events::EventInput;
use eventcore::{Actor, EventId, Quotas};
use rstest::rstest;
use tests::{Kind, TestDb, eventd_check, importer, new_event, wait_until};

/// A weekly series that began before the clock of the tests.
fn running(title: &str) -> EventInput {
    new_event().title(title).starts_at("2026-09-07T18:30:00").rule("FREQ=WEEKLY;COUNT=30").input()
}

fn list(titles: &[&str]) -> Vec<ListedEvent> {
    titles
        .iter()
        .map(|title| ListedEvent::new(format!("uid of {title}"), new_event().title(*title).input()))
        .collect()
}

/// One letter for each outcome.
fn letters(outcomes: &[EventImport]) -> String {
    let letter = |outcome: &EventImport| match outcome {
        EventImport::Created(_) => 'c',
        EventImport::Updated(_) => 'u',
        EventImport::Unchanged(_) => '=',
        EventImport::Failed(_) => 'f',
        EventImport::NotStored => '-',
        other => panic!("{other:?}"),
    };
    outcomes.iter().map(letter).collect()
}

fn ids(outcomes: &[EventImport]) -> Vec<EventId> {
    let id = |outcome: &EventImport| match outcome {
        EventImport::Created(id) | EventImport::Updated(id) | EventImport::Unchanged(id) => *id,
        other => panic!("{other:?}"),
    };
    outcomes.iter().map(id).collect()
}

const EVENTS: &str = "SELECT count(*) FROM events";

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_repeated_changes_what_it_has_created(
    #[case] kind: Kind,
    #[values(ImportMode::Atomic, ImportMode::EventByEvent)] mode: ImportMode,
) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let import = async |events: Vec<ListedEvent>| db.core.import_events(&ada, events, mode).await.unwrap();

    let mut events = list(&["a", "b"]);
    events.push(ListedEvent::new("course", running("Course")));
    let first = import(events.clone()).await;
    assert_eq!(letters(&first), "ccc");
    let created = ids(&first);
    // Of the running series only what is ahead is there.
    let course = db.core.event(&ada, created[2]).await.unwrap();
    let next = course.next_occurrence.as_ref().unwrap();
    assert_eq!(next.starts_at.to_string(), "2026-11-23T18:30:00Z");

    let again = import(events.clone()).await;
    assert_eq!((letters(&again), ids(&again)), ("===".to_owned(), created.clone()));
    events[1].event.title = "b, changed".to_owned();
    events.push(ListedEvent::new("new", new_event().input()));
    // The second of two with one UID changes what the first creates.
    events.push(ListedEvent::new("new", new_event().title("last").input()));
    let changed = import(events).await;
    assert_eq!(letters(&changed), "=u=cu");
    assert_eq!(ids(&changed)[..3], created);
    assert_eq!(db.core.event(&ada, created[1]).await.unwrap().title, "b, changed");
    assert_eq!(db.core.event(&ada, ids(&changed)[4]).await.unwrap().title, "last");
    assert_eq!(db.number(EVENTS).await, 4);

    // The UIDs are those of one user.
    let bob = db.user("bob").await;
    let others = db.core.import_events(&bob, list(&["a"]), mode).await.unwrap();
    assert_eq!(letters(&others), "c");
    assert_ne!(ids(&others)[0], created[0]);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_left_out_or_keeps_all_out(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let import = async |events, mode| db.core.import_events(&ada, events, mode).await.unwrap();

    // Invalid by itself.
    let mut events = list(&["a", "b", "c"]);
    events[1].event.capacity = Some(0);
    events.push(ListedEvent::new("", new_event().input()));
    let outcomes = import(events.clone(), ImportMode::Atomic).await;
    assert_eq!(letters(&outcomes), "-f-f");
    let EventImport::Failed(error) = &outcomes[1] else { panic!("{outcomes:?}") };
    assert_eq!(error.code(), "invalid_input");
    assert_eq!(db.number(EVENTS).await, 0);
    assert_eq!(letters(&import(events, ImportMode::EventByEvent).await), "cfcf");
    assert_eq!(db.number(EVENTS).await, 2);

    // Refused when it is stored: the second of the list is known, and its category is not.
    let mut events = list(&["x", "a", "y"]);
    events[1].event.category = Some("nowhere".to_owned());
    assert_eq!(letters(&import(events.clone(), ImportMode::Atomic).await), "-f-");
    assert_eq!(db.number(EVENTS).await, 2);
    assert_eq!(letters(&import(events, ImportMode::EventByEvent).await), "cfc");
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_stays_within_the_quota(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let quotas = Quotas { events_per_day: Some(3), ..Quotas::default() };
    let core = eventcore::EventCore::builder()
        .url(&db.url)
        .clock(db.clock.clone())
        .quotas(quotas)
        .open()
        .await
        .unwrap();
    let events = list(&["a", "b", "c", "d", "e"]);
    let atomic = core.import_events(&ada, events.clone(), ImportMode::Atomic).await.unwrap();
    assert_eq!(letters(&atomic), "---f-");
    assert_eq!(db.number(EVENTS).await, 0);
    let each = core.import_events(&ada, events, ImportMode::EventByEvent).await.unwrap();
    assert_eq!(letters(&each), "cccff");
    core.close().await;
}

/// The importer of 700 events is dropped in the middle, and repeated.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_interrupted_is_repeated(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let titles: Vec<String> = (0..700).map(|n| format!("event {n}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let events = list(&titles);
    let begun = async {
        while db.number(EVENTS).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = db.core.import_events(&ada, events.clone(), ImportMode::EventByEvent) => {}
        () = begun => {}
    }
    let outcomes = db.core.import_events(&ada, events.clone(), ImportMode::EventByEvent).await.unwrap();
    assert!(outcomes.iter().all(|one| matches!(one, EventImport::Created(_) | EventImport::Unchanged(_))));
    assert_eq!(db.number(EVENTS).await, 700);
    assert_eq!(db.number("SELECT count(*) FROM imported_events").await, 700);
    let refused = db.core.import_events(&Actor::Anonymous, events, ImportMode::Atomic).await.unwrap_err();
    assert_eq!(refused.code(), "unauthenticated");
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_importer_of_the_examples_can_be_repeated(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let head = "id,title,location,start,timezone,duration,capacity,rrule";
    let talk = "7,Talk,Hall,2031-03-04T18:30:00,Europe/Berlin,PT2H,40,";
    let course = "8,Course,Hall,2026-09-07T18:30:00,Europe/Berlin,PT2H,12,FREQ=WEEKLY;COUNT=30";
    let import = async |lines: &[&str]| {
        let file = [&[head], lines].concat().join("\n");
        example::import(&db.core, "ada@example.org", file.as_bytes()).await.unwrap()
    };
    let first = import(&[talk, course, "9,,Hall,2031-03-05T18:30:00,Europe/Berlin,PT2H,1,"]).await;
    let refused = vec!["9: title: is required".to_owned()];
    assert_eq!(first, example::Imported { created: 2, refused, ..Default::default() });
    let again = import(&[talk, &course.replace(",12,", ",14,")]).await;
    assert_eq!(again, example::Imported { updated: 1, unchanged: 1, ..Default::default() });
    db.check().await;
}

/// The importer of the examples is killed in the middle, and started again.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_importer_that_was_killed_is_started_again(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("events.csv");
    let lines = (0..3_000).map(|n| format!("{n},Talk {n},Hall,2031-03-04T18:30:00,Europe/Berlin,PT2H,40,\n"));
    let head = "id,title,location,start,timezone,duration,capacity,rrule\n";
    std::fs::write(&file, head.to_owned() + &lines.collect::<String>()).unwrap();
    let arguments = [&db.url, "ada@example.org", file.to_str().unwrap()];

    let mut killed = importer(&arguments).spawn().unwrap();
    wait_until("an event", async || db.number(EVENTS).await > 0).await;
    killed.start_kill().unwrap();
    assert!(!killed.wait().await.unwrap().success(), "it was killed before its end");
    eventd_check(&db).await;

    let again = importer(&arguments).output().await.unwrap();
    let told = String::from_utf8_lossy(&again.stdout).into_owned();
    let numbers: Vec<u32> =
        told.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    let [created, 0, unchanged] = numbers[..] else {
        panic!("{told}{}", String::from_utf8_lossy(&again.stderr))
    };
    assert!(created > 0 && unchanged > 0 && created + unchanged == 3_000, "{told}");
    assert_eq!(db.number(EVENTS).await, 3_000);
    assert_eq!(db.number("SELECT count(*) FROM imported_events").await, 3_000);
    eventd_check(&db).await;
}
