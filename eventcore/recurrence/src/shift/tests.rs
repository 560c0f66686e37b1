use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::time::Timestamp;

const BERLIN: Tz = Tz::Europe__Berlin;

fn start(text: &str, tz: Tz) -> SeriesStart {
    match text.parse::<NaiveDate>() {
        Ok(day) => SeriesStart::on(day, tz),
        Err(_) => SeriesStart::at(text.parse().unwrap(), tz),
    }
}

fn recurrence(rrule: &str, rdate: &[&str], exdate: &[&str]) -> Recurrence {
    Recurrence::parse(Some(rrule).filter(|rrule| !rrule.is_empty()), rdate, exdate).unwrap()
}

/// RRULE, RDATE and EXDATE in one text.
fn text(recurrence: &Recurrence) -> String {
    let list = |values: &[DateValue]| values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let rrule = recurrence.rrule.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{rrule} + {} - {}", list(&recurrence.rdate), list(&recurrence.exdate))
}

fn starts(start: SeriesStart, recurrence: &Recurrence) -> Vec<Timestamp> {
    let series = Series::new(start, recurrence.clone()).unwrap();
    series.iter().take(40).map(|instance| instance.unwrap().original_start()).collect()
}

/// The numbers of the occurrences that are excluded, among all occurrences of the rule.
fn excluded(start: SeriesStart, recurrence: &Recurrence) -> Vec<usize> {
    let all = starts(start, &Recurrence { exdate: Vec::new(), rdate: Vec::new(), ..recurrence.clone() });
    let left = starts(start, &Recurrence { rdate: Vec::new(), ..recurrence.clone() });
    (0..all.len().min(left.len())).filter(|n| !left.contains(&all[*n])).collect()
}

/// Shifts a recurrence there and back, and expects both texts.
fn there_and_back(from: SeriesStart, to: SeriesStart, before: &Recurrence, after: &str) {
    let shifted = before.shifted(from, to).unwrap();
    assert_eq!(text(&shifted), after, "{}", text(before));
    assert_eq!(text(&shifted.shifted(to, from).unwrap()), text(before), "back from {after}");
}

fn in_berlin(from: &str, to: &str, before: &Recurrence, after: &str) {
    there_and_back(start(from, BERLIN), start(to, BERLIN), before, after);
}

#[test]
fn exdates_stay_with_the_nth_occurrence() {
    let weekly = recurrence("FREQ=WEEKLY;COUNT=10", &[], &["2028-03-16T18:30:00"]);
    let after = "FREQ=WEEKLY;COUNT=10 +  - 2028-03-16T19:00:00";
    in_berlin("2028-03-02T18:30:00", "2028-03-02T19:00:00", &weekly, after);
    // Across a clock change, and by a week.
    let after = "FREQ=WEEKLY;COUNT=10 +  - 2028-04-13T18:30:00";
    in_berlin("2028-03-02T18:30:00", "2028-03-30T18:30:00", &weekly, after);
    // From the 30th to the 1st: the fourth moves by one day, the start by two.
    let monthly = recurrence("FREQ=MONTHLY;COUNT=6", &[], &["2027-11-30T18:30:00"]);
    let after = "FREQ=MONTHLY;COUNT=6 +  - 2027-12-01T18:30:00";
    in_berlin("2027-08-30T18:30:00", "2027-09-01T18:30:00", &monthly, after);
    // The 31st skips months that the 1st has, and the EXDATE after COUNT has a number as well.
    let long = recurrence("FREQ=MONTHLY;COUNT=3", &[], &["2027-05-31", "2027-07-31"]);
    let after = "FREQ=MONTHLY;COUNT=3 +  - 2027-04-01 2027-05-01";
    in_berlin("2027-01-31", "2027-02-01", &long, after);
}

#[test]
fn the_start_is_excluded_wherever_it_is() {
    for rrule in ["", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=MO", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=4"] {
        let before = recurrence(rrule, &["2028-03-05T10:00:00"], &["2028-03-02T18:30:00"]);
        let after = format!("{rrule} + 2028-03-06T10:30:00 - 2028-03-03T19:00:00");
        in_berlin("2028-03-02T18:30:00", "2028-03-03T19:00:00", &before, &after);
    }
}

