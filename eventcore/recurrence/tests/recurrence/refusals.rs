//! Invalid rules and recurrences: codes and messages of the errors.

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use eventcore_recurrence::{DateValue, Recurrence, Rule, RuleError, ScheduleLimits, Series, SeriesStart};

fn parse_error(text: &str) -> RuleError {
    text.parse::<Rule>().expect_err(text)
}

#[test]
fn each_part_is_named() {
    for (text, code, message) in [
        ("", "invalid_rule", "the rule is empty: it needs at least FREQ, such as FREQ=WEEKLY"),
        ("COUNT=3", "invalid_rule", "FREQ is missing, such as FREQ=WEEKLY"),
        (
            "FREQ=SECONDLY",
            "unsupported",
            "FREQ=SECONDLY is not supported: the shortest period is FREQ=HOURLY",
        ),
        (
            "FREQ=MINUTELY",
            "unsupported",
            "FREQ=MINUTELY is not supported: the shortest period is FREQ=HOURLY",
        ),
        (
            "FREQ=FORTNIGHTLY",
            "invalid_rule",
            "FREQ=FORTNIGHTLY: must be HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY",
        ),
        ("FREQ=DAILY;BYMONTHDAY=32", "invalid_rule", "BYMONTHDAY=32: must be 1 to 31 or -31 to -1"),
        ("FREQ=DAILY;BYMONTHDAY=0", "invalid_rule", "BYMONTHDAY=0: must be 1 to 31 or -31 to -1"),
        ("FREQ=YEARLY;BYYEARDAY=367", "invalid_rule", "BYYEARDAY=367: must be 1 to 366 or -366 to -1"),
        ("FREQ=YEARLY;BYWEEKNO=-54", "invalid_rule", "BYWEEKNO=-54: must be 1 to 53 or -53 to -1"),
        ("FREQ=YEARLY;BYMONTH=13", "invalid_rule", "BYMONTH=13: must be 1 to 12"),
        ("FREQ=YEARLY;BYMONTH=-1", "invalid_rule", "BYMONTH=-1: must be 1 to 12"),
        ("FREQ=DAILY;BYHOUR=24", "invalid_rule", "BYHOUR=24: must be 0 to 23"),
        ("FREQ=DAILY;BYMINUTE=60", "invalid_rule", "BYMINUTE=60: must be 0 to 59"),
        ("FREQ=DAILY;BYSECOND=61", "invalid_rule", "BYSECOND=61: must be 0 to 60"),
        ("FREQ=DAILY;BYHOUR=9;BYSETPOS=0", "invalid_rule", "BYSETPOS=0: must be 1 to 366 or -366 to -1"),
        ("FREQ=DAILY;BYSETPOS=1", "invalid_rule", "BYSETPOS needs another BY part to choose from"),
        (
            "FREQ=WEEKLY;BYDAY=XX",
            "invalid_rule",
            "BYDAY=XX: must be a weekday such as MO, or the n-th such as 2TU or -1FR, n from 1 to 53",
        ),
        (
            "FREQ=MONTHLY;BYDAY=54MO",
            "invalid_rule",
            "BYDAY=54MO: must be a weekday such as MO, or the n-th such as 2TU or -1FR, n from 1 to 53",
        ),
        (
            "FREQ=WEEKLY;BYDAY=2MO",
            "invalid_rule",
            "BYDAY=2MO: a number can only be used with FREQ=MONTHLY or FREQ=YEARLY",
        ),
        (
            "FREQ=YEARLY;BYWEEKNO=3;BYDAY=2MO",
            "invalid_rule",
            "BYDAY=2MO: a number cannot be used together with BYWEEKNO",
        ),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "invalid_rule", "BYMONTHDAY cannot be used with FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYYEARDAY=3", "invalid_rule", "BYYEARDAY cannot be used with FREQ=MONTHLY"),
        ("FREQ=HOURLY;BYWEEKNO=3", "invalid_rule", "BYWEEKNO cannot be used with FREQ=HOURLY"),
        ("FREQ=DAILY;COUNT=0", "invalid_rule", "COUNT=0: must be a whole number from 1 to 4294967295"),
        ("FREQ=DAILY;INTERVAL=0", "invalid_rule", "INTERVAL=0: must be a whole number from 1 to 4294967295"),
        (
            "FREQ=DAILY;INTERVAL=99999999999",
            "invalid_rule",
            "INTERVAL=99999999999: must be a whole number from 1 to 4294967295",
        ),
        ("FREQ=DAILY;COUNT=3;UNTIL=20280101", "invalid_rule", "COUNT and UNTIL cannot be combined: keep one"),
        ("FREQ=DAILY;COUNT=3;COUNT=4", "invalid_rule", "COUNT=4: must not be repeated"),
        ("FREQ=DAILY;COLOUR=RED", "invalid_rule", "COLOUR=RED: RFC 5545 has no such part"),
        ("FREQ=DAILY;WKST=XX", "invalid_rule", "WKST=XX: must be one of MO, TU, WE, TH, FR, SA, SU"),
        ("FREQ=DAILY;COUNT", "invalid_rule", "COUNT: a part must have the form NAME=VALUE"),
        (
            "RSCALE=HEBREW;FREQ=YEARLY",
            "unsupported",
            "RSCALE=HEBREW: only the Gregorian calendar is supported (no RFC 7529)",
        ),
        (
            "FREQ=DAILY;UNTIL=20280230",
            "invalid_rule",
            "UNTIL=20280230: must be a date (20280503), a local time (20280503T183000) \
             or an instant (20280503T163000Z)",
        ),
    ] {
        let error = parse_error(text);
        assert_eq!((error.code(), error.message(), error.pointer()), (code, message, "/rrule"), "{text}");
    }
}

