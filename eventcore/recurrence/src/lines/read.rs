//! `FromStr` of a series.

use std::str::FromStr;

use chrono_tz::Tz;

use super::content_line::{ContentLine, content_lines, invalid_line};
use crate::date_value::DateValue;
use crate::definition::Recurrence;
use crate::error::{RuleError, RuleResult};
use crate::rule::Rule;
use crate::series::Series;
use crate::start::SeriesStart;
use crate::time::resolve_leniently;

impl FromStr for Series {
    type Err = RuleError;

    /// Reads DTSTART, RRULE, RDATE and EXDATE in any order, as lines of a calendar file (RFC 5545). Lines may
    /// be folded, and end with or without a carriage return.
    ///
    /// DTSTART has a zone (`TZID`), is in UTC (`Z`), or is [floating](SeriesStart::floating). A date makes a
    /// series of whole days, which has no time zone unless `TZID` names one. RDATE and EXDATE may be in other
    /// zones.
    ///
    /// # Errors
    /// `invalid_line` for other lines, two starts, or none; `unknown_zone`; `invalid_date`; `unsupported` for
    /// EXRULE, several RRULEs and `VALUE=PERIOD`; the errors of [`Rule`] and [`Series::new`].
    ///
    /// ```
    /// use eventcore_recurrence::Series;
    ///
    /// let text = "DTSTART;TZID=Europe/Berlin:20270325T183000\n\
    ///             RRULE:FREQ=WEEKLY;COUNT=4\n\
    ///             EXDATE;TZID=Europe/Berlin:20270401T183000";
    /// let series: Series = text.parse()?;
    /// assert_eq!(series.all(100)?.len(), 3);
    /// assert_eq!(series.to_string(), text);
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    fn from_str(text: &str) -> RuleResult<Self> {
        let mut lines = Lines::default();
        for line in content_lines(text)? {
            lines.add(&line)?;
        }
        let start = lines.start.ok_or_else(|| invalid_line("DTSTART is missing"))?;
        let rdate = in_zone_of("rdate", lines.rdate, start)?;
        let exdate = in_zone_of("exdate", lines.exdate, start)?;
        Self::new(start, Recurrence { rrule: lines.rule, rdate, exdate })
    }
}

/// What the lines say so far.
#[derive(Debug, Default)]
struct Lines {
    start: Option<SeriesStart>,
    rule: Option<Rule>,
    /// With the zone of their line.
    rdate: Vec<(DateValue, Option<Tz>)>,
    exdate: Vec<(DateValue, Option<Tz>)>,
}

impl Lines {
    fn add(&mut self, line: &ContentLine) -> RuleResult<()> {
        match line.name.as_str() {
            "DTSTART" if self.start.is_some() => Err(invalid_line("DTSTART must not be repeated")),
            "DTSTART" => {
                self.start = Some(start(line)?);
                Ok(())
            }
            "RRULE" if self.rule.is_some() => Err(unsupported("/rrule", "several RRULEs are not supported")),
            "RRULE" => {
                self.rule = Some(line.value.parse()?);
                Ok(())
            }
            "RDATE" => add_dates(line, "/rdate", &mut self.rdate),
            "EXDATE" => add_dates(line, "/exdate", &mut self.exdate),
            "EXRULE" => Err(unsupported("/rrule", "EXRULE is not supported: RFC 5545 has removed it")),
            name => {
                let name: String = name.chars().take(60).collect();
                Err(invalid_line(format!("{name} is none of DTSTART, RRULE, RDATE and EXDATE")))
            }
        }
    }
}

fn start(line: &ContentLine) -> RuleResult<SeriesStart> {
    let invalid = |what: &str| {
        let value: String = line.value.chars().take(60).collect();
        RuleError::at("/dtstart", "invalid_date", format!("DTSTART:{value}: {what}"))
    };
    let value = DateValue::from_basic(&line.value).ok_or_else(|| {
        invalid("must be a date (20280503), a local time (20280503T183000) or in UTC (20280503T163000Z)")
    })?;
    check_value_type(line, value, "/dtstart")?;
    match (value, zone(line, "/dtstart")?) {
        (DateValue::Date(date), Some(tz)) => Ok(SeriesStart::on(date, tz)),
        (DateValue::Date(date), None) => Ok(SeriesStart::floating_on(date)),
        (DateValue::Local(local), Some(tz)) => Ok(SeriesStart::at(local, tz)),
        (DateValue::Local(local), None) => Ok(SeriesStart::floating(local)),
        (DateValue::Utc(instant), None) => Ok(SeriesStart::at(instant.to_utc().naive_utc(), Tz::UTC)),
        (DateValue::Utc(_), Some(_)) => Err(invalid("TZID must not be combined with a time in UTC")),
    }
}