#[test]
fn the_days_of_a_rule_stay_where_the_start_alone_moves() {
    for (rrule, from, to, exdate, after) in [
        // To Friday: the first occurrence leaves the rule. To Wednesday: there is one occurrence more.
        ("FREQ=WEEKLY;BYDAY=TH", "2028-03-02", "2028-03-03", "2028-03-16", "2028-03-16"),
        ("FREQ=WEEKLY;BYDAY=TH", "2028-03-02", "2028-03-01", "2028-03-16", "2028-03-16"),
        ("FREQ=WEEKLY;BYDAY=TH", "2028-03-01", "2028-03-03", "2028-03-16", "2028-03-16"),
        ("FREQ=MONTHLY;BYMONTHDAY=15", "2028-03-15", "2028-03-10", "2028-05-15", "2028-05-15"),
        // By a week and a day less.
        ("FREQ=WEEKLY;BYDAY=TH", "2028-03-02", "2028-03-08", "2028-03-16", "2028-03-23"),
        // Uneven gaps.
        ("FREQ=WEEKLY;BYDAY=TU,TH", "2028-03-07", "2028-03-09", "2028-03-14", "2028-03-14"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "2028-03-03", "2028-03-06", "2028-03-08", "2028-03-08"),
        // Even gaps.
        ("FREQ=WEEKLY;BYDAY=TH", "2028-03-02", "2028-03-09", "2028-03-16", "2028-03-23"),
        ("FREQ=WEEKLY;BYDAY=TU,TH", "2028-03-07", "2028-03-14", "2028-03-16", "2028-03-23"),
    ] {
        let [from, exdate] = [from, exdate].map(|day| format!("{day}T18:30:00"));
        let to = format!("{to}T20:00:00");
        let after = format!("{rrule} +  - {after}T20:00:00");
        in_berlin(&from, &to, &recurrence(rrule, &[], &[&exdate]), &after);
    }
}

#[test]
fn until_keeps_the_last_occurrence() {
    for (rrule, from, to, after) in [
        // An instant, a local time and a day, each on the last occurrence or after it.
        ("FREQ=WEEKLY;UNTIL=20280323T173000Z", "02T18:30:00", "03T19:00:00", "UNTIL=20280324T180000Z"),
        ("FREQ=WEEKLY;UNTIL=20280330T163000Z", "02T18:30:00", "03T18:30:00", "UNTIL=20280331T163000Z"),
        ("FREQ=WEEKLY;UNTIL=20280324T120000", "02T18:30:00", "03T19:00:00", "UNTIL=20280325T123000"),
        ("FREQ=WEEKLY;UNTIL=20280324", "02T18:30:00", "03T19:00:00", "UNTIL=20280325"),
        ("FREQ=WEEKLY;UNTIL=20280323", "02T18:30:00", "02T23:59:00", "UNTIL=20280323"),
        // The start moves to a day before or after BYDAY.
        ("FREQ=WEEKLY;UNTIL=20280323;BYDAY=TH", "02T18:30:00", "01T18:30:00", "UNTIL=20280323;BYDAY=TH"),
        ("FREQ=WEEKLY;UNTIL=20280323;BYDAY=TH", "02T18:30:00", "03T18:30:00", "UNTIL=20280323;BYDAY=TH"),
    ] {
        let [from, to] = [from, to].map(|start| format!("2028-03-{start}"));
        in_berlin(&from, &to, &recurrence(rrule, &[], &[]), &format!("FREQ=WEEKLY;{after} +  - "));
    }
    // Four occurrences on the 31st, which skips months, become four successive months on the 1st.
    let monthly = recurrence("FREQ=MONTHLY;UNTIL=20270815T000000", &[], &[]);
    let after = "FREQ=MONTHLY;UNTIL=20270515T053000 +  - ";
    in_berlin("2027-01-31T18:30:00", "2027-02-01T00:00:00", &monthly, after);
    // At the same distance after the last occurrence, UNTIL would include one more.
    let late = recurrence("FREQ=MONTHLY;UNTIL=20270730", &[], &[]);
    let late = late.shifted(start("2027-01-31", BERLIN), start("2027-02-01", BERLIN)).unwrap();
    assert_eq!(text(&late), "FREQ=MONTHLY;UNTIL=20270401 +  - ");
}

