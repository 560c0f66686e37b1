//! Splitting a series ("this and following"): the two parts have the instances of the whole.

use chrono::NaiveDateTime;
use chrono_tz::Tz;
use eventcore_recurrence::Timestamp;
use eventcore_recurrence::{Recurrence, Series, SeriesStart};

use crate::properties::{for_random_rules, series, starts};

/// The starts of both halves, one after the other.
fn halves(series: &Series, at: Timestamp, count: usize) -> Vec<Timestamp> {
    let split = series.split(at).unwrap();
    let head = Series::new(series.start(), split.head).unwrap();
    let tail = Series::new(split.start, split.tail).unwrap();
    let mut all = starts(head.iter().take(count));
    assert!(all.iter().all(|start| *start < at));
    all.extend(starts(tail.iter().take(count)));
    all.truncate(count);
    all
}

#[test]
fn both_halves_are_the_whole() {
    for_random_rules(6, |spec, random| {
        let Some(series) = series(spec) else { return };
        let all = starts(series.iter().take(60));
        if all.len() < 2 {
            return;
        }
        let at = all[1 + random.index(all.len() - 1)];
        assert_eq!(halves(&series, at, all.len()), all, "{at}");
    });
}

fn thursdays(recurrence: &str) -> Series {
    let start: NaiveDateTime = "2027-03-04T18:30:00".parse().unwrap();
    let recurrence: Recurrence = serde_json::from_str(recurrence).unwrap();
    Series::new(SeriesStart::at(start, Tz::Europe__Berlin), recurrence).unwrap()
}

#[test]
fn added_and_excluded_dates_go_to_their_half() {
    let series = thursdays(
        r#"{"rrule": "FREQ=WEEKLY;COUNT=6", "rdate": ["2027-03-10T18:30:00", "2027-03-30"],
            "exdate": ["2027-03-11", "2027-04-01T18:30:00"]}"#,
    );
    let all = starts(series.iter());
    assert_eq!(all.len(), 6);
    for at in &all[1..] {
        assert_eq!(halves(&series, *at, 100), all, "{at}");
    }
    let split = series.split(all[3]).unwrap();
    assert_eq!((split.head.rdate.len(), split.tail.rdate.len()), (1, 1));
    assert_eq!((split.head.exdate.len(), split.tail.exdate.len()), (1, 1));
}

#[test]
fn impossible_splits_are_refused() {
    let series = thursdays(r#"{"rrule": "FREQ=WEEKLY;INTERVAL=2", "rdate": ["2027-03-10T18:30:00"]}"#);
    for (at, why) in [
        ("2027-03-05T17:30:00Z", "no occurrence at that time"),
        ("2027-03-04T17:30:00Z", "the first occurrence"),
        ("2027-03-10T17:30:00Z", "no rule that starts there"),
    ] {
        let error = series.split(at.parse().unwrap()).unwrap_err();
        assert_eq!(error.code(), "cannot_split");
        assert!(error.message().contains(why), "{error}");
    }
}

#[test]
fn a_split_in_a_gap_keeps_the_time_of_the_rule() {
    let start: NaiveDateTime = "2027-03-26T02:30:00".parse().unwrap();
    let daily = Recurrence::of("FREQ=DAILY;COUNT=5".parse().unwrap());
    let series = Series::new(SeriesStart::at(start, Tz::Europe__Berlin), daily).unwrap();
    let all = starts(series.iter());
    assert_eq!(halves(&series, all[2], 5), all);
    let split = series.split(all[2]).unwrap();
    assert_eq!(split.start.local.to_string(), "2027-03-28 02:30:00");
    assert_eq!(split.tail.rrule.unwrap().to_string(), "FREQ=DAILY;COUNT=3");
}
