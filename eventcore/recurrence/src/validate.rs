//! Which parts of a rule may be combined (RFC 5545, 3.3.10).

use super::error::{RuleError, RuleResult};
use super::rule::{Freq, Rule, RulePart};

impl Rule {
    /// The rule if its parts may be combined.
    ///
    /// # Errors
    /// `invalid_rule`.
    pub(super) fn checked(self) -> RuleResult<Self> {
        check(&self)?;
        Ok(self)
    }
}

/// Fails with the first part that is not allowed.
fn check(rule: &Rule) -> RuleResult<()> {
    if rule.count.is_some() && rule.until.is_some() {
        return refuse("COUNT and UNTIL cannot be combined: keep one");
    }
    for part in &rule.order {
        if !allowed(*part, rule.freq) {
            let message = format!("{} cannot be used with FREQ={}", part.as_str(), rule.freq.as_str());
            return Err(RuleError::in_rule("invalid_rule", message));
        }
    }
    if let Some(day) = rule.by_day.iter().find(|day| day.nth.is_some()) {
        if !matches!(rule.freq, Freq::Monthly | Freq::Yearly) {
            let message = format!("BYDAY={day}: a number can only be used with FREQ=MONTHLY or FREQ=YEARLY");
            return Err(RuleError::in_rule("invalid_rule", message));
        }
        if !rule.by_week_no.is_empty() {
            let message = format!("BYDAY={day}: a number cannot be used together with BYWEEKNO");
            return Err(RuleError::in_rule("invalid_rule", message));
        }
    }
    if rule.has(RulePart::BySetPos) && !rule.order.iter().any(|part| is_list(*part)) {
        return refuse("BYSETPOS needs another BY part to choose from");
    }
    Ok(())
}

fn refuse<T>(message: &str) -> RuleResult<T> {
    Err(RuleError::in_rule("invalid_rule", message))
}

/// The "N/A" entries of the table in 3.3.10.
const fn allowed(part: RulePart, freq: Freq) -> bool {
    match part {
        RulePart::ByWeekNo => matches!(freq, Freq::Yearly),
        RulePart::ByYearDay => matches!(freq, Freq::Yearly | Freq::Hourly),
        RulePart::ByMonthDay => !matches!(freq, Freq::Weekly),
        _ => true,
    }
}

const fn is_list(part: RulePart) -> bool {
    matches!(
        part,
        RulePart::BySecond
            | RulePart::ByMinute
            | RulePart::ByHour
            | RulePart::ByDay
            | RulePart::ByMonthDay
            | RulePart::ByYearDay
            | RulePart::ByWeekNo
            | RulePart::ByMonth
    )
}
