//! Descriptions of rules in English, and phrases read as rules.

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use eventcore_recurrence::{Recurrence, Rule, Series, SeriesStart};

use crate::properties::{for_random_rules, series};

fn start() -> NaiveDateTime {
    // A Tuesday.
    "2027-10-05T18:30:00".parse().unwrap()
}

#[test]
fn rules_are_described_in_english() {
    for (rule, text) in [
        ("FREQ=DAILY", "every day"),
        ("FREQ=DAILY;INTERVAL=2", "every other day"),
        ("FREQ=DAILY;INTERVAL=10;COUNT=5", "every 10 days, 5 times"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "every weekday"),
        ("FREQ=DAILY;BYMONTH=1", "every day in January"),
        ("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0", "every day at 09:00 and 17:00"),
        ("FREQ=HOURLY;INTERVAL=3", "every 3 hours"),
        ("FREQ=HOURLY;BYMINUTE=0,30", "every hour at minutes 0 and 30"),
        ("FREQ=WEEKLY", "every Tuesday"),
        ("FREQ=WEEKLY;BYDAY=TH;COUNT=10", "every Thursday, 10 times"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;COUNT=10", "every other Friday, 10 times"),
        ("FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,WE", "every 3 weeks on Monday and Wednesday"),
        (
            "FREQ=WEEKLY;BYDAY=MO,WE,FR;UNTIL=20271224",
            "every Monday, Wednesday and Friday until 24 December 2027",
        ),
        ("FREQ=WEEKLY;UNTIL=20271231T235959Z", "every Tuesday until 1 January 2028"),
        ("FREQ=MONTHLY", "every month on the 5th"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "every month on the 1st and 15th"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day"),
        ("FREQ=MONTHLY;BYMONTHDAY=22,-2", "every month on the 22nd and second to last day"),
        ("FREQ=MONTHLY;BYDAY=2TU;UNTIL=20280503", "the second Tuesday of every month until 3 May 2028"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "the last Friday of every month"),
        ("FREQ=MONTHLY;BYDAY=1MO,3MO", "the first and third Monday of every month"),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=1SU", "the first Sunday of every other month"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "every month on the 13th if it is a Friday"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "the last weekday of every month"),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,-1", "the first and last Monday or Tuesday of every month"),
        ("FREQ=YEARLY", "every year on 5 October"),
        ("FREQ=YEARLY;BYMONTH=6,7", "every year on 5 June and 5 July"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "every year on the fourth Thursday of November"),
        ("FREQ=YEARLY;BYDAY=20MO", "every year on the 20th Monday of the year"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "every year on Monday of week 20"),
        ("FREQ=YEARLY;BYYEARDAY=1,100", "every year on the 1st and 100th day of the year"),
        ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3", "every year on the 3rd of March"),
        ("FREQ=DAILY;INTERVAL=10;COUNT=1", "once"),
        ("FREQ=DAILY;COUNT=2", "every day, twice"),
        ("FREQ=DAILY;BYMONTHDAY=1,15", "every month on the 1st and 15th"),
        ("FREQ=DAILY;INTERVAL=2;BYDAY=TU", "every other day if it is a Tuesday"),
        (
            "FREQ=DAILY;BYMONTHDAY=5,13;BYDAY=TU,FR",
            "every day if it is the 5th or 13th and it is a Tuesday or a Friday",
        ),
        ("FREQ=HOURLY;INTERVAL=3;BYMONTHDAY=5", "every 3 hours on the 5th of the month"),
        (
            "FREQ=DAILY;BYHOUR=9,17,18;BYMINUTE=30;BYSETPOS=1,-1",
            "every day at 09:30, 17:30 and 18:30, only the first and last of each day",
        ),
        ("FREQ=WEEKLY;BYDAY=TU,WE;BYSETPOS=-1", "every Tuesday and Wednesday, only the last of each week"),
        ("FREQ=MONTHLY;BYDAY=TU", "every Tuesday"),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", "every Tuesday of every other month"),
        ("FREQ=MONTHLY;BYDAY=TU,1FR", "every Tuesday and the first Friday of every month"),
        ("FREQ=MONTHLY;BYDAY=1TU,2FR", "the first Tuesday and the second Friday of every month"),
        ("FREQ=MONTHLY;BYMONTH=6,7;BYDAY=-2TU", "the second to last Tuesday of every June and July"),
        ("FREQ=MONTHLY;BYMONTH=10;BYMONTHDAY=5", "every October on the 5th"),
        ("FREQ=YEARLY;BYDAY=TU", "every Tuesday"),
        ("FREQ=YEARLY;BYMONTH=10;BYDAY=TU", "every Tuesday in October"),
        ("FREQ=YEARLY;INTERVAL=2;BYDAY=TU", "every other year on every Tuesday"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=FR", "every year on Friday of week 20"),
        ("FREQ=YEARLY;BYWEEKNO=20,40", "every year on Tuesday of weeks 20 and 40"),
        (
            "FREQ=YEARLY;BYWEEKNO=20,-1;BYDAY=MO,TU",
            "every year on Monday and Tuesday of week 20 and the last week",
        ),
        ("FREQ=YEARLY;BYYEARDAY=1,-1", "every year on the 1st and last day of the year"),
        ("FREQ=YEARLY;BYYEARDAY=100;BYDAY=MO", "every year on the 100th day of the year if it is a Monday"),
        (
            "FREQ=YEARLY;BYMONTH=1;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
            "every year on the first weekday of January",
        ),
    ] {
        let series =
            Series::new(SeriesStart::at(start(), Tz::Europe__Berlin), Recurrence::of(rule.parse().unwrap()))
                .unwrap();
        assert_eq!(series.to_english(), text, "{rule}");
    }
}

#[test]
fn rdates_and_exdates_are_named_or_counted() {
    let text = |recurrence: &str| {
        let recurrence = serde_json::from_str(recurrence).unwrap();
        Series::new(SeriesStart::at(start(), Tz::UTC), recurrence).unwrap().to_english()
    };
    assert_eq!(text("{}"), "once");
    assert_eq!(
        text(r#"{"rdate": ["2027-11-01", "2027-12-01"]}"#),
        "on 5 October 2027, 1 November 2027 and 1 December 2027"
    );
    assert_eq!(
        text(r#"{"rrule": "FREQ=DAILY", "exdate": ["2027-11-01"]}"#),
        "every day, except on 1 November 2027"
    );
    let many = r#"["2027-11-01", "2027-11-02", "2027-11-03", "2027-11-04"]"#;
    assert_eq!(text(&format!(r#"{{"rdate": {many}}}"#)), "on 5 October 2027 and 4 more dates");
    assert_eq!(
        text(&format!(r#"{{"rrule": "FREQ=DAILY", "exdate": {many}}}"#)),
        "every day, except on 4 dates"
    );
    let both =
        r#"{"rrule": "FREQ=WEEKLY;COUNT=3", "rdate": ["2027-10-07"], "exdate": ["2027-10-12T18:30:00"]}"#;
    assert_eq!(text(both), "every Tuesday, 3 times, and on 7 October 2027, except on 12 October 2027");
}

#[test]
fn phrases_become_rules() {
    for (phrase, rule) in [
        ("daily", "FREQ=DAILY"),
        ("every day", "FREQ=DAILY"),
        ("Every Day for 2 weeks", "FREQ=DAILY;UNTIL=20271018"),
        ("every 3 days, 5 times", "FREQ=DAILY;INTERVAL=3;COUNT=5"),
        ("every third day", "FREQ=DAILY;INTERVAL=3"),
        ("every 6 hours", "FREQ=HOURLY;INTERVAL=6"),
        ("weekly", "FREQ=WEEKLY"),
        ("every two weeks", "FREQ=WEEKLY;INTERVAL=2"),
        ("every fortnight", "FREQ=WEEKLY;INTERVAL=2"),
        ("fortnightly on Friday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"),
        ("weekdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("from monday to thursday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH"),
        ("weekends", "FREQ=WEEKLY;BYDAY=SA,SU"),
        ("every friday", "FREQ=WEEKLY;BYDAY=FR"),
        ("fridays", "FREQ=WEEKLY;BYDAY=FR"),
        ("tuesdays and thursdays until 3 May 2028", "FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20280503"),
        ("every other friday 10 times", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;COUNT=10"),
        ("alternate fridays", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"),
        ("every second tuesday until may", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20280430"),
        ("every second Tuesday of the month until 3 May 2028", "FREQ=MONTHLY;BYDAY=2TU;UNTIL=20280503"),
        ("every 2 weeks on mon and fri through may", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;UNTIL=20280531"),
        ("every monday in june", "FREQ=WEEKLY;BYMONTH=6;BYDAY=MO"),
        ("every week until 2028-05-03", "FREQ=WEEKLY;UNTIL=20280503"),
        ("every week until the end of the year", "FREQ=WEEKLY;UNTIL=20271231"),
        ("every week until 2029", "FREQ=WEEKLY;UNTIL=20281231"),
        ("every week until october", "FREQ=WEEKLY;UNTIL=20280930"),
        ("every week through october", "FREQ=WEEKLY;UNTIL=20271031"),
        ("monthly", "FREQ=MONTHLY"),
        ("once a month", "FREQ=MONTHLY"),
        ("quarterly", "FREQ=MONTHLY;INTERVAL=3"),
        ("every third month", "FREQ=MONTHLY;INTERVAL=3"),
        ("every month on the 15th", "FREQ=MONTHLY;BYMONTHDAY=15"),
        ("the 1st and 15th of every month", "FREQ=MONTHLY;BYMONTHDAY=1,15"),
        ("every month on the last day", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("last day of the month", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("last friday of the month", "FREQ=MONTHLY;BYDAY=-1FR"),
        ("every last friday", "FREQ=MONTHLY;BYDAY=-1FR"),
        ("the second to last friday of each month", "FREQ=MONTHLY;BYDAY=-2FR"),
        ("first and third monday of the month", "FREQ=MONTHLY;BYDAY=1MO,3MO"),
        ("the first monday of every other month", "FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO"),
        ("the first monday of every third month", "FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO"),
        ("last weekday of the month", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
        ("every year", "FREQ=YEARLY"),
        ("every year on 3 may", "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=3"),
        ("every may 3", "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=3"),
        ("the 3rd of may", "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=3"),
        ("annually on May 3rd for 5 years", "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=3;UNTIL=20321004"),
        ("fourth thursday of november", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"),
        ("last day of february", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"),
        ("every weekday until christmas", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20271225"),
        ("daily until new year’s eve", "FREQ=DAILY;UNTIL=20271231"),
        ("every week until easter 2029", "FREQ=WEEKLY;UNTIL=20290401"),
        ("twice a week", "FREQ=WEEKLY;BYDAY=TU,FR"),
        ("three times a week for 10 weeks", "FREQ=WEEKLY;BYDAY=TU,TH,SA;UNTIL=20271213"),
        ("twice a week on mon and fri", "FREQ=WEEKLY;BYDAY=MO,FR"),
        ("7 times a week", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU"),
        ("twice a month", "FREQ=MONTHLY;BYMONTHDAY=5,19"),
        ("twice a year 4 times", "FREQ=YEARLY;BYMONTH=4,10;COUNT=4"),
        ("every weekday except friday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH"),
        ("every day except weekends", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("every friday except in may", "FREQ=WEEKLY;BYMONTH=1,2,3,4,6,7,8,9,10,11,12;BYDAY=FR"),
        (
            "last friday of the month but not in july and august",
            "FREQ=MONTHLY;BYMONTH=1,2,3,4,5,6,9,10,11,12;BYDAY=-1FR",
        ),
    ] {
        let read =
            Rule::from_english(phrase, start().date()).unwrap_or_else(|error| panic!("{phrase}: {error}"));
        assert_eq!(read.to_string(), rule, "{phrase}");
    }
}

#[test]
fn phrases_that_mean_no_rule_are_refused() {
    for (phrase, word) in [
        ("", "how often"),
        ("until may", "how often"),
        ("every blue moon", "“blue”"),
        ("every week until whenever", "“whenever”"),
        ("twice a day", "times of day"),
        ("8 times a week", "at most 7 times"),
        ("every monday twice a week", "“week”"),
        ("every month on friday", "which one"),
        ("every week on the 15th", "every month on the 15th"),
        ("every friday at 6pm", "the time of day"),
        ("every friday starting monday", "the first occurrence"),
        ("every friday except 25 dec", "EXDATE"),
        ("every friday except", "say what is excluded"),
        ("every friday except sometimes", "“sometimes”"),
        ("every friday except fridays", "nothing is left"),
        ("every friday except 31 june", "does not exist"),
        ("every month on the 15th except mondays", "name dates instead"),
        ("every friday 10 times until may", "two ends"),
        ("every 0 weeks", "every 0"),
        ("every month on the 32nd", "32"),
        ("every week until 31 june", "does not exist"),
        ("seventh monday of the month", "7th"),
        ("every week for 99999999 years", "after the year 9999"),
    ] {
        let error = Rule::from_english(phrase, start().date()).unwrap_err();
        assert_eq!((error.code(), error.pointer()), ("not_understood", "/rrule"), "{phrase}");
        assert!(error.message().contains(word), "{phrase}: {error}");
    }
    assert_eq!(Rule::from_english(&"every ".repeat(500), start().date()).unwrap_err().code(), "too_long");
}

#[test]
fn phrases_exclude_dates() {
    for (phrase, rule, exdate) in [
        ("every friday except 24 dec", "FREQ=WEEKLY;BYDAY=FR", &["2027-12-24"][..]),
        (
            "every weekday until christmas except 24 and 25 dec 2027",
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20271225",
            &["2027-12-24", "2027-12-25"],
        ),
        (
            "daily except on christmas eve, new year's day and 3 march, 200 times",
            "FREQ=DAILY;COUNT=200",
            &["2027-12-24", "2028-01-01", "2028-03-03"],
        ),
        (
            "except the 1st of november every monday for 6 weeks",
            "FREQ=WEEKLY;BYDAY=MO;UNTIL=20271115",
            &["2027-11-01"],
        ),
        (
            "every friday but not december 24th for 1 year",
            "FREQ=WEEKLY;BYDAY=FR;UNTIL=20281004",
            &["2027-12-24"],
        ),
        (
            "every friday except 2027-12-24 and in june",
            "FREQ=WEEKLY;BYMONTH=1,2,3,4,5,7,8,9,10,11,12;BYDAY=FR",
            &["2027-12-24"],
        ),
        ("every friday", "FREQ=WEEKLY;BYDAY=FR", &[]),
    ] {
        let read = Recurrence::from_english(phrase, start().date())
            .unwrap_or_else(|error| panic!("{phrase}: {error}"));
        assert_eq!(read.rrule.unwrap().to_string(), rule, "{phrase}");
        assert_eq!(read.exdate.iter().map(ToString::to_string).collect::<Vec<_>>(), exdate, "{phrase}");
    }
}

#[test]
fn every_rule_has_a_description() {
    for_random_rules(9, |spec, _| {
        let Some(series) = series(spec) else { return };
        for text in [series.to_english(), spec.text().parse::<Rule>().unwrap().to_english()] {
            assert!(!text.is_empty() && !text.contains("  ") && text.trim() == text, "{text:?}");
        }
    });
}

#[test]
fn descriptions_are_understood() {
    let start = NaiveDate::from_ymd_opt(2027, 10, 5).unwrap();
    for rule in [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=2;COUNT=7",
        "FREQ=WEEKLY;BYDAY=TH;COUNT=10",
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;UNTIL=20280503",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,WE",
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=MONTHLY;BYDAY=2TU;UNTIL=20280503",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYDAY=-2FR",
        "FREQ=MONTHLY;BYDAY=1MO,3MO",
        "FREQ=MONTHLY;BYDAY=1TU,2FR",
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=1SU",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
    ] {
        let text = rule.parse::<Rule>().unwrap().to_english();
        assert_eq!(Rule::from_english(&text, start).unwrap().to_string(), rule, "{text}");
    }
}
