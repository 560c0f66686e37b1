//! The schema: equal on both databases, migrated once by any number of processes, refused if it is newer.

use std::collections::BTreeSet;

use eventcore::EventCore;
use eventcore::db::{Queries, Schema, Sql};
use rstest::rstest;
use tests::{Kind, TestDb};

type Column = (String, String, String, bool);

/// Table, column, kind of type, and whether it may be null.
async fn columns(db: &TestDb) -> BTreeSet<Column> {
    let sql = match db.kind {
        Kind::Sqlite => {
            "SELECT t.name, c.name, lower(c.type), c.\"notnull\" = 0 AND c.pk = 0 \
                 FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '\\_%' ESCAPE '\\'
                 AND t.name NOT LIKE '%trigrams%' AND t.name NOT LIKE 'search\\_tokens%' ESCAPE '\\'"
        }
        Kind::Postgres => {
            "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES' \
                 FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%' AND table_name <> 'search_tokens'"
        }
    };
    let mut reader = db.core.db().read().await.unwrap();
    let rows: Vec<Column> = reader.query(Sql::portable(sql)).all().await.unwrap();
    let alike = |kind: &str| match kind {
        "uuid" | "bytea" | "blob" => "bytes",
        "bigint" | "boolean" | "timestamp with time zone" | "integer" => "number",
        "text" => "text",
        other => panic!("a type that the other database lacks: {other}"),
    };
    rows.into_iter()
        .map(|(table, column, kind, null)| (table, column, alike(&kind).to_owned(), null))
        .collect()
}

async fn indexes(db: &TestDb) -> BTreeSet<String> {
    let sql = match db.kind {
        Kind::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE 'sqlite%'",
        Kind::Postgres => {
            "SELECT indexname::text FROM pg_indexes \
                 WHERE schemaname = 'public' AND indexname NOT LIKE '%\\_pkey'
                    AND indexname NOT LIKE '%\\_key'
                AND indexdef NOT LIKE '%gin%'"
        }
    };
    let mut reader = db.core.db().read().await.unwrap();
    let rows: Vec<(String,)> = reader.query(Sql::portable(sql)).all().await.unwrap();
    rows.into_iter().map(|(name,)| name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_same_tables() {
    let (sqlite, postgres) = (TestDb::new(Kind::Sqlite).await, TestDb::new(Kind::Postgres).await);
    let (here, there) = (columns(&sqlite).await, columns(&postgres).await);
    assert!(here.len() > 50);
    assert_eq!(here.symmetric_difference(&there).collect::<Vec<_>>(), Vec::<&Column>::new());
    assert_eq!(indexes(&sqlite).await, indexes(&postgres).await);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_number_may_migrate_a_database_at_once(#[case] kind: Kind) {
    let (url, _dir) = TestDb::bare(kind).await;
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let url = url.clone();
        starting.spawn(async move {
            let core = EventCore::open(&url).await?;
            core.schema().await
        });
    }
    while let Some(done) = starting.join_next().await {
        assert_eq!(done.unwrap().unwrap(), Schema::Current);
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_schema_is_refused(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let sql = "UPDATE _eventcore_migrations SET version = 9999 \
               WHERE version = (SELECT max(version) FROM _eventcore_migrations)";
    let mut tx = db.core.db().begin().await.unwrap();
    tx.query(Sql::portable(sql)).execute().await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.core.schema().await.unwrap(), Schema::Newer);
    let refusal = db.core.migrate().await.unwrap_err().to_string();
    assert_eq!(
        refusal,
        "the database was migrated by a newer version of the program: run that version, or newer"
    );
}
