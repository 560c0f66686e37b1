//! Query strings: each parameter read once, every wrong one named, unknown ones refused.

use chrono_tz::Tz;
use eventcore::agenda::Bound;
use eventcore::{Cursor, Error, PageRequest, Violations};

/// The parameters of a query string; what is left over at the end is unknown.
pub(crate) struct Query {
    parameters: Vec<(String, String)>,
    wrong: Violations,
}

/// Parameters that may be given more than once.
const REPEATABLE: [&str; 2] = ["category", "tag"];

/// Which end of a period a plain date stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// From the beginning of the day.
    From,
    /// To the end of the day.
    To,
}

impl Query {
    pub(crate) fn of(raw: &str) -> Self {
        let mut query = Self { parameters: Vec::new(), wrong: Violations::default() };
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            if value.contains('\u{fffd}') {
                query.wrong(&name, "invalid", "must be UTF-8");
            } else if !REPEATABLE.contains(&&*name)
                && query.parameters.iter().any(|(known, _)| *known == name)
            {
                query.wrong(&name, "repeated", "must be given once");
            } else {
                query.parameters.push((name.into_owned(), value.into_owned()));
            }
        }
        query
    }

    fn wrong(&mut self, name: &str, code: &'static str, message: impl Into<String>) {
        self.wrong.add(format!("/{name}"), code, message);
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let place = self.parameters.iter().position(|(known, _)| known == name)?;
        Some(self.parameters.swap_remove(place).1)
    }

    /// A parameter as it is; an empty one counts as absent.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.take(name).filter(|value| !value.is_empty())
    }

    /// All values of a parameter that may be repeated; empty ones count as absent.
    pub(crate) fn texts(&mut self, name: &str) -> Vec<String> {
        let (values, rest) =
            std::mem::take(&mut self.parameters).into_iter().partition(|(known, _)| known == name);
        self.parameters = rest;
        values.into_iter().map(|(_, value)| value).filter(|value| !value.is_empty()).collect()
    }

    /// A parameter that `T` can be read from. An empty one is as wrong as any other: `status=` must not list everything.
    pub(crate) fn parsed<T: std::str::FromStr>(&mut self, name: &str, must_be: &str) -> Option<T> {
        let text = self.take(name)?;
        text.parse().map_err(|_| self.wrong(name, "invalid", must_be)).ok()
    }

    /// As [`Self::parsed`], where an empty parameter counts as absent.
    pub(crate) fn parsed_text<T: std::str::FromStr>(&mut self, name: &str, must_be: &str) -> Option<T> {
        let text = self.text(name)?;
        text.parse().map_err(|_| self.wrong(name, "invalid", must_be)).ok()
    }

    /// A parameter that is one of some words, each of which stands for something.
    pub(crate) fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.take(name)?;
        let meant = words.iter().find(|(word, _)| *word == text).map(|(_, meant)| *meant);
        if meant.is_none() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let (last, others) = words.split_last().unwrap_or((&"", &[]));
            self.wrong(name, "invalid", format!("must be {} or {last}", others.join(", ")));
        }
        meant
    }

    /// As [`Self::parsed`], where it must be given.
    pub(crate) fn required<T: std::str::FromStr>(&mut self, name: &str, must_be: &str) -> Option<T> {
        if !self.parameters.iter().any(|(known, _)| known == name) {
            self.wrong(name, "required", must_be);
        }
        self.parsed(name, must_be)
    }

    /// Takes over what the library finds wrong with what was read.
    pub(crate) fn also(&mut self, wrong: &Violations) {
        self.wrong.add_within("", wrong);
    }

    /// The zone in which plain dates are meant.
    pub(crate) fn zone(&mut self) -> Tz {
        self.parsed("tz", "must be an IANA time zone such as Europe/Berlin").unwrap_or(Tz::UTC)
    }

    /// An instant, or a day in `tz`, of which it is the beginning or the end.
    pub(crate) fn time(&mut self, name: &str, tz: Tz, edge: Edge) -> Option<Bound> {
        let text = self.text(name)?;
        if let Ok(day) = text.parse::<chrono::NaiveDate>()
            && (1..=9998).contains(&chrono::Datelike::year(&day))
        {
            let day = if edge == Edge::To { day.succ_opt().unwrap_or(day) } else { day };
            return Some(Bound::Day(day, tz));
        }
        // A plus that was not encoded arrives as a space.
        match text.replace(' ', "+").parse() {
            Ok(at) => Some(Bound::At(at)),
            Err(_) => {
                self.wrong(name, "invalid", "must be an RFC 3339 instant or a date");
                None
            }
        }
    }

    /// Where in a list, and how much of it.
    pub(crate) fn page(&mut self) -> PageRequest {
        let limit = self.parsed("limit", "must be 1 to 100").unwrap_or(PageRequest::DEFAULT_LIMIT);
        if !(1..=PageRequest::MAX_LIMIT).contains(&limit) {
            self.wrong("limit", "out_of_range", "must be 1 to 100");
        }
        let count = self.parsed("count", "must be true or false").unwrap_or(false);
        PageRequest { limit, cursor: self.text("cursor").map(Cursor::from), count }
    }

    /// Everything that was wrong, the parameters that nobody asked for included.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        for (name, _) in std::mem::take(&mut self.parameters) {
            self.wrong(&name, "unknown_field", "there is no such parameter");
        }
        self.wrong.into_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(query: Query) -> Vec<String> {
        match query.finish() {
            Err(Error::Invalid(wrong)) => {
                wrong.as_slice().iter().map(|v| format!("{} {}", v.pointer, v.code)).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn everything_wrong_is_named() {
        let mut query = Query::of("limit=0&form=2027&title=a&title=b&from=soon&location=%ff");
        query.page();
        query.text("title");
        query.time("from", Tz::UTC, Edge::From);
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
    fn an_empty_parameter_is_no_text_and_a_wrong_word() {
        let mut query = Query::of("title=&status=");
        assert_eq!(
            (query.text("title"), query.parsed::<bool>("status", "must be true or false")),
            (None, None)
        );
        assert_eq!(codes(query), ["/status invalid"]);
    }

    #[test]
    fn dates_are_days_in_the_zone() {
        let mut query = Query::of("tz=Europe/Berlin&from=2027-03-28&to=2027-03-28");
        let tz = query.zone();
        let day = |text: &str| Some(Bound::Day(text.parse().unwrap(), Tz::Europe__Berlin));
        assert_eq!(query.time("from", tz, Edge::From), day("2027-03-28"));
        assert_eq!(query.time("to", tz, Edge::To), day("2027-03-29"));
        assert!(codes(query).is_empty());
    }

    #[test]
    fn an_unencoded_plus_is_understood() {
        let mut query = Query::of("from=2027-03-01T18:30:00+01:00");
        let at = Bound::At("2027-03-01T17:30:00Z".parse().unwrap());
        assert_eq!(query.time("from", Tz::UTC, Edge::From), Some(at));
    }
}
