//! Ticket codes: unguessable, and easy to read aloud.

use crate::error::{Error, Result};

/// Crockford's base 32: no letter that looks like a digit or like another letter.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code: 140 random bits.
const LENGTH: usize = 28;
/// Letters of a group, as a code is shown.
const GROUP: usize = 4;

/// A new code, as it is stored.
pub(super) fn new_code() -> Result<String> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| Error::internal(error.to_string()))?;
    // 256 is a multiple of 32: each letter is as likely as any other.
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

/// A stored code as people see it: `7K3M-QP2X-…`.
pub(super) fn shown(code: &str) -> String {
    let mut shown = String::with_capacity(LENGTH + LENGTH / GROUP);
    for (i, letter) in code.chars().enumerate() {
        if i > 0 && i % GROUP == 0 {
            shown.push('-');
        }
        shown.push(letter);
    }
    shown
}

/// A code as it is stored, from what someone typed or scanned: without case, hyphens and blanks, and with the mistakes mended that Crockford foresaw.
pub(super) fn typed(text: &str) -> Option<String> {
    let mut code = String::with_capacity(LENGTH);
    for letter in text.chars() {
        code.push(match letter.to_ascii_uppercase() {
            '-' | ' ' => continue,
            'O' => '0',
            'I' | 'L' => '1',
            letter if letter.is_ascii() && ALPHABET.contains(&(letter as u8)) => letter,
            _ => return None,
        });
    }
    (code.len() == LENGTH).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_being_read_aloud() {
        let code = new_code().unwrap();
        assert_eq!(code.len(), LENGTH);
        assert_eq!(shown(&code).len(), 34);
        assert_eq!(typed(&shown(&code)), Some(code.clone()));
        assert_eq!(typed(&shown(&code).to_lowercase().replace('-', " ")), Some(code.clone()));
        assert_eq!(typed(&code.replace('0', "o").replace('1', "l")), Some(code.clone()));
        for wrong in ["", "ABCD", "💥", &format!("{code}0"), &"U".repeat(LENGTH), &"0".repeat(100_000)] {
            assert_eq!(typed(wrong), None, "{wrong:.40}");
        }
        assert_ne!(new_code().unwrap(), code);
    }

    #[test]
    fn every_letter_comes_up() {
        let many: String = (0..200).map(|_| new_code().unwrap()).collect();
        assert!(ALPHABET.iter().all(|letter| many.contains(char::from(*letter))));
    }
}
