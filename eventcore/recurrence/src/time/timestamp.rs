//! [`Timestamp`], the instant type of the whole library, and its text.

use std::time::Duration;

use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDateTime, Offset, SecondsFormat, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;

use super::range::parse_instant;
use super::zones::offset_at;

/// An instant in UTC with microsecond precision, from the year 1 to the year 9999.
///
/// Its text, in JSON too, is RFC 3339. With the feature `sqlx09`, SQLite stores it as an integer of
/// microseconds since 1970, and PostgreSQL as `TIMESTAMPTZ`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The last microsecond of the year 9999, the last year that RFC 3339 can write.
    pub const MAX: Self = Self(253_402_300_799_999_999);
    /// The beginning of the year 1.
    pub const MIN: Self = Self(-62_135_596_800_000_000);

    /// From microseconds since 1970-01-01T00:00:00Z, clamped to the years 1 to 9999.
    pub const fn from_micros(micros: i64) -> Self {
        if micros > Self::MAX.0 {
            Self::MAX
        } else if micros < Self::MIN.0 {
            Self::MIN
        } else {
            Self(micros)
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Converts to chrono's type.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// This instant as the local time of `tz`, by the [time-zone data](super::zones_in_force) of this
    /// process.
    pub fn in_zone(self, tz: Tz) -> DateTime<FixedOffset> {
        let utc = self.to_utc();
        utc.with_timezone(&offset_at(tz, utc.timestamp()))
    }

    /// Adds `duration`, saturating at [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Subtracts `duration`, saturating at [`Timestamp::MIN`].
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The time since `earlier`, or zero if `earlier` is later than this instant.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }
}

/// An instant whose `Display` text is RFC 3339 with its offset, as that of [`Timestamp`] is without.
#[derive(Debug, Clone, Copy)]
pub struct Rfc3339(pub DateTime<FixedOffset>);

impl std::fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_rfc3339(f, self.0.naive_local(), *self.0.offset())
    }
}

/// Writes RFC 3339 text with `Z` for UTC, and with fractions of a second only if there are any.
///
/// The output equals that of chrono's `to_rfc3339_opts(AutoSi, true)`. Formatting by hand saves 10 to 15 µs
/// on a page of 20 occurrences, which has 60 instants.
fn write_rfc3339(
    f: &mut std::fmt::Formatter<'_>,
    local: NaiveDateTime,
    offset: FixedOffset,
) -> std::fmt::Result {
    let seconds = offset.local_minus_utc();
    if !(0..=9999).contains(&local.year()) || local.nanosecond() != 0 || seconds % 60 != 0 {
        let instant = DateTime::<FixedOffset>::from_naive_utc_and_offset(local - offset, offset);
        return f.write_str(&instant.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    }
    let mut text = *b"0000-00-00T00:00:00+00:00";
    write_digits(&mut text[0..4], local.year().unsigned_abs());
    write_digits(&mut text[5..7], local.month());
    write_digits(&mut text[8..10], local.day());
    write_digits(&mut text[11..13], local.hour());
    write_digits(&mut text[14..16], local.minute());
    write_digits(&mut text[17..19], local.second());
    let length = if seconds == 0 {
        text[19] = b'Z';
        20
    } else {
        let minutes = seconds.unsigned_abs() / 60;
        text[19] = if seconds < 0 { b'-' } else { b'+' };
        write_digits(&mut text[20..22], minutes / 60);
        write_digits(&mut text[23..25], minutes % 60);
        25
    };
    f.write_str(std::str::from_utf8(&text[..length]).unwrap_or_default())
}

/// Writes a decimal number right-aligned into `field`, padded with zeros.
fn write_digits(field: &mut [u8], mut number: u32) {
    for digit in field.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

impl<T: TimeZone> From<DateTime<T>> for Timestamp {
    fn from(instant: DateTime<T>) -> Self {
        Self::from_micros(instant.timestamp_micros())
    }
}

/// The text of `Display`.
impl std::fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_rfc3339(f, self.to_utc().naive_utc(), Utc.fix())
    }
}

/// The error of parsing text that is not an RFC 3339 instant between the years 1 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an RFC 3339 instant such as 2027-03-01T18:30:00+01:00, between the years 1 and 9999")]
pub struct ParseTimestampError;

impl std::str::FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_instant(text).map(Self::from).map_err(|_| ParseTimestampError)
    }
}

#[cfg(feature = "serde")]
crate::serde_as_string!(Timestamp);

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Timestamp {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_offset_of_the_zone() {
        let instant: Timestamp = "2027-03-01T17:30:00Z".parse().unwrap();
        assert_eq!(instant.to_rfc3339_in(Tz::Europe__Berlin), "2027-03-01T18:30:00+01:00");
        assert_eq!(instant.to_rfc3339_in(Tz::UTC), "2027-03-01T17:30:00Z");
        assert_eq!(instant.to_string(), "2027-03-01T17:30:00Z");
        assert_eq!(format!("{instant:?}"), "2027-03-01T17:30:00Z");
    }

    #[test]
    fn text_has_microseconds() {
        let instant: Timestamp = "2027-03-01T17:30:00.123456Z".parse().unwrap();
        assert_eq!(instant.as_micros() % 1_000_000, 123_456);
        assert_eq!(instant.to_string(), "2027-03-01T17:30:00.123456Z");
    }

    proptest::proptest! {
        #[test]
        fn text_equals_that_of_chrono(
            seconds in -70_000_000_000_i64..260_000_000_000,
            half_seconds in 0_u32..2,
            offset in -86_399_i32..86_400,
        ) {
            let utc = DateTime::from_timestamp(seconds, half_seconds * 500_000_000).unwrap();
            for offset in [offset, offset / 60 * 60, 0] {
                let instant = utc.with_timezone(&FixedOffset::east_opt(offset).unwrap());
                let text = Rfc3339(instant).to_string();
                proptest::prop_assert_eq!(text, instant.to_rfc3339_opts(SecondsFormat::AutoSi, true));
            }
        }
    }

    #[test]
    fn refuses_text_that_is_no_instant() {
        for text in [
            "",
            "2027-03-01",
            "2027-03-01T17:30:00",
            "2027-13-01T00:00:00Z",
            "0000-12-31T23:59:59Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "tomorrow",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(ParseTimestampError), "{text}");
        }
    }
}
