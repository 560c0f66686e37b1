//! Excluding one instance from a series, and including one, without a change to the others.

use super::date_value::{DateValue, naive, seconds};
use super::definition::Recurrence;
use super::error::{RuleError, RuleResult};
use super::series::{Series, rdate};
use crate::time::Timestamp;

impl Series {
    /// The recurrence without the instance at `at`: an RDATE there is removed, and an EXDATE is added if the
    /// rule has an instance there.
    ///
    /// # Errors
    /// `too_many_dates`, `too_much_work`.
    ///
    /// ```
    /// # use chrono::NaiveDate;
    /// # use eventcore_recurrence::{Recurrence, Series, SeriesStart};
    /// let start = NaiveDate::from_ymd_opt(2027, 3, 25).unwrap().and_hms_opt(18, 30, 0).unwrap();
    /// let weekly = Recurrence::of("FREQ=WEEKLY;COUNT=3".parse()?);
    /// let series = Series::new(SeriesStart::at(start, chrono_tz::Europe::Berlin), weekly)?;
    /// let without = series.without("2027-04-01T16:30:00Z".parse().unwrap())?;
    /// assert_eq!(without.exdate[0].to_string(), "2027-04-01T18:30:00");
    /// # Ok::<(), eventcore_recurrence::RuleError>(())
    /// ```
    pub fn without(&self, at: Timestamp) -> RuleResult<Recurrence> {
        let mut recurrence = self.recurrence.clone();
        let nominal = self.bounds.start.nominal;
        recurrence
            .rdate
            .retain(|date| rdate(*date, nominal, self.start.all_day, self.zone).instant != seconds(at));
        let rest = Self::new(self.start, recurrence.clone())?;
        if let Some(instance) = rest.at(at)? {
            recurrence.exdate.push(self.date_value(instance.point().nominal, at));
            Self::new(self.start, recurrence.clone())?;
        }
        Ok(recurrence)
    }

    /// The recurrence with an instance at `at`: an EXDATE there is removed, or an RDATE is added.
    ///
    /// # Errors
    /// `before_start`, `too_many_dates`, `too_much_work`; `excluded` if an EXDATE excludes the whole day.
    pub fn with(&self, at: Timestamp) -> RuleResult<Recurrence> {
        let excludes_only_this = |date: &DateValue| match date {
            DateValue::Date(_) if !self.start.all_day => false,
            date => rdate(*date, 0, self.start.all_day, self.zone).instant == seconds(at),
        };
        let mut recurrence = self.recurrence.clone();
        recurrence.exdate.retain(|date| !excludes_only_this(date));
        if Self::new(self.start, recurrence.clone())?.at(at)?.is_none() {
            recurrence.rdate.push(self.date_value(self.zone.local(seconds(at)), at));
        }
        match Self::new(self.start, recurrence.clone())?.at(at)? {
            Some(_) => Ok(recurrence),
            None => Err(RuleError::at("/exdate", "excluded", "an EXDATE excludes the whole day")),
        }
    }

    /// The start of an instance as the value of RDATE or EXDATE: a local time, or an instant for the second
    /// of two equal local times.
    pub(super) fn date_value(&self, nominal: i64, at: Timestamp) -> DateValue {
        if self.start.all_day {
            DateValue::Date(naive(nominal).date())
        } else if self.zone.instant(nominal) == seconds(at) {
            DateValue::Local(naive(nominal))
        } else {
            self.instant_value(at)
        }
    }

    /// An instant as the value of UNTIL, RDATE or EXDATE.
    pub(super) fn instant_value(&self, at: Timestamp) -> DateValue {
        let value = DateValue::Utc(at);
        if self.start.floating { value.floating() } else { value }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use chrono_tz::Tz;

    use super::super::start::SeriesStart;
    use super::*;

    fn series(recurrence: Recurrence) -> Series {
        let start = NaiveDate::from_ymd_opt(2027, 3, 25).unwrap().and_hms_opt(2, 30, 0).unwrap();
        Series::new(SeriesStart::at(start, Tz::Europe__Berlin), recurrence).unwrap()
    }

    fn starts(series: &Series) -> Vec<Timestamp> {
        series.iter().map(|instance| instance.unwrap().original_start()).collect()
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
    fn what_a_whole_day_excludes_only_this_does_not_come_back() {
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
        let days = Series::new(SeriesStart::on(day, Tz::Europe__Berlin), recurrence).unwrap();
        let second = starts(&days)[1];
        assert_eq!(days.without(second).unwrap().exdate, [DateValue::Date(day + chrono::Days::new(7))]);
    }
}
