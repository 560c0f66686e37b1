//! The dates of a rule, seen before anything is saved.

use chrono_tz::Tz;
use serde_json::Value;

use super::expansion::{self, Date};
use crate::error::{Error, Result, Violations};
use crate::events::input::recurrence;
use crate::input::Fields;
use crate::recurrence::{First, Recurrence, Series};
use crate::time::IsoDuration;
use crate::time::Moment;
use crate::time::TimeInput;
use crate::time::Timestamp;
use crate::time::{Span, Timing, window};

/// What someone wants to see the dates of. Any start will do, also in the past, and a rule of any length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewInput {
    /// When it starts: with an offset, or local in `timezone`; a date for an all-day event.
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = true))]
    pub starts_at: Option<TimeInput>,
    /// IANA name; UTC when `starts_at` has an offset and nothing is said.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub timezone: Option<String>,
    /// Days and no times.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub all_day: bool,
    /// When the first of them ends; the last day of an all-day event.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub ends_at: Option<TimeInput>,
    /// An ISO 8601 duration. One hour, or one day, when nothing is said.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub duration: Option<IsoDuration>,
    /// What repeats it.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub recurrence: Option<Recurrence>,
    /// Dates that the rule places at or after this; from the start on, when nothing is said.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = false))]
    pub from: Option<TimeInput>,
    /// How many dates: 1–1,000, and 10 when nothing is said.
    #[cfg_attr(feature = "openapi", schema(required = false, minimum = 1, maximum = 1_000))]
    pub limit: Option<i64>,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

impl<'de> serde::Deserialize<'de> for PreviewInput {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields::of(Value::deserialize(deserializer)?);
        let mut input = Self {
            starts_at: fields.parsed("starts_at"),
            timezone: fields.text("timezone"),
            all_day: fields.truth("all_day").unwrap_or_default(),
            ends_at: fields.parsed("ends_at"),
            duration: fields.parsed("duration"),
            recurrence: recurrence(&mut fields),
            from: fields.parsed("from"),
            limit: fields.number("limit"),
            misread: Violations::default(),
        };
        input.misread = fields.finish();
        Ok(input)
    }
}

/// The first dates of a rule.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    /// In order.
    pub items: Vec<PreviewOccurrence>,
    /// Whether these are all.
    pub complete: bool,
    /// The rule in English: `every Thursday, 10 times`.
    pub text: String,
}

/// One date of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewOccurrence {
    /// Where the rule places it (RFC 5545 RECURRENCE-ID).
    pub original_start: Moment,
    /// When it starts.
    pub starts_at: Moment,
    /// When it ends; the last day of an all-day event.
    pub ends_at: Moment,
}

impl PreviewInput {
    /// The first dates of the rule.
    ///
    /// # Errors
    /// `invalid_input` names every wrong field at once.
    pub fn preview(&self) -> Result<Preview> {
        let mut wrong = self.misread.clone();
        let timing = Timing {
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            duration: self.duration,
            timezone: self.timezone.as_deref(),
            all_day: self.all_day,
        };
        let (tz, span) = timing.read(&mut wrong, Tz::UTC);
        let from = window(&mut wrong, tz, "from", self.from);
        let limit =
            usize::try_from(self.limit.unwrap_or(10)).ok().filter(|limit| (1..=1_000).contains(limit));
        if limit.is_none() {
            wrong.add("/limit", "out_of_range", "must be 1 to 1,000");
        }
        let single = Recurrence::default();
        let recurrence = self.recurrence.as_ref().unwrap_or(&single);
        let found = tz.zip(span).zip(limit).and_then(|((tz, span), limit)| {
            let found = first(&span, tz, recurrence, limit, from);
            found.map_err(|e| wrong.add(format!("/recurrence{}", e.pointer()), e.code(), e.message())).ok()
        });
        match (wrong.is_empty(), tz, span, found) {
            (true, Some(tz), Some(span), Some((series, found))) => {
                let items = found
                    .instances
                    .iter()
                    .map(|instance| PreviewOccurrence::of(&Date::of(instance, &span, tz), &span, tz));
                Ok(Preview { items: items.collect(), complete: found.complete, text: series.to_english() })
            }
            _ => Err(Error::Invalid(wrong)),
        }
    }
}

fn first(
    span: &Span,
    tz: Tz,
    recurrence: &Recurrence,
    limit: usize,
    from: Option<Timestamp>,
) -> crate::recurrence::Result<(Series, First)> {
    let series = expansion::series(span, tz, recurrence)?;
    let first = series.first(limit, from)?;
    Ok((series, first))
}

impl PreviewOccurrence {
    fn of(date: &Date, span: &Span, tz: Tz) -> Self {
        let (starts_at, ends_at) = Moment::span(date.original_start, date.ends_at, tz, span.all_day);
        Self { original_start: starts_at, starts_at, ends_at }
    }
}
