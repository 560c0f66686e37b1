//! Random valid rules from a seed. Their starts are near clock changes more often than in practice.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, Weekday};
use chrono_tz::Tz;
use eventcore_recurrence::{DateValue, Freq, SeriesStart};

/// Pseudorandom numbers (`SplitMix64`). A seed gives the same numbers on every machine, so failures can be
/// reproduced.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `from..=to`.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.next() % u64::try_from(to - from + 1).unwrap()).unwrap()
    }

    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.between(0, i64::try_from(len).unwrap() - 1)).unwrap()
    }

    pub(crate) fn one_in(&mut self, n: i64) -> bool {
        self.between(1, n) == 1
    }

    fn one<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.index(list.len())]
    }

    /// One to `max` numbers in `from..=to`. If `signed`, some of them are negated.
    fn list(&mut self, max: i64, from: i64, to: i64, signed: bool) -> Vec<i64> {
        let mut list: Vec<i64> = (0..self.between(1, max)).map(|_| self.between(from, to)).collect();
        if signed {
            for n in &mut list {
                if self.one_in(3) {
                    *n = -*n;
                }
            }
        }
        list
    }
}

/// A rule as lists of numbers. The reference expands the lists, the engine parses their text.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    pub(crate) start: NaiveDateTime,
    pub(crate) tz: Tz,
    pub(crate) all_day: bool,
    pub(crate) freq: Freq,
    pub(crate) interval: i64,
    pub(crate) wkst: Weekday,
    pub(crate) months: Vec<i64>,
    pub(crate) weeks: Vec<i64>,
    pub(crate) year_days: Vec<i64>,
    pub(crate) month_days: Vec<i64>,
    pub(crate) days: Vec<(i64, Weekday)>,
    pub(crate) hours: Vec<i64>,
    pub(crate) minutes: Vec<i64>,
    pub(crate) seconds: Vec<i64>,
    pub(crate) positions: Vec<i64>,
    pub(crate) count: Option<i64>,
    pub(crate) until: Option<DateValue>,
}

pub(crate) const WEEKDAYS: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// Zones, each with the date of a clock change.
const CHANGES: [(Tz, i32, u32, u32); 14] = [
    (Tz::Europe__Berlin, 2025, 3, 30),
    (Tz::Europe__Berlin, 2025, 10, 26),
    (Tz::America__New_York, 2027, 3, 14),
    (Tz::America__New_York, 2027, 11, 7),
    (Tz::Australia__Lord_Howe, 2025, 10, 5),
    (Tz::Australia__Lord_Howe, 2026, 4, 5),
    (Tz::America__Sao_Paulo, 2018, 11, 4),
    (Tz::America__Sao_Paulo, 2018, 2, 18),
    (Tz::America__Santiago, 2028, 9, 3),
    (Tz::Pacific__Apia, 2011, 12, 30),
    (Tz::Africa__Casablanca, 2026, 3, 22),
    (Tz::Asia__Kathmandu, 1986, 1, 1),
    (Tz::Europe__London, 1968, 2, 18),
    (Tz::UTC, 2024, 2, 29),
];

impl Spec {
    pub(crate) fn random(random: &mut Random) -> Self {
        let freq = random.one(&[Freq::Hourly, Freq::Daily, Freq::Weekly, Freq::Monthly, Freq::Yearly]);
        let (start, tz) = start(random);
        let mut spec = Self::bare(freq, start, tz);
        spec.all_day = freq != Freq::Hourly && random.one_in(8);
        if random.one_in(2) {
            spec.interval = if random.one_in(6) { random.between(5, 40) } else { random.between(1, 4) };
        }
        if random.one_in(2) {
            spec.wkst = random.one(&WEEKDAYS);
        }
        spec.fill_days(random);
        spec.fill_times(random);
        if spec.has_list() && random.one_in(4) {
            let to = if random.one_in(4) { 366 } else { 6 };
            spec.positions = random.list(3, 1, to, true);
        }
        match random.between(0, 3) {
            0 => spec.count = Some(random.between(1, 40)),
            1 => spec.until = Some(spec.random_until(random)),
            _ => {}
        }
        spec
    }

    pub(crate) fn bare(freq: Freq, start: NaiveDateTime, tz: Tz) -> Self {
        Self {
            start,
            tz,
            all_day: false,
            freq,
            interval: 1,
            wkst: Weekday::Mon,
            months: vec![],
            weeks: vec![],
            year_days: vec![],
            month_days: vec![],
            days: vec![],
            hours: vec![],
            minutes: vec![],
            seconds: vec![],
            positions: vec![],
            count: None,
            until: None,
        }
    }

