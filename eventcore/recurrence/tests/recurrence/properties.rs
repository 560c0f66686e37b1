//! Properties of all rules, tested on random ones. The variable `RECURRENCE_RULES` sets their number.

use chrono::{Days, NaiveDateTime};
use eventcore_recurrence::Timestamp;
use eventcore_recurrence::{Instance, Recurrence, Rule, RuleError, Series};

use crate::random::{Random, Spec};
use crate::reference;

/// Number of random rules per property.
pub(crate) fn rules() -> u64 {
    std::env::var("RECURRENCE_RULES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

/// Tests `property` on random rules. A failure names the seed and the rule.
pub(crate) fn for_random_rules(salt: u64, property: impl Fn(&Spec, &mut Random)) {
    for seed in 0..rules() {
        let mut random = Random::new(salt << 32 | seed);
        let spec = Spec::random(&mut random);
        let shown = format!("seed {seed}: {} {} {}", spec.text(), spec.start, spec.tz);
        let run = std::panic::AssertUnwindSafe(|| property(&spec, &mut random));
        assert!(std::panic::catch_unwind(run).is_ok(), "{shown}");
    }
}

/// The series of a rule, or `None` if the rule matches nothing.
pub(crate) fn series(spec: &Spec) -> Option<Series> {
    let rule = spec.text().parse().unwrap();
    match Series::new(spec.start(), Recurrence::of(rule)) {
        Ok(series) => Some(series),
        Err(error) => {
            assert!(matches!(error.code(), "never_matches" | "until_before_start"), "{error}");
            None
        }
    }
}

pub(crate) fn starts(instances: impl Iterator<Item = Result<Instance, RuleError>>) -> Vec<Timestamp> {
    instances.map(|instance| instance.unwrap().original_start()).collect()
}

fn horizon(spec: &Spec) -> NaiveDateTime {
    let periods = match spec.unit_days() {
        365 => 6,
        1 if spec.freq == eventcore_recurrence::Freq::Hourly => 8,
        1 => 60,
        _ => 20,
    };
    spec.start + Days::new((spec.unit_days() * spec.interval * periods).unsigned_abs())
}

#[test]
fn agrees_with_the_reference() {
    for_random_rules(1, |spec, _| {
        let horizon = horizon(spec);
        let expected = reference::expand(spec, horizon);
        let to = Timestamp::from(horizon.and_utc());
        match series(spec) {
            Some(series) => {
                // The reference takes the horizon as a local time: instances within 48 hours of it are not
                // compared.
                let cut = to.minus(std::time::Duration::from_hours(48));
                let ours = starts(series.between(Timestamp::MIN, cut));
                let expected: Vec<_> = expected.into_iter().filter(|at| *at < cut).collect();
                assert_eq!(ours, expected);
            }
            // The engine refuses a rule that matches nothing; the reference may return the start.
            None => assert!(expected.len() <= 1, "{expected:?}"),
        }
    });
}

#[test]
fn is_sorted_unique_and_within_bounds() {
    for_random_rules(2, |spec, random| {
        let Some(series) = series(spec) else { return };
        let some = starts(series.iter().take(60));
        assert!(some.windows(2).all(|pair| pair[0] < pair[1]));
        let Some(last) = some.last() else { return };
        let (a, b) = (some[random.index(some.len())], *last);
        let within = starts(series.between(a, b));
        assert_eq!(within, some.iter().copied().filter(|at| *at >= a && *at < b).collect::<Vec<_>>());
        let first = Timestamp::from(series.start().local.and_utc());
        assert!(some[0].since(first) < std::time::Duration::from_hours(48));
    });
}

#[test]
fn adjacent_windows_cover_the_whole() {
    for_random_rules(3, |spec, random| {
        let Some(series) = series(spec) else { return };
        let some = starts(series.iter().take(80));
        let mut cuts: Vec<Timestamp> = (0..3)
            .map(|_| {
                let micros = some[random.index(some.len())].as_micros() + random.between(-2, 2) * 400_000;
                Timestamp::from_micros(micros)
            })
            .collect();
        cuts.sort_unstable();
        let mut parts = starts(series.between(cuts[0], cuts[1]));
        parts.extend(starts(series.between(cuts[1], cuts[2])));
        assert_eq!(starts(series.between(cuts[0], cuts[2])), parts);
    });
}

#[test]
fn display_round_trips() {
    for_random_rules(4, |spec, _| {
        let text = spec.text();
        let rule: Rule = text.parse().unwrap();
        assert_eq!(rule.to_string(), text);
        assert_eq!(rule.to_string().parse::<Rule>().unwrap(), rule);
        assert_eq!(text.to_lowercase().parse::<Rule>().unwrap(), rule);
    });
}

#[test]
fn expansion_from_within_equals_expansion_from_the_start() {
    for_random_rules(5, |spec, random| {
        let Some(series) = series(spec) else { return };
        let all = starts(series.iter().take(400));
        let from = random.index(all.len());
        let a = Timestamp::from_micros(all[from].as_micros() + random.between(-1, 0));
        assert_eq!(starts(series.between(a, Timestamp::MAX).take(all.len() - from)), all[from..]);
    });
}
