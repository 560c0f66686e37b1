//! Expansion of recurrence rules, beside the `rrule` crate in the same run: `cargo bench -p benches --bench recurrence`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has no figure")]

use std::hint::black_box;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eventcore::Timestamp;
use eventcore::recurrence::{Recurrence, Series, Start};
use rrule::RRuleSet;

const RULES: u64 = 10_000;
const DAYS: u64 = 730;
const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// A rule and its start.
struct Rule {
    start: NaiveDateTime,
    text: String,
}

/// Weekly rules with starts all over a year; each has 104 or 105 dates in 730 days.
fn weekly() -> Vec<Rule> {
    let first = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap().and_hms_opt(18, 30, 0).unwrap();
    let weekday =
        |date: NaiveDateTime| WEEKDAYS[chrono::Datelike::weekday(&date).num_days_from_monday() as usize];
    let starts = (0..RULES).map(|n| first + Days::new(n % 365));
    starts.map(|start| Rule { start, text: format!("FREQ=WEEKLY;BYDAY={}", weekday(start)) }).collect()
}

/// The day on which Europe's clocks go back, for twenty years.
fn yearly() -> Vec<Rule> {
    let start = NaiveDate::from_ymd_opt(2027, 10, 31).unwrap().and_hms_opt(18, 30, 0).unwrap();
    let rule = |_| Rule { start, text: "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10".to_owned() };
    (0..RULES / 20).map(rule).collect()
}

fn ours(rules: &[Rule], tz: Tz) -> Vec<Series> {
    let series = |rule: &Rule| {
        Series::new(Start::at(rule.start, tz), Recurrence::of(rule.text.parse().unwrap())).unwrap()
    };
    rules.iter().map(series).collect()
}

fn theirs(rules: &[Rule], tz: Tz) -> Vec<RRuleSet> {
    let set = |rule: &Rule| {
        let start = rule.start.format("%Y%m%dT%H%M%S");
        format!("DTSTART;TZID={tz}:{start}\nRRULE:{}", rule.text).parse().unwrap()
    };
    rules.iter().map(set).collect()
}

fn expand_ours(series: &Series, to: Timestamp) -> usize {
    let instances = series.between(Timestamp::MIN, to);
    instances.inspect(|instance| assert!(black_box(instance).is_ok())).count()
}

fn expand_theirs(set: &RRuleSet, to: DateTime<Utc>) -> usize {
    set.into_iter().take_while(|date| *black_box(date) < to).count()
}

fn expand(criterion: &mut Criterion, name: &str, rules: &[Rule], days: u64, tz: Tz) {
    let (series, sets) = (ours(rules, tz), theirs(rules, tz));
    let ends: Vec<DateTime<Utc>> =
        rules.iter().map(|rule| (rule.start + Days::new(days)).and_utc()).collect();
    let all_ours = || -> usize {
        series.iter().zip(&ends).map(|(series, end)| expand_ours(series, Timestamp::from(*end))).sum()
    };
    let all_theirs = || -> usize { sets.iter().zip(&ends).map(|(set, end)| expand_theirs(set, *end)).sum() };
    assert_eq!(all_ours(), all_theirs(), "both expand the same");

    let mut group = criterion.benchmark_group(format!("{name}, {tz}"));
    group.sample_size(10).throughput(Throughput::Elements(all_ours() as u64));
    group.bench_function("eventcore", |bench| bench.iter(all_ours));
    group.bench_function("rrule crate", |bench| bench.iter(all_theirs));
    group.finish();
}

/// From the text of a rule to its dates, as saving an event does.
fn read_and_expand(criterion: &mut Criterion) {
    let rules = weekly();
    let mut group = criterion.benchmark_group("10,000 weekly rules over 730 days, from text");
    group.sample_size(10).throughput(Throughput::Elements(RULES));
    group.bench_function("eventcore", |bench| {
        bench.iter(|| {
            let all = ours(&rules, Tz::Europe__Berlin);
            all.iter()
                .zip(&rules)
                .map(|(series, rule)| expand_ours(series, (rule.start + Days::new(DAYS)).and_utc().into()))
                .sum::<usize>()
        });
    });
    group.finish();
}

/// Five years of a daily rule that began in 1970: what came before must cost nothing.
fn from_the_middle(criterion: &mut Criterion) {
    let start = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let rule = [Rule { start, text: "FREQ=DAILY".to_owned() }];
    let series = ours(&rule, Tz::America__New_York).remove(0);
    let mut group = criterion.benchmark_group("five years of a daily rule begun in 1970");
    for from in [1970, 1975, 2028] {
        five_years(&mut group, &series, from);
    }
    group.finish();
}

fn five_years(group: &mut BenchmarkGroup<'_, WallTime>, series: &Series, from: i32) {
    let year = |year: i32| {
        Timestamp::from(NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc())
    };
    let (a, b) = (year(from), year(from + 5));
    group.throughput(Throughput::Elements(series.between(a, b).count() as u64));
    group.bench_function(BenchmarkId::from_parameter(from), |bench| {
        bench.iter(|| series.between(a, b).inspect(|instance| assert!(black_box(instance).is_ok())).count());
    });
}

fn recurrence(criterion: &mut Criterion) {
    for tz in [Tz::UTC, Tz::America__New_York] {
        expand(criterion, "10,000 weekly rules over 730 days", &weekly(), DAYS, tz);
    }
    expand(criterion, "500 yearly rules over 20 years", &yearly(), 20 * 365, Tz::Europe__Berlin);
    read_and_expand(criterion);
    from_the_middle(criterion);
}

criterion_group!(benches, recurrence);
criterion_main!(benches);
