//! Series as lines of a calendar file, and series without a time zone.

use chrono_tz::Tz;
use eventcore_recurrence::{DateValue, Instance, Recurrence, Series, SeriesStart};

use crate::properties::{for_random_rules, series, starts};

fn locals(series: &Series) -> Vec<String> {
    let instances = series.iter().take(60).map(Result::unwrap);
    instances.map(|instance: Instance| instance.local().to_string()).collect()
}

#[test]
fn what_is_written_has_the_same_instances() {
    for_random_rules(22, |spec, random| {
        let Some(plain) = series(spec) else { return };
        let some = plain.iter().take(20).map(Result::unwrap).collect::<Vec<_>>();
        let mut recurrence = plain.recurrence().clone();
        let excluded = some[random.index(some.len())];
        recurrence.exdate.push(match random.between(0, 2) {
            0 => DateValue::Local(excluded.nominal()),
            1 => DateValue::Utc(excluded.original_start()),
            _ => DateValue::Date(excluded.date()),
        });
        recurrence
            .rdate
            .push(DateValue::Utc(some[0].original_start().plus(std::time::Duration::from_hours(72))));
        let series = Series::new(spec.start(), recurrence).unwrap();
        let text = series.to_string();
        let read: Series = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        // Days are written without their zone.
        let read = if spec.all_day { read.in_zone(spec.tz).unwrap() } else { read };
        assert_eq!(starts(read.iter().take(60)), starts(series.iter().take(60)), "{text}");
        assert_eq!(read.to_string(), text);
    });
}

#[test]
fn a_floating_series_has_the_local_times_of_one_in_utc() {
    for_random_rules(23, |spec, _| {
        if matches!(spec.until, Some(DateValue::Utc(_))) {
            return;
        }
        let recurrence = Recurrence::of(spec.text().parse().unwrap());
        let start = |tz: Option<Tz>| match (spec.all_day, tz) {
            (true, Some(tz)) => SeriesStart::on(spec.start.date(), tz),
            (true, None) => SeriesStart::floating_on(spec.start.date()),
            (false, Some(tz)) => SeriesStart::at(spec.start, tz),
            (false, None) => SeriesStart::floating(spec.start),
        };
        let Ok(floating) = Series::new(start(None), recurrence.clone()) else { return };
        let in_utc = Series::new(start(Some(Tz::UTC)), recurrence.clone()).unwrap();
        assert_eq!(locals(&floating), locals(&in_utc));
        let text = floating.to_string();
        assert_eq!(locals(&text.parse().unwrap()), locals(&floating), "{text}");
        if let Ok(zoned) = Series::new(start(Some(spec.tz)), recurrence) {
            let floating = floating.in_zone(spec.tz).unwrap();
            assert_eq!(starts(floating.iter().take(60)), starts(zoned.iter().take(60)));
        }
    });
}

#[test]
fn halves_of_a_floating_series_float() {
    for_random_rules(24, |spec, random| {
        if matches!(spec.until, Some(DateValue::Utc(_))) || spec.all_day {
            return;
        }
        let recurrence = Recurrence::of(spec.text().parse().unwrap());
        let Ok(series) = Series::new(SeriesStart::floating(spec.start), recurrence) else { return };
        let all = starts(series.iter().take(40));
        if all.len() < 2 {
            return;
        }
        let at = all[1 + random.index(all.len() - 1)];
        let split = series.split(at).unwrap();
        let head = Series::new(series.start(), split.head).unwrap();
        let tail = Series::new(split.start, split.tail).unwrap();
        assert!(tail.is_floating());
        let mut both = starts(head.iter().take(40));
        both.extend(starts(tail.iter().take(40)));
        both.truncate(all.len());
        assert_eq!(both, all);
        let without = Series::new(series.start(), series.without(at).unwrap()).unwrap();
        assert!(!starts(without.iter().take(40)).contains(&at));
        let later = SeriesStart::floating(spec.start + chrono::Days::new(7));
        match without.recurrence().shifted(series.start(), later) {
            Ok(moved) => assert!(Series::new(later, moved).unwrap().is_floating()),
            Err(refused) => assert_eq!(refused.code(), "never_matches"),
        }
    });
}
