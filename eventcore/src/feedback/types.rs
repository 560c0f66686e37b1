//! The feedback: its public types, and the rows of the table `feedback`.

use sqlx::FromRow;

use crate::accounts::PublicProfile;
use crate::error::Violations;
use crate::id::{EventId, FeedbackId, OccurrenceId, UserId};
use crate::input::{Fields, Lines, check_text, deserialize_by_fields};
use crate::page::Page;
use crate::time::Timestamp;

/// The feedback of an attendee on an occurrence.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Feedback {
    /// The id.
    pub id: FeedbackId,
    /// The occurrence.
    pub occurrence_id: OccurrenceId,
    /// The event of the occurrence.
    pub event_id: EventId,
    /// The attendee.
    pub user: PublicProfile,
    /// 1 to 5; 5 is the best.
    pub rating: i64,
    /// Plain text, up to 5,000 characters.
    pub body: String,
    /// The public answer of an organizer; null if there is none.
    pub answer: Option<String>,
    /// When the answer was last set.
    pub answered_at: Option<Timestamp>,
    /// When it was first submitted.
    pub created_at: Timestamp,
    /// When the feedback or the answer last changed.
    pub updated_at: Timestamp,
    /// Increases with every change.
    pub version: i64,
}

/// What remains of withdrawn feedback: feedback can be changed for 30 days after the first submission, also
/// after it was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WithdrawnFeedback {
    /// The occurrence.
    pub occurrence_id: OccurrenceId,
    /// When feedback on the occurrence was first submitted.
    pub first_submitted_at: Timestamp,
}

/// Feedback to submit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = NewFeedback))]
pub struct FeedbackInput {
    /// 1 to 5; 5 is the best.
    #[cfg_attr(feature = "openapi", schema(value_type = i64, required = true, minimum = 1, maximum = 5))]
    pub rating: Option<i64>,
    /// Plain text, up to 5,000 characters.
    #[cfg_attr(feature = "openapi", schema(required = false, max_length = 5_000))]
    pub body: String,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(FeedbackInput);

impl FeedbackInput {
    fn take(fields: &mut Fields) -> Self {
        let (rating, body) = (fields.integer("rating"), fields.string("body").unwrap_or_default());
        Self { rating, body, parse_errors: Violations::default() }
    }

    /// Validates all fields and returns the rating.
    pub(super) fn validate(&self) -> Result<i64, Violations> {
        let mut violations = self.parse_errors.clone();
        check_text(&mut violations, "body", &self.body, 0, 5_000, Lines::Many);
        match self.rating {
            Some(rating @ 1..=5) if violations.is_empty() => return Ok(rating),
            Some(1..=5) => {}
            Some(_) => violations.add("/rating", "out_of_range", "must be 1 to 5"),
            None => violations.add("/rating", "required", "is required, 1 to 5"),
        }
        Err(violations)
    }
}

/// The answer of an organizer to feedback.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Answer {
    /// Plain text, 1–5,000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 5_000))]
    pub body: String,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(Answer);

impl Answer {
    fn take(fields: &mut Fields) -> Self {
        let body = fields.string("body").unwrap_or_default();
        Self { body, parse_errors: Violations::default() }
    }

    /// The violations of all fields.
    pub(super) fn violations(&self) -> Violations {
        let mut violations = self.parse_errors.clone();
        check_text(&mut violations, "body", &self.body, 1, 5_000, Lines::Many);
        violations
    }
}

/// The number of times that a rating was given.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RatingCount {
    /// The rating, 1 to 5.
    pub rating: i64,
    /// The number of attendees who gave it.
    pub count: i64,
}

/// A summary of ratings.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedbackSummary {
    /// The number of ratings.
    pub count: i64,
    /// Their mean, rounded to two decimal places; null if there are none.
    pub average: Option<f64>,
    /// The count of each rating, from 1 to 5.
    pub distribution: Vec<RatingCount>,
}

impl FeedbackSummary {
    /// Summarizes pairs of a rating and its count. A rating may occur in several pairs.
    pub(crate) fn of(counts: &[(i64, i64)]) -> Self {
        let distribution: Vec<RatingCount> = (1..=5)
            .map(|rating| RatingCount {
                rating,
                count: counts.iter().filter(|(given, _)| *given == rating).map(|(_, count)| count).sum(),
            })
            .collect();
        let count = distribution.iter().map(|rating| rating.count).sum();
        let sum: i64 = distribution.iter().map(|rating| rating.rating * rating.count).sum();
        Self { count, average: mean(sum, count), distribution }
    }
}

/// The mean, rounded to two decimal places; `None` if `count` is 0.
pub(crate) fn mean(sum: i64, count: i64) -> Option<f64> {
    let hundredths = (count > 0).then(|| (sum * 200 + count) / (count * 2))?;
    i32::try_from(hundredths).ok().map(|hundredths| f64::from(hundredths) / 100.0)
}

/// A page of the feedback on an event, with a summary of all of it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedbackPage {
    /// A summary of all feedback on the event.
    pub summary: FeedbackSummary,
    /// The page, newest first.
    #[serde(flatten)]
    pub page: Page<Feedback>,
}

/// The columns of [`FeedbackRow`], from [`TABLES`].
pub(super) const COLUMNS: &str = "f.id, f.occurrence_id, f.event_id, f.user_id, u.username, u.display_name, \
     f.rating, f.text AS body, f.answer, f.answered_at, f.created_at, f.updated_at, f.version";

/// The tables of [`COLUMNS`].
pub(super) const TABLES: &str = "feedback f JOIN users u ON u.id = f.user_id";

/// A row of `feedback`, with its author.
#[derive(Debug, Clone, FromRow)]
pub(super) struct FeedbackRow {
    pub(super) id: FeedbackId,
    pub(super) occurrence_id: OccurrenceId,
    pub(super) event_id: EventId,
    user_id: UserId,
    username: String,
    display_name: String,
    rating: i64,
    body: String,
    pub(super) answer: Option<String>,
    answered_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
    updated_at: Timestamp,
    pub(super) version: i64,
}

impl FeedbackRow {
    pub(super) fn feedback(self) -> Feedback {
        Feedback {
            id: self.id,
            occurrence_id: self.occurrence_id,
            event_id: self.event_id,
            user: PublicProfile {
                id: self.user_id,
                username: self.username,
                display_name: self.display_name,
            },
            rating: self.rating,
            body: self.body,
            answer: self.answer,
            answered_at: self.answered_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_have_mean_and_distribution() {
        let summary = FeedbackSummary::of(&[(5, 2), (4, 1)]);
        assert_eq!((summary.count, summary.average), (3, Some(4.67)));
        let counts: Vec<i64> = summary.distribution.iter().map(|rating| rating.count).collect();
        assert_eq!(counts, [0, 0, 0, 1, 2]);
        assert_eq!((FeedbackSummary::of(&[]).average, mean(1, 2), mean(5, 1)), (None, Some(0.5), Some(5.0)));
    }

    #[test]
    fn all_invalid_fields_are_reported() {
        let input: FeedbackInput =
            serde_json::from_value(serde_json::json!({"rating": 6, "body": "a\u{0}", "stars": 1})).unwrap();
        assert_eq!(input.validate().unwrap_err().as_slice().len(), 3);
        assert_eq!(FeedbackInput { rating: Some(5), ..FeedbackInput::default() }.validate(), Ok(5));
        assert!(FeedbackInput::default().validate().unwrap_err().contains("/rating"));
    }
}
