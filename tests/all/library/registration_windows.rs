//! Registration windows on the clock: the field, the filter `available` and the refusals agree.

use std::collections::BTreeSet;
use std::time::Duration;

use eventcore::agenda::AgendaFilter;
use eventcore::db::{Queries, Sql};
use eventcore::events::Occurrence;
use eventcore::registrations::Party;
use eventcore::{Actor, Clock, EventId, OccurrenceId, PageRequest, Timestamp};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb, at, new_event, refusal_code};

/// A weekly evening in Berlin from 18 March 2027 on: the clocks go forward on the 28th.
fn series() -> tests::EventBuilder {
    new_event()
        .starts_at("2027-03-18T18:30:00")
        .timezone("Europe/Berlin")
        .capacity(1000)
        .rule("FREQ=WEEKLY;COUNT=4")
        .set("registration_opens_before", "P14D")
        .set("registration_closes_before", "PT2H")
}

fn window(occurrence: &Occurrence) -> String {
    let text = |at: Option<eventcore::time::Moment>| at.map_or("-".to_owned(), |at| at.to_string());
    format!("{} {}", text(occurrence.registration_opens_at), text(occurrence.registration_closes_at))
}

/// Asserts that field, filter and refusal of every occurrence agree now; returns the number of open ones.
async fn agree(db: &TestDb, event: EventId, guest: &Actor, organizer: &Actor) -> usize {
    let mut open = BTreeSet::new();
    for occurrence in db.occurrences(event).await {
        let refused = db.core.register(guest, occurrence.id, &Party::of(1)).await;
        let opens = occurrence.registration_opens_at.map(|opens| at(&opens.to_string()));
        match refused {
            Ok(done) => {
                db.core.cancel_registration(guest, occurrence.id, None).await.unwrap();
                assert!(done.created);
                open.insert(occurrence.id);
            }
            refused => {
                let early = opens.is_some_and(|opens| db.clock.now() < opens);
                let code = refusal_code(refused);
                let expected: &[&str] = if early {
                    &["registration_not_open"]
                } else {
                    &["registration_closed", "occurrence_past", "occurrence_begun", "occurrence_cancelled"]
                };
                assert!(expected.contains(&code), "{code}");
            }
        }
        assert_eq!(occurrence.registration_open, open.contains(&occurrence.id), "{}", occurrence.starts_at);
    }
    for (actor, event) in
        [(&Actor::Anonymous, None), (&Actor::Anonymous, Some(event)), (organizer, Some(event))]
    {
        let filter = AgendaFilter {
            event,
            available: true,
            from: Some(Timestamp::MIN.into()),
            ..AgendaFilter::default()
        };
        let page = db.core.occurrences(actor, &filter, &PageRequest::default()).await.unwrap();
        let found: BTreeSet<OccurrenceId> = page.items.iter().map(|occurrence| occurrence.id).collect();
        assert_eq!(found, open);
    }
    open.len()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn field_filter_and_refusal_agree_at_every_edge(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (event, _) = db.create_event(&ada, series()).await;
    let all = db.occurrences(event).await;
    // Two weeks before is the same wall clock, also over the change of 28 March.
    assert_eq!(
        all.iter().map(window).collect::<Vec<_>>(),
        [
            "2027-03-04T18:30:00+01:00 2027-03-18T16:30:00+01:00",
            "2027-03-11T18:30:00+01:00 2027-03-25T16:30:00+01:00",
            "2027-03-18T18:30:00+01:00 2027-04-01T16:30:00+02:00",
            "2027-03-25T18:30:00+01:00 2027-04-08T16:30:00+02:00",
        ]
    );
    // One is moved, one has a window of its own, and one is cancelled.
    db_patch(&db, &ada, all[1].id, json!({"starts_at": "2027-03-26T20:00:00"})).await;
    db_patch(
        &db,
        &ada,
        all[2].id,
        json!({"registration_opens_before": "P1D", "registration_closes_at": "2027-04-01"}),
    )
    .await;
    let all = db.occurrences(event).await;
    assert_eq!(window(&all[1]), "2027-03-12T20:00:00+01:00 2027-03-26T18:00:00+01:00");
    assert_eq!(window(&all[2]), "2027-03-31T18:30:00+02:00 2027-04-02T00:00:00+02:00");
    let mut edges: Vec<Timestamp> = all
        .iter()
        .flat_map(|one| [one.registration_opens_at, one.registration_closes_at, Some(one.starts_at)])
        .flatten()
        .map(|moment| at(&moment.to_string()))
        .collect();
    edges.sort();
    let mut seen = Vec::new();
    let second = Duration::from_secs(1);
    for edge in edges {
        for now in [edge.minus(second), edge, edge.plus(second)] {
            db.clock.set(now);
            seen.push(agree(&db, event, &bob, &ada).await);
        }
    }
    assert_eq!(seen.iter().max(), Some(&2), "{seen:?}");
    assert_eq!((seen.first(), seen.last()), (Some(&0), Some(&0)));
    db.check().await;
}

async fn db_patch(db: &TestDb, actor: &Actor, id: OccurrenceId, patch: serde_json::Value) -> Occurrence {
    db.core.change_occurrence(actor, id, &patch, None).await.unwrap()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relative_windows_follow_a_moved_series_and_instants_stay(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let windows = |occurrences: Vec<Occurrence>| occurrences.iter().map(window).collect::<Vec<_>>();
    let (event, _) = db
        .create_event(
            &ada,
            series().without("registration_opens_before").set("registration_opens_at", "2027-02-01"),
        )
        .await;
    let third = db.occurrences(event).await[2].id;
    db_patch(&db, &ada, third, json!({"registration_closes_before": "P1D"})).await;
    let change = json!({"starts_at": "2027-03-19T09:00:00"});
    db.core.change_event(&ada, event, &change, None).await.unwrap();
    let opens = "2027-02-01T00:00:00+01:00";
    assert_eq!(
        windows(db.occurrences(event).await),
        [
            "2027-03-19T07:00:00+01:00",
            "2027-03-26T07:00:00+01:00",
            "2027-04-01T09:00:00+02:00",
            "2027-04-09T07:00:00+02:00",
        ]
        .map(|closes| format!("{opens} {closes}"))
    );
    db.check().await;
    // Another time zone moves the instants of the occurrences, and the calendar days with them.
    let change = json!({"timezone": "America/New_York", "registration_closes_before": "P1D"});
    db.core.change_event(&ada, event, &change, None).await.unwrap();
    assert_eq!(
        windows(db.occurrences(event).await),
        ["03-18", "03-25", "04-01", "04-08"]
            .map(|day| format!("2027-01-31T18:00:00-05:00 2027-{day}T09:00:00-04:00"))
    );
    db.check().await;
    // What is over keeps its window.
    db.clock.set(at("2027-03-20T12:00:00Z"));
    let before = windows(db.occurrences(event).await);
    let change = json!({"registration_opens_at": null, "registration_closes_before": null});
    db.core.change_event(&ada, event, &change, None).await.unwrap();
    let after = windows(db.occurrences(event).await);
    assert_eq!(after, [&before[0], "- -", "- 2027-04-01T09:00:00-04:00", "- -"]);
    db.check().await;
}

/// The horizon job, tz updates and splits keep the stored windows right.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_reach_occurrences_that_are_made_later(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (event, _) = db.create_event(&ada, series().rule("FREQ=WEEKLY")).await;
    let before = db.occurrences(event).await.len();
    db.clock.advance(Duration::from_hours(24 * 30));
    assert!(db.core.extend_schedules().await.unwrap() > 0);
    let all = db.occurrences(event).await;
    assert!(all.len() > before);
    assert!(all.iter().all(|one| one.registration_opens_at.is_some()));
    db.check().await;

    let mut tx = db.core.db().begin().await.unwrap();
    for damage in [
        "UPDATE occurrences SET registration_closes_at = NULL",
        "DELETE FROM settings WHERE key = 'tz_database'",
    ] {
        tx.query(Sql::portable(damage)).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(db.core.check_consistency().await.unwrap().len(), all.len(), "the check sees wrong windows");
    db.core.recompute_occurrence_times().await.unwrap();
    db.check().await;

    let tail = db.core.split_event(&ada, all[5].id, &json!({}), None).await.unwrap();
    assert_eq!(tail.registration_opens_before.map(|lead| lead.to_string()).as_deref(), Some("P14D"));
    let shift = json!({"starts_at": "2027-04-23T10:00:00"});
    db.core.change_event(&ada, tail.id, &shift, None).await.unwrap();
    assert_eq!(
        window(&db.occurrences(tail.id).await[0]),
        "2027-04-09T10:00:00+02:00 2027-04-23T08:00:00+02:00"
    );
    db.check().await;
}