fn add_dates(
    line: &ContentLine,
    pointer: &'static str,
    dates: &mut Vec<(DateValue, Option<Tz>)>,
) -> RuleResult<()> {
    let tz = zone(line, pointer)?;
    if line.parameter("VALUE").is_some_and(|kind| kind.eq_ignore_ascii_case("PERIOD")) {
        return Err(unsupported(pointer, format!("{};VALUE=PERIOD is not supported", line.name)));
    }
    for text in line.value.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        let pointer = format!("{pointer}/{}", dates.len());
        let Some(value) = DateValue::from_basic(text) else {
            let text: String = text.chars().take(60).collect();
            let message = format!("{} {text} is no date or time such as 20280503T183000", line.name);
            return Err(RuleError::at(pointer, "invalid_date", message));
        };
        check_value_type(line, value, pointer)?;
        dates.push((value, tz));
    }
    Ok(())
}

/// Checks the parameter VALUE.
fn check_value_type(
    line: &ContentLine,
    value: DateValue,
    pointer: impl Into<std::borrow::Cow<'static, str>>,
) -> RuleResult<()> {
    let Some(kind) = line.parameter("VALUE").map(str::to_ascii_uppercase) else { return Ok(()) };
    match (kind.as_str(), value) {
        ("DATE", DateValue::Date(_)) | ("DATE-TIME", DateValue::Local(_) | DateValue::Utc(_)) => Ok(()),
        ("DATE", _) => {
            Err(RuleError::at(pointer, "invalid_date", "VALUE=DATE needs a date such as 20280503"))
        }
        ("DATE-TIME", _) => Err(RuleError::at(
            pointer,
            "invalid_date",
            "VALUE=DATE-TIME needs a time such as 20280503T183000",
        )),
        _ => Err(RuleError::at(pointer, "invalid_line", "VALUE must be DATE or DATE-TIME")),
    }
}

fn zone(line: &ContentLine, pointer: &'static str) -> RuleResult<Option<Tz>> {
    let Some(name) = line.parameter("TZID") else { return Ok(None) };
    // A slash marks names that are the same in all calendars (RFC 5545, 3.2.19).
    match name.strip_prefix('/').unwrap_or(name).parse() {
        Ok(tz) => Ok(Some(tz)),
        Err(_) => {
            let name: String = name.chars().take(60).collect();
            let message = format!("TZID={name} is no IANA time zone such as Europe/Berlin");
            Err(RuleError::at(pointer, "unknown_zone", message))
        }
    }
}

/// The values of lines as values of a series.
fn in_zone_of(
    name: &str,
    dates: Vec<(DateValue, Option<Tz>)>,
    start: SeriesStart,
) -> RuleResult<Vec<DateValue>> {
    let dates = dates.into_iter().enumerate().map(|(i, date)| match date {
        (DateValue::Local(_), Some(tz)) if start.floating => {
            let message = format!("TZID={tz}: DTSTART has no time zone");
            Err(RuleError::at(format!("/{name}/{i}"), "floating", message))
        }
        (DateValue::Local(local), Some(tz)) if tz != start.tz => {
            Ok(DateValue::Utc(resolve_leniently(local, tz)))
        }
        (value, _) => Ok(value),
    });
    dates.collect()
}

