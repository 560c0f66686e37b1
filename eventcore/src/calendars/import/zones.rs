//! The time zones of a file: IANA names, names of Windows and of other programs, and the file's own
//! definitions.
//!
//! Names of Windows are mapped by `calcard`, after CLDR's `windowsZones`. A definition (VTIMEZONE) counts
//! only for names that say nothing: a program that defines `Europe/Berlin` by last year's rules still means
//! Berlin.

use std::collections::HashMap;

use calcard::common::timezone::Tz as NamedZone;
use chrono::NaiveDateTime;
use chrono_tz::{TZ_VARIANTS, Tz};

use super::content::{ContentLine, RawComponent};
use crate::recurrence::{DateValue, Recurrence, Rule, Series, SeriesStart};
use crate::time::{Timestamp, zone_of};

const DAY: i64 = 86_400;
/// How far before and after now a definition is compared with the zones, in days.
const COMPARED: (i64, i64) = (400, 3 * 366);
/// The greatest number of definitions of a file that are compared with all zones.
const MAX_COMPARED: usize = 50;
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

/// Finds the zones of a calendar by their TZID.
pub(super) struct Zones<'c> {
    /// The zone of floating times and dates.
    pub(super) default: Tz,
    /// Whether the calendar or the caller names that zone, so that single events in UTC can have it.
    pub(super) is_named: bool,
    definitions: HashMap<String, &'c RawComponent>,
    known: HashMap<String, Option<Tz>>,
    compared: usize,
    now: Timestamp,
}

impl<'c> Zones<'c> {
    /// The zones of a calendar with these definitions. `named` is the zone that the caller or the calendar
    /// names, `own` that of the user.
    pub(super) fn new(definitions: &'c [RawComponent], named: Option<Tz>, own: Tz, now: Timestamp) -> Self {
        let with_id = definitions.iter().filter_map(|zone| {
            let id = zone.lines.iter().find(|line| line.name == "TZID")?;
            Some((value_of(&id.text).to_owned(), zone))
        });
        Self {
            default: named.unwrap_or(own),
            is_named: named.is_some(),
            definitions: with_id.collect(),
            known: HashMap::new(),
            compared: 0,
            now,
        }
    }

    /// The zone that a TZID means.
    pub(super) fn find(&mut self, id: &str) -> Option<Tz> {
        if let Some(known) = self.known.get(id) {
            return *known;
        }
        let found = self.search(id);
        self.known.insert(id.to_owned(), found);
        found
    }

    fn search(&mut self, id: &str) -> Option<Tz> {
        let definition = self.definitions.get(id.trim()).copied();
        let (by_name, is_exact) = match by_name(id) {
            Some((tz, is_exact)) => (Some(tz), is_exact),
            None => (None, false),
        };
        if is_exact {
            return by_name;
        }
        let Some(definition) = definition else { return by_name };
        if let Some(tz) = by_other_names(definition) {
            return Some(tz);
        }
        if self.compared >= MAX_COMPARED {
            return by_name;
        }
        self.compared += 1;
        by_offsets(definition, by_name.into_iter().chain([self.default]), self.now).or(by_name)
    }
}

/// The value of a content line, whose name has no parameters with colons.
fn value_of(line: &str) -> &str {
    line.split_once(':').map_or("", |(_, value)| value).trim()
}

/// The zone that a name means, and whether it is more than an offset.
pub(super) fn by_name(id: &str) -> Option<(Tz, bool)> {
    let id = id.trim().trim_matches('"');
    if let Ok(tz) = id.parse() {
        return Some((tz, true));
    }
    if let Some(tz) = TZ_VARIANTS.iter().find(|tz| tz.name().eq_ignore_ascii_case(id)) {
        return Some((*tz, true));
    }
    // The names of a path: /freeassociation.sourceforge.net/Europe/Berlin, tzone://Microsoft/Utc.
    let segments: Vec<&str> = id.split('/').collect();
    for count in [3, 2, 1] {
        let Some(first) = segments.len().checked_sub(count).filter(|first| *first > 0) else { continue };
        let tail = segments[first..].join("/");
        if let Some(tz) = TZ_VARIANTS.iter().find(|tz| tz.name().eq_ignore_ascii_case(&tail)) {
            return Some((*tz, true));
        }
    }
    match id.parse() {
        Ok(NamedZone::Tz(tz)) => {
            let is_offset = id.starts_with('(') && tz.name().starts_with("Etc/GMT");
            Some((tz, !is_offset))
        }
        Ok(NamedZone::Fixed(_) | NamedZone::Floating) | Err(()) => None,
    }
}

