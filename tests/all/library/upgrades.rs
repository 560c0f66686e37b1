//! Databases of earlier schemas, with data in them, are migrated and lose nothing.
//!
//! `tests/data/databases` has one for each schema that was released. The names begin with the number of the
//! last migration that was applied.

use std::path::{Path, PathBuf};

use eventcore::accounts::Credentials;
use eventcore::agenda::AgendaFilter;
use eventcore::db::Schema;
use eventcore::{Actor, PageRequest};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb, eventd_check};

fn databases(extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/databases");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| file.to_str().unwrap().ends_with(extension)).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite, ".db.gz")]
#[case::postgres(Kind::Postgres, ".sql.gz")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_data_of_earlier_schemas_is_kept(#[case] kind: Kind, #[case] extension: &str) {
    let databases = databases(extension);
    assert!(!databases.is_empty());
    for database in databases {
        let db = TestDb::upgraded(kind, &database).await;
        assert_eq!(db.core.schema().await.unwrap(), Schema::Current, "{database:?}");
        // What `eventd demo` had created.
        for (count, rows) in [
            ("SELECT count(*) FROM users", 16),
            ("SELECT count(*) FROM events", 18),
            ("SELECT count(*) FROM registrations", 239),
            ("SELECT count(*) FROM comments", 6),
            ("SELECT count(*) FROM feedback", 35),
        ] {
            assert_eq!(db.number(count).await, rows, "{count} in {database:?}");
        }
        let login = json!({"login": "ada", "password": "correct horse 7"});
        let credentials: Credentials = serde_json::from_value(login).unwrap();
        db.core.sign_in(&credentials, None).await.unwrap();
        let (filter, first) = (AgendaFilter::default(), PageRequest::default());
        let page = db.core.occurrences(&Actor::Anonymous, &filter, &first).await.unwrap();
        assert!(!page.items.is_empty(), "{database:?}");
        db.check().await;
        eventd_check(&db).await;
    }
}
