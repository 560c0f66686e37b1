//! Links that put a date into other calendars.

use chrono::{DateTime, SubsecRound, Utc};
use chrono_tz::Tz;

use super::event::Links;
use crate::time::Moment;
use crate::time::Timestamp;

/// What a link says of a date.
pub(crate) struct Linked<'a> {
    pub(crate) title: &'a str,
    pub(crate) location: &'a str,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) tz: Tz,
    pub(crate) all_day: bool,
    /// Path of the iCalendar file.
    pub(crate) ics: String,
}

impl Linked<'_> {
    /// The links; the formats are those of the "add to calendar" pages of Google and of Outlook on the web.
    pub(crate) fn links(self) -> Links {
        let (starts, ends) = (self.starts_at.in_zone(self.tz), self.ends_at.in_zone(self.tz));
        let (google_dates, outlook_from, outlook_to) = if self.all_day {
            // Both name the day after the last.
            let (first, after) = (starts.date_naive(), ends.date_naive());
            (
                format!("{}/{}", first.format("%Y%m%d"), after.format("%Y%m%d")),
                first.to_string(),
                after.to_string(),
            )
        } else {
            let (from, to) = (self.starts_at.to_utc(), self.ends_at.to_utc());
            (format!("{}/{}", basic(&from), basic(&to)), extended(&from), extended(&to))
        };
        let (title, location) = (encoded(self.title), encoded(self.location));
        Links {
            google: format!(
                "https://calendar.google.com/calendar/render?action=TEMPLATE&text={title}&dates={google_dates}&location={location}&ctz={}",
                encoded(self.tz.name())
            ),
            outlook: format!(
                "https://outlook.live.com/calendar/0/deeplink/compose?rru=addevent&subject={title}&startdt={}&enddt={}&allday={}&location={location}",
                encoded(&outlook_from),
                encoded(&outlook_to),
                self.all_day
            ),
            ics: self.ics,
        }
    }
}

/// `20270304T173000Z` (RFC 5545 3.3.5, form 2).
fn basic(at: &DateTime<Utc>) -> String {
    extended(at).replace(['-', ':'], "")
}

/// `2027-03-04T17:30:00Z`.
fn extended(at: &DateTime<Utc>) -> String {
    Moment::At(at.trunc_subsecs(0).fixed_offset()).to_string()
}

/// Percent-encoding of a query value (RFC 3986 2.1): everything but the unreserved characters.
fn encoded(text: &str) -> String {
    const HEXADECIMAL: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len() + text.len() / 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEXADECIMAL[usize::from(byte >> 4)]));
            encoded.push(char::from(HEXADECIMAL[usize::from(byte & 15)]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_what_would_break_out() {
        assert_eq!(encoded("Rust & más?"), "Rust%20%26%20m%C3%A1s%3F");
    }

    #[test]
    fn times_are_utc_and_days_end_after_the_last() {
        let linked = |all_day, starts: &str, ends: &str| Linked {
            title: "t",
            location: "l",
            starts_at: starts.parse().unwrap(),
            ends_at: ends.parse().unwrap(),
            tz: Tz::Europe__Berlin,
            all_day,
            ics: "/x.ics".to_owned(),
        };
        let timed = linked(false, "2027-03-04T18:30:00+01:00", "2027-03-04T20:30:00+01:00").links();
        assert!(timed.google.contains("dates=20270304T173000Z/20270304T193000Z"), "{}", timed.google);
        let days = linked(true, "2027-03-04T00:00:00+01:00", "2027-03-06T00:00:00+01:00").links();
        assert!(days.google.contains("dates=20270304/20270306"), "{}", days.google);
    }
}
