//! The parts of a list: what starts within the period, and what began before it. Each part is a range of an
//! index. One condition for all of them would be none.

use super::condition::{Condition, Edge, start_conditions};
use super::since::{Earlier, Since, next_instant};
use crate::phase::{Ongoing, SHORT};
use crate::time::Timestamp;

/// A part of a list. Together the parts are the list, and no two have an occurrence in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// What has begun at an instant and is not over then, by its length, and meets these conditions.
    Ongoing(Ongoing, Timestamp, Vec<Condition>),
    /// What meets these conditions.
    Range(Vec<Condition>),
}

/// The conditions of the part that starts within the period.
pub(super) fn later(since: &Since) -> Vec<Condition> {
    let mut conditions = start_conditions(Edge::From, since.from);
    if let Earlier::Overlapping(bound) = since.earlier {
        conditions.push(Condition::NotOver(bound));
    }
    conditions
}

/// The parts that began before the period. All that they list has started by [`Since::begun_by`].
pub(super) fn earlier(since: &Since) -> Vec<Part> {
    match since.earlier {
        Earlier::Nothing => Vec::new(),
        Earlier::AllDay(from) => {
            let from = from.map(|from| Condition::Start(Edge::From, from));
            vec![Part::Ongoing(Ongoing::AllDay, since.now, from.into_iter().collect())]
        }
        Earlier::Current => {
            let before = start_conditions(Edge::To, since.from);
            let mut short = vec![
                Condition::ShortAndNotOver(since.now),
                Condition::Start(Edge::From, since.now.minus(SHORT)),
                Condition::Start(Edge::To, next_instant(since.now)),
            ];
            short.extend(before.iter().cloned());
            vec![Part::Ongoing(Ongoing::AllDayOrLong, since.now, before), Part::Range(short)]
        }
        Earlier::Overlapping(bound) => {
            let before = Condition::Start(Edge::To, since.begun_by());
            let conditions = vec![before, Condition::NotOver(bound)];
            vec![Part::Ongoing(Ongoing::AllDayOrLong, since.begun_by(), conditions)]
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use chrono_tz::Tz;

    use super::*;
    use crate::agenda::since::MAX_DAY_SHIFT;
    use crate::agenda::{AgendaFilter, Bound};

    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
    const LATER: Timestamp = Timestamp::from_micros(1_800_000_000_000_001);

    fn since(filter: &AgendaFilter) -> Since {
        Since::new(filter, NOW)
    }

    #[test]
    fn the_default_lists_what_starts_later_and_all_day_occurrences_that_are_not_over() {
        let default = since(&AgendaFilter::default());
        assert_eq!(later(&default), [Condition::Start(Edge::From, LATER)]);
        assert_eq!(earlier(&default), [Part::Ongoing(Ongoing::AllDay, NOW, Vec::new())]);
        assert!(default.is_upcoming());
        // Explicit bounds are bounds of the start.
        let past = AgendaFilter { from: Some(Bound::At(Timestamp::MIN)), ..AgendaFilter::default() };
        assert_eq!(earlier(&since(&past)), []);
        assert!(!since(&past).is_upcoming());
    }

    #[test]
    fn current_adds_what_takes_place_now_and_started_before_the_period() {
        let now = AgendaFilter { current: true, ..AgendaFilter::default() };
        let [Part::Ongoing(Ongoing::AllDayOrLong, NOW, before), Part::Range(short)] =
            &earlier(&since(&now))[..]
        else {
            panic!("{:?}", earlier(&since(&now)))
        };
        assert_eq!(before, &[Condition::Start(Edge::To, LATER)]);
        assert!(short.contains(&Condition::ShortAndNotOver(NOW)), "{short:?}");
        assert!(!since(&now).is_upcoming());

        let day = NaiveDate::from_ymd_opt(2027, 3, 1).unwrap();
        let from = Some(Bound::Day(day, Tz::Europe__Berlin));
        let on_day = AgendaFilter { from, ..now.clone() };
        let [Part::Ongoing(_, NOW, before), Part::Range(_)] = &earlier(&since(&on_day))[..] else { panic!() };
        assert!(matches!(before[..], [Condition::StartDay(Edge::To, ..), Condition::Start(Edge::To, _)]));
        let available = AgendaFilter { available: true, ..now };
        assert_eq!(earlier(&since(&available)), [Part::Ongoing(Ongoing::AllDay, NOW, Vec::new())]);
    }

    #[test]
    fn an_overlapping_period_begins_where_short_occurrences_are_over() {
        let (day, tz) = (NaiveDate::from_ymd_opt(2027, 3, 1).unwrap(), Tz::Europe__Berlin);
        for (from, bound, before) in
            [(None, Bound::At(NOW), SHORT), (Some(Bound::Day(day, tz)), Bound::Day(day, tz), MAX_DAY_SHIFT)]
        {
            let filter = AgendaFilter { overlaps: true, from, ..AgendaFilter::default() };
            let begun = next_instant(bound.instant().minus(before));
            assert_eq!(
                later(&since(&filter)),
                [Condition::Start(Edge::From, begun), Condition::NotOver(bound)]
            );
            let conditions = vec![Condition::Start(Edge::To, begun), Condition::NotOver(bound)];
            assert_eq!(earlier(&since(&filter)), [Part::Ongoing(Ongoing::AllDayOrLong, begun, conditions)]);
            assert!(!since(&filter).is_upcoming());
        }
    }

    #[test]
    fn what_is_available_has_not_started_unless_it_is_all_day() {
        let bound = Timestamp::from_micros(7);
        let past = AgendaFilter { available: true, from: Some(Bound::At(bound)), ..AgendaFilter::default() };
        assert_eq!(later(&since(&past)), [Condition::Start(Edge::From, LATER)]);
        let from = Condition::Start(Edge::From, bound);
        assert_eq!(earlier(&since(&past)), [Part::Ongoing(Ongoing::AllDay, NOW, vec![from])]);
        let future = AgendaFilter { from: Some(Bound::At(NOW.plus(SHORT))), ..past };
        assert_eq!(earlier(&since(&future)), []);
    }
}