#[test]
fn rdates_move_by_the_clock_and_with_the_occurrence_that_they_are() {
    let before = recurrence(
        "FREQ=MONTHLY;COUNT=4",
        &["2027-09-10T10:00:00", "2027-11-30T18:30:00", "2027-12-24"],
        &["2027-09-10T10:00:00", "2027-09-11T10:00:00"],
    );
    let after = "FREQ=MONTHLY;COUNT=4 + 2027-09-12T11:30:00 2027-12-01T20:00:00 2027-12-26 \
                 - 2027-09-12T11:30:00 2027-09-13T11:30:00";
    in_berlin("2027-08-30T18:30:00", "2027-09-01T20:00:00", &before, after);
}

#[test]
fn a_zone_moves_instants_and_no_wall_clock() {
    let (from, to) = ("2028-03-02T18:30:00", "2028-03-02T18:30:00");
    let before = recurrence(
        "FREQ=WEEKLY;UNTIL=20280406T163000Z",
        &["2028-03-18T10:00:00", "2028-03-19T10:00:00Z"],
        &["2028-03-09T18:30:00", "2028-03-16T17:30:00Z", "2028-03-24"],
    );
    // The clocks of New York go forward on 12 March, those of Berlin on 26 March.
    let after = "FREQ=WEEKLY;UNTIL=20280406T223000Z + 2028-03-18T10:00:00 2028-03-19T15:00:00Z \
                 - 2028-03-09T18:30:00 2028-03-16T22:30:00Z 2028-03-24";
    there_and_back(start(from, BERLIN), start(to, Tz::America__New_York), &before, after);
    // No day moves, though the instant of its EXDATE lies on another day in Tokyo.
    let days = recurrence("FREQ=WEEKLY;COUNT=4", &["2028-03-20"], &["2028-03-09T22:00:00Z", "2028-03-16"]);
    let after = "FREQ=WEEKLY;COUNT=4 + 2028-03-20 - 2028-03-09T14:00:00Z 2028-03-16";
    there_and_back(start("2028-03-02", BERLIN), start("2028-03-02", Tz::Asia__Tokyo), &days, after);
}

#[test]
fn times_become_days_and_times_again() {
    let before = recurrence(
        "FREQ=WEEKLY;UNTIL=20280330",
        &["2028-03-18T10:00:00", "2028-03-19T18:30:00"],
        &["2028-03-09T18:30:00", "2028-03-18T10:00:00", "2028-03-20T09:00:00"],
    );
    let (times, days) = (start("2028-03-02T18:30:00", BERLIN), start("2028-03-03", BERLIN));
    let after = "FREQ=WEEKLY;UNTIL=20280331 + 2028-03-19T10:00:00 2028-03-20 - 2028-03-10 2028-03-19";
    let shifted = before.shifted(times, days).unwrap();
    // An EXDATE of no occurrence is dropped where it would exclude one: 20 March is an RDATE.
    assert_ne!(text(&shifted), after);
    let mut without = before;
    without.exdate.pop();
    there_and_back(times, days, &without, after);
}

#[test]
fn a_day_is_excluded_if_everything_on_it_was() {
    let (times, days) = (start("2028-03-02T09:00:00", BERLIN), start("2028-03-02", BERLIN));
    let twice = recurrence(
        "FREQ=DAILY;BYHOUR=9,18;COUNT=20",
        &[],
        &["2028-03-04T09:00:00", "2028-03-05T09:00:00", "2028-03-05T18:00:00", "2028-03-06"],
    );
    let by_day = twice.shifted(times, days).unwrap();
    assert_eq!(text(&by_day), "FREQ=DAILY;BYHOUR=9,18;COUNT=20 +  - 2028-03-05 2028-03-06");
    assert_eq!(text(&by_day.shifted(days, times).unwrap()), text(&by_day));
}

