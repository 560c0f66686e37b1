//! [`Recent`]: what has changed in the last minutes, for followers who resume.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::change_log::Snapshot;
use crate::changes::Topic;
use crate::id::{NotificationId, UserId};
use crate::time::Timestamp;

/// How long topics are known: longer than a position can be resumed.
const KEPT: Duration = Duration::from_mins(6);
/// The most topics that are known.
const CAPACITY: usize = 200_000;

/// The topics that changed in the last minutes, each with the transactions of the last reading that found it.
/// Transactions of earlier readings committed earlier, so that whoever misses one of those misses these too.
#[derive(Debug)]
pub(super) struct Recent {
    last: BTreeMap<Topic, LastChange>,
    /// The same topics, by the numbers of the readings.
    order: BTreeSet<(u64, Topic)>,
    readings: VecDeque<Reading>,
    /// What this saw may have been forgotten.
    forgotten: Snapshot,
    next: u64,
    capacity: usize,
}

#[derive(Debug)]
struct LastChange {
    reading: u64,
    numbers: Vec<u64>,
}

#[derive(Debug)]
struct Reading {
    number: u64,
    at: Timestamp,
    snapshot: Snapshot,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            last: BTreeMap::new(),
            order: BTreeSet::new(),
            readings: VecDeque::new(),
            forgotten: Snapshot::NOTHING,
            next: 0,
            capacity: CAPACITY,
        }
    }
}

impl Recent {
    /// Adds a reading, and forgets the oldest.
    pub(super) fn add(&mut self, topics: &BTreeMap<Topic, Vec<u64>>, snapshot: &Snapshot, at: Timestamp) {
        if !topics.is_empty() {
            let number = self.next;
            self.next += 1;
            for (topic, numbers) in topics {
                let change = LastChange { reading: number, numbers: numbers.clone() };
                if let Some(former) = self.last.insert(*topic, change) {
                    self.order.remove(&(former.reading, *topic));
                }
                self.order.insert((number, *topic));
            }
            self.readings.push_back(Reading { number, at, snapshot: snapshot.clone() });
        }
        while let Some(oldest) = self.readings.front() {
            let is_old = at.since(oldest.at) > KEPT;
            if !is_old && self.last.len() <= self.capacity {
                break;
            }
            self.forget_oldest(is_old);
        }
    }

    fn forget_oldest(&mut self, is_old: bool) {
        let Some(oldest) = self.readings.pop_front() else { return };
        while let Some((_, topic)) =
            self.order.first().copied().filter(|(number, _)| *number <= oldest.number)
        {
            self.order.pop_first();
            self.last.remove(&topic);
        }
        // Nobody resumes at positions before the old ones.
        if !is_old {
            self.forgotten = oldest.snapshot;
        }
    }

    /// What this saw may not be known any more.
    pub(super) const fn forgotten(&self) -> &Snapshot {
        &self.forgotten
    }

    /// The transactions that changed a topic last.
    pub(super) fn numbers(&self, topic: Topic) -> &[u64] {
        self.last.get(&topic).map_or(&[], |last| &last.numbers)
    }

    /// The notifications of a user that are new, each with the transaction that wrote it.
    pub(super) fn notifications_of(&self, user: UserId) -> impl Iterator<Item = (NotificationId, &[u64])> {
        let first = Topic::Notification(user, uuid::Uuid::nil().into());
        let last = Topic::Notification(user, uuid::Uuid::max().into());
        self.last.range(first..=last).filter_map(|(topic, change)| match topic {
            Topic::Notification(_, id) => Some((*id, change.numbers.as_slice())),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EventId, uuid_at};

    fn topic(number: i64) -> Topic {
        Topic::Event(EventId::from(uuid_at(Timestamp::from_micros(number))))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn snapshot(next: u64) -> Snapshot {
        Snapshot::parse(&format!("{next}.0")).unwrap()
    }

    #[test]
    fn the_last_reading_of_a_topic_counts() {
        let (mut recent, one, other) = (Recent::default(), topic(1), topic(2));
        recent.add(&BTreeMap::from([(one, vec![3]), (other, vec![3, 4])]), &snapshot(5), at(0));
        recent.add(&BTreeMap::from([(one, vec![2, 7])]), &snapshot(8), at(1));
        assert_eq!((recent.numbers(one), recent.numbers(other)), (&[2, 7][..], &[3, 4][..]));
        recent.add(&BTreeMap::new(), &snapshot(9), at(361));
        assert_eq!((recent.numbers(one), recent.numbers(other)), (&[2, 7][..], &[][..]));
        assert_eq!(*recent.forgotten(), Snapshot::NOTHING, "it is too old for anyone");
    }

    #[test]
    fn the_oldest_make_room_and_are_known_to_be_forgotten() {
        let mut recent = Recent { capacity: 2, ..Recent::default() };
        let topics = [topic(1), topic(2), topic(3)];
        for (n, topic) in topics.into_iter().enumerate() {
            let number = n as u64 + 3;
            recent.add(&BTreeMap::from([(topic, vec![number])]), &snapshot(number + 1), at(0));
        }
        assert_eq!(topics.map(|topic| recent.numbers(topic).len()), [0, 1, 1]);
        assert_eq!(*recent.forgotten(), snapshot(4));
    }
}
