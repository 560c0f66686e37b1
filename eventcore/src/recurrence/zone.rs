//! Tables of the clock changes of time zones. With a table, a series maps wall-clock times to instants by one
//! comparison instead of a search.
//!
//! chrono-tz does not publish its tables, so each is derived from single queries when it is first used in a
//! process, which takes about 1 ms. chrono-tz has no clock changes after the year 2100.

use std::sync::{LazyLock, OnceLock};

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};

/// A change of the UTC offset of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockChange {
    /// The instant of the change, in seconds since 1970.
    pub(crate) at: i64,
    /// The offset before the change, in seconds east of UTC.
    pub(crate) before: i64,
    /// The offset after the change, in seconds east of UTC.
    pub(crate) after: i64,
}

impl ClockChange {
    /// The first wall-clock time that is mapped with `after`. Times in a gap are mapped with `before`, and so
    /// are times in a fold, which mean the first of two instants.
    const fn wall(self) -> i64 {
        self.at + if self.before > self.after { self.before } else { self.after }
    }
}

/// The clock changes of `tz`, in order, up to the year 2100.
pub(crate) fn clock_changes(tz: Tz) -> &'static [ClockChange] {
    &Zone::of(tz).changes
}

/// The clock changes of a time zone, in order.
#[derive(Debug)]
pub(super) struct Zone {
    first: i64,
    changes: Vec<ClockChange>,
}

/// The period that is searched for changes, in seconds since 1970: 1800 to 2110. Before it zones have local
/// mean time, after it chrono-tz has no changes.
const FROM: i64 = -5_364_662_400;
const TO: i64 = 4_417_977_600;
/// Step of the search. No zone has had two changes within three days that cancel each other out: the shortest
/// summer time, in Freetown in 1939, lasted four days.
const STEP: i64 = 3 * 86_400;

impl Zone {
    /// The table of `tz`, which is derived on first use.
    pub(super) fn of(tz: Tz) -> &'static Self {
        static ZONES: LazyLock<Vec<OnceLock<Zone>>> =
            LazyLock::new(|| TZ_VARIANTS.iter().map(|_| OnceLock::new()).collect());
        static UTC: Zone = Zone { first: 0, changes: Vec::new() };
        ZONES.get(tz as usize).map_or(&UTC, |zone| zone.get_or_init(|| Self::read(tz)))
    }

    fn read(tz: Tz) -> Self {
        let first = offset_at(tz, FROM);
        let mut changes = Vec::new();
        let (mut from, mut before) = (FROM, first);
        while from < TO {
            let to = from + STEP;
            let after = offset_at(tz, to);
            if after == before {
                from = to;
                continue;
            }
            // If the step has a second change, the next iteration finds it from the first one on.
            let change = first_change(tz, from, to, before);
            changes.push(change);
            (from, before) = (change.at, change.after);
        }
        Self { first, changes }
    }

    /// The index of the offset span that contains the wall-clock time `wall`.
    fn span_at(&self, wall: i64) -> usize {
        self.changes.partition_point(|change| change.wall() <= wall)
    }

    /// The instant of a wall-clock time. A time in a gap takes the offset from before it; a time in a fold is
    /// the first of the two.
    pub(super) fn instant(&self, wall: i64) -> i64 {
        OffsetSpan::at(self, wall).instant(wall)
    }

    /// The wall-clock time at an instant.
    pub(super) fn local(&self, instant: i64) -> i64 {
        let span = self.changes.partition_point(|change| change.at <= instant);
        instant + self.offset(span)
    }

    /// A wall-clock time such that all earlier ones are before `instant`.
    pub(super) fn earliest_wall(&self, instant: i64) -> i64 {
        let wall = self.local(instant);
        let gap = self.span_at(wall).checked_sub(1).and_then(|i| self.changes.get(i));
        match gap {
            // Times in the gap are mapped to instants after it, within the length of the gap.
            Some(gap) if wall < gap.wall() + (gap.after - gap.before) => gap.at + gap.before,
            _ => wall,
        }
    }

    /// Whether the offset changes after `from` and at or before `to`.
    pub(super) fn changes_between(&self, from: i64, to: i64) -> bool {
        self.changes.iter().any(|change| from < change.at && change.at <= to)
    }

    fn offset(&self, span: usize) -> i64 {
        span.checked_sub(1).and_then(|i| self.changes.get(i)).map_or(self.first, |change| change.after)
    }
}

