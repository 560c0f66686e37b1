//! `FromStr` of a rule. Errors name the part: `BYMONTHDAY=32: must be 1 to 31 or -31 to -1`.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::Weekday;

use super::date_value::{DateValue, digits};
use super::error::{RuleError, RuleResult};
use super::rule::{ByDay, Freq, Rule, RulePart};

impl FromStr for Rule {
    type Err = RuleError;

    /// Parses the value of an RRULE, with or without the prefix `RRULE:`. Case does not matter.
    fn from_str(text: &str) -> RuleResult<Self> {
        let length = text.chars().count();
        if length > Self::MAX_LENGTH {
            let message = format!("the rule has {length} characters: at most {}", Self::MAX_LENGTH);
            return Err(RuleError::in_rule("too_long", message));
        }
        let text = text.trim();
        let text = strip_name(text);
        if text.is_empty() {
            return Err(RuleError::in_rule(
                "invalid_rule",
                "the rule is empty: it needs at least FREQ, such as FREQ=WEEKLY",
            ));
        }
        let mut rule = Self::new(Freq::Daily);
        rule.order.clear();
        // Some programs write a semicolon after the last part too.
        for part in text.strip_suffix(';').unwrap_or(text).split(';') {
            read_part(&mut rule, part)?;
        }
        if !rule.has(RulePart::Freq) {
            return Err(RuleError::in_rule("invalid_rule", "FREQ is missing, such as FREQ=WEEKLY"));
        }
        rule.checked()
    }
}

fn strip_name(text: &str) -> &str {
    match text.get(..6) {
        Some(name) if name.eq_ignore_ascii_case("RRULE:") => &text[6..],
        _ => text,
    }
}

fn read_part(rule: &mut Rule, text: &str) -> RuleResult<()> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(fault(text, "", "a part must have the form NAME=VALUE"));
    };
    let name = name.trim().to_ascii_uppercase();
    let value = value.trim().to_ascii_uppercase();
    let part = part_named(&name, &value)?;
    if rule.record_part(part) {
        return Err(fault(&name, &value, "must not be repeated"));
    }
    match part {
        RulePart::Freq => rule.freq = freq(&value)?,
        RulePart::Until => rule.until = Some(until(&value)?),
        RulePart::Count => rule.count = Some(positive("COUNT", &value)?),
        RulePart::Interval => rule.interval = positive("INTERVAL", &value)?,
        RulePart::BySecond => rule.by_second = plain_list(&name, &value, 0..=60)?,
        RulePart::ByMinute => rule.by_minute = plain_list(&name, &value, 0..=59)?,
        RulePart::ByHour => rule.by_hour = plain_list(&name, &value, 0..=23)?,
        RulePart::ByMonth => rule.by_month = plain_list(&name, &value, 1..=12)?,
        RulePart::ByMonthDay => rule.by_month_day = signed_list(&name, &value, 31)?,
        RulePart::ByYearDay => rule.by_year_day = signed_list(&name, &value, 366)?,
        RulePart::ByWeekNo => rule.by_week_no = signed_list(&name, &value, 53)?,
        RulePart::BySetPos => rule.by_set_pos = signed_list(&name, &value, 366)?,
        RulePart::ByDay => rule.by_day = value.split(',').map(by_day).collect::<RuleResult<_>>()?,
        RulePart::Wkst => {
            rule.wkst = weekday(&value)
                .ok_or_else(|| fault("WKST", &value, "must be one of MO, TU, WE, TH, FR, SA, SU"))?;
        }
    }
    Ok(())
}

fn part_named(name: &str, value: &str) -> RuleResult<RulePart> {
    Ok(match name {
        "FREQ" => RulePart::Freq,
        "UNTIL" => RulePart::Until,
        "COUNT" => RulePart::Count,
        "INTERVAL" => RulePart::Interval,
        "BYSECOND" => RulePart::BySecond,
        "BYMINUTE" => RulePart::ByMinute,
        "BYHOUR" => RulePart::ByHour,
        "BYDAY" => RulePart::ByDay,
        "BYMONTHDAY" => RulePart::ByMonthDay,
        "BYYEARDAY" => RulePart::ByYearDay,
        "BYWEEKNO" => RulePart::ByWeekNo,
        "BYMONTH" => RulePart::ByMonth,
        "BYSETPOS" => RulePart::BySetPos,
        "WKST" => RulePart::Wkst,
        "RSCALE" | "SKIP" => {
            let message =
                format!("{}: only the Gregorian calendar is supported (no RFC 7529)", shown(name, value));
            return Err(RuleError::in_rule("unsupported", message));
        }
        _ => return Err(fault(name, value, "RFC 5545 has no such part")),
    })
}