    fn fill_days(&mut self, random: &mut Random) {
        if random.one_in(4) {
            self.months = random.list(4, 1, 12, false);
        }
        if self.freq != Freq::Weekly && random.one_in(4) {
            self.month_days = random.list(5, 1, 31, true);
        }
        if matches!(self.freq, Freq::Yearly | Freq::Hourly) && random.one_in(4) {
            self.year_days = random.list(12, 1, 366, true);
        }
        if self.freq == Freq::Yearly && random.one_in(3) {
            self.weeks = random.list(5, 1, 53, true);
        }
        if random.one_in(2) {
            let numbered = matches!(self.freq, Freq::Monthly | Freq::Yearly)
                && self.weeks.is_empty()
                && random.one_in(2);
            let most = if self.freq == Freq::Yearly && self.months.is_empty() { 53 } else { 5 };
            self.days = (0..random.between(1, 5))
                .map(|_| {
                    let nth =
                        if numbered && !random.one_in(4) { random.list(1, 1, most, true)[0] } else { 0 };
                    (nth, random.one(&WEEKDAYS))
                })
                .collect();
        }
    }

    fn fill_times(&mut self, random: &mut Random) {
        if random.one_in(4) {
            self.hours = random.list(4, 0, 23, false);
        }
        if random.one_in(4) {
            self.minutes = random.list(3, 0, 59, false);
        }
        if random.one_in(8) {
            self.seconds = random.list(2, 0, 60, false);
        }
    }

    fn has_list(&self) -> bool {
        let lists = [
            &self.months,
            &self.weeks,
            &self.year_days,
            &self.month_days,
            &self.hours,
            &self.minutes,
            &self.seconds,
        ];
        !self.days.is_empty() || lists.iter().any(|list| !list.is_empty())
    }

    fn random_until(&self, random: &mut Random) -> DateValue {
        let days = random.between(1, 60) * self.unit_days();
        let end = self.start + Days::new(days.unsigned_abs());
        match random.between(0, 2) {
            0 => DateValue::Date(end.date()),
            1 => DateValue::Local(end),
            _ => DateValue::Utc(end.and_utc().into()),
        }
    }

    /// Approximate length of a period in days.
    pub(crate) fn unit_days(&self) -> i64 {
        match self.freq {
            Freq::Hourly | Freq::Daily => 1,
            Freq::Weekly => 7,
            Freq::Monthly => 30,
            Freq::Yearly => 365,
        }
    }

    pub(crate) fn start(&self) -> SeriesStart {
        if self.all_day {
            SeriesStart::on(self.start.date(), self.tz)
        } else {
            SeriesStart::at(self.start, self.tz)
        }
    }

    /// The text of the rule.
    pub(crate) fn text(&self) -> String {
        let code = |weekday: &Weekday| weekday.to_string()[..2].to_uppercase();
        let numbers = |list: &[i64]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let day = |(nth, day): &(i64, Weekday)| {
            if *nth == 0 { code(day) } else { format!("{nth}{}", code(day)) }
        };
        let days: Vec<String> = self.days.iter().map(day).collect();
        let parts = [
            ("INTERVAL", if self.interval == 1 { String::new() } else { self.interval.to_string() }),
            ("BYDAY", days.join(",")),
            ("BYMONTH", numbers(&self.months)),
            ("BYWEEKNO", numbers(&self.weeks)),
            ("BYYEARDAY", numbers(&self.year_days)),
            ("BYMONTHDAY", numbers(&self.month_days)),
            ("BYHOUR", numbers(&self.hours)),
            ("BYMINUTE", numbers(&self.minutes)),
            ("BYSECOND", numbers(&self.seconds)),
            ("BYSETPOS", numbers(&self.positions)),
            ("WKST", if self.wkst == Weekday::Mon { String::new() } else { code(&self.wkst) }),
            ("COUNT", self.count.map(|count| count.to_string()).unwrap_or_default()),
            ("UNTIL", self.until.map(DateValue::to_basic).unwrap_or_default()),
        ];
        let written = parts.iter().filter(|(_, value)| !value.is_empty());
        let written = written.map(|(name, value)| format!(";{name}={value}"));
        format!("FREQ={}{}", self.freq.as_str(), written.collect::<String>())
    }
}

fn start(random: &mut Random) -> (NaiveDateTime, Tz) {
    let (tz, year, month, day) = random.one(&CHANGES);
    let change = NaiveDate::from_ymd_opt(year, month, day).unwrap();
    let date = if random.one_in(2) {
        change - Days::new(random.between(0, 12).unsigned_abs())
    } else {
        let year = i32::try_from(random.between(1950, 2060)).unwrap();
        let date =
            NaiveDate::from_ymd_opt(year, 1, 1).unwrap() + Days::new(random.between(0, 365).unsigned_abs());
        // Week numbers and leap days are error-prone at the end of a year.
        if random.one_in(6) { NaiveDate::from_ymd_opt(date.year(), 12, 31).unwrap() } else { date }
    };
    let hour = if random.one_in(2) { random.between(0, 3) } else { random.between(0, 23) };
    let minute = random.one(&[0, 0, 15, 30, 30, 45, 59]);
    let second = if random.one_in(8) { random.between(0, 59) } else { 0 };
    let [hour, minute, second] = [hour, minute, second].map(|n: i64| u32::try_from(n).unwrap());
    (date.and_hms_opt(hour, minute, second).unwrap(), tz)
}
