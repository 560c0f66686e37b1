//! Recurring events: their occurrences, and what happens to occurrences and registrations when the schedule
//! changes.

use std::time::Duration;

use eventcore::db::{Queries, Sql};
use eventcore::events::{Event, Occurrence, OccurrenceStatus};
use eventcore::{Actor, Error, OccurrenceId, RegistrationId};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{EventBuilder, Kind, TestDb, at, id_of, new_event};

pub(super) const DAY: Duration = Duration::from_hours(24);

/// A course from 1 December 2026, a Tuesday, at 18:30 in Berlin, for two hours.
pub(super) fn course() -> EventBuilder {
    new_event()
        .title("Rust course")
        .starts_at("2026-12-01T18:30:00")
        .timezone("Europe/Berlin")
        .duration("PT2H")
        .capacity(20)
}

pub(super) async fn create(db: &TestDb, organizer: &Actor, event: EventBuilder) -> Event {
    db.core.create_event(organizer, &event.input()).await.unwrap()
}

pub(super) fn starts(occurrences: &[Occurrence]) -> Vec<String> {
    occurrences.iter().map(|occurrence| occurrence.starts_at.to_string()).collect()
}

pub(super) fn ids(occurrences: &[Occurrence]) -> Vec<OccurrenceId> {
    occurrences.iter().map(|occurrence| occurrence.id).collect()
}

