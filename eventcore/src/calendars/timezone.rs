//! `VTIMEZONE` (RFC 5545, 3.6.5): the clocks of a zone for the years that a file speaks of, read off the tz database.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Weekday};
use chrono_tz::{OffsetComponents, OffsetName, Tz};

use super::line::{Lines, local};
use crate::recurrence::{Change, clock_changes};
use crate::time::Timestamp;

/// A change that comes every year until then goes on for ever: the tz database has no rule after 2099.
const LAST_YEAR: i32 = 2099;

/// Whether a zone's clocks show UTC, and always have: its times are written with a `Z`.
pub(super) fn is_utc(tz: Tz) -> bool {
    clock_changes(tz).is_empty() && Observance::at(tz, 0).offset == 0
}

/// What the clocks of a zone do from some change on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Observance {
    /// Seconds east of UTC.
    offset: i64,
    summer: bool,
    name: String,
}

impl Observance {
    fn at(tz: Tz, instant: i64) -> Self {
        let offset = tz.offset_from_utc_datetime(&naive(instant));
        let (base, summer) = (offset.base_utc_offset(), offset.dst_offset());
        Self {
            offset: (base + summer).num_seconds(),
            summer: summer > chrono::TimeDelta::zero(),
            name: offset.abbreviation().unwrap_or_default().to_owned(),
        }
    }
}

/// All changes of one kind, by what the clocks showed when they came.
struct Kind {
    before: i64,
    after: Observance,
    onsets: Vec<NaiveDateTime>,
}

/// Writes how the clocks of `tz` go from the instant `from` to `to`, and, where they change by one rule every year, ever after.
pub(super) fn write(lines: &mut Lines, tz: Tz, from: Timestamp, to: Timestamp) {
    let (from, to) = (from.as_micros().div_euclid(1_000_000), to.as_micros().div_euclid(1_000_000));
    lines.raw("BEGIN", "VTIMEZONE");
    lines.raw("TZID", tz.name());
    for kind in kinds(tz, from) {
        kind.write(lines, to);
    }
    lines.raw("END", "VTIMEZONE");
}

/// The changes that matter from `from` on, the one before it included.
fn kinds(tz: Tz, from: i64) -> Vec<Kind> {
    let changes = clock_changes(tz);
    let later = changes.partition_point(|change| change.at <= from);
    let mut kinds = Vec::new();
    match later.checked_sub(1).and_then(|in_force| changes.get(in_force)) {
        Some(in_force) => note(&mut kinds, tz, *in_force),
        None => {
            let after = Observance::at(tz, from);
            let ever = NaiveDate::from_ymd_opt(naive(from).year() - 1, 1, 1).unwrap_or_default();
            kinds.push(Kind { before: after.offset, after, onsets: vec![ever.and_time(NaiveTime::MIN)] });
        }
    }
    for change in &changes[later..] {
        note(&mut kinds, tz, *change);
    }
    kinds
}

fn note(kinds: &mut Vec<Kind>, tz: Tz, change: Change) {
    let after = Observance::at(tz, change.at);
    let onset = naive(change.at + change.before);
    match kinds.iter_mut().find(|kind| kind.before == change.before && kind.after == after) {
        Some(kind) => kind.onsets.push(onset),
        None => kinds.push(Kind { before: change.before, after, onsets: vec![onset] }),
    }
}

impl Kind {
    fn write(&self, lines: &mut Lines, to: i64) {
        let Some((first, rest)) = self.onsets.split_first() else { return };
        let begun = |onset: &NaiveDateTime| onset.and_utc().timestamp() - self.before <= to;
        let rule = self.yearly();
        if rule.is_none() && !begun(first) {
            return;
        }
        let component = if self.after.summer { "DAYLIGHT" } else { "STANDARD" };
        lines.raw("BEGIN", component);
        lines.raw("DTSTART", &local(*first));
        match rule {
            Some(rule) => lines.raw("RRULE", &rule),
            None => {
                for onset in rest.iter().filter(|onset| begun(onset)) {
                    lines.raw("RDATE", &local(*onset));
                }
            }
        }
        lines.raw("TZOFFSETFROM", &offset(self.before));
        lines.raw("TZOFFSETTO", &offset(self.after.offset));
        if !self.after.name.is_empty() {
            lines.raw("TZNAME", &self.after.name);
        }
        lines.raw("END", component);
    }

    /// The rule by which it comes, if it comes every year on the same weekday of the same month at the same time.
    fn yearly(&self) -> Option<String> {
        let (first, last) = (self.onsets.first()?, self.onsets.last()?);
        let years = self.onsets.windows(2).all(|pair| pair[1].year() == pair[0].year() + 1);
        let same = |a: &NaiveDateTime| {
            (a.month(), a.weekday(), a.time()) == (first.month(), first.weekday(), first.time())
        };
        if !years || last.year() < LAST_YEAR || !self.onsets.iter().all(same) {
            return None;
        }
        let week = |onset: &NaiveDateTime| (onset.day() - 1) / 7;
        let nth = if self.onsets.iter().all(|onset| onset.day() + 7 > days_of_month(onset.date())) {
            "-1".to_owned()
        } else if self.onsets.iter().all(|onset| week(onset) == week(first)) {
            (week(first) + 1).to_string()
        } else {
            return None;
        };
        Some(format!("FREQ=YEARLY;BYMONTH={};BYDAY={nth}{}", first.month(), code(first.weekday())))
    }
}

