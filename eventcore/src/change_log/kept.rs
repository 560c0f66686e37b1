//! Reading the changes that are kept, after the commit, in any process.

use std::fmt;
use std::str::FromStr;

use sqlx::FromRow;

use super::read::{number_of, present_of, snapshot_of};
use super::snapshot::Snapshot;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::{Cause, Error, Result};

/// Rows that one call reads.
const PAGE: usize = 500;

/// How far a reader of [`EventCore::changes_after`] has come. Its text, by `Display` and `FromStr`, can be
/// stored, and is at most some kilobytes long.
///
/// It belongs to one database. One of another database, or from after the point to which this one was
/// restored, skips changes or repeats them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeCursor {
    /// Which transactions were read whole.
    seen: Snapshot,
    /// Of those that are being read.
    part: Option<ChangePart>,
}

/// A part of what was committed between two snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ChangePart {
    up_to: Snapshot,
    /// The id of the last row that was read.
    after: i64,
}

/// A text that is no [`ChangeCursor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor of changes")]
pub struct InvalidChangeCursor;

/// What [`EventCore::changes_after`] has read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommittedChanges {
    /// The changes. A transaction that has read or changed what another one wrote comes after it; those of
    /// one transaction come one after another, in the order in which they were made.
    pub changes: Vec<Change>,
    /// Where to go on. Store it once the changes are dealt with, best in one transaction with what follows
    /// from them.
    pub next: ChangeCursor,
    /// Whether there are more to read at once.
    pub has_more: bool,
    /// Whether certainly nothing between the cursor and these changes was deleted since, because it was older
    /// than [`Builder::keep_changes`](crate::Builder::keep_changes). If not, read the records themselves. On
    /// PostgreSQL it is also false while a transaction of the server runs that began before what was deleted.
    pub is_complete: bool,
}

impl ChangeCursor {
    /// Before all changes that are kept.
    pub const BEGINNING: Self = Self { seen: Snapshot::NOTHING, part: None };
}

