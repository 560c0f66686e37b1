//! The recurrence engine by itself: `cargo run -p eventcore --example recurrence -- "every other friday 10 times" 2027-03-05T18:30:00 Europe/Berlin`.
//!
//! The first argument is an RRULE or a phrase in English, the second the first date (with a time, or without for all day), the third its time zone.

use std::error::Error;
use std::fmt::Write;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::recurrence::{DateValue, Recurrence, Rule, Series, Start};

/// What is shown without arguments.
const SHOWN: [&str; 3] =
    ["every second tuesday of the month until may", "2027-09-14T18:30:00", "America/New_York"];

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [rule, start, tz] = match arguments.as_slice() {
        [rule, start, tz] => [rule.as_str(), start, tz],
        _ => SHOWN,
    };
    print!("{}", describe(rule, start.parse()?, tz.parse()?)?);
    Ok(())
}

/// The rule both ways, and its first dates.
fn describe(text: &str, start: DateValue, tz: Tz) -> Result<String, Box<dyn Error>> {
    let start = match start {
        DateValue::Date(date) => Start::on(date, tz),
        DateValue::Local(local) => Start::at(local, tz),
        DateValue::Utc(instant) => Start::at(instant.in_zone(tz).naive_local(), tz),
    };
    let series = Series::new(start, Recurrence::of(read(text, start.local.date())?))?;
    let mut shown = format!("{}\n", series.to_english());
    if let Some(rule) = &series.recurrence().rrule {
        writeln!(shown, "RRULE:{rule}")?;
    }
    let first = series.first(12, None)?;
    for instance in &first.instances {
        writeln!(shown, "  {}", instance.original_start().to_rfc3339_in(tz))?;
    }
    if !first.complete {
        shown.push_str("  …\n");
    }
    Ok(shown)
}

fn read(text: &str, start: NaiveDate) -> Result<Rule, Box<dyn Error>> {
    if text.contains('=') {
        return Ok(text.parse()?);
    }
    Ok(Rule::from_english(text, start)?)
}
