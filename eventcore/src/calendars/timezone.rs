//! `VTIMEZONE` (RFC 5545, 3.6.5): the offsets of a zone in the period of a file, from the tz database.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Weekday};
use chrono_tz::Tz;

use super::content_lines::{ContentLines, format_local};
use crate::time::{ClockChange, LocalOffset, Timestamp, Zone, zone_of};

/// A yearly change that lasts until this year is written as an infinite rule: later changes of zones are
/// not looked at.
const LAST_YEAR: i32 = 2099;

/// Whether the zone has always been UTC: its times are written with a `Z`.
pub(super) fn is_utc(tz: Tz) -> bool {
    let zone = zone_of(tz);
    zone.changes().is_empty() && zone.offset_at(0) == 0
}

/// An observance (RFC 5545, 3.6.5): all changes from one offset to another.
struct Observance {
    /// The offset before the change, in seconds east of UTC.
    before: i64,
    after: LocalOffset,
    /// The local times of the changes, by the offset before.
    onsets: Vec<NaiveDateTime>,
}

/// Writes the offsets of `tz` from `from` to `to`. Changes that follow a yearly rule are written without an
/// end.
pub(super) fn write(lines: &mut ContentLines, tz: Tz, from: Timestamp, to: Timestamp) {
    let (from, to) = (from.as_micros().div_euclid(1_000_000), to.as_micros().div_euclid(1_000_000));
    lines.property("BEGIN", "VTIMEZONE");
    lines.property("TZID", tz.name());
    for observance in observances(zone_of(tz), from) {
        observance.write(lines, to);
    }
    lines.property("END", "VTIMEZONE");
}

/// The observances from the instant `from` on, in seconds, including the one in force at it.
fn observances(zone: &Zone, from: i64) -> Vec<Observance> {
    let mut observances = Vec::new();
    match zone.change_in_force(from) {
        Some(in_force) => add_onset(&mut observances, zone, in_force),
        None => {
            let after = zone.offset_after(None);
            let onset = NaiveDate::from_ymd_opt(naive(from).year() - 1, 1, 1).unwrap_or_default();
            observances.push(Observance {
                before: after.offset,
                after,
                onsets: vec![onset.and_time(NaiveTime::MIN)],
            });
        }
    }
    for change in zone.changes().iter().filter(|change| change.at > from) {
        add_onset(&mut observances, zone, *change);
    }
    observances
}

fn add_onset(observances: &mut Vec<Observance>, zone: &Zone, change: ClockChange) {
    let after = zone.offset_after(Some(change));
    let onset = naive(change.at + change.before);
    match observances
        .iter_mut()
        .find(|observance| observance.before == change.before && observance.after == after)
    {
        Some(observance) => observance.onsets.push(onset),
        None => observances.push(Observance { before: change.before, after, onsets: vec![onset] }),
    }
}

impl Observance {
    /// Writes one component with a rule, or one for each onset until `to`: not one with several RDATE, of
    /// which some programs read only those and not DTSTART.
    fn write(&self, lines: &mut ContentLines, to: i64) {
        let Some(first) = self.onsets.first() else { return };
        if let Some(rule) = self.yearly_rule() {
            self.write_component(lines, *first, Some(&rule));
            return;
        }
        let is_in_period = |onset: &&NaiveDateTime| onset.and_utc().timestamp() - self.before <= to;
        for onset in self.onsets.iter().filter(is_in_period) {
            self.write_component(lines, *onset, None);
        }
    }

    fn write_component(&self, lines: &mut ContentLines, onset: NaiveDateTime, rule: Option<&str>) {
        let component = if self.after.daylight { "DAYLIGHT" } else { "STANDARD" };
        lines.property("BEGIN", component);
        lines.property("DTSTART", &format_local(onset));
        if let Some(rule) = rule {
            lines.property("RRULE", rule);
        }
        lines.property("TZOFFSETFROM", &format_offset(self.before));
        lines.property("TZOFFSETTO", &format_offset(self.after.offset));
        if !self.after.name.is_empty() {
            lines.property("TZNAME", &self.after.name);
        }
        lines.property("END", component);
    }