#[test]
fn hostile_texts_are_refused() {
    assert_eq!(parse_error(&format!("FREQ=DAILY;BYHOUR={}1", "1,".repeat(500))).code(), "too_long");
    assert_eq!(parse_error("FREQ=WEEKLY;BYDAY=日曜").code(), "invalid_rule");
    assert_eq!(parse_error("RRULEß:FREQ=DAILY").code(), "invalid_rule");
    assert!(parse_error(&format!("FREQ={}", "X".repeat(900))).message().len() < 200);
    assert_eq!("rrule:freq=daily;byday=+1mo".parse::<Rule>().unwrap_err().code(), "invalid_rule");
    assert_eq!(
        " RRULE:FREQ=monthly;BYDAY=+1MO ".parse::<Rule>().unwrap().to_string(),
        "FREQ=MONTHLY;BYDAY=1MO"
    );
}

fn start() -> NaiveDateTime {
    "2027-03-04T18:30:00".parse().unwrap()
}

fn series(rule: &str) -> Result<Series, RuleError> {
    Series::new(SeriesStart::at(start(), Tz::Europe__Berlin), Recurrence::of(rule.parse()?))
}

#[test]
fn rules_without_instances_are_refused() {
    for rule in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=DAILY;BYHOUR=1;BYSETPOS=2",
        "FREQ=HOURLY;INTERVAL=2;BYHOUR=9",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
    ] {
        assert_eq!(series(rule).unwrap_err().code(), "never_matches", "{rule}");
    }
    let error = series("FREQ=DAILY;UNTIL=20270303").unwrap_err();
    assert_eq!(error.code(), "until_before_start");
    assert_eq!(error.message(), "UNTIL=20270303 is before the start (2027-03-04 18:30:00)");
    assert!(series("FREQ=DAILY;UNTIL=20270304").is_ok(), "UNTIL includes the whole day");
}

#[test]
fn a_start_that_the_rule_does_not_match_is_the_first_instance() {
    // 4 March 2027 is a Thursday.
    let first = series("FREQ=WEEKLY;BYDAY=MO;COUNT=3").unwrap().first(10, None).unwrap();
    let dates: Vec<_> = first.instances.iter().map(|i| i.date().to_string()).collect();
    assert_eq!(
        (dates, first.complete),
        (["2027-03-04", "2027-03-08", "2027-03-15"].map(String::from).to_vec(), true)
    );
}

#[test]
fn schedules_beyond_the_limits_are_refused() {
    let horizon = "2029-03-04T00:00:00Z".parse().unwrap();
    let schedule = |rule: &str| {
        series(rule).unwrap().schedule(
            eventcore_recurrence::Timestamp::MIN,
            horizon,
            ScheduleLimits::default(),
        )
    };
    assert_eq!(schedule("FREQ=DAILY;COUNT=2000").unwrap().len(), 2_000);
    assert_eq!(schedule("FREQ=DAILY;COUNT=2001").unwrap_err().code(), "too_many_occurrences");
    assert_eq!(schedule("FREQ=DAILY").unwrap().len(), 731);
    assert!(schedule("FREQ=HOURLY").is_ok());
    assert_eq!(schedule("FREQ=HOURLY;BYMINUTE=0,15,30,45").unwrap_err().code(), "too_many_occurrences");

    let many = vec!["2027-04-01T18:30:00"; 10_000];
    let error = Recurrence::parse(Some("FREQ=DAILY"), &many, &[]).unwrap_err().remove(0);
    assert_eq!((error.pointer(), error.code()), ("/rdate", "too_many_dates"));
    let many = Recurrence { rrule: None, rdate: vec![], exdate: vec![DateValue::Local(start()); 10_000] };
    let error = Series::new(SeriesStart::at(start(), Tz::UTC), many).unwrap_err();
    assert_eq!((error.pointer(), error.code()), ("/exdate", "too_many_dates"));
}

#[test]
fn each_invalid_date_has_an_error() {
    let errors =
        Recurrence::parse(Some("FREQ=DAILY;COUNT=0"), &["2027-04-01", "soon"], &["2027-02-30"]).unwrap_err();
    let named: Vec<_> = errors.iter().map(|error| (error.pointer(), error.code())).collect();
    assert_eq!(
        named,
        [("/rrule", "invalid_rule"), ("/rdate/1", "invalid_date"), ("/exdate/0", "invalid_date")]
    );

    let early = Recurrence::parse(None, &["2027-04-01", "2027-03-01"], &[]).unwrap();
    let error = Series::new(SeriesStart::at(start(), Tz::UTC), early).unwrap_err();
    assert_eq!((error.pointer(), error.code()), ("/rdate/1", "before_start"));

    let nothing = Recurrence::parse(Some("FREQ=DAILY;COUNT=2"), &[], &["2027-03-04", "2027-03-05"]).unwrap();
    let error = Series::new(SeriesStart::at(start(), Tz::UTC), nothing)
        .unwrap()
        .schedule(
            eventcore_recurrence::Timestamp::MIN,
            "2029-03-04T00:00:00Z".parse().unwrap(),
            ScheduleLimits::default(),
        )
        .unwrap_err();
    assert_eq!((error.pointer(), error.code()), ("/exdate", "nothing_left"));
}

#[test]
fn an_all_day_series_cannot_be_hourly() {
    let day = SeriesStart::on(NaiveDate::from_ymd_opt(2027, 3, 4).unwrap(), Tz::UTC);
    let error = Series::new(day, Recurrence::of("FREQ=HOURLY".parse().unwrap())).unwrap_err();
    assert_eq!(error.message(), "FREQ=HOURLY cannot be used with an all-day event");
}
