//! Taking one date out of a series, and putting one in, with all others as they are.

use super::date_value::{DateValue, seconds};
use super::definition::Recurrence;
use super::error::{Result, RuleError};
use super::series::{Series, naive, rdate};
use crate::clock::Timestamp;

impl Series {
    /// What repeats the series when nothing takes place at `at` any more: an RDATE there is gone, and an EXDATE takes away what the rule has there.
    ///
    /// # Errors
    /// `too_many_dates`, `too_much_work`.
    ///
    /// ```
    /// # use chrono::NaiveDate;
    /// # use eventcore::recurrence::{Recurrence, Series, Start};
    /// let start = NaiveDate::from_ymd_opt(2027, 3, 25).unwrap().and_hms_opt(18, 30, 0).unwrap();
    /// let series = Series::new(Start::at(start, chrono_tz::Europe::Berlin), Recurrence::of("FREQ=WEEKLY;COUNT=3".parse()?))?;
    /// let without = series.without("2027-04-01T16:30:00Z".parse().unwrap())?;
    /// assert_eq!(without.exdate[0].to_string(), "2027-04-01T18:30:00");
    /// # Ok::<(), eventcore::recurrence::RuleError>(())
    /// ```
    pub fn without(&self, at: Timestamp) -> Result<Recurrence> {
        let mut recurrence = self.recurrence.clone();
        let nominal = self.bounds.start.nominal;
        recurrence
            .rdate
            .retain(|date| rdate(*date, nominal, self.start.all_day, self.zone).instant != seconds(at));
        let rest = Self::new(self.start, recurrence.clone())?;
        if let Some(instance) = rest.at(at)? {
            recurrence.exdate.push(self.written(instance.point().nominal, at));
            Self::new(self.start, recurrence.clone())?;
        }
        Ok(recurrence)
    }

    /// What repeats the series when something takes place at `at`: an EXDATE there is gone, or an RDATE is added.
    ///
    /// # Errors
    /// `before_start`, `too_many_dates`, `too_much_work`; `excluded` where an EXDATE takes away the whole day.
    pub fn with(&self, at: Timestamp) -> Result<Recurrence> {
        let takes_away = |date: &DateValue| match date {
            DateValue::Date(_) if !self.start.all_day => false,
            date => rdate(*date, 0, self.start.all_day, self.zone).instant == seconds(at),
        };
        let mut recurrence = self.recurrence.clone();
        recurrence.exdate.retain(|date| !takes_away(date));
        if Self::new(self.start, recurrence.clone())?.at(at)?.is_none() {
            recurrence.rdate.push(self.written(self.zone.local(seconds(at)), at));
        }
        match Self::new(self.start, recurrence.clone())?.at(at)? {
            Some(_) => Ok(recurrence),
            None => Err(RuleError::at("/exdate", "excluded", "an EXDATE takes away the whole day")),
        }
    }

    /// The start of an instance as RDATE and EXDATE write it: by the clock, unless the clock shows that time twice and the second is meant.
    pub(super) fn written(&self, nominal: i64, at: Timestamp) -> DateValue {
        if self.start.all_day {
            DateValue::Date(naive(nominal).date())
        } else if self.zone.instant(nominal) == seconds(at) {
            DateValue::Local(naive(nominal))
        } else {
            DateValue::Utc(at)
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use chrono_tz::Tz;

    use super::super::series::Start;
    use super::*;

    fn series(recurrence: Recurrence) -> Series {
        let start = NaiveDate::from_ymd_opt(2027, 3, 25).unwrap().and_hms_opt(2, 30, 0).unwrap();
        Series::new(Start::at(start, Tz::Europe__Berlin), recurrence).unwrap()
    }

    fn starts(series: &Series) -> Vec<Timestamp> {
        series.all().map(|instance| instance.unwrap().original_start()).collect()
    }

    #[test]
    fn a_date_goes_and_comes_and_no_other_moves() {
        // 28 March has no 02:30; 24 October has two, of which an instant names the second.
        let second = "2027-10-31T01:30:00Z".parse().unwrap();
        let mut recurrence = Recurrence::of("FREQ=DAILY;COUNT=6".parse().unwrap());
        recurrence.rdate = vec![DateValue::Utc(second)];
        let whole = series(recurrence);
        let all = starts(&whole);
        assert_eq!(all.len(), 7);
        for at in &all {
            let less = series(whole.without(*at).unwrap());
            let others: Vec<_> = all.iter().copied().filter(|other| other != at).collect();
            assert_eq!(starts(&less), others, "without {at}");
            assert_eq!(starts(&series(less.with(*at).unwrap())), all, "with {at}");
        }
        assert_eq!(whole.with(all[0]).unwrap(), *whole.recurrence());
    }

    #[test]
    fn what_a_whole_day_takes_away_does_not_come_back() {
        let mut recurrence = Recurrence::of("FREQ=DAILY;COUNT=3".parse().unwrap());
        recurrence.exdate = vec![DateValue::Date(NaiveDate::from_ymd_opt(2027, 3, 26).unwrap())];
        let refusal = series(recurrence).with("2027-03-26T01:30:00Z".parse().unwrap()).unwrap_err();
        assert_eq!(refusal.code(), "excluded");
        let early = series(Recurrence::default()).with("2027-03-24T01:30:00Z".parse().unwrap()).unwrap_err();
        assert_eq!(early.code(), "before_start");
    }

    #[test]
    fn days_are_written_as_days() {
        let day = NaiveDate::from_ymd_opt(2027, 3, 28).unwrap();
        let recurrence = Recurrence::of("FREQ=WEEKLY;COUNT=2".parse().unwrap());
        let days = Series::new(Start::on(day, Tz::Europe__Berlin), recurrence).unwrap();
        let second = starts(&days)[1];
        assert_eq!(days.without(second).unwrap().exdate, [DateValue::Date(day + chrono::Days::new(7))]);
    }
}