fn days_of_month(date: NaiveDate) -> u32 {
    u32::from(date.num_days_in_month())
}

const fn code(weekday: Weekday) -> &'static str {
    ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][weekday.num_days_from_monday() as usize]
}

/// `+0100`; with seconds, where there are any, as in the days of local mean time.
fn offset(seconds: i64) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let (minutes, rest) = (seconds.abs() / 60, seconds.abs() % 60);
    let text = format!("{sign}{:02}{:02}", minutes / 60, minutes % 60);
    if rest == 0 { text } else { format!("{text}{rest:02}") }
}

fn naive(seconds: i64) -> NaiveDateTime {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().naive_utc()
}

#[cfg(test)]
mod tests {
    use chrono_tz::TZ_VARIANTS;

    use super::*;

    fn written(tz: Tz, from: &str, to: &str) -> String {
        let mut lines = Lines::default();
        write(&mut lines, tz, from.parse().unwrap(), to.parse().unwrap());
        lines.finish().replace("\r\n", "\n")
    }

    #[test]
    fn changes_of_every_year_are_rules() {
        assert_eq!(
            written(Tz::Europe__Berlin, "2027-03-04T17:30:00Z", "2027-03-04T19:30:00Z"),
            "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\n\
             BEGIN:STANDARD\nDTSTART:20261025T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nTZNAME:CET\nEND:STANDARD\n\
             BEGIN:DAYLIGHT\nDTSTART:20270328T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nTZNAME:CEST\nEND:DAYLIGHT\n\
             END:VTIMEZONE\n"
        );
        let year = written(Tz::America__New_York, "2027-03-04T17:30:00Z", "2028-03-04T19:30:00Z");
        assert!(year.contains("BEGIN:DAYLIGHT\nDTSTART:20270314T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\nTZOFFSETFROM:-0500\n"), "{year}");
        assert!(year.contains("DTSTART:20261101T020000\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\n"), "{year}");
    }

    #[test]
    fn others_are_dates() {
        let casablanca = written(Tz::Africa__Casablanca, "2027-01-01T00:00:00Z", "2028-12-31T00:00:00Z");
        assert!(!casablanca.contains("RRULE") && casablanca.contains("RDATE:2028"), "{casablanca}");
        assert!(!casablanca.contains("RDATE:2029"), "{casablanca}");
        let tokyo = written(Tz::Asia__Tokyo, "2027-01-01T00:00:00Z", "2028-12-31T00:00:00Z");
        assert!(tokyo.contains("BEGIN:STANDARD\nDTSTART:1951"), "{tokyo}");
        let fixed = written(Tz::Etc__GMTPlus5, "2027-01-01T00:00:00Z", "2028-12-31T00:00:00Z");
        assert!(fixed.contains("DTSTART:20260101T000000\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0500\n"), "{fixed}");
    }

    #[test]
    fn utc_needs_none() {
        assert!(is_utc(Tz::UTC) && is_utc(Tz::Etc__UTC) && is_utc(Tz::Zulu));
        assert!(!is_utc(Tz::Europe__London) && !is_utc(Tz::Africa__Abidjan) && !is_utc(Tz::Etc__GMTPlus1));
    }

    impl Kind {
        fn instants(&self) -> impl Iterator<Item = i64> {
            self.onsets.iter().map(|onset| onset.and_utc().timestamp() - self.before)
        }
    }

    /// What a reader makes of the zone: the offset in force at an instant, by the onsets that the file names.
    fn read(kinds: &[Kind], instant: i64) -> i64 {
        let onsets = kinds.iter().flat_map(|kind| kind.instants().map(move |at| (at, kind)));
        onsets.filter(|(at, _)| *at <= instant).max_by_key(|(at, _)| *at).unwrap().1.after.offset
    }

    #[test]
    fn every_zone_is_right_in_the_years_covered() {
        let from = "2026-06-15T00:00:00Z".parse::<Timestamp>().unwrap().as_micros() / 1_000_000;
        for tz in TZ_VARIANTS {
            let kinds = kinds(tz, from);
            let to = from + 4 * 366 * 86_400;
            let onsets = kinds.iter().flat_map(Kind::instants).filter(|at| (from..to).contains(at));
            for at in onsets.flat_map(|at| [at - 1, at]).chain((from..to).step_by(10 * 86_400)) {
                assert_eq!(read(&kinds, at), Observance::at(tz, at).offset, "{tz} {at}");
            }
        }
    }
}
