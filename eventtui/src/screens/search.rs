//! What someone seeks: words, and among them what narrows it, shown as chips.

use chrono::{NaiveDate, NaiveDateTime};
use ratatui::text::{Line, Span};

use crate::look::Look;
use crate::natural_dates::{self, When};
use crate::widgets::text::clean;

/// A search as it was understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Stand in title, tags, location or description; `"in a row"`, `-not`.
    pub(crate) words: String,
    /// Stands in the location.
    pub(crate) place: String,
    /// Of any of these categories.
    pub(crate) categories: Vec<String>,
    /// With all of these tags.
    pub(crate) tags: Vec<String>,
    /// With free seats.
    pub(crate) free: bool,
    /// Where I have a place, or wait for one.
    pub(crate) mine: bool,
    pub(crate) from: Option<NaiveDate>,
    /// The last day.
    pub(crate) to: Option<NaiveDate>,
    /// What looks like a condition and says nothing.
    pub(crate) unclear: Vec<String>,
}

impl Wish {
    /// Reads what was typed: `jazz @pier #open_air in:concert is:free from:fri to:+10`.
    pub(crate) fn read(text: &str, now: NaiveDateTime) -> Self {
        let mut wish = Self::default();
        let day = |text: &str| natural_dates::parse(text, now).map(When::date);
        for word in text.split_whitespace() {
            let condition = word.split_once(':').map(|(name, value)| (name.to_lowercase(), value));
            match condition.as_ref().map(|(name, value)| (name.as_str(), *value)) {
                Some(("from", value)) => wish.from = wish.day(word, day(value)),
                Some(("to" | "until", value)) => wish.to = wish.day(word, day(value)),
                Some(("in" | "category", value)) if !value.is_empty() => {
                    wish.categories.push(value.to_lowercase());
                }
                Some(("is", "free")) => wish.free = true,
                Some(("is", "mine")) => wish.mine = true,
                _ => match (word.strip_prefix('@'), word.strip_prefix('#')) {
                    (Some(place), _) => join(&mut wish.place, place),
                    (_, Some(tag)) if !tag.is_empty() => wish.tags.push(tag.replace('_', " ")),
                    _ => join(&mut wish.words, word),
                },
            }
        }
        wish
    }

    fn day(&mut self, word: &str, day: Option<NaiveDate>) -> Option<NaiveDate> {
        if day.is_none() {
            self.unclear.push(word.to_owned());
        }
        day
    }

    /// What narrows the search, as chips; how it could be narrowed, where nothing does.
    pub(crate) fn chips(&self, look: &Look) -> Line<'static> {
        let day = |day: NaiveDate| day.format("%a %-d %b %Y").to_string();
        let chips = [
            Some(&self.place).filter(|place| !place.is_empty()).map(|place| format!("at {}", clean(place))),
            self.free.then(|| "free seats".to_owned()),
            self.mine.then(|| "mine".to_owned()),
            self.from.map(|from| format!("from {}", day(from))),
            self.to.map(|to| format!("until {}", day(to))),
        ];
        let kinds = self.categories.iter().map(|category| clean(category));
        let tags = self.tags.iter().map(|tag| format!("#{}", clean(tag)));
        let mut spans = Vec::new();
        for chip in kinds.chain(tags).chain(chips.into_iter().flatten()) {
            spans.extend([Span::raw(" "), Span::styled(format!("[{chip}]"), look.theme.accent)]);
        }
        for word in &self.unclear {
            let said = format!(" ! {} is no day: fri, +10, 24.12.", clean(word));
            spans.push(Span::styled(said, look.theme.warn));
        }
        if spans.is_empty() {
            let hint =
                " words · @place · #tag · in:concert · is:free · is:mine · from:fri · to:+10".to_owned();
            spans.push(Span::styled(hint, look.theme.muted));
        }
        Line::from(spans)
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

    #[test]
    fn conditions_are_read_among_the_words() {
        let now: NaiveDateTime = "2026-11-23T12:00:00".parse().unwrap();
        let day = |text: &str| Some(text.parse().unwrap());
        let wish =
            Wish::read("jazz @pier from:fri night to:+10 @4 #open_air IN:Concert is:free #rust is:mine", now);
        let meant = Wish {
            words: "jazz night".to_owned(),
            place: "pier 4".to_owned(),
            categories: vec!["concert".to_owned()],
            tags: vec!["open air".to_owned(), "rust".to_owned()],
            free: true,
            mine: true,
            from: day("2026-11-27"),
            to: day("2026-12-03"),
            unclear: Vec::new(),
        };
        assert_eq!(wish, meant);
        let unclear = Wish::read("from:soon", now);
        assert_eq!((unclear.from, unclear.unclear), (None, vec!["from:soon".to_owned()]));
        assert_eq!(Wish::read("talk: rust # in: is:late", now).words, "talk: rust # in: is:late");
        assert_eq!(Wish::read("\"open air\" -winter", now).words, "\"open air\" -winter");
    }
}
