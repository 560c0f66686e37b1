//! The zone that a definition (VTIMEZONE) means: one with its offsets.
//!
//! That is a zone that has them around now and around the times of the file, else around the latter, else on
//! the days of the file, else around now. A zone counts, too, whose clocks change within a day of those of
//! the definition, except on the days of the file: some programs define changes at a wrong hour.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::content::{ContentLine, RawComponent};
use crate::recurrence::{DateValue, Recurrence, Rule, Series, SeriesStart};
use crate::time::{Timestamp, zone_of};

const DAY: i64 = 86_400;
/// How far before and after now a definition is compared with zones, in days.
const COMPARED: (i64, i64) = (400, 3 * 366);
/// The greatest number of days of the times of a file that are compared with the zones.
const MAX_DAYS: i64 = 10 * 366;
/// Zones that are preferred to others with the same offsets.
const PREFERRED: [Tz; 24] = [
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::Europe__London,
    Tz::Europe__Athens,
    Tz::Europe__Istanbul,
    Tz::America__New_York,
    Tz::America__Chicago,
    Tz::America__Denver,
    Tz::America__Phoenix,
    Tz::America__Los_Angeles,
    Tz::America__Halifax,
    Tz::America__Sao_Paulo,
    Tz::America__Argentina__Buenos_Aires,
    Tz::America__Bogota,
    Tz::Africa__Lagos,
    Tz::Africa__Johannesburg,
    Tz::Africa__Nairobi,
    Tz::Asia__Dubai,
    Tz::Asia__Kolkata,
    Tz::Asia__Bangkok,
    Tz::Asia__Shanghai,
    Tz::Asia__Tokyo,
    Tz::Australia__Sydney,
    Tz::Pacific__Auckland,
];

/// From when to when, in seconds.
type FromTo = (i64, i64);

/// Where the definitions of a file are compared with zones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Periods {
    now: FromTo,
    /// From half a year before the first start to half a year after the last, or a year if something recurs.
    file: FromTo,
    /// From the first start to the last, unless something recurs.
    days: Option<FromTo>,
}

impl Periods {
    pub(super) fn new(components: &[RawComponent], now: Timestamp) -> Self {
        let now = now.as_micros().div_euclid(1_000_000);
        let lines = || components.iter().flat_map(|component| &component.lines);
        let starts = lines().filter(|line| line.name == "DTSTART").filter_map(|line| {
            let date = NaiveDate::parse_from_str(line.plain_value().get(..8)?, "%Y%m%d").ok()?;
            Some(date.and_time(NaiveTime::MIN).and_utc().timestamp())
        });
        let starts: Vec<i64> = starts.collect();
        let first = starts.iter().copied().min().unwrap_or(now);
        let last = starts.iter().copied().max().unwrap_or(now).min(first + MAX_DAYS * DAY);
        let recurs = lines().any(|line| matches!(line.name.as_str(), "RRULE" | "RDATE"));
        Self {
            now: (now - COMPARED.0 * DAY, now + COMPARED.1 * DAY),
            file: (first - 183 * DAY, last + if recurs { 366 * DAY } else { 183 * DAY }),
            days: (!recurs).then_some((first - DAY, last + 2 * DAY)),
        }
    }
}

/// The zone that a definition means, rather one of `first`, and whether it has the same offsets at any hour.
pub(super) fn zone(definition: &RawComponent, first: &[Tz], periods: Periods) -> Option<(Tz, bool)> {
    let expanded = |period| Expanded::new(definition, period);
    let (now, file) = (expanded(periods.now), expanded(periods.file));
    let with = |expanded: &[&Expanded], slack| {
        let probes: Vec<OffsetAt> = expanded.iter().flat_map(|one| one.probes(slack)).collect();
        Some((zone_with(&probes, first)?, slack == 0))
    };
    let nearly = |expanded: &[&Expanded]| with(expanded, 0).or_else(|| with(expanded, DAY));
    nearly(&[&now, &file])
        .or_else(|| nearly(&[&file]))
        .or_else(|| with(&[&expanded(periods.days?)], 0))
        .or_else(|| nearly(&[&now]))
}

/// A change of the offset: when, and the offsets before and after, in seconds.
type OffsetChange = (i64, i64, i64);

/// The clock changes of a definition in a period.
struct Expanded {
    period: FromTo,
    /// In order. There are earlier ones, too: the last of them is in force where the period begins.
    changes: Vec<OffsetChange>,
}

