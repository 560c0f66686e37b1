//! Every statement of the library can be prepared on both databases.

use std::path::Path;

use eventcore::db::{Db, PoolSettings, Queries, Sql};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use rstest::rstest;
use tests::{Kind, TestDb};

/// The statements of all `sql!(…)` in the library, for each database.
#[derive(Default)]
struct Found {
    sqlite: Vec<String>,
    postgres: Vec<String>,
}

fn text(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    let source = literal.to_string();
    let inner = source.strip_prefix('"')?.strip_suffix('"')?;
    Some(inner.replace("\\\"", "\"").replace("\\\\", "\\"))
}

impl Found {
    fn take(&mut self, arguments: TokenStream) {
        let tokens: Vec<TokenTree> = arguments.into_iter().collect();
        let texts: Vec<String> = tokens.iter().filter_map(text).collect();
        let words: Vec<String> = tokens.iter().map(ToString::to_string).collect();
        match texts.as_slice() {
            [one] if words.iter().any(|word| word == "update") => {
                self.sqlite.push(one.clone());
                self.postgres.push(format!("{one} FOR UPDATE"));
            }
            [one] => {
                self.sqlite.push(one.clone());
                self.postgres.push(one.clone());
            }
            [sqlite, postgres] => {
                self.sqlite.push(sqlite.clone());
                self.postgres.push(postgres.clone());
            }
            _ => panic!("a sql! without a literal: {words:?}"),
        }
    }

    fn walk(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (i, token) in tokens.iter().enumerate() {
            let TokenTree::Group(group) = token else { continue };
            let before = |back: usize| i.checked_sub(back).map(|j| tokens[j].to_string());
            let called = before(1).as_deref() == Some("!") && before(2).as_deref() == Some("sql");
            if called && group.delimiter() == Delimiter::Parenthesis {
                self.take(group.stream());
            } else {
                self.walk(group.stream());
            }
        }
    }

    fn read(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                self.read(&path);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("db/query.rs") {
                let source = std::fs::read_to_string(&path).expect("a source");
                self.walk(source.parse().expect("tokens"));
            }
        }
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_statement_can_be_prepared(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let mut found = Found::default();
    found.read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../eventcore/src"));
    let statements = match kind {
        Kind::Sqlite => found.sqlite,
        Kind::Postgres => found.postgres,
    };
    assert!(statements.len() > 50, "only {} statements were found", statements.len());
    let sizes = PoolSettings { postgres: 1, sqlite_readers: 1, ..PoolSettings::default() };
    let connection = Db::connect(&db.url, sizes).await.expect("a database");
    let mut wrong = Vec::new();
    let count = statements.len();
    for (i, statement) in statements.into_iter().enumerate() {
        let mut tx = connection.begin().await.expect("a transaction");
        let prepared = match kind {
            // EXPLAIN compiles the statement without running it.
            Kind::Sqlite => tx.query(Sql::dynamic(format!("EXPLAIN {statement}"))).execute().await.map(drop),
            // Prepared statements outlive their transaction, so each needs a unique name.
            Kind::Postgres => {
                tx.query(Sql::dynamic(format!("PREPARE tested_{i} AS {statement}"))).execute().await.map(drop)
            }
        };
        drop(tx);
        if let Err(error) = prepared {
            wrong.push(format!("{error}\n    {statement}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} statements cannot be prepared:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
