//! [`Series`](crate::Series) as lines of a calendar file: DTSTART, RRULE, RDATE and EXDATE.

mod content_line;
mod read;
mod write;
