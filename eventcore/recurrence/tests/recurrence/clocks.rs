//! Clock changes: cases that RFC 5545 and the vectors leave open.

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use eventcore_recurrence::{Recurrence, Series, SeriesStart};

fn series(start: SeriesStart, rule: &str) -> Series {
    Series::new(start, Recurrence::of(rule.parse().unwrap())).unwrap()
}

fn at(local: &str, tz: Tz) -> SeriesStart {
    SeriesStart::at(local.parse::<NaiveDateTime>().unwrap(), tz)
}

/// The first instants, with the offset of the zone.
fn first_starts(series: &Series, count: usize) -> Vec<String> {
    let first = series.first(count, None).unwrap();
    first.instances.iter().map(|i| i.original_start().to_rfc3339_in(series.start().tz)).collect()
}

#[test]
fn two_times_on_one_instant_are_one_instance() {
    let hourly = series(at("2027-03-28T00:00:00", Tz::Europe__Berlin), "FREQ=HOURLY;COUNT=4");
    assert_eq!(
        first_starts(&hourly, 9),
        [
            "2027-03-28T00:00:00+01:00",
            "2027-03-28T01:00:00+01:00",
            "2027-03-28T03:00:00+02:00",
            "2027-03-28T04:00:00+02:00"
        ]
    );
}

#[test]
fn a_time_in_a_fold_is_one_instance() {
    let hourly = series(at("2027-10-31T01:00:00", Tz::Europe__Berlin), "FREQ=HOURLY;COUNT=3");
    assert_eq!(
        first_starts(&hourly, 9),
        ["2027-10-31T01:00:00+02:00", "2027-10-31T02:00:00+02:00", "2027-10-31T03:00:00+01:00"]
    );
}

#[test]
fn instances_are_in_order_of_their_instants() {
    let picked = series(
        at("2027-03-27T02:30:00", Tz::Europe__Berlin),
        "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30;BYSETPOS=2,3;COUNT=4",
    );
    assert_eq!(
        first_starts(&picked, 9),
        [
            "2027-03-27T02:30:00+01:00",
            "2027-03-27T03:00:00+01:00",
            "2027-03-28T03:00:00+02:00",
            "2027-03-28T03:30:00+02:00"
        ]
    );
}

#[test]
fn a_date_that_a_zone_skipped_moves_to_the_next() {
    let start = SeriesStart::on(NaiveDate::from_ymd_opt(2011, 12, 29).unwrap(), Tz::Pacific__Apia);
    let daily = series(start, "FREQ=DAILY;COUNT=3");
    let days: Vec<_> = daily.iter().map(|i| i.unwrap().date().to_string()).collect();
    assert_eq!(days, ["2011-12-29", "2011-12-31", "2012-01-01"]);
}

#[test]
fn a_start_may_be_the_second_time_of_a_fold() {
    let second =
        at("2027-10-31T02:30:00", Tz::Europe__Berlin).with_instant("2027-10-31T01:30:00Z".parse().unwrap());
    let daily = series(second, "FREQ=DAILY;COUNT=2");
    assert_eq!(first_starts(&daily, 9), ["2027-10-31T02:30:00+01:00", "2027-11-01T02:30:00+01:00"]);
}

#[test]
fn an_instance_in_a_gap_keeps_its_nominal_time() {
    let daily = series(at("2027-03-28T02:30:00", Tz::Europe__Berlin), "FREQ=DAILY;COUNT=2");
    let first = daily.iter().next().unwrap().unwrap();
    assert_eq!(
        (first.nominal().to_string().as_str(), first.local().to_string().as_str()),
        ("2027-03-28 02:30:00", "2027-03-28 03:30:00")
    );
}
