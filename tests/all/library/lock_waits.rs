//! What a change of an event sees when it has waited for a lock on PostgreSQL. SQLite has one writer, so
//! that nothing changes between the statements of a transaction.

use eventcore::agenda::AgendaFilter;
use eventcore::db::{Queries, Sql, Tx};
use eventcore::events::{Event, OccurrenceStatus};
use eventcore::{Actor, PageRequest, RegistrationId};
use serde_json::{Value, json};
use tests::{Kind, TestDb, id_of, new_event};

/// Changes an event while another transaction has the lock, which commits as soon as the change waits for it.
async fn change_after(
    db: &TestDb,
    other: Tx,
    actor: Actor,
    event: &Event,
    patch: Value,
) -> eventcore::Result<Event> {
    let (core, event) = (db.core.clone(), event.id);
    let change = tokio::spawn(async move { core.change_event(&actor, event, &patch, None).await });
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while db.number(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
    other.commit().await.unwrap();
    change.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_co_organizer_who_was_removed_meanwhile_changes_nothing() {
    let db = TestDb::new(Kind::Postgres).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let event = db.core.create_event(&ada, &new_event().input()).await.unwrap();
    db.core.add_co_organizer(&ada, event.id, id_of(&bob)).await.unwrap();

    let mut removal = db.core.db().begin().await.unwrap();
    for statement in ["UPDATE events SET version = version + 1", "DELETE FROM event_organizers"] {
        removal.query(Sql::portable(statement)).execute().await.unwrap();
    }
    let refused = change_after(&db, removal, bob, &event, json!({"title": "Mine"})).await.unwrap_err();
    assert_eq!(refused.code(), "forbidden");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_occurrence_that_got_its_first_registration_meanwhile_is_not_deleted() {
    let db = TestDb::new(Kind::Postgres).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let series = new_event().rule("FREQ=WEEKLY;COUNT=3");
    let event = db.core.create_event(&ada, &series.input()).await.unwrap();
    let filter = AgendaFilter { event: Some(event.id), ..AgendaFilter::default() };
    let page = db.core.occurrences(&ada, &filter, &PageRequest::default()).await.unwrap();
    let last = page.items[2].id;

    let mut registration = db.core.db().begin().await.unwrap();
    let take = "UPDATE occurrences SET registered = TRUE, seats_taken = 1 WHERE id = $1";
    registration.query(Sql::portable(take)).bind(last).execute().await.unwrap();
    let insert = "INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size, \
        ticket_code, created_at, updated_at) VALUES ($1, $2, $3, $4, 'confirmed', 1, 'code', $5, $5)";
    let now = db.core.now();
    registration
        .query(Sql::portable(insert))
        .bind(RegistrationId::at(now))
        .bind(last)
        .bind(event.id)
        .bind(id_of(&bob))
        .bind(now)
        .execute()
        .await
        .unwrap();
    let patch = json!({"recurrence": {"rrule": "FREQ=WEEKLY;COUNT=2"}});
    change_after(&db, registration, ada, &event, patch).await.unwrap();
    let cancelled = db.core.occurrence(&ada, last).await.unwrap();
    assert_eq!((cancelled.status, cancelled.seats_taken), (OccurrenceStatus::Cancelled, 1));
    db.check().await;
}
