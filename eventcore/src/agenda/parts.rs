//! The parts of a list: what starts within the period, and what began before it. Each part is a range of an
//! index. One condition for all of them would be none.

use super::condition::{Condition, Edge, start_conditions};
use super::since::{Earlier, Since, next_instant};
use crate::phase::{Ongoing, SHORT};

/// A part of a list. Together the parts are the list, and no two have an occurrence in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// What has begun, by its length, and meets these conditions.
    Ongoing(Ongoing, Vec<Condition>),
    /// What meets these conditions.
    Range(Vec<Condition>),
}

/// The conditions of the part that starts within the period.
pub(super) fn later(since: &Since) -> Vec<Condition> {
    start_conditions(Edge::From, since.from)
}

/// The parts that began before the period. All that they list has started.
pub(super) fn earlier(since: &Since) -> Vec<Part> {
    match since.earlier {
        Earlier::Nothing => Vec::new(),
        Earlier::AllDay(from) => {
            let from = from.map(|from| Condition::Start(Edge::From, from));
            vec![Part::Ongoing(Ongoing::AllDay, from.into_iter().collect())]
        }
        Earlier::Current => {
            let before = start_conditions(Edge::To, since.from);
            let mut short = vec![
                Condition::ShortAndNotOver(since.now),
                Condition::Start(Edge::From, since.now.minus(SHORT)),
                Condition::Start(Edge::To, next_instant(since.now)),
            ];
            short.extend(before.iter().cloned());
            vec![Part::Ongoing(Ongoing::AllDayOrLong, before), Part::Range(short)]
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use chrono_tz::Tz;

    use super::*;
    use crate::agenda::{AgendaFilter, Bound};
    use crate::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
    const LATER: Timestamp = Timestamp::from_micros(1_800_000_000_000_001);

    fn since(filter: &AgendaFilter) -> Since {
        Since::new(filter, NOW)
    }

    #[test]
    fn the_default_lists_what_starts_later_and_all_day_occurrences_that_are_not_over() {
        let default = since(&AgendaFilter::default());
        assert_eq!(later(&default), [Condition::Start(Edge::From, LATER)]);
        assert_eq!(earlier(&default), [Part::Ongoing(Ongoing::AllDay, Vec::new())]);
        assert!(default.is_upcoming());
        // Explicit bounds are bounds of the start.
        let past = AgendaFilter { from: Some(Bound::At(Timestamp::MIN)), ..AgendaFilter::default() };
        assert_eq!(earlier(&since(&past)), []);
        assert!(!since(&past).is_upcoming());
    }

    #[test]
    fn current_adds_what_takes_place_now_and_started_before_the_period() {
        let now = AgendaFilter { current: true, ..AgendaFilter::default() };
        let [Part::Ongoing(Ongoing::AllDayOrLong, before), Part::Range(short)] = &earlier(&since(&now))[..]
        else {
            panic!("{:?}", earlier(&since(&now)))
        };
        assert_eq!(before, &[Condition::Start(Edge::To, LATER)]);
        assert!(short.contains(&Condition::ShortAndNotOver(NOW)), "{short:?}");
        assert!(!since(&now).is_upcoming());

        let day = NaiveDate::from_ymd_opt(2027, 3, 1).unwrap();
        let from = Some(Bound::Day(day, Tz::Europe__Berlin));
        let on_day = AgendaFilter { from, ..now.clone() };
        let [Part::Ongoing(_, before), Part::Range(_)] = &earlier(&since(&on_day))[..] else { panic!() };
        assert!(matches!(before[..], [Condition::StartDay(Edge::To, ..), Condition::Start(Edge::To, _)]));
        let available = AgendaFilter { available: true, ..now };
        assert_eq!(earlier(&since(&available)), [Part::Ongoing(Ongoing::AllDay, Vec::new())]);
    }

    #[test]
    fn what_is_available_has_not_started_unless_it_is_all_day() {
        let bound = Timestamp::from_micros(7);
        let past = AgendaFilter { available: true, from: Some(Bound::At(bound)), ..AgendaFilter::default() };
        assert_eq!(later(&since(&past)), [Condition::Start(Edge::From, LATER)]);
        let from = Condition::Start(Edge::From, bound);
        assert_eq!(earlier(&since(&past)), [Part::Ongoing(Ongoing::AllDay, vec![from])]);
        let future = AgendaFilter { from: Some(Bound::At(NOW.plus(SHORT))), ..past };
        assert_eq!(earlier(&since(&future)), []);
    }
}
