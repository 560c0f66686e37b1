//! The versions of feeds and the calendars that a process knows, so that it need not read 10,000 events to
//! tell a program that nothing has changed.
//!
//! They are known as long as the log of changes has nothing that they show, which is read each time, and
//! until they may lose an event because time passes: a feed when one of its occurrences ends. What is changed
//! around the library, or by a process of an earlier version, is seen after some minutes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::cached_calendars::{CachedCalendars, CalendarKey, Generation, MAX_AGE};
use super::calendar_content::CalendarContent;
use super::feed_version::{FeedOutline, FeedVersion};
use crate::change_log::{Snapshot, present, read_since};
use crate::changes::Topic;
use crate::db::{Db, SharedRead, Turn};
use crate::error::Result;
use crate::time::Timestamp;

/// The most feeds that are known: anyone can think of filters.
const MAX_FEEDS: usize = 1_000;
/// For how long the log is certain to have what was committed.
const LOGGED: Duration = Duration::from_mins(4);

/// The versions and calendars that a process knows.
#[derive(Debug, Default)]
pub(crate) struct CalendarCache(SharedRead<FollowedCache>);

#[derive(Debug, Default)]
struct FollowedCache {
    /// What was read of the log, and when.
    seen: Option<(Snapshot, Timestamp)>,
    epoch: FeedEpoch,
    feeds: HashMap<[u8; 32], KnownFeed>,
    calendars: CachedCalendars,
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
    outline: FeedOutline,
    epoch: FeedEpoch,
    found_at: Timestamp,
}

impl CalendarCache {
    /// A feed, if all of it is known; and the epoch of what is read of the database from now on.
    pub(super) async fn feed(
        &self,
        db: &Db,
        feed: &[u8; 32],
        now: Timestamp,
    ) -> Result<(Option<FeedOutline>, FeedEpoch)> {
        let mut turn = self.follow(db, now).await?;
        let known = turn.value();
        let epoch = known.epoch;
        let found = known.feeds.get(feed).filter(|found| found.is_valid(epoch, true, now));
        Ok((found.map(|found| found.outline.clone()), epoch))
    }

    /// The version of a feed, if it is known. `shows_names` tells whether it shows the names of organizers.
    pub(super) async fn get(
        &self,
        db: &Db,
        feed: &[u8; 32],
        shows_names: bool,
        now: Timestamp,
    ) -> Result<Option<FeedVersion>> {
        if !self.0.last().await.value().feeds.contains_key(feed) {
            return Ok(None);
        }
        let mut turn = self.follow(db, now).await?;
        let known = turn.value();
        let epoch = known.epoch;
        let found = known.feeds.get(feed).filter(|found| found.is_valid(epoch, shows_names, now));
        Ok(found.map(|found| found.outline.version.clone()))
    }

    /// Remembers a feed, which was read in an epoch.
    pub(super) async fn keep_feed(
        &self,
        feed: [u8; 32],
        outline: FeedOutline,
        epoch: FeedEpoch,
        found_at: Timestamp,
    ) {
        let mut turn = self.0.last().await;
        let feeds = &mut turn.value().feeds;
        if feeds.len() >= MAX_FEEDS && !feeds.contains_key(&feed) {
            feeds.clear();
        }
        feeds.insert(feed, KnownFeed { outline, epoch, found_at });
    }

    /// A calendar, if it is known; and what to keep it with that is read from now on.
    pub(super) async fn calendar(
        &self,
        db: &Db,
        key: CalendarKey,
        now: Timestamp,
    ) -> Result<(Option<Arc<CalendarContent>>, Generation)> {
        let mut turn = self.follow(db, now).await?;
        let calendars = &mut turn.value().calendars;
        Ok((calendars.get(key, now), calendars.generation()))
    }

    /// The cache, with all that had been committed when this was called.
    async fn follow(&self, db: &Db, now: Timestamp) -> Result<Turn<'_, FollowedCache>> {
        let mut turn = self.0.turn().await?;
        if turn.must_read() {
            let followed = turn.value().follow(db, now).await;
            turn.end(followed)?;
        }
        Ok(turn)
    }

    /// Remembers a calendar that was read in a generation.
    pub(super) async fn keep_calendar(
        &self,
        key: CalendarKey,
        content: Arc<CalendarContent>,
        since: Generation,
        now: Timestamp,
    ) {
        self.0.last().await.value().calendars.keep(key, content, since, now);
    }
}

impl FollowedCache {
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
                // Seats and what people are told are in no feed that is known. Names of categories come with
                // the topic of lists.
                Topic::Occurrence(_)
                | Topic::Notification(..)
                | Topic::Inbox(_)
                | Topic::Calendars(_)
                | Topic::Categories => {}
            }
        }
        self.calendars.learn(committed.topics.keys());
        self.seen = Some((committed.snapshot, now));
        Ok(())
    }

    /// Forgets everything: what was committed before is not known.
    async fn begin(&mut self, db: &Db, now: Timestamp) -> Result<()> {
        self.epoch.events += 1;
        self.epoch.accounts += 1;
        self.feeds.clear();
        self.calendars.forget();
        self.seen = Some((present(db).await?, now));
        Ok(())
    }
}

impl KnownFeed {
    fn is_valid(&self, epoch: FeedEpoch, shows_names: bool, now: Timestamp) -> bool {
        self.epoch.events == epoch.events
            && (!shows_names || self.epoch.accounts == epoch.accounts)
            && self.found_at <= now
            && now.since(self.found_at) < MAX_AGE
            && self.outline.ends_at.is_none_or(|at| now < at)
    }
}