/// The zone that a definition names in other properties than its TZID.
fn by_other_names(definition: &RawComponent) -> Option<Tz> {
    let value =
        |name: &str| definition.lines.iter().find(|line| line.name == name).map(|line| value_of(&line.text));
    if let Some((tz, _)) = value("X-LIC-LOCATION").and_then(by_name) {
        return Some(tz);
    }
    match NamedZone::from_ms_cdo_zone_id(value("X-MICROSOFT-CDO-TZID")?)? {
        NamedZone::Tz(tz) => Some(tz),
        NamedZone::Fixed(_) | NamedZone::Floating => None,
    }
}

/// A change of the offset: when, and the offsets before and after, in seconds.
type OffsetChange = (i64, i64, i64);

/// A zone that has the offsets of a definition from a year ago until three years from now.
fn by_offsets(definition: &RawComponent, first: impl Iterator<Item = Tz>, now: Timestamp) -> Option<Tz> {
    let now = now.as_micros().div_euclid(1_000_000);
    let (from, to) = (now - COMPARED.0 * DAY, now + COMPARED.1 * DAY);
    // The last change before the period is needed, too.
    let expanded = |part| changes_of(part, from - 2 * 366 * DAY, to).unwrap_or_default();
    let mut changes: Vec<OffsetChange> = definition.parts.iter().flat_map(expanded).collect();
    changes.sort_unstable();
    let (_, oldest, _) = *changes.first()?;
    let offset_at = |at: i64| {
        let next = changes.partition_point(|(change, ..)| *change <= at);
        next.checked_sub(1).and_then(|last| changes.get(last)).map_or(oldest, |(.., after)| *after)
    };
    let around = changes.iter().filter(|(at, ..)| (from..to).contains(at)).flat_map(|(at, ..)| [at - 1, *at]);
    let steps = (0..).map(|step| from + step * 14 * DAY).take_while(|at| *at < to);
    let probes: Vec<(i64, i64)> = around.chain(steps).map(|at| (at, offset_at(at))).collect();
    let matches = |tz: &Tz| probes.iter().all(|(at, offset)| offset_of(*tz, *at) == *offset);
    let candidates = first.chain(PREFERRED).chain(TZ_VARIANTS.iter().copied());
    candidates.into_iter().find(matches)
}

fn offset_of(tz: Tz, at: i64) -> i64 {
    zone_of(tz).offset_at(at)
}