    /// The rule of the onsets, if they are yearly on the same weekday of the same month at the same time.
    fn yearly_rule(&self) -> Option<String> {
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

/// `+0100`, with seconds if there are any, as in local mean time.
fn format_offset(seconds: i64) -> String {
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
        let mut lines = ContentLines::default();
        write(&mut lines, tz, from.parse().unwrap(), to.parse().unwrap());
        lines.finish().replace("\r\n", "\n")
    }

    #[test]
    fn yearly_changes_are_rules() {
        assert_eq!(
            written(Tz::Europe__Berlin, "2027-03-04T17:30:00Z", "2027-03-04T19:30:00Z"),
            "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\n\
             BEGIN:STANDARD\nDTSTART:20261025T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n\
             TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nTZNAME:CET\nEND:STANDARD\n\
             BEGIN:DAYLIGHT\nDTSTART:20270328T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n\
             TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nTZNAME:CEST\nEND:DAYLIGHT\n\
             END:VTIMEZONE\n"
        );
        let year = written(Tz::America__New_York, "2027-03-04T17:30:00Z", "2028-03-04T19:30:00Z");
        let daylight = "BEGIN:DAYLIGHT\nDTSTART:20270314T020000\n\
             RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\nTZOFFSETFROM:-0500\n";
        assert!(year.contains(daylight), "{year}");
        assert!(year.contains("DTSTART:20261101T020000\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\n"), "{year}");
    }

    #[test]
    fn irregular_changes_are_components_of_their_own() {
        let gaza = written(Tz::Asia__Gaza, "2027-01-01T00:00:00Z", "2028-12-31T00:00:00Z");
        assert!(!gaza.contains("RRULE") && !gaza.contains("RDATE"), "{gaza}");
        assert!(gaza.contains("DTSTART:2028") && !gaza.contains("DTSTART:2029"), "{gaza}");
        let tokyo = written(Tz::Asia__Tokyo, "2027-01-01T00:00:00Z", "2028-12-31T00:00:00Z");
        assert!(tokyo.contains("BEGIN:STANDARD\nDTSTART:1951"), "{tokyo}");
        let fixed = written(Tz::Etc__GMTPlus5, "2027-01-01T00:00:00Z", "2028-12-31T00:00:00Z");
        assert!(fixed.contains("DTSTART:20260101T000000\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0500\n"), "{fixed}");
    }

    #[test]
    fn utc_needs_no_vtimezone() {
        assert!(is_utc(Tz::UTC) && is_utc(Tz::Etc__UTC) && is_utc(Tz::Zulu));
        assert!(!is_utc(Tz::Europe__London) && !is_utc(Tz::Africa__Abidjan) && !is_utc(Tz::Etc__GMTPlus1));
    }

    impl Observance {
        fn instants(&self) -> impl Iterator<Item = i64> {
            self.onsets.iter().map(|onset| onset.and_utc().timestamp() - self.before)
        }
    }

    /// The offset at an instant by the onsets in the file.
    fn offset_by_file(observances: &[Observance], instant: i64) -> i64 {
        let onsets =
            observances.iter().flat_map(|observance| observance.instants().map(move |at| (at, observance)));
        onsets.filter(|(at, _)| *at <= instant).max_by_key(|(at, _)| *at).unwrap().1.after.offset
    }

    #[test]
    fn every_zone_has_the_right_offsets_in_the_period() {
        let from = "2026-06-15T00:00:00Z".parse::<Timestamp>().unwrap().as_micros() / 1_000_000;
        for tz in TZ_VARIANTS {
            let zone = zone_of(tz);
            let observances = observances(zone, from);
            let to = from + 4 * 366 * 86_400;
            let onsets =
                observances.iter().flat_map(Observance::instants).filter(|at| (from..to).contains(at));
            for at in onsets.flat_map(|at| [at - 1, at]).chain((from..to).step_by(10 * 86_400)) {
                assert_eq!(offset_by_file(&observances, at), zone.offset_at(at), "{tz} {at}");
            }
        }
    }
}