/// Inserts a confirmed registration by SQL.
pub(super) async fn register(db: &TestDb, occurrence: &Occurrence, user: &Actor) {
    let mut tx = db.core.db().begin().await.unwrap();
    let now = db.core.now();
    let id = RegistrationId::at(now);
    tx.query(Sql::portable(
        "INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size, \
             ticket_code, created_at, updated_at)
         VALUES ($1, $2, $3, $4, 'confirmed', 1, $5, $6, $6)",
    ))
    .bind(id)
    .bind(occurrence.id)
    .bind(occurrence.event_id)
    .bind(id_of(user))
    .bind(id.to_string())
    .bind(now)
    .execute()
    .await
    .unwrap();
    tx.query(Sql::portable(
        "UPDATE occurrences SET seats_taken = seats_taken + 1, registered = TRUE WHERE id = $1",
    ))
    .bind(occurrence.id)
    .execute()
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

/// The occurrences that have registrations.
pub(super) async fn registered_occurrences(db: &TestDb) -> Vec<OccurrenceId> {
    let mut reader = db.core.db().read().await.unwrap();
    let sql = "SELECT r.occurrence_id \
               FROM registrations r JOIN occurrences o ON o.id = r.occurrence_id AND o.event_id = \
               r.event_id ORDER BY o.starts_at";
    let rows: Vec<(OccurrenceId,)> = reader.query(Sql::portable(sql)).all().await.unwrap();
    rows.into_iter().map(|(id,)| id).collect()
}

pub(super) async fn change(db: &TestDb, actor: &Actor, event: &Event, patch: Value) -> Event {
    db.core.change_event(actor, event.id, &patch, None).await.unwrap()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bounded_rule_is_expanded_completely(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let event = create(&db, &ada, course().rule("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=40")).await;
    assert_eq!(event.occurrence_count, 40);
    assert_eq!(event.next_occurrence.as_ref().unwrap().starts_at.to_string(), "2026-12-01T18:30:00+01:00");
    assert_eq!(
        event.recurrence.as_ref().unwrap().rrule.as_ref().unwrap().to_string(),
        "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=40"
    );
    let occurrences = db.occurrences(event.id).await;
    assert!(
        occurrences.iter().all(
            |occurrence| occurrence.recurring && occurrence.starts_at.to_string().contains("T18:30:00+0")
        )
    );
    // The clocks go forward on 28 March 2027.
    assert_eq!(starts(&occurrences)[33..35], ["2027-03-25T18:30:00+01:00", "2027-03-30T18:30:00+02:00"]);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unbounded_rule_is_expanded_up_to_the_moving_horizon(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let event = create(&db, &ada, course().rule("FREQ=WEEKLY")).await;
    assert_eq!(event.occurrence_count, 104);
    let same = change(&db, &ada, &event, json!({"title": "Rust"})).await;
    assert_eq!(same.occurrence_count, 104);
    // A month without the job; then two processes run it at once, and once more.
    db.clock.advance(30 * DAY);
    let other = db.another().await;
    let (one, two) = tokio::join!(db.core.extend_schedules(), other.extend_schedules());
    assert_eq!(one.unwrap() + two.unwrap(), 4);
    assert_eq!(db.core.extend_schedules().await.unwrap(), 0);
    let all = db.occurrences(event.id).await;
    assert_eq!(all.len(), 108);
    let weekly = all.windows(2).all(|two| {
        let local = |occurrence: &Occurrence| chrono_local(&occurrence.starts_at.to_string());
        local(&two[1]) - local(&two[0]) == chrono::TimeDelta::days(7)
    });
    assert!(weekly, "{:?}", starts(&all));
    assert_eq!(all[0].title, "Rust");
    db.check().await;
}

fn chrono_local(text: &str) -> chrono::NaiveDateTime {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().naive_local()
}

/// A course with registrations for its first, third, fourth and fifth occurrences, after the first two are
/// over.
pub(super) async fn running_course(db: &TestDb) -> (Actor, Event, Vec<Occurrence>) {
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let event = create(db, &ada, course().rule("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=10")).await;
    let all = db.occurrences(event.id).await;
    for place in [0, 2, 3, 4] {
        register(db, &all[place], &bob).await;
    }
    db.clock.set(at("2026-12-04T12:00:00Z"));
    (ada, event, all)
}

/// Asserts that past occurrences are unchanged and that no registration is lost.
async fn nothing_is_lost(db: &TestDb, event: &Event, before: &[Occurrence]) -> Vec<Occurrence> {
    let after = db.occurrences(event.id).await;
    assert_eq!(ids(&after)[..2], ids(before)[..2]);
    assert_eq!(starts(&after)[..2], starts(before)[..2]);
    assert_eq!(registered_occurrences(db).await.len(), 4);
    db.check().await;
    after
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registrations_survive_a_shift_by_an_hour(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, event, before) = running_course(&db).await;
    change(&db, &ada, &event, json!({"starts_at": "2026-12-01T19:30:00"})).await;
    let after = nothing_is_lost(&db, &event, &before).await;
    assert_eq!(ids(&after), ids(&before));
    assert!(
        after[2..].iter().all(|occurrence| occurrence.starts_at.to_string().contains("T19:30")
            && occurrence.overridden.is_empty())
    );
    assert!(after[2..].iter().all(|occurrence| occurrence.original_start == occurrence.starts_at));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registrations_survive_a_shift_by_a_day(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, event, before) = running_course(&db).await;
    let rule = json!({"rrule": "FREQ=WEEKLY;BYDAY=WE,FR;COUNT=10"});
    let patch = json!({"starts_at": "2026-12-02T18:30:00", "recurrence": rule});
    change(&db, &ada, &event, patch).await;
    let after = nothing_is_lost(&db, &event, &before).await;
    // Friday the 4th at 18:30 is still in the future, but its counterpart on Thursday is over: a new
    // occurrence.
    let kept: Vec<_> = after.iter().filter(|occurrence| ids(&before).contains(&occurrence.id)).collect();
    assert_eq!(kept.len(), 10);
    assert_eq!(kept[2].starts_at.to_string(), "2026-12-09T18:30:00+01:00");
    assert_eq!(kept[9].starts_at.to_string(), "2027-01-01T18:30:00+01:00");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_occurrences_are_cancelled_if_registered_for_and_deleted_otherwise(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, event, before) = running_course(&db).await;
    change(
        &db,
        &ada,
        &event,
        json!({"recurrence": {"rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=10"}}),
    )
    .await;
    let after = nothing_is_lost(&db, &event, &before).await;
    let cancelled: Vec<_> = after
        .iter()
        .filter(|occurrence| occurrence.status == OccurrenceStatus::Cancelled)
        .map(|occurrence| occurrence.id)
        .collect();
    // The second week, both of whose occurrences have registrations; the third week stays.
    assert_eq!(cancelled, [before[2].id, before[3].id]);
    let scheduled: Vec<_> = after
        .iter()
        .filter(|occurrence| occurrence.status == OccurrenceStatus::Scheduled)
        .map(|occurrence| occurrence.id)
        .collect();
    assert_eq!(scheduled[2..4], [before[4].id, before[5].id]);
    assert!(!scheduled.contains(&before[6].id), "nobody registered for the fourth week");
    // Cancelled occurrences do not disturb the next change.
    change(&db, &ada, &event, json!({"starts_at": "2026-12-01T19:00:00"})).await;
    let later = nothing_is_lost(&db, &event, &before).await;
    let moved = later.iter().find(|occurrence| occurrence.id == before[4].id).unwrap();
    assert_eq!(moved.starts_at.to_string(), "2026-12-15T19:00:00+01:00");
    let still = later.iter().find(|occurrence| occurrence.id == before[2].id).unwrap();
    assert_eq!((still.status, &still.starts_at), (OccurrenceStatus::Cancelled, &before[2].starts_at));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removing_a_weekday_keeps_the_other_weekdays(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, event, before) = running_course(&db).await;
    change(&db, &ada, &event, json!({"recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=TU;COUNT=5"}})).await;
    let after = nothing_is_lost(&db, &event, &before).await;
    let state = |i: usize| {
        after
            .iter()
            .find(|occurrence| occurrence.id == before[i].id)
            .map(|occurrence| (occurrence.status, occurrence.starts_at))
    };
    for tuesday in [2, 4, 6, 8] {
        assert_eq!(
            state(tuesday),
            Some((OccurrenceStatus::Scheduled, before[tuesday].starts_at)),
            "{tuesday}"
        );
    }
    assert_eq!(state(3).unwrap().0, OccurrenceStatus::Cancelled);
    for thursday in [5, 7, 9] {
        assert_eq!(state(thursday), None, "{thursday}");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn occurrences_keep_their_wall_clock_in_another_time_zone(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, event, before) = running_course(&db).await;
    change(&db, &ada, &event, json!({"timezone": "Europe/Lisbon", "starts_at": "2026-12-01T18:30:00"})).await;
    let after = db.occurrences(event.id).await;
    assert_eq!(ids(&after), ids(&before));
    assert!(
        after[2..].iter().all(|occurrence| occurrence.starts_at.to_string().ends_with("T18:30:00Z")),
        "{:?}",
        starts(&after)
    );
    assert_eq!(
        after[0].starts_at.to_string(),
        "2026-12-01T18:30:00+01:00",
        "what is over happened when it happened, by the clock of that time"
    );
    assert_eq!(registered_occurrences(&db).await.len(), 4);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changing_the_count_keeps_the_other_occurrences(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, event, before) = running_course(&db).await;
    let longer =
        change(&db, &ada, &event, json!({"recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=14"}})).await;
    assert_eq!(longer.occurrence_count, 14);
    let after = nothing_is_lost(&db, &event, &before).await;
    assert_eq!(ids(&after)[..10], ids(&before));
    let shorter =
        change(&db, &ada, &event, json!({"recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261212"}}))
            .await;
    // The fifth has a registration and is cancelled; those after it are deleted.
    assert_eq!(shorter.occurrence_count, 5);
    let after = nothing_is_lost(&db, &event, &before).await;
    assert_eq!(ids(&after), ids(&before)[..5]);
    assert_eq!(after[4].status, OccurrenceStatus::Cancelled);
    assert!(after[..4].iter().all(|occurrence| occurrence.status == OccurrenceStatus::Scheduled));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removing_the_rule_keeps_only_the_next_occurrence(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let event = create(&db, &ada, course().rule("FREQ=DAILY;COUNT=5")).await;
    let before = db.occurrences(event.id).await;
    let single = change(&db, &ada, &event, json!({"recurrence": null})).await;
    assert_eq!((single.occurrence_count, single.recurrence), (1, None));
    assert_eq!(ids(&db.occurrences(event.id).await), ids(&before)[..1]);
    // And back, with one more occurrence and one less.
    let recurrence = json!({"rrule": "FREQ=DAILY;COUNT=3", "rdate": ["2026-12-24T12:00:00"],
        "exdate": ["2026-12-02T18:30:00"]});
    change(&db, &ada, &event, json!({"recurrence": recurrence})).await;
    let after = db.occurrences(event.id).await;
    assert_eq!(
        starts(&after),
        ["2026-12-01T18:30:00+01:00", "2026-12-03T18:30:00+01:00", "2026-12-24T12:00:00+01:00"]
    );
    assert_eq!(after[0].id, before[0].id);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_duplicate_shifts_added_and_excluded_dates(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let model = course().recurrence(json!({
        "rrule": "FREQ=WEEKLY;UNTIL=20261222T173000Z",
        "exdate": ["2026-12-08T18:30:00"],
        "rdate": ["2026-12-10T18:30:00"],
    }));
    let event = create(&db, &ada, model).await;
    let occurrence = serde_json::from_value(json!({"starts_at": "2027-12-07T18:30:00"})).unwrap();
    let copy = db.core.duplicate_event(&ada, event.id, &occurrence).await.unwrap();
    let copied = starts(&db.occurrences(copy.id).await);
    assert_eq!(
        copied,
        [
            "2027-12-07T18:30:00+01:00",
            "2027-12-16T18:30:00+01:00",
            "2027-12-21T18:30:00+01:00",
            "2027-12-28T18:30:00+01:00"
        ]
    );
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_beyond_the_horizon_is_an_occurrence(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let far = course().starts_at("2030-12-01T18:30:00").rule("FREQ=YEARLY");
    let event = create(&db, &ada, far).await;
    assert_eq!(event.occurrence_count, 1);
    db.clock.advance(5 * 365 * DAY);
    assert_eq!(db.core.extend_schedules().await.unwrap(), 2);
    assert_eq!(starts(&db.occurrences(event.id).await)[2], "2032-12-01T18:30:00+01:00");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unusable_rules_are_refused_with_the_part_that_is_wrong(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let ten_thousand: Vec<_> = (0..10_000).map(|_| "2027-01-01").collect();
    for (recurrence, pointer, code, names) in [
        (
            json!({"rrule": "FREQ=MONTHLY;BYMONTHDAY=32"}),
            "/recurrence/rrule",
            "invalid_rule",
            "BYMONTHDAY=32",
        ),
        (json!({"rrule": "FREQ=SECONDLY"}), "/recurrence/rrule", "unsupported", "FREQ=SECONDLY"),
        (json!({"rrule": "FREQ=DAILY;COUNT=2;UNTIL=20270101"}), "/recurrence/rrule", "invalid_rule", "COUNT"),
        (
            json!({"rrule": "FREQ=DAILY;UNTIL=20261130"}),
            "/recurrence/rrule",
            "until_before_start",
            "UNTIL=20261130",
        ),
        (
            json!({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}),
            "/recurrence/rrule",
            "never_matches",
            "BYMONTHDAY=30",
        ),
        (json!({"rrule": "FREQ=DAILY;COUNT=2001"}), "/recurrence/rrule", "too_many_occurrences", "2000"),
        (
            json!({"rrule": format!("FREQ=DAILY;{}", "X".repeat(1_000))}),
            "/recurrence/rrule",
            "too_long",
            "1000",
        ),
        (json!({"rdate": ten_thousand}), "/recurrence/rdate", "too_many_dates", "10000"),
        (json!({"rdate": ["2026-11-30T18:30:00"]}), "/recurrence/rdate/0", "before_start", "2026-11-30"),
        (
            json!({"rrule": "FREQ=DAILY", "exdate": ["soon"]}),
            "/recurrence/exdate/0",
            "invalid_date",
            "EXDATE",
        ),
        (
            json!({"rrule": "FREQ=DAILY;COUNT=1", "exdate": ["2026-12-01"]}),
            "/recurrence/exdate",
            "nothing_left",
            "every",
        ),
        (json!({"rrule": "FREQ=DAILY", "until": 1}), "/recurrence/until", "unknown_field", "unknown"),
        (json!({"rrule": 7}), "/recurrence/rrule", "wrong_type", "string"),
        (json!("FREQ=DAILY"), "/recurrence", "wrong_type", "object"),
    ] {
        let event = course().recurrence(recurrence.clone()).input();
        let Error::Invalid(wrong) = db.core.create_event(&ada, &event).await.unwrap_err() else {
            panic!("{recurrence}")
        };
        let found: Vec<_> = wrong.as_slice().iter().map(|v| (v.pointer.as_str(), v.code.as_ref())).collect();
        assert_eq!(found, [(pointer, code)], "{wrong:?}");
        assert!(wrong.as_slice()[0].message.contains(names), "{wrong:?}");
    }
    // A start that is off the rule is the first occurrence.
    let event = create(&db, &ada, course().rule("FREQ=WEEKLY;BYDAY=FR;COUNT=3")).await;
    assert_eq!(
        starts(&db.occurrences(event.id).await)[..2],
        ["2026-12-01T18:30:00+01:00", "2026-12-04T18:30:00+01:00"]
    );
    assert_eq!(db.number("SELECT count(*) FROM events").await, 1);
}
