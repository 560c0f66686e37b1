//! Text for the terminal: made harmless, cut, filled and wrapped to columns.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

/// Makes text from users harmless: control characters are shown as `␛`, never sent to the terminal. Emoji
/// that are joined to one picture are separated, because terminals disagree about its width.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            _ if c.is_control() || is_direction(c) => cleaned.push('␛'),
            // Variation selectors, skin tones and joiners between emoji.
            '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' => {}
            '\u{200d}' if letters.peek().is_none_or(|next| is_picture(*next)) => {}
            _ => cleaned.push(c),
        }
    }
    cleaned
}

const fn is_picture(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2190}'..='\u{2bff}')
}

/// Characters that change the writing direction: they would affect the rest of the line.
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The columns of a text in the terminal.
pub(crate) fn columns(text: &str) -> usize {
    Span::raw(text).width()
}

/// The end of a text: as many of its grapheme clusters as fit `room` columns.
pub(crate) fn end_of(text: &str, room: usize) -> &str {
    let (mut start, mut used) = (text.len(), 0);
    for (at, cluster) in text.grapheme_indices(true).rev() {
        used += columns(cluster);
        if used > room {
            break;
        }
        start = at;
    }
    text.get(start..).unwrap_or_default()
}

/// The text, cut or filled with blanks to `room` columns.
pub(crate) fn fit(text: &str, room: usize) -> String {
    let mut fitted = clean(text);
    if columns(&fitted) > room {
        let (mut end, mut used) = (0, 0);
        for cluster in fitted.graphemes(true) {
            used += columns(cluster);
            if used + 1 > room {
                break;
            }
            end += cluster.len();
        }
        fitted.truncate(end);
        if room > 0 {
            fitted.push('…');
        }
    }
    let missing = room.saturating_sub(columns(&fitted));
    fitted + &" ".repeat(missing)
}

/// The text in lines of at most `room` columns. Longer words are cut.
pub(crate) fn wrapped(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        if used > 0 && used + columns(word.trim_end()) > room {
            lines.push(String::new());
            used = 0;
        }
        for letter in word.graphemes(true) {
            let wide = columns(letter);
            if used > 0 && used + wide > room {
                if letter == " " {
                    continue;
                }
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push_str(letter);
            }
            used += wide;
        }
    }
    lines
}

/// Wraps a styled line between words to at most `room` columns. Further lines are indented like the first, or
/// like the text after its bullet.
pub(crate) fn flow(line: Line<'static>, room: usize) -> Vec<Line<'static>> {
    if line.width() <= room {
        return vec![line];
    }
    let text: String = line.spans.iter().map(|span| span.content.as_ref()).collect();
    let blanks = text.chars().take_while(|c| *c == ' ').count();
    let bullet = text.trim_start().starts_with(['•', '↳']);
    let margin = (blanks + if bullet { 2 } else { 0 }).min(room / 2);
    let letters =
        line.spans.iter().flat_map(|span| span.content.graphemes(true).map(|letter| (letter, span.style)));
    let (mut lines, mut here, mut used) = (Vec::new(), Vec::new(), 0);
    for letter in letters {
        let wide = columns(letter.0);
        if used + wide > room && !here.is_empty() {
            // Break at the last blank after the margin, or within a word that is longer than a line.
            let blank =
                here.iter().rposition(|(letter, _)| *letter == " ").filter(|at| *at >= margin.max(blanks));
            let rest = match blank {
                _ if letter.0 == " " => Vec::new(),
                Some(at) => here.split_off(at + 1),
                None => Vec::new(),
            };
            lines.push(std::mem::take(&mut here));
            here = vec![(" ", Style::new()); margin];
            here.extend(rest);
            used = here.iter().map(|(letter, _)| columns(letter)).sum();
            if letter.0 == " " {
                continue;
            }
        }
        here.push(letter);
        used += wide;
    }
    lines.push(here);
    lines.into_iter().map(|letters| spans_of(&letters).style(line.style)).collect()
}

fn spans_of(letters: &[(&str, Style)]) -> Line<'static> {
    let alike = letters.chunk_by(|(_, one), (_, other)| one == other);
    let span = |letters: &[(&str, Style)]| {
        let text: String = letters.iter().map(|(letter, _)| *letter).collect();
        Span::styled(text, letters.first().map_or_else(Style::new, |(_, style)| *style))
    };
    Line::from(alike.map(span).collect::<Vec<_>>())
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
        assert_eq!(fit("🇩🇪🇫🇷 flags", 5), "🇩🇪🇫🇷…");
        assert_eq!(fit("🇩🇪🇫🇷 flags", 4), "🇩🇪… ", "no half of a flag");
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert!(!fit("नमस्ते", 2).contains('\u{94d}'), "no part of a cluster");
        assert_eq!((end_of("夜桜 🇩🇪", 4), end_of("abc", 9), end_of("夜桜", 1)), (" 🇩🇪", "abc", ""));
        assert_eq!(clean("\u{1b}[31mred\u{7}\u{202e}"), "␛[31mred␛␛");
        assert_eq!(clean("👩\u{200d}👧 👍\u{1f3fd} 🏳\u{fe0f}\u{200d}🌈"), "👩👧 👍 🏳🌈");
        assert_eq!(clean("क्\u{200d}ष"), "क्\u{200d}ष", "letters are joined as they were");
    }

    #[test]
    fn lines_flow_with_their_styles_and_their_indent() {
        let bold = Style::new().bold();
        let line = Line::from(vec![
            Span::raw("  • one "),
            Span::styled("two three", bold),
            Span::raw(" 東京タワー"),
        ]);
        let flown = flow(line, 10);
        let texts: Vec<_> = flown.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["  • one ", "    two ", "    three ", "    東京タ", "    ワー"]);
        assert_eq!(flown[1].spans.last().map(|span| span.style), Some(bold));
        assert_eq!(flow(Line::raw("abc"), 3).len(), 1);
        assert_eq!(flow(Line::raw("abcdef"), 1).len(), 6);
        assert_eq!(flow(Line::raw(" abcdef"), 0).len(), 7, "no room at all is no end either");
    }

    #[test]
    fn text_is_wrapped_between_words() {
        assert_eq!(wrapped("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrapped("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrapped("東京タワー", 4), ["東京", "タワ", "ー"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
