//! Quotas: how much one account may create. Without them one account could fill the database, and keep others
//! from writing meanwhile.
//!
//! A quota is checked in the transaction that creates something. On PostgreSQL transactions that run at the
//! same time do not see each other, so those that count against a quota of one account first lock the row of
//! the account: see `Quotas::lock_for_events`.

use std::time::Duration;

use sqlx::FromRow;

use crate::actor::{Actor, Role};
use crate::db::{Locking, Queries, Sql, SqlWriter, Tx, sql};
use crate::error::{Error, Result};
use crate::id::{EventId, UserId};
use crate::time::Timestamp;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// The maximum number of webhooks, also of an admin.
const MAX_WEBHOOKS: u32 = 100;
/// The maximum number of calendars that one account follows, also an admin.
const MAX_SUBSCRIPTIONS: u32 = 100;

const EVENTS: &str = "events within 24 hours";
const OCCURRENCES: &str = "occurrences of an event";
const OCCURRENCES_AHEAD: &str = "future occurrences of your events";

/// What an account has used of its quotas for events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub(crate) struct QuotaUse {
    /// When the oldest of the events was created that fill the daily quota.
    event_at_limit: Option<Timestamp>,
    /// The future occurrences of all its events, at most as many as the quota.
    occurrences_ahead: i64,
}

/// The same while a transaction creates several events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub(crate) struct QuotaCounts {
    /// The events of the last 24 hours, at most as many as the daily quota.
    events: i64,
    /// The future occurrences of all its events, at most as many as the quota.
    occurrences_ahead: i64,
}

/// How much one account may create. `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Events within 24 hours. Default: 500.
    pub events_per_day: Option<u32>,
    /// Occurrences of one event: the size of a rule with an end, and how many occurrences of one without an
    /// end lie ahead at a time. Default: 2,000.
    pub occurrences_per_event: Option<u32>,
    /// Future occurrences of all events that an account organizes. Default: 20,000.
    pub occurrences_per_account: Option<u32>,
    /// Comments within a minute. Default: 20.
    pub comments_per_minute: Option<u32>,
    /// Comments within 24 hours. Default: 500.
    pub comments_per_day: Option<u32>,
    /// Personal access tokens. Default: 50. Nobody has more than 100.
    pub tokens: Option<u32>,
    /// Webhooks. Default: 20. Nobody has more than 100.
    pub webhooks: Option<u32>,
    /// Calendars that it follows. Default: 20. Nobody follows more than 100.
    pub subscriptions: Option<u32>,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            events_per_day: Some(500),
            occurrences_per_event: Some(2_000),
            occurrences_per_account: Some(20_000),
            comments_per_minute: Some(20),
            comments_per_day: Some(500),
            tokens: Some(50),
            webhooks: Some(20),
            subscriptions: Some(20),
        }
    }
}

impl Quotas {
    /// No limits.
    pub const UNLIMITED: Self = Self {
        events_per_day: None,
        occurrences_per_event: None,
        occurrences_per_account: None,
        comments_per_minute: None,
        comments_per_day: None,
        tokens: None,
        webhooks: None,
        subscriptions: None,
    };

    /// The quotas of an actor: admins have only that of an event.
    pub(crate) const fn of(self, actor: &Actor) -> Self {
        if actor.is_admin() {
            Self { occurrences_per_event: self.occurrences_per_event, ..Self::UNLIMITED }
        } else {
            self
        }
    }

    /// What is left of them after so many events and occurrences that are not stored.
    pub(crate) fn less(self, events: u32, occurrences: u32) -> Self {
        Self {
            events_per_day: self.events_per_day.map(|limit| limit.saturating_sub(events)),
            occurrences_per_account: self
                .occurrences_per_account
                .map(|limit| limit.saturating_sub(occurrences)),
            ..self
        }
    }

    /// Locks an account until the transaction ends, if events and their occurrences count against a quota of
    /// it. Call it before counting, in a statement of its own: a statement that waits for the lock counts
    /// what was there before the wait.
    ///
    /// Returns whether the account exists and was not left out.
    pub(crate) async fn lock_for_events(
        &self,
        tx: &mut Tx,
        account: UserId,
        locking: Locking,
    ) -> Result<bool> {
        Ok(!self.counts_events() || lock(tx, account, locking).await?.is_some())
    }

