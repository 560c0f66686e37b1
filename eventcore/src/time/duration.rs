//! ISO 8601 durations in weeks, days, hours, minutes and seconds, as in RFC 5545 3.3.6.

use std::fmt;
use std::str::FromStr;

/// A duration of whole seconds, written in ISO 8601; `P1D` is 86,400 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IsoDuration(i64);

impl IsoDuration {
    /// The longest duration that is accepted: 3,660 days, about ten years. A longer one is a typing error.
    pub const MAX: Self = Self(3_660 * 86_400);

    /// A duration of `seconds`.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// The number of seconds.
    pub const fn as_seconds(self) -> i64 {
        self.0
    }

    /// The number of days of 24 hours, or `None` if it is not a whole number of days.
    pub const fn as_days(self) -> Option<i64> {
        if self.0 % 86_400 == 0 { Some(self.0 / 86_400) } else { None }
    }
}

/// The error of parsing text that is not a duration of at most [`IsoDuration::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 8601 duration such as PT1H30M or P2D")]
pub struct ParseDurationError;

impl FromStr for IsoDuration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, ParseDurationError> {
        let (days, seconds) = days_and_seconds(text)?;
        Ok(Self(days * 86_400 + seconds))
    }
}

/// Parses a duration of at most [`IsoDuration::MAX`] to its days, weeks included, and the seconds of its time
/// of day part.
pub(super) fn days_and_seconds(text: &str) -> Result<(i64, i64), ParseDurationError> {
    let body = text.strip_prefix('P').ok_or(ParseDurationError)?;
    let (days, time) = match body.split_once('T') {
        Some((_, "")) => return Err(ParseDurationError),
        Some((days, time)) => (days, time),
        None => (body, ""),
    };
    if days.is_empty() && time.is_empty() {
        return Err(ParseDurationError);
    }
    let days = sum_units(days, &[('W', 7), ('D', 1)])?;
    let seconds = sum_units(time, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    let total = days.checked_mul(86_400).and_then(|total| total.checked_add(seconds));
    match total {
        Some(total) if total <= IsoDuration::MAX.0 => Ok((days, seconds)),
        _ => Err(ParseDurationError),
    }
}

/// Parses text such as `1H30M` to seconds; `units` lists the allowed units in their order, each at most once.
fn sum_units(mut text: &str, units: &[(char, i64)]) -> Result<i64, ParseDurationError> {
    let mut total = 0_i64;
    for (unit, seconds) in units {
        let Some((number, rest)) = text.split_once(*unit) else { continue };
        if number.is_empty() || number.len() > 12 || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ParseDurationError);
        }
        let number: i64 = number.parse().map_err(|_| ParseDurationError)?;
        total = number
            .checked_mul(*seconds)
            .and_then(|part| total.checked_add(part))
            .ok_or(ParseDurationError)?;
        text = rest;
    }
    if text.is_empty() { Ok(total) } else { Err(ParseDurationError) }
}

impl fmt::Display for IsoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_duration(f, self.0 / 86_400, self.0 % 86_400)
    }
}

/// Writes a duration of `days` and `seconds`, such as `P2DT1H30M`; `PT0S` if both are zero.
pub(super) fn write_duration(f: &mut fmt::Formatter<'_>, days: i64, seconds: i64) -> fmt::Result {
    f.write_str("P")?;
    if days > 0 {
        write!(f, "{days}D")?;
    }
    if seconds > 0 || days == 0 {
        f.write_str("T")?;
        for (number, unit) in [(seconds / 3_600, 'H'), (seconds % 3_600 / 60, 'M')] {
            if number > 0 {
                write!(f, "{number}{unit}")?;
            }
        }
        if seconds % 60 > 0 || (days, seconds) == (0, 0) {
            write!(f, "{}S", seconds % 60)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_iso_8601() {
        for (text, seconds) in [
            ("PT2H", 7_200),
            ("PT1H30M", 5_400),
            ("P1D", 86_400),
            ("P1DT12H", 129_600),
            ("P2W", 1_209_600),
            ("PT90M", 5_400),
            ("PT45S", 45),
        ] {
            assert_eq!(text.parse(), Ok(IsoDuration(seconds)), "{text}");
        }
    }

    #[test]
    fn refuses_text_that_is_no_duration() {
        for text in [
            "",
            "P",
            "PT",
            "2H",
            "PT2",
            "P1H",
            "PT1D",
            "PT1M1H",
            "P-1D",
            "PT1.5H",
            "P1Y",
            "P1M",
            "PT99999999999999999999H",
            "P100000D",
            "PTH",
        ] {
            assert_eq!(text.parse::<IsoDuration>(), Err(ParseDurationError), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parses_its_own_text(seconds in 0..=IsoDuration::MAX.0) {
            proptest::prop_assert_eq!(IsoDuration(seconds).to_string().parse(), Ok(IsoDuration(seconds)));
        }
    }
}
