//! [`Snapshot`]: which transactions a reader has seen.

use std::fmt;

/// The most running transactions in the text of a snapshot that a client sends.
const MAX_RUNNING: usize = 1_000;

/// Which transactions a reader has seen: all below `all_below`, none from `none_from` on, and those in
/// between except the ones that were running. It is a `pg_snapshot` of PostgreSQL. On SQLite, rows are
/// committed in the order of their ids, and nothing is in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    all_below: u64,
    none_from: u64,
    /// In ascending order.
    running: Vec<u64>,
}

impl Snapshot {
    /// Of a reader that has seen nothing.
    pub(crate) const NOTHING: Self = Self { all_below: 1, none_from: 1, running: Vec::new() };

    /// Of a reader that has seen all rows up to an id, on SQLite.
    pub(super) fn up_to(id: u64) -> Self {
        let next = id.saturating_add(1);
        Self { all_below: next, none_from: next, running: Vec::new() }
    }

    /// Whether the reader has seen a transaction.
    pub(crate) fn sees(&self, number: u64) -> bool {
        number < self.all_below || (number < self.none_from && self.running.binary_search(&number).is_err())
    }

    /// Whether the reader has certainly seen everything that the other one had.
    pub(crate) const fn covers(&self, other: &Self) -> bool {
        self.all_below >= other.none_from
    }

    /// Whether it can be one of a database whose present snapshot is `now`.
    pub(crate) const fn is_not_after(&self, now: &Self) -> bool {
        self.none_from <= now.none_from
    }

    /// The smallest number that the reader may not have seen.
    pub(super) const fn first_unseen(&self) -> u64 {
        self.all_below
    }

    /// The text as PostgreSQL writes it: `10:20:10,14`.
    pub(super) fn from_postgres(text: &str) -> Option<Self> {
        let (all_below, rest) = text.split_once(':')?;
        let (none_from, running) = rest.split_once(':')?;
        let running = running.split(',').filter(|number| !number.is_empty());
        let running = running.map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>()?;
        Self::new(all_below.parse().ok()?, none_from.parse().ok()?, running)
    }

    pub(super) fn to_postgres(&self) -> String {
        let running: Vec<String> = self.running.iter().map(ToString::to_string).collect();
        format!("{}:{}:{}", self.all_below, self.none_from, running.join(","))
    }

    /// The snapshot, if its numbers are in order. They fit into the integers of the database.
    fn new(all_below: u64, none_from: u64, running: Vec<u64>) -> Option<Self> {
        let is_ascending = running.is_sorted_by(|one, next| one < next);
        let is_within = running.iter().all(|number| (all_below..none_from).contains(number));
        let fits = all_below >= 1 && all_below <= none_from && i64::try_from(none_from).is_ok();
        (fits && is_ascending && is_within).then_some(Self { all_below, none_from, running })
    }

    /// Reads what `Display` writes, which may come from a client.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(number);
        let (all_below, length) = (numbers.next()??, numbers.next()??);
        let mut running = Vec::new();
        for offset in numbers {
            if running.len() >= MAX_RUNNING {
                return None;
            }
            running.push(all_below.checked_add(offset?)?);
        }
        Self::new(all_below, all_below.checked_add(length)?, running)
    }
}

/// A number of decimal digits alone, without a sign.
fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

impl fmt::Display for Snapshot {
    /// The first number and the distances of the others from it: `10.10.0.4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.all_below, self.none_from - self.all_below)?;
        self.running.iter().try_for_each(|number| write!(f, ".{}", number - self.all_below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_sees_what_had_ended() {
        let snapshot = Snapshot::from_postgres("10:20:10,14").unwrap();
        let seen: Vec<u64> = (8..22).filter(|number| snapshot.sees(*number)).collect();
        assert_eq!(seen, [8, 9, 11, 12, 13, 15, 16, 17, 18, 19]);
        assert!((0..5).all(|id| Snapshot::up_to(4).sees(id)) && !Snapshot::up_to(4).sees(5));
        assert!(!Snapshot::NOTHING.sees(1));
    }

    #[test]
    fn the_text_of_a_snapshot_is_read_back() {
        for text in ["10:20:10,14", "10:10:", "1:1:", "7:9:8"] {
            let snapshot = Snapshot::from_postgres(text).unwrap();
            assert_eq!(snapshot.to_postgres(), text);
            assert_eq!(Snapshot::parse(&snapshot.to_string()), Some(snapshot));
        }
    }

    #[test]
    fn texts_of_no_snapshot_are_refused() {
        let huge = format!("1.{}", u64::MAX);
        let offsets: Vec<String> = (0..2_000).map(|n: u32| n.to_string()).collect();
        let long = format!("1.5000.{}", offsets.join("."));
        for text in [
            "", "1", "1.", ".1", "0.1", "1.-1", "1.+1", "1.2.5", "1.9.3.3", "1.9.4.3", "a.b", "1.1.1", &huge,
            &long,
        ] {
            assert_eq!(Snapshot::parse(text), None, "{text}");
        }
        for text in ["", "1:2", "2:1:", "1:9:9", "1:9:3,2", "0:0:"] {
            assert_eq!(Snapshot::from_postgres(text), None, "{text}");
        }
    }
}
