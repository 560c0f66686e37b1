//! A series that moves to another start takes EXDATE, RDATE and UNTIL along, and keeps its occurrences.

use eventcore::agenda::AgendaFilter;
use eventcore::events::{DuplicateInput, Event, Occurrence};
use eventcore::{Actor, OccurrenceId, PageRequest, Timestamp};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Kind, TestDb};

fn series(starts_at: &str, recurrence: &Value) -> Value {
    json!({"title": "Rust course", "location": "Room 2", "starts_at": starts_at, "timezone": "Europe/Berlin",
        "all_day": starts_at.len() == 10, "capacity": 20, "recurrence": recurrence})
}

async fn create(db: &TestDb, actor: &Actor, event: Value) -> Event {
    db.core.create_event(actor, &serde_json::from_value(event).unwrap()).await.unwrap()
}

async fn patch(db: &TestDb, actor: &Actor, event: &Event, patch: Value) -> Event {
    db.core.change_event(actor, event.id, &patch, None).await.unwrap()
}

async fn occurrences(db: &TestDb, event: &Event) -> Vec<Occurrence> {
    let filter =
        AgendaFilter { event: Some(event.id), from: Some(Timestamp::MIN.into()), ..AgendaFilter::default() };
    let page = PageRequest { limit: 100, ..PageRequest::default() };
    db.core.occurrences(&Actor::System, &filter, &page).await.unwrap().items
}

fn ids(occurrences: &[Occurrence]) -> Vec<OccurrenceId> {
    occurrences.iter().map(|occurrence| occurrence.id).collect()
}

/// The starts, cut to `length`: `2028-03-16`, or with the time as well.
fn starts(occurrences: &[Occurrence], length: usize) -> Vec<String> {
    occurrences.iter().map(|occurrence| occurrence.starts_at.to_string()[..length].to_owned()).collect()
}

const DAY: usize = 10;
const MINUTE: usize = 16;

fn recurrence(event: &Event) -> Value {
    json!(event.recurrence.as_ref().map(eventcore::events::EventRecurrence::rule))
}

