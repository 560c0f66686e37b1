//! What someone asks for: `rust "open air" -online`.

use super::words::{Places, words};

/// A question, cut into what is wanted and what is not.
///
/// All words must stand somewhere, the last as the beginning of a word; words in quotes, one behind the other; words behind `-`, nowhere.
///
/// ```
/// use eventcore::search::{Question, Texts};
///
/// let question = Question::parse("jazz \"open air\" -winter conc");
/// assert!(question.fits(&Texts::of(&["Jazz, open-air", "A concert at the lake"])));
/// assert!(!question.fits(&Texts::of(&["Jazz in the air; the doors are open", "A concert"])));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub(super) wanted: Vec<Phrase>,
    pub(super) unwanted: Vec<Phrase>,
}

/// Words that stand one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phrase {
    pub(super) words: Vec<String>,
    /// The last is the beginning of a word.
    pub(super) prefix: bool,
}

impl Phrase {
    /// Words between blanks; the last without the one behind, if it is but a beginning.
    fn needle(&self) -> String {
        format!(" {}{}", self.words.join(" "), if self.prefix { "" } else { " " })
    }
}

impl Question {
    /// Reads a question. Every text is one: quotes that do not end reach to its end, and what is no word is not looked for.
    pub fn parse(text: &str) -> Self {
        let mut question = Self { wanted: Vec::new(), unwanted: Vec::new() };
        let mut rest = text;
        loop {
            rest = rest.trim_start();
            let signed = rest.trim_start_matches(['-', '\u{2212}']);
            let excluded = signed.len() < rest.len();
            rest = signed;
            let Some(first) = rest.chars().next() else { return question };
            let quoted = is_quote(first);
            let piece = if quoted {
                let inside = &rest[first.len_utf8()..];
                let end = inside.find(is_quote).unwrap_or(inside.len());
                let behind = &inside[end..];
                rest = behind.chars().next().map_or("", |quote| &behind[quote.len_utf8()..]);
                &inside[..end]
            } else {
                let end = rest.find(|c: char| c.is_whitespace() || is_quote(c)).unwrap_or(rest.len());
                let (piece, behind) = rest.split_at(end);
                rest = behind;
                piece
            };
            let words = words(piece);
            if words.is_empty() {
                continue;
            }
            let prefix = !quoted && !excluded && rest.trim().is_empty();
            let side = if excluded { &mut question.unwanted } else { &mut question.wanted };
            side.push(Phrase { words, prefix });
        }
    }

    /// Whether nothing is asked.
    pub const fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.unwanted.is_empty()
    }

    /// Whether something is asked for, not only something not.
    pub(crate) const fn wants_something(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// What to look for in the words of a text, as [`super::feed()`] stores them, where all must stand.
    pub(crate) fn wanted_needles(&self) -> Vec<String> {
        self.wanted.iter().map(Phrase::needle).collect()
    }

    /// The same for what must not.
    pub(crate) fn unwanted_needles(&self) -> Vec<String> {
        self.unwanted.iter().map(Phrase::needle).collect()
    }

    /// Whether these texts answer it: what the databases find, said in plain Rust. A question without words finds nothing.
    pub fn fits(&self, texts: &Texts) -> bool {
        let stands = |phrase: &Phrase| texts.0.iter().any(|text| text.have(&phrase.words, phrase.prefix));
        !self.is_empty() && self.wanted.iter().all(stands) && !self.unwanted.iter().any(stands)
    }
}

/// The texts that belong to one thing, cut into words.
#[derive(Debug, Clone)]
pub struct Texts(Vec<Places>);

impl Texts {
    /// Cuts them.
    pub fn of(texts: &[&str]) -> Self {
        Self(texts.iter().map(|text| Places::of(text)).collect())
    }
}

const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked, with `*` for a prefix and `-` for what is unwanted.
    fn read(text: &str) -> String {
        let question = Question::parse(text);
        let show = |sign: &str, phrases: &[Phrase]| -> Vec<String> {
            let one = |p: &Phrase| format!("{sign}{}{}", p.words.join("_"), if p.prefix { "*" } else { "" });
            phrases.iter().map(one).collect()
        };
        [show("", &question.wanted), show("-", &question.unwanted)].concat().join(" ")
    }

    #[test]
    fn what_people_ask() {
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
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_answers() {
        let event =
            Texts::of(&["Rust evening", "rust open air", "Hall 2, Köln", "Talks and *pizza*; no e-mail."]);
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
            assert!(Question::parse(yes).fits(&event), "{yes}");
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
            assert!(!Question::parse(no).fits(&event), "{no}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_text_is_a_question(text in ".*") {
            let question = Question::parse(&text);
            proptest::prop_assert_eq!(question.is_empty(), question.wanted.is_empty() && question.unwanted.is_empty());
        }
    }
}
