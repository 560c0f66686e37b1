//! What someone seeks: words of a title, and among them what narrows it, shown as chips.

use chrono::{NaiveDate, NaiveDateTime};
use ratatui::text::{Line, Span};

use crate::look::Look;
use crate::spoken::{self, When};
use crate::widgets::text::clean;

/// A search as it was understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Stand in the title.
    pub(crate) words: String,
    /// Stands in the location.
    pub(crate) place: String,
    pub(crate) from: Option<NaiveDate>,
    /// The last day.
    pub(crate) to: Option<NaiveDate>,
    /// What looks like a condition and says nothing.
    pub(crate) unclear: Vec<String>,
}

impl Wish {
    /// Reads what was typed: `jazz @pier from:fri to:+10`.
    pub(crate) fn read(text: &str, now: NaiveDateTime) -> Self {
        let mut wish = Self::default();
        let day = |text: &str| spoken::when(text, now).map(When::date);
        for word in text.split_whitespace() {
            let condition = word.split_once(':').map(|(name, value)| (name.to_lowercase(), value));
            match condition.as_ref().map(|(name, value)| (name.as_str(), *value)) {
                Some(("from", value)) => wish.from = wish.day(word, day(value)),
                Some(("to" | "until", value)) => wish.to = wish.day(word, day(value)),
                _ => match word.strip_prefix('@') {
                    Some(place) => join(&mut wish.place, place),
                    None => join(&mut wish.words, word),
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
            Some(&self.place).filter(|place| !place.is_empty()).map(|place| format!("in {}", clean(place))),
            self.from.map(|from| format!("from {}", day(from))),
            self.to.map(|to| format!("until {}", day(to))),
        ];
        let mut spans = Vec::new();
        for chip in chips.into_iter().flatten() {
            spans.extend([Span::raw(" "), Span::styled(format!("[{chip}]"), look.theme.accent)]);
        }
        for word in &self.unclear {
            let said = format!(" ! {} is no day: fri, +10, 24.12.", clean(word));
            spans.push(Span::styled(said, look.theme.warn));
        }
        if spans.is_empty() {
            let hint = " words of a title · @place · from:fri · to:+10".to_owned();
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
        let wish = Wish::read("jazz @pier from:fri night to:+10 @4", now);
        let meant = Wish {
            words: "jazz night".to_owned(),
            place: "pier 4".to_owned(),
            from: day("2026-11-27"),
            to: day("2026-12-03"),
            unclear: Vec::new(),
        };
        assert_eq!(wish, meant);
        let unclear = Wish::read("from:soon", now);
        assert_eq!((unclear.from, unclear.unclear), (None, vec!["from:soon".to_owned()]));
        assert_eq!(Wish::read("talk: rust", now).words, "talk: rust");
    }
}
