//! The filter of a search: words, and conditions among them such as `@pier` or `is:free`.

use chrono::NaiveDate;

use crate::natural_dates::{DateContext, read_day};

/// A search as it was understood. The default matches everything that is upcoming.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SearchFilter {
    /// Words to find in title, tags, location or description: `"a phrase"`, `-excluded`.
    pub(crate) words: String,
    /// A part of the location.
    pub(crate) location: String,
    /// Any of these categories.
    pub(crate) categories: Vec<String>,
    /// All of these tags.
    pub(crate) tags: Vec<String>,
    /// Only occurrences with free seats.
    pub(crate) available: bool,
    /// Only occurrences for which the user is registered or waitlisted.
    pub(crate) registered: bool,
    /// The username of the organizer, or `me`; empty for everybody.
    pub(crate) organizer: String,
    /// The first day.
    pub(crate) from: Option<NaiveDate>,
    /// The last day.
    pub(crate) to: Option<NaiveDate>,
    /// Conditions with a value that is not understood.
    pub(crate) unclear: Vec<String>,
}

impl SearchFilter {
    /// Parses what was typed: `jazz @pier #open_air by:ada in:concert is:free from:fri to:+10`.
    pub(crate) fn parse(text: &str, dates: DateContext) -> Self {
        let mut filter = Self::default();
        let day = |text: &str| read_day(text, dates);
        for word in text.split_whitespace() {
            let condition = word.split_once(':').map(|(name, value)| (name.to_lowercase(), value));
            match condition.as_ref().map(|(name, value)| (name.as_str(), *value)) {
                Some(("from", value)) => filter.from = filter.day(word, day(value)),
                Some(("to" | "until", value)) => filter.to = filter.day(word, day(value)),
                Some(("in" | "category", value)) if !value.is_empty() => {
                    filter.categories.push(value.to_lowercase());
                }
                Some(("by" | "organizer", value)) if !value.trim_start_matches('@').is_empty() => {
                    filter.organizer = value.trim_start_matches('@').to_lowercase();
                }
                Some(("is", "free")) => filter.available = true,
                Some(("is", "mine")) => filter.registered = true,
                _ => match (word.strip_prefix('@'), word.strip_prefix('#')) {
                    (Some(place), _) => join(&mut filter.location, place),
                    (_, Some(tag)) if !tag.is_empty() => filter.tags.push(tag.replace('_', " ")),
                    _ => join(&mut filter.words, word),
                },
            }
        }
        filter
    }

    fn day(&mut self, word: &str, day: Option<NaiveDate>) -> Option<NaiveDate> {
        if day.is_none() {
            self.unclear.push(word.to_owned());
        }
        day
    }
}

fn join(text: &mut String, word: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(word);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::natural_dates::DayOrder;

    #[test]
    fn conditions_are_parsed_among_the_words() {
        let now = DateContext { now: "2026-11-23T12:00:00".parse().unwrap(), order: DayOrder::DayFirst };
        let day = |text: &str| Some(text.parse().unwrap());
        let filter = SearchFilter::parse(
            "jazz @pier from:fri night to:+10 @4 #open_air IN:Concert is:free #rust is:mine by:@Ada",
            now,
        );
        let expected = SearchFilter {
            words: "jazz night".to_owned(),
            location: "pier 4".to_owned(),
            categories: vec!["concert".to_owned()],
            tags: vec!["open air".to_owned(), "rust".to_owned()],
            available: true,
            registered: true,
            organizer: "ada".to_owned(),
            from: day("2026-11-27"),
            to: day("2026-12-03"),
            unclear: Vec::new(),
        };
        assert_eq!(filter, expected);
        let unclear = SearchFilter::parse("from:soon", now);
        assert_eq!((unclear.from, unclear.unclear), (None, vec!["from:soon".to_owned()]));
        assert_eq!(
            SearchFilter::parse("talk: rust # in: by: is:late", now).words,
            "talk: rust # in: by: is:late"
        );
        assert_eq!(SearchFilter::parse("\"open air\" -winter", now).words, "\"open air\" -winter");
    }
}
