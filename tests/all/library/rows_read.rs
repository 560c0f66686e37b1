//! The rows that PostgreSQL reads for an operation do not grow with the tables, even where the statistics of
//! its planner are from a time when the tables were small.

use std::time::Duration;

use eventcore::db::{Queries, Sql};
use eventcore::registrations::Party;
use eventcore::{Actor, EventCore, EventId, OccurrenceId};
use tests::{Kind, TestDb, new_event};

/// How often each operation runs.
const TIMES: usize = 20;
/// Rows that an operation may read of one table: small tables are scanned several times. A scan of a table
/// that has grown reads thousands.
const MOST: i64 = 200;

/// The rows of each table that were read so far, by sequential scans and through indexes.
const READ: &str =
    "SELECT t.relname::text, (coalesce(t.seq_tup_read, 0) + coalesce((SELECT sum(i.idx_tup_read)
    FROM pg_stat_user_indexes i WHERE i.relid = t.relid), 0))::bigint FROM pg_stat_user_tables t ORDER BY 1";

/// The server counts what a connection read when the connection ends.
async fn rows_read(db: &TestDb, core: EventCore) -> Vec<(String, i64)> {
    core.close().await;
    db.disconnected().await;
    let core = db.another().await;
    let rows = core.db().read().await.unwrap().query(Sql::portable(READ)).all().await.unwrap();
    core.close().await;
    rows
}

#[derive(Debug, Clone, Copy)]
enum CountedOperation {
    Event,
    Occurrence,
    MyRegistration,
    RegisterAgain,
    Change,
    Cancel,
    Register,
}

impl CountedOperation {
    const ALL: [Self; 7] = [
        Self::Event,
        Self::Occurrence,
        Self::MyRegistration,
        Self::RegisterAgain,
        Self::Change,
        Self::Cancel,
        Self::Register,
    ];

    async fn run(self, core: &EventCore, person: &Actor, event: EventId, occurrence: OccurrenceId) {
        match self {
            Self::Event => _ = core.event(person, event).await.unwrap(),
            Self::Occurrence => _ = core.occurrence(person, occurrence).await.unwrap(),
            Self::MyRegistration => _ = core.my_registration(person, occurrence).await.unwrap(),
            Self::RegisterAgain | Self::Register => {
                core.register(person, occurrence, &Party::of(1)).await.unwrap();
            }
            Self::Change => _ = core.register(person, occurrence, &Party::of(2)).await.unwrap(),
            Self::Cancel => _ = core.cancel_registration(person, occurrence, None).await.unwrap(),
        }
    }
}

/// Inserts thousands of users, who are registered for the occurrences with room for them.
async fn fill(db: &TestDb) {
    let mut tx = db.core.db().begin().await.unwrap();
    for sql in [
        "INSERT INTO users (id, username, email, email_folded, display_name, search_text, timezone, role,
            created_at, updated_at)
         SELECT gen_random_uuid(), name, name, name, name, name, 'UTC', 'user', now(), now()
         FROM (SELECT 'many' || n AS name FROM generate_series(1, 5000) n) names",
        "INSERT INTO registrations (id, occurrence_id, event_id, user_id, status, party_size, ticket_code,
            created_at, updated_at)
         SELECT gen_random_uuid(), o.id, o.event_id, u.id, 'confirmed', 1, u.username, now(), now()
         FROM occurrences o CROSS JOIN users u WHERE o.capacity = 10000 AND u.username LIKE 'many%'",
        "UPDATE occurrences SET seats_taken = seats_taken + 5000 WHERE capacity = 10000",
    ] {
        tx.query(Sql::portable(sql)).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn operations_read_few_rows_however_many_there_are() {
    let db = TestDb::new(Kind::Postgres).await;
    let organizer = db.user("organizer").await;
    let event = db.core.create_event(&organizer, &new_event().capacity(10_000).input()).await.unwrap();
    let occurrence = event.next_occurrence.as_ref().unwrap().id;
    // Statistics of a young database: few registrations for each of some occurrences.
    for number in 0..10 {
        let first = db.user(&format!("first{number}")).await;
        let other = db.core.create_event(&organizer, &new_event().input()).await.unwrap();
        let other = other.next_occurrence.as_ref().unwrap().id;
        db.core.register(&first, other, &Party::of(1)).await.unwrap();
    }
    db.core.db().read().await.unwrap().query(Sql::portable("ANALYZE")).execute().await.unwrap();
    let mut people = Vec::with_capacity(TIMES);
    for number in 0..TIMES {
        let person = db.user(&format!("person{number}")).await;
        db.core.register(&person, occurrence, &Party::of(1)).await.unwrap();
        people.push(person);
    }
    fill(&db).await;
    let mut before = rows_read(&db, db.core.clone()).await;
    for operation in CountedOperation::ALL {
        let core = db.another().await;
        for person in &people {
            operation.run(&core, person, event.id, occurrence).await;
        }
        let after = rows_read(&db, core).await;
        for ((table, before), (_, after)) in before.iter().zip(&after) {
            let each = (after - before) / i64::try_from(TIMES).unwrap();
            assert!(each <= MOST, "{operation:?} read {each} rows of {table}");
        }
        before = after;
    }
}

#[tokio::test]
async fn plans_of_empty_tables_are_replaced_when_these_have_grown() {
    let db = TestDb::new(Kind::Postgres).await;
    // The server believes this of the empty tables until it analyses them again.
    db.core.db().read().await.unwrap().query(Sql::portable("ANALYZE")).execute().await.unwrap();
    let core = db.another().await;
    let organizer = db.user("organizer").await;
    let event = core.create_event(&organizer, &new_event().capacity(10_000).input()).await.unwrap();
    let occurrence = event.next_occurrence.as_ref().unwrap().id;
    let mut people = Vec::with_capacity(TIMES);
    for number in 0..TIMES {
        people.push(db.user(&format!("person{number}")).await);
    }
    core.register(&people[0], occurrence, &Party::of(1)).await.unwrap();
    for operation in CountedOperation::ALL {
        operation.run(&core, &people[0], event.id, occurrence).await;
    }
    fill(&db).await;
    db.core.close().await;
    // Until what that connection has read is counted.
    let inserted = "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'registrations'";
    let counted = async {
        let mut reader = core.db().read().await.unwrap();
        while reader.query(Sql::portable(inserted)).scalar::<i64>().await.unwrap() < 5_000 {
            tests::pause().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), counted).await.unwrap();
    core.ensure_jobs().await.unwrap();
    core.run_due_jobs().await.unwrap();
    let before: Vec<(String, i64)> =
        core.db().read().await.unwrap().query(Sql::portable(READ)).all().await.unwrap();
    for person in &people[1..] {
        core.register(person, occurrence, &Party::of(1)).await.unwrap();
        for operation in CountedOperation::ALL {
            operation.run(&core, person, event.id, occurrence).await;
        }
    }
    let after = rows_read(&db, core).await;
    for ((table, before), (_, after)) in before.iter().zip(&after) {
        let each = (after - before) / i64::try_from(TIMES).unwrap();
        // Others have read a table once meanwhile; who scans it for each person reads thousands.
        assert!(each <= 5 * MOST, "the operations of one person read {each} rows of {table}");
    }
}
