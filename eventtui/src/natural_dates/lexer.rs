//! The lexemes of what people type: numbers, words and signs.

use std::ops::Range;

/// The longest text that is read, in characters.
const LONGEST: usize = 120;

/// A unit of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lexeme {
    /// Digits, at most nine.
    Number { value: u32, digits: usize },
    /// Letters in lower case, with apostrophes between them.
    Word(String),
    /// Any other character.
    Sign(char),
}

/// A lexeme and its place in the text.
#[derive(Debug, Clone)]
struct PlacedLexeme {
    lexeme: Lexeme,
    /// Bytes of the text.
    place: Range<usize>,
    /// Whether white space or a comma precedes it.
    spaced: bool,
}

/// A text with its lexemes. Places beyond the end hold none.
#[derive(Debug)]
pub(super) struct LexedText<'t> {
    text: &'t str,
    lexemes: Vec<PlacedLexeme>,
}

impl<'t> LexedText<'t> {
    /// `None` if the text is too long to be a time.
    pub(super) fn new(text: &'t str) -> Option<Self> {
        if text.chars().count() > LONGEST {
            return None;
        }
        let mut lexemes = Vec::new();
        let mut letters = text.char_indices().peekable();
        let mut spaced = true;
        while let Some((from, letter)) = letters.next() {
            if letter.is_whitespace() || letter == ',' {
                spaced = true;
                continue;
            }
            let mut to = from + letter.len_utf8();
            let is_digit = letter.is_ascii_digit();
            if is_digit || letter.is_alphabetic() {
                let rest = &text[to..];
                let mut ahead = rest.char_indices().peekable();
                while let Some((at, next)) = ahead.next() {
                    let follows = ahead.peek().is_some_and(|(_, after)| after.is_alphabetic());
                    let belongs = if is_digit {
                        next.is_ascii_digit()
                    } else {
                        next.is_alphabetic() || (matches!(next, '\'' | '’') && follows)
                    };
                    if !belongs {
                        break;
                    }
                    to = from + letter.len_utf8() + at + next.len_utf8();
                }
                while letters.peek().is_some_and(|(at, _)| *at < to) {
                    letters.next();
                }
            }
            let lexeme = lexeme(&text[from..to], letter);
            lexemes.push(PlacedLexeme { lexeme, place: from..to, spaced });
            spaced = false;
        }
        Some(Self { text, lexemes })
    }

    pub(super) const fn len(&self) -> usize {
        self.lexemes.len()
    }

    fn at(&self, at: usize) -> Option<&Lexeme> {
        self.lexemes.get(at).map(|placed| &placed.lexeme)
    }

    /// A number and how many digits it has.
    pub(super) fn number(&self, at: usize) -> Option<(u32, usize)> {
        match self.at(at)? {
            Lexeme::Number { value, digits } => Some((*value, *digits)),
            Lexeme::Word(_) | Lexeme::Sign(_) => None,
        }
    }

    pub(super) fn word(&self, at: usize) -> Option<&str> {
        match self.at(at)? {
            Lexeme::Word(word) => Some(word),
            Lexeme::Number { .. } | Lexeme::Sign(_) => None,
        }
    }

    pub(super) fn is_word(&self, at: usize, words: &[&str]) -> bool {
        self.word(at).is_some_and(|word| words.contains(&word))
    }

    pub(super) fn is_sign(&self, at: usize, sign: char) -> bool {
        self.at(at) == Some(&Lexeme::Sign(sign))
    }

    /// Whether the lexeme follows the one before without a blank.
    pub(super) fn is_glued(&self, at: usize) -> bool {
        self.lexemes.get(at).is_some_and(|placed| !placed.spaced)
    }

    /// The place after a full stop that follows an abbreviation, if there is one.
    pub(super) fn after_stop(&self, at: usize) -> usize {
        if self.is_sign(at, '.') && self.is_glued(at) { at + 1 } else { at }
    }

    /// The words from a place on, up to the first lexeme of another kind.
    pub(super) fn words(&self, at: usize) -> Vec<&str> {
        (at..self.len()).map_while(|at| self.word(at)).collect()
    }

    /// The text between two places, as it was typed.
    pub(super) fn typed(&self, from: usize, to: usize) -> &'t str {
        let start = self.lexemes.get(from).map_or(self.text.len(), |placed| placed.place.start);
        let end =
            to.checked_sub(1).and_then(|last| self.lexemes.get(last)).map_or(start, |last| last.place.end);
        self.text.get(start..end).unwrap_or_default()
    }

    /// The part between blanks that contains a lexeme, as it was typed.
    pub(super) fn part(&self, at: usize) -> &'t str {
        let from = (0..=at).rev().find(|at| !self.is_glued(*at)).unwrap_or(at);
        let to = (at + 1..self.len()).find(|at| !self.is_glued(*at)).unwrap_or(self.len());
        self.typed(from, to)
    }
}

fn lexeme(text: &str, first: char) -> Lexeme {
    if first.is_ascii_digit() {
        return match text.parse() {
            Ok(value) if text.len() <= 9 => Lexeme::Number { value, digits: text.len() },
            _ => Lexeme::Word(text.to_owned()),
        };
    }
    if first.is_alphabetic() {
        return Lexeme::Word(text.to_lowercase().replace('’', "'"));
    }
    // Dashes of all lengths, as they are printed and pasted.
    Lexeme::Sign(match first {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    })
}
