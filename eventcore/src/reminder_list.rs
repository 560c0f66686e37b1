//! [`ReminderList`]: how long before the start a person is reminded.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::db::{Queries, Tx, sql};
use crate::error::{Error, Result, Violations};
use crate::input::Fields;
use crate::time::LeadTime;

/// The most lead times of a list.
const MAX: usize = 5;
/// The longest lead time, in days.
const MAX_DAYS: i64 = 60;
/// How far a clock change may move the instant that is some days before another.
const CLOCK_CHANGE: Duration = Duration::from_hours(3);

/// Up to 5 lead times: ISO 8601 durations of 1 minute to 60 days, in whole minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReminderList(Vec<LeadTime>);

impl ReminderList {
    /// The lead times, in the order in which they were given.
    pub fn as_slice(&self) -> &[LeadTime] {
        &self.0
    }

    /// Takes a list of a field; `None` if it is absent or null.
    pub(crate) fn take(fields: &mut Fields, name: &str) -> Option<Self> {
        let texts = fields.strings(name)?;
        let mut violations = Violations::default();
        let list = Self::parse(&texts, &format!("/{name}"), &mut violations);
        fields.add_violations(&violations);
        Some(list)
    }

    /// Parses the texts of a field, and adds what is wrong with them to `violations`.
    pub(crate) fn parse(texts: &[String], pointer: &str, violations: &mut Violations) -> Self {
        let mut leads: Vec<LeadTime> = Vec::new();
        for (n, text) in texts.iter().enumerate() {
            let pointer = format!("{pointer}/{n}");
            match text.parse() {
                Err(_) => {
                    violations.add(pointer, "invalid", "must be an ISO 8601 duration such as P1D or PT1H")
                }
                Ok(lead) if !is_allowed(lead) => {
                    violations.add(pointer, "out_of_range", "must be 1 minute to 60 days, in whole minutes");
                }
                Ok(lead) if leads.contains(&lead) => violations.add(pointer, "duplicate", "is given twice"),
                Ok(lead) => leads.push(lead),
            }
        }
        if texts.len() > MAX {
            violations.add(pointer.to_owned(), "too_many", "must have at most 5 items");
        }
        Self(leads)
    }

    /// The list of a column; the default if it is null.
    pub(crate) fn read(column: Option<&str>) -> Result<Self> {
        match column {
            Some(json) => serde_json::from_str(json).map_err(Error::internal),
            None => Ok(Self::default()),
        }
    }

    /// The value of a column.
    pub(crate) fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }
}

impl Default for ReminderList {
    /// A day and an hour.
    fn default() -> Self {
        Self(["P1D", "PT1H"].iter().filter_map(|text| text.parse().ok()).collect())
    }
}

fn is_allowed(lead: LeadTime) -> bool {
    let total = length(lead);
    (60..=MAX_DAYS * 86_400).contains(&total) && total % 60 == 0
}

/// The length with days of 24 hours, in seconds.
const fn length(lead: LeadTime) -> i64 {
    lead.days() * 86_400 + lead.seconds()
}

/// Adds lead times to those that are looked for.
pub(crate) async fn store_leads(tx: &mut Tx, list: &ReminderList) -> Result<()> {
    for lead in &list.0 {
        let slack = if lead.days() > 0 { CLOCK_CHANGE } else { Duration::ZERO };
        tx.query(sql!(
            "INSERT INTO reminder_leads (lead, seconds, slack_seconds) VALUES ($1, $2, $3)
             ON CONFLICT (lead) DO NOTHING"
        ))
        .bind(lead.to_string())
        .bind(length(*lead))
        .bind(i64::try_from(slack.as_secs()).map_err(Error::internal)?)
        .execute()
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str]) -> (ReminderList, Vec<(String, String)>) {
        let mut violations = Violations::default();
        let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
        let list = ReminderList::parse(&texts, "/reminders", &mut violations);
        let wrong = violations.as_slice().iter().map(|v| (v.pointer.clone(), v.code.to_string())).collect();
        (list, wrong)
    }

    #[test]
    fn the_default_is_a_day_and_an_hour() {
        assert_eq!(ReminderList::default().to_json().unwrap(), r#"["P1D","PT1H"]"#);
    }

    #[test]
    fn every_invalid_lead_time_is_named() {
        assert_eq!(parse(&[]).1, []);
        assert_eq!(parse(&["P60D", "PT1M", "P1DT12H", "PT24H", "P1D"]).1, []);
        let (_, wrong) = parse(&["soon", "PT0S", "P61D", "PT90S", "PT1H", "PT60M"]);
        let codes: Vec<&str> = wrong.iter().map(|(_, code)| code.as_str()).collect();
        let range = "out_of_range";
        assert_eq!(codes, ["invalid", range, range, range, "duplicate", "too_many"]);
        assert_eq!(wrong[5].0, "/reminders");
    }
}