    /// Whether events and their occurrences count against a quota of the account.
    pub(crate) const fn counts_events(&self) -> bool {
        self.events_per_day.is_some() || self.occurrences_per_account.is_some()
    }

    /// Locks an account as [`Self::lock_for_events`] does, if comments count against a quota of it.
    pub(crate) async fn lock_for_comments(&self, tx: &mut Tx, account: UserId) -> Result<()> {
        if self.comments_per_minute.is_some() || self.comments_per_day.is_some() {
            lock(tx, account, Locking::Wait).await?;
        }
        Ok(())
    }

    /// How many occurrences the schedule of an event may add, which has a rule without an end. Locks its
    /// organizer, whose quota counts unless the organizer is an admin.
    pub(crate) async fn room_for(
        &self,
        tx: &mut Tx,
        (event, organizer): (EventId, UserId),
        now: Timestamp,
    ) -> Result<usize> {
        let mut room = i64::MAX;
        if let Some(limit) = self.occurrences_per_event.map(i64::from) {
            room = limit - count_future(tx, event, now, limit).await?;
        }
        if let Some(limit) = self.occurrences_per_account.map(i64::from)
            && lock(tx, organizer, Locking::Wait).await? != Some(Role::Admin)
        {
            room = room.min(limit - count_ahead(tx, organizer, None, now, limit).await?);
        }
        Ok(usize::try_from(room.max(0)).unwrap_or(usize::MAX))
    }

    /// Writes the columns of [`QuotaUse`], as subqueries.
    pub(crate) fn push_use(&self, sql: &mut SqlWriter, organizer: UserId, now: Timestamp) {
        match self.events_per_day.map(|limit| i64::from(limit) - 1) {
            Some(newer @ 0..) => {
                sql.push("(SELECT created_at FROM events WHERE organizer_id = ").value(organizer.as_uuid());
                sql.push(" ORDER BY id DESC LIMIT 1 OFFSET ").value(newer).push(")");
            }
            _ => _ = sql.push("CAST(NULL AS TIMESTAMPTZ)"),
        }
        sql.push(" AS event_at_limit, ");
        self.push_occurrences_ahead(sql, organizer, now);
    }

    /// Writes the columns of [`QuotaCounts`], as subqueries.
    pub(crate) fn push_counts(&self, sql: &mut SqlWriter, organizer: UserId, now: Timestamp) {
        match self.events_per_day {
            Some(limit) => {
                sql.push("(SELECT count(*) FROM (SELECT created_at FROM events WHERE organizer_id = ");
                sql.value(organizer.as_uuid()).push(" ORDER BY id DESC LIMIT ").value(i64::from(limit));
                sql.push(") newest WHERE created_at > ").value(now.minus(DAY)).push(")");
            }
            None => _ = sql.push("CAST(0 AS BIGINT)"),
        }
        sql.push(" AS events, ");
        self.push_occurrences_ahead(sql, organizer, now);
    }

    fn push_occurrences_ahead(&self, sql: &mut SqlWriter, organizer: UserId, now: Timestamp) {
        match self.occurrences_per_account {
            Some(limit) => {
                sql.push("(SELECT count(*) FROM (SELECT 1 FROM occurrences WHERE organizer_id = ");
                sql.value(organizer.as_uuid()).push(" AND starts_at > ").value(now);
                sql.push(" LIMIT ").value(i64::from(limit)).push(") ahead)");
            }
            None => _ = sql.push("CAST(0 AS BIGINT)"),
        }
        sql.push(" AS occurrences_ahead");
    }

    /// Counts another event of a transaction, or refuses it as [`Self::check_new_event`] does. `ahead` is how
    /// many future occurrences are stored of it.
    pub(crate) fn count_new_event(
        &self,
        counts: &mut QuotaCounts,
        (planned, ahead): (usize, usize),
        bounded: bool,
    ) -> Result<()> {
        check(self.events_per_day, counts.events.saturating_add(1), EVENTS)?;
        self.check_occurrences(counts.occurrences_ahead, planned, bounded)?;
        counts.events += 1;
        let ahead = i64::try_from(ahead).unwrap_or(i64::MAX);
        counts.occurrences_ahead = counts.occurrences_ahead.saturating_add(ahead);
        Ok(())
    }

