//! What has changed in a calendar since a program last asked (RFC 6578).
//!
//! A token names a snapshot: the members that the calendar had, each with the tag of its file. The difference
//! to those that it has now is exact, whatever has changed them: a registration, an edit, a name of a
//! category, or time. A snapshot is stored when its token is given; a calendar keeps the latest ones.

use std::time::Duration;

use uuid::Uuid;

use super::calendar_content::{CalendarKind, CalendarMember, token};
use super::collection::CalendarCollection;
use crate::accounts::CalendarOwner;
use crate::accounts::keep_account;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{EventId, UserId};
use crate::time::Timestamp;

/// How many snapshots of a calendar are kept.
const KEPT: i64 = 32;
/// The precision of the time at which a token was given. Without it, every question would be a write.
const PRECISION: Duration = Duration::from_hours(24);
/// The size of a member in a snapshot, in bytes: the id and the tag.
const MEMBER_SIZE: usize = 24;

/// What has changed in a calendar.
#[derive(Debug, Clone)]
pub struct CalendarChanges {
    /// The calendar as it is.
    pub collection: CalendarCollection,
    /// The new and the changed files.
    pub changed: Vec<CalendarMember>,
    /// The events whose files the calendar had.
    pub removed: Vec<EventId>,
    /// Whether there is more: ask again with the token.
    pub is_truncated: bool,
    /// What to ask with the next time.
    pub token: Uuid,
}

/// The difference between two lists of members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Difference {
    changed: Vec<CalendarMember>,
    removed: Vec<EventId>,
}

#[derive(Debug, Clone)]
struct CalendarSnapshot {
    owner: UserId,
    kind: CalendarKind,
    token: Uuid,
    members: Vec<u8>,
}

impl EventCore {
    /// What has changed in a calendar since a token of it was given: up to `limit` files. Without a token,
    /// all files. `None` if the token is too old, or none of this calendar.
    ///
    /// # Errors
    /// `unavailable` if the database cannot be read or, after a change, written.
    pub async fn calendar_changes(
        &self,
        owner: &CalendarOwner,
        kind: CalendarKind,
        since: Option<Uuid>,
        limit: Option<usize>,
    ) -> Result<Option<CalendarChanges>> {
        let collection = self.calendar_collection(owner, kind).await?;
        let before = match since {
            None => Vec::new(),
            Some(token) if token == collection.token() => {
                let token = self.calendar_token(&collection).await?;
                let (changed, removed) = (Vec::new(), Vec::new());
                return Ok(Some(CalendarChanges {
                    collection,
                    changed,
                    removed,
                    is_truncated: false,
                    token,
                }));
            }
            Some(token) => match self.snapshot(owner.id, kind, token).await? {
                Some(members) => members,
                None => return Ok(None),
            },
        };
        let all = difference(&before, collection.members());
        let (part, is_truncated) = all.limited(limit.unwrap_or(usize::MAX));
        let token = if is_truncated {
            self.remember(owner.id, kind, &part.applied_to(before)).await?
        } else {
            self.calendar_token(&collection).await?
        };
        let Difference { changed, removed } = part;
        Ok(Some(CalendarChanges { collection, changed, removed, is_truncated, token }))
    }

    /// The token with which a program that has read the calendar asks for changes.
    ///
    /// # Errors
    /// `unavailable` if the database cannot be read or, after a change, written.
    pub async fn calendar_token(&self, collection: &CalendarCollection) -> Result<Uuid> {
        let (content, now) = (&collection.content, self.now());
        let is_recent = |at: Timestamp| at <= now && now.since(at) < PRECISION;
        if content.remembered_at().is_some_and(is_recent) {
            return Ok(content.token);
        }
        let token = self.remember(collection.owner, collection.kind(), collection.members()).await?;
        content.set_remembered(now);
        Ok(token)
    }

    async fn snapshot(
        &self,
        owner: UserId,
        kind: CalendarKind,
        token: Uuid,
    ) -> Result<Option<Vec<CalendarMember>>> {
        let found: Option<(Vec<u8>,)> = self
            .db()
            .read()
            .await?
            .query(sql!(
                "SELECT members FROM calendar_snapshots WHERE user_id = $1 AND calendar = $2 AND token = $3"
            ))
            .bind(owner)
            .bind(kind)
            .bind(token)
            .optional()
            .await?;
        Ok(found.map(|(bytes,)| decoded(&bytes)))
    }

    /// Stores a snapshot, unless it is stored. Returns its token.
    async fn remember(&self, owner: UserId, kind: CalendarKind, members: &[CalendarMember]) -> Result<Uuid> {
        let (token, now) = (token(members), self.now());
        let given_at: Option<(Timestamp,)> = self
            .db()
            .read()
            .await?
            .query(sql!(
                "SELECT given_at FROM calendar_snapshots WHERE user_id = $1 AND calendar = $2 AND token = $3"
            ))
            .bind(owner)
            .bind(kind)
            .bind(token)
            .optional()
            .await?;
        if given_at.is_none_or(|(at,)| now.since(at) >= PRECISION) {
            let snapshot = CalendarSnapshot { owner, kind, token, members: encoded(members) };
            transaction!(self.db(), |tx| store(tx, &snapshot, now))?;
        }
        Ok(token)
    }
}