fn unsupported(pointer: &'static str, message: impl Into<String>) -> RuleError {
    RuleError::at(pointer, "unsupported", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(text: &str) -> Vec<String> {
        let series: Series = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let instances = series.all(20).unwrap_or_else(|error| panic!("{text}: {error}"));
        instances.iter().map(|instance| instance.local().to_string()).collect()
    }

    #[test]
    fn every_kind_of_start_is_read() {
        for (text, zone, all_day) in [
            ("DTSTART;TZID=Europe/Berlin:20270325T183000", Some(Tz::Europe__Berlin), false),
            ("DTSTART;TZID=/Europe/Berlin;VALUE=DATE-TIME:20270325T183000", Some(Tz::Europe__Berlin), false),
            ("dtstart:20270325T183000Z", Some(Tz::UTC), false),
            ("DTSTART:20270325T183000", None, false),
            ("DTSTART;VALUE=DATE:20270325", None, true),
            ("DTSTART:20270325", None, true),
            ("DTSTART;VALUE=DATE;TZID=Europe/Berlin:20270325", Some(Tz::Europe__Berlin), true),
        ] {
            let series: Series = text.parse().unwrap();
            assert_eq!((series.time_zone(), series.is_all_day()), (zone, all_day), "{text}");
        }
    }

    #[test]
    fn dates_are_read_in_the_zone_of_their_line() {
        let text = "EXDATE;TZID=America/New_York:20270401T123000\r\n\
                    RDATE:20270402T163000Z,20270403T183000\r\nRDATE;VALUE=DATE:20270404\r\n\
                    RRULE:FREQ=WEEKLY;\r\n COUNT=3\r\nDTSTART;TZID=Europe/Berlin:20270325T183000\r\n";
        assert_eq!(
            starts(text),
            [
                "2027-03-25 18:30:00",
                "2027-04-02 18:30:00",
                "2027-04-03 18:30:00",
                "2027-04-04 18:30:00",
                "2027-04-08 18:30:00"
            ]
        );
    }

    #[test]
    fn refusals_say_what_is_wrong() {
        let start = "DTSTART;TZID=Europe/Berlin:20270325T183000\n";
        for (text, pointer, code) in [
            ("", "", "invalid_line"),
            ("RRULE:FREQ=DAILY", "", "invalid_line"),
            ("DTSTART:20270325T183000\nDTSTART:20270325T183000", "", "invalid_line"),
            ("DTSTART:tomorrow", "/dtstart", "invalid_date"),
            ("DTSTART;TZID=Europe/Berlin:20270325T183000Z", "/dtstart", "invalid_date"),
            ("DTSTART;VALUE=DATE:20270325T183000", "/dtstart", "invalid_date"),
            ("DTSTART;VALUE=DATE-TIME:20270325", "/dtstart", "invalid_date"),
            ("DTSTART;VALUE=TEXT:20270325", "/dtstart", "invalid_line"),
            ("DTSTART;TZID=Berlin:20270325T183000", "/dtstart", "unknown_zone"),
            ("DTSTART:20270325T183000\nRRULE:FREQ=DAILY;UNTIL=20280101T000000Z", "/rrule", "floating"),
            ("DTSTART:20270325T183000\nRDATE:20280101T000000Z", "/rdate/0", "floating"),
            ("DTSTART:20270325T183000\nEXDATE;TZID=Europe/Berlin:20280101T000000", "/exdate/0", "floating"),
        ] {
            let refused = text.parse::<Series>().unwrap_err();
            assert_eq!((refused.pointer(), refused.code()), (pointer, code), "{text}: {refused}");
        }
        for (lines, pointer, code) in [
            ("SUMMARY:Talk", "", "invalid_line"),
            ("RRULE:FREQ=DAILY\nRRULE:FREQ=DAILY", "/rrule", "unsupported"),
            ("EXRULE:FREQ=DAILY", "/rrule", "unsupported"),
            ("RDATE;VALUE=PERIOD:20270401T183000/PT1H", "/rdate", "unsupported"),
            ("EXDATE:20270401T183000,soon", "/exdate/1", "invalid_date"),
            ("RRULE:FREQ=NEVER", "/rrule", "invalid_rule"),
            ("RDATE:20270101T000000", "/rdate/0", "before_start"),
        ] {
            let refused = format!("{start}{lines}").parse::<Series>().unwrap_err();
            assert_eq!((refused.pointer(), refused.code()), (pointer, code), "{lines}: {refused}");
        }
    }
}
