//! Cutting text into words.

use std::collections::HashMap;
use std::fmt::Write;

use crate::fold::fold;

/// A word has at most so many characters; what is beyond is not looked at.
const LONGEST: usize = 100;
/// Of a text so many words count: a `tsvector` has 16,383 places for all texts together.
const MOST: usize = 15_000;
/// A word counts so often in one text: a `tsvector` keeps 256 places of a word, and there are four texts.
const REPEATS: usize = 60;
/// What stands where a word was that does not count, and between texts: it is no word.
pub(super) const FILLER: &str = "#";

/// The words of a text: runs of letters and digits, folded. `+` and `#` behind one belong to it (C++, C#); scripts that do not part words by
/// blanks are cut into characters.
pub(super) fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words = Vec::new();
    let mut word = String::new();
    let mut letters = folded.chars().peekable();
    while let Some(c) = letters.next() {
        if is_a_word_alone(c) {
            end(&mut words, &mut word);
            words.push(c.to_string());
        } else if c.is_alphanumeric() {
            word.push(c);
        } else if matches!(c, '+' | '#') && !word.is_empty() {
            word.push(c);
            // A letter behind: they part two words then.
            if letters.peek().is_some_and(|next| next.is_alphanumeric()) {
                word.truncate(word.trim_end_matches(['+', '#']).len());
                end(&mut words, &mut word);
            }
        } else {
            end(&mut words, &mut word);
        }
    }
    end(&mut words, &mut word);
    words
}

fn end(words: &mut Vec<String>, word: &mut String) {
    let letters = word.trim_end_matches(['+', '#']).len();
    // At most two.
    let tail: String = word[letters..].chars().take(2).collect();
    let kept: String = word[..letters].chars().take(LONGEST).chain(tail.chars()).collect();
    if !kept.is_empty() {
        words.push(kept);
    }
    word.clear();
}

/// Chinese, Japanese, Thai, Lao, Burmese and Khmer have no blanks between words.
const fn is_a_word_alone(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The words of a text that count, each at its place.
#[derive(Debug, Clone)]
pub(super) struct Places(Vec<Option<String>>);

impl Places {
    pub(super) fn of(text: &str) -> Self {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let count = |word: String| {
            let times = seen.entry(word.clone()).or_default();
            *times += 1;
            (*times <= REPEATS).then_some(word)
        };
        Self(words(text).into_iter().take(MOST).map(count).collect())
    }

    /// One behind the other, as FTS5 takes them.
    pub(super) fn in_a_row(&self) -> String {
        let words: Vec<&str> = self.0.iter().map(|word| word.as_deref().unwrap_or(FILLER)).collect();
        words.join(" ")
    }

    /// As a `tsvector` is written. The first place stays empty, so that no phrase reaches from one text into the next.
    pub(super) fn for_tsvector(&self) -> String {
        let mut text = String::new();
        for (place, word) in self.0.iter().enumerate() {
            if let Some(word) = word {
                // Writing to a String cannot fail.
                let _ = write!(text, "'{word}':{} ", place + 2);
            }
        }
        text
    }

    /// Whether the words stand here one behind the other; with `prefix`, the last as the beginning of a word.
    pub(super) fn have(&self, phrase: &[String], prefix: bool) -> bool {
        let Some((last, first)) = phrase.split_last() else { return false };
        self.0.windows(phrase.len()).any(|window| {
            let fits = |(here, sought): (&Option<String>, &String)| here.as_ref() == Some(sought);
            let ends = window
                .last()
                .and_then(Option::as_ref)
                .is_some_and(|here| if prefix { here.starts_with(last.as_str()) } else { here == last });
            ends && window.iter().zip(first).all(fits)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_word_is() {
        for (text, expected) in [
            ("Rust evening, 2027!", "rust evening 2027"),
            ("Köln & Łódź", "koln lodz"),
            ("e-mail o'clock", "e mail o clock"),
            ("C++ and C# (.NET)", "c++ and c# net"),
            ("a++++ b", "a++ b"),
            ("rust+go c#7", "rust go c 7"),
            ("東京タワー", "東 京 タ ワ ー"),
            ("東京Rust会", "東 京 rust 会"),
            ("#hash @at", "hash at"),
            ("🎉 -- \" ' * ( ) :", ""),
            ("שלום עולם", "שלום עולם"),
            ("a\u{0}b", "a b"),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
        assert_eq!(words(&"x".repeat(300)), ["x".repeat(100)]);
    }

    #[test]
    fn what_does_not_count_keeps_its_place() {
        let places = Places::of(&"a b ".repeat(100));
        assert_eq!(places.in_a_row().split(' ').filter(|word| *word == "a").count(), 60);
        assert_eq!(places.in_a_row().split(' ').count(), 200);
        assert_eq!(places.for_tsvector().split_whitespace().count(), 120);
        assert_eq!(Places::of("a b").for_tsvector(), "'a':2 'b':3 ");
    }

    proptest::proptest! {
        #[test]
        fn a_word_is_its_own_only_word(text in ".*") {
            for word in words(&text) {
                proptest::prop_assert_eq!(words(&word), vec![word]);
            }
        }

        #[test]
        fn no_word_means_anything_to_a_database(text in ".*") {
            for word in words(&text) {
                proptest::prop_assert!(word.chars().all(|c| c.is_alphanumeric() || c == '+' || c == '#' || is_a_word_alone(c)));
                proptest::prop_assert!(word.chars().next().is_some_and(|c| c != '+' && c != '#'));
            }
        }
    }
}