/// An instant, and the offset that a definition has then, in seconds.
type OffsetAt = (i64, i64);

impl Expanded {
    fn new<'d>(definition: &'d RawComponent, period: FromTo) -> Self {
        let (from, to) = period;
        let endless = |part: &'d RawComponent| Some((part.kind.as_str(), endless_from(part)?));
        let mut begins: Vec<(&str, i64)> = definition.parts.iter().filter_map(endless).collect();
        begins.sort_unstable();
        let of_part = |part: &RawComponent| {
            let end = replaced_at(part, &begins);
            let changes = changes_of(part, from - 2 * 366 * DAY, to).unwrap_or_default();
            changes.into_iter().filter(move |(at, ..)| end.is_none_or(|end| *at < end))
        };
        let mut changes: Vec<OffsetChange> = definition.parts.iter().flat_map(of_part).collect();
        changes.sort_unstable();
        Self { period, changes }
    }

    /// Instants that tell zones apart: before and after each change, and every two weeks from the first
    /// change on, but none within `slack` seconds of a change.
    fn probes(&self, slack: i64) -> Vec<OffsetAt> {
        let Some((begin, oldest, _)) = self.changes.first() else { return Vec::new() };
        let (from, to) = self.period;
        let next = |at: i64| self.changes.partition_point(|(change, ..)| *change <= at);
        let offset_at = |at: i64| {
            let last = next(at).checked_sub(1).and_then(|last| self.changes.get(last));
            last.map_or(*oldest, |(.., after)| *after)
        };
        let within = self.changes.iter().filter(|(at, ..)| (from..to).contains(at));
        let around = within.flat_map(|(at, ..)| [at - 1 - slack, at + slack]);
        let steps = (0..).map(|step| from + step * 14 * DAY).take_while(|at| *at < to);
        let apart =
            steps.filter(|at| at >= begin && (slack == 0 || next(at - slack - 1) == next(at + slack)));
        around.chain(apart).map(|at| (at, offset_at(at))).collect()
    }
}

/// A zone with these offsets, rather one of `first`. There is none without probes.
fn zone_with(probes: &[OffsetAt], first: &[Tz]) -> Option<Tz> {
    let matches = |tz: &Tz| probes.iter().all(|(at, offset)| offset_of(*tz, *at) == *offset);
    let mut candidates = first.iter().chain(&PREFERRED).chain(&TZ_VARIANTS).copied();
    if probes.is_empty() { None } else { candidates.find(matches) }
}

fn offset_of(tz: Tz, at: i64) -> i64 {
    zone_of(tz).offset_at(at)
}

/// When the rule of a later part of the same kind begins, of the beginnings of all. Exchange does not end the
/// earlier rule then.
fn replaced_at(part: &RawComponent, begins: &[(&str, i64)]) -> Option<i64> {
    let own = (part.kind.as_str(), endless_from(part)?);
    let (kind, begin) = *begins.get(begins.partition_point(|other| *other <= own))?;
    (kind == part.kind).then_some(begin)
}

/// When a rule without an end begins, as if its times were in UTC.
fn endless_from(part: &RawComponent) -> Option<i64> {
    let rule = part.lines.iter().find(|line| line.name == "RRULE")?.plain_value().to_ascii_uppercase();
    let ends = rule.contains("UNTIL") || rule.contains("COUNT");
    (!ends).then(|| onset(part)).flatten().map(|first| first.and_utc().timestamp())
}

/// DTSTART of a part.
fn onset(part: &RawComponent) -> Option<NaiveDateTime> {
    let line = part.lines.iter().find(|line| line.name == "DTSTART")?;
    match DateValue::from_basic(line.plain_value())? {
        DateValue::Local(first) => Some(first),
        DateValue::Date(first) => Some(first.and_time(NaiveTime::MIN)),
        DateValue::Utc(_) => None,
    }
}