#[test]
fn a_gap_of_the_clocks_changes_no_number() {
    let before = recurrence("FREQ=DAILY;COUNT=5", &[], &["2028-03-26T18:30:00", "2028-03-27T18:30:00"]);
    let after = "FREQ=DAILY;COUNT=5 +  - 2028-03-26T02:30:00 2028-03-27T02:30:00";
    in_berlin("2028-03-24T18:30:00", "2028-03-24T02:30:00", &before, after);
    // Written as the clocks show it.
    let shown = recurrence("FREQ=DAILY;COUNT=5", &[], &["2028-03-26T03:30:00"]);
    let from = start("2028-03-24T02:30:00", BERLIN);
    let shifted = shown.shifted(from, start("2028-03-24T02:45:00", BERLIN)).unwrap();
    assert_eq!(text(&shifted), "FREQ=DAILY;COUNT=5 +  - 2028-03-26T02:45:00");
}

#[test]
fn an_exdate_of_nothing_excludes_nothing() {
    // 30 September moves by a day, 29 September by two days: onto an occurrence.
    let before = recurrence("FREQ=MONTHLY;COUNT=6", &[], &["2027-09-29T18:30:00", "2027-09-15T18:30:00"]);
    let [from, to] = ["2027-08-30T18:30:00", "2027-09-01T18:30:00"].map(|text| start(text, BERLIN));
    let shifted = before.shifted(from, to).unwrap();
    assert_eq!(text(&shifted), "FREQ=MONTHLY;COUNT=6 +  - 2027-09-17T18:30:00");
    assert_eq!(excluded(to, &shifted), [0_usize; 0]);
}

#[test]
fn long_lists_and_rules_cost_little() {
    let day = start("2028-01-01T00:00:00", BERLIN);
    let later = start("2028-01-02T01:00:00", BERLIN);
    let mut hourly = recurrence("FREQ=HOURLY", &[], &["9999-12-30T00:00:00", "9999-12-31T22:00:00"]);
    let at = |n: i64, minute| DateValue::Local(day.local + TimeDelta::minutes(n * 60 + minute));
    hourly.exdate.extend((0..1_998).map(|n| at(n * 24, 0)));
    hourly.rdate.extend((0..2_000).map(|n| at(n, 30)));
    let shifted = hourly.shifted(day, later).unwrap();
    // The year 10000 cannot be written.
    let far = shifted.exdate[..3].iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(far, ["9999-12-31T01:00:00", "9999-12-31T22:00:00", "2028-01-02T01:00:00"]);
    assert_eq!(shifted.exdate.len(), 2_000);
    assert_eq!(text(&shifted.shifted(later, day).unwrap()).len(), text(&hourly).len());
}

#[test]
fn what_cannot_be_is_refused() {
    let hourly = recurrence("FREQ=HOURLY;COUNT=5", &[], &["2028-03-02T19:00:00"]);
    let (from, to) = (start("2028-03-02T18:00:00", BERLIN), start("2028-03-02", BERLIN));
    assert_eq!(hourly.shifted(from, to).unwrap_err().code(), "invalid_rule");
}

const ZONES: [Tz; 5] =
    [Tz::UTC, BERLIN, Tz::America__New_York, Tz::Australia__Lord_Howe, Tz::Africa__Casablanca];

fn any_start() -> impl Strategy<Value = SeriesStart> {
    let first = NaiveDate::from_ymd_opt(2028, 1, 1).unwrap();
    (0..400_i64, 0..86_400_i64, 0..ZONES.len()).prop_map(move |(day, second, zone)| {
        let local = first.and_hms_opt(0, 0, 0).unwrap() + TimeDelta::seconds(day * 86_400 + second / 60 * 60);
        SeriesStart::at(local, ZONES[zone])
    })
}

fn plain_rule() -> impl Strategy<Value = String> {
    let freq = prop::sample::select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
    let end = prop::sample::select(vec!["", ";COUNT=12", ";COUNT=30"]);
    (freq, 1..4_u32, end).prop_map(|(freq, interval, end)| format!("FREQ={freq};INTERVAL={interval}{end}"))
}

