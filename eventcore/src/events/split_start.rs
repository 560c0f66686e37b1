//! The start of an event that was split off another one.

use chrono_tz::Tz;
use serde_json::Value;

use super::input::EventInput;
use super::schedule::expansion;
use crate::error::Violations;
use crate::time::TimeInput;

/// Moves the start to the first occurrence by the rule, if the patch replaces the rule and leaves the start.
///
/// Nobody chose the occurrence at which the event was split as the start of the new rule. It would remain as
/// the only one on a day that the rule no longer has.
pub(super) fn by_rule(mut input: EventInput, patch: &Value, default_zone: Tz) -> EventInput {
    let has_rule = patch.pointer("/recurrence/rrule").is_some();
    if !has_rule || ["starts_at", "ends_at"].iter().any(|field| patch.get(field).is_some()) {
        return input;
    }
    let (Some(recurrence), (Some(tz), Some(span))) =
        (&input.recurrence, input.timing().read(&mut Violations::default(), default_zone))
    else {
        return input;
    };
    // Validation reports what is wrong with the rule.
    let first = expansion::series(&span, tz, recurrence).and_then(|series| series.start_on_rule());
    if let Ok(Some(first)) = first {
        let start = first.nominal();
        let start = if span.all_day { TimeInput::Day(start.date()) } else { TimeInput::Local(start) };
        input.starts_at = Some(start);
    }
    input
}