fn offset_at(tz: Tz, instant: i64) -> i64 {
    let time = DateTime::from_timestamp(instant, 0).unwrap_or_default().naive_utc();
    i64::from(tz.offset_from_utc_datetime(&time).fix().local_minus_utc())
}

/// The first change after `from` and at or before `to`, by bisection.
fn first_change(tz: Tz, mut from: i64, mut to: i64, before: i64) -> ClockChange {
    while to - from > 1 {
        let middle = i64::midpoint(from, to);
        if offset_at(tz, middle) == before {
            from = middle;
        } else {
            to = middle;
        }
    }
    ClockChange { at: to, before, after: offset_at(tz, to) }
}

/// A range of wall-clock times with one offset.
#[derive(Debug, Clone, Copy)]
pub(super) struct OffsetSpan {
    from: i64,
    to: i64,
    offset: i64,
    /// Wall-clock times from here to `to` are in a gap and do not exist.
    gap: i64,
}

impl OffsetSpan {
    /// The span that contains `wall`.
    pub(super) fn at(zone: &Zone, wall: i64) -> Self {
        let index = zone.span_at(wall);
        let from =
            index.checked_sub(1).and_then(|i| zone.changes.get(i)).map_or(i64::MIN, |change| change.wall());
        let next = zone.changes.get(index);
        let to = next.map_or(i64::MAX, |change| change.wall());
        let gap = next
            .filter(|change| change.after > change.before)
            .map_or(i64::MAX, |change| change.at + change.before);
        Self { from, to, offset: zone.offset(index), gap }
    }

    pub(super) const fn contains(&self, wall: i64) -> bool {
        self.from <= wall && wall < self.to
    }

    /// Whether `wall`, a time of this span, is in the gap.
    pub(super) const fn skips(&self, wall: i64) -> bool {
        wall >= self.gap
    }

    /// The instant of a wall-clock time of this span.
    pub(super) const fn instant(&self, wall: i64) -> i64 {
        wall - self.offset
    }

    /// The first wall-clock time whose instant is later than those of all times in the gap at the end of this
    /// span.
    pub(super) const fn after_gap(&self) -> i64 {
        self.to.saturating_add(self.to.saturating_sub(self.gap))
    }
}

#[cfg(test)]
mod tests {
    use chrono::LocalResult;

    use super::*;

    /// The instant of a wall-clock time by chrono-tz itself.
    fn by_chrono(tz: Tz, wall: i64) -> i64 {
        let local = DateTime::from_timestamp(wall, 0).unwrap().naive_utc();
        match tz.offset_from_local_datetime(&local) {
            LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => {
                wall - i64::from(offset.fix().local_minus_utc())
            }
            LocalResult::None => {
                let gap = chrono_tz::GapInfo::new(&local, &tz).unwrap();
                wall - i64::from(gap.begin.unwrap().1.fix().local_minus_utc())
            }
        }
    }

    #[test]
    fn every_zone_maps_as_chrono_does() {
        let mut seed = 1_u64;
        for tz in TZ_VARIANTS {
            let zone = Zone::of(tz);
            let agree = |wall: i64| {
                assert_eq!(zone.instant(wall), by_chrono(tz, wall), "{tz} {wall}");
            };
            for change in &zone.changes {
                for wall in [change.at + change.before, change.at + change.after] {
                    (-2..=2).for_each(|by| agree(wall + by * 900));
                    agree(wall - 1);
                }
            }
            for _ in 0..200 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                agree(
                    FROM - 86_400 * 3_650
                        + i64::try_from(seed >> 30).unwrap() % (TO - FROM + 86_400 * 36_500),
                );
            }
        }
    }

    #[test]
    fn changes_are_far_apart() {
        for tz in TZ_VARIANTS {
            for pair in Zone::of(tz).changes.windows(2) {
                assert!(pair[0].wall() + 2 * 86_400 < pair[1].wall(), "{tz} {pair:?}");
            }
        }
    }
}
