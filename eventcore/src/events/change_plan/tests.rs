use chrono_tz::Tz;
use serde_json::{Value, json};

use super::*;
use crate::accounts::PublicProfile;
use crate::events::input::{EventInput, ValidEvent, ValidationContext};
use crate::events::schedule::expansion::Horizon;
use crate::id::UserId;
use crate::time::format_local;

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

/// A weekly series of three with other fields.
fn input(fields: &Value) -> ValidEvent {
    let mut event = json!({
        "title": "Evening", "location": "Room 2", "starts_at": "2027-03-04T18:30:00", "timezone": "UTC",
        "capacity": 4, "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=3"},
    });
    crate::input::merge_patch(&mut event, fields.clone());
    let horizon = Horizon::after(now(), std::time::Duration::from_hours(24));
    let (default_zone, current, imported_since) = (Tz::UTC, None, None);
    let context = ValidationContext { now: now(), default_zone, horizon, current, imported_since };
    serde_json::from_value::<EventInput>(event).unwrap().validate(&context).unwrap()
}

fn state(event: &EventRow, copies: &Copies, new: &NewOccurrence) -> OccurrenceState {
    let planned = new.planned;
    OccurrenceState {
        id: new.id,
        original_start: planned.original_start,
        original_local: format_local(planned.local),
        starts_at: planned.original_start,
        ends_at: planned.ends_at,
        starts_local: None,
        moved: false,
        status: OccurrenceStatus::Scheduled,
        cancelled_by_rule: false,
        title: None,
        description: None,
        location: None,
        url: None,
        capacity_override: None,
        registration_opens: None,
        registration_closes: None,
        capacity: event.capacity,
        seats_taken: 0,
        waitlist_length: 0,
        registered: false,
        organizer_id: event.organizer_id,
        category_id: None,
        tags: copies.tags.clone(),
        listed: copies.listed,
        all_day: event.all_day,
        open_period: copies.open_period(planned.original_start),
        document_id: 1,
        version: 1,
    }
}

/// The series as it is stored.
fn stored() -> EventAggregate {
    let event = input(&json!({}));
    let organizer = UserId::at(now());
    let row = EventRow::new(organizer, &event, None, EventStatus::Published, now()).unwrap();
    let copies = Copies::of(&row).unwrap();
    let occurrences = NewOccurrence::list(&event.occurrences, now());
    EventAggregate {
        remaining: occurrences.iter().map(|new| state(&row, &copies, new)).collect(),
        event: row,
        organizer: PublicProfile { id: organizer, username: "ada".into(), display_name: "Ada".into() },
        co_organizers: Vec::new(),
        occurrence_count: 3,
        has_past: false,
        document: 1,
    }
}

fn plan(stored: &EventAggregate, fields: &Value, diff: Option<&ScheduleDiff>) -> Result<ChangePlan> {
    let event = input(fields);
    let revised = stored.event.revised(&event, None, EventStatus::Published, now())?;
    let schedule = diff.map(|diff| (event.occurrences.as_slice(), diff));
    ChangePlan::of(stored, revised, Effects { tags: &event.tags, schedule, on_all: false }, now())
}

fn versions(plan: &ChangePlan) -> Vec<i64> {
    plan.remaining.iter().map(|occurrence| occurrence.version).collect()
}

#[test]
fn only_occurrences_that_show_a_change_get_a_new_version() {
    let mut stored = stored();
    stored.remaining[1].title = Some("Own".to_owned());
    stored.remaining[1].document_id = 2;
    stored.remaining[2].capacity_override = Some(9);
    stored.remaining[2].capacity = 9;
    for (fields, expected, documents) in [
        (json!({}), [1, 1, 1], vec![]),
        (json!({"max_party_size": 2}), [1, 1, 1], vec![]),
        (json!({"title": "Night"}), [2, 1, 2], vec![1]),
        (json!({"capacity": 5}), [2, 2, 1], vec![]),
        (json!({"location": "Room 3"}), [2, 2, 2], vec![1, 2]),
        (json!({"title": "Night", "capacity": 5, "tags": ["late"]}), [2, 2, 2], vec![1, 2]),
    ] {
        let plan = plan(&stored, &fields, None).unwrap();
        assert_eq!(versions(&plan), expected, "{fields}");
        let changed: Vec<i64> = plan.documents.iter().map(|(id, _)| *id).collect();
        assert_eq!(changed, documents, "{fields}");
    }
}

#[test]
fn a_new_schedule_and_new_texts_are_one_version() {
    let mut stored = stored();
    stored.remaining[2].registered = true;
    let diff = ScheduleDiff {
        matched: vec![(0, 0), (1, 1)],
        removed: vec![(2, Removal::Cancel)],
        ..ScheduleDiff::default()
    };
    let fields =
        json!({"title": "Night", "duration": "PT3H", "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=2"}});
    let plan = plan(&stored, &fields, Some(&diff)).unwrap();
    assert_eq!((versions(&plan), plan.event.version), (vec![2, 2, 2], 2));
    assert_eq!(plan.remaining[2].status, OccurrenceStatus::Cancelled);
    let ends_at: Timestamp = "2027-03-04T21:30:00Z".parse().unwrap();
    assert_eq!(plan.remaining[0].ends_at, ends_at);
}

#[test]
fn occurrences_without_registrations_are_deleted_but_one_is_left() {
    let stored = stored();
    let fields = json!({"recurrence": {"rrule": "FREQ=WEEKLY;COUNT=2"}});
    let two = ScheduleDiff {
        matched: vec![(0, 0), (1, 1)],
        removed: vec![(2, Removal::Delete)],
        ..ScheduleDiff::default()
    };
    let plan_of_two = plan(&stored, &fields, Some(&two)).unwrap();
    let deleted: Vec<OccurrenceId> = plan_of_two.deleted.iter().map(|occurrence| occurrence.id).collect();
    assert_eq!(deleted, [stored.remaining[2].id]);
    assert_eq!(plan_of_two.remaining.len(), 2);
    let none =
        ScheduleDiff { removed: (0..3).map(|i| (i, Removal::Delete)).collect(), ..ScheduleDiff::default() };
    assert_eq!(plan(&stored, &fields, Some(&none)).unwrap_err().code(), "invalid_input");
}

#[test]
fn what_is_over_stays_and_waitlists_of_the_others_move_up() {
    let mut stored = stored();
    stored.has_past = true;
    stored.remaining[0].ends_at = now();
    for occurrence in &mut stored.remaining {
        (occurrence.seats_taken, occurrence.waitlist_length) = (4, 1);
    }
    let plan = plan(&stored, &json!({"title": "Night", "capacity": 5}), None).unwrap();
    assert_eq!(plan.remaining[0], stored.remaining[0]);
    assert_eq!(plan.promotable, [stored.remaining[1].id, stored.remaining[2].id]);
}
