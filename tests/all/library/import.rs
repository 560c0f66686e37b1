//! Importing calendar files: those of `tests/data/import` as expected, again and after changes, all or
//! nothing, and bad input as clear reports.

use std::collections::BTreeSet;
use std::path::PathBuf;

use eventcore::agenda::AgendaFilter;
use eventcore::calendars::{ImportOptions, ImportOutcome, ImportReport};
use eventcore::db::{Queries, Sql};
use eventcore::events::{Event, EventStatus, Occurrence, OccurrenceStatus, Visibility};
use eventcore::{Actor, Error, EventCore, EventId, PageRequest, Quotas, Timestamp};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb, new_event};

fn files() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/import");
    let paths = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "ics"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// A calendar with these lines.
fn calendar(lines: &str) -> Vec<u8> {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\n{lines}\nEND:VCALENDAR\n").into_bytes()
}

fn weekly(title: &str, more: &str) -> String {
    format!(
        "BEGIN:VEVENT\nUID:weekly@example.org\nDTSTART;TZID=Europe/Berlin:20270304T183000\nDURATION:PT2H\n\
         RRULE:FREQ=WEEKLY;COUNT=3\nSUMMARY:{title}\nLOCATION:Hall 2\n{more}END:VEVENT"
    )
}

async fn import(core: &EventCore, actor: &Actor, file: &[u8]) -> ImportReport {
    core.import_calendar(actor, file.to_vec(), &ImportOptions::default()).await.unwrap()
}

/// What became of each component: its outcome, and the codes of its reason and its notes.
fn outcomes(report: &ImportReport) -> Vec<String> {
    let words = report.components.iter().map(|component| {
        let codes = component.reason.iter().chain(&component.notes).map(|note| note.code.as_ref());
        let codes: BTreeSet<&str> = codes.collect();
        [component.outcome.as_str()].into_iter().chain(codes).collect::<Vec<_>>().join(" ")
    });
    words.collect()
}

async fn occurrences(core: &EventCore, actor: &Actor, event: EventId) -> Vec<Occurrence> {
    let filter =
        AgendaFilter { event: Some(event), from: Some(Timestamp::MIN.into()), ..AgendaFilter::default() };
    core.occurrences(actor, &filter, &PageRequest::first(100)).await.unwrap().items
}

