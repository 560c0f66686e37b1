//! Times as people say them: `tomorrow 7pm`, `this friday 18.30`, `12/24 9am`, `sat 7pm-9pm`, `2h`.
//!
//! [`grammar`] tries all readings of a text, of which [`day`], [`clock`] and [`duration`] recognise the parts
//! by the tables of [`words`]. Where it finds none, the fault names the part that is not understood.

mod clock;
mod day;
mod duration;
mod grammar;
mod lead_times;
mod lexer;
mod order;
mod spoken;
#[cfg(test)]
mod tests;
mod words;

use chrono::NaiveDate;

pub(crate) use duration::{read_duration, write_duration};
pub(crate) use lead_times::{lead_time_parts, read_lead_times, write_lead_time, write_lead_times};
pub(crate) use order::DayOrder;
pub(crate) use spoken::{DateContext, DateFault, Spoken, When};

/// Reads a start. A day without a time is the whole day; a time without a day is the next time at which the
/// clock shows it.
///
/// # Errors
/// The fault of the part that cannot be read.
pub(crate) fn read(text: &str, context: DateContext) -> Result<Spoken, DateFault> {
    grammar::read(text, context)
}

/// Reads a day, also one with a time.
pub(crate) fn read_day(text: &str, context: DateContext) -> Option<NaiveDate> {
    read(text, context).ok().map(|spoken| spoken.start.date())
}