    /// Refuses another event after too many of today, and one with too many occurrences. `bounded` is
    /// whether its rule has an end.
    pub(crate) fn check_new_event(
        &self,
        used: &QuotaUse,
        planned: usize,
        bounded: bool,
        now: Timestamp,
    ) -> Result<()> {
        check_newest(used.event_at_limit, self.events_per_day, now.minus(DAY), EVENTS)?;
        self.check_occurrences(used.occurrences_ahead, planned, bounded)
    }

    /// Refuses an event with too many occurrences, alone or with those that are `ahead` already.
    fn check_occurrences(&self, ahead: i64, planned: usize, bounded: bool) -> Result<()> {
        let planned = i64::try_from(planned).unwrap_or(i64::MAX);
        if bounded {
            check(self.occurrences_per_event, planned, OCCURRENCES)?;
        }
        check(self.occurrences_per_account, ahead.saturating_add(planned), OCCURRENCES_AHEAD)
    }

    /// Refuses another event after too many of today.
    pub(crate) async fn check_events(&self, tx: &mut Tx, organizer: UserId, now: Timestamp) -> Result<()> {
        let newest =
            sql!("SELECT created_at FROM events WHERE organizer_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2");
        check_rate(tx, newest, organizer, self.events_per_day, now.minus(DAY), EVENTS).await
    }

    /// Refuses another comment after too many of late.
    pub(crate) async fn check_comments(&self, tx: &mut Tx, author: UserId, now: Timestamp) -> Result<()> {
        for (quota, since, what) in [
            (self.comments_per_minute, now.minus(MINUTE), "comments within a minute"),
            (self.comments_per_day, now.minus(DAY), "comments within 24 hours"),
        ] {
            let newest = sql!(
                "SELECT created_at FROM comments WHERE author_id = $1
                 ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET $2"
            );
            check_rate(tx, newest, author, quota, since, what).await?;
        }
        Ok(())
    }

    /// Refuses a change of an event that gives it `planned` occurrences instead of `before`, of those in the
    /// future. `bounded` is whether its rule has an end.
    pub(crate) async fn check_changed_event(
        &self,
        tx: &mut Tx,
        (event, organizer): (EventId, UserId),
        before: i64,
        planned: usize,
        bounded: bool,
        now: Timestamp,
    ) -> Result<()> {
        let planned = i64::try_from(planned).unwrap_or(i64::MAX);
        // A change that adds no occurrence is always allowed.
        if planned <= before {
            return Ok(());
        }
        if bounded {
            check(self.occurrences_per_event, planned, OCCURRENCES)?;
        }
        let Some(limit) = self.occurrences_per_account else { return Ok(()) };
        let others = count_ahead(tx, organizer, Some(event), now, limit.into()).await?;
        check(Some(limit), others.saturating_add(planned), OCCURRENCES_AHEAD)
    }

    /// Refuses another personal access token besides `count`.
    pub(crate) fn check_tokens(&self, count: i64) -> Result<()> {
        check(self.tokens, count.saturating_add(1), "personal access tokens")
    }

    /// Refuses another webhook besides `count`.
    pub(crate) fn check_webhooks(&self, count: i64) -> Result<()> {
        let limit = self.webhooks.unwrap_or(MAX_WEBHOOKS).min(MAX_WEBHOOKS);
        check(Some(limit), count.saturating_add(1), "webhooks")
    }

    /// Refuses another subscription besides `count`.
    pub(crate) fn check_subscriptions(&self, count: i64) -> Result<()> {
        let limit = self.subscriptions.unwrap_or(MAX_SUBSCRIPTIONS).min(MAX_SUBSCRIPTIONS);
        check(Some(limit), count.saturating_add(1), "calendars that you follow")
    }
}

