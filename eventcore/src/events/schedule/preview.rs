//! [`PreviewInput`]: the first occurrences of a rule, without storing anything.

use chrono_tz::Tz;

use super::expansion::{self, PlannedOccurrence};
use crate::error::{Error, Result, Violations};
use crate::events::input::recurrence;
use crate::input::{Fields, deserialize_by_fields};
use crate::recurrence::{FirstInstances, Recurrence, Series};
use crate::time::{IsoDuration, Moment, Span, SpanInput, TimeInput, Timestamp, instant_or_day};

/// A start and a rule whose first occurrences are wanted. The start may be in the past, and the rule of any
/// length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewInput {
    /// Start: with an offset, or a local time in `timezone`; a date for an all-day event.
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = true))]
    pub starts_at: Option<TimeInput>,
    /// IANA time zone. Default: UTC, if `starts_at` has an offset.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub timezone: Option<String>,
    /// Whether the event has dates and no times. Default: false.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub all_day: bool,
    /// End of the first occurrence; for an all-day event its last day, inclusive.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub ends_at: Option<TimeInput>,
    /// Instead of `ends_at`: an ISO 8601 duration. Default: one hour; one day for an all-day event.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub duration: Option<IsoDuration>,
    /// Recurrence rule. Default: a single occurrence.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub recurrence: Option<Recurrence>,
    /// Earliest original start of the occurrences that are returned. Default: the start.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub from: Option<TimeInput>,
    /// Number of occurrences: 1–1,000. Default: 10.
    #[cfg_attr(feature = "openapi", schema(required = false, minimum = 1, maximum = 1_000))]
    pub limit: Option<i64>,
    /// Errors of parsing JSON, which [`PreviewInput::preview`] reports; empty for values built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(PreviewInput);

impl PreviewInput {
    fn take(fields: &mut Fields) -> Self {
        Self {
            starts_at: fields.parsed("starts_at"),
            timezone: fields.string("timezone"),
            all_day: fields.boolean("all_day").unwrap_or_default(),
            ends_at: fields.parsed("ends_at"),
            duration: fields.parsed("duration"),
            recurrence: recurrence(fields),
            from: fields.parsed("from"),
            limit: fields.integer("limit"),
            parse_errors: Violations::default(),
        }
    }
}

/// The first occurrences of a rule.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    /// The occurrences in order.
    pub items: Vec<PreviewOccurrence>,
    /// Whether the rule has no more occurrences.
    pub complete: bool,
    /// The rule in English: `every Thursday, 10 times`.
    pub text: String,
}

/// An occurrence of a previewed rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewOccurrence {
    /// Start by the rule (RFC 5545 RECURRENCE-ID).
    pub original_start: Moment,
    /// Start.
    pub starts_at: Moment,
    /// End; for an all-day event its last day, inclusive.
    pub ends_at: Moment,
}

impl PreviewInput {
    /// The first occurrences of the rule.
    ///
    /// # Errors
    /// `invalid_input` with all violations.
    pub fn preview(&self) -> Result<Preview> {
        let mut violations = self.parse_errors.clone();
        let timing = SpanInput {
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            duration: self.duration,
            timezone: self.timezone.as_deref(),
            all_day: self.all_day,
        };
        let (tz, span) = timing.read(&mut violations, Tz::UTC);
        let from = instant_or_day(&mut violations, tz, "from", self.from);
        let limit =
            usize::try_from(self.limit.unwrap_or(10)).ok().filter(|limit| (1..=1_000).contains(limit));
        if limit.is_none() {
            violations.add("/limit", "out_of_range", "must be 1 to 1,000");
        }
        let single = Recurrence::default();
        let recurrence = self.recurrence.as_ref().unwrap_or(&single);
        let found = tz.zip(span).zip(limit).and_then(|((tz, span), limit)| {
            first(&span, tz, recurrence, limit, from)
                .map_err(|error| {
                    let pointer = format!("/recurrence{}", error.pointer());
                    violations.add(pointer, error.code(), error.message());
                })
                .ok()
        });
        match (violations.is_empty(), tz, span, found) {
            (true, Some(tz), Some(span), Some((series, found))) => {
                let items = found.instances.iter().map(|instance| {
                    let planned = PlannedOccurrence::from_instance(instance, &span, tz);
                    PreviewOccurrence::new(&planned, &span, tz)
                });
                Ok(Preview { items: items.collect(), complete: found.complete, text: series.to_english() })
            }
            _ => Err(Error::Invalid(violations)),
        }
    }
}

fn first(
    span: &Span,
    tz: Tz,
    recurrence: &Recurrence,
    limit: usize,
    from: Option<Timestamp>,
) -> crate::recurrence::RuleResult<(Series, FirstInstances)> {
    let series = expansion::series(span, tz, recurrence)?;
    let first = series.first(limit, from)?;
    Ok((series, first))
}

impl PreviewOccurrence {
    fn new(planned: &PlannedOccurrence, span: &Span, tz: Tz) -> Self {
        let (starts_at, ends_at) = Moment::span(planned.original_start, planned.ends_at, tz, span.all_day);
        Self { original_start: starts_at, starts_at, ends_at }
    }
}
