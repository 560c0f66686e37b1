//! A second opinion: the `rrule` crate, on the plain rules that it is right about.

use chrono::{DateTime, Datelike, Utc};
use eventcore::Timestamp;
use eventcore::recurrence::{Freq, Recurrence, Series, Start};
use rrule::{RRuleSet, Tz};

use crate::properties::rules;
use crate::random::{Random, Spec};

/// What the crate gets wrong or refuses is left out: see the module docs of `eventcore::recurrence`.
fn plain(random: &mut Random) -> Spec {
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

fn opinion(spec: &Spec, count: u16) -> Option<Vec<Timestamp>> {
    let text = format!("DTSTART:{}Z\nRRULE:{}", spec.start.format("%Y%m%dT%H%M%S"), spec.text());
    let set: RRuleSet = text.parse().ok()?;
    // The crate tries rules that never match for seconds.
    let before = (spec.start + chrono::Days::new(900)).and_utc().with_timezone(&Tz::UTC);
    let dates = set.before(before).all(count).dates;
    Some(dates.into_iter().map(|date: DateTime<Tz>| date.with_timezone(&Utc).into()).collect())
}

#[test]
fn agrees_on_plain_rules() {
    let mut random = Random::new(77);
    let (mut compared, mut tried) = (0, 0);
    while tried < rules() / 3 {
        tried += 1;
        let spec = plain(&mut random);
        let Ok(series) =
            Series::new(Start::at(spec.start, spec.tz), Recurrence::of(spec.text().parse().unwrap()))
        else {
            continue;
        };
        let Some(theirs) = opinion(&spec, 20) else { continue };
        // The crate leaves out a start that is off the rule, and counts on without it.
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
