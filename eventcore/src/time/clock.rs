//! Time: the instant type of the whole library, and the one place that reads the machine's clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDateTime, Offset, SecondsFormat, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef};
use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Encode, Postgres, Sqlite, Type};

use crate::as_text::as_text;
use crate::db::Element;

/// An instant in UTC with microsecond precision, stored as integer microseconds in SQLite and `TIMESTAMPTZ` in PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The year 9999 is the last that RFC 3339 can write.
    pub const MAX: Self = Self(253_402_300_799_999_999);
    /// The beginning of the year 1.
    pub const MIN: Self = Self(-62_135_596_800_000_000);

    /// Microseconds since 1970, clamped to the years 1 to 9999.
    pub const fn from_micros(micros: i64) -> Self {
        if micros > Self::MAX.0 {
            Self::MAX
        } else if micros < Self::MIN.0 {
            Self::MIN
        } else {
            Self(micros)
        }
    }

    /// Microseconds since 1970.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The same instant as chrono has it.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// The same instant by the clocks of `tz`.
    pub fn in_zone(self, tz: Tz) -> DateTime<Tz> {
        tz.from_utc_datetime(&self.to_utc().naive_utc())
    }

    /// This much later, at most the end of the year 9999.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This much earlier, at least the beginning of the year 1.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to this instant; nothing if it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }
}

/// RFC 3339 with `Z` for UTC and fractions of a second only where there are any, as chrono writes it, only sooner: a page of the agenda has
/// sixty of them.
pub(crate) fn write_rfc3339(
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
    digits(&mut text[0..4], local.year().unsigned_abs());
    digits(&mut text[5..7], local.month());
    digits(&mut text[8..10], local.day());
    digits(&mut text[11..13], local.hour());
    digits(&mut text[14..16], local.minute());
    digits(&mut text[17..19], local.second());
    let length = if seconds == 0 {
        text[19] = b'Z';
        20
    } else {
        let minutes = seconds.unsigned_abs() / 60;
        text[19] = if seconds < 0 { b'-' } else { b'+' };
        digits(&mut text[20..22], minutes / 60);
        digits(&mut text[23..25], minutes % 60);
        25
    };
    f.write_str(std::str::from_utf8(&text[..length]).unwrap_or_default())
}

/// Writes a number into a field of digits, with leading zeros.
fn digits(field: &mut [u8], mut number: u32) {
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

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_rfc3339(f, self.to_utc().naive_utc(), Utc.fix())
    }
}

/// The text is not an RFC 3339 instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 instant such as 2027-03-01T18:30:00+01:00")]
pub struct ParseTimestampError;

impl std::str::FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| ParseTimestampError)?;
        let stamp = Self::from(instant);
        if stamp.to_utc() > instant { Err(ParseTimestampError) } else { Ok(stamp) }
    }
}

as_text!(Timestamp);

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

impl Type<Sqlite> for Timestamp {
    fn type_info() -> SqliteTypeInfo {
        <i64 as Type<Sqlite>>::type_info()
    }

    fn compatible(ty: &SqliteTypeInfo) -> bool {
        <i64 as Type<Sqlite>>::compatible(ty)
    }
}

impl<'q> Encode<'q, Sqlite> for Timestamp {
    fn encode_by_ref(&self, buf: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        <i64 as Encode<'q, Sqlite>>::encode_by_ref(&self.0, buf)
    }
}

impl<'r> Decode<'r, Sqlite> for Timestamp {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        <i64 as Decode<'r, Sqlite>>::decode(value).map(Self::from_micros)
    }
}

impl Type<Postgres> for Timestamp {
    fn type_info() -> PgTypeInfo {
        <DateTime<Utc> as Type<Postgres>>::type_info()
    }
}

impl<'q> Encode<'q, Postgres> for Timestamp {
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <DateTime<Utc> as Encode<'q, Postgres>>::encode_by_ref(&self.to_utc(), buf)
    }
}

impl PgHasArrayType for Timestamp {
    fn array_type_info() -> PgTypeInfo {
        <DateTime<Utc> as PgHasArrayType>::array_type_info()
    }
}

impl Element for Timestamp {
    fn of_sqlite(number: i64) -> Self {
        Self::from_micros(number)
    }

    fn of_postgres(bits: i64) -> Self {
        // PostgreSQL counts from the year 2000.
        Self::from_micros(bits.saturating_add(946_684_800_000_000))
    }
}

impl<'r> Decode<'r, Postgres> for Timestamp {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        <DateTime<Utc> as Decode<'r, Postgres>>::decode(value).map(Self::from)
    }
}

/// Where "now" comes from.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> Timestamp {
        Utc::now().into()
    }
}

/// A clock that stands still until somebody turns it: for tests.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `start`.
    pub const fn new(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.0))
    }

    /// Turns the clock forward.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().plus(by));
    }

    /// Turns the clock to `to`, back too.
    pub fn set(&self, to: Timestamp) {
        self.0.store(to.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

impl<C: Clock> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        self.as_ref().now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_offset_of_the_zone() {
        let instant: Timestamp = "2027-03-01T17:30:00Z".parse().unwrap();
        assert_eq!(instant.to_rfc3339_in(Tz::Europe__Berlin), "2027-03-01T18:30:00+01:00");
        assert_eq!(instant.to_rfc3339_in(Tz::UTC), "2027-03-01T17:30:00Z");
        assert_eq!(instant.to_string(), "2027-03-01T17:30:00Z");
    }

    #[test]
    fn keeps_microseconds() {
        let instant: Timestamp = "2027-03-01T17:30:00.123456Z".parse().unwrap();
        assert_eq!(instant.as_micros() % 1_000_000, 123_456);
        assert_eq!(instant.to_string(), "2027-03-01T17:30:00.123456Z");
    }

    proptest::proptest! {
        #[test]
        fn instants_are_written_as_chrono_writes_them(seconds in -70_000_000_000_i64..260_000_000_000, nanos in 0_u32..2, offset in -86_399_i32..86_400) {
            let utc = DateTime::from_timestamp(seconds, nanos * 500_000_000).unwrap();
            for offset in [offset, offset / 60 * 60, 0] {
                let instant = utc.with_timezone(&FixedOffset::east_opt(offset).unwrap());
                proptest::prop_assert_eq!(crate::time::Moment::At(instant).to_string(), instant.to_rfc3339_opts(SecondsFormat::AutoSi, true));
            }
        }
    }

    #[test]
    fn refuses_what_is_no_instant() {
        for text in ["", "2027-03-01", "2027-03-01T17:30:00", "2027-13-01T00:00:00Z", "tomorrow"] {
            assert_eq!(text.parse::<Timestamp>(), Err(ParseTimestampError), "{text}");
        }
    }

    #[test]
    fn a_turned_clock_shows_what_it_was_turned_to() {
        let clock = ManualClock::new(Timestamp::from_micros(0));
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.now(), Timestamp::from_micros(1_000_000));
    }
}
