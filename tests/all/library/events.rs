//! Events: created, changed, published, cancelled, duplicated, deleted and searched.

use std::time::Duration;

use eventcore::agenda::AgendaFilter;
use eventcore::events::{DuplicateInput, Event, EventStatus, OccurrenceStatus, Visibility};
use eventcore::{Actor, Error, EventCore, Order, PageRequest, Precondition, Timestamp};
use rstest::rstest;
use serde_json::json;
use tests::{EventBuilder, Kind, TestDb, id_of, new_event};

fn rust_evening() -> EventBuilder {
    new_event().title("Rust evening").location("Room 2, Köln").timezone("Europe/Berlin").capacity(40)
}

async fn create(core: &EventCore, actor: &Actor, event: EventBuilder) -> Event {
    core.create_event(actor, &event.input()).await.unwrap()
}

async fn titles(core: &EventCore, actor: &Actor, filter: AgendaFilter) -> Vec<String> {
    let page = core.occurrences(actor, &filter, &PageRequest::first(100)).await.unwrap();
    page.items.into_iter().map(|o| o.title).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_created_event_is_read_back(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let event = create(
        &db.core,
        &ada,
        rust_evening().duration("PT2H").set("url", "https://example.org/x").max_party_size(4),
    )
    .await;
    assert_eq!(event, db.core.event(&Actor::Anonymous, event.id).await.unwrap());
    let next = event.next_occurrence.unwrap();
    assert_eq!(
        (next.starts_at.to_string().as_str(), next.ends_at.to_string().as_str()),
        ("2027-03-04T18:30:00+01:00", "2027-03-04T20:30:00+01:00")
    );
    assert_eq!(next, db.core.occurrence(&Actor::Anonymous, next.id).await.unwrap());
    assert_eq!((next.seats_left, next.registration_open, event.occurrence_count), (40, true, 1));
    assert_eq!(next.original_start, event.starts_at);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_changed_by_merge_patch_and_version(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let ada = db.user("ada").await;
    let event = create(core, &ada, rust_evening().description("old").duration("PT2H")).await;
    let moved = core
        .change_event(
            &ada,
            event.id,
            &json!({"starts_at": "2027-03-05T19:00:00", "description": null}),
            Some(&Precondition::version(1)),
        )
        .await
        .unwrap();
    assert_eq!((moved.description.as_str(), moved.version), ("", 2));
    assert_eq!(moved.ends_at.to_string(), "2027-03-05T21:00:00+01:00", "the length stays");
    let next = moved.next_occurrence.unwrap();
    assert_eq!(Some(next.id), event.next_occurrence.map(|o| o.id), "the date keeps its id");
    assert_eq!(next.starts_at, moved.starts_at);
    let stale = core
        .change_event(&ada, event.id, &json!({"title": "x"}), Some(&Precondition::version(1)))
        .await
        .unwrap_err();
    assert!(matches!(stale, Error::VersionMismatch { current: 2 }));
    let elsewhere =
        core.change_event(&ada, event.id, &json!({"timezone": "Asia/Tokyo"}), None).await.unwrap();
    assert_eq!(elsewhere.starts_at.to_string(), "2027-03-05T19:00:00+09:00", "the wall clock stays");
    let days = json!({"all_day": true, "starts_at": "2027-03-05", "ends_at": "2027-03-06"});
    let days = core.change_event(&ada, event.id, &days, None).await.unwrap();
    assert_eq!(
        (days.starts_at.to_string().as_str(), days.ends_at.to_string().as_str()),
        ("2027-03-05", "2027-03-06")
    );
    let Error::Invalid(wrong) = core
        .change_event(&ada, event.id, &json!({"title": "", "colour": 1, "capacity": null}), None)
        .await
        .unwrap_err()
    else {
        panic!("invalid")
    };
    assert_eq!(wrong.as_slice().len(), 3);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replacing_an_event_resets_omitted_fields_but_not_its_status(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let ada = db.user("ada").await;
    let event = create(core, &ada, rust_evening().draft().private().description("old")).await;
    let replaced =
        core.replace_event(&ada, event.id, &rust_evening().title("New").input(), None).await.unwrap();
    assert_eq!(
        (replaced.title.as_str(), replaced.description.as_str(), replaced.visibility),
        ("New", "", Visibility::Public)
    );
    assert_eq!(replaced.status, EventStatus::Draft);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_are_published_and_events_cancelled(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let ada = db.user("ada").await;
    let event = create(core, &ada, rust_evening().draft()).await;
    assert_eq!(titles(core, &Actor::Anonymous, AgendaFilter::default()).await, Vec::<String>::new());
    assert_eq!(core.cancel_event(&ada, event.id, None).await.unwrap_err().code(), "event_not_published");
    core.publish_event(&ada, event.id, None).await.unwrap();
    assert_eq!(titles(core, &Actor::Anonymous, AgendaFilter::default()).await, ["Rust evening"]);
    let again = core.publish_event(&ada, event.id, None).await.unwrap();
    assert_eq!(again.version, 2, "publishing twice changes nothing");
    let cancelled = core.cancel_event(&ada, event.id, None).await.unwrap();
    assert_eq!((cancelled.status, cancelled.next_occurrence), (EventStatus::Cancelled, None));
    let gone = AgendaFilter { status: Some(OccurrenceStatus::Scheduled), ..AgendaFilter::default() };
    assert_eq!(titles(core, &Actor::Anonymous, gone).await, Vec::<String>::new());
    let shown = AgendaFilter { status: Some(OccurrenceStatus::Cancelled), ..AgendaFilter::default() };
    assert_eq!(titles(core, &Actor::Anonymous, shown).await, ["Rust evening"]);
    assert_eq!(core.publish_event(&ada, event.id, None).await.unwrap_err().code(), "occurrence_cancelled");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_in_the_past_is_not_published(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let ada = db.user("ada").await;
    let event = create(core, &ada, rust_evening().draft()).await;
    db.clock.advance(Duration::from_hours(24 * 365));
    assert_eq!(core.publish_event(&ada, event.id, None).await.unwrap_err().code(), "invalid_input");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_occurrences_never_change(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let ada = db.user("ada").await;
    let event = create(core, &ada, rust_evening().description("old")).await;
    let occurrence = event.next_occurrence.unwrap().id;
    db.clock.advance(Duration::from_hours(24 * 365));
    core.change_event(
        &ada,
        event.id,
        &json!({"title": "Another", "location": "Elsewhere", "capacity": 5}),
        None,
    )
    .await
    .unwrap();
    let over = core.occurrence(&Actor::Anonymous, occurrence).await.unwrap();
    assert_eq!(
        (over.title.as_str(), over.location.as_str(), over.capacity),
        ("Rust evening", "Room 2, Köln", 40)
    );
    let past = AgendaFilter {
        from: Some(Timestamp::MIN.into()),
        title: Some("rust".to_owned()),
        ..AgendaFilter::default()
    };
    assert_eq!(titles(core, &Actor::Anonymous, past).await, ["Rust evening"]);
    let moved =
        core.change_event(&ada, event.id, &json!({"starts_at": "2028-03-04T18:30:00"}), None).await.unwrap();
    assert_eq!(moved.occurrence_count, 2, "the past stays, a new date is made");
    assert_eq!(core.occurrence(&Actor::Anonymous, occurrence).await.unwrap().starts_at, over.starts_at);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_events_without_registrations_are_deleted(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let event = create(core, &ada, rust_evening()).await;
    assert_eq!(core.delete_event(&bob, event.id, None).await.unwrap_err().code(), "forbidden");
    core.delete_event(&ada, event.id, None).await.unwrap();
    assert_eq!(core.event(&ada, event.id).await.unwrap_err().code(), "not_found");
    assert_eq!(db.number("SELECT count(*) FROM search_documents").await, 0);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_duplicate_is_a_draft_at_another_start(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let event =
        create(core, &ada, rust_evening().duration("PT3H").registration_opens_at("2027-01-01T00:00:00"))
            .await;
    let occurrence: DuplicateInput =
        serde_json::from_value(json!({"starts_at": "2027-06-01T10:00:00"})).unwrap();
    assert_eq!(core.duplicate_event(&bob, event.id, &occurrence).await.unwrap_err().code(), "forbidden");
    let copy = core.duplicate_event(&ada, event.id, &occurrence).await.unwrap();
    assert_eq!((copy.status, copy.title.as_str()), (EventStatus::Draft, "Rust evening"));
    assert_eq!(
        (copy.ends_at.to_string().as_str(), copy.registration_opens_at),
        ("2027-06-01T13:00:00+02:00", None)
    );
    let Error::Invalid(wrong) =
        core.duplicate_event(&ada, event.id, &DuplicateInput::default()).await.unwrap_err()
    else {
        panic!("invalid")
    };
    assert_eq!(wrong.as_slice()[0].pointer, "/starts_at");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn search_ignores_case_and_accents(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let ada = db.user("ada").await;
    for (title, location) in [
        ("Rust evening", "KOLN"),
        ("100% wolle_", "Łódź"),
        ("\"Quoted\" OR nothing", "Straße 7"),
        ("東京の夜", "上野公園"),
    ] {
        create(core, &ada, rust_evening().title(title).location(location)).await;
    }
    let find = async |title: &str, location: &str| {
        let text = |t: &str| Some(t.to_owned()).filter(|t| !t.is_empty());
        titles(
            core,
            &Actor::Anonymous,
            AgendaFilter { title: text(title), location: text(location), ..AgendaFilter::default() },
        )
        .await
    };
    assert_eq!(find("", "köln").await, ["Rust evening"]);
    assert_eq!(find("", "lodz").await, ["100% wolle_"]);
    assert_eq!(find("", "STRASSE").await, ["\"Quoted\" OR nothing"]);
    assert_eq!(find("%", "").await, ["100% wolle_"]);
    assert_eq!(find("0% w", "").await, ["100% wolle_"]);
    assert_eq!(find("e_", "").await, ["100% wolle_"]);
    assert_eq!(find("lle_", "").await, ["100% wolle_"]);
    assert_eq!(find("\"quoted\" or", "").await, ["\"Quoted\" OR nothing"]);
    assert_eq!(find("京", "").await, ["東京の夜"]);
    assert_eq!(find("rust", "lodz").await, Vec::<String>::new());
    assert_eq!(find("'; DROP TABLE events; --", "").await, Vec::<String>::new());
    assert_eq!(find("  ", "").await.len(), 4);
    let long = AgendaFilter { title: Some("x".repeat(10_000)), ..AgendaFilter::default() };
    assert_eq!(
        core.occurrences(&ada, &long, &PageRequest::default()).await.unwrap_err().code(),
        "invalid_input"
    );
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hidden_events_are_seen_by_organizers_and_admins_only(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let (ada, bob, root) = (db.user("ada").await, db.user("bob").await, db.admin("root").await);
    for (title, changes) in [
        ("draft", json!({"title": "draft", "status": "draft"})),
        ("private", json!({"title": "private", "visibility": "private"})),
        ("unlisted", json!({"title": "unlisted", "visibility": "unlisted"})),
        ("public", json!({"title": "public"})),
    ] {
        let event = create(core, &ada, rust_evening().with(&changes)).await;
        for (actor, sees) in
            [(&Actor::Anonymous, "unlisted public"), (&bob, "unlisted public"), (&ada, title), (&root, title)]
        {
            let by_event = AgendaFilter { event: Some(event.id), ..AgendaFilter::default() };
            let found = core.occurrences(actor, &by_event, &PageRequest::default()).await;
            assert_eq!(found.is_ok(), sees.contains(title), "{title} {actor:?}");
            assert_eq!(core.event(actor, event.id).await.is_ok(), sees.contains(title));
        }
    }
    let by_ada = AgendaFilter { organizer: Some(id_of(&ada)), ..AgendaFilter::default() };
    for (actor, count) in [(&Actor::Anonymous, 1), (&bob, 1), (&ada, 4), (&root, 4)] {
        assert_eq!(titles(core, actor, by_ada.clone()).await.len(), count);
        assert_eq!(core.events(actor, &by_ada, &PageRequest::default()).await.unwrap().items.len(), count);
        assert_eq!(
            titles(core, actor, AgendaFilter::default()).await,
            ["public"],
            "the plain agenda shows what is listed"
        );
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agenda_pages_through_upcoming_occurrences(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let ada = db.user("ada").await;
    for day in 1..=9 {
        create(
            core,
            &ada,
            rust_evening().title(day.to_string()).starts_at(format!("2027-03-0{day}T12:00:00")),
        )
        .await;
    }
    db.clock.set("2027-03-04T00:00:00Z".parse().unwrap());
    for (order, expected) in [(Order::Ascending, "456789"), (Order::Descending, "987654")] {
        let filter = AgendaFilter { order, ..AgendaFilter::default() };
        let (mut request, mut there) = (PageRequest { count: true, ..PageRequest::first(4) }, String::new());
        let last = loop {
            let page = core.occurrences(&Actor::Anonymous, &filter, &request).await.unwrap();
            assert_eq!(page.total, Some(6));
            there.extend(page.items.iter().map(|o| o.title.clone()));
            match page.next {
                Some(next) => request.cursor = Some(next),
                None => break page.previous,
            }
        };
        assert_eq!(there, expected);
        let back =
            core.occurrences(&Actor::Anonymous, &filter, &PageRequest::first(4).at(last)).await.unwrap();
        assert_eq!(back.items.iter().map(|o| o.title.clone()).collect::<String>(), expected[..4]);
        assert_eq!(back.previous, None);
    }
    let first =
        core.occurrences(&Actor::Anonymous, &AgendaFilter::default(), &PageRequest::first(2)).await.unwrap();
    let other = AgendaFilter { title: Some("5".to_owned()), ..AgendaFilter::default() };
    let refused =
        core.occurrences(&Actor::Anonymous, &other, &PageRequest::first(2).at(first.next)).await.unwrap_err();
    assert_eq!(refused.code(), "invalid_input");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn co_organizers_are_added_and_removed(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let [ada, bob, eve] = db.people(["ada", "bob", "eve"]).await;
    let event = create(core, &ada, rust_evening().private()).await;
    assert_eq!(core.add_co_organizer(&bob, event.id, id_of(&bob)).await.unwrap_err().code(), "not_found");
    let named = core.add_co_organizer(&ada, event.id, id_of(&bob)).await.unwrap();
    assert_eq!(named.co_organizers.iter().map(|p| p.username.as_str()).collect::<Vec<_>>(), ["bob"]);
    assert_eq!(core.add_co_organizer(&ada, event.id, id_of(&bob)).await.unwrap().version, named.version);
    core.change_event(&bob, event.id, &json!({"title": "By Bob"}), None).await.unwrap();
    assert_eq!(core.add_co_organizer(&bob, event.id, id_of(&eve)).await.unwrap_err().code(), "forbidden");
    core.remove_co_organizer(&bob, event.id, id_of(&bob)).await.unwrap();
    assert_eq!(core.event(&bob, event.id).await.unwrap_err().code(), "not_found");
}
