//! [`Hub`]: shows all followers of a process what changes. One task reads for all of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::command::{Command, JoinRequest};
use super::counts::Counters;
use super::credential::{Checked, check};
use super::event::LiveEvent;
use super::follower::{Follower, Lost};
use super::item::Item;
use super::message_ids::MessageIds;
use super::position::Position;
use super::recent::Recent;
use super::views::{Asked, Views};
use crate::change_log::{Snapshot, read_since};
use crate::changes::Topic;
use crate::db::{Db, Dialect};
use crate::error::{Cause, Error, Result};
use crate::time::{Clock, Timestamp};

/// How often the log is read if nothing wakes the hub. On PostgreSQL, what other processes commit wakes it,
/// unless the connection for that is lost. On SQLite nothing does, and what changes must be shown within a
/// second.
const fn poll_period(dialect: Dialect) -> Duration {
    match dialect {
        Dialect::Sqlite => Duration::from_millis(250),
        Dialect::Postgres => Duration::from_secs(1),
    }
}

/// The least time between two readings.
const PAUSE: Duration = Duration::from_millis(50);
/// How often followers are shown that they are connected.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Followers who join at once.
const JOINS: usize = 256;
/// Messages that a follower who resumes has missed at most. Beyond that, the present state is shorter.
const MISSED: usize = 200;

/// Shows followers what changes.
pub(super) struct Hub {
    db: Db,
    clock: Arc<dyn Clock>,
    counters: Arc<Counters>,
    followers: HashMap<u64, Follower>,
    next: u64,
    /// Who is concerned by topics. Notifications and accounts are found by the inbox of the user.
    index: HashMap<Topic, BTreeSet<u64>>,
    recent: Recent,
    /// What has been read.
    seen: Snapshot,
    /// What has been read and not been shown yet.
    unshown: BTreeMap<Topic, Vec<u64>>,
    /// What has been shown.
    position: Position,
}

/// A follower who is about to join.
struct Joining {
    follower: Follower,
    /// Where to resume, if that is possible.
    from: Option<Position>,
    /// Whether it asked for a position at which it cannot be resumed.
    is_reset: bool,
    notifications: Vec<Item>,
    joined: oneshot::Sender<Result<()>>,
}

impl Hub {
    pub(super) fn new(db: Db, clock: Arc<dyn Clock>, counters: Arc<Counters>) -> Self {
        let position = Position::after(clock.now(), Snapshot::NOTHING);
        Self {
            db,
            clock,
            counters,
            followers: HashMap::new(),
            next: 0,
            index: HashMap::new(),
            recent: Recent::default(),
            seen: Snapshot::NOTHING,
            unshown: BTreeMap::new(),
            position,
        }
    }

