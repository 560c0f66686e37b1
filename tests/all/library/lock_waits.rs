//! What a change of an event sees when it has waited for a lock on PostgreSQL. SQLite has one writer, so
//! that nothing changes between the statements of a transaction.

use eventcore::agenda::AgendaFilter;
use eventcore::db::{Queries, Sql, Tx};
use eventcore::events::{Event, OccurrenceStatus};
use eventcore::{Actor, PageRequest, RegistrationId};
use serde_json::{Value, json};
use tests::{Kind, TestDb, id_of, new_event};

const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'";

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
    while db.number(WAITING).await == 0 {
        tests::pause().await;
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

/// The deletion of an account by another process, before its commit. Only what matters here: the lock, and
/// the mark.
async fn deletion_under_way(db: &TestDb, who: &Actor) -> Tx {
    let mut deletion = db.core.db().begin().await.unwrap();
    let lock = Sql::portable("SELECT 1::BIGINT FROM users WHERE id = $1 FOR UPDATE");
    let _: Vec<(i64,)> = deletion.query(lock).bind(id_of(who)).all().await.unwrap();
    let mark =
        Sql::portable("UPDATE users SET deleted_at = $2, email = NULL, email_folded = NULL WHERE id = $1");
    deletion.query(mark).bind(id_of(who)).bind(db.core.now()).execute().await.unwrap();
    deletion
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organizer_whose_account_was_deleted_meanwhile_is_not_told_of_a_comment() {
    let db = TestDb::new(Kind::Postgres).await;
    let [ada, bob, cid] = db.people(["ada", "bob", "cid"]).await;
    let event = db.core.create_event(&ada, &new_event().input()).await.unwrap().id;
    db.core.add_co_organizer(&ada, event, id_of(&bob)).await.unwrap();

    let deletion = deletion_under_way(&db, &bob).await;
    let (core, comment) = (db.core.clone(), serde_json::from_value(json!({"body": "Who plays?"})).unwrap());
    let comment = tokio::spawn(async move { core.add_comment(&cid, event, &comment).await });
    while db.number(WAITING).await == 0 && !comment.is_finished() {
        tests::pause().await;
    }
    deletion.commit().await.unwrap();
    comment.await.unwrap().unwrap();
    assert_eq!(db.number("SELECT count(*) FROM notifications").await, 1);
    assert_eq!(db.core.check_notifications().await.unwrap(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_waits_for_no_account_and_tells_nobody_who_was_deleted_meanwhile() {
    let db = TestDb::new(Kind::Postgres).await;
    let [ada, bob, cid] = db.people(["ada", "bob", "cid"]).await;
    let (event, occurrence) = db.create_event(&ada, new_event()).await;
    db.register(&bob, occurrence, 1).await;
    db.register(&cid, occurrence, 1).await;
    let told = "SELECT count(*) FROM notifications WHERE kind = 'event_cancelled'";

    let deletion = deletion_under_way(&db, &bob).await;
    // It does not wait for the account: the deletion may wait for the occurrence.
    db.core.cancel_event(&ada, event, None).await.unwrap();
    assert_eq!(db.number(told).await, 0);
    deletion.commit().await.unwrap();
    db.core.run_due_jobs().await.unwrap();
    assert_eq!(db.number(told).await, 1);
}
