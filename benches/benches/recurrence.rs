//! Expansion of recurrence rules by eventcore and by the `rrule` crate:
//! `cargo bench -p benches --bench recurrence`.

#![expect(clippy::unwrap_used, reason = "a benchmark cannot continue without its data")]

use std::hint::black_box;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eventcore::Timestamp;
use eventcore::recurrence::{Recurrence, Series, SeriesStart};
use rrule::RRuleSet;

const RULES: u64 = 10_000;
const DAYS: u64 = 730;
const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// A rule and its start.
struct Rule {
    start: NaiveDateTime,
    text: String,
}

/// Weekly rules whose starts are spread over a year. Each has 104 or 105 instances in 730 days.
fn weekly() -> Vec<Rule> {
    let first = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap().and_hms_opt(18, 30, 0).unwrap();
    let weekday =
        |date: NaiveDateTime| WEEKDAYS[chrono::Datelike::weekday(&date).num_days_from_monday() as usize];
    let starts = (0..RULES).map(|n| first + Days::new(n % 365));
    starts.map(|start| Rule { start, text: format!("FREQ=WEEKLY;BYDAY={}", weekday(start)) }).collect()
}

/// Yearly rules for the day on which clocks go back in Europe.
fn yearly() -> Vec<Rule> {
    let start = NaiveDate::from_ymd_opt(2027, 10, 31).unwrap().and_hms_opt(18, 30, 0).unwrap();
    let rule = |_| Rule { start, text: "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10".to_owned() };
    (0..RULES / 20).map(rule).collect()
}

fn parse_with_eventcore(rules: &[Rule], tz: Tz) -> Vec<Series> {
    let series = |rule: &Rule| {
        Series::new(SeriesStart::at(rule.start, tz), Recurrence::of(rule.text.parse().unwrap())).unwrap()
    };
    rules.iter().map(series).collect()
}

fn parse_with_rrule(rules: &[Rule], tz: Tz) -> Vec<RRuleSet> {
    let set = |rule: &Rule| {
        let start = rule.start.format("%Y%m%dT%H%M%S");
        format!("DTSTART;TZID={tz}:{start}\nRRULE:{}", rule.text).parse().unwrap()
    };
    rules.iter().map(set).collect()
}

fn count_with_eventcore(series: &Series, to: Timestamp) -> usize {
    let instances = series.between(Timestamp::MIN, to);
    instances.inspect(|instance| assert!(black_box(instance).is_ok())).count()
}

fn count_with_rrule(set: &RRuleSet, to: DateTime<Utc>) -> usize {
    set.into_iter().take_while(|start| *black_box(start) < to).count()
}

/// Expands the rules over a number of days from the start of each.
fn bench_expansion(criterion: &mut Criterion, name: &str, rules: &[Rule], days: u64, tz: Tz) {
    let (series, sets) = (parse_with_eventcore(rules, tz), parse_with_rrule(rules, tz));
    let ends: Vec<DateTime<Utc>> =
        rules.iter().map(|rule| (rule.start + Days::new(days)).and_utc()).collect();
    let total_of_eventcore = || -> usize {
        series
            .iter()
            .zip(&ends)
            .map(|(series, end)| count_with_eventcore(series, Timestamp::from(*end)))
            .sum()
    };
    let total_of_rrule =
        || -> usize { sets.iter().zip(&ends).map(|(set, end)| count_with_rrule(set, *end)).sum() };
    assert_eq!(total_of_eventcore(), total_of_rrule(), "the numbers of instances differ");

    let mut group = criterion.benchmark_group(format!("{name}, {tz}"));
    group.sample_size(10).throughput(Throughput::Elements(total_of_eventcore() as u64));
    group.bench_function("eventcore", |bench| bench.iter(total_of_eventcore));
    group.bench_function("rrule crate", |bench| bench.iter(total_of_rrule));
    group.finish();
}

/// Parses and expands the rules, as saving an event does.
fn bench_parsing_and_expansion(criterion: &mut Criterion) {
    let rules = weekly();
    let mut group = criterion.benchmark_group("10,000 weekly rules over 730 days, from text");
    group.sample_size(10).throughput(Throughput::Elements(RULES));
    group.bench_function("eventcore", |bench| {
        bench.iter(|| {
            let all = parse_with_eventcore(&rules, Tz::Europe__Berlin);
            all.iter()
                .zip(&rules)
                .map(|(series, rule)| {
                    count_with_eventcore(series, (rule.start + Days::new(DAYS)).and_utc().into())
                })
                .sum::<usize>()
        });
    });
    group.finish();
}

/// Expands five years of a daily rule since 1970. The years before these five must take no time.
fn bench_late_window(criterion: &mut Criterion) {
    let start = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let rule = [Rule { start, text: "FREQ=DAILY".to_owned() }];
    let series = parse_with_eventcore(&rule, Tz::America__New_York).remove(0);
    let mut group = criterion.benchmark_group("five years of a daily rule begun in 1970");
    for from in [1970, 1975, 2028] {
        bench_five_years(&mut group, &series, from);
    }
    group.finish();
}

fn bench_five_years(group: &mut BenchmarkGroup<'_, WallTime>, series: &Series, from: i32) {
    let year = |year: i32| {
        Timestamp::from(NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc())
    };
    let (from_instant, to_instant) = (year(from), year(from + 5));
    group.throughput(Throughput::Elements(series.between(from_instant, to_instant).count() as u64));
    group.bench_function(BenchmarkId::from_parameter(from), |bench| {
        bench.iter(|| {
            series
                .between(from_instant, to_instant)
                .inspect(|instance| assert!(black_box(instance).is_ok()))
                .count()
        });
    });
}

fn recurrence(criterion: &mut Criterion) {
    for tz in [Tz::UTC, Tz::America__New_York] {
        bench_expansion(criterion, "10,000 weekly rules over 730 days", &weekly(), DAYS, tz);
    }
    bench_expansion(criterion, "500 yearly rules over 20 years", &yearly(), 20 * 365, Tz::Europe__Berlin);
    bench_parsing_and_expansion(criterion);
    bench_late_window(criterion);
}

criterion_group!(benches, recurrence);
criterion_main!(benches);
