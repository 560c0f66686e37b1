//! Links of events and occurrences: to their pages, and to calendars that add them.

use std::borrow::Cow;

use chrono::SubsecRound;
use chrono_tz::Tz;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

use super::event::Links;
use crate::time::{Moment, Timestamp};

/// The event or occurrence that the links add.
pub(super) struct CalendarItem<'a> {
    pub(super) title: &'a str,
    pub(super) location: &'a str,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
    pub(super) tz: Tz,
    pub(super) all_day: bool,
    /// The rule of a series. Only the form of Google takes one.
    pub(super) rrule: Option<&'a str>,
    /// Path of its page. That of its iCalendar file follows from it.
    pub(super) path: String,
}

impl CalendarItem<'_> {
    /// Builds the links. Their formats are those of the "add event" forms of Google Calendar, of Outlook on
    /// the web and of Yahoo Calendar.
    pub(super) fn links(self) -> Links {
        let (google_dates, outlook_start, outlook_end) = if self.all_day {
            // The forms expect the day after the last day.
            let day = |at: Timestamp| at.in_zone(self.tz).date_naive();
            let (first, after_last) = (day(self.starts_at), day(self.ends_at));
            (
                format!("{}/{}", first.format("%Y%m%d"), after_last.format("%Y%m%d")),
                first.to_string(),
                after_last.to_string(),
            )
        } else {
            let (start, end) = (extended(self.starts_at), extended(self.ends_at));
            let google = if self.rrule.is_some() {
                // The instances of a rule follow the clocks of the zone: Google needs a local start.
                let local = |at: Timestamp| at.in_zone(self.tz).format("%Y%m%dT%H%M%S").to_string();
                format!("{}/{}", local(self.starts_at), local(self.ends_at))
            } else {
                // `20270304T173000Z` (RFC 5545 3.3.5, form 2).
                format!("{start}/{end}").replace(['-', ':'], "")
            };
            (google, start, end)
        };
        // Encoded once for all links.
        let title = Cow::from(percent_encode(self.title));
        let location = Cow::from(percent_encode(self.location));
        let recur = self.rrule.map(|rule| format!("&recur=RRULE:{}", percent_encode(rule)));
        let microsoft = |host: &str| {
            format!(
                "https://{host}/calendar/0/deeplink/compose?rru=addevent\
                 &subject={title}&startdt={}&enddt={}&allday={}&location={location}",
                percent_encode(&outlook_start),
                percent_encode(&outlook_end),
                self.all_day
            )
        };
        let basic = |at: &str| at.replace(['-', ':'], "");
        let duration = if self.all_day { "&dur=allday" } else { "" };
        let ics = format!("{}.ics", self.path);
        Links {
            google: format!(
                "https://calendar.google.com/calendar/render?action=TEMPLATE\
                 &text={title}&dates={google_dates}&location={location}&ctz={}{}",
                percent_encode(self.tz.name()),
                recur.unwrap_or_default()
            ),
            outlook: microsoft("outlook.live.com"),
            office365: microsoft("outlook.office.com"),
            yahoo: format!(
                "https://calendar.yahoo.com/?v=60&title={title}&st={}&et={}{duration}&in_loc={location}",
                basic(&outlook_start),
                basic(&outlook_end),
            ),
            webcal: ics.clone(),
            ics,
            page: self.path,
        }
    }
}

impl Links {
    /// Makes addresses of the links to the page and to the file, which are paths. A program that serves pages
    /// at `/events/{id}` and `/occurrences/{id}` below `pages`, and calendar files at these paths with `.ics`
    /// below `files`, gives both addresses without a slash at the end.
    ///
    /// ```
    /// # use eventcore::events::Links;
    /// # fn absolute(mut links: Links) {
    /// // As eventd serves them.
    /// links.make_absolute("https://events.example", "https://events.example/api/v1");
    /// # }
    /// ```
    pub fn make_absolute(&mut self, pages: &str, files: &str) {
        self.webcal.insert_str(0, &webcal_address(files));
        self.ics.insert_str(0, files);
        self.page.insert_str(0, pages);
    }
}

/// An address with the scheme `webcal`, by which calendar applications know that they may subscribe to it.
pub fn webcal_address(address: &str) -> String {
    let (_, without_scheme) = address.split_once("://").unwrap_or(("", address));
    format!("webcal://{without_scheme}")
}

/// `2027-03-04T17:30:00Z`.
fn extended(at: Timestamp) -> String {
    Moment::At(at.to_utc().trunc_subsecs(0).fixed_offset()).to_string()
}

/// Every byte except the unreserved characters (RFC 3986 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes a query value.
fn percent_encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_reserved_and_non_ascii_characters() {
        assert_eq!(percent_encode("Rust & más? -._~").to_string(), "Rust%20%26%20m%C3%A1s%3F%20-._~");
    }

    #[test]
    fn times_are_utc_and_all_day_events_end_after_their_last_day() {
        let links = |all_day, rrule, starts: &str, ends: &str| {
            let item = CalendarItem {
                title: "t",
                location: "l",
                starts_at: starts.parse().unwrap(),
                ends_at: ends.parse().unwrap(),
                tz: Tz::Europe__Berlin,
                all_day,
                rrule,
                path: "/x".to_owned(),
            };
            item.links()
        };
        let timed = links(false, None, "2027-03-04T18:30:00+01:00", "2027-03-04T20:30:00+01:00");
        assert!(timed.google.contains("dates=20270304T173000Z/20270304T193000Z"), "{}", timed.google);
        let days = links(true, None, "2027-03-04T00:00:00+01:00", "2027-03-06T00:00:00+01:00");
        assert!(days.google.contains("dates=20270304/20270306"), "{}", days.google);
        assert!(timed.yahoo.contains("&st=20270304T173000Z&et=20270304T193000Z&in_loc=l"), "{}", timed.yahoo);
        assert!(days.yahoo.contains("&st=20270304&et=20270306&dur=allday"), "{}", days.yahoo);
        for (link, host) in [(&timed.outlook, "outlook.live.com"), (&timed.office365, "outlook.office.com")] {
            let form = format!("https://{host}/calendar/0/deeplink/compose?rru=addevent&subject=t&startdt=");
            assert!(link.starts_with(&form) && link.contains("2027-03-04T17%3A30%3A00Z"), "{link}");
        }
        let rule = Some("FREQ=WEEKLY;COUNT=4");
        let mut series = links(false, rule, "2027-03-04T18:30:00+01:00", "2027-03-04T20:30:00+01:00");
        assert!(series.google.contains("dates=20270304T183000/20270304T203000"), "{}", series.google);
        assert!(series.google.ends_with("&recur=RRULE:FREQ%3DWEEKLY%3BCOUNT%3D4"), "{}", series.google);
        assert_eq!(
            (series.page.as_str(), series.ics.as_str(), series.webcal.as_str()),
            ("/x", "/x.ics", "/x.ics")
        );
        series.make_absolute("https://a.example", "https://b.example:8443/files");
        assert_eq!(series.page, "https://a.example/x");
        assert_eq!(series.ics, "https://b.example:8443/files/x.ics");
        assert_eq!(series.webcal, "webcal://b.example:8443/files/x.ics");
    }
}
