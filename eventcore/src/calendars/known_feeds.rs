//! The versions of feeds that a process knows, so that it need not read 10,000 events to tell a program that
//! nothing has changed.
//!
//! A version is known as long as the log of changes has nothing that the feed shows, which is read each
//! time, and until one of its occurrences ends: then the feed may lose an event. What is changed around the
//! library, or by a process of an earlier version, is seen after some minutes.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::Mutex;

use super::feed_version::FeedVersion;
use crate::change_log::{Snapshot, present, read_since};
use crate::changes::Topic;
use crate::db::Db;
use crate::error::Result;
use crate::time::Timestamp;

/// The most feeds that are known: anyone can think of filters.
const MAX_FEEDS: usize = 1_000;
/// How long a version is known.
const KEPT: Duration = Duration::from_mins(5);
/// For how long the log is certain to have what was committed.
const LOGGED: Duration = Duration::from_mins(4);

/// The versions that a process knows.
#[derive(Debug, Default)]
pub(crate) struct KnownFeeds(Mutex<FollowedFeeds>);

#[derive(Debug, Default)]
struct FollowedFeeds {
    /// What was read of the log, and when.
    seen: Option<(Snapshot, Timestamp)>,
    epoch: FeedEpoch,
    feeds: HashMap<[u8; 32], KnownFeed>,
}

/// Numbers that rise when feeds may have changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct FeedEpoch {
    events: u64,
    /// The names of organizers.
    accounts: u64,
}

#[derive(Debug)]
struct KnownFeed {
    version: FeedVersion,
    epoch: FeedEpoch,
    found_at: Timestamp,
    /// When one of its occurrences ends.
    ends_at: Option<Timestamp>,
}

impl KnownFeeds {
    /// The epoch of what is read of the database from now on.
    pub(super) async fn epoch(&self, db: &Db, now: Timestamp) -> Result<FeedEpoch> {
        let mut known = self.0.lock().await;
        known.follow(db, now).await?;
        Ok(known.epoch)
    }

    /// The version of a feed, if it is known. `shows_names` tells whether it shows the names of organizers.
    pub(super) async fn get(
        &self,
        db: &Db,
        feed: &[u8; 32],
        shows_names: bool,
        now: Timestamp,
    ) -> Result<Option<FeedVersion>> {
        let mut known = self.0.lock().await;
        if !known.feeds.contains_key(feed) {
            return Ok(None);
        }
        known.follow(db, now).await?;
        let epoch = known.epoch;
        let found = known.feeds.get(feed).filter(|found| found.is_valid(epoch, shows_names, now));
        Ok(found.map(|found| found.version.clone()))
    }

    /// Remembers the version of a feed, which was read in an epoch.
    pub(super) async fn put(
        &self,
        feed: [u8; 32],
        version: FeedVersion,
        epoch: FeedEpoch,
        (found_at, ends_at): (Timestamp, Option<Timestamp>),
    ) {
        let feeds = &mut self.0.lock().await.feeds;
        if feeds.len() >= MAX_FEEDS && !feeds.contains_key(&feed) {
            feeds.clear();
        }
        feeds.insert(feed, KnownFeed { version, epoch, found_at, ends_at });
    }
}

impl FollowedFeeds {
    /// Reads what was committed since the last time. If that fails, nothing is known any more.
    async fn follow(&mut self, db: &Db, now: Timestamp) -> Result<()> {
        let is_logged = |at: Timestamp| at <= now && now.since(at) < LOGGED;
        let Some((seen, _)) = self.seen.take().filter(|(_, at)| is_logged(*at)) else {
            return self.begin(db, now).await;
        };
        let committed = read_since(db, &seen).await?;
        if !seen.is_not_after(&committed.snapshot) {
            // Of a backup that has been restored.
            return self.begin(db, now).await;
        }
        for topic in committed.topics.keys() {
            match topic {
                Topic::Event(_) | Topic::Lists => self.epoch.events += 1,
                Topic::Account(_) => self.epoch.accounts += 1,
                // Seats and what people are told are in no feed that is known.
                Topic::Occurrence(_) | Topic::Notification(..) | Topic::Inbox(_) => {}
            }
        }
        self.seen = Some((committed.snapshot, now));
        Ok(())
    }

    /// Forgets everything: what was committed before is not known.
    async fn begin(&mut self, db: &Db, now: Timestamp) -> Result<()> {
        self.epoch.events += 1;
        self.epoch.accounts += 1;
        self.feeds.clear();
        self.seen = Some((present(db).await?, now));
        Ok(())
    }
}

impl KnownFeed {
    fn is_valid(&self, epoch: FeedEpoch, shows_names: bool, now: Timestamp) -> bool {
        self.epoch.events == epoch.events
            && (!shows_names || self.epoch.accounts == epoch.accounts)
            && self.found_at <= now
            && now.since(self.found_at) < KEPT
            && self.ends_at.is_none_or(|at| now < at)
    }
}