/// Locks an account until the transaction ends; returns its role. Foreign keys can still refer to it.
async fn lock(tx: &mut Tx, account: UserId, locking: Locking) -> Result<Option<Role>> {
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("SELECT role FROM users WHERE id = ").value(account.as_uuid());
    sql.push_for_postgres(" FOR NO KEY UPDATE").push_for_postgres(locking.clause());
    let role: Option<(Role,)> = sql.query(tx).optional().await?;
    Ok(role.map(|(role,)| role))
}

/// The number of future occurrences of all events of an account but `except`, at most `limit`.
async fn count_ahead(
    tx: &mut Tx,
    organizer: UserId,
    except: Option<EventId>,
    now: Timestamp,
    limit: i64,
) -> Result<i64> {
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("SELECT count(*) FROM (SELECT 1 FROM occurrences WHERE organizer_id = ");
    sql.value(organizer.as_uuid()).push(" AND starts_at > ").value(now);
    if let Some(event) = except {
        sql.push(" AND event_id <> ").value(event.as_uuid());
    }
    sql.push(" LIMIT ").value(limit).push(") ahead");
    Ok(sql.query(tx).scalar().await?)
}

/// The number of future occurrences of an event, at most `limit`.
async fn count_future(tx: &mut Tx, event: EventId, now: Timestamp, limit: i64) -> Result<i64> {
    Ok(tx
        .query(sql!(
            "SELECT count(*) FROM (SELECT 1 FROM occurrences WHERE event_id = $1 AND starts_at > $2
                LIMIT $3) future"
        ))
        .bind(event)
        .bind(now)
        .bind(limit)
        .scalar()
        .await?)
}

/// Refuses `count` of something above its quota.
fn check(quota: Option<u32>, count: i64, what: &'static str) -> Result<()> {
    match quota {
        Some(limit) if count > i64::from(limit) => Err(Error::QuotaExceeded { what, limit }),
        _ => Ok(()),
    }
}

/// Refuses another of something if the one that would leave its quota was created after `since`. `newest`
/// finds when the one after `$2` newer ones of the user `$1` was created.
async fn check_rate(
    tx: &mut Tx,
    newest: Sql,
    user: UserId,
    quota: Option<u32>,
    since: Timestamp,
    what: &'static str,
) -> Result<()> {
    let Some(limit) = quota else { return Ok(()) };
    let Some(newer) = limit.checked_sub(1) else { return Err(Error::QuotaExceeded { what, limit }) };
    let created: Option<(Timestamp,)> = tx.query(newest).bind(user).bind(i64::from(newer)).optional().await?;
    check_newest(created.map(|(created,)| created), quota, since, what)
}

/// Refuses another of something if the one that would leave its quota was `created` after `since`.
fn check_newest(
    created: Option<Timestamp>,
    quota: Option<u32>,
    since: Timestamp,
    what: &'static str,
) -> Result<()> {
    match quota {
        Some(limit) if limit == 0 || created.is_some_and(|created| created > since) => {
            Err(Error::QuotaExceeded { what, limit })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_includes_its_limit() {
        for (quota, count, fits) in
            [(None, i64::MAX, true), (Some(2), 2, true), (Some(2), 3, false), (Some(0), 1, false)]
        {
            assert_eq!(check(quota, count, "things").is_ok(), fits, "{quota:?} {count}");
        }
    }

    #[test]
    fn the_events_of_a_transaction_count_together() {
        let quotas = Quotas {
            events_per_day: Some(3),
            occurrences_per_event: Some(4),
            occurrences_per_account: Some(10),
            ..Quotas::UNLIMITED
        };
        let mut counts = QuotaCounts { events: 0, occurrences_ahead: 3 };
        let mut fits = |planned, ahead, bounded| {
            let refused = quotas.count_new_event(&mut counts, (planned, ahead), bounded).err();
            refused.map(|error| error.to_string())
        };
        assert_eq!(fits(4, 4, true), None);
        assert!(fits(5, 5, true).is_some_and(|said| said.contains(OCCURRENCES)));
        assert!(fits(4, 4, true).is_some_and(|said| said.contains(OCCURRENCES_AHEAD)));
        // Of a rule without an end a part is stored at first.
        assert_eq!(fits(3, 1, false), None);
        assert_eq!(fits(2, 0, true), None);
        assert!(fits(0, 0, true).is_some_and(|said| said.contains(EVENTS)));
    }
}
