//! Describes a rule and lists its first instances: `cargo run -p eventcore-recurrence --example recurrence -- "every
//! other friday 10 times" 2027-03-05T18:30:00 Europe/Berlin`.
//!
//! Arguments: an RRULE or a phrase in English, the start (a local time, or a date for an all-day series), and
//! the time zone.

use std::error::Error;
use std::fmt::Write;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore_recurrence::{DateValue, Recurrence, Rule, Series, SeriesStart};

/// The default arguments.
const DEFAULTS: [&str; 3] =
    ["every second tuesday of the month until may", "2027-09-14T18:30:00", "America/New_York"];

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [rule, start, tz] = match arguments.as_slice() {
        [rule, start, tz] => [rule.as_str(), start, tz],
        _ => DEFAULTS,
    };
    print!("{}", describe(rule, start.parse()?, tz.parse()?)?);
    Ok(())
}

/// The rule in English and as RRULE, and its first instances.
fn describe(text: &str, start: DateValue, tz: Tz) -> Result<String, Box<dyn Error>> {
    let start = match start {
        DateValue::Date(date) => SeriesStart::on(date, tz),
        DateValue::Local(local) => SeriesStart::at(local, tz),
        DateValue::Utc(instant) => SeriesStart::at(instant.in_zone(tz).naive_local(), tz),
    };
    let series = Series::new(start, Recurrence::of(parse_rule(text, start.local.date())?))?;
    let mut output = format!("{}\n", series.to_english());
    if let Some(rule) = &series.recurrence().rrule {
        writeln!(output, "RRULE:{rule}")?;
    }
    let first = series.first(12, None)?;
    for instance in &first.instances {
        writeln!(output, "  {}", instance.original_start().to_rfc3339_in(tz))?;
    }
    if !first.complete {
        output.push_str("  …\n");
    }
    Ok(output)
}

fn parse_rule(text: &str, start: NaiveDate) -> Result<Rule, Box<dyn Error>> {
    if text.contains('=') {
        return Ok(text.parse()?);
    }
    Ok(Rule::from_english(text, start)?)
}
