//! The end of a phrase: "10 times", "for 6 weeks", "until May", "until Christmas".

use chrono::{Datelike, Days as ChronoDays, Months, NaiveDate};

use super::phrase::{PhraseEnd, PhraseParser, not_understood};
use super::words::Word;
use crate::error::RuleResult;
use crate::rule::Freq;
use crate::time::Holiday;

impl PhraseParser {
    pub(super) fn end(&mut self, end: PhraseEnd) -> RuleResult<()> {
        if self.phrase.end.replace(end).is_some() {
            return Err(not_understood("the phrase has two ends: keep one"));
        }
        Ok(())
    }

    /// "for 10 times", "for 6 weeks". The last day of a period is included, the day after it is not.
    pub(super) fn duration(&mut self) -> RuleResult<()> {
        self.skip(&["the", "next"]);
        let number = match self.next() {
            Some(Word::Number(number)) => number,
            Some(Word::Other(text)) if text == "a" || text == "ever" => 1,
            _ => return Err(self.unexpected_word()),
        };
        let start = self.start;
        let last = match self.next() {
            Some(Word::Other(text))
                if matches!(text.as_str(), "times" | "occurrences" | "dates" | "sessions") =>
            {
                return self.end(PhraseEnd::Count(number));
            }
            Some(Word::Unit(Freq::Daily)) => start.checked_add_days(ChronoDays::new(number.into())),
            Some(Word::Unit(Freq::Weekly)) => start.checked_add_days(ChronoDays::new(u64::from(number) * 7)),
            Some(Word::Unit(Freq::Monthly)) => start.checked_add_months(Months::new(number)),
            Some(Word::Unit(Freq::Yearly)) => {
                start.checked_add_months(Months::new(number.saturating_mul(12)))
            }
            _ => return Err(self.unexpected_word()),
        };
        let last = last.and_then(|day| day.pred_opt()).filter(|day| day.year() <= 9_999);
        self.end(PhraseEnd::Until(last.ok_or_else(|| not_understood("the end is after the year 9999"))?))
    }

    /// "until 3 May 2028", "until May" (before it begins), "until the end of May", "through May".
    pub(super) fn until(&mut self, mut inclusive: bool) -> RuleResult<()> {
        self.skip(&["the"]);
        if let Some(day) = self.holiday() {
            return self.end(PhraseEnd::Until(day?));
        }
        if self.skip(&["end"]) {
            inclusive = true;
            self.skip(&["of"]);
            self.skip(&["the"]);
        }
        let date = match self.next() {
            Some(Word::Date(date)) => Some(date),
            Some(Word::Unit(Freq::Yearly)) if inclusive => NaiveDate::from_ymd_opt(self.start.year(), 12, 31),
            Some(Word::Number(year @ 1_000..=9_999)) => self.year_end(year, inclusive),
            Some(Word::Number(day)) => self.month_after(i32::try_from(day).ok()),
            Some(Word::Ordinal(day)) => {
                self.skip(&["of"]);
                self.month_after(Some(day))
            }
            Some(Word::Month(month)) => self.until_month(month, inclusive),
            _ => return Err(self.unexpected_word()),
        };
        let Some(date) = date else {
            return Err(not_understood("the date after “until” does not exist"));
        };
        self.end(PhraseEnd::Until(date))
    }

    fn year_end(&self, year: u32, inclusive: bool) -> Option<NaiveDate> {
        let year = i32::try_from(year).ok()?;
        NaiveDate::from_ymd_opt(if inclusive { year } else { year - 1 }, 12, 31)
            .filter(|date| *date >= self.start)
    }

    fn month_after(&mut self, day: Option<i32>) -> Option<NaiveDate> {
        let Some(Word::Month(month)) = self.next() else { return None };
        self.dated(u32::try_from(day?).ok()?, month)
    }

    fn until_month(&mut self, month: u32, inclusive: bool) -> Option<NaiveDate> {
        match self.peek().cloned() {
            Some(Word::Number(day @ 1..=31)) if !self.count_follows() => {
                self.at += 1;
                self.dated(day, month)
            }
            Some(Word::Ordinal(day)) => {
                self.at += 1;
                self.dated(u32::try_from(day).ok()?, month)
            }
            _ => {
                let first = match self.year() {
                    Some(year) => NaiveDate::from_ymd_opt(year, month, 1)?,
                    // In May, "until May" means the next one, "through May" the present one.
                    None => (self.start.year()..)
                        .map_while(|year| NaiveDate::from_ymd_opt(year, month, 1))
                        .find(|first| {
                        if inclusive { *first + Months::new(1) > self.start } else { *first > self.start }
                    })?,
                };
                if inclusive {
                    first.checked_add_months(Months::new(1))?.pred_opt()
                } else {
                    first.pred_opt()
                }
            }
        }
    }

    /// The date in the year that follows in the phrase, otherwise in the first year in which it is not before
    /// the start.
    pub(super) fn dated(&mut self, day: u32, month: u32) -> Option<NaiveDate> {
        if let Some(year) = self.year() {
            return NaiveDate::from_ymd_opt(year, month, day);
        }
        let year = self.start.year();
        (year..year + 9)
            .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
            .find(|date| *date >= self.start)
    }

    /// The next day of a holiday whose name follows, if one does.
    pub(super) fn holiday(&mut self) -> Option<RuleResult<NaiveDate>> {
        let texts: Vec<&str> = self.words.iter().skip(self.at).map(|(_, text)| text.as_str()).collect();
        let (holiday, words) = Holiday::at_start_of(&texts)?;
        self.at += words;
        let day = match self.year() {
            Some(year) => holiday.in_year(year),
            None => holiday.on_or_after(self.start),
        };
        Some(
            day.filter(|day| day.year() <= 9_999)
                .ok_or_else(|| not_understood("that is after the year 9999")),
        )
    }

    fn year(&mut self) -> Option<i32> {
        let Some(Word::Number(year @ 1_000..=9_999)) = self.peek() else { return None };
        let year = i32::try_from(*year).ok();
        self.at += 1;
        year
    }
}