/// The changes of one observance (RFC 5545, 3.6.5): the first, and those from `from` to `to`.
fn changes_of(part: &RawComponent, from: i64, to: i64) -> Option<Vec<OffsetChange>> {
    let value = |name: &str| part.lines.iter().find(|line| line.name == name).map(ContentLine::plain_value);
    let (before, after) = (offset(value("TZOFFSETFROM")?)?, offset(value("TZOFFSETTO")?)?);
    let first = onset(part)?;
    let rrule: Option<Rule> = value("RRULE").map(str::parse).transpose().ok()?;
    let rdates = part.lines.iter().filter(|line| line.name == "RDATE");
    let rdate: Vec<DateValue> =
        rdates.flat_map(|line| line.plain_value().split(',')).filter_map(DateValue::from_basic).collect();
    // Onsets are local times by the offset before. Read as times in UTC, they need no zone.
    let series =
        Series::new(SeriesStart::at(first, Tz::UTC), Recurrence { rrule, rdate, exdate: Vec::new() });
    let at = |local: NaiveDateTime| (local.and_utc().timestamp() - before, before, after);
    let mut changes = vec![at(first)];
    let edge = |seconds: i64| Timestamp::from_micros(seconds.saturating_mul(1_000_000));
    if let Ok(series) = series {
        let instances = series.between(edge(from), edge(to)).take(200).map_while(Result::ok);
        changes.extend(instances.map(|instance| at(instance.local())));
    }
    Some(changes)
}

/// An offset such as `+0100`, in seconds.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let part = |from: usize| digits.get(from..from + 2).and_then(|part| part.parse::<i64>().ok());
    Some(sign * (part(0)? * 3_600 + part(2)? * 60 + part(4).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::super::content;
    use super::super::zones::Zones;
    use super::*;

    /// A definition by the rules of some years, in a file with these starts.
    fn defined(standard: &str, daylight: &str, starts: &str) -> (Option<&'static str>, bool) {
        let mut file = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:x\n".to_owned();
        for (kind, eras) in [("STANDARD", standard), ("DAYLIGHT", daylight)] {
            for lines in eras.split("\n\n") {
                file.extend(["BEGIN:", kind, "\n", lines, "\nEND:", kind, "\n"]);
            }
        }
        file += "END:VTIMEZONE\n";
        for start in starts.split(' ') {
            file.extend(["BEGIN:VEVENT\nDTSTART;TZID=x:", start, "T120000\nEND:VEVENT\n"]);
        }
        file += "END:VCALENDAR\n";
        let calendars = content::read(file.as_bytes()).unwrap();
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        let mut zones = Zones::new(&calendars[0], None, Tz::UTC, now);
        (zones.find("x").map(Tz::name), zones.is_approximate("x"))
    }

    #[test]
    fn a_definition_of_earlier_years_is_found_by_the_times_of_the_file() {
        // The rules of the United States until 2006.
        let standard = "DTSTART:20001029T020000\nTZOFFSETFROM:-0400\nTZOFFSETTO:-0500\n\
                        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10";
        let daylight = "DTSTART:20000402T020000\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\n\
                        RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4";
        let new_york = (Some("America/New_York"), false);
        assert_eq!(defined(standard, daylight, "20050103 20060704"), new_york);
        // That day is right.
        assert_eq!(defined(standard, daylight, "20270103"), new_york);
        // Two changes only: Tunis has no summer time after them, but Berlin has.
        let standard = "DTSTART:20081026T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100";
        let daylight = "DTSTART:20080330T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200";
        assert_eq!(defined(standard, daylight, "20080201 20080701"), (Some("Africa/Tunis"), false));
    }

    #[test]
    fn a_definition_may_have_its_changes_at_other_hours() {
        // GroupWise: in standard time.
        let standard = "DTSTART:20001025T020000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n\
                        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10";
        let daylight = "DTSTART:20000329T010000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n\
                        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3";
        for starts in ["20270701", "20250701"] {
            assert_eq!(defined(standard, daylight, starts), (Some("Europe/Berlin"), true), "{starts}");
        }
        let other_weeks = standard.replace("-1SU", "1SU");
        assert_eq!(defined(&other_weeks, daylight, "20270701"), (Some("Europe/Berlin"), false));
        assert_eq!(defined(&other_weeks, daylight, "20270701 20271015"), (None, false));
    }

    #[test]
    fn a_later_rule_of_a_definition_replaces_an_earlier_one() {
        let standard = "DTSTART:19711031T020000\nTZOFFSETFROM:-0400\nTZOFFSETTO:-0500\n\
                        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\n\n\
                        DTSTART:20071104T020000\nTZOFFSETFROM:-0400\nTZOFFSETTO:-0500\n\
                        RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11";
        let daylight = "DTSTART:19710404T020000\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\n\
                        RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4\n\n\
                        DTSTART:20070311T020000\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\n\
                        RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3";
        assert_eq!(defined(standard, daylight, "20250610 20271101"), (Some("America/New_York"), false));
    }
}
