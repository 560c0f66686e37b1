//! Tokenizing text into words.

use std::collections::HashMap;
use std::fmt::Write;

use unicode_normalization::char::is_combining_mark;

use crate::fold::fold;

/// Maximum number of characters of a token; the rest of a longer word is ignored.
const MAX_TOKEN_LENGTH: usize = 100;
/// Maximum number of tokens of a text. A `tsvector` has 16,383 positions for all texts together.
const MAX_TOKENS: usize = 15_000;
/// Maximum number of times that a token is indexed in one text. A `tsvector` keeps 256 positions of a token,
/// and a document has four texts.
const MAX_REPEATS: usize = 60;
/// Takes the position of a token that is not indexed, and separates texts. It is not a token itself.
pub(super) const FILLER: &str = "#";

/// The tokens of a text: folded runs of letters and digits.
///
/// Trailing `+` and `#` belong to a token (C++, C#). Scripts without spaces between words yield one token a
/// character, together with the marks on it.
pub(super) fn tokenize(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words = Vec::new();
    let mut word = String::new();
    // Whether the word is a character of a script without spaces.
    let mut is_single = false;
    let mut letters = folded.chars().peekable();
    while let Some(c) = letters.next() {
        if is_combining_mark(c) {
            // Folding leaves marks on letters only.
            word.push(c);
        } else if is_single_character_token(c) {
            end(&mut words, &mut word);
            word.push(c);
            is_single = true;
        } else if c.is_alphanumeric() {
            if std::mem::take(&mut is_single) {
                end(&mut words, &mut word);
            }
            word.push(c);
        } else if matches!(c, '+' | '#') && !word.is_empty() && !is_single {
            word.push(c);
            // Followed by a letter, the sign separates two words instead.
            if letters.peek().is_some_and(|next| next.is_alphanumeric()) {
                word.truncate(word.trim_end_matches(['+', '#']).len());
                end(&mut words, &mut word);
            }
        } else {
            end(&mut words, &mut word);
            is_single = false;
        }
    }
    end(&mut words, &mut word);
    words
}

fn end(words: &mut Vec<String>, word: &mut String) {
    let letters = word.trim_end_matches(['+', '#']).len();
    // At most two signs belong to the token.
    let tail: String = word[letters..].chars().take(2).collect();
    let kept: String = word[..letters].chars().take(MAX_TOKEN_LENGTH).chain(tail.chars()).collect();
    if !kept.is_empty() {
        words.push(kept);
    }
    word.clear();
}

/// Whether a character is of Chinese, Japanese, Thai, Lao, Burmese or Khmer, which have no spaces between
/// words.
const fn is_single_character_token(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// The tokens of a text by position; `None` for tokens that are not indexed.
#[derive(Debug, Clone)]
pub(super) struct Tokens(Vec<Option<String>>);

impl Tokens {
    pub(super) fn of(text: &str) -> Self {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let count = |word: String| {
            let times = seen.entry(word.clone()).or_default();
            *times += 1;
            (*times <= MAX_REPEATS).then_some(word)
        };
        Self(tokenize(text).into_iter().take(MAX_TOKENS).map(count).collect())
    }

    /// The tokens separated by spaces, the form for FTS5.
    pub(super) fn joined(&self) -> String {
        let words: Vec<&str> = self.0.iter().map(|word| word.as_deref().unwrap_or(FILLER)).collect();
        words.join(" ")
    }

    /// The literal of a `tsvector`. The first position stays empty, so that no phrase matches across two
    /// texts.
    pub(super) fn to_tsvector(&self) -> String {
        let mut text = String::new();
        for (position, word) in self.0.iter().enumerate() {
            if let Some(word) = word {
                // Writing to a String cannot fail.
                let _ = write!(text, "'{word}':{} ", position + 2);
            }
        }
        text
    }

    /// Whether the words occur one after another; with `prefix` the last one matches as a prefix.
    pub(super) fn contains_phrase(&self, phrase: &[String], prefix: bool) -> bool {
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
    fn texts_are_tokenized() {
        for (text, expected) in [
            ("Rust evening, 2027!", "rust evening 2027"),
            ("Köln & Łódź", "koln lodz"),
            ("e-mail o'clock", "e mail o clock"),
            ("C++ and C# (.NET)", "c++ and c# net"),
            ("a++++ b", "a++ b"),
            ("rust+go c#7", "rust go c 7"),
            ("東京タワー", "東 京 タ ワ ー"),
            ("東京Rust会", "東 京 rust 会"),
            ("パンダ展", "パ ン ダ 展"),
            ("か\u{309a}き", "か\u{309a} き"),
            ("ที่นี่", "ที่ นี่"),
            ("東# 京+a", "東 京 a"),
            ("हिन्दी", "हिन्दी"),
            ("Donau\u{ad}schiff", "donauschiff"),
            ("#hash @at", "hash at"),
            ("🎉 -- \" ' * ( ) :", ""),
            ("שלום עולם", "שלום עולם"),
            ("a\u{0}b", "a b"),
        ] {
            assert_eq!(tokenize(text).join(" "), expected, "{text}");
        }
        assert_eq!(tokenize(&"x".repeat(300)), ["x".repeat(100)]);
    }

    #[test]
    fn tokens_that_are_not_indexed_keep_their_position() {
        let tokens = Tokens::of(&"a b ".repeat(100));
        assert_eq!(tokens.joined().split(' ').filter(|word| *word == "a").count(), 60);
        assert_eq!(tokens.joined().split(' ').count(), 200);
        assert_eq!(tokens.to_tsvector().split_whitespace().count(), 120);
        assert_eq!(Tokens::of("a b").to_tsvector(), "'a':2 'b':3 ");
    }

    proptest::proptest! {
        #[test]
        fn a_token_tokenizes_to_itself(text in ".*") {
            for word in tokenize(&text) {
                proptest::prop_assert_eq!(tokenize(&word), vec![word]);
            }
        }

        #[test]
        fn no_token_has_a_meaning_in_a_query_language(text in ".*") {
            let allowed =
                |c: char| c.is_alphanumeric() || matches!(c, '+' | '#') || is_single_character_token(c)
                    || is_combining_mark(c);
            for word in tokenize(&text) {
                proptest::prop_assert!(word.chars().all(allowed));
                proptest::prop_assert!(word.chars().next().is_some_and(|c| c != '+' && c != '#'));
            }
        }
    }
}
