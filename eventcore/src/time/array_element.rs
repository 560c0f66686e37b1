//! [`Timestamp`]s in the arrays that statements take.

use super::Timestamp;
use crate::db::ArrayElement;

impl ArrayElement for Timestamp {
    fn from_sqlite(number: i64) -> Self {
        Self::from_micros(number)
    }

    fn from_postgres(bits: i64) -> Self {
        // PostgreSQL counts microseconds from 2000-01-01T00:00:00Z.
        Self::from_micros(bits.saturating_add(946_684_800_000_000))
    }
}
