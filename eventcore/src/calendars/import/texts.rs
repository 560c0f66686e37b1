//! Texts of files, in the form that events may have.

use crate::error::Violations;
use crate::events::check_url;

/// A text in one line of at most so many characters, and whether it was longer.
pub(super) fn one_line(text: &str, characters: usize) -> (String, bool) {
    let visible: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    cut(&words.join(" "), characters)
}

/// A text in lines, without other control characters, of at most so many characters, and whether it was
/// longer.
pub(super) fn many_lines(text: &str, characters: usize) -> (String, bool) {
    let allowed: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    cut(&allowed, characters)
}

fn cut(text: &str, characters: usize) -> (String, bool) {
    if text.chars().count() <= characters {
        return (text.to_owned(), false);
    }
    let mut cut: String = text.chars().take(characters - 1).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    (cut, true)
}

/// Whether it is an address that an event may have.
pub(super) fn is_web_address(text: &str) -> bool {
    let mut violations = Violations::default();
    check_url(&mut violations, text);
    violations.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cleaned_and_cut() {
        assert_eq!(one_line(" a\r\n b\tc\u{0} ", 9), ("a b c".to_owned(), false));
        assert_eq!(one_line("abcdef", 5), ("abcd…".to_owned(), true));
        assert_eq!(many_lines("a\r\nb\u{7}\tc", 9), ("a\nb\tc".to_owned(), false));
        assert!(is_web_address("https://example.org/a?b=c"));
        assert!(!is_web_address("mailto:a@example.org") && !is_web_address("example.org"));
    }
}
