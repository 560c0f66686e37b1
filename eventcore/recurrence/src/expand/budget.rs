//! The work budget of an expansion. Work is counted, not timed, so that a rule is accepted or refused alike
//! on every machine.

/// The expansion exceeded its work budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BudgetExceeded;

/// The work that may be done before the next instance. A unit takes about 10 ns in a release build, at most
/// 100 ns in a debug build.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    left: u32,
    spent: u64,
}

impl Budget {
    /// Size of the budget in units. Among a million random hostile rules the longest search took 96,000.
    const UNITS: u32 = 250_000;
    /// Units that each instance adds, up to [`Self::UNITS`]: a long series is not refused for its length.
    const PER_INSTANCE: u32 = 64;

    pub(crate) const fn new() -> Self {
        Self { left: Self::UNITS, spent: 0 }
    }

    #[inline]
    pub(crate) fn spend(&mut self, units: u32) -> Result<(), BudgetExceeded> {
        self.spent += u64::from(units);
        #[cfg(test)]
        tests::ALL.with(|all| all.set(all.get() + u64::from(units)));
        self.left = self.left.checked_sub(units).ok_or(BudgetExceeded)?;
        Ok(())
    }

    #[inline]
    pub(crate) fn credit_instance(&mut self) {
        self.left = (self.left + Self::PER_INSTANCE).min(Self::UNITS);
    }

