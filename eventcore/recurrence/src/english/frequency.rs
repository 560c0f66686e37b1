//! "Twice a week": days at even distances, from the day of the start.

use chrono::{Datelike, Weekday};

use super::phrase::{DayKind, PhraseParser, not_understood};
use super::words::Word;
use crate::error::RuleResult;
use crate::rule::Freq;

impl PhraseParser {
    /// "Three times a week", after the number: every day or month that is needed, the start among them.
    pub(super) fn times_in_period(&mut self, times: u32) -> RuleResult<()> {
        self.phrase.every = true;
        self.skip(&["a", "per", "every", "each"]);
        let Some(Word::Unit(unit)) = self.next() else { return Err(self.unexpected_word()) };
        if self.phrase.freq.is_some() || self.has_days() || !self.phrase.months.is_empty() {
            return Err(self.unexpected_word());
        }
        let most = match unit {
            Freq::Weekly => 7,
            Freq::Monthly => 28,
            Freq::Yearly => 12,
            Freq::Hourly | Freq::Daily => {
                return Err(not_understood(
                    "the times of day are not in a phrase: write “every 6 hours”, or one event for each time",
                ));
            }
        };
        if !(1..=most).contains(&times) {
            return Err(not_understood(format!("at most {most} times: “{times} times” does not fit")));
        }
        let steps = (0..times).map(|time| time * most / times);
        match unit {
            // The days follow: "twice a week on Monday and Thursday".
            Freq::Weekly if self.weekdays_follow() => self.phrase.freq = Some(Freq::Weekly),
            Freq::Weekly => {
                self.phrase.freq = Some(Freq::Weekly);
                let first = self.start.weekday().num_days_from_monday();
                let mut days: Vec<u32> = steps.map(|step| (first + step) % 7).collect();
                days.sort_unstable();
                for day in days.into_iter().filter_map(|day| Weekday::try_from(u8::try_from(day).ok()?).ok())
                {
                    self.phrase.days.plain.extend(DayKind::Weekday(day).weekdays());
                }
            }
            Freq::Monthly => {
                self.phrase.freq = Some(Freq::Monthly);
                let first = self.start.day();
                let days = steps.map(|step| if step == 0 { first } else { (first - 1 + step) % 28 + 1 });
                let mut days: Vec<i32> = days.filter_map(|day| i32::try_from(day).ok()).collect();
                days.sort_unstable();
                self.phrase.days.dates.extend(days);
            }
            _ => {
                self.phrase.freq = Some(Freq::Yearly);
                let first = self.start.month0();
                let mut months: Vec<u32> = steps.map(|step| (first + step) % 12 + 1).collect();
                months.sort_unstable();
                self.phrase.months.extend(months);
            }
        }
        Ok(())
    }

    fn weekdays_follow(&self) -> bool {
        let mut ahead = self.words.iter().skip(self.at).map(|(word, _)| word);
        ahead
            .find(|word| !matches!(word, Word::Other(text) if text == "on"))
            .is_some_and(|word| matches!(word, Word::Weekday(_)))
    }
}
