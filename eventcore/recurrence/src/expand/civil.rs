//! Gregorian calendar arithmetic. A day is a number of days since 1 January 1970.

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;
/// Days of 400 years, after which the calendar repeats, weekdays included.
pub(super) const CYCLE: i64 = 146_097;
/// The last year that RFC 3339 and RFC 5545 can represent.
pub(super) const LAST_YEAR: i64 = 9_999;
/// 31 December 9999.
pub(crate) const LAST_DAY: i64 = day_of(LAST_YEAR, 12) + 30;

pub(super) const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(super) const fn month_length(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

pub(super) const fn year_length(year: i64) -> u32 {
    if is_leap(year) { 366 } else { 365 }
}

/// The first day of a month. The computation begins years in March, so that the leap day is the last of a
/// year.
pub(super) const fn day_of(year: i64, month: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month as i64 + 9) % 12;
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5;
    era * CYCLE + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year and month of a day.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a month is 1 to 12, and the function must be const"
)]
pub(super) const fn month_of(day: i64) -> (i64, u32) {
    let day = day + 719_468;
    let era = day.div_euclid(CYCLE);
    let of_era = day.rem_euclid(CYCLE);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let year = year + era * 400;
    if month < 10 { (year, month as u32 + 3) } else { (year + 1, month as u32 - 9) }
}

/// The weekday of a day, from 0 for Monday to 6 for Sunday.
#[expect(clippy::cast_possible_truncation, reason = "the remainder is 0 to 6")]
pub(super) const fn weekday_of(day: i64) -> u32 {
    (day + 3).rem_euclid(7) as u32
}

pub(super) const fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, NaiveDate};

    use super::*;

    #[test]
    fn agrees_with_chrono() {
        let mut date = NaiveDate::from_ymd_opt(1, 1, 1).unwrap();
        while date.year() < 2_500 {
            let day = i64::from(date.to_epoch_days());
            assert_eq!(month_of(day), (i64::from(date.year()), date.month()));
            assert_eq!(weekday_of(day), date.weekday().num_days_from_monday());
            assert_eq!(day_of(date.year().into(), date.month()), day - i64::from(date.day0()));
            date = date + chrono::Days::new(3);
        }
    }
}
