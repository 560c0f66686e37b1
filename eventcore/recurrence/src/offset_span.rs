//! The clock changes of time zones as spans of wall-clock times. Within a span, a series maps wall-clock
//! times to instants by one comparison instead of a search.

use crate::time::Zone;

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
        let (index, changes) = (zone.span_at(wall), zone.changes());
        let from = index.checked_sub(1).and_then(|i| changes.get(i)).map_or(i64::MIN, |change| change.wall());
        let next = changes.get(index);
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
