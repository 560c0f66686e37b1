//! [`ZoneEdition`]: which edition of the tz database.

use std::fmt;
use std::str::FromStr;

/// An edition of the IANA tz database, such as `2026f`. A later one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneEdition {
    year: u16,
    /// `a` to `z`, then `za`: in the order of their texts. Padded by 0.
    letters: [u8; 2],
}

impl ZoneEdition {
    /// An edition that every program has at least.
    pub(super) const OLDEST: Self = Self { year: 2026, letters: [b'f', 0] };
}

/// The error of parsing text that does not name an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an edition of the tz database such as 2026f")]
pub struct ParseZoneEditionError;

impl FromStr for ZoneEdition {
    type Err = ParseZoneEditionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (year, letters) = text.split_at_checked(4).ok_or(ParseZoneEditionError)?;
        let is_edition = year.bytes().all(|byte| byte.is_ascii_digit())
            && (1..=2).contains(&letters.len())
            && letters.bytes().all(|byte| byte.is_ascii_lowercase());
        let letter = |index: usize| letters.as_bytes().get(index).copied().unwrap_or(0);
        match year.parse() {
            Ok(year) if is_edition => Ok(Self { year, letters: [letter(0), letter(1)] }),
            _ => Err(ParseZoneEditionError),
        }
    }
}

impl fmt::Display for ZoneEdition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        self.letters
            .iter()
            .filter(|letter| **letter != 0)
            .try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

#[cfg(feature = "serde")]
crate::serde_as_string!(ZoneEdition);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editions_are_in_the_order_of_their_release() {
        let all: Vec<ZoneEdition> =
            ["1999z", "2025b", "2026a", "2026z", "2026za", "2027a"].map(|text| text.parse().unwrap()).into();
        assert!(all.is_sorted_by(|one, next| one < next), "{all:?}");
        assert_eq!(all[4].to_string(), "2026za");
    }

    #[test]
    fn other_texts_are_no_editions() {
        for text in ["", "2026", "2026F", "2026f ", "2026abc", "+026f", "26f", "２026f", "unknown"] {
            assert_eq!(text.parse::<ZoneEdition>(), Err(ParseZoneEditionError), "{text}");
        }
    }
}