/// The changes of one observance (RFC 5545, 3.6.5): the first, and those from `from` to `to`.
fn changes_of(part: &RawComponent, from: i64, to: i64) -> Option<Vec<OffsetChange>> {
    let value = |name: &str| part.lines.iter().find(|line| line.name == name).map(ContentLine::plain_value);
    let (before, after) = (offset(value("TZOFFSETFROM")?)?, offset(value("TZOFFSETTO")?)?);
    let Some(DateValue::Local(first)) = DateValue::from_basic(value("DTSTART")?) else { return None };
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
    use super::*;

    fn found(definition: &str, id: &str) -> Option<&'static str> {
        let file = format!("BEGIN:VCALENDAR\n{definition}END:VCALENDAR\n");
        let calendars = content::read(file.as_bytes()).unwrap();
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        Zones::new(&calendars[0].zones, None, Tz::UTC, now).find(id).map(Tz::name)
    }

    #[test]
    fn names_of_many_programs_are_known() {
        for (id, name) in [
            ("Europe/Berlin", Some("Europe/Berlin")),
            ("europe/berlin", Some("Europe/Berlin")),
            ("\"Europe/Berlin\"", Some("Europe/Berlin")),
            ("/freeassociation.sourceforge.net/Europe/Berlin", Some("Europe/Berlin")),
            ("/softwarestudio.org/Olson_20011030_5/America/Chicago", Some("America/Chicago")),
            (
                "/mozilla.org/20070129_1/America/Argentina/Buenos_Aires",
                Some("America/Argentina/Buenos_Aires"),
            ),
            ("tzone://Microsoft/Utc", Some("UTC")),
            ("W. Europe Standard Time", Some("Europe/Berlin")),
            ("Eastern Standard Time", Some("America/New_York")),
            ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", Some("Europe/Berlin")),
            ("GMT", Some("GMT")),
            ("Middle Earth/Shire", None),
            ("", None),
        ] {
            assert_eq!(found("", id), name, "{id}");
        }
    }

    /// The zones that CLDR's windowsZones maps to the territory 001, of the regions that people import from.
    #[test]
    fn windows_names_are_those_of_cldr() {
        for (windows, iana) in [
            ("Dateline Standard Time", "Etc/GMT+12"),
            ("Hawaiian Standard Time", "Pacific/Honolulu"),
            ("Alaskan Standard Time", "America/Anchorage"),
            ("Pacific Standard Time", "America/Los_Angeles"),
            ("US Mountain Standard Time", "America/Phoenix"),
            ("Mountain Standard Time", "America/Denver"),
            ("Central Standard Time", "America/Chicago"),
            ("Central Standard Time (Mexico)", "America/Mexico_City"),
            ("Canada Central Standard Time", "America/Regina"),
            ("SA Pacific Standard Time", "America/Bogota"),
            ("Eastern Standard Time", "America/New_York"),
            ("Atlantic Standard Time", "America/Halifax"),
            ("Newfoundland Standard Time", "America/St_Johns"),
            ("E. South America Standard Time", "America/Sao_Paulo"),
            ("UTC", "UTC"),
            ("GMT Standard Time", "Europe/London"),
            ("Greenwich Standard Time", "Atlantic/Reykjavik"),
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("Central Europe Standard Time", "Europe/Budapest"),
            ("Romance Standard Time", "Europe/Paris"),
            ("Central European Standard Time", "Europe/Warsaw"),
            ("GTB Standard Time", "Europe/Bucharest"),
            ("FLE Standard Time", "Europe/Kiev"),
            ("Turkey Standard Time", "Europe/Istanbul"),
            ("Israel Standard Time", "Asia/Jerusalem"),
            ("South Africa Standard Time", "Africa/Johannesburg"),
            ("Russian Standard Time", "Europe/Moscow"),
            ("Arabian Standard Time", "Asia/Dubai"),
            ("India Standard Time", "Asia/Calcutta"),
            ("SE Asia Standard Time", "Asia/Bangkok"),
            ("China Standard Time", "Asia/Shanghai"),
            ("Singapore Standard Time", "Asia/Singapore"),
            ("Tokyo Standard Time", "Asia/Tokyo"),
            ("AUS Eastern Standard Time", "Australia/Sydney"),
            ("E. Australia Standard Time", "Australia/Brisbane"),
            ("New Zealand Standard Time", "Pacific/Auckland"),
        ] {
            let found = by_name(windows).map(|(tz, _)| tz);
            let meant: Tz = iana.parse().unwrap();
            // Links are as good as the zones that they name.
            let offsets =
                |tz: Tz| (0..48).map(|n| offset_of(tz, 1_790_000_000 + n * 8 * DAY)).collect::<Vec<_>>();
            assert_eq!(found.map(offsets), Some(offsets(meant)), "{windows} {found:?}");
        }
    }

    const OUTLOOK: &str = "BEGIN:VTIMEZONE\nTZID:Customized Time Zone\nBEGIN:STANDARD\n\
        DTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n\
        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\n\
        TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\n\
        END:VTIMEZONE\n";

    #[test]
    fn a_definition_is_found_by_its_offsets() {
        assert_eq!(found(OUTLOOK, "Customized Time Zone"), Some("Europe/Berlin"));
        assert_eq!(found(OUTLOOK, "Another Time Zone"), None);
        let fixed = "BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:19700101T000000\n\
                     TZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD\nEND:VTIMEZONE\n";
        assert_eq!(found(fixed, "x"), Some("Asia/Kolkata"));
        let nowhere = fixed.replace("0530", "0517");
        assert_eq!(found(&nowhere, "x"), None);
    }

    #[test]
    fn other_names_of_a_definition_come_before_its_offsets() {
        let named = OUTLOOK.replace("BEGIN:STANDARD", "X-LIC-LOCATION:Europe/Vienna\nBEGIN:STANDARD");
        assert_eq!(found(&named, "Customized Time Zone"), Some("Europe/Vienna"));
        let cdo = OUTLOOK.replace("BEGIN:STANDARD", "X-MICROSOFT-CDO-TZID:6\nBEGIN:STANDARD");
        assert_eq!(found(&cdo, "Customized Time Zone"), Some("Europe/Prague"));
    }
}
