//! `Display` of a series.

use std::fmt;

use chrono_tz::Tz;

use crate::date_value::{DateValue, naive};
use crate::expand::DAY;
use crate::series::Series;

/// Lines of a calendar file, which `FromStr` reads: DTSTART, RRULE, RDATE and EXDATE. UNTIL has the form that
/// RFC 5545 requires.
///
/// Lines are not folded, and separated by `\n` without a carriage return. Two things cannot be written: the
/// time zone of a series of whole days, and that the start is the second of two equal local times.
impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = if self.start.all_day {
            DateValue::Date(self.start.local.date())
        } else {
            DateValue::Local(naive(self.bounds.start.nominal))
        };
        f.write_str("DTSTART")?;
        self.write_values(f, &[start])?;
        if let Some(rule) = self.calendar_rule() {
            write!(f, "\nRRULE:{rule}")?;
        }
        self.write_dates(f, "RDATE", &self.recurrence.rdate)?;
        self.write_dates(f, "EXDATE", &self.recurrence.exdate)
    }
}

impl Series {
    /// One line for each kind of value that there is.
    fn write_dates(&self, f: &mut fmt::Formatter<'_>, name: &str, dates: &[DateValue]) -> fmt::Result {
        let is_utc = self.start.tz == Tz::UTC && !self.start.floating;
        let (mut days, mut locals, mut instants) = (Vec::new(), Vec::new(), Vec::new());
        for date in dates {
            match date {
                _ if self.start.all_day => {
                    days.push(DateValue::Date(naive(date.day(self.zone) * DAY).date()));
                }
                DateValue::Date(_) => days.push(*date),
                DateValue::Utc(_) if !is_utc => instants.push(*date),
                DateValue::Local(_) | DateValue::Utc(_) => {
                    locals.push(DateValue::Local(naive(date.wall(self.zone).unwrap_or_default())));
                }
            }
        }
        for values in [days, locals, instants].iter().filter(|values| !values.is_empty()) {
            write!(f, "\n{name}")?;
            self.write_values(f, values)?;
        }
        Ok(())
    }

    /// The parameters of a line, and its values, which are all of one kind. Local times are in the zone of
    /// the series.
    fn write_values(&self, f: &mut fmt::Formatter<'_>, values: &[DateValue]) -> fmt::Result {
        let is_utc = self.start.tz == Tz::UTC && !self.start.floating;
        match values.first() {
            Some(DateValue::Date(_)) => f.write_str(";VALUE=DATE")?,
            Some(DateValue::Local(_)) if !is_utc && !self.start.floating => {
                write!(f, ";TZID={}", self.start.tz)?;
            }
            _ => {}
        }
        for (i, value) in values.iter().enumerate() {
            f.write_str(if i == 0 { ":" } else { "," })?;
            value.write_basic(f)?;
            if is_utc && matches!(value, DateValue::Local(_)) {
                f.write_str("Z")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::Series;

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            "DTSTART:20270325T183000",
            "DTSTART:20270325T183000\nRRULE:FREQ=DAILY;UNTIL=20270401T183000\nEXDATE:20270326T183000",
            "DTSTART:20270325T183000Z\nRRULE:FREQ=DAILY;UNTIL=20270401T183000Z\nRDATE:20270326T190000Z",
            "DTSTART;VALUE=DATE:20270325\nRRULE:FREQ=DAILY;UNTIL=20270401\n\
             EXDATE;VALUE=DATE:20270326,20270327",
            "DTSTART;TZID=Europe/Berlin:20270325T183000\nRRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=5\n\
             RDATE;VALUE=DATE:20270330\nRDATE;TZID=Europe/Berlin:20270331T100000\nRDATE:20270331T100000Z\n\
             EXDATE;VALUE=DATE:20270401\nEXDATE;TZID=Europe/Berlin:20270408T183000",
        ] {
            let series: Series = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(series.to_string(), text);
        }
    }

    #[test]
    fn until_is_written_as_the_start_requires() {
        for (start, until, written) in [
            ("DTSTART;TZID=Europe/Berlin:20270325T183000", "20270401", "20270401T215959Z"),
            ("DTSTART;TZID=Europe/Berlin:20270325T183000", "20270401T183000", "20270401T163000Z"),
            ("DTSTART:20270325T183000", "20270401", "20270401T235959"),
            ("DTSTART;VALUE=DATE:20270325", "20270401T183000", "20270401"),
        ] {
            let series: Series = format!("{start}\nRRULE:FREQ=DAILY;UNTIL={until}").parse().unwrap();
            assert_eq!(series.to_string(), format!("{start}\nRRULE:FREQ=DAILY;UNTIL={written}"));
        }
    }
}