/// Moves a series by `change`, expects its recurrence afterwards, and that `undo` restores everything.
async fn there_and_back(
    db: &TestDb,
    event: Value,
    change: Value,
    undo: Value,
    expected: Value,
) -> Vec<String> {
    let ada = db.user("ada").await;
    let event = create(db, &ada, event).await;
    let before = occurrences(db, &event).await;
    let moved = patch(db, &ada, &event, change).await;
    assert_eq!(recurrence(&moved), expected);
    let after = occurrences(db, &event).await;
    assert_eq!(after.len(), before.len());
    db.check().await;
    let undone = patch(db, &ada, &event, undo).await;
    assert_eq!(recurrence(&undone), recurrence(&event));
    let again = occurrences(db, &event).await;
    assert_eq!(starts(&again, DAY), starts(&before, DAY));
    db.check().await;
    starts(&after, if after[0].all_day { DAY } else { MINUTE })
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_excluded_occurrence_stays_away_at_another_time(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let rule = json!({"rrule": "FREQ=WEEKLY;COUNT=10", "rdate": [], "exdate": ["2028-03-16T18:30:00"]});
    let ada = db.user("ada").await;
    let event = create(&db, &ada, series("2028-03-02T18:30:00", &rule)).await;
    let before = occurrences(&db, &event).await;
    let moved = patch(&db, &ada, &event, json!({"starts_at": "2028-03-02T19:00:00"})).await;
    let after = occurrences(&db, &event).await;
    assert_eq!(starts(&after, MINUTE)[1..3], ["2028-03-09T19:00", "2028-03-23T19:00"]);
    assert_eq!((after.len(), ids(&after)), (9, ids(&before)));
    assert_eq!(recurrence(&moved)["exdate"], json!(["2028-03-16T19:00:00"]));
    let back = patch(&db, &ada, &event, json!({"starts_at": "2028-03-02T18:30:00"})).await;
    assert_eq!(recurrence(&back), rule);
    assert_eq!(ids(&occurrences(&db, &event).await), ids(&before));
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_excluded_thursday_stays_away_if_the_start_moves_to_friday(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let rule = |rrule: &str, exdate: &str| json!({"rrule": rrule, "rdate": [], "exdate": [exdate]});
    let weekly = "FREQ=WEEKLY;BYDAY=TH;UNTIL=20280406";
    let after = there_and_back(
        &db,
        series("2028-03-02T18:30:00", &rule(weekly, "2028-03-16T18:30:00")),
        json!({"starts_at": "2028-03-03T19:00:00"}),
        json!({"starts_at": "2028-03-02T18:30:00"}),
        // The first occurrence leaves the rule, whose days stay.
        rule(weekly, "2028-03-16T19:00:00"),
    )
    .await;
    assert_eq!(after[..3], ["2028-03-03T19:00", "2028-03-09T19:00", "2028-03-23T19:00"]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_off_the_rule_is_one_occurrence_more(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let rule = json!({"rrule": "FREQ=WEEKLY;BYDAY=TH;UNTIL=20280406", "exdate": ["2028-03-16T18:30:00"]});
    let event = create(&db, &ada, series("2028-03-02T18:30:00", &rule)).await;
    let before = occurrences(&db, &event).await;
    patch(&db, &ada, &event, json!({"starts_at": "2028-03-01T18:30:00"})).await;
    let after = occurrences(&db, &event).await;
    let days = ["2028-03-01", "2028-03-02", "2028-03-09", "2028-03-23", "2028-03-30", "2028-04-06"];
    assert_eq!(starts(&after, DAY), days);
    assert_eq!(ids(&after)[1..], ids(&before));
    patch(&db, &ada, &event, json!({"starts_at": "2028-03-02T18:30:00"})).await;
    assert_eq!(starts(&occurrences(&db, &event).await, DAY), days[1..]);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_third_month_stays_excluded_from_the_30th_to_the_1st(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let after = there_and_back(
        &db,
        series(
            "2027-08-30T18:30:00",
            &json!({"rrule": "FREQ=MONTHLY;COUNT=6", "rdate": [], "exdate": ["2027-10-30T18:30:00"]}),
        ),
        json!({"starts_at": "2027-09-01T18:30:00"}),
        json!({"starts_at": "2027-08-30T18:30:00"}),
        json!({"rrule": "FREQ=MONTHLY;COUNT=6", "rdate": [], "exdate": ["2027-11-01T18:30:00"]}),
    )
    .await;
    let first = ["2027-09-01", "2027-10-01", "2027-12-01", "2028-01-01", "2028-02-01"];
    assert_eq!(after, first.map(|day| format!("{day}T18:30")));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_31st_skips_short_months_and_the_1st_does_not(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let rule = |until: &str, exdate: &str| {
        let rrule = format!("FREQ=MONTHLY;UNTIL={until}");
        json!({"rrule": rrule, "rdate": [], "exdate": [exdate]})
    };
    let after = there_and_back(
        &db,
        series("2027-01-31", &rule("20270831", "2027-05-31")),
        json!({"starts_at": "2027-02-01"}),
        json!({"starts_at": "2027-01-31"}),
        rule("20270601", "2027-04-01"),
    )
    .await;
    assert_eq!(after, ["2027-02-01", "2027-03-01", "2027-05-01", "2027-06-01"]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn local_times_stay_and_instants_move_with_the_zone(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let rule = |until: &str, exdate: [&str; 2]| {
        let rrule = format!("FREQ=WEEKLY;UNTIL={until}");
        json!({"rrule": rrule, "rdate": ["2028-03-18T10:00:00"], "exdate": exdate})
    };
    let after = there_and_back(
        &db,
        series(
            "2028-03-02T18:30:00",
            &rule("20280406T163000Z", ["2028-03-09T18:30:00", "2028-03-16T17:30:00Z"]),
        ),
        json!({"timezone": "America/New_York"}),
        json!({"timezone": "Europe/Berlin"}),
        rule("20280406T223000Z", ["2028-03-09T18:30:00", "2028-03-16T22:30:00Z"]),
    )
    .await;
    let days = ["03-02T18:30", "03-18T10:00", "03-23T18:30", "03-30T18:30", "04-06T18:30"];
    assert_eq!(after, days.map(|day| format!("2028-{day}")));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_become_days_and_times_again(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let after = there_and_back(
        &db,
        series(
            "2028-03-02T18:30:00",
            &json!({"rrule": "FREQ=WEEKLY;COUNT=4", "exdate": ["2028-03-09T18:30:00"],
                "rdate": ["2028-03-18T10:00:00", "2028-03-19T18:30:00"]}),
        ),
        json!({"all_day": true, "starts_at": "2028-03-03"}),
        json!({"all_day": false, "starts_at": "2028-03-02T18:30:00"}),
        json!({"rrule": "FREQ=WEEKLY;COUNT=4", "exdate": ["2028-03-10"],
            "rdate": ["2028-03-19T10:00:00", "2028-03-20"]}),
    )
    .await;
    assert_eq!(after, ["2028-03-03", "2028-03-17", "2028-03-19", "2028-03-20", "2028-03-24"]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_duplicate_on_another_day_has_as_many_occurrences(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let rule = json!({"rrule": "FREQ=MONTHLY;UNTIL=20270715T000000", "rdate": ["2027-02-10T10:00:00"],
        "exdate": ["2027-03-31T18:30:00"]});
    let event = create(&db, &ada, series("2027-01-31T18:30:00", &rule)).await;
    assert_eq!(event.occurrence_count, 3);
    let start =
        DuplicateInput { starts_at: Some("2027-04-01T20:00".parse().unwrap()), ..DuplicateInput::default() };
    let copy = db.core.duplicate_event(&ada, event.id, &start).await.unwrap();
    let expected = json!({"rrule": "FREQ=MONTHLY;UNTIL=20270601T200000", "rdate": ["2027-04-11T11:30:00"],
        "exdate": ["2027-05-01T20:00:00"]});
    assert_eq!(recurrence(&copy), expected);
    assert_eq!(copy.occurrence_count, 3);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_part_of_a_split_has_its_own_exceptions(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let rule = json!({"rrule": "FREQ=WEEKLY;COUNT=10",
        "rdate": ["2028-03-05T10:00:00", "2028-04-01T10:00:00"],
        "exdate": ["2028-03-09T18:30:00", "2028-04-13T18:30:00"]});
    let event = create(&db, &ada, series("2028-03-02T18:30:00", &rule)).await;
    let before = occurrences(&db, &event).await;
    let cut =
        before.iter().find(|occurrence| occurrence.starts_at.to_string().starts_with("2028-03-23")).unwrap();
    let tail =
        db.core.split_event(&ada, cut.id, &json!({"starts_at": "2028-03-24T19:00:00"}), None).await.unwrap();
    let expected = json!({"rrule": "FREQ=WEEKLY;COUNT=7", "rdate": ["2028-04-02T10:30:00"],
        "exdate": ["2028-04-14T19:00:00"]});
    assert_eq!(recurrence(&tail), expected);
    let (head, tail) = (occurrences(&db, &event).await, occurrences(&db, &tail).await);
    assert_eq!(starts(&head, DAY), ["2028-03-02", "2028-03-05", "2028-03-16"]);
    assert_eq!(starts(&tail, DAY)[..4], ["2028-03-24", "2028-03-31", "2028-04-02", "2028-04-07"]);
    assert_eq!([ids(&head), ids(&tail)].concat(), ids(&before));
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unbounded_rule_moves_with_the_exdate_of_its_start(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let rule = |exdate: [&str; 2]| json!({"rrule": "FREQ=WEEKLY", "rdate": [], "exdate": exdate});
    let after = there_and_back(
        &db,
        // The first occurrence is one that can be excluded, and 3028 is far beyond the horizon.
        series("2028-03-02T18:30:00", &rule(["2028-03-02T18:30:00", "3028-03-06T18:30:00"])),
        json!({"starts_at": "2028-03-04T20:00:00"}),
        json!({"starts_at": "2028-03-02T18:30:00"}),
        rule(["2028-03-04T20:00:00", "3028-03-08T20:00:00"]),
    )
    .await;
    assert_eq!(after[0], "2028-03-11T20:00");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_excluded_time_moves_into_a_gap_of_the_clocks_and_out_again(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let rule = |exdate: [&str; 2]| json!({"rrule": "FREQ=DAILY;COUNT=5", "rdate": [], "exdate": exdate});
    let after = there_and_back(
        &db,
        series("2028-03-24T18:30:00", &rule(["2028-03-26T18:30:00", "2028-03-27T18:30:00"])),
        json!({"starts_at": "2028-03-24T02:30:00"}),
        json!({"starts_at": "2028-03-24T18:30:00"}),
        // 26 March has no 02:30 in Berlin.
        rule(["2028-03-26T02:30:00", "2028-03-27T02:30:00"]),
    )
    .await;
    assert_eq!(after, ["2028-03-24T02:30", "2028-03-25T02:30", "2028-03-28T02:30"]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overrides_stay_with_their_occurrences(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let rule = json!({"rrule": "FREQ=WEEKLY;COUNT=5", "exdate": ["2028-03-16T18:30:00"]});
    let event = create(&db, &ada, series("2028-03-02T18:30:00", &rule)).await;
    let before = occurrences(&db, &event).await;
    for (place, own) in [(1, json!({"starts_at": "2028-03-10T20:00:00"})), (2, json!({"location": "Room 9"}))]
    {
        db.core.change_occurrence(&ada, before[place].id, &own, None).await.unwrap();
    }
    patch(&db, &ada, &event, json!({"starts_at": "2028-03-03T19:00:00"})).await;
    let after = occurrences(&db, &event).await;
    assert_eq!(ids(&after), ids(&before));
    let expected = ["2028-03-03T19:00", "2028-03-10T20:00", "2028-03-24T19:00", "2028-03-31T19:00"];
    assert_eq!(starts(&after, MINUTE), expected);
    assert_eq!(after[1].original_start.to_string(), "2028-03-10T19:00:00+01:00");
    assert_eq!((after[2].location.as_str(), after[1].location.as_str()), ("Room 9", "Room 2"));
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recurrence_that_is_given_stands(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let rule = json!({"rrule": "FREQ=WEEKLY;COUNT=5", "rdate": [], "exdate": ["2028-03-16T18:30:00"]});
    let event = create(&db, &ada, series("2028-03-02T18:30:00", &rule)).await;
    // The parts that a patch names are taken as given, and those that it omits move.
    let both = json!({"starts_at": "2028-03-02T19:00:00", "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=6"}});
    let moved = patch(&db, &ada, &event, both).await;
    let expected = json!({"rrule": "FREQ=WEEKLY;COUNT=6", "rdate": [], "exdate": ["2028-03-16T19:00:00"]});
    assert_eq!((recurrence(&moved), moved.occurrence_count), (expected, 5));
    let both = json!({"starts_at": "2028-03-02T20:00:00", "recurrence": {"exdate": ["2028-03-16T19:00:00"]}});
    let moved = patch(&db, &ada, &event, both).await;
    assert_eq!(recurrence(&moved)["exdate"], json!(["2028-03-16T19:00:00"]));
    assert_eq!(moved.occurrence_count, 6);
    // FREQ=HOURLY cannot be all-day: the change to days must replace it.
    let hourly = json!({"rrule": "FREQ=HOURLY;COUNT=5", "exdate": ["2028-03-02T19:00:00"]});
    let event = create(&db, &ada, series("2028-03-02T18:00:00", &hourly)).await;
    let days = json!({"all_day": true, "starts_at": "2028-03-02"});
    let refusal = db.core.change_event(&ada, event.id, &days, None).await.unwrap_err().to_string();
    assert!(refusal.contains("FREQ=HOURLY"), "{refusal}");
    let days =
        json!({"all_day": true, "starts_at": "2028-03-03", "recurrence": {"rrule": "FREQ=DAILY;COUNT=5"}});
    assert_eq!(patch(&db, &ada, &event, days).await.occurrence_count, 5);
    // A replacement is taken as given.
    let mut whole = series("2028-03-02T19:00:00", &rule);
    whole["title"] = json!("Another course");
    let input = serde_json::from_value(whole).unwrap();
    let replaced = db.core.replace_event(&ada, event.id, &input, None).await.unwrap();
    assert_eq!((recurrence(&replaced), replaced.occurrence_count), (rule, 5));
    db.check().await;
}
