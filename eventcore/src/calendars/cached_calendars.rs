//! [`CachedCalendars`]: the calendars of users that a process keeps, within bounds.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::calendar_content::{CalendarContent, CalendarKind};
use crate::changes::Topic;
use crate::id::UserId;
use crate::time::Timestamp;

/// The calendars that are kept at most.
const MAX_CALENDARS: usize = 1_000;
/// The memory that they take at most, in bytes.
const MAX_BYTES: usize = 32 << 20;
/// How long a calendar, or the version of a feed, is known.
pub(super) const MAX_AGE: Duration = Duration::from_mins(5);
/// The changes that are remembered for calendars which are being read.
const MAX_RECENT: usize = 10_000;

/// A calendar of a user.
pub(super) type CalendarKey = (UserId, CalendarKind);

/// How many changes of calendars have been seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Generation(u64);

#[derive(Debug, Default)]
pub(super) struct CachedCalendars {
    calendars: HashMap<CalendarKey, CachedCalendar>,
    generation: Generation,
    /// The latest changes, of which the last one has the number of the generation.
    recent: VecDeque<Topic>,
    /// How often calendars have been asked for.
    uses: u64,
}

#[derive(Debug)]
struct CachedCalendar {
    content: Arc<CalendarContent>,
    read_at: Timestamp,
    /// When it was asked for, counted by uses.
    used: u64,
}

impl CachedCalendars {
    pub(super) const fn generation(&self) -> Generation {
        self.generation
    }

    /// A calendar that nothing has changed.
    pub(super) fn get(&mut self, key: CalendarKey, now: Timestamp) -> Option<Arc<CalendarContent>> {
        self.uses += 1;
        let found = self.calendars.get_mut(&key)?;
        let is_recent = found.read_at <= now && now.since(found.read_at) < MAX_AGE;
        if !is_recent || found.content.leaves_at.is_some_and(|at| at <= now) {
            self.calendars.remove(&key);
            return None;
        }
        found.used = self.uses;
        let content = found.content.clone();
        // Files have been added to it since it was kept.
        self.shrink();
        Some(content)
    }

    /// Keeps a calendar that was read after a generation, unless something has changed it since.
    pub(super) fn keep(
        &mut self,
        key: CalendarKey,
        content: Arc<CalendarContent>,
        since: Generation,
        now: Timestamp,
    ) {
        let unseen = usize::try_from(self.generation.0 - since.0).unwrap_or(usize::MAX);
        let is_changed = unseen > self.recent.len()
            || self.recent.iter().rev().take(unseen).any(|topic| content.is_about(key.0, topic));
        if !is_changed {
            self.calendars.insert(key, CachedCalendar { content, read_at: now, used: self.uses });
            self.shrink();
        }
    }

