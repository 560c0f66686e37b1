//! Ticket codes: unguessable and easy to read aloud.

use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Result};

/// Crockford's base 32, which omits I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code; 5 bits each, 140 in all.
const LENGTH: usize = 28;
/// Letters between hyphens.
const GROUP: usize = 4;

/// Generates a code in its stored form, without hyphens.
pub(super) fn generate() -> Result<String> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| Error::internal(error.to_string()))?;
    // 256 is a multiple of 32, so the modulo is not biased.
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

/// Formats a stored code for display: `7K3M-QP2X-…`.
pub(crate) fn format(code: &str) -> String {
    let mut text = String::with_capacity(LENGTH + LENGTH / GROUP);
    for (i, letter) in code.chars().enumerate() {
        if i > 0 && i % GROUP == 0 {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

/// Parses typed or scanned text into the stored form: ignores case, white space, line ends and dashes, reads
/// O as 0 and I, L as 1, and full-width letters and digits like others (NFKC).
pub(super) fn parse(text: &str) -> Option<String> {
    let mut code = String::with_capacity(LENGTH);
    for letter in text.chars().filter(|c| !is_separator(*c)).nfkc() {
        if code.len() > LENGTH {
            return None;
        }
        code.push(match letter.to_ascii_uppercase() {
            letter if is_separator(letter) => continue,
            'O' => '0',
            'I' | 'L' => '1',
            letter if letter.is_ascii() && ALPHABET.contains(&(letter as u8)) => letter,
            _ => return None,
        });
    }
    (code.len() == LENGTH).then_some(code)
}

/// White space, dashes, and characters without a shape, such as the byte order mark.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '-' | '\u{ad}' | '\u{58a}' | '\u{5be}' | '\u{1806}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2060}')
        || c == '\u{2212}'
        || matches!(c, '\u{2e3a}' | '\u{2e3b}' | '\u{301c}' | '\u{3030}' | '\u{30fc}' | '\u{ff70}')
        || matches!(c, '\u{fe31}' | '\u{fe32}' | '\u{fe58}' | '\u{fe63}' | '\u{feff}' | '\u{ff0d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_codes_are_normalised() {
        let code = generate().unwrap();
        assert_eq!(code.len(), LENGTH);
        assert_eq!(format(&code).len(), 34);
        assert_eq!(parse(&format(&code)), Some(code.clone()));
        assert_eq!(parse(&format(&code).to_lowercase().replace('-', " ")), Some(code.clone()));
        assert_eq!(parse(&code.replace('0', "o").replace('1', "l")), Some(code.clone()));
        let full_width = |c: char| char::from_u32(u32::from(c) - 0x21 + 0xff01).unwrap();
        let groups: Vec<&str> = code.as_bytes().chunks(4).map(|four| str::from_utf8(four).unwrap()).collect();
        for typed in [
            format!("{}\r\n", format(&code)),
            format!("\u{feff}\t{}\u{a0}\r", format(&code)),
            code.chars().map(full_width).collect(),
            groups.join("－"),
            groups.join("–"),
            groups.join(" — "),
            groups.join("\u{2011}"),
            groups.join("\u{2212}"),
            groups.join("ー"),
            groups.join("\u{3000}"),
        ] {
            assert_eq!(parse(&typed), Some(code.clone()), "{typed:?}");
        }
        for wrong in ["", "ABCD", "💥", &format!("{code}0"), &"U".repeat(LENGTH), &"0".repeat(100_000)] {
            assert_eq!(parse(wrong), None, "{wrong:.40}");
        }
        assert_ne!(generate().unwrap(), code);
    }

    #[test]
    fn every_letter_of_the_alphabet_is_used() {
        let many: String = (0..200).map(|_| generate().unwrap()).collect();
        assert!(ALPHABET.iter().all(|letter| many.contains(char::from(*letter))));
    }
}