    /// Runs until it is stopped, or nobody can join any more.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let (mut committed, mut heard) = (self.db.change_bus().committed(), self.db.change_bus().heard());
        let every = |period| {
            let mut interval = interval_at(Instant::now() + period, period);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        };
        let (mut poll, mut heartbeat) = (every(poll_period(self.db.dialect())), every(HEARTBEAT));
        let mut is_failing = false;
        loop {
            let mut joins = Vec::new();
            // Without followers nothing is read.
            let is_followed = !self.followers.is_empty();
            tokio::select! {
                biased;
                _ = heartbeat.tick() => {
                    self.show_heartbeat();
                    continue;
                }
                command = commands.recv() => match command {
                    Some(Command::Join(join)) => joins.push(*join),
                    Some(Command::Stop) | None => return,
                },
                _ = committed.changed(), if is_followed => {}
                _ = heard.changed(), if is_followed => {}
                _ = poll.tick(), if is_followed => {}
            }
            while joins.len() < JOINS {
                match commands.try_recv() {
                    Ok(Command::Join(join)) => joins.push(*join),
                    Ok(Command::Stop) => return,
                    Err(_) => break,
                }
            }
            match self.show_changes(&mut joins).await {
                Ok(()) => is_failing = false,
                Err(error) => {
                    if !std::mem::replace(&mut is_failing, true) {
                        tracing::warn!(%error, "live streams learn of no changes until the database answers");
                    }
                    for join in joins {
                        let refusal =
                            Error::unavailable(Cause::Unreachable, "what changes cannot be read: try again");
                        drop(join.joined.send(Err(refusal)));
                    }
                }
            }
            self.counters.set_followers(self.followers.len());
            sleep(PAUSE).await;
        }
    }

    /// Reads what has changed, and shows it. What fails is repeated the next time.
    async fn show_changes(&mut self, joins: &mut Vec<JoinRequest>) -> Result<()> {
        let mut committed = read_since(&self.db, &self.seen).await?;
        // What nobody follows must not fill what is remembered.
        committed.topics.retain(|topic, _| !matches!(topic, Topic::Calendars(_) | Topic::Categories));
        let now = self.clock.now();
        self.recent.add(&committed.topics, &committed.snapshot, now);
        self.seen = committed.snapshot;
        for (topic, numbers) in committed.topics {
            self.unshown.entry(topic).or_default().extend(numbers);
        }
        self.end_expired(now);
        self.check_accounts(now).await?;
        let mut joining = Vec::new();
        while let Some(join) = joins.pop() {
            match self.begin_join(&join, now).await {
                Ok((follower, from, is_reset)) => {
                    let notifications = self.missed_notifications(&follower, from.as_ref());
                    let joined = join.joined;
                    joining.push(Joining { follower, from, is_reset, notifications, joined });
                }
                Err(error) if error.is_unavailable() => {
                    joins.push(join);
                    return Err(error);
                }
                Err(error) => drop(join.joined.send(Err(error))),
            }
        }
        let touched = self.touched();
        let mut views = match Views::read(&self.db, &self.asked(&touched, &joining)).await {
            Ok(views) => views,
            Err(error) => {
                for one in joining {
                    let refusal =
                        Error::unavailable(Cause::Unreachable, "what changes cannot be read: try again");
                    drop(one.joined.send(Err(refusal)));
                }
                return Err(error);
            }
        };
        let position = Position::after(now, self.seen.clone());
        self.show_touched(touched, &mut views, &position);
        for one in joining {
            self.finish_join(one, &mut views, &position);
        }
        self.unshown.clear();
        self.position = position;
        Ok(())
    }

    /// Ends the streams of those who may not follow any more.
    async fn check_accounts(&mut self, now: Timestamp) -> Result<()> {
        let users = self.unshown.keys().filter_map(|topic| match topic {
            Topic::Account(user) => Some(Topic::Inbox(*user)),
            _ => None,
        });
        let concerned: Vec<u64> =
            users.filter_map(|inbox| self.index.get(&inbox)).flatten().copied().collect();
        for id in concerned {
            let Some(follower) = self.followers.get_mut(&id) else { continue };
            match check(&self.db, &follower.caller, now).await {
                Ok(Checked { actor, ends_at }) => {
                    follower.actor = actor;
                    follower.ends_at = ends_at;
                }
                Err(error) if error.is_unavailable() => return Err(error),
                Err(_) => self.remove(id),
            }
        }
        Ok(())
    }

    async fn begin_join(
        &self,
        join: &JoinRequest,
        now: Timestamp,
    ) -> Result<(Follower, Option<Position>, bool)> {
        let Checked { actor, ends_at } = check(&self.db, &join.caller, now).await?;
        let sender = join.sender.clone();
        let follower = Follower::new(join.caller.clone(), actor, ends_at, join.wanted.clone(), sender);
        let asked = join.resume.as_deref().map(Position::parse);
        let is_resumable =
            |position: &Position| position.is_resumable(now, &self.seen, self.recent.forgotten());
        let from = asked.clone().flatten().filter(is_resumable);
        let is_reset = asked.is_some() && from.is_none();
        Ok((follower, from, is_reset))
    }

    /// The notifications that a follower has missed.
    fn missed_notifications(&self, follower: &Follower, from: Option<&Position>) -> Vec<Item> {
        let (Some(user), Some(from)) = (follower.actor.user_id(), from) else { return Vec::new() };
        let recent = self.recent.notifications_of(user);
        let missed = recent.filter(|(id, numbers)| from.misses(Item::Notification(*id), numbers));
        missed.map(|(id, _)| Item::Notification(id)).collect()
    }

    /// The followers whom changes concern, with the items.
    fn touched(&self) -> BTreeMap<u64, BTreeSet<Item>> {
        let mut touched: BTreeMap<u64, BTreeSet<Item>> = BTreeMap::new();
        for topic in self.unshown.keys() {
            let key = match topic {
                Topic::Notification(user, _) => Topic::Inbox(*user),
                other => *other,
            };
            for id in self.index.get(&key).into_iter().flatten() {
                if let Some(follower) = self.followers.get(id) {
                    touched.entry(*id).or_default().extend(follower.items_of(*topic));
                }
            }
        }
        for items in touched.values_mut() {
            if items.iter().any(|item| matches!(item, Item::Notification(_))) {
                items.remove(&Item::Unread);
            }
        }
        touched
    }

    fn asked(&self, touched: &BTreeMap<u64, BTreeSet<Item>>, joining: &[Joining]) -> Asked {
        let mut asked = Asked::default();
        for (id, items) in touched {
            if let Some(follower) = self.followers.get(id) {
                for item in items {
                    asked.add(*item, &follower.actor);
                }
            }
        }
        for Joining { follower, notifications, .. } in joining {
            let items = follower.items().chain(notifications.iter().copied()).chain([Item::Unread]);
            for item in items {
                asked.add(item, &follower.actor);
            }
        }
        asked
    }

    /// Shows followers the items that have changed.
    fn show_touched(
        &mut self,
        touched: BTreeMap<u64, BTreeSet<Item>>,
        views: &mut Views,
        position: &Position,
    ) {
        let from = self.position.clone();
        let mut ids = MessageIds::new(position, &from);
        for (id, items) in touched {
            let Some(follower) = self.followers.get_mut(&id) else { continue };
            let before = follower.topics();
            let mut messages = Vec::new();
            for item in items {
                let visible = follower.show(item, views);
                if visible.now || visible.before {
                    let event = views.event(item, &follower.actor, visible.now);
                    messages.extend(event.map(|event| (item, event)));
                }
            }
            let sent = send(follower, messages, &mut ids, false);
            let after = follower.topics();
            self.reindex(id, &before, &after);
            if let Err(lost) = sent {
                self.lose(id, lost);
            }
        }
    }

    /// Shows a follower what it has missed, or the present state, and lets it join.
    fn finish_join(&mut self, one: Joining, views: &mut Views, position: &Position) {
        let Joining { mut follower, mut from, mut is_reset, notifications, joined } = one;
        let items: Vec<Item> = follower.items().collect();
        let mut shown = Vec::new();
        for item in items {
            let visible = follower.show(item, views);
            let event = views.event(item, &follower.actor, visible.now);
            shown.extend(event.map(|event| (item, event, visible.now)));
        }
        let is_missed = |item: Item, from: &Position| {
            follower.topics_of(item).any(|topic| from.misses(item, self.recent.numbers(topic)))
        };
        let mut messages: Vec<(Item, Arc<LiveEvent>)> = Vec::new();
        if let Some(position) = &from {
            // Whether something hidden has changed is not told: it is hidden in any case.
            let missed = shown.iter().filter(|(item, _, is_shown)| !is_shown || is_missed(*item, position));
            messages.extend(missed.map(|(item, event, _)| (*item, event.clone())));
            for item in &notifications {
                messages.extend(views.event(*item, &follower.actor, true).map(|event| (*item, event)));
            }
            if notifications.is_empty() && is_missed(Item::Unread, position) {
                let event = views.event(Item::Unread, &follower.actor, true);
                messages.extend(event.map(|event| (Item::Unread, event)));
            }
            if messages.len() > MISSED {
                from = None;
                is_reset = true;
            }
        }
        if from.is_none() {
            let unread = views.event(Item::Unread, &follower.actor, true).map(|event| (Item::Unread, event));
            messages = shown.into_iter().map(|(item, event, _)| (item, event)).chain(unread).collect();
        }
        let mut sent = Ok(());
        if is_reset {
            sent = follower.send(None, Arc::new(LiveEvent::Reset));
        }
        let mut ids = match &from {
            Some(from) => MessageIds::new(position, from),
            None => MessageIds::without_parts(position),
        };
        let sent = sent.and_then(|()| send(&follower, messages, &mut ids, true));
        if sent.is_ok() && joined.send(Ok(())).is_ok() {
            let id = self.next;
            self.next += 1;
            self.reindex(id, &BTreeSet::new(), &follower.topics());
            self.followers.insert(id, follower);
        }
    }

    /// Shows everyone that they are connected, and where to resume.
    fn show_heartbeat(&mut self) {
        self.end_expired(self.clock.now());
        let (id, event): (Arc<str>, _) = (self.position.to_string().into(), Arc::new(LiveEvent::Heartbeat));
        let sent = self
            .followers
            .iter()
            .map(|(number, follower)| (*number, follower.send(Some(id.clone()), event.clone())));
        let lost: Vec<(u64, Lost)> = sent.filter_map(|(number, sent)| Some((number, sent.err()?))).collect();
        for (number, lost) in lost {
            self.lose(number, lost);
        }
        self.counters.set_followers(self.followers.len());
    }

    /// Ends the streams whose credentials have expired.
    fn end_expired(&mut self, now: Timestamp) {
        let has_expired = |follower: &Follower| follower.ends_at.is_some_and(|at| at <= now);
        let expired: Vec<u64> =
            self.followers.iter().filter(|(_, one)| has_expired(one)).map(|(id, _)| *id).collect();
        for id in expired {
            self.remove(id);
        }
    }

    fn lose(&mut self, id: u64, lost: Lost) {
        if lost == Lost::TooSlow {
            self.counters.count_cut_off();
        }
        self.remove(id);
    }

    fn remove(&mut self, id: u64) {
        if let Some(follower) = self.followers.remove(&id) {
            self.reindex(id, &follower.topics(), &BTreeSet::new());
        }
    }

    fn reindex(&mut self, id: u64, before: &BTreeSet<Topic>, after: &BTreeSet<Topic>) {
        for topic in before.difference(after) {
            if let Some(concerned) = self.index.get_mut(topic) {
                concerned.remove(&id);
                if concerned.is_empty() {
                    self.index.remove(topic);
                }
            }
        }
        for topic in after.difference(before) {
            self.index.entry(*topic).or_default().insert(id);
        }
    }
}

/// Sends messages, and at the end a heartbeat if `with_heartbeat`.
fn send(
    follower: &Follower,
    messages: Vec<(Item, Arc<LiveEvent>)>,
    ids: &mut MessageIds<'_>,
    with_heartbeat: bool,
) -> Result<(), Lost> {
    let mut rest = messages.into_iter().peekable();
    while let Some((item, event)) = rest.next() {
        let is_last = rest.peek().is_none() && !with_heartbeat;
        let id = if is_last { Some(ids.last()) } else { ids.part(item) };
        follower.send(id, event)?;
    }
    if with_heartbeat { follower.send(Some(ids.last()), Arc::new(LiveEvent::Heartbeat)) } else { Ok(()) }
}