fn shown(occurrence: &Occurrence, event: &Event) -> String {
    let Occurrence { starts_at, ends_at, title, location, .. } = occurrence;
    let tags: Vec<String> = occurrence.tags.iter().map(|tag| format!("#{tag}")).collect();
    let words = [
        Some(format!("{starts_at} {ends_at} {title}")),
        Some(location.clone()),
        (occurrence.status == OccurrenceStatus::Cancelled).then(|| "cancelled".to_owned()),
        (event.status == EventStatus::Draft).then(|| "draft".to_owned()),
        (event.visibility == Visibility::Private).then(|| "private".to_owned()),
        occurrence.category.clone(),
        (!tags.is_empty()).then(|| tags.join(" ")),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(" | ")
}

/// The occurrences of all events of a report.
async fn all_shown(core: &EventCore, actor: &Actor, report: &ImportReport) -> Vec<String> {
    let events: BTreeSet<EventId> =
        report.components.iter().filter_map(|component| component.event_id).collect();
    let mut all = Vec::new();
    for id in events {
        let event = core.event(actor, id).await.unwrap();
        all.extend(occurrences(core, actor, id).await.iter().map(|occurrence| shown(occurrence, &event)));
    }
    all.sort();
    all
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_many_programs_are_imported_as_expected(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let files = files();
    assert!(files.len() >= 50, "{}", files.len());
    for (number, (name, file)) in files.into_iter().enumerate() {
        let user = db.admin(&format!("user{number}")).await;
        let text = String::from_utf8_lossy(&file).into_owned();
        let values = |property: &str| {
            let prefix = format!("{property}:");
            let lines = text.lines().filter_map(|line| line.strip_prefix(&prefix).map(str::to_owned));
            lines.collect::<Vec<_>>()
        };
        assert_eq!(values("X-QUIRK").len(), 1, "{name}");
        let dry = ImportOptions { dry_run: true, ..ImportOptions::default() };
        let planned = db.core.import_calendar(&user, file.clone(), &dry).await.unwrap();
        let report = import(&db.core, &user, &file).await;
        assert_eq!(outcomes(&report), values("X-EXPECT"), "{name} {report:#?}");
        assert_eq!(outcomes(&planned), outcomes(&report), "{name}: a dry run");
        assert_eq!(all_shown(&db.core, &user, &report).await, values("X-SHOWN"), "{name}");
        // Again, it changes nothing.
        let again = import(&db.core, &user, &file).await;
        let stored = report.components.iter().filter(|component| component.event_id.is_some()).count();
        assert_eq!((again.created, again.updated), (0, 0), "{name} {again:#?}");
        assert_eq!(usize::try_from(again.unchanged).unwrap(), stored, "{name} {again:#?}");
    }
    db.check().await;
    assert_eq!(db.core.check_consistency().await.unwrap(), Vec::new());
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_file_changes_what_was_imported_and_keeps_what_it_does_not_say(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, ada, bob) = (&db.core, db.user("ada").await, db.user("bob").await);
    let moved = "BEGIN:VEVENT\nUID:weekly@example.org\nRECURRENCE-ID;TZID=Europe/Berlin:20270311T183000\n\
                 DTSTART;TZID=Europe/Berlin:20270312T190000\nDURATION:PT2H\nSUMMARY:Evening\n\
                 LOCATION:Garden\nEND:VEVENT";
    let first = import(core, &ada, &calendar(&format!("{}\n{moved}", weekly("Evening", "")))).await;
    assert_eq!(outcomes(&first), ["created", "created"]);
    let id = first.components[0].event_id.unwrap();
    core.change_event(&ada, id, &json!({"capacity": 7, "tags": ["rust"]}), None).await.unwrap();
    let all = occurrences(core, &ada, id).await;
    db.register(&bob, all[0].id, 2).await;

    // The override disappears, the title changes, and the third occurrence is cancelled.
    let cancelled = "BEGIN:VEVENT\nUID:weekly@example.org\nRECURRENCE-ID;TZID=Europe/Berlin:20270318T183000\n\
                     DTSTART;TZID=Europe/Berlin:20270318T183000\nDURATION:PT2H\nSTATUS:CANCELLED\n\
                     SUMMARY:Evening\nEND:VEVENT";
    let file = calendar(&format!("{}\n{cancelled}", weekly("Rust evening", "")));
    let second = import(core, &ada, &file).await;
    assert_eq!(outcomes(&second), ["updated", "updated"]);
    assert_eq!(second.components[0].event_id, Some(id));
    let event = core.event(&ada, id).await.unwrap();
    assert_eq!((event.title.as_str(), event.capacity, event.tags.len()), ("Rust evening", 7, 1));
    let now = occurrences(core, &ada, id).await;
    let shown: Vec<String> = now.iter().map(|occurrence| shown(occurrence, &event)).collect();
    assert_eq!(
        shown,
        [
            "2027-03-04T18:30:00+01:00 2027-03-04T20:30:00+01:00 Rust evening | Hall 2 | #rust",
            "2027-03-11T18:30:00+01:00 2027-03-11T20:30:00+01:00 Rust evening | Hall 2 | #rust",
            "2027-03-18T18:30:00+01:00 2027-03-18T20:30:00+01:00 Rust evening | Hall 2 | cancelled | #rust",
        ]
    );
    assert_eq!((now[0].id, now[0].seats_taken), (all[0].id, 2), "registrations stay");
    assert_eq!(outcomes(&import(core, &ada, &file).await), ["unchanged", "unchanged"]);

    // Another user has events of their own under the same UID.
    let of_bob = import(core, &bob, &file).await;
    assert_eq!(outcomes(&of_bob), ["created", "created"]);
    assert_ne!(of_bob.components[0].event_id, Some(id));
    assert_eq!(core.check_consistency().await.unwrap(), Vec::new());
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_own_events_change_them_and_are_the_same_after_a_round_trip(#[case] kind: Kind) {
    let (db, other) = (TestDb::new(kind).await, TestDb::new(kind).await);
    let ada = db.user("ada").await;
    let core = &db.core;
    let zoned = || new_event().timezone("Europe/Berlin").duration("PT2H").description("a\nb, c; d\\e");
    let series = core
        .create_event(&ada, &zoned().rule("FREQ=WEEKLY;BYDAY=TH,FR").tags(["b", "a"]).input())
        .await
        .unwrap();
    let all = occurrences(core, &ada, series.id).await;
    let changes = json!({"title": "Other", "starts_at": "2027-03-12T10:00:00", "location": "Garden"});
    core.change_occurrence(&ada, all[2].id, &changes, None).await.unwrap();
    core.cancel_occurrence(&ada, all[3].id, None).await.unwrap();
    core.delete_occurrence(&ada, all[4].id, None).await.unwrap();
    let cancelled = core.create_event(&ada, &zoned().title("Cancelled").input()).await.unwrap();
    core.cancel_event(&ada, cancelled.id, None).await.unwrap();
    let days = new_event().with(&json!({
        "all_day": true, "starts_at": "2027-05-01", "duration": "P2D",
        "recurrence": {"rrule": "FREQ=MONTHLY;COUNT=5", "rdate": ["2027-05-20"], "exdate": ["2027-07-01"]},
    }));
    let night = zoned().starts_at("2027-10-30T02:30:00").rule("FREQ=DAILY;COUNT=4");
    let gap = zoned().starts_at("2027-03-27T02:30:00").rule("FREQ=DAILY;COUNT=3");
    let mut ids = vec![series.id, cancelled.id];
    for event in [
        zoned().title("Single").set("url", "https://example.org/x?y=z"),
        zoned().draft(),
        zoned().private(),
        zoned().timezone("UTC").rule("FREQ=HOURLY;INTERVAL=5;COUNT=9"),
        zoned().rule("FREQ=MONTHLY;BYDAY=-1FR;COUNT=12"),
        days,
        night,
        gap,
    ] {
        ids.push(core.create_event(&ada, &event.input()).await.unwrap().id);
    }
    let importer = other.user("ada").await;
    let mut faults = Vec::new();
    for id in ids {
        let exported = core.event_calendar(&ada, id).await.unwrap().text;
        let own = import(core, &ada, exported.as_bytes()).await;
        if (own.created, own.updated, own.skipped) != (0, 0, 0) {
            faults.push(format!("its own file changes it: {:?}\n{exported}", outcomes(&own)));
        }
        assert_eq!(own.components[0].event_id, Some(id));
        let report = import(&other.core, &importer, exported.as_bytes()).await;
        let Some(copy) = report.components[0].event_id.filter(|_| report.skipped == 0) else {
            faults.push(format!("not imported: {report:#?}\n{exported}"));
            continue;
        };
        let again = other.core.event_calendar(&importer, copy).await.unwrap().text;
        if without_what_the_importer_owns(&again) != without_what_the_importer_owns(&exported) {
            faults.push(format!("it differs after the round trip: {exported}\n{again}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    assert_eq!(other.core.check_consistency().await.unwrap(), Vec::new());
}

/// A file without the identity and the history of its event.
fn without_what_the_importer_owns(file: &str) -> String {
    let owned = ["UID:", "DTSTAMP:", "CREATED:", "LAST-MODIFIED:", "SEQUENCE:"];
    let lines = file.split("\r\n").filter(|line| !owned.iter().any(|name| line.starts_with(name)));
    lines.collect::<Vec<_>>().join("\n")
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_of_one_occurrence_changes_that_occurrence(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, ada, bob) = (&db.core, db.user("ada").await, db.user("bob").await);
    let event = new_event().timezone("Europe/Berlin").rule("FREQ=WEEKLY;COUNT=3").input();
    let event = core.create_event(&ada, &event).await.unwrap();
    let second = occurrences(core, &ada, event.id).await.remove(1);
    let file = core.occurrence_calendar(&ada, second.id).await.unwrap().text;
    assert_eq!(outcomes(&import(core, &ada, file.as_bytes()).await), ["unchanged"]);
    let moved = file.replace("SUMMARY:", "SUMMARY:Changed: ");
    assert_eq!(outcomes(&import(core, &ada, moved.as_bytes()).await), ["updated"]);
    let changed = core.occurrence(&ada, second.id).await.unwrap();
    assert!(changed.title.starts_with("Changed: "), "{}", changed.title);
    assert_eq!(outcomes(&import(core, &bob, moved.as_bytes()).await), ["skipped without_series"]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_uid_is_imported_whole_or_not_at_all(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, ada) = (&db.core, db.user("ada").await);
    let days = "BEGIN:VEVENT\nUID:weekly@example.org\nRECURRENCE-ID;TZID=Europe/Berlin:20270311T183000\n\
                DTSTART;VALUE=DATE:20270312\nSUMMARY:Evening\nEND:VEVENT";
    let other = "BEGIN:VEVENT\nUID:other\nDTSTART:20270305T100000Z\nSUMMARY:Other\nLOCATION:x\nEND:VEVENT";
    let file = calendar(&format!("{}\n{days}\n{other}", weekly("Evening", "")));
    let report = import(core, &ada, &file).await;
    assert_eq!(
        outcomes(&report),
        ["skipped invalid", "skipped with_others", "created length_filled"],
        "{report:#?}"
    );
    assert_eq!(db.number("SELECT count(*) FROM events").await, 1);
    assert_eq!(db.number("SELECT count(*) FROM imported_events").await, 1);
    let dry = ImportOptions { dry_run: true, ..ImportOptions::default() };
    let planned = core.import_calendar(&ada, calendar(&weekly("Evening", "")), &dry).await.unwrap();
    assert_eq!((planned.created, planned.components[0].event_id), (1, None));
    assert_eq!(db.number("SELECT count(*) FROM events").await, 1);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_fill_in_what_a_file_lacks(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, ada) = (&db.core, db.user("ada").await);
    let file = calendar(
        "BEGIN:VEVENT\nUID:1\nDTSTART:20270304T183000\nDTEND:20270304T193000\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:2\nDTSTART:20200304T183000Z\nSUMMARY:Past\nLOCATION:x\nEND:VEVENT",
    );
    let options = ImportOptions {
        location: Some("  Our hall ".to_owned()),
        capacity: Some(12),
        timezone: Some("America/New_York".to_owned()),
        visibility: Some(Visibility::Unlisted),
        status: Some(EventStatus::Draft),
        past: true,
        ..ImportOptions::default()
    };
    let report = core.import_calendar(&ada, file, &options).await.unwrap();
    assert_eq!(
        outcomes(&report),
        ["created location_filled timezone_filled title_filled", "created length_filled"]
    );
    let event = core.event(&ada, report.components[0].event_id.unwrap()).await.unwrap();
    assert_eq!((event.location.as_str(), event.capacity), ("Our hall", 12));
    assert_eq!((event.title.as_str(), event.timezone.as_str()), ("Untitled event", "America/New_York"));
    assert_eq!((event.visibility, event.status), (Visibility::Unlisted, EventStatus::Draft));
    let invalid = ImportOptions {
        location: Some(" ".to_owned()),
        capacity: Some(0),
        timezone: Some("Mars".to_owned()),
        status: Some(EventStatus::Cancelled),
        ..ImportOptions::default()
    };
    let Err(Error::Invalid(violations)) = core.import_calendar(&ada, Vec::new(), &invalid).await else {
        panic!("invalid options")
    };
    let pointers: BTreeSet<&str> = violations.as_slice().iter().map(|found| found.pointer.as_str()).collect();
    assert_eq!(pointers, BTreeSet::from(["/capacity", "/location", "/status", "/timezone"]));
    let refused = core.import_calendar(&Actor::Anonymous, Vec::new(), &ImportOptions::default()).await;
    assert_eq!(refused.unwrap_err().code(), "unauthenticated");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotas_hold_for_imports_and_for_dry_runs(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let quotas = Quotas { events_per_day: Some(2), ..Quotas::default() };
    let core = super::quotas::with_quotas(&db, quotas).await;
    let event = |n: i32| {
        format!("BEGIN:VEVENT\nUID:{n}\nDTSTART:20270304T183000Z\nSUMMARY:{n}\nLOCATION:x\nEND:VEVENT")
    };
    let file = calendar(&(0..4).map(event).collect::<Vec<_>>().join("\n"));
    let dry = ImportOptions { dry_run: true, ..ImportOptions::default() };
    let expected = [
        "created length_filled",
        "created length_filled",
        "skipped length_filled quota_exceeded",
        "skipped length_filled quota_exceeded",
    ];
    let planned = core.import_calendar(&ada, file.clone(), &dry).await.unwrap();
    assert_eq!(outcomes(&planned), expected);
    assert_eq!(outcomes(&import(&core, &ada, &file).await), expected);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_imports_of_a_file_at_once_create_its_events_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, ada) = (&db.core, db.user("ada").await);
    let file = calendar(&weekly("Evening", ""));
    let (one, other) = tokio::join!(import(core, &ada, &file), import(core, &ada, &file));
    let mut both: Vec<String> = outcomes(&one).into_iter().chain(outcomes(&other)).collect();
    both.sort();
    assert_eq!(both, ["created", "unchanged"]);
    assert_eq!(db.number("SELECT count(*) FROM events").await, 1);
}

/// The events `0..count`, each with a title of its own. Every 50th has an occurrence that is invalid.
fn many(count: usize) -> Vec<u8> {
    let event = |n: usize| {
        let faulty = format!(
            "\nBEGIN:VEVENT\nUID:{n}\nRECURRENCE-ID:20270311T183000Z\nDTSTART;VALUE=DATE:20270311\nEND:VEVENT"
        );
        format!(
            "BEGIN:VEVENT\nUID:{n}\nDTSTART:20270304T183000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3\n\
             SUMMARY:Evening {n}\nLOCATION:x\nEND:VEVENT{}",
            if n % 50 == 49 { faulty.as_str() } else { "" }
        )
    };
    calendar(&(0..count).map(event).collect::<Vec<_>>().join("\n"))
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_new_events_are_imported_without_those_that_are_invalid(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.admin("ada").await;
    let file = many(1_000);
    let dry = ImportOptions { dry_run: true, ..ImportOptions::default() };
    let planned = db.core.import_calendar(&ada, file.clone(), &dry).await.unwrap();
    let report = import(&db.core, &ada, &file).await;
    assert_eq!(outcomes(&planned), outcomes(&report));
    assert_eq!((report.created, report.skipped), (980, 40));
    assert_eq!(db.number("SELECT count(*) FROM events").await, 980);
    assert_eq!(db.number("SELECT count(*) FROM occurrences").await, 3 * 980);
    let titles = report.components.iter().filter(|one| one.outcome == ImportOutcome::Created);
    for component in titles.step_by(100) {
        let event = db.core.event(&ada, component.event_id.unwrap()).await.unwrap();
        assert_eq!(Some(event.title), component.title);
    }
    let again = import(&db.core, &ada, &file).await;
    assert_eq!((again.unchanged, again.skipped), (980, 40));
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_new_events_are_created_once_by_imports_at_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    for (name, is_admin) in [("ada", true), ("bob", false)] {
        let user = if is_admin { db.admin(name).await } else { db.user(name).await };
        let file = many(300);
        let (one, other) = tokio::join!(import(&db.core, &user, &file), import(&db.core, &user, &file));
        assert_eq!(one.created + other.created, 294, "{name}");
        assert_eq!(one.unchanged + other.unchanged, 294, "{name}");
    }
    assert_eq!(db.number("SELECT count(*) FROM events").await, 2 * 294);
    db.check().await;
}

/// An event that the database refuses spoils no other: the batch is tried again, each event by itself.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_database_refuses_is_told_after_the_others_are_stored(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.admin("ada").await;
    let refuse = match kind {
        Kind::Sqlite => {
            "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.title = 'Evening 100'
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        }
        Kind::Postgres => "ALTER TABLE events ADD CONSTRAINT refuse CHECK (title <> 'Evening 100')",
    };
    let mut tx = db.core.db().begin().await.unwrap();
    tx.query(Sql::portable(refuse)).execute().await.unwrap();
    tx.commit().await.unwrap();
    let outcome = db.core.import_calendar(&ada, many(110), &ImportOptions::default()).await;
    assert_eq!(outcome.unwrap_err().code(), "internal");
    assert_eq!(db.number("SELECT count(*) FROM events").await, 98);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_a_clear_report_and_leaves_nothing(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, ada) = (&db.core, db.user("ada").await);
    let event = |lines: &str| {
        calendar(&format!(
            "BEGIN:VEVENT\nUID:1\nDTSTART:20270304T183000Z\nLOCATION:x\nSUMMARY:x\n{lines}\nEND:VEVENT"
        ))
    };
    let dates: Vec<String> = (0..6_000)
        .map(|n| format!("2028{:02}{:02}T{:02}0000Z", n / 500 + 1, n % 500 / 20 + 1, n % 20))
        .collect();
    let large = vec![b' '; EventCore::MAX_IMPORT + 1];
    let refused = core.import_calendar(&ada, large, &ImportOptions::default()).await.unwrap_err();
    assert_eq!(refused.to_string(), "the file is larger than 10 MiB: split it");
    for (file, expected) in [
        (event("RRULE:FREQ=DAILY;COUNT=2001"), "skipped length_filled too_many_occurrences"),
        (event("RRULE:FREQ=SECONDLY"), "skipped length_filled unsupported"),
        (event(&format!("RDATE:{}", dates.join(","))), "skipped length_filled too_many_dates"),
        (event("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "skipped length_filled never_matches"),
        (event("RRULE:FREQ=DAILY;UNTIL=20270101T000000Z"), "skipped length_filled until_before_start"),
        (event(&format!("DESCRIPTION:{}", "x".repeat(100_000))), "created length_filled text_shortened"),
    ] {
        let dry = ImportOptions { dry_run: true, ..ImportOptions::default() };
        let report = core.import_calendar(&ada, file, &dry).await.unwrap();
        let found: Vec<String> = outcomes(&report);
        let sorted = |text: &str| text.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(sorted(&found[0]), sorted(expected), "{report:#?}");
    }
    let hostile = "BEGIN:VEVENT\nDTSTART:20270304T183000Z\n\
                   RRULE:FREQ=YEARLY;BYDAY=MO;BYMONTHDAY=30;BYMONTH=2\n\
                   SUMMARY:x\nLOCATION:x\nUID:";
    let many: Vec<String> = (0..2_000).map(|n| format!("{hostile}{n}\nEND:VEVENT")).collect();
    let report = import(core, &ada, &calendar(&many.join("\n"))).await;
    assert_eq!((report.skipped, report.created), (2_000, 0));
    assert!(report.components.iter().all(|component| component.outcome == ImportOutcome::Skipped));
    assert_eq!(db.number("SELECT count(*) FROM events").await, 0);
}
