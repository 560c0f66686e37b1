//! What RFC 5545, 3.3.10 says of the parts of a rule together: which may stand beside which FREQ.

use super::error::{Result, RuleError};
use super::rule::{Freq, Part, Rule};

impl Rule {
    /// Checks what RFC 5545 says of the parts together.
    pub(super) fn checked(self) -> Result<Self> {
        check(&self)?;
        Ok(self)
    }
}

/// Names the first part that may not be there.
fn check(rule: &Rule) -> Result<()> {
    if rule.count.is_some() && rule.until.is_some() {
        return refuse("COUNT and UNTIL cannot both end a rule: keep one");
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
    if rule.has(Part::BySetPos) && !rule.order.iter().any(|part| is_list(*part)) {
        return refuse("BYSETPOS needs another BY part to choose from");
    }
    Ok(())
}

fn refuse<T>(message: &str) -> Result<T> {
    Err(RuleError::in_rule("invalid_rule", message))
}

/// The "N/A" of the table in 3.3.10.
const fn allowed(part: Part, freq: Freq) -> bool {
    match part {
        Part::ByWeekNo => matches!(freq, Freq::Yearly),
        Part::ByYearDay => matches!(freq, Freq::Yearly | Freq::Hourly),
        Part::ByMonthDay => !matches!(freq, Freq::Weekly),
        _ => true,
    }
}

const fn is_list(part: Part) -> bool {
    matches!(
        part,
        Part::BySecond
            | Part::ByMinute
            | Part::ByHour
            | Part::ByDay
            | Part::ByMonthDay
            | Part::ByYearDay
            | Part::ByWeekNo
            | Part::ByMonth
    )
}
