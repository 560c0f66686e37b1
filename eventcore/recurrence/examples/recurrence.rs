//! Reads a series and prints what it means: `cargo run -p eventcore-recurrence --example recurrence -- --next
//! 5 < FILE`.
//!
//! The standard input has the lines of a calendar file, DTSTART, RRULE, RDATE and EXDATE, or DTSTART and a
//! phrase such as "every second tuesday of the month until may". Options:
//!
//! - `--next N`: how many instances, 10 by default
//! - `--after TIME`: those after an instant such as 2027-03-25T18:30:00Z
//! - `--zone ZONE`: the time zone of a reader, for series without one

use std::error::Error;
use std::fmt::Write as _;
use std::process::ExitCode;

use chrono_tz::Tz;
use eventcore_recurrence::{Recurrence, Series, Timestamp};

#[derive(Debug)]
struct Options {
    next: usize,
    after: Option<Timestamp>,
    zone: Option<Tz>,
}

fn main() -> ExitCode {
    let read = std::io::read_to_string(std::io::stdin()).map_err(Into::into);
    match read.and_then(|text| run(std::env::args().skip(1), &text)) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("recurrence: {error}");
            ExitCode::FAILURE
        }
    }
}

pub(crate) fn run(arguments: impl Iterator<Item = String>, text: &str) -> Result<String, Box<dyn Error>> {
    let options = read_options(arguments)?;
    describe(&read_series(text)?, &options)
}

fn read_options(mut arguments: impl Iterator<Item = String>) -> Result<Options, Box<dyn Error>> {
    let mut options = Options { next: 10, after: None, zone: None };
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--next" => options.next = value.parse()?,
            "--after" => options.after = Some(value.parse()?),
            "--zone" => options.zone = Some(value.parse()?),
            _ => return Err(format!("{name} is none of --next, --after and --zone").into()),
        }
    }
    Ok(options)
}

/// The series of lines, of which one may be a phrase.
fn read_series(text: &str) -> Result<Series, Box<dyn Error>> {
    let (lines, phrases): (Vec<&str>, Vec<&str>) =
        text.lines().filter(|line| !line.trim().is_empty()).partition(|line| line.contains([':', '=']));
    let series: Series = lines.join("\n").parse()?;
    let [phrase] = phrases.as_slice() else { return Ok(series) };
    let start = series.start();
    Ok(Series::new(start, Recurrence::from_english(phrase, start.local.date())?)?)
}

/// The series in English, as lines, and its instances.
fn describe(series: &Series, options: &Options) -> Result<String, Box<dyn Error>> {
    let mut text = format!("{}\n{series}\n", series.to_english());
    let zoned = match options.zone {
        Some(zone) if series.is_floating() => series.in_zone(zone)?,
        _ => series.clone(),
    };
    let from = options.after.map(|after| after.plus(std::time::Duration::from_micros(1)));
    let first = zoned.first(options.next, from)?;
    for instance in &first.instances {
        match (zoned.is_all_day(), zoned.time_zone()) {
            (true, _) => writeln!(text, "  {}", instance.date())?,
            (false, None) => writeln!(text, "  {}", instance.local())?,
            (false, Some(tz)) => writeln!(text, "  {}", instance.original_start().to_rfc3339_in(tz))?,
        }
    }
    text.push_str(if first.complete { "" } else { "  …\n" });
    Ok(text)
}
