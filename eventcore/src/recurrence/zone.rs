//! Time zones as tables: where the clocks change, so that a series maps wall clocks to instants by one comparison instead of a search.
//!
//! chrono-tz answers for single times and keeps its tables to itself, so they are read off once for each zone and process (about a
//! millisecond). It knows clock changes up to the year 2100; later ones do not exist for it, and hence not for us.

use std::sync::{LazyLock, OnceLock};

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};

/// A change of the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    /// The instant, in seconds since 1970.
    pub(crate) at: i64,
    /// The offset in force before, in seconds east of UTC.
    pub(crate) before: i64,
    /// The offset in force after.
    pub(crate) after: i64,
}

impl Change {
    /// The first wall-clock time that takes the offset after. Times in a gap take the one before, and so do both times of a fold (the first of them is meant).
    const fn wall(self) -> i64 {
        self.at + if self.before > self.after { self.before } else { self.after }
    }
}

/// The clock changes of `tz`, in order, up to the year 2100.
pub(crate) fn clock_changes(tz: Tz) -> &'static [Change] {
    &Zone::of(tz).changes
}

/// The clock changes of a time zone, in order.
#[derive(Debug)]
pub(super) struct Zone {
    first: i64,
    changes: Vec<Change>,
}

/// Before 1800 there is only local mean time, and after 2110 chrono-tz has no more changes.
const FROM: i64 = -5_364_662_400;
const TO: i64 = 4_417_977_600;
/// No zone has ever had two changes within three days that undo one another (the shortest summer time, in Freetown in 1939, took four).
const STEP: i64 = 3 * 86_400;

impl Zone {
    /// The table of `tz`, made when it is first asked for.
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
            // Of two changes within one step, the second is found from where the first was.
            let change = first_change(tz, from, to, before);
            changes.push(change);
            (from, before) = (change.at, change.after);
        }
        Self { first, changes }
    }

    /// The index of the span in which the wall-clock time `wall` lies.
    fn span_at(&self, wall: i64) -> usize {
        self.changes.partition_point(|change| change.wall() <= wall)
    }

    /// The instant of a wall-clock time: in a gap by the offset from before it, in a fold the first.
    pub(super) fn instant(&self, wall: i64) -> i64 {
        Span::at(self, wall).instant(wall)
    }

    /// What the clocks show at an instant.
    pub(super) fn local(&self, instant: i64) -> i64 {
        let span = self.changes.partition_point(|change| change.at <= instant);
        instant + self.offset(span)
    }

    /// The first wall-clock time that may lie at `instant` or later.
    pub(super) fn earliest_wall(&self, instant: i64) -> i64 {
        let wall = self.local(instant);
        let gap = self.span_at(wall).checked_sub(1).and_then(|i| self.changes.get(i));
        match gap {
            // Times in the gap take place after it, among those of as long a time again.
            Some(gap) if wall < gap.wall() + (gap.after - gap.before) => gap.at + gap.before,
            _ => wall,
        }
    }

    /// Whether the clocks change after `from` and no later than at `to`.
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

/// The first change after `from`, at or before `to`, by halving.
fn first_change(tz: Tz, mut from: i64, mut to: i64, before: i64) -> Change {
    while to - from > 1 {
        let middle = i64::midpoint(from, to);
        if offset_at(tz, middle) == before {
            from = middle;
        } else {
            to = middle;
        }
    }
    Change { at: to, before, after: offset_at(tz, to) }
}

/// A stretch of wall-clock time with one offset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    from: i64,
    to: i64,
    offset: i64,
    /// Wall-clock times from here to `to` do not exist: the clocks skip them.
    gap: i64,
}

impl Span {
    /// The stretch in which `wall` lies.
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

    /// Whether the clocks skip `wall`, which lies in this stretch.
    pub(super) const fn skips(&self, wall: i64) -> bool {
        wall >= self.gap
    }

    /// The instant of a wall-clock time of this stretch.
    pub(super) const fn instant(&self, wall: i64) -> i64 {
        wall - self.offset
    }

    /// The first wall-clock time that is surely later, as an instant too, than all that the gap at the end of this stretch swallows.
    pub(super) const fn after_gap(&self) -> i64 {
        self.to.saturating_add(self.to.saturating_sub(self.gap))
    }
}

#[cfg(test)]
mod tests {
    use chrono::LocalResult;

    use super::*;

    /// A wall-clock time as chrono-tz itself maps it.
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