    /// Forgets the calendars that something has changed.
    pub(super) fn learn<'t>(&mut self, topics: impl Iterator<Item = &'t Topic>) {
        let is_relevant =
            |topic: &&Topic| matches!(topic, Topic::Event(_) | Topic::Calendars(_) | Topic::Categories);
        let topics: Vec<Topic> = topics.filter(is_relevant).copied().collect();
        self.generation.0 += topics.len() as u64;
        self.calendars
            .retain(|(owner, _), cached| !topics.iter().any(|topic| cached.content.is_about(*owner, topic)));
        self.recent.extend(topics);
        let excess = self.recent.len().saturating_sub(MAX_RECENT);
        self.recent.drain(..excess);
    }

    /// Forgets everything, also what is being read.
    pub(super) fn forget(&mut self) {
        self.calendars.clear();
        self.recent.clear();
        self.generation.0 += 1;
    }

    /// Forgets the calendars that were not asked for the longest, until all are within the bounds.
    fn shrink(&mut self) {
        let mut bytes: usize = self.calendars.values().map(|cached| cached.content.size()).sum();
        while self.calendars.len() > MAX_CALENDARS || bytes > MAX_BYTES {
            let oldest = self.calendars.iter().min_by_key(|(_, cached)| cached.used).map(|(key, _)| *key);
            let Some(removed) = oldest.and_then(|key| self.calendars.remove(&key)) else { return };
            bytes -= removed.content.size().min(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::EventId;

    fn user(number: usize) -> UserId {
        Uuid::from_u128(number as u128).into()
    }

    fn event(number: usize) -> EventId {
        Uuid::from_u128(number as u128).into()
    }

    fn content(events: &[usize], leaves_at: Option<i64>) -> Arc<CalendarContent> {
        let mut watched: Vec<EventId> = events.iter().map(|number| event(*number)).collect();
        watched.sort_unstable();
        Arc::new(CalendarContent::new(Vec::new(), watched, leaves_at.map(Timestamp::from_micros), Vec::new()))
    }

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);
    const KIND: CalendarKind = CalendarKind::Organizing;

    #[test]
    fn a_calendar_is_forgotten_when_something_changes_it() {
        for (topic, is_forgotten) in [
            (Topic::Event(event(1)), true),
            (Topic::Event(event(3)), false),
            (Topic::Calendars(user(1)), true),
            (Topic::Calendars(user(2)), false),
            (Topic::Categories, true),
            (Topic::Lists, false),
            (Topic::Account(user(1)), false),
        ] {
            let key = (user(1), KIND);
            let mut cache = CachedCalendars::default();
            let before = cache.generation();
            cache.keep(key, content(&[1, 2], None), before, NOW);
            assert!(cache.get(key, NOW).is_some());
            cache.learn([topic].iter());
            assert_eq!(cache.get(key, NOW).is_none(), is_forgotten, "{topic:?}");
            // The same if it was being read then.
            cache.keep(key, content(&[1, 2], None), before, NOW);
            assert_eq!(cache.get(key, NOW).is_none(), is_forgotten, "{topic:?}");
            cache.keep(key, content(&[1, 2], None), cache.generation(), NOW);
            assert!(cache.get(key, NOW).is_some(), "{topic:?}");
        }
    }

    #[test]
    fn a_calendar_is_forgotten_when_time_has_passed() {
        let key = (user(1), KIND);
        let mut cache = CachedCalendars::default();
        let leaves = NOW.plus(Duration::from_secs(1));
        cache.keep(key, content(&[1], Some(leaves.as_micros())), cache.generation(), NOW);
        assert!(cache.get(key, NOW).is_some());
        assert!(cache.get(key, leaves).is_none());
        cache.keep(key, content(&[1], None), cache.generation(), NOW);
        assert!(cache.get(key, NOW.minus(Duration::from_micros(1))).is_none(), "a clock went back");
        cache.keep(key, content(&[1], None), cache.generation(), NOW);
        assert!(cache.get(key, NOW.plus(MAX_AGE)).is_none());
    }

    #[test]
    fn what_cannot_be_remembered_is_not_kept() {
        let key = (user(1), KIND);
        let mut cache = CachedCalendars::default();
        let before = cache.generation();
        let others: Vec<Topic> = (0..=MAX_RECENT).map(|number| Topic::Calendars(user(number + 2))).collect();
        cache.learn(others[..MAX_RECENT].iter());
        cache.keep(key, content(&[1], None), before, NOW);
        assert!(cache.get(key, NOW).is_some());
        cache.learn(others[MAX_RECENT..].iter());
        cache.forget();
        for since in [before, Generation(1)] {
            cache.keep(key, content(&[1], None), since, NOW);
            assert!(cache.get(key, NOW).is_none());
        }
    }

    #[test]
    fn the_least_used_calendars_are_forgotten_first() {
        let mut cache = CachedCalendars::default();
        for number in 0..MAX_CALENDARS {
            cache.keep((user(number), KIND), content(&[1], None), cache.generation(), NOW);
            assert!(cache.get((user(0), KIND), NOW).is_some());
        }
        cache.keep((user(MAX_CALENDARS), KIND), content(&[1], None), cache.generation(), NOW);
        assert_eq!(cache.calendars.len(), MAX_CALENDARS);
        assert!(cache.get((user(0), KIND), NOW).is_some());
        assert!(cache.get((user(1), KIND), NOW).is_none());
    }
}
