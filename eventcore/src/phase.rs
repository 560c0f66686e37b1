//! The phase of an occurrence: the rule, and the same rule in SQL.
//!
//! | phase | timed occurrence | all-day occurrence | SQL |
//! | --- | --- | --- | --- |
//! | upcoming | until it starts | until its last day ends | `upcoming_until > now` |
//! | current | until it ends | never | neither of the others |
//! | past | afterwards | afterwards | `ends_at <= now` |
//!
//! `upcoming_until` is a generated column of `occurrences`. An all-day occurrence ends with its last day in
//! its own time zone, and `ends_at` is that instant.
//!
//! `Ongoing` finds what has begun and is not over. Such occurrences started at any time, years ago perhaps,
//! so that no range of starts contains them. The generated column `length_class` bounds the search: what
//! takes place now and lasts at most a given time ends within that time.

use std::time::Duration;

use crate::db::{Dialect, SqlWriter};
use crate::time::Timestamp;

/// The phase of an occurrence at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It has not started; an all-day occurrence: its last day is not over. Users can register.
    Upcoming,
    /// It takes place. Organizers add walk-ins and check in.
    Current,
    /// It is over.
    Past,
}

impl Phase {
    /// The phase at `now` of an occurrence with this start and end.
    pub fn of(starts_at: Timestamp, ends_at: Timestamp, all_day: bool, now: Timestamp) -> Self {
        if ends_at <= now {
            Self::Past
        } else if all_day || now < starts_at {
            Self::Upcoming
        } else {
            Self::Current
        }
    }
}

/// How long after the end of an occurrence organizers add walk-ins and check in.
const DOOR: Duration = Duration::from_hours(24);

/// Whether organizers may still add walk-ins and check in: until a day after the end.
pub(crate) fn is_door_open(ends_at: Timestamp, now: Timestamp) -> bool {
    now <= ends_at.plus(DOOR)
}

/// More than the longest duration of an occurrence, ten years.
pub(crate) const MAX_LENGTH: Duration = Duration::from_hours(3_662 * 24);

/// The longest timed occurrence without a length class, and the longest all-day one of a single day.
pub(crate) const SHORT: Duration = Duration::from_hours(25);

/// The length classes, with the longest occurrences that they contain: those of the generated column.
const LENGTH_CLASSES: [(u8, Duration); 4] =
    [(0, SHORT), (1, Duration::from_hours(11 * 24)), (2, Duration::from_hours(101 * 24)), (3, MAX_LENGTH)];

/// Which occurrences that have begun and are not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ongoing {
    /// Those that are still upcoming.
    AllDay,
    /// All, but timed ones only if they last longer than [`SHORT`].
    AllDayOrLong,
}

impl Ongoing {
    /// Writes `SELECT {columns} FROM … WHERE …` for occurrences `b`. Conditions may be appended.
    pub(crate) fn write(self, sql: &mut SqlWriter, columns: &str, now: Timestamp) {
        let dialect = sql.dialect();
        sql.push("SELECT ").push(columns).push(" FROM (SELECT ");
        push_instant(sql, now);
        sql.push(" AS now) clock").push(&self.source(dialect));
    }

    fn source(self, dialect: Dialect) -> String {
        let classes = LENGTH_CLASSES.map(|(class, longest)| match dialect {
            Dialect::Sqlite => format!("({class}, {})", longest.as_micros()),
            Dialect::Postgres => format!("({class}, INTERVAL '{} seconds')", longest.as_secs()),
        });
        let only = if self == Self::AllDay { " AND b.all_day" } else { "" };
        // The order of the joins is the one in which SQLite runs them.
        format!(
            " CROSS JOIN (VALUES {}) class CROSS JOIN occurrences b
             WHERE b.length_class = class.column1 AND b.ends_at > clock.now
                AND b.ends_at <= clock.now + class.column2 AND b.starts_at <= clock.now{only}",
            classes.join(", ")
        )
    }
}

/// PostgreSQL does not infer the type of a placeholder that is a column of its own.
fn push_instant(sql: &mut SqlWriter, at: Timestamp) {
    match sql.dialect() {
        Dialect::Sqlite => sql.value(at),
        Dialect::Postgres => sql.push("CAST(").value(at).push(" AS TIMESTAMPTZ)"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_occurrence_is_upcoming_then_current_then_past() {
        let phase = |all_day, now| {
            Phase::of(at("2027-03-04T18:30:00Z"), at("2027-03-04T20:30:00Z"), all_day, at(now))
        };
        for (now, timed, all_day) in [
            ("2027-03-04T18:29:59.999999Z", Phase::Upcoming, Phase::Upcoming),
            ("2027-03-04T18:30:00Z", Phase::Current, Phase::Upcoming),
            ("2027-03-04T20:29:59.999999Z", Phase::Current, Phase::Upcoming),
            ("2027-03-04T20:30:00Z", Phase::Past, Phase::Past),
        ] {
            assert_eq!((phase(false, now), phase(true, now)), (timed, all_day), "{now}");
        }
    }

    #[test]
    fn the_door_is_open_until_a_day_after_the_end() {
        let end = at("2027-03-04T20:30:00Z");
        assert!(is_door_open(end, at("2027-03-05T20:30:00Z")));
        assert!(!is_door_open(end, at("2027-03-05T20:30:00.000001Z")));
    }

    #[test]
    fn length_classes_contain_all_lengths() {
        let longest = crate::time::IsoDuration::MAX.as_seconds();
        assert!(LENGTH_CLASSES.is_sorted_by_key(|(_, longest)| *longest));
        // A clock change may add hours.
        assert!(MAX_LENGTH.as_secs() >= u64::try_from(longest).unwrap() + 86_400);
    }
}
