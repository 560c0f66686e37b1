//! [`Holiday`]: days of the year that people call by name.

use chrono::{Datelike, Days, NaiveDate};

/// A day of every year with a name of its own, such as Christmas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holiday {
    /// The same month and day in every year.
    Fixed {
        /// 1 to 12.
        month: u32,
        /// 1 to 31.
        day: u32,
    },
    /// A number of days after Easter Sunday of the Gregorian calendar.
    AfterEaster(i8),
}

/// The names in lower case. Of two that begin alike, the longer comes first.
const NAMES: &[(&[&str], Holiday)] = &[
    (&["christmas", "eve"], Holiday::Fixed { month: 12, day: 24 }),
    (&["christmas", "day"], Holiday::Fixed { month: 12, day: 25 }),
    (&["christmas"], Holiday::Fixed { month: 12, day: 25 }),
    (&["xmas", "eve"], Holiday::Fixed { month: 12, day: 24 }),
    (&["xmas"], Holiday::Fixed { month: 12, day: 25 }),
    (&["boxing", "day"], Holiday::Fixed { month: 12, day: 26 }),
    (&["new", "year's", "eve"], Holiday::Fixed { month: 12, day: 31 }),
    (&["new", "years", "eve"], Holiday::Fixed { month: 12, day: 31 }),
    (&["new", "year's", "day"], Holiday::Fixed { month: 1, day: 1 }),
    (&["new", "years", "day"], Holiday::Fixed { month: 1, day: 1 }),
    (&["new", "year's"], Holiday::Fixed { month: 1, day: 1 }),
    (&["new", "year"], Holiday::Fixed { month: 1, day: 1 }),
    (&["valentine's", "day"], Holiday::Fixed { month: 2, day: 14 }),
    (&["valentine's"], Holiday::Fixed { month: 2, day: 14 }),
    (&["may", "day"], Holiday::Fixed { month: 5, day: 1 }),
    (&["halloween"], Holiday::Fixed { month: 10, day: 31 }),
    (&["good", "friday"], Holiday::AfterEaster(-2)),
    (&["easter", "sunday"], Holiday::AfterEaster(0)),
    (&["easter", "monday"], Holiday::AfterEaster(1)),
    (&["easter"], Holiday::AfterEaster(0)),
    (&["whit", "sunday"], Holiday::AfterEaster(49)),
    (&["whit", "monday"], Holiday::AfterEaster(50)),
    (&["pentecost"], Holiday::AfterEaster(49)),
];

impl Holiday {
    /// The holiday that these words begin with, in lower case, and the number of words of its name.
    pub fn at_start_of(words: &[&str]) -> Option<(Self, usize)> {
        let (name, holiday) = NAMES.iter().find(|(name, _)| words.starts_with(name))?;
        Some((*holiday, name.len()))
    }

    /// The first such day that is not before `from`; `None` after the last year of the calendar.
    pub fn on_or_after(self, from: NaiveDate) -> Option<NaiveDate> {
        [from.year(), from.year() + 1]
            .into_iter()
            .filter_map(|year| self.in_year(year))
            .find(|day| *day >= from)
    }

    /// The day in a year.
    pub fn in_year(self, year: i32) -> Option<NaiveDate> {
        match self {
            Self::Fixed { month, day } => NaiveDate::from_ymd_opt(year, month, day),
            Self::AfterEaster(days) if days < 0 => {
                easter(year)?.checked_sub_days(Days::new(u64::from(days.unsigned_abs())))
            }
            Self::AfterEaster(days) => {
                easter(year)?.checked_add_days(Days::new(u64::from(days.unsigned_abs())))
            }
        }
    }
}

/// Easter Sunday by the Gregorian computus: the Sunday after the first ecclesiastical full moon of spring.
fn easter(year: i32) -> Option<NaiveDate> {
    let golden = year.rem_euclid(19);
    let (century, of_century) = (year.div_euclid(100), year.rem_euclid(100));
    let moon_shift = (8 * century + 13) / 25;
    let epact = (19 * golden + century - century / 4 - moon_shift + 15).rem_euclid(30);
    let late = (golden + 11 * epact) / 319;
    let weekday = (2 * (century.rem_euclid(4)) + 2 * (of_century / 4) - of_century % 4 - epact + late + 32)
        .rem_euclid(7);
    let month = (epact - late + weekday + 90) / 25;
    let day = (epact - late + weekday + month + 19) % 32;
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_are_found_by_name() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (name, from, expected) in [
            ("christmas", "2026-11-23", "2026-12-25"),
            ("christmas eve at noon", "2026-12-25", "2027-12-24"),
            ("new year's eve", "2026-11-23", "2026-12-31"),
            ("new year", "2026-11-23", "2027-01-01"),
            ("easter", "2026-11-23", "2027-03-28"),
            ("good friday", "2026-11-23", "2027-03-26"),
            ("easter monday", "2027-03-29", "2027-03-29"),
            ("pentecost", "2027-01-01", "2027-05-16"),
        ] {
            let words: Vec<&str> = name.split(' ').collect();
            let (holiday, _) = Holiday::at_start_of(&words).unwrap();
            assert_eq!(holiday.on_or_after(day(from)), Some(day(expected)), "{name}");
        }
        assert_eq!(Holiday::at_start_of(&["friday"]), None);
    }

    #[test]
    fn easter_follows_the_published_table() {
        for (year, month, day) in [
            (1961, 4, 2),
            (2000, 4, 23),
            (2008, 3, 23),
            (2024, 3, 31),
            (2025, 4, 20),
            (2038, 4, 25),
            (2285, 3, 22),
        ] {
            assert_eq!(easter(year), NaiveDate::from_ymd_opt(year, month, day));
        }
    }

    #[test]
    fn every_year_of_the_calendar_has_an_easter_sunday() {
        for year in 1..=9_999 {
            let day = easter(year).unwrap();
            assert_eq!(day.weekday(), chrono::Weekday::Sun, "{year}");
            let (first, last) = (
                day.with_month(3).and_then(|_| NaiveDate::from_ymd_opt(year, 3, 22)),
                NaiveDate::from_ymd_opt(year, 4, 25),
            );
            assert!(first <= Some(day) && Some(day) <= last, "{day}");
        }
    }
}
