//! Whom seats go to where people leave.

use std::time::Duration;

use eventcore::events::EventInput;
use eventcore::registrations::{Party, Registration, RegistrationStatus};
use eventcore::{Actor, EventId, OccurrenceId};
use serde_json::{Value, json};
use tests::{TestDb, id_of, on_both};

async fn evening(db: &TestDb, ada: &Actor, changes: Value) -> (EventId, OccurrenceId) {
    let mut input = json!({"title": "Evening", "location": "Hall 2", "starts_at": "2027-03-04T18:30:00Z", "timezone": "UTC", "capacity": 5});
    eventcore::input::merge_patch(&mut input, changes);
    let input: EventInput = serde_json::from_value(input).unwrap();
    let event = db.core.create_event(ada, &input).await.unwrap();
    (event.id, event.next_occurrence.unwrap().id)
}

async fn people(db: &TestDb, names: &[&str]) -> Vec<Actor> {
    let mut people = Vec::new();
    for name in names {
        people.push(db.user(name).await);
    }
    people
}

async fn register(db: &TestDb, who: &Actor, date: OccurrenceId, party: i64) -> Registration {
    db.clock.advance(Duration::from_secs(1));
    db.core.register(who, date, &Party::of(party)).await.unwrap().registration
}

/// How people stand at a date: their status, and their place in the list or the size of their party.
async fn stand(db: &TestDb, people: &[&Actor], date: OccurrenceId) -> Vec<String> {
    let mut told = Vec::new();
    for who in people {
        told.push(match db.core.my_registration(who, date).await {
            Ok(Registration { status, position: Some(position), .. }) => format!("{status} {position}"),
            Ok(Registration { status, party_size, .. }) => format!("{status} {party_size}"),
            Err(error) => error.code().to_owned(),
        });
    }
    assert_eq!(db.core.recount().await.unwrap(), []);
    told
}

on_both! {
    async fn who_was_checked_in_early_and_leaves_the_system_leaves_their_seats(db: TestDb) {
        let ada = db.user("ada").await;
        let [bob, cid] = people(&db, &["bob", "cid"]).await.try_into().unwrap();
        let (_, ahead) = evening(&db, &ada, json!({})).await;
        let (_, over) = evening(&db, &ada, json!({})).await;
        for date in [ahead, over] {
            let ticket = register(&db, &bob, date, 4).await;
            db.core.check_in(&ada, ticket.id).await.unwrap();
        }
        register(&db, &cid, ahead, 2).await;
        db.pass(&over.to_string(), "2026-11-23T09:00:00Z").await;
        db.core.delete_user(&bob, id_of(&bob), None).await.unwrap();
        assert_eq!(stand(&db, &[&cid], ahead).await, ["confirmed 2"]);
        assert_eq!(db.core.occurrence(&ada, ahead).await.unwrap().seats_taken, 2);
        let past = db.core.registrations(&ada, over, None, &eventcore::PageRequest::default()).await.unwrap().items;
        assert_eq!(past[0].status, RegistrationStatus::Attended, "what is over keeps its history");
        assert_eq!(db.core.occurrence(&ada, over).await.unwrap().seats_taken, 4);
    }
}
