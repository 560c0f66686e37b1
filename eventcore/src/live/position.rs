//! [`Position`]: up to where a follower has been shown what changes. The id of a message.

use std::fmt;
use std::time::Duration;

use super::item::Item;
use crate::change_log::Snapshot;
use crate::time::Timestamp;

/// How long after a position a follower can resume there.
const RESUMABLE: Duration = Duration::from_mins(5);
/// How far the clocks of two processes may differ.
const CLOCK_SKEW: Duration = Duration::from_mins(1);

/// Up to where a follower has been shown what changes. It means the same in all processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    /// When the changes were read, in whole seconds.
    pub(super) at: Timestamp,
    /// What has been shown.
    pub(super) shown: Snapshot,
    /// Within the messages of one reading: those items have not been shown that come after this one, and
    /// whose changes this snapshot does not see.
    pub(super) part: Option<(Snapshot, Item)>,
}

impl Position {
    /// The position after all of what was read.
    pub(super) const fn after(at: Timestamp, shown: Snapshot) -> Self {
        Self { at, shown, part: None }
    }

    /// The position after one of the items that were read, for a follower who was at `from` before.
    pub(super) fn after_item(&self, from: &Self, item: Item) -> Self {
        let before = from.part.as_ref().map_or(&from.shown, |(before, _)| before);
        Self { part: Some((before.clone(), item)), ..self.clone() }
    }

    /// Whether an item has not been shown since transactions with these numbers changed it.
    pub(super) fn misses(&self, item: Item, numbers: &[u64]) -> bool {
        numbers.iter().any(|number| {
            let is_part = |(before, last): &(Snapshot, Item)| !before.sees(*number) && item > *last;
            !self.shown.sees(*number) || self.part.as_ref().is_some_and(is_part)
        })
    }

    /// Whether everything that is missing at this position is known: `present` is what has been read, and
    /// what `forgotten` saw is not known any more.
    pub(super) fn is_resumable(&self, now: Timestamp, present: &Snapshot, forgotten: &Snapshot) -> bool {
        let snapshots = [Some(&self.shown), self.part.as_ref().map(|(before, _)| before)];
        let are_known =
            snapshots.into_iter().flatten().all(|one| one.covers(forgotten) && one.is_not_after(present));
        are_known && now.since(self.at) <= RESUMABLE && self.at <= now.plus(CLOCK_SKEW)
    }

    /// Reads an id, which may be anything.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let seconds: u32 = parts.next()?.parse().ok()?;
        let shown = Snapshot::parse(parts.next()?)?;
        let part = match (parts.next(), parts.next(), parts.next()) {
            (None, None, None) => None,
            (Some(before), Some(item), None) => Some((Snapshot::parse(before)?, item.parse().ok()?)),
            _ => return None,
        };
        Some(Self { at: Timestamp::from_micros(i64::from(seconds) * 1_000_000), shown, part })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.as_micros() / 1_000_000, self.shown)?;
        match &self.part {
            Some((before, item)) => write!(f, "-{before}-{item}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EventId, OccurrenceId, uuid_at};

    fn snapshot(text: &str) -> Snapshot {
        Snapshot::parse(text).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
    }

    fn items() -> [Item; 2] {
        let id = uuid_at(at(0));
        [Item::Event(EventId::from(id)), Item::Seats(OccurrenceId::from(id))]
    }

    #[test]
    fn an_id_is_read_back() {
        let whole = Position::after(at(0), snapshot("10.4.1"));
        let part = whole.after_item(&Position::after(at(-1), snapshot("8.2")), items()[0]);
        for position in [whole, part] {
            assert_eq!(Position::parse(&position.to_string()), Some(position));
        }
    }

    #[test]
    fn any_other_text_is_no_id() {
        let long = "9".repeat(5_000);
        for text in
            ["", "1", "-", "1-", "x-1.1", "1-1.1-", "1-1.1-1.1", "1-1.1-1.1-u-u", "1-1.1-1.1-q", &long]
        {
            assert_eq!(Position::parse(text), None, "{text}");
        }
        assert!(Position::parse("1-1.1-1.1-u").is_some());
    }

    #[test]
    fn within_a_reading_only_what_follows_is_missed() {
        let [event, seats] = items();
        let from = Position::after(at(-1), snapshot("10.0"));
        let whole = Position::after(at(0), snapshot("20.0"));
        assert!(from.misses(event, &[12]) && !whole.misses(event, &[12]) && whole.misses(event, &[12, 20]));
        let part = whole.after_item(&from, event);
        assert_eq!([part.misses(event, &[12]), part.misses(seats, &[12])], [false, true]);
        assert_eq!([part.misses(event, &[21]), part.misses(seats, &[9])], [true, false]);
        // It is cut again while it resumes.
        let again = Position::after(at(1), snapshot("30.0")).after_item(&part, event);
        assert!(again.misses(seats, &[12]) && !again.misses(event, &[25]));
    }

    #[test]
    fn a_position_is_resumable_for_five_minutes_while_what_it_misses_is_known() {
        let position = Position::after(at(0), snapshot("10.4.1"));
        let resumable = |now, present: &str, forgotten: &str| {
            position.is_resumable(at(now), &snapshot(present), &snapshot(forgotten))
        };
        assert!(resumable(300, "20.0", "1.0"));
        assert!(!resumable(301, "20.0", "1.0"), "too old");
        assert!(!resumable(-61, "20.0", "1.0"), "from the future");
        assert!(!resumable(1, "12.0", "1.0"), "of another database");
        assert!(resumable(1, "14.0", "10.0") && !resumable(1, "20.0", "11.0"), "forgotten");
    }
}