async fn store(tx: &mut Tx, snapshot: &CalendarSnapshot, now: Timestamp) -> Result<()> {
    if !keep_account(tx, snapshot.owner).await? {
        return Err(Error::InvalidToken);
    }
    tx.query(sql!(
        "INSERT INTO calendar_snapshots (user_id, calendar, token, members, given_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (user_id, calendar, token) DO UPDATE SET given_at = excluded.given_at"
    ))
    .bind(snapshot.owner)
    .bind(snapshot.kind)
    .bind(snapshot.token)
    .bind(snapshot.members.clone())
    .bind(now)
    .execute()
    .await?;
    tx.query(sql!(
        "DELETE FROM calendar_snapshots WHERE user_id = $1 AND calendar = $2 AND token IN (
            SELECT s.token FROM calendar_snapshots s WHERE s.user_id = $1 AND s.calendar = $2
            ORDER BY s.given_at DESC, s.token LIMIT 1000 OFFSET $3)"
    ))
    .bind(snapshot.owner)
    .bind(snapshot.kind)
    .bind(KEPT)
    .execute()
    .await?;
    Ok(())
}

/// Deletes what calendar programs of a user have read.
pub(crate) async fn forget_snapshots(tx: &mut Tx, owner: UserId) -> Result<()> {
    tx.query(sql!("DELETE FROM calendar_snapshots WHERE user_id = $1")).bind(owner).execute().await?;
    Ok(())
}

fn encoded(members: &[CalendarMember]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(members.len() * MEMBER_SIZE);
    for member in members {
        bytes.extend_from_slice(member.event.as_uuid().as_bytes());
        bytes.extend_from_slice(&member.tag.to_be_bytes());
    }
    bytes
}

fn decoded(bytes: &[u8]) -> Vec<CalendarMember> {
    let (members, _) = bytes.as_chunks::<MEMBER_SIZE>();
    let member = |bytes: &[u8; MEMBER_SIZE]| {
        let (id, tag) = bytes.split_first_chunk::<16>()?;
        let tag = u64::from_be_bytes(*tag.first_chunk()?);
        Some(CalendarMember { event: Uuid::from_bytes(*id).into(), tag })
    };
    members.iter().filter_map(member).collect()
}

/// What has changed between two lists in the order of their events.
fn difference(before: &[CalendarMember], now: &[CalendarMember]) -> Difference {
    let find = |list: &[CalendarMember], event| {
        list.binary_search_by_key(&event, |member| member.event).ok().map(|at| list[at])
    };
    let changed = now.iter().filter(|member| find(before, member.event) != Some(**member));
    let removed = before.iter().filter(|member| find(now, member.event).is_none());
    Difference { changed: changed.copied().collect(), removed: removed.map(|member| member.event).collect() }
}

impl Difference {
    /// The first `limit` of the changes, and whether there are more.
    fn limited(mut self, limit: usize) -> (Self, bool) {
        let is_truncated = self.changed.len() + self.removed.len() > limit;
        self.changed.truncate(limit);
        self.removed.truncate(limit - self.changed.len());
        (self, is_truncated)
    }

    /// The members after the changes.
    fn applied_to(&self, mut members: Vec<CalendarMember>) -> Vec<CalendarMember> {
        let is_gone = |event| {
            self.removed.binary_search(&event).is_ok()
                || self.changed.binary_search_by_key(&event, |member| member.event).is_ok()
        };
        members.retain(|member| !is_gone(member.event));
        members.extend_from_slice(&self.changed);
        members.sort_unstable_by_key(|member| member.event);
        members
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn members(tags: &BTreeMap<u128, u64>) -> Vec<CalendarMember> {
        tags.iter()
            .map(|(id, tag)| CalendarMember { event: Uuid::from_u128(*id).into(), tag: *tag })
            .collect()
    }

    fn any_members() -> impl Strategy<Value = Vec<CalendarMember>> {
        prop::collection::btree_map(0..30_u128, 0..3_u64, 0..20).prop_map(|tags| members(&tags))
    }

    proptest! {
        /// A program that applies what it is told has what the calendar has, however little it asks for.
        #[test]
        fn what_is_told_leads_to_what_there_is(
            before in any_members(), now in any_members(), limit in 1..9_usize,
        ) {
            let mut known = before;
            for _ in 0..60 {
                let (part, is_truncated) = difference(&known, &now).limited(limit);
                prop_assert!(part.changed.len() + part.removed.len() <= limit);
                known = part.applied_to(known);
                if !is_truncated {
                    break;
                }
            }
            prop_assert_eq!(&known, &now);
            prop_assert_eq!(token(&known), token(&now));
            prop_assert_eq!(difference(&known, &now), Difference::default());
        }

        #[test]
        fn snapshots_round_trip(members in any_members()) {
            prop_assert_eq!(decoded(&encoded(&members)), members);
        }
    }

    #[test]
    fn what_has_not_changed_is_not_told() {
        let before = members(&BTreeMap::from([(1, 1), (2, 1), (3, 1)]));
        let now = members(&BTreeMap::from([(1, 1), (3, 2), (4, 1)]));
        let told = difference(&before, &now);
        assert_eq!(told.changed, now[1..]);
        assert_eq!(told.removed, [before[1].event]);
        assert_ne!(token(&before), token(&now));
    }
}
