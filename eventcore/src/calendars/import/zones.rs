//! The time zones of a file: IANA names, names of Windows and of other programs, and the file's own
//! definitions.
//!
//! Names of Windows are mapped by `calcard`, after CLDR's `windowsZones`. A definition (VTIMEZONE) counts
//! only for names that say nothing: a program that defines `Europe/Berlin` by last year's rules still means
//! Berlin. `definition` finds the zone that a definition means.

use std::collections::{HashMap, HashSet};

use calcard::common::timezone::Tz as NamedZone;
use chrono_tz::{TZ_VARIANTS, Tz};

use super::content::{RawCalendar, RawComponent};
use super::definition::{self, Periods};
use crate::time::Timestamp;

/// The greatest number of definitions of a file that are compared with all zones. One with many parts counts
/// as several.
const MAX_COMPARED: usize = 50;

/// Finds the zones of a calendar by their TZID.
pub(super) struct Zones<'c> {
    /// The zone of floating times and dates.
    pub(super) default: Tz,
    /// Whether the calendar or the caller names that zone, so that single events in UTC can have it.
    pub(super) is_named: bool,
    definitions: HashMap<String, &'c RawComponent>,
    known: HashMap<String, Option<Tz>>,
    /// The names whose zones have other offsets around their clock changes.
    approximate: HashSet<String>,
    compared: usize,
    periods: Periods,
}

impl<'c> Zones<'c> {
    /// The zones of a calendar. `named` is the zone that the caller or the calendar names, `own` that of the
    /// user.
    pub(super) fn new(calendar: &'c RawCalendar, named: Option<Tz>, own: Tz, now: Timestamp) -> Self {
        let with_id = calendar.zones.iter().filter_map(|zone| {
            let id = zone.lines.iter().find(|line| line.name == "TZID")?;
            // A text, in which commas are escaped.
            Some((value_of(&id.text).replace("\\,", ",").replace("\\;", ";"), zone))
        });
        Self {
            default: named.unwrap_or(own),
            is_named: named.is_some(),
            definitions: with_id.collect(),
            known: HashMap::new(),
            approximate: HashSet::new(),
            compared: 0,
            periods: Periods::new(&calendar.components, now),
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

    /// Whether the calendar defines a zone.
    pub(super) fn defines(&self, id: &str) -> bool {
        self.definitions.contains_key(id.trim())
    }

    /// Whether the zone that was found for a TZID changes its offset at other hours than its definition.
    pub(super) fn is_approximate(&self, id: &str) -> bool {
        self.approximate.contains(id)
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
        self.compared += 1 + definition.parts.len() / 100;
        if self.compared > MAX_COMPARED {
            return by_name;
        }
        let first: Vec<Tz> = by_name.into_iter().chain([self.default]).collect();
        let found = definition::zone(definition, &first, self.periods);
        if found.is_some_and(|(_, is_exact)| !is_exact) {
            self.approximate.insert(id.to_owned());
        }
        found.map(|(tz, _)| tz).or(by_name)
    }
}

/// The value of a content line, whose name has no parameters with colons.
fn value_of(line: &str) -> &str {
    line.split_once(':').map_or("", |(_, value)| value).trim()
}

fn named(name: &str) -> Option<Tz> {
    TZ_VARIANTS.iter().copied().find(|tz| tz.name().eq_ignore_ascii_case(name))
}

/// The zone that a name means, and whether it is more than an offset.
pub(super) fn by_name(id: &str) -> Option<(Tz, bool)> {
    let id = id.trim().trim_matches('"');
    // Mulberry and Oracle write US-Eastern.
    if let Some(tz) = id.parse().ok().or_else(|| named(id)).or_else(|| named(&id.replacen('-', "/", 1))) {
        return Some((tz, true));
    }
    // The names of a path: /freeassociation.sourceforge.net/Europe/Berlin, tzone://Microsoft/Utc.
    let segments: Vec<&str> = id.split('/').collect();
    for count in [3, 2, 1] {
        let Some(first) = segments.len().checked_sub(count).filter(|first| *first > 0) else { continue };
        if let Some(tz) = named(&segments[first..].join("/")) {
            return Some((tz, true));
        }
    }
    match id.parse() {
        Ok(NamedZone::Tz(tz)) => {
            let is_offset = id.starts_with('(') && tz.name().starts_with("Etc/GMT");
            Some((tz, !is_offset))
        }
        Ok(NamedZone::Fixed(_) | NamedZone::Floating) | Err(()) => by_offset(id).or_else(|| by_cities(id)),
    }
}

/// A zone without clock changes that Exchange calls `UTC+01` or `UTC-03:00`.
fn by_offset(id: &str) -> Option<(Tz, bool)> {
    let (sign, hours) = id.strip_prefix("UTC")?.split_at_checked(1)?;
    // In names of IANA, west is positive.
    let sign = match sign {
        "+" => '-',
        "-" => '+',
        _ => return None,
    };
    let hours: u8 = hours.strip_suffix(":00").unwrap_or(hours).parse().ok()?;
    Some((named(&format!("Etc/GMT{sign}{hours}"))?, false))
}

/// The zone of the first known city of a list such as `Amsterdam, Belgrade, Berlin`.
fn by_cities(id: &str) -> Option<(Tz, bool)> {
    let zone = |city: &str| {
        let ending = format!("/{}", city.trim().replace(' ', "_"));
        TZ_VARIANTS.iter().copied().find(|tz| tz.name().ends_with(&ending))
    };
    let mut cities = id.split(',').filter(|city| !city.trim().is_empty());
    if id.contains(',') { cities.find_map(zone).map(|tz| (tz, false)) } else { None }
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

#[cfg(test)]
mod tests {
    use super::super::content;
    use super::*;
    use crate::time::zone_of;

    fn found(definition: &str, id: &str) -> Option<&'static str> {
        let file = format!("BEGIN:VCALENDAR\n{definition}END:VCALENDAR\n");
        let calendars = content::read(file.as_bytes()).unwrap();
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        Zones::new(&calendars[0], None, Tz::UTC, now).find(id).map(Tz::name)
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
            ("US-Eastern", Some("US/Eastern")),
            ("UTC+01", Some("Etc/GMT-1")),
            ("UTC-03:00", Some("Etc/GMT+3")),
            ("UTC+05:30", None),
            ("UTC+99", None),
            ("Amsterdam, Belgrade, Berlin, Brussels, Budapest", Some("Europe/Amsterdam")),
            ("Shire, New York", Some("America/New_York")),
            ("Berlin", None),
            (",", None),
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
            let offsets = |tz: Tz| {
                (0..48).map(|n| zone_of(tz).offset_at(1_790_000_000 + n * 8 * 86_400)).collect::<Vec<_>>()
            };
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
        let by_date = fixed.replace("DTSTART:19700101T000000", "DTSTART;VALUE=DATE:19700101");
        assert_eq!(found(&by_date, "x"), Some("Asia/Kolkata"));
        let with_comma = fixed.replace("TZID:x", "TZID:Chennai\\, Mumbai");
        assert_eq!(found(&with_comma, "Chennai, Mumbai"), Some("Asia/Kolkata"));
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
