//! The edition of the tz database that all processes of a database use: the newest that one of them has
//! brought.
//!
//! Two settings hold it: `zone_edition` has its name and since when it is in force, and `zone_files` its
//! data, unless it is that of a program. A third, `tz_database`, is the edition by which the stored times
//! are computed:
//!
//! - A process with a newer edition brings it when it migrates the database, as `eventd serve` does when
//!   it starts.
//! - A process with an older one takes the data from the database: when it opens the database, when it is
//!   asked whether it is ready, before it computes stored times, and every minute. If the data is built
//!   into a newer version of the program, it cannot: it does not open the database, and is not ready if it
//!   already has.
//! - Stored times are computed anew at once, and once more when every process must have followed: until
//!   then one may have stored times by the older edition. The later of the two passes stores
//!   `tz_database`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Cause, Error, Result};
use crate::jobs::{Job, enqueue};
use crate::time::{self, Timestamp, ZoneEdition, ZoneOrigin, zones_in_force};

/// After which time every process follows a new edition: it looks every minute, and may be in an operation.
const FOLLOWED_AFTER: Duration = Duration::from_mins(5);

/// The edition of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredEdition {
    pub(crate) edition: ZoneEdition,
    /// Since when it is in force.
    since: Timestamp,
}

impl StoredEdition {
    /// When no process computes times by an older edition any more.
    pub(crate) fn followed_from(self) -> Timestamp {
        self.since.plus(FOLLOWED_AFTER)
    }

    fn of_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(Error::internal)
    }
}

impl EventCore {
    /// Lets this process use the time-zone data of the database, if that is newer. Programs that open a
    /// database for long call this every minute, unless they have [`Workers`](crate::workers::Workers),
    /// which do.
    ///
    /// # Errors
    /// `unavailable` if the database has a newer edition that this process cannot take from it.
    pub async fn follow_zone_edition(&self) -> Result<()> {
        let Some(stored) = self.stored_zone_edition().await? else { return Ok(()) };
        if stored.edition <= zones_in_force().edition {
            return Ok(());
        }
        let files = sql!("SELECT value FROM settings WHERE key = 'zone_files'");
        let files: Option<(String,)> = self.db().read().await?.query(files).optional().await?;
        let files = files.map(|(files,)| time::zones_from_json(&files)).transpose().map_err(|error| {
            Error::unavailable(Cause::Damaged, format!("the time zones in the database are damaged: {error}"))
        })?;
        if let Some(files) = files.filter(|files| files.edition() >= stored.edition) {
            time::adopt(files, ZoneOrigin::Database);
        }
        let own = zones_in_force();
        if stored.edition > own.edition {
            let message = format!(
                "this database needs the time zones of edition {}, and this process has {own}: update the \
                 program, or give it newer ones by --zoneinfo",
                stored.edition
            );
            return Err(Error::unavailable(Cause::OlderTimeZones, message));
        }
        Ok(())
    }

    /// As [`EventCore::follow_zone_edition`]; if that of this process is newer, it is in force for all
    /// from now on.
    pub(crate) async fn bring_zone_edition(&self) -> Result<()> {
        self.follow_zone_edition().await?;
        let stored = self.stored_zone_edition().await?;
        let edition = zones_in_force().edition;
        if stored.is_some_and(|stored| stored.edition >= edition) {
            return Ok(());
        }
        let files = time::files_in_force().filter(|files| files.edition() == edition);
        let files = files.as_ref().map(time::zones_to_json).transpose().map_err(Error::internal)?;
        let now = self.now();
        transaction!(self.db(), |tx| bring(tx, edition, files.as_deref(), now))
    }

    /// The edition that is in force for all processes of the database.
    pub(crate) async fn stored_zone_edition(&self) -> Result<Option<StoredEdition>> {
        let stored = sql!("SELECT value FROM settings WHERE key = 'zone_edition'");
        let stored: Option<(String,)> = self.db().read().await?.query(stored).optional().await?;
        stored.map(|(stored,)| StoredEdition::of_json(&stored)).transpose()
    }
}

/// Puts an edition in force, unless another process has put one that is as new.
async fn bring(tx: &mut Tx, edition: ZoneEdition, files: Option<&str>, now: Timestamp) -> Result<()> {
    // Without events, no process has computed times by another edition.
    let has_events: bool = tx.query(sql!("SELECT EXISTS (SELECT 1 FROM events)")).scalar().await?;
    let since = if has_events { now } else { Timestamp::from_micros(0) };
    let new = serde_json::to_string(&StoredEdition { edition, since }).map_err(Error::internal)?;
    let inserted = tx
        .query(sql!(
            "INSERT INTO settings (key, value) VALUES ('zone_edition', $1) ON CONFLICT (key) DO NOTHING"
        ))
        .bind(new.clone())
        .execute()
        .await?;
    if inserted == 0 {
        let stored: String = tx
            .query(sql!(
                sqlite "SELECT value FROM settings WHERE key = 'zone_edition'",
                postgres "SELECT value FROM settings WHERE key = 'zone_edition' FOR UPDATE"
            ))
            .scalar()
            .await?;
        if StoredEdition::of_json(&stored)?.edition >= edition {
            return Ok(());
        }
        tx.query(sql!("UPDATE settings SET value = $1 WHERE key = 'zone_edition'"))
            .bind(new)
            .execute()
            .await?;
    }
    match files {
        Some(files) => {
            tx.query(sql!(
                "INSERT INTO settings (key, value) VALUES ('zone_files', $1)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            ))
            .bind(files.to_owned())
            .execute()
            .await?;
        }
        None => {
            tx.query(sql!("DELETE FROM settings WHERE key = 'zone_files'")).execute().await?;
        }
    }
    if has_events {
        enqueue(tx, &[Job::RecomputeTimes], now, now).await?;
    }
    Ok(())
}