impl fmt::Display for ChangeCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.seen.fmt(f)?;
        match &self.part {
            Some(ChangePart { up_to, after }) => write!(f, "_{up_to}_{after}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ChangeCursor {
    type Err = InvalidChangeCursor;

    fn from_str(text: &str) -> Result<Self, InvalidChangeCursor> {
        let snapshot = |text: &str| Snapshot::parse(text).ok_or(InvalidChangeCursor);
        let parts: Vec<&str> = text.split('_').collect();
        let (seen, part) = match parts[..] {
            [seen] => (seen, None),
            [seen, up_to, after] => {
                let after = after.parse().ok().filter(|after| *after >= 0).ok_or(InvalidChangeCursor)?;
                (seen, Some(ChangePart { up_to: snapshot(up_to)?, after }))
            }
            _ => return Err(InvalidChangeCursor),
        };
        Ok(Self { seen: snapshot(seen)?, part })
    }
}

#[derive(Debug, FromRow)]
struct KeptChangesRow {
    /// The snapshot of the statement.
    snapshot: String,
    /// The largest number of a transaction whose changes were deleted.
    deleted: i64,
    number: Option<i64>,
    id: Option<i64>,
    changes: Option<String>,
}

impl EventCore {
    /// A cursor after all that is committed.
    ///
    /// # Errors
    /// As [`Self::changes_after`].
    pub async fn change_cursor(&self) -> Result<ChangeCursor> {
        self.must_keep_changes()?;
        Ok(ChangeCursor { seen: present_of(self.db(), "kept_changes").await?, part: None })
    }

    /// Reads what was committed after a cursor, by this process and by others: each change once, as long as
    /// it is [kept](crate::Builder::keep_changes). At most 500 transactions at a time, or parts of large
    /// ones.
    ///
    /// [`Self::changes`] tells the changes of this process as they are made. This one misses none: not those
    /// of other processes, nor those from before a start of the program.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventcore::accounts::NewUser;
    /// use eventcore::changes::Change;
    /// use eventcore::{Actor, ChangeCursor, EventCore};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let week = Duration::from_hours(7 * 24);
    /// let core = EventCore::builder().temporary().keep_changes(week).open().await?;
    /// let ada = NewUser::new("ada", "ada@example.org").password("correct horse 7");
    /// core.create_user(&Actor::Anonymous, &ada).await?;
    ///
    /// let read = core.changes_after(&ChangeCursor::BEGINNING).await?;
    /// assert!(matches!(read.changes[..], [Change::AccountCreated { .. }]));
    /// // The program stores the cursor, and goes on from there after its next start.
    /// let cursor: ChangeCursor = read.next.to_string().parse()?;
    /// assert!(core.changes_after(&cursor).await?.changes.is_empty());
    /// # core.close().await;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// `unavailable` if this library does not keep changes, or the database cannot be read.
    pub async fn changes_after(&self, cursor: &ChangeCursor) -> Result<CommittedChanges> {
        self.must_keep_changes()?;
        let ChangeCursor { seen, part } = cursor;
        let after = part.as_ref().map_or(-1, |part| part.after);
        let up_to = part.as_ref().map(|part| part.up_to.to_postgres());
        let mut db = self.db().read().await?;
        let rows: Vec<KeptChangesRow> = db
            .query(sql!(
                sqlite "SELECT CAST(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'kept_changes'), 0)
                        AS TEXT) AS snapshot,
                    CAST(coalesce((SELECT value FROM settings WHERE key = 'deleted_changes'), '0') AS INTEGER)
                        AS deleted,
                    c.id AS number, c.id AS id, c.changes
                    FROM (SELECT 1) s LEFT JOIN (
                        SELECT id, changes FROM kept_changes
                        WHERE id >= $1 AND id > $2 AND $3 IS NOT NULL
                            AND ($4 IS NULL OR id < CAST($4 AS INTEGER))
                        ORDER BY id LIMIT $5) c",
                postgres "SELECT CAST(pg_current_snapshot() AS TEXT) AS snapshot,
                    CAST(coalesce((SELECT value FROM settings WHERE key = 'deleted_changes'), '0') AS BIGINT)
                        AS deleted,
                    c.number, c.id, c.changes
                    FROM (SELECT 1) s LEFT JOIN LATERAL (
                        SELECT number, id, changes FROM kept_changes
                        WHERE number >= $1 AND id > $2
                            AND NOT pg_visible_in_snapshot(CAST(CAST(number AS TEXT) AS xid8),
                                CAST(CAST($3 AS TEXT) AS pg_snapshot))
                            AND pg_visible_in_snapshot(CAST(CAST(number AS TEXT) AS xid8),
                                coalesce(CAST(CAST($4 AS TEXT) AS pg_snapshot), pg_current_snapshot()))
                        ORDER BY id LIMIT $5) c ON TRUE"
            ))
            .bind(number_of(seen.first_unseen())?)
            .bind(after)
            .bind(seen.to_postgres())
            .bind(up_to)
            .bind(number_of(PAGE as u64)?)
            .all()
            .await?;
        let up_to = match part {
            Some(part) => part.up_to.clone(),
            None => snapshot_of(self.db().dialect(), rows.first().map(|row| row.snapshot.as_str()))?,
        };
        let is_complete =
            rows.first().is_none_or(|row| u64::try_from(row.deleted).is_ok_and(|n| n < seen.first_unseen()));
        let mut changes = Vec::new();
        let (mut count, mut last) = (0, after);
        for row in rows {
            let (Some(_), Some(id), Some(text)) = (row.number, row.id, row.changes) else { continue };
            (count, last) = (count + 1, id);
            let found: Vec<serde_json::Value> = serde_json::from_str(&text).map_err(Error::internal)?;
            // Kinds of a newer version of the library are none of this one.
            changes.extend(found.into_iter().filter_map(|change| serde_json::from_value(change).ok()));
        }
        let has_more = count >= PAGE;
        let next = if has_more {
            ChangeCursor { seen: seen.clone(), part: Some(ChangePart { up_to, after: last }) }
        } else {
            ChangeCursor { seen: up_to, part: None }
        };
        // What was committed while a part was read comes next.
        Ok(CommittedChanges { changes, next, has_more: has_more || part.is_some(), is_complete })
    }

    fn must_keep_changes(&self) -> Result<()> {
        let why = "changes are not kept: set `keep_changes` of the builder";
        self.keeps_changes().map(drop).ok_or_else(|| Error::unavailable(Cause::WrongSetting, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_cursor_is_read_back() {
        for text in ["1.0", "10.10.0.4", "10.10.0.4_12.30.1_77"] {
            assert_eq!(text.parse::<ChangeCursor>().unwrap().to_string(), text);
        }
        for text in ["", "1", "_", "1.0_", "1.0_1.0", "1.0_1.0_-1", "1.0_1.0_x", "1.0_1.0_1_1"] {
            assert_eq!(text.parse::<ChangeCursor>(), Err(InvalidChangeCursor), "{text}");
        }
    }
}