fn freq(value: &str) -> RuleResult<Freq> {
    match value {
        "HOURLY" => Ok(Freq::Hourly),
        "DAILY" => Ok(Freq::Daily),
        "WEEKLY" => Ok(Freq::Weekly),
        "MONTHLY" => Ok(Freq::Monthly),
        "YEARLY" => Ok(Freq::Yearly),
        "SECONDLY" | "MINUTELY" => {
            let message = format!("FREQ={value} is not supported: the shortest period is FREQ=HOURLY");
            Err(RuleError::in_rule("unsupported", message))
        }
        _ => Err(fault("FREQ", value, "must be HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY")),
    }
}

fn positive(name: &str, value: &str) -> RuleResult<NonZeroU32> {
    digits(value)
        .and_then(NonZeroU32::new)
        .ok_or_else(|| fault(name, value, "must be a whole number from 1 to 4294967295"))
}

fn plain_list(name: &str, value: &str, range: RangeInclusive<u8>) -> RuleResult<Vec<u8>> {
    value
        .split(',')
        .map(|item| {
            digits(item)
                .filter(|number| range.contains(number))
                .ok_or_else(|| fault(name, item, &format!("must be {} to {}", range.start(), range.end())))
        })
        .collect()
}

fn signed_list<T: TryFrom<i32>>(name: &str, value: &str, max: i32) -> RuleResult<Vec<T>> {
    value
        .split(',')
        .map(|item| {
            signed(item)
                .filter(|number| (1..=max).contains(&number.abs()))
                .and_then(|number| T::try_from(number).ok())
                .ok_or_else(|| fault(name, item, &format!("must be 1 to {max} or -{max} to -1")))
        })
        .collect()
}

fn signed(text: &str) -> Option<i32> {
    match text.as_bytes().first()? {
        b'-' => digits::<i32>(&text[1..]).map(|number| -number),
        b'+' => digits(&text[1..]),
        _ => digits(text),
    }
}

fn by_day(item: &str) -> RuleResult<ByDay> {
    let wrong = || {
        fault("BYDAY", item, "must be a weekday such as MO, or the n-th such as 2TU or -1FR, n from 1 to 53")
    };
    let split = item.len().checked_sub(2).filter(|at| item.is_char_boundary(*at)).ok_or_else(wrong)?;
    let (number, code) = item.split_at(split);
    let weekday = weekday(code).ok_or_else(wrong)?;
    if number.is_empty() {
        return Ok(ByDay { nth: None, weekday });
    }
    let nth = signed(number).filter(|n| (1..=53).contains(&n.abs())).and_then(|n| i8::try_from(n).ok());
    nth.map(|nth| ByDay { nth: Some(nth), weekday }).ok_or_else(wrong)
}

fn weekday(code: &str) -> Option<Weekday> {
    Some(match code {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    })
}

fn until(value: &str) -> RuleResult<DateValue> {
    DateValue::from_basic(value).ok_or_else(|| {
        fault(
            "UNTIL",
            value,
            "must be a date (20280503), a local time (20280503T183000) or an instant (20280503T163000Z)",
        )
    })
}

fn fault(name: &str, value: &str, what: &str) -> RuleError {
    RuleError::in_rule("invalid_rule", format!("{}: {what}", shown(name, value)))
}

/// The part as it was written, for a message: at most 60 characters, without control characters.
fn shown(name: &str, value: &str) -> String {
    let mut text: String = name.chars().chain(['=']).chain(value.chars()).take(60).collect();
    if value.is_empty() {
        text = name.chars().take(60).collect();
    }
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
