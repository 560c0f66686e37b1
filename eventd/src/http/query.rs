//! Query strings. Each parameter is read once; all invalid and unknown ones are reported together.

use chrono::Datelike;
use chrono_tz::Tz;
use eventcore::agenda::Bound;
use eventcore::time::Moment;
use eventcore::{Cursor, Error, PageRequest, Violations};

/// The parameters of a query string that have not been read yet, and the violations found so far.
pub(crate) struct Query {
    parameters: Vec<(String, String)>,
    violations: Violations,
}

/// Parameters that may be repeated.
const REPEATABLE: [&str; 2] = ["category", "tag"];

/// Which boundary of a day a plain date means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayBoundary {
    Start,
    End,
}

impl Query {
    pub(crate) fn parse(raw: &str) -> Self {
        Self::parse_with(raw, &REPEATABLE)
    }

    /// As [`Self::parse`], where `repeatable` parameters may be repeated.
    pub(crate) fn parse_with(raw: &str, repeatable: &[&str]) -> Self {
        let mut query = Self { parameters: Vec::new(), violations: Violations::default() };
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            if value.contains('\u{fffd}') {
                query.add_violation(&name, "invalid", "must be UTF-8");
            } else if !repeatable.contains(&&*name)
                && query.parameters.iter().any(|(known, _)| *known == name)
            {
                query.add_violation(&name, "repeated", "must not be repeated");
            } else {
                query.parameters.push((name.into_owned(), value.into_owned()));
            }
        }
        query
    }

    fn add_violation(&mut self, name: &str, code: &'static str, message: impl Into<String>) {
        self.violations.add(format!("/{name}"), code, message);
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let index = self.parameters.iter().position(|(known, _)| known == name)?;
        Some(self.parameters.swap_remove(index).1)
    }

    /// A parameter as text. An empty one counts as absent.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.take(name).filter(|value| !value.is_empty())
    }

    /// All values of a repeatable parameter. Empty ones count as absent.
    pub(crate) fn texts(&mut self, name: &str) -> Vec<String> {
        let (values, rest) =
            std::mem::take(&mut self.parameters).into_iter().partition(|(known, _)| known == name);
        self.parameters = rest;
        values.into_iter().map(|(_, value)| value).filter(|value| !value.is_empty()).collect()
    }

    /// All values of a repeatable parameter, parsed.
    pub(crate) fn parsed_list<T: std::str::FromStr>(&mut self, name: &str, must_be: &str) -> Vec<T> {
        let texts = self.parameters.extract_if(.., |(known, _)| known == name);
        let values: Vec<Option<T>> = texts.map(|(_, text)| text.parse().ok()).collect();
        if values.iter().any(Option::is_none) {
            self.add_violation(name, "invalid", must_be);
        }
        values.into_iter().flatten().collect()
    }

    /// A parameter that is parsed. An empty one is invalid, so that `status=` does not list everything.
    pub(crate) fn parsed<T: std::str::FromStr>(&mut self, name: &str, must_be: &str) -> Option<T> {
        let text = self.take(name)?;
        text.parse().map_err(|_| self.add_violation(name, "invalid", must_be)).ok()
    }

    /// As [`Self::parsed`], where an empty parameter counts as absent.
    pub(crate) fn parsed_text<T: std::str::FromStr>(&mut self, name: &str, must_be: &str) -> Option<T> {
        let text = self.text(name)?;
        text.parse().map_err(|_| self.add_violation(name, "invalid", must_be)).ok()
    }

    /// A parameter that is one of the given words, as the value of that word.
    pub(crate) fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.take(name)?;
        let value = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if value.is_none() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let (last, others) = words.split_last().unwrap_or((&"", &[]));
            self.add_violation(name, "invalid", format!("must be {} or {last}", others.join(", ")));
        }
        value
    }

    /// As [`Self::parsed`], for a required parameter.
    pub(crate) fn required<T: std::str::FromStr>(&mut self, name: &str, must_be: &str) -> Option<T> {
        if !self.parameters.iter().any(|(known, _)| known == name) {
            self.add_violation(name, "required", "is required");
        }
        self.parsed(name, must_be)
    }

    /// Adds violations that the library found in the values read.
    pub(crate) fn add_violations(&mut self, violations: &Violations) {
        self.violations.add_within("", violations);
    }

    /// Whether to add texts as HTML.
    pub(crate) fn html(&mut self) -> bool {
        self.parsed("html", "must be true or false").unwrap_or(false)
    }

    /// The time zone of plain dates; default UTC.
    pub(crate) fn zone(&mut self) -> Tz {
        self.parsed("tz", "must be an IANA time zone such as Europe/Berlin").unwrap_or(Tz::UTC)
    }

    /// An instant, or a date, which means a boundary of that day in `tz`.
    pub(crate) fn time(&mut self, name: &str, tz: Tz, boundary: DayBoundary) -> Option<Bound> {
        let text = self.text(name)?;
        if let Ok(Moment::Day(day)) = text.parse() {
            let next = day.succ_opt().filter(|next| next.year() <= 9999);
            let day = if boundary == DayBoundary::End { next.unwrap_or(day) } else { day };
            return Some(Bound::Day(day, tz));
        }
        // The `+` of an offset decodes to a space if the client did not percent-encode it.
        match text.replace(' ', "+").parse() {
            Ok(at) => Some(Bound::At(at)),
            Err(_) => {
                self.add_violation(
                    name,
                    "invalid",
                    "must be an RFC 3339 instant or a date, between the years 1 and 9999",
                );
                None
            }
        }
    }

    /// The parameters `limit`, `cursor` and `count`.
    pub(crate) fn page(&mut self) -> PageRequest {
        let limit = self.parsed("limit", "must be 1 to 100").unwrap_or(PageRequest::DEFAULT_LIMIT);
        if !(1..=PageRequest::MAX_LIMIT).contains(&limit) {
            self.add_violation("limit", "out_of_range", "must be 1 to 100");
        }
        let count = self.parsed("count", "must be true or false").unwrap_or(false);
        PageRequest { limit, cursor: self.text("cursor").map(Cursor::from), count }
    }

    /// Fails with all violations, which include every parameter that was not read.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        for (name, _) in std::mem::take(&mut self.parameters) {
            self.add_violation(&name, "unknown_field", "no such parameter");
        }
        self.violations.into_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(query: Query) -> Vec<String> {
        match query.finish() {
            Err(Error::Invalid(violations)) => {
                violations.as_slice().iter().map(|v| format!("{} {}", v.pointer, v.code)).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn all_violations_are_reported_together() {
        let mut query = Query::parse("limit=0&form=2027&title=a&title=b&from=soon&location=%ff");
        query.page();
        query.text("title");
        query.time("from", Tz::UTC, DayBoundary::Start);
        assert_eq!(
            codes(query),
            [
                "/title repeated",
                "/location invalid",
                "/limit out_of_range",
                "/from invalid",
                "/form unknown_field"
            ]
        );
    }

    #[test]
    fn an_empty_parameter_is_absent_as_text_and_invalid_otherwise() {
        let mut query = Query::parse("title=&status=");
        assert_eq!(
            (query.text("title"), query.parsed::<bool>("status", "must be true or false")),
            (None, None)
        );
        assert_eq!(codes(query), ["/status invalid"]);
    }

    #[test]
    fn a_date_means_a_day_in_the_time_zone() {
        let mut query = Query::parse("tz=Europe/Berlin&from=2027-03-28&to=2027-03-28");
        let tz = query.zone();
        let day = |text: &str| Some(Bound::Day(text.parse().unwrap(), Tz::Europe__Berlin));
        assert_eq!(query.time("from", tz, DayBoundary::Start), day("2027-03-28"));
        assert_eq!(query.time("to", tz, DayBoundary::End), day("2027-03-29"));
        assert!(codes(query).is_empty());
    }

    #[test]
    fn an_offset_may_have_an_unencoded_plus() {
        let mut query = Query::parse("from=2027-03-01T18:30:00+01:00");
        let at = Bound::At("2027-03-01T17:30:00Z".parse().unwrap());
        assert_eq!(query.time("from", Tz::UTC, DayBoundary::Start), Some(at));
    }
}
