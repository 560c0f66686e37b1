//! Single occurrences of a series: overridden, cancelled, restored, deleted, and split off into a new event.

use eventcore::agenda::AgendaFilter;
use eventcore::db::{Queries, Sql};
use eventcore::events::{Occurrence, OccurrenceStatus};
use eventcore::{Actor, Error, OccurrenceId, PageRequest, Precondition};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Kind, TestDb, at, new_event};

use super::recurrence::{
    DAY, change, course, create, ids, register, registered_occurrences, running_course, starts,
};

async fn patch(db: &TestDb, actor: &Actor, id: OccurrenceId, patch: Value) -> Result<Occurrence, Error> {
    db.core.change_occurrence(actor, id, &patch, None).await
}

fn wrong(error: &Error) -> Vec<(&str, &str)> {
    let Error::Invalid(wrong) = error else { panic!("{error:?}") };
    wrong.as_slice().iter().map(|v| (v.pointer.as_str(), v.code.as_ref())).collect()
}

async fn found(db: &TestDb, location: &str) -> Vec<OccurrenceId> {
    let filter = AgendaFilter { location: Some(location.to_owned()), ..AgendaFilter::default() };
    ids(&db.core.occurrences(&Actor::Anonymous, &filter, &PageRequest::default()).await.unwrap().items)
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overrides_of_an_occurrence_survive_changes_of_the_event(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, event, all) = running_course(&db).await;
    let own = json!({
        "title": "Guest talk",
        "location": "Köln",
        "starts_at": "2026-12-09T20:00:00",
        "duration": "PT1H",
        "capacity": 5,
    });
    let occurrence = patch(&db, &ada, all[2].id, own).await.unwrap();
    assert_eq!(occurrence.overridden, ["title", "location", "capacity", "starts_at"]);
    assert_eq!(
        (occurrence.title.as_str(), occurrence.location.as_str(), occurrence.capacity),
        ("Guest talk", "Köln", 5)
    );
    assert_eq!(occurrence.starts_at.to_string(), "2026-12-09T20:00:00+01:00");
    assert_eq!(occurrence.ends_at.to_string(), "2026-12-09T21:00:00+01:00");
    assert_eq!(occurrence.original_start, all[2].original_start);
    assert_eq!(found(&db, "koln").await, [occurrence.id]);
    assert_eq!(found(&db, "room").await.len(), 7);

    // A change of the event applies to fields without an override only.
    let everything = json!({
        "title": "Rust",
        "location": "Room 3",
        "description": "Bring a laptop",
        "capacity": 30,
        "starts_at": "2026-12-01T19:30:00",
    });
    change(&db, &ada, &event, everything).await;
    let after = db.core.occurrence(&ada, occurrence.id).await.unwrap();
    assert_eq!(
        (after.title.as_str(), after.location.as_str(), after.description.as_str()),
        ("Guest talk", "Köln", "Bring a laptop")
    );
    assert_eq!(
        (after.capacity, after.starts_at, after.ends_at),
        (5, occurrence.starts_at, occurrence.ends_at)
    );
    assert_eq!(after.original_start.to_string(), "2026-12-08T19:30:00+01:00");
    assert_eq!(found(&db, "room 3").await.len(), 7);
    let over = db.core.occurrence(&ada, all[0].id).await.unwrap();
    assert_eq!((over.title.as_str(), over.location.as_str()), ("Rust course", "Room 2"));

    // Null removes an override.
    let back =
        json!({"title": null, "location": null, "starts_at": null, "duration": null, "capacity": null});
    let occurrence = patch(&db, &ada, occurrence.id, back).await.unwrap();
    assert!(occurrence.overridden.is_empty(), "{:?}", occurrence.overridden);
    assert_eq!((occurrence.location.as_str(), occurrence.capacity), ("Room 3", 30));
    assert_eq!(
        (occurrence.starts_at, occurrence.ends_at.to_string().as_str()),
        (occurrence.original_start, "2026-12-08T21:30:00+01:00")
    );
    assert_eq!(found(&db, "koln").await, []);
    assert_eq!(found(&db, "room 3").await.len(), 8);
    assert_eq!(
        db.number("SELECT count(*) FROM search_documents").await,
        2,
        "the event's words, and those of what is over"
    );
    assert_eq!(registered_occurrences(&db).await.len(), 4);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overrides_are_set_and_removed_field_by_field(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, _, all) = running_course(&db).await;
    let id = all[5].id;
    patch(&db, &ada, id, json!({"starts_at": "2026-12-18T18:30:00"})).await.unwrap();
    let longer = patch(&db, &ada, id, json!({"duration": "PT3H"})).await.unwrap();
    assert_eq!(longer.ends_at.to_string(), "2026-12-18T21:30:00+01:00");
    let again = patch(&db, &ada, id, json!({"ends_at": "2026-12-18T19:00:00"})).await.unwrap();
    assert_eq!(
        (again.starts_at, again.ends_at.to_string().as_str()),
        (longer.starts_at, "2026-12-18T19:00:00+01:00")
    );
    let same = patch(&db, &ada, id, json!({"url": "https://example.org/"})).await.unwrap();
    assert_eq!((same.starts_at, same.ends_at), (again.starts_at, again.ends_at));
    assert_eq!(same.overridden, ["url", "starts_at"]);
    let back = patch(&db, &ada, id, json!({"starts_at": null})).await.unwrap();
    assert_eq!(
        (back.starts_at, back.ends_at.to_string().as_str()),
        (back.original_start, "2026-12-17T19:00:00+01:00")
    );
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn impossible_changes_of_an_occurrence_are_refused(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, event, all) = running_course(&db).await;
    let eve = db.user("eve").await;
    let id = all[5].id;
    for (own, named) in [
        (json!({"starts_at": "2026-12-03T18:30:00"}), vec![("/starts_at", "in_the_past")]),
        (json!({"starts_at": "2027-03-28T02:30:00"}), vec![("/starts_at", "local_time_gap")]),
        (json!({"starts_at": "2026-12-18"}), vec![("/starts_at", "invalid")]),
        (json!({"ends_at": "2026-12-17T18:30:00"}), vec![("/ends_at", "ends_before_start")]),
        (
            json!({"capacity": 0, "title": "", "colour": "red"}),
            vec![("/colour", "unknown_field"), ("/title", "required"), ("/capacity", "out_of_range")],
        ),
        (json!([]), vec![("", "wrong_type")]),
    ] {
        assert_eq!(wrong(&patch(&db, &ada, id, own).await.unwrap_err()), named);
    }
    let talk = json!({"title": "Talk"});
    assert_eq!(patch(&db, &ada, all[0].id, talk.clone()).await.unwrap_err().code(), "occurrence_past");
    assert_eq!(patch(&db, &eve, id, talk.clone()).await.unwrap_err().code(), "forbidden");
    assert_eq!(patch(&db, &Actor::Anonymous, id, talk.clone()).await.unwrap_err().code(), "unauthenticated");
    let stale =
        db.core.change_occurrence(&ada, id, &talk, Some(&Precondition::version(7))).await.unwrap_err();
    assert!(matches!(stale, Error::VersionMismatch { current: 1 }), "{stale:?}");
    change(&db, &ada, &event, json!({"visibility": "private"})).await;
    for refusal in [
        patch(&db, &eve, id, talk).await.unwrap_err(),
        db.core.cancel_occurrence(&eve, id, None).await.unwrap_err(),
        db.core.restore_occurrence(&eve, id, None).await.unwrap_err(),
        db.core.delete_occurrence(&eve, id, None).await.unwrap_err(),
        db.core.split_event(&eve, id, &json!({}), None).await.unwrap_err(),
    ] {
        assert!(matches!(refusal, Error::NotFound("occurrence")), "{refusal:?}");
    }
    assert_eq!(starts(&db.occurrences(event.id).await), starts(&all));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_occurrence_keeps_its_registrations(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, event, all) = running_course(&db).await;
    let id = all[2].id;
    for _ in 0..2 {
        let occurrence = db.core.cancel_occurrence(&ada, id, None).await.unwrap();
        assert_eq!(
            (occurrence.status, occurrence.registration_open, occurrence.version),
            (OccurrenceStatus::Cancelled, false, 2)
        );
    }
    // It stays cancelled when the event changes.
    change(&db, &ada, &event, json!({"starts_at": "2026-12-01T18:45:00"})).await;
    let occurrence = db.core.occurrence(&ada, id).await.unwrap();
    assert_eq!(
        (occurrence.status, occurrence.starts_at.to_string().as_str()),
        (OccurrenceStatus::Cancelled, "2026-12-08T18:45:00+01:00")
    );
    let occurrence = db.core.restore_occurrence(&ada, id, None).await.unwrap();
    assert_eq!((occurrence.status, occurrence.seats_taken), (OccurrenceStatus::Scheduled, 1));

    // The rule no longer yields it. Restored, it is outside of the rule and survives further changes.
    change(&db, &ada, &event, json!({"recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=TH;COUNT=5"}})).await;
    assert_eq!(db.core.occurrence(&ada, id).await.unwrap().status, OccurrenceStatus::Cancelled);
    db.core.restore_occurrence(&ada, id, None).await.unwrap();
    let event = change(&db, &ada, &event, json!({"capacity": 7})).await;
    assert_eq!(event.recurrence.as_ref().unwrap().rdate[0].to_string(), "2026-12-08T18:45:00");
    let event =
        change(&db, &ada, &event, json!({"recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=TH;COUNT=6"}})).await;
    assert_eq!(db.core.occurrence(&ada, id).await.unwrap().status, OccurrenceStatus::Scheduled);

    db.core.cancel_event(&ada, event.id, None).await.unwrap();
    assert_eq!(db.core.restore_occurrence(&ada, id, None).await.unwrap_err().code(), "occurrence_cancelled");
    assert_eq!(db.core.cancel_occurrence(&ada, all[0].id, None).await.unwrap_err().code(), "occurrence_past");
    let draft = course().starts_at("2026-12-20T18:30:00").rule("FREQ=DAILY;COUNT=2").draft();
    let draft = create(&db, &ada, draft).await;
    let first = draft.next_occurrence.unwrap().id;
    assert_eq!(db.core.cancel_occurrence(&ada, first, None).await.unwrap_err().code(), "event_not_published");
    assert_eq!(registered_occurrences(&db).await.len(), 4);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_an_occurrence_excludes_it_from_the_rule(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, event, all) = running_course(&db).await;
    assert_eq!(
        db.core.delete_occurrence(&ada, all[2].id, None).await.unwrap_err().code(),
        "has_registrations"
    );
    assert_eq!(db.core.delete_occurrence(&ada, all[0].id, None).await.unwrap_err().code(), "occurrence_past");
    db.core.delete_occurrence(&ada, all[5].id, None).await.unwrap();
    assert_eq!(db.core.delete_occurrence(&ada, all[5].id, None).await.unwrap_err().code(), "not_found");
    let left = db.occurrences(event.id).await;
    assert_eq!((left.len(), left.iter().any(|occurrence| occurrence.id == all[5].id)), (9, false));
    // It stays excluded when the event changes, until the organizer includes it again.
    let event = change(&db, &ada, &event, json!({"duration": "PT1H"})).await;
    let exdate = &event.recurrence.as_ref().unwrap().exdate;
    assert_eq!((event.occurrence_count, exdate[0].to_string().as_str()), (9, "2026-12-17T18:30:00"));
    let event = change(&db, &ada, &event, json!({"recurrence": {"exdate": []}})).await;
    assert_eq!(event.occurrence_count, 10);

    let single = course().starts_at("2026-12-20T18:30:00");
    let (_, only) = db.create_event(&ada, single).await;
    assert_eq!(
        wrong(&db.core.delete_occurrence(&ada, only, None).await.unwrap_err()),
        [("", "nothing_left")]
    );
    let twice =
        course().starts_at("2026-12-20T18:30:00").recurrence(json!({"rdate": ["2026-12-21T18:30:00"]}));
    let twice = create(&db, &ada, twice).await;
    let both = db.occurrences(twice.id).await;
    assert!(both[0].recurring);
    db.core.delete_occurrence(&ada, both[1].id, None).await.unwrap();
    let one = db.core.event(&ada, twice.id).await.unwrap();
    assert_eq!((one.recurrence, one.occurrence_count), (None, 1));
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_split_moves_following_occurrences_and_their_registrations(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, event, all) = running_course(&db).await;
    let cleo = db.user("cleo").await;
    db.core.add_co_organizer(&ada, event.id, cleo.user_id().unwrap()).await.unwrap();
    patch(&db, &ada, all[4].id, json!({"location": "Köln", "starts_at": "2026-12-16T10:00:00"}))
        .await
        .unwrap();
    let new = db
        .core
        .split_event(
            &cleo,
            all[3].id,
            &json!({"title": "Advanced Rust", "starts_at": "2026-12-10T19:00:00"}),
            None,
        )
        .await
        .unwrap();
    assert_eq!(
        (new.title.as_str(), new.occurrence_count, new.organizer.username.as_str()),
        ("Advanced Rust", 7, "ada")
    );
    assert_eq!(new.co_organizers.len(), 1);
    let old = db.core.event(&ada, event.id).await.unwrap();
    assert_eq!((old.occurrence_count, old.title.as_str()), (3, "Rust course"));

    let (head, tail) = (db.occurrences(old.id).await, db.occurrences(new.id).await);
    assert_eq!(ids(&head), ids(&all)[..3]);
    assert_eq!(starts(&head), starts(&all)[..3]);
    assert_eq!(ids(&tail), ids(&all)[3..]);
    assert_eq!(tail[0].starts_at.to_string(), "2026-12-10T19:00:00+01:00");
    // Moved occurrences keep their times and texts.
    assert_eq!(
        (tail[1].starts_at.to_string().as_str(), tail[1].location.as_str(), tail[1].title.as_str()),
        ("2026-12-16T10:00:00+01:00", "Köln", "Advanced Rust")
    );
    assert_eq!(found(&db, "koln").await, [tail[1].id]);
    assert_eq!(found(&db, "room").await.len(), 7);
    // Registrations moved with their occurrences: a join of both has all four.
    assert_eq!(registered_occurrences(&db).await, [all[0].id, all[2].id, all[3].id, all[4].id]);

    // The two series are independent from now on.
    change(&db, &ada, &old, json!({"recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=5"}})).await;
    db.core.cancel_event(&ada, new.id, None).await.unwrap();
    assert_eq!(db.core.event(&ada, old.id).await.unwrap().occurrence_count, 5);
    let refused = db.core.split_event(&ada, all[0].id, &json!({}), None).await.unwrap_err();
    assert_eq!(refused.code(), "occurrence_past");
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unbounded_series_continues_after_a_split(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let event = create(&db, &ada, course().rule("FREQ=WEEKLY")).await;
    let all = db.occurrences(event.id).await;
    assert_eq!(
        wrong(&db.core.split_event(&ada, all[0].id, &json!({}), None).await.unwrap_err()),
        [("/recurrence/rrule", "cannot_split")]
    );
    assert_eq!(
        wrong(&db.core.split_event(&ada, all[9].id, &json!({"capacity": 0}), None).await.unwrap_err()),
        [("/capacity", "out_of_range")]
    );
    assert_eq!(db.number("SELECT count(*) FROM events").await, 1, "nothing is half split");
    let new = db.core.split_event(&ada, all[9].id, &json!({}), None).await.unwrap();
    assert_eq!(new.occurrence_count, 95);
    db.clock.advance(70 * DAY);
    assert_eq!(db.core.extend_schedules().await.unwrap(), 10);
    assert_eq!(db.occurrences(event.id).await.len(), 9);
    assert_eq!(db.occurrences(new.id).await.len(), 105);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn raising_the_capacity_of_an_occurrence_promotes_its_waitlist(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let event = create(&db, &ada, course().rule("FREQ=WEEKLY;COUNT=3")).await;
    let all = db.occurrences(event.id).await;
    patch(&db, &ada, all[1].id, json!({"capacity": 1})).await.unwrap();
    for name in ["bob", "cleo", "dan"] {
        let user = db.user(name).await;
        db.core.register(&user, all[1].id, &eventcore::registrations::Party::default()).await.unwrap();
    }
    let full = db.core.occurrence(&ada, all[1].id).await.unwrap();
    assert_eq!((full.seats_taken, full.waitlist_length), (1, 2));
    let more = patch(&db, &ada, all[1].id, json!({"capacity": 2})).await.unwrap();
    assert_eq!((more.seats_taken, more.waitlist_length), (2, 1));
    // The capacity of the event does not apply to this occurrence.
    change(&db, &ada, &event, json!({"capacity": 50})).await;
    assert_eq!(db.core.occurrence(&ada, all[1].id).await.unwrap().waitlist_length, 1);
    let none = patch(&db, &ada, all[1].id, json!({"capacity": null})).await.unwrap();
    assert_eq!((none.capacity, none.seats_taken, none.waitlist_length), (50, 3, 0));
    // A cancelled occurrence promotes nobody until it is restored.
    assert_eq!(db.core.check_consistency().await.unwrap(), []);
}

/// Instants as an older time zone database would have computed them: an hour later, from some day on.
const OLDER: &[(&str, &str)] = &[
    (
        "UPDATE occurrences SET original_start = original_start + 3600000000 \
             WHERE original_start > 1800000000000000",
        "UPDATE occurrences SET original_start = original_start + interval '1 hour' \
             WHERE original_start > to_timestamp(1800000000)",
    ),
    (
        "UPDATE occurrences SET starts_at = starts_at + 3600000000, ends_at = ends_at + 3600000000 \
             WHERE starts_at > 1800000000000000",
        "UPDATE occurrences SET starts_at = starts_at + interval '1 hour', ends_at = ends_at + interval \
             '1 hour' WHERE starts_at > to_timestamp(1800000000)",
    ),
    (
        "UPDATE settings SET value = '2020a' WHERE key = 'tz_database'",
        "UPDATE settings SET value = '2020a' WHERE key = 'tz_database'",
    ),
];

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_time_zone_database_keeps_future_wall_clocks(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let bob = db.user("bob").await;
    let event = create(&db, &ada, course().rule("FREQ=HOURLY;INTERVAL=8;COUNT=300")).await;
    let all = db.occurrences(event.id).await;
    patch(&db, &ada, all[290].id, json!({"starts_at": "2027-03-20T12:00:00"})).await.unwrap();
    register(&db, &all[299], &bob).await;
    let before = db.occurrences(event.id).await;
    assert_eq!(db.core.recompute_occurrence_times().await.unwrap(), 0);

    let mut tx = db.core.db().begin().await.unwrap();
    for (sqlite, postgres) in OLDER {
        tx.query(Sql::per_dialect(sqlite, postgres)).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
    let shifted = db.occurrences(event.id).await;
    let changed = shifted.iter().zip(&before).filter(|(one, other)| one.starts_at != other.starts_at).count();
    assert!(changed > 100, "{changed}");
    db.clock.set(at("2027-02-01T00:00:00Z"));
    let moved = db.core.recompute_occurrence_times().await.unwrap();
    let now = "2027-02-01";
    let after = db.occurrences(event.id).await;
    assert_eq!(after.len(), 300);
    for (after, before) in
        after.iter().zip(&before).filter(|(_, before)| before.starts_at.to_string().as_str() > now)
    {
        assert_eq!((after.id, after.starts_at, after.ends_at), (before.id, before.starts_at, before.ends_at));
    }
    assert!(
        moved > 100 && moved < u64::try_from(changed).unwrap(),
        "{moved} of {changed}: what is over stays"
    );
    assert_eq!(db.core.recompute_occurrence_times().await.unwrap(), 0);
    assert_eq!(registered_occurrences(&db).await, [all[299].id]);
    db.check().await;
}

/// The SEQUENCE of the first entry of a calendar file.
fn sequence(file: &str) -> i64 {
    let line = file.lines().find_map(|line| line.strip_prefix("SEQUENCE:")).expect("a number");
    line.parse().expect("a number")
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_occurrences_raise_the_sequence_unless_the_rule_of_the_file_has_them(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let night = new_event().timezone("Europe/Berlin").starts_at("2027-03-04T02:30:00");
    let event = async |rule: &str| db.create_event(&ada, night.clone().rule(rule)).await.0;
    let weekly = event("FREQ=WEEKLY").await;
    // Listed, as programs differ in how they count hours across a change of the clocks.
    let hourly = event("FREQ=HOURLY;INTERVAL=12").await;
    // Those that the clocks skip have entries of their own.
    let daily = event("FREQ=DAILY").await;
    let file = async |event| db.core.event_calendar(&ada, event).await.unwrap().text;
    let entries = |text: &str| text.matches("BEGIN:VEVENT").count();

    let before = (file(weekly).await, file(hourly).await, file(daily).await);
    db.clock.advance(14 * DAY);
    assert!(db.core.extend_schedules().await.unwrap() > 0);
    assert_eq!(file(weekly).await, before.0);
    assert_eq!(file(daily).await, before.2);
    let listed = file(hourly).await;
    assert!(sequence(&listed) > sequence(&before.1), "{listed}");

    // Until after 25 March 2029.
    db.clock.advance(120 * DAY);
    db.core.extend_schedules().await.unwrap();
    assert_eq!(sequence(&file(weekly).await), sequence(&before.0));
    let skipped = file(daily).await;
    assert_eq!(entries(&skipped), entries(&before.2) + 1);
    assert!(sequence(&skipped) > sequence(&before.2), "{skipped}");
    db.check().await;
}
