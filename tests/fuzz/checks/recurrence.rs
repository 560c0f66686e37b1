//! Checks of any input, shared by the fuzz targets and the test that runs their corpus.

#![allow(dead_code, clippy::allow_attributes, reason = "each user of this file needs a part of it")]

use chrono::{DateTime, NaiveDate};
use chrono_tz::{TZ_VARIANTS, Tz};
use eventcore_recurrence::Timestamp;
use eventcore_recurrence::{
    DateValue, Instance, Recurrence, Rule, RuleError, ScheduleLimits, Series, SeriesStart,
};

/// Reads a text as a rule, a date and a phrase.
pub(crate) fn parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(rule) = text.parse::<Rule>() {
        let printed = rule.to_string();
        assert_eq!(printed.parse::<Rule>().as_ref(), Ok(&rule), "printing and reading is the identity");
        assert!(!rule.to_english().is_empty());
    }
    if let Ok(date) = text.parse::<DateValue>() {
        assert_eq!(date.to_string().parse::<DateValue>(), Ok(date), "a date reads what it writes");
    }
    if let Some(date) = DateValue::from_basic(text) {
        assert_eq!(DateValue::from_basic(&date.to_basic()), Some(date), "a basic date reads what it writes");
    }
    let start = NaiveDate::from_ymd_opt(2027, 10, 5).unwrap_or_default();
    if let Ok(Recurrence { rrule: Some(rule), .. }) = Recurrence::from_english(text, start) {
        assert_eq!(rule.to_string().parse::<Rule>().as_ref(), Ok(&rule), "a phrase becomes a legal rule");
    }
}

/// The first twelve bytes are the start, its time zone and a window. The lines that follow are the rule, an
/// RDATE and EXDATEs.
pub(crate) fn expand(data: &[u8]) {
    let Some((head, text)) = data.split_first_chunk::<12>() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let mut lines = text.lines();
    let rule = lines.next().filter(|line| !line.is_empty());
    let rdate: Vec<&str> = lines.next().into_iter().filter(|line| !line.is_empty()).collect();
    let exdate: Vec<&str> = lines.collect();
    let Ok(recurrence) = Recurrence::parse(rule, &rdate, &exdate) else { return };
    let Some(start) = start(*head) else { return };
    let Ok(series) = Series::new(start, recurrence) else { return };
    assert!(!series.to_english().is_empty());
    let first = Timestamp::from(start.local.and_utc());
    let horizon = first.plus(std::time::Duration::from_hours(730 * 24));
    if let Ok(kept) = series.schedule(
        eventcore_recurrence::Timestamp::MIN,
        horizon,
        ScheduleLimits { bounded: 500, unbounded: 500 },
    ) {
        check_order(&kept);
    }
    let Ok(some) = series.first(40, None) else { return };
    check_order(&some.instances);
    check_near(&series, &some.instances, usize::from(head[11]));
    check_split(&series, &some.instances, usize::from(head[11]));
}

fn start(head: [u8; 12]) -> Option<SeriesStart> {
    let [.., zone, zone_too, all_day, _, _, _, _] = head;
    let mut bytes = [0; 8];
    bytes[..5].copy_from_slice(&head[..5]);
    // The years 1 to 9999.
    let seconds = i64::from_le_bytes(bytes).rem_euclid(315_537_897_600) - 62_135_596_800;
    let local = DateTime::from_timestamp(seconds, 0)?.naive_utc();
    let tz: Tz = TZ_VARIANTS[usize::from(u16::from_le_bytes([zone, zone_too])) % TZ_VARIANTS.len()];
    Some(if all_day % 4 == 0 { SeriesStart::on(local.date(), tz) } else { SeriesStart::at(local, tz) })
}

fn starts(instances: &[Instance]) -> Vec<Timestamp> {
    instances.iter().map(Instance::original_start).collect()
}

fn check_order(instances: &[Instance]) {
    assert!(starts(instances).windows(2).all(|two| two[0] < two[1]), "in order, each once");
}

/// Starting in the middle gives the same occurrences.
fn check_near(series: &Series, all: &[Instance], middle: usize) {
    let Some(from) = all.get(middle % all.len().max(1)) else { return };
    let rest: Result<Vec<_>, RuleError> =
        series.between(from.original_start(), Timestamp::MAX).take(all.len()).collect();
    let Ok(rest) = rest else { return };
    let expected: Vec<_> = all.iter().filter(|i| i.original_start() >= from.original_start()).collect();
    assert!(rest.iter().zip(expected).all(|(a, b)| a == b), "starting near is starting at the start");
}

/// Both halves of a split series are the whole.
fn check_split(series: &Series, all: &[Instance], middle: usize) {
    let Some(at) = all.get(middle % all.len().max(1)).map(Instance::original_start) else { return };
    let Ok(split) = series.split(at) else { return };
    let head = Series::new(series.start(), split.head);
    let Ok(tail) = Series::new(split.start, split.tail) else { panic!("the second half is a series") };
    let mut both: Vec<Timestamp> = Vec::new();
    if let Ok(head) = head {
        both.extend(head.first(all.len(), None).map(|first| starts(&first.instances)).unwrap_or_default());
        assert!(both.iter().all(|start| *start < at), "the first half ends before");
    }
    both.extend(tail.first(all.len(), None).map(|first| starts(&first.instances)).unwrap_or_default());
    both.truncate(all.len());
    assert_eq!(both, starts(all), "both halves are the whole");
}
