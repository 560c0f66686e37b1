//! Single instances: before, after, at, and all of them.

use chrono_tz::Tz;
use eventcore_recurrence::{Freq, Instance, Rule, Series, SeriesStart, Timestamp};

use crate::properties::{for_random_rules, series, starts};

fn start_of(instance: Option<Instance>) -> Option<Timestamp> {
    instance.map(|instance| instance.original_start())
}

#[test]
fn neighbours_are_those_of_the_list() {
    for_random_rules(21, |spec, random| {
        let Some(series) = series(spec) else { return };
        let all = starts(series.iter().take(120));
        let at = random.index(all.len());
        let earlier = at.checked_sub(1).map(|at| all[at]);
        assert_eq!(start_of(series.before(all[at]).unwrap()), earlier);
        let later = Timestamp::from_micros(all[at].as_micros() + 1);
        assert_eq!(start_of(series.before(later).unwrap()), Some(all[at]));
        let sooner = Timestamp::from_micros(all[at].as_micros() - 1);
        assert_eq!(start_of(series.after(sooner).unwrap()), Some(all[at]));
        if let Some(next) = all.get(at + 1) {
            assert_eq!(start_of(series.after(all[at]).unwrap()), Some(*next));
        }
        assert_eq!(start_of(series.at(all[at]).unwrap()), Some(all[at]));
    });
}

#[test]
fn the_last_before_the_end_of_time_is_found() {
    let start = SeriesStart::at("2027-03-25T18:30:00".parse().unwrap(), Tz::Europe__Berlin);
    let leap_days = Rule::builder(Freq::Yearly).by_month([2]).by_month_day([29]);
    let series = Series::builder(start).rule(leap_days.build().unwrap()).build().unwrap();
    let last = series.before(Timestamp::MAX).unwrap().unwrap();
    assert_eq!(last.local().to_string(), "9996-02-29 18:30:00");
    assert_eq!(start_of(series.after(last.original_start()).unwrap()), None);
    assert_eq!(start_of(series.before(Timestamp::MIN).unwrap()), None);
}

#[test]
fn a_series_with_everything_excluded_has_no_neighbours() {
    let text = "DTSTART:20270325T183000Z\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE;VALUE=DATE:20270325,20270326";
    let series: Series = text.parse().unwrap();
    assert_eq!(series.before(Timestamp::MAX), Ok(None));
    assert_eq!(series.after(Timestamp::MIN), Ok(None));
    assert_eq!(series.all(0), Ok(vec![]));
}

#[test]
fn all_is_bounded_by_its_limit() {
    let endless: Series =
        "DTSTART:20270325T183000Z\nRRULE:FREQ=HOURLY;BYMINUTE=0,1;BYSECOND=0,1".parse().unwrap();
    assert_eq!(endless.all(10_000).unwrap_err().code(), "too_many_occurrences");
    let three: Series = "DTSTART:20270325T183000Z\nRRULE:FREQ=DAILY;COUNT=3".parse().unwrap();
    assert_eq!(three.all(3).unwrap().len(), 3);
    assert_eq!(three.all(2).unwrap_err().code(), "too_many_occurrences");
}
