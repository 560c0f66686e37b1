//! Folding: the form in which words are compared, without case and accents.
//!
//! The library folds texts itself, because the two databases have different collations. They store folded
//! texts: a change of what folding does needs another `VERSION`, so that these are folded again.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{compose, is_combining_mark};

/// The version of the folding by which stored texts are folded.
pub(crate) const VERSION: &str = "2";
/// How many rows a statement folds anew.
pub(crate) const ROWS_AT_ONCE: usize = 1_000;

/// Folds a text for comparison: lower case, compatibility forms resolved (NFKD), white space collapsed and
/// trimmed, without characters that are not visible, such as soft hyphens and zero-width spaces, and without
/// the accents of Latin, Greek and Cyrillic letters, Hebrew points and Arabic harakat. "KÖLN" and "Köln" both
/// become "koln".
///
/// Marks of other scripts stay, as they make another letter: "パパ" is not "ハハ". They are composed with their
/// letter where Unicode has a character for both.
///
/// Folding is idempotent.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    // Whether marks that follow make another letter.
    let mut keeps_marks = false;
    let visible = text.chars().filter(|c| !is_invisible(*c));
    for c in visible.nfkd().flat_map(char::to_lowercase).nfkd() {
        if is_combining_mark(c) {
            if keeps_marks && !is_vowel_point(c) {
                push_mark(&mut folded, c);
            }
            continue;
        }
        keeps_marks = c.is_alphabetic() && !takes_accents(c);
        match c {
            c if c.is_whitespace() => {
                if !folded.is_empty() && !folded.ends_with(' ') {
                    folded.push(' ');
                }
            }
            // Unicode does not decompose these letters, but people type the plain ones for them.
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'ħ' => folded.push('h'),
            'þ' => folded.push_str("th"),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            c => folded.push(c),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Appends a mark, composed with the last character if Unicode has a character for both.
fn push_mark(folded: &mut String, mark: char) {
    match folded.chars().next_back().and_then(|last| Some((last, compose(last, mark)?))) {
        Some((last, composed)) => {
            folded.truncate(folded.len() - last.len_utf8());
            folded.push(composed);
        }
        None => folded.push(mark),
    }
}

/// Whether a character shows nothing and does not separate words: soft hyphen, zero-width space, joiner and
/// non-joiner, marks of writing direction, variation selectors.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a letter is Latin, Greek or Cyrillic, after NFKD. Marks on these are accents.
const fn takes_accents(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{2af}' | '\u{1d00}'..='\u{1dbf}' | '\u{1e00}'..='\u{1eff}'
        | '\u{2c60}'..='\u{2c7f}' | '\u{a720}'..='\u{a7ff}' | '\u{ab30}'..='\u{ab6f}'
        | '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}'
        | '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{a640}'..='\u{a69f}')
}

/// Whether a mark is a Hebrew point or accent, or an Arabic sign for a vowel, a doubled letter or recitation.
/// Texts have them or not. Madda and hamza (U+0653 to U+0655) are none: they make another letter.
const fn is_vowel_point(c: char) -> bool {
    matches!(c,
        '\u{591}'..='\u{5c7}' | '\u{fb1e}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{652}' | '\u{656}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6ed}' | '\u{8d3}'..='\u{8ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_removes_case_and_accents() {
        for (text, folded) in [
            ("KOLN", "koln"),
            ("köln", "koln"),
            ("Ko\u{308}ln", "koln"),
            ("Straße", "strasse"),
            ("Łódź", "lodz"),
            ("SØREN Æ", "soren ae"),
            ("İstanbul", "istanbul"),
            ("ΟΔΟΣ", "οδοσ"),
            ("Ἀθῆναι", "αθηναι"),
            ("Ёлка Й", "елка и"),
            ("ﬁne", "fine"),
            ("  two \t words ", "two words"),
            ("東京", "東京"),
            ("שָׁלוֹם", "שלום"),
            ("مُحَمَّد", "محمد"),
            ("1\u{fe0f}\u{20e3} \u{301}a", "1 a"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn marks_that_make_another_letter_stay() {
        for (one, other) in [
            ("パパ", "ハハ"),
            ("かぎ", "かき"),
            ("कि", "क"),
            ("क़लम", "कलम"),
            ("ที่", "ท"),
            ("آب", "اب"),
            ("ক্ষ", "কষ"),
        ] {
            assert_ne!(fold(one), fold(other));
        }
        for (one, other) in [("ﾊﾟﾝﾀﾞ", "パンダ"), ("か\u{3099}", "が"), ("ا\u{653}ب", "آب")]
        {
            assert_eq!(fold(one), fold(other));
        }
        assert_eq!(fold("パンダ"), "パンダ");
    }

    #[test]
    fn what_is_invisible_does_not_cut_words() {
        for (text, folded) in [
            ("Donau\u{ad}dampf\u{ad}schiff", "donaudampfschiff"),
            ("Zero\u{200b}width", "zerowidth"),
            ("می\u{200c}خواهم", "میخواهم"),
            ("a\u{200d}b\u{feff}c\u{2060}d", "abcd"),
            ("\u{200f}שלום", "שלום"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }

    proptest::proptest! {
        #[test]
        fn folding_is_idempotent(text in ".*") {
            let once = fold(&text);
            proptest::prop_assert_eq!(fold(&once), once);
        }

        /// Scripts with marks, and what may stand between a letter and a mark.
        #[test]
        fn folding_of_marks_is_idempotent(
            text in concat!(
                "[か-ヺー\u{3099}\u{309a}क-ह\u{900}-\u{963}ก-๎آ-ي\u{64b}-\u{655}א-ת\u{5b0}-\u{5c7}",
                "a-zé\u{300}-\u{330}\u{200b}-\u{200d}가-힣 ]*"
            )
        ) {
            let once = fold(&text);
            proptest::prop_assert_eq!(fold(&once), once);
        }
    }
}
