//! Text as a terminal may have it: cleaned, and cut to columns.

use ratatui::text::Span;

/// Text from others is text: control characters are shown, never passed on.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_direction(c) { '␛' } else { c }).collect()
}

/// Characters that turn the direction of all that follows would turn the rest of the line too.
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// How many columns the terminal needs for it.
pub(crate) fn columns(text: &str) -> usize {
    Span::raw(text).width()
}

/// The text, cut or filled to so many columns.
pub(crate) fn fit(text: &str, room: usize) -> String {
    let mut fitted = clean(text);
    if columns(&fitted) > room {
        while columns(&fitted) + 1 > room && fitted.pop().is_some() {}
        if room > 0 {
            fitted.push('…');
        }
    }
    let missing = room.saturating_sub(columns(&fitted));
    fitted + &" ".repeat(missing)
}

/// The text in lines of so many columns at most; a word that is longer is cut.
pub(crate) fn wrapped(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        if used > 0 && used + columns(word.trim_end()) > room {
            lines.push(String::new());
            used = 0;
        }
        for letter in word.chars() {
            let wide = columns(letter.encode_utf8(&mut [0; 4]));
            if used > 0 && used + wide > room {
                if letter == ' ' {
                    continue;
                }
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push(letter);
            }
            used += wide;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_columns() {
        assert_eq!(fit("Rust", 6), "Rust  ");
        assert_eq!(fit("Rust evening", 6), "Rust …");
        assert_eq!(fit("夜桜を見る会", 7), "夜桜を…");
        assert_eq!(fit("夜桜", 4), "夜桜");
        assert_eq!(fit("x", 0), "");
        assert_eq!(clean("\u{1b}[31mred\u{7}\u{202e}"), "␛[31mred␛␛");
    }

    #[test]
    fn text_is_wrapped_between_words() {
        assert_eq!(wrapped("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrapped("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrapped("東京タワー", 4), ["東京", "タワ", "ー"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
