//! Search queries: `rust "open air" -online`.

use super::tokens::{Tokens, tokenize};

/// A parsed search query: required and excluded phrases.
///
/// All words are required, in any order; the last one matches as a prefix. Quoted words must follow one
/// another. Words after `-` must not occur.
///
/// ```
/// use eventcore::search::{SearchDocument, SearchQuery};
///
/// let query = SearchQuery::parse("jazz \"open air\" -winter conc");
/// assert!(query.matches(&SearchDocument::new(&["Jazz, open-air", "A concert at the lake"])));
/// assert!(!query.matches(&SearchDocument::new(&["Jazz in the air; the doors are open", "A concert"])));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    pub(super) required: Vec<SearchPhrase>,
    pub(super) excluded: Vec<SearchPhrase>,
}

/// Words that must follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SearchPhrase {
    pub(super) words: Vec<String>,
    /// Whether the last word matches as a prefix.
    pub(super) prefix: bool,
}

impl SearchPhrase {
    /// The substring to find in the stored tokens: the words between spaces, without the final space for a
    /// prefix.
    pub(super) fn substring(&self) -> String {
        format!(" {}{}", self.words.join(" "), if self.prefix { "" } else { " " })
    }
}

impl SearchQuery {
    /// Parses a query. Every text is valid: an open quote reaches to the end, and text without words is
    /// ignored.
    pub fn parse(text: &str) -> Self {
        let mut query = Self { required: Vec::new(), excluded: Vec::new() };
        let mut rest = text;
        loop {
            rest = rest.trim_start();
            let signed = rest.trim_start_matches(['-', '\u{2212}']);
            let is_excluded = signed.len() < rest.len();
            rest = signed;
            let Some(first) = rest.chars().next() else { return query };
            let quoted = is_quote(first);
            let piece = if quoted {
                let inside = &rest[first.len_utf8()..];
                let end = inside.find(is_quote).unwrap_or(inside.len());
                let after = &inside[end..];
                rest = after.chars().next().map_or("", |quote| &after[quote.len_utf8()..]);
                &inside[..end]
            } else {
                let end = rest.find(|c: char| c.is_whitespace() || is_quote(c)).unwrap_or(rest.len());
                let (piece, after) = rest.split_at(end);
                rest = after;
                piece
            };
            let words = tokenize(piece);
            if words.is_empty() {
                continue;
            }
            let prefix = !quoted && !is_excluded && rest.trim().is_empty();
            let phrases = if is_excluded { &mut query.excluded } else { &mut query.required };
            phrases.push(SearchPhrase { words, prefix });
        }
    }

    /// Whether the query has no words.
    pub const fn is_empty(&self) -> bool {
        self.required.is_empty() && self.excluded.is_empty()
    }

    /// Whether any phrase is required, rather than only excluded.
    pub(crate) const fn has_required(&self) -> bool {
        !self.required.is_empty()
    }

    /// Substrings that must all occur in the tokens that [`IndexEntry`](super::IndexEntry) has.
    pub(crate) fn required_substrings(&self) -> Vec<String> {
        self.required.iter().map(SearchPhrase::substring).collect()
    }

    /// Substrings that must not occur in those tokens.
    pub(crate) fn excluded_substrings(&self) -> Vec<String> {
        self.excluded.iter().map(SearchPhrase::substring).collect()
    }

    /// Whether a document matches: the reference for what the databases find. A query without words matches
    /// nothing.
    pub fn matches(&self, document: &SearchDocument) -> bool {
        let occurs = |phrase: &SearchPhrase| {
            document.0.iter().any(|text| text.contains_phrase(&phrase.words, phrase.prefix))
        };
        !self.is_empty() && self.required.iter().all(occurs) && !self.excluded.iter().any(occurs)
    }
}

/// The tokenized texts of one event or occurrence. A phrase never matches across two texts.
#[derive(Debug, Clone)]
pub struct SearchDocument(Vec<Tokens>);

impl SearchDocument {
    /// Tokenizes texts.
    pub fn new(texts: &[&str]) -> Self {
        Self(texts.iter().map(|text| Tokens::of(text)).collect())
    }
}

const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parsed query as text, with `*` for a prefix and `-` for an exclusion.
    fn parsed(text: &str) -> String {
        let query = SearchQuery::parse(text);
        let show = |sign: &str, phrases: &[SearchPhrase]| -> Vec<String> {
            let one =
                |p: &SearchPhrase| format!("{sign}{}{}", p.words.join("_"), if p.prefix { "*" } else { "" });
            phrases.iter().map(one).collect()
        };
        [show("", &query.required), show("-", &query.excluded)].concat().join(" ")
    }

    #[test]
    fn queries_are_parsed() {
        for (text, expected) in [
            ("rust", "rust*"),
            ("Rust Köln", "rust koln*"),
            ("\"open air\" jazz", "open_air jazz*"),
            ("jazz \"open air\"", "jazz open_air"),
            ("jazz -winter", "jazz -winter"),
            ("-winter jazz", "jazz* -winter"),
            ("-\"open air\" jazz", "jazz* -open_air"),
            ("e-mail", "e_mail*"),
            ("東京", "東_京*"),
            ("“open air”", "open_air"),
            ("\"open air", "open_air"),
            ("a\"b c\"d", "a b_c d*"),
            ("--x", "-x"),
            ("rock - roll", "rock roll*"),
            ("NEAR(a b) OR c*", "near_a b or c*"),
            ("title:rust", "title_rust*"),
            ("' OR 1=1 --", "or 1_1"),
            ("", ""),
            ("\"", ""),
            ("-", ""),
            ("\"\"\"\"", ""),
            ("🎉 !!! ()", ""),
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn documents_match() {
        let document = SearchDocument::new(&[
            "Rust evening",
            "rust open air",
            "Hall 2, Köln",
            "Talks and *pizza*; no e-mail.",
        ]);
        for yes in [
            "rust",
            "ru",
            "EVENING",
            "koln piz",
            "\"open air\"",
            "\"hall 2\"",
            "e-mail",
            "rust -jazz",
            "-jazz",
            "pizza\u{a0}talks",
        ] {
            assert!(SearchQuery::parse(yes).matches(&document), "{yes}");
        }
        for no in [
            "ust",
            "ru evening",
            "\"air open\"",
            "\"evening rust\"",
            "-rust",
            "pizza -talks",
            "\"rust eve\"",
            "",
            "-",
            "🎉",
        ] {
            assert!(!SearchQuery::parse(no).matches(&document), "{no}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_text_is_a_query(text in ".*") {
            let query = SearchQuery::parse(&text);
            let no_phrases = query.required.is_empty() && query.excluded.is_empty();
            proptest::prop_assert_eq!(query.is_empty(), no_phrases);
        }
    }
}
