//! Concurrent operations that lock the same rows on PostgreSQL. They lock in one order (see `lock_order`), so
//! PostgreSQL counts no deadlock. SQLite has a single writer; there the results alone are checked.

use eventcore::categories::CategoryInput;
use eventcore::registrations::Party;
use eventcore::{Actor, Error, OccurrenceId};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;
use tests::{EventBuilder, Kind, TestDb, id_of, new_event};

/// Thirty daily occurrences with forty seats each.
fn course() -> EventBuilder {
    new_event().title("Course").capacity(40).rule("FREQ=DAILY;COUNT=30")
}

/// New users who are registered for each of the occurrences.
async fn attendees(db: &TestDb, name: &str, number: usize, occurrences: &[OccurrenceId]) -> Vec<Actor> {
    let mut people = Vec::new();
    for i in 0..number {
        let who = db.user(&format!("{name}{i}")).await;
        for occurrence in occurrences {
            db.core.register(&who, *occurrence, &Party::of(1)).await.unwrap();
        }
        people.push(who);
    }
    people
}

/// Asserts that all counts are right and that there was no deadlock.
async fn must_have_gone_smoothly(db: &TestDb) {
    assert_eq!(db.core.check_consistency().await.unwrap(), []);
    db.check().await;
    if db.kind == Kind::Postgres {
        assert_eq!(db.deadlocks().await, 0, "deadlocks");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admins_change_one_category_at_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let admin = db.admin("root").await;
    let clients = (0..4).map(async |client| {
        for round in 0..15 {
            let patch = json!({"description": format!("{client} {round}")});
            db.core.change_category(&admin, "concert", &patch, None).await.unwrap();
        }
    });
    join_all(clients).await;
    assert_eq!(db.core.category("concert").await.unwrap().version, 61);
    must_have_gone_smoothly(&db).await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn categories_swap_slugs_at_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let admin = db.admin("root").await;
    for round in 0..10 {
        let rename = async |from: &str, to: &str| match db
            .core
            .change_category(&admin, from, &json!({"slug": to}), None)
            .await
        {
            Ok(_) => true,
            Err(Error::Invalid(_)) => false,
            Err(other) => panic!("{other}"),
        };
        let new = format!("new{round}");
        let create = async {
            let input = CategoryInput { slug: new.clone(), name: new.clone(), ..CategoryInput::default() };
            db.core.create_category(&admin, &input).await.is_ok()
        };
        // Nobody gets a slug that is taken, and one of three gets the new slug.
        let (a, b, c, d, e) = tokio::join!(
            rename("concert", "meetup"),
            rename("meetup", "concert"),
            rename("concert", &new),
            rename("meetup", &new),
            create
        );
        assert_eq!((a, b), (false, false));
        assert_eq!([c, d, e].into_iter().filter(|done| *done).count(), 1);
    }
    must_have_gone_smoothly(&db).await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_is_edited_while_its_attendees_are_deleted(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (event, _) = db.create_event(&ada, course()).await;
    let occurrences = db.occurrence_ids(event).await;
    let people = attendees(&db, "guest", 12, &occurrences).await;
    let edits = async {
        for round in 0..12 {
            // Capacity, category and tags are written to every occurrence.
            let patch = json!({"capacity": 30 + round,
                "category": (if round % 2 == 0 { "concert" } else { "meetup" }),
                "tags": [format!("t{round}")]});
            db.core.change_event(&ada, event, &patch, None).await.unwrap();
        }
    };
    let leave = join_all(people.iter().map(|who| db.core.delete_user(who, id_of(who), None)));
    let ((), left) = tokio::join!(edits, leave);
    for left in left {
        left.unwrap();
    }
    assert_eq!(db.number("SELECT CAST(sum(seats_taken) AS BIGINT) FROM occurrences").await, 0);
    must_have_gone_smoothly(&db).await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_is_split_and_cancelled_while_its_attendees_are_deleted(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    for round in 0..6 {
        let (event, _) = db.create_event(&ada, course()).await;
        let occurrences = db.occurrence_ids(event).await;
        let people = attendees(&db, &format!("guest{round}x"), 4, &occurrences).await;
        let leave = join_all(people.iter().map(|who| db.core.delete_user(who, id_of(who), None)));
        let change = async {
            match round % 2 {
                0 => db
                    .core
                    .split_event(&ada, occurrences[15], &json!({"title": "Later"}), None)
                    .await
                    .map(|new| assert_ne!(new.id, event)),
                _ => db.core.cancel_event(&ada, event, None).await.map(drop),
            }
        };
        let (changed, left) = tokio::join!(change, leave);
        changed.unwrap();
        for left in left {
            left.unwrap();
        }
    }
    must_have_gone_smoothly(&db).await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizers_who_attend_each_others_events_are_deleted_at_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    for round in 0..4 {
        let mut organizers = Vec::new();
        for i in 0..4 {
            let who = db.admin(&format!("o{round}x{i}")).await;
            let (event, _) = db.create_event(&who, course()).await;
            organizers.push((who, event));
        }
        for (who, event) in &organizers {
            for occurrence in db.occurrence_ids(*event).await {
                for (guest, _) in &organizers {
                    db.core.register(guest, occurrence, &Party::of(1)).await.unwrap();
                }
            }
            for (heir, _) in &organizers[..2] {
                db.core.add_co_organizer(who, *event, id_of(heir)).await.unwrap();
            }
        }
        // One admin stays. The successors of an event may be deleted at the same time.
        db.admin(&format!("root{round}")).await;
        let left =
            join_all(organizers.iter().map(|(who, _)| db.core.delete_user(who, id_of(who), None))).await;
        for left in left {
            left.unwrap();
        }
    }
    assert_eq!(db.number("SELECT count(*) FROM registrations WHERE status <> 'cancelled'").await, 0);
    must_have_gone_smoothly(&db).await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attendees_are_checked_in_while_the_organizer_is_deleted(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    for round in 0..10 {
        let (ada, root) = (db.user(&format!("ada{round}")).await, db.admin(&format!("root{round}")).await);
        let (event, _) = db.create_event(&ada, course().rule("FREQ=DAILY;COUNT=2")).await;
        let occurrences = db.occurrence_ids(event).await;
        let guests = attendees(&db, &format!("guest{round}x"), 6, &occurrences[..1]).await;
        let mut tickets = Vec::new();
        for guest in &guests {
            tickets.push(db.core.my_registration(guest, occurrences[0]).await.unwrap().id);
        }
        let door = async {
            for ticket in tickets {
                let told = db.core.check_in(&ada, ticket, None).await;
                assert!(told.is_ok() || matches!(told, Err(Error::OccurrenceCancelled)), "{told:?}");
            }
        };
        let (left, ()) = tokio::join!(db.core.delete_user(&root, id_of(&ada), None), door);
        left.unwrap();
    }
    must_have_gone_smoothly(&db).await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_edited_while_their_category_is_deleted(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (ada, admin) = (db.user("ada").await, db.admin("root").await);
    let mut events = Vec::new();
    for _ in 0..5 {
        events.push(db.create_event(&ada, course().category("concert")).await.0);
    }
    let occurrences = db.occurrence_ids(events[0]).await;
    let guests = attendees(&db, "guest", 6, &occurrences[..6]).await;
    for round in 0..8 {
        let slug = format!("c{round}");
        let input = CategoryInput { slug: slug.clone(), name: slug.clone(), ..CategoryInput::default() };
        db.core.create_category(&admin, &input).await.unwrap();
        for event in &events {
            db.core.change_event(&ada, *event, &json!({"category": slug}), None).await.unwrap();
        }
        let edits = join_all(events.iter().map(async |event| {
            for step in 0..4 {
                // The old slug leads to the category that took the events over.
                let patch = json!({"capacity": 40 + step,
                        "category": (if step % 2 == 0 { Some(&slug) } else { None })});
                db.core.change_event(&ada, *event, &patch, None).await.unwrap();
            }
        }));
        let registrations = join_all(guests.iter().zip(&occurrences).map(async |(guest, occurrence)| {
            for party in [2, 1, 2, 1] {
                db.core.register(guest, *occurrence, &Party::of(party)).await.unwrap();
            }
        }));
        let (gone, _, _) =
            tokio::join!(db.core.delete_category(&admin, &slug, Some("meetup"), None), edits, registrations);
        gone.unwrap();
    }
    let strayed = "SELECT count(*) FROM occurrences o JOIN events e ON e.id = o.event_id \
                   WHERE o.category_id IS DISTINCT FROM e.category_id";
    assert_eq!(db.number(strayed).await, 0);
    must_have_gone_smoothly(&db).await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_categories_are_merged_into_each_other_at_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let admin = db.admin("root").await;
    for round in 0..10 {
        let [a, b] = ["a", "b"].map(|name| format!("{name}{round}"));
        for slug in [&a, &b] {
            let input = CategoryInput { slug: slug.clone(), name: slug.clone(), ..CategoryInput::default() };
            db.core.create_category(&admin, &input).await.unwrap();
        }
        let outcomes = tokio::join!(
            db.core.delete_category(&admin, &a, Some(&b), None),
            db.core.delete_category(&admin, &b, Some(&a), None)
        );
        // The second deletion finds that both slugs name the remaining category.
        assert!(outcomes.0.is_ok() != outcomes.1.is_ok(), "{outcomes:?}");
    }
    must_have_gone_smoothly(&db).await;
}