fn with_exdates(from: SeriesStart, rrule: &str, excluded: &BTreeSet<usize>) -> Recurrence {
    let mut before = recurrence(rrule, &[], &[]);
    let series = Series::new(from, before.clone()).unwrap();
    let all: Vec<_> = series.iter().take(40).map(Result::unwrap).collect();
    let chosen = excluded.iter().filter_map(|n| all.get(*n));
    before.exdate = chosen.map(|at| series.date_value(at.point().nominal, at.original_start())).collect();
    before
}

proptest! {
    #[test]
    fn the_nth_stays_excluded(
        from in any_start(),
        to in any_start(),
        rrule in plain_rule(),
        numbers in prop::collection::btree_set(0..12_usize, 0..5),
    ) {
        let before = with_exdates(from, &rrule, &numbers);
        let after = before.shifted(from, to).unwrap();
        let was: Vec<_> = excluded(from, &before).into_iter().filter(|n| *n < 12).collect();
        let is: Vec<_> = excluded(to, &after).into_iter().filter(|n| *n < 12).collect();
        prop_assert_eq!(was, is, "{} {}", text(&before), text(&after));
    }

    #[test]
    fn undoing_gives_the_same_text(
        from in any_start(),
        to in any_start(),
        rrule in plain_rule(),
        numbers in prop::collection::btree_set(0..12_usize, 0..5),
        all_day in any::<bool>(),
        added in prop::collection::vec(0..500_000_i64, 0..4),
    ) {
        let mut before = with_exdates(from, &rrule, &numbers);
        let to = if all_day { SeriesStart::on(to.local.date(), to.tz) } else { to };
        // Occurrences are at whole minutes. A day with an RDATE takes place, whatever else is excluded on it.
        let added = added.into_iter().filter(|_| !all_day);
        let day = from.local + TimeDelta::days(1);
        before.rdate = added.map(|n| DateValue::Local(day + TimeDelta::seconds(n * 60 + 30))).collect();
        let after = before.shifted(from, to).unwrap();
        let again = after.shifted(to, from).unwrap();
        prop_assert_eq!(text(&again), text(&before), "{}", text(&after));
    }

    #[test]
    fn until_keeps_as_many(
        from in any_start(),
        to in any_start(),
        rrule in plain_rule(),
        length in 1..12_usize,
        slack in 0..100_000_i64,
        kind in 0..3_usize,
    ) {
        let bare = recurrence(rrule.split(";COUNT").next().unwrap(), &[], &[]);
        let series = Series::new(from, bare.clone()).unwrap();
        let last = series.iter().nth(length - 1).unwrap().unwrap();
        let until = match kind {
            0 => DateValue::Date(last.date()),
            1 => DateValue::Local(last.local() + TimeDelta::seconds(slack)),
            _ => DateValue::Utc(timestamp(seconds(last.original_start()) + slack)),
        };
        let before = Recurrence { rrule: bare.rrule.map(|rule| rule.with_until(until)), ..bare };
        let after = before.shifted(from, to).unwrap();
        let (was, is) = (starts(from, &before).len(), starts(to, &after).len());
        prop_assert_eq!(was, is, "{} {}", text(&before), text(&after));
    }

    #[test]
    fn any_rule_moves_anywhere(
        from in any_start(),
        to in any_start(),
        rrule in prop::sample::select(vec![
            "FREQ=WEEKLY;BYDAY=MO,WE,FR",
            "FREQ=MONTHLY;BYDAY=2TU,-1FR;UNTIL=20300101",
            "FREQ=DAILY;BYHOUR=9,18",
            "FREQ=HOURLY;BYHOUR=9,10,11,14;COUNT=50",
            "FREQ=YEARLY;BYWEEKNO=20;COUNT=9",
            "FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU",
        ]),
        numbers in prop::collection::btree_set(0..40_usize, 0..9),
    ) {
        let before = with_exdates(from, rrule, &numbers);
        let after = before.shifted(from, to).unwrap();
        prop_assert!(after.exdate.len() <= before.exdate.len());
        // The start is the first occurrence of both.
        let (was, is) = (excluded(from, &before).contains(&0), excluded(to, &after).contains(&0));
        prop_assert_eq!(was, is, "{} {}", text(&before), text(&after));
    }
}
