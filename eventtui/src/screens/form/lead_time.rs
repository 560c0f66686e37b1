//! Times before the start of each occurrence, as people write them.

use eventcore::time::LeadTime;

use crate::natural_dates::write_lead_time;

/// The text of a field for the window of an event.
pub(super) fn window_text(at: Option<String>, before: Option<LeadTime>) -> String {
    match (at, before) {
        (Some(at), _) => at,
        (None, Some(lead)) => format!("{} before", write_lead_time(lead)),
        (None, None) => String::new(),
    }
}

/// Parses `2 hours`, `1 day 12h`, `2 weeks` or `PT2H`. Days and weeks are those of the calendar.
pub(super) fn read(text: &str) -> Option<LeadTime> {
    let text = text.replace(' ', "");
    if text.starts_with('p') {
        return text.to_uppercase().parse().ok();
    }
    let (mut days, mut seconds) = (0_i64, 0_i64);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let tail = &rest[digits..];
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (sum, unit) = match &tail[..letters] {
            "w" | "week" | "weeks" => (&mut days, 7),
            "d" | "day" | "days" => (&mut days, 1),
            "h" | "hour" | "hours" => (&mut seconds, 3_600),
            "m" | "min" | "mins" | "minute" | "minutes" => (&mut seconds, 60),
            _ => return None,
        };
        *sum = number.checked_mul(unit)?.checked_add(*sum)?;
        rest = &tail[letters..];
    }
    if text.is_empty() { None } else { format!("P{days}DT{seconds}S").parse().ok() }
}