    /// All units spent, whether credited again or not.
    pub(crate) const fn spent(&self) -> u64 {
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fmt::Write;

    use chrono::{Days, NaiveDate, NaiveDateTime};
    use chrono_tz::Tz;

    use crate::time::Timestamp;
    use crate::{Recurrence, Rule, ScheduleLimits, Series, SeriesStart};

    thread_local! {
        /// The work of all expansions on this thread, refused ones included.
        pub(super) static ALL: Cell<u64> = const { Cell::new(0) };
    }

    /// Greatest work of one request: about 4 ms in a release build, below 50 ms in a debug build.
    const MOST: u64 = 400_000;

    /// The work of a request that parses a rule and expands it to the horizon.
    fn work(text: &str, start: SeriesStart) -> u64 {
        ALL.with(|all| all.set(0));
        let rule: Rule = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let horizon = Timestamp::from((start.local + Days::new(730)).and_utc());
        if let Ok(series) = Series::new(start, Recurrence::of(rule)) {
            let _refused = series.schedule(crate::time::Timestamp::MIN, horizon, ScheduleLimits::default());
        }
        ALL.with(Cell::get)
    }

    fn preview_work(text: &str, start: SeriesStart, from: Timestamp) -> u64 {
        ALL.with(|all| all.set(0));
        if let Ok(series) = Series::new(start, Recurrence::of(text.parse().unwrap())) {
            let _refused = series.first(1_000, Some(from));
        }
        ALL.with(Cell::get)
    }

    fn start() -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2027, 3, 4).unwrap().and_hms_opt(18, 30, 0).unwrap()
    }

    #[test]
    fn known_hostile_rules_are_cheap() {
        let every = |from: u32, to: u32| (from..=to).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let (hours, sixty) = (every(0, 23), every(0, 59));
        for text in [
            "FREQ=HOURLY;BYMINUTE=0;BYSETPOS=2",
            "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=DAILY;BYHOUR=1;BYSETPOS=5",
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=MONTHLY;BYDAY=53MO",
            "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
            "FREQ=YEARLY;BYYEARDAY=366;BYMONTHDAY=1",
            "FREQ=YEARLY;INTERVAL=4;BYYEARDAY=366",
            "FREQ=YEARLY;INTERVAL=4294967295",
            "FREQ=HOURLY;INTERVAL=4294967295",
            "FREQ=HOURLY;INTERVAL=2;BYHOUR=1",
            "FREQ=HOURLY;INTERVAL=7;BYHOUR=10;BYDAY=MO,TU,WE,TH,FR,SA",
            "FREQ=HOURLY;INTERVAL=773;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
            "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
            "FREQ=DAILY;INTERVAL=146097;BYMONTH=1",
            "FREQ=DAILY;INTERVAL=773;BYMONTHDAY=31;BYMONTH=4",
            "FREQ=WEEKLY;BYSETPOS=8;BYDAY=MO",
            "FREQ=WEEKLY;INTERVAL=20871;BYMONTH=5",
            "FREQ=DAILY;COUNT=4294967295",
            "FREQ=HOURLY;UNTIL=99991231T235959Z",
        ] {
            let work = work(text, SeriesStart::at(start(), Tz::Europe__Berlin));
            assert!(work < MOST / 2, "{text}: {work}");
        }
        for text in [
            format!(
                "FREQ=YEARLY;BYMONTHDAY={};BYHOUR={hours};BYMINUTE={sixty};BYSECOND={sixty}",
                every(1, 31)
            ),
            format!("FREQ=YEARLY;BYHOUR={hours};BYMINUTE={sixty};BYSECOND={sixty};BYSETPOS=366,-366"),
            format!("FREQ=MONTHLY;BYMINUTE={sixty};BYSECOND={sixty};BYSETPOS={}", every(1, 140)),
            format!("FREQ=MONTHLY;BYDAY=5MO;BYSETPOS={}", every(2, 230)),
            format!("FREQ=HOURLY;BYMINUTE={sixty};BYSECOND={sixty}"),
        ] {
            let start = NaiveDate::from_ymd_opt(2011, 12, 29).unwrap().and_hms_opt(23, 59, 59).unwrap();
            let work = work(&text, SeriesStart::at(start, Tz::Pacific__Apia));
            assert!(work < MOST / 2, "{text}: {work}");
        }
    }

    #[test]
    fn a_large_count_is_refused_within_the_budget() {
        let from = Timestamp::from_micros(200_000_000_000_000_000);
        for text in ["FREQ=HOURLY;COUNT=4294967295", "FREQ=HOURLY;BYMINUTE=0,1,2,3;COUNT=99999999"] {
            let work = preview_work(text, SeriesStart::at(start(), Tz::Europe__Berlin), from);
            assert!(work < MOST, "{text}: {work}");
        }
    }

    /// The variable `RECURRENCE_RULES` sets the number of rules.
    #[test]
    fn random_rules_stay_within_the_budget() {
        let count = std::env::var("RECURRENCE_RULES").ok().and_then(|n| n.parse().ok()).unwrap_or(5_000);
        let mut seed = 42;
        let mut worst = (0, String::new());
        for _ in 0..count {
            let text = hostile(&mut seed);
            let start = start() + Days::new(pick(&mut seed, 2_000).into());
            let work = work(
                &text,
                SeriesStart::at(
                    start,
                    [Tz::UTC, Tz::Europe__Berlin, Tz::Pacific__Apia][pick(&mut seed, 3) as usize],
                ),
            );
            worst = worst.max((work, text));
        }
        assert!(worst.0 < MOST, "{worst:?}");
    }

    fn pick(seed: &mut u64, below: u32) -> u32 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((*seed >> 33) % u64::from(below)).unwrap()
    }

    /// A valid but unreasonable rule: long lists, long intervals, parts that rarely or never match together.
    fn hostile(seed: &mut u64) -> String {
        let freq = ["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"][pick(seed, 5) as usize];
        let mut text = format!("FREQ={freq}");
        if pick(seed, 2) == 0 {
            let most = [50, 800, 40_000, u32::MAX - 1][pick(seed, 4) as usize];
            write!(text, ";INTERVAL={}", 1 + pick(seed, most)).unwrap();
        }
        for (name, from, to, signed, freqs) in [
            ("BYMONTH", 1, 12, false, "HOURLY DAILY WEEKLY MONTHLY YEARLY"),
            ("BYMONTHDAY", 1, 31, true, "HOURLY DAILY MONTHLY YEARLY"),
            ("BYYEARDAY", 1, 366, true, "HOURLY YEARLY"),
            ("BYWEEKNO", 1, 53, true, "YEARLY"),
            ("BYHOUR", 0, 23, false, "HOURLY DAILY WEEKLY MONTHLY YEARLY"),
            ("BYMINUTE", 0, 59, false, "HOURLY DAILY WEEKLY MONTHLY YEARLY"),
            ("BYSECOND", 0, 60, false, "HOURLY DAILY WEEKLY MONTHLY YEARLY"),
        ] {
            if !freqs.contains(freq) || pick(seed, 3) > 0 {
                continue;
            }
            let most = [1, 2, 30][pick(seed, 3) as usize];
            let list: Vec<String> = (0..=pick(seed, most))
                .map(|_| {
                    let sign = if signed && pick(seed, 3) == 0 { "-" } else { "" };
                    format!("{sign}{}", from + pick(seed, to - from + 1))
                })
                .collect();
            write!(text, ";{name}={}", list.join(",")).unwrap();
        }
        if pick(seed, 3) == 0 {
            let numbered =
                matches!(freq, "MONTHLY" | "YEARLY") && !text.contains("WEEKNO") && pick(seed, 2) == 0;
            let number = if numbered { (1 + pick(seed, 6)).to_string() } else { String::new() };
            let day = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][pick(seed, 7) as usize];
            write!(text, ";BYDAY={number}{day}").unwrap();
        }
        if text.contains(";BY") && pick(seed, 3) == 0 {
            write!(text, ";BYSETPOS={}", 1 + pick(seed, 366)).unwrap();
        }
        text
    }
}
