//! Comparison with the `rrule` crate on the simple rules that it expands correctly.

use chrono::{DateTime, Datelike, Utc};
use eventcore_recurrence::Timestamp;
use eventcore_recurrence::{Freq, Recurrence, Series, SeriesStart};
use rrule::{RRuleSet, Tz};

use crate::properties::rules;
use crate::random::{Random, Spec};

/// A random rule without the parts that the crate gets wrong or refuses: see the docs of
/// `eventcore_recurrence`.
fn simple_rule(random: &mut Random) -> Spec {
    let mut spec = Spec::random(random);
    spec.tz = chrono_tz::Tz::UTC;
    spec.all_day = false;
    spec.until = None;
    spec.weeks.clear();
    spec.positions.clear();
    spec.seconds.retain(|second| *second < 60);
    if spec.days.iter().any(|(nth, _)| *nth != 0) {
        spec.days.retain(|(nth, _)| *nth != 0 && nth.abs() <= 5);
        if spec.freq == Freq::Yearly && spec.months.is_empty() {
            spec.months = vec![spec.start.month().into()];
        }
    }
    spec
}

fn expand_with_rrule(spec: &Spec, count: u16) -> Option<Vec<Timestamp>> {
    let text = format!("DTSTART:{}Z\nRRULE:{}", spec.start.format("%Y%m%dT%H%M%S"), spec.text());
    let set: RRuleSet = text.parse().ok()?;
    // The bound prevents the crate from searching for seconds on rules that never match.
    let before = (spec.start + chrono::Days::new(900)).and_utc().with_timezone(&Tz::UTC);
    let dates = set.before(before).all(count).dates;
    Some(dates.into_iter().map(|date: DateTime<Tz>| date.with_timezone(&Utc).into()).collect())
}

#[test]
fn agrees_with_rrule_on_simple_rules() {
    let mut random = Random::new(77);
    let (mut compared, mut tried) = (0, 0);
    while tried < rules() / 3 {
        tried += 1;
        let spec = simple_rule(&mut random);
        let Ok(series) =
            Series::new(SeriesStart::at(spec.start, spec.tz), Recurrence::of(spec.text().parse().unwrap()))
        else {
            continue;
        };
        let Some(theirs) = expand_with_rrule(&spec, 20) else { continue };
        // The crate omits a start that the rule does not match, and COUNT does not include it.
        let Some(first) = theirs.first().filter(|first| **first == Timestamp::from(spec.start.and_utc()))
        else {
            continue;
        };
        let last = theirs.last().unwrap_or(first);
        let ours: Vec<_> = series
            .between(*first, last.plus(std::time::Duration::from_secs(1)))
            .map(|i| i.unwrap().original_start())
            .collect();
        assert_eq!(ours, theirs, "{} from {}", spec.text(), spec.start);
        compared += 1;
    }
    assert!(compared * 10 > tried, "only {compared} of {tried} rules could be compared");
}
