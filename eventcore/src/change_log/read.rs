//! Reading what has been committed.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::snapshot::Snapshot;
use crate::changes::Topic;
use crate::db::{Db, Dialect, Queries, Reader, sql};
use crate::error::{Error, Result};

/// Rows that one statement reads.
const PAGE: usize = 2_000;

/// What was committed between two snapshots.
#[derive(Debug)]
pub(crate) struct Committed {
    /// Each topic with the transactions that changed it.
    pub(crate) topics: BTreeMap<Topic, Vec<u64>>,
    /// What the reader has seen now.
    pub(crate) snapshot: Snapshot,
}

#[derive(Debug, FromRow)]
struct LoggedRow {
    /// The snapshot of the statement.
    snapshot: String,
    number: Option<i64>,
    id: Option<i64>,
    topics: Option<String>,
}

/// Reads what was committed and `before` does not see: each row once, in whatever order its transaction began
/// and ended.
pub(crate) async fn read_since(db: &Db, before: &Snapshot) -> Result<Committed> {
    let mut reader = db.read().await?;
    let mut after = (number_of(before.first_unseen())?, -1);
    let mut topics: BTreeMap<Topic, Vec<u64>> = BTreeMap::new();
    let mut snapshot = None;
    loop {
        let rows = page(&mut reader, before, after).await?;
        // What commits between two pages is read next time.
        let seen = match snapshot.take() {
            Some(first) => first,
            None => snapshot_of(db.dialect(), rows.first().map(|row| row.snapshot.as_str()))?,
        };
        let (count, mut last) = (rows.len(), None);
        for row in rows {
            let (Some(number), Some(id), Some(text)) = (row.number, row.id, row.topics) else { continue };
            last = Some((number, id));
            let number = u64::try_from(number).map_err(Error::internal)?;
            if before.sees(number) || !seen.sees(number) {
                continue;
            }
            // Topics of a newer version of the program are none of this one.
            for topic in text.split(' ').filter_map(|text| text.parse().ok()) {
                let numbers = topics.entry(topic).or_default();
                if numbers.last() != Some(&number) {
                    numbers.push(number);
                }
            }
        }
        match last {
            Some(last) if count >= PAGE => {
                after = last;
                snapshot = Some(seen);
            }
            _ => return Ok(Committed { topics, snapshot: seen }),
        }
    }
}

/// What a reader sees that begins now.
pub(crate) async fn present(db: &Db) -> Result<Snapshot> {
    present_of(db, "changes").await
}

/// What a reader of a table sees that begins now. On SQLite each table has its own ids.
pub(super) async fn present_of(db: &Db, table: &'static str) -> Result<Snapshot> {
    let mut reader = db.read().await?;
    let text: String = reader
        .query(sql!(
            sqlite "SELECT CAST(coalesce((SELECT seq FROM sqlite_sequence WHERE name = $1), 0) AS TEXT)",
            postgres "SELECT CAST(pg_current_snapshot() AS TEXT) WHERE CAST($1 AS TEXT) IS NOT NULL"
        ))
        .bind(table.to_owned())
        .scalar()
        .await?;
    snapshot_of(db.dialect(), Some(&text))
}

async fn page(reader: &mut Reader, before: &Snapshot, after: (i64, i64)) -> Result<Vec<LoggedRow>> {
    Ok(reader
        .query(sql!(
            sqlite "SELECT CAST(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0) AS TEXT)
                    AS snapshot, c.id AS number, c.id AS id, c.topics
                FROM (SELECT 1) s LEFT JOIN (
                    SELECT id, topics FROM changes
                    WHERE id > CASE WHEN $2 < 0 THEN $1 - 1 ELSE $1 END AND $3 IS NOT NULL
                    ORDER BY id LIMIT $4) c",
            postgres "SELECT CAST(pg_current_snapshot() AS TEXT) AS snapshot, c.number, c.id, c.topics
                FROM (SELECT 1) s LEFT JOIN LATERAL (
                    SELECT number, id, topics FROM changes
                    WHERE (number, id) > ($1, $2)
                        AND NOT pg_visible_in_snapshot(CAST(CAST(number AS TEXT) AS xid8),
                            CAST(CAST($3 AS TEXT) AS pg_snapshot))
                    ORDER BY number, id LIMIT $4) c ON TRUE"
        ))
        .bind(after.0)
        .bind(after.1)
        .bind(before.to_postgres())
        .bind(number_of(PAGE as u64)?)
        .all()
        .await?)
}

/// The snapshot of a statement, by the text that it has returned.
pub(super) fn snapshot_of(dialect: Dialect, text: Option<&str>) -> Result<Snapshot> {
    let text = text.unwrap_or_default();
    let snapshot = match dialect {
        Dialect::Sqlite => text.parse().ok().map(Snapshot::up_to),
        Dialect::Postgres => Snapshot::from_postgres(text),
    };
    snapshot.ok_or_else(|| Error::internal(format!("{text:?} is no snapshot")))
}

pub(super) fn number_of(value: u64) -> Result<i64> {
    i64::try_from(value).map_err(Error::internal)
}
