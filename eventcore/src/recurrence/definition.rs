//! What a person writes: a rule, dates added, dates taken away.

use super::date_value::DateValue;
use super::error::{Result, RuleError};
use super::rule::Rule;
use crate::as_text::as_text;

/// The recurrence of an event as it is written and stored.
///
/// ```
/// use eventcore::recurrence::Recurrence;
///
/// let recurrence: Recurrence = serde_json::from_str(r#"{"rrule": "FREQ=WEEKLY;BYDAY=TH", "exdate": ["2027-04-01T18:30:00"]}"#)?;
/// assert_eq!(recurrence.exdate.len(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recurrence {
    /// The RRULE; none where there are only dates.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "FREQ=WEEKLY;BYDAY=TH;COUNT=10"))]
    pub rrule: Option<Rule>,
    /// Dates besides those of the rule.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub rdate: Vec<DateValue>,
    /// Dates of the rule on which nothing takes place.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, example = json!(["2027-04-01T18:30:00"])))]
    pub exdate: Vec<DateValue>,
}

impl Recurrence {
    /// How many RDATEs, and how many EXDATEs, there may be.
    pub const MAX_DATES: usize = 2_000;

    /// Only a rule.
    pub fn of(rule: Rule) -> Self {
        Self { rrule: Some(rule), rdate: Vec::new(), exdate: Vec::new() }
    }

    /// Reads the three lists of texts, and tells everything that is wrong with them.
    pub fn parse<S: AsRef<str>>(
        rrule: Option<&str>,
        rdate: &[S],
        exdate: &[S],
    ) -> Result<Self, Vec<RuleError>> {
        let mut errors = Vec::new();
        let rrule = rrule.and_then(|text| text.parse().map_err(|error| errors.push(error)).ok());
        let rdate = dates("rdate", rdate, &mut errors);
        let exdate = dates("exdate", exdate, &mut errors);
        if errors.is_empty() { Ok(Self { rrule, rdate, exdate }) } else { Err(errors) }
    }

    /// Whether it ends: an event without a rule does, and so does a rule with COUNT or UNTIL.
    pub fn is_bounded(&self) -> bool {
        self.rrule.as_ref().is_none_or(Rule::is_bounded)
    }

    /// Refuses what is too much to look at.
    pub(super) fn check_size(&self) -> Result<()> {
        for (name, dates) in [("rdate", &self.rdate), ("exdate", &self.exdate)] {
            check_count(name, dates.len())?;
        }
        Ok(())
    }
}

fn check_count(name: &'static str, count: usize) -> Result<()> {
    if count > Recurrence::MAX_DATES {
        let message =
            format!("{} may have {} dates, and has {count}", name.to_uppercase(), Recurrence::MAX_DATES);
        return Err(RuleError::at(format!("/{name}"), "too_many_dates", message));
    }
    Ok(())
}

fn dates<S: AsRef<str>>(name: &'static str, texts: &[S], errors: &mut Vec<RuleError>) -> Vec<DateValue> {
    if let Err(error) = check_count(name, texts.len()) {
        errors.push(error);
        return Vec::new();
    }
    let mut dates = Vec::with_capacity(texts.len());
    for (i, text) in texts.iter().enumerate() {
        match text.as_ref().trim().parse() {
            Ok(date) => dates.push(date),
            Err(error) => {
                let message = format!("{} {error}", name.to_uppercase());
                errors.push(RuleError::at(format!("/{name}/{i}"), "invalid_date", message));
            }
        }
    }
    dates
}

as_text!(Rule);
