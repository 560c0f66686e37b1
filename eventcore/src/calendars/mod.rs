//! Calendars: events and single dates as iCalendar files (RFC 5545), which other programs read. Everything but loading is pure.
//!
//! # What is written
//!
//! An event is one `VEVENT` with what repeats it, and another for each date that differs from it; a date is one `VEVENT`. Both name the event as
//! `UID` and, where it repeats, the date's original start as `RECURRENCE-ID`: whoever reads both files, or one again, has each date once.
//!
//! The dates in the file are the dates that are stored. The rule is written so that every program reads it alike, and what it then makes is compared with
//! the stored dates: `EXDATE` takes away what there isn't, `RDATE` adds what it lacks. A time that the clocks skip, a date that was moved, has other
//! words or is cancelled stands in full. What does not change from one reading to the next comes out the same to the byte.
//!
//! `DTSTAMP` is `LAST-MODIFIED`, as RFC 5545, 3.8.7.2 has it for files without a METHOD, and `SEQUENCE` rises with the version. There is no `ORGANIZER`: it
//! would have to be an e-mail address, which is nobody's business, and calendars would take the event for an invitation to answer.
//!
//! # Why no crate
//!
//! What crates for iCalendar write is lines, and that is the small part: none of them makes a `VTIMEZONE` from the tz database, or knows which
//! dates a rule has elsewhere. The tests read what is written here with a parser that is not ours.

mod entry;
mod line;
mod name;
mod read;
mod repeats;
mod timezone;

pub use name::file_name;
pub use read::Calendar;
