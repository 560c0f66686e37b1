//! [`Recurrence`]: a rule with RDATE and EXDATE, as users write it.

use super::date_value::DateValue;
use super::error::{RuleError, RuleResult};
use super::rule::Rule;

/// The recurrence of an event as it is sent and stored.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use eventcore_recurrence::Recurrence;
///
/// let json = r#"{"rrule": "FREQ=WEEKLY;BYDAY=TH", "exdate": ["2027-04-01T18:30:00"]}"#;
/// let recurrence: Recurrence = serde_json::from_str(json)?;
/// assert_eq!(recurrence.exdate.len(), 1);
/// # }
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(description = "The recurrence of an event: RRULE, RDATE and EXDATE of RFC 5545.")
)]
pub struct Recurrence {
    /// RRULE. Without one, only the start and the RDATEs recur.
    #[cfg_attr(feature = "serde", serde(default))]
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = Option<String>, example = "FREQ=WEEKLY;BYDAY=TH;COUNT=10")
    )]
    pub rrule: Option<Rule>,
    /// RDATE: starts in addition to those of the rule.
    #[cfg_attr(feature = "serde", serde(default))]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub rdate: Vec<DateValue>,
    /// EXDATE: starts that are excluded.
    #[cfg_attr(feature = "serde", serde(default))]
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = Vec<String>, example = json!(["2027-04-01T18:30:00"]))
    )]
    pub exdate: Vec<DateValue>,
}

impl Recurrence {
    /// Greatest number of RDATEs, and of EXDATEs.
    pub const MAX_DATES: usize = 2_000;

    /// A recurrence with `rule` and without RDATE and EXDATE.
    pub fn of(rule: Rule) -> Self {
        Self { rrule: Some(rule), rdate: Vec::new(), exdate: Vec::new() }
    }

    /// Parses a recurrence.
    ///
    /// # Errors
    /// All that is wrong: one error for the rule and one for each date.
    pub fn parse<S: AsRef<str>>(
        rrule: Option<&str>,
        rdate: &[S],
        exdate: &[S],
    ) -> Result<Self, Vec<RuleError>> {
        let mut errors = Vec::new();
        let rrule = rrule.and_then(|text| text.parse().map_err(|error| errors.push(error)).ok());
        let rdate = parse_dates("rdate", rdate, &mut errors);
        let exdate = parse_dates("exdate", exdate, &mut errors);
        if errors.is_empty() { Ok(Self { rrule, rdate, exdate }) } else { Err(errors) }
    }

    /// Whether it ends: there is no rule, or the rule has COUNT or UNTIL.
    pub fn is_bounded(&self) -> bool {
        self.rrule.as_ref().is_none_or(Rule::is_bounded)
    }

    /// # Errors
    /// `too_many_dates`.
    pub(super) fn check_size(&self) -> RuleResult<()> {
        for (name, dates) in [("rdate", &self.rdate), ("exdate", &self.exdate)] {
            check_count(name, dates.len())?;
        }
        Ok(())
    }

    /// Refuses instants, for a series without a time zone.
    ///
    /// # Errors
    /// `floating`.
    pub(super) fn check_floating(&self) -> RuleResult<()> {
        for until in self.rrule.iter().filter_map(Rule::until) {
            check_floating_value(|| "/rrule".to_owned(), until)?;
        }
        for (name, dates) in [("rdate", &self.rdate), ("exdate", &self.exdate)] {
            for (i, date) in dates.iter().enumerate() {
                check_floating_value(|| format!("/{name}/{i}"), *date)?;
            }
        }
        Ok(())
    }

    /// For a series without a time zone: instants as local times.
    pub(super) fn floating(mut self) -> Self {
        if let Some(rule) = &mut self.rrule {
            rule.until = rule.until.map(DateValue::floating);
        }
        for date in self.rdate.iter_mut().chain(&mut self.exdate) {
            *date = date.floating();
        }
        self
    }
}

fn check_floating_value(pointer: impl FnOnce() -> String, value: DateValue) -> RuleResult<()> {
    match value {
        DateValue::Utc(_) => {
            let message = format!("{} is an instant, but the start has no time zone", value.to_basic());
            Err(RuleError::at(pointer(), "floating", message))
        }
        DateValue::Date(_) | DateValue::Local(_) => Ok(()),
    }
}

fn check_count(name: &'static str, count: usize) -> RuleResult<()> {
    if count > Recurrence::MAX_DATES {
        let message = format!("{} has {count} dates: at most {}", name.to_uppercase(), Recurrence::MAX_DATES);
        return Err(RuleError::at(format!("/{name}"), "too_many_dates", message));
    }
    Ok(())
}

fn parse_dates<S: AsRef<str>>(
    name: &'static str,
    texts: &[S],
    errors: &mut Vec<RuleError>,
) -> Vec<DateValue> {
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

#[cfg(feature = "serde")]
crate::serde_as_string!(Rule);
