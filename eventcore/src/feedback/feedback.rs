//! What feedback is, as it is given, stored and seen.

use sqlx::FromRow;

use crate::accounts::PublicProfile;
use crate::error::Violations;
use crate::id::{EventId, FeedbackId, OccurrenceId, UserId};
use crate::input::{Fields, Lines, check_text};
use crate::page::Page;
use crate::time::Timestamp;

/// What someone says of a date that they held a place at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Feedback {
    /// Names it.
    pub id: FeedbackId,
    /// The date that it is about.
    pub occurrence_id: OccurrenceId,
    /// The event of that date.
    pub event_id: EventId,
    /// Who says it.
    pub user: PublicProfile,
    /// 1 to 5, the best.
    pub rating: i64,
    /// In words: plain text, up to 5,000 characters.
    pub text: String,
    /// What an organizer says to it.
    pub answer: Option<String>,
    /// When the organizer said so.
    pub answered_at: Option<Timestamp>,
    /// When it was first given.
    pub created_at: Timestamp,
    /// When it, or the answer to it, was last changed.
    pub updated_at: Timestamp,
    /// Rises with every change.
    pub version: i64,
}

/// What is left of feedback that was taken back: the days in which more can be said are counted from the first word.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WithdrawnFeedback {
    /// The date that it was about.
    pub occurrence_id: OccurrenceId,
    /// When they first said something of it, whatever they have said since.
    pub first_said_at: Timestamp,
}

/// Feedback as someone gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = NewFeedback))]
pub struct FeedbackInput {
    /// 1 to 5, the best.
    #[cfg_attr(feature = "openapi", schema(value_type = i64, required = true, minimum = 1, maximum = 5))]
    pub rating: Option<i64>,
    /// In words: plain text, up to 5,000 characters.
    #[cfg_attr(feature = "openapi", schema(required = false, max_length = 5_000))]
    pub text: String,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

impl<'de> serde::Deserialize<'de> for FeedbackInput {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields::of(serde_json::Value::deserialize(deserializer)?);
        let (rating, text) = (fields.number("rating"), fields.text("text").unwrap_or_default());
        Ok(Self { rating, text, misread: fields.finish() })
    }
}

impl FeedbackInput {
    /// The rating, or everything that is wrong.
    pub(super) fn valid(&self) -> Result<i64, Violations> {
        let mut wrong = self.misread.clone();
        check_text(&mut wrong, "text", &self.text, 0, 5_000, Lines::Many);
        match self.rating {
            Some(rating @ 1..=5) if wrong.is_empty() => return Ok(rating),
            Some(1..=5) => {}
            Some(_) => wrong.add("/rating", "out_of_range", "must be 1 to 5"),
            None => wrong.add("/rating", "required", "says how good it was, from 1 to 5"),
        }
        Err(wrong)
    }
}

/// What an organizer says to feedback.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Answer {
    /// Plain text, 1 to 5,000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 5_000))]
    pub text: String,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

impl<'de> serde::Deserialize<'de> for Answer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields::of(serde_json::Value::deserialize(deserializer)?);
        let text = fields.text("text").unwrap_or_default();
        Ok(Self { text, misread: fields.finish() })
    }
}

impl Answer {
    pub(super) fn wrong(&self) -> Violations {
        let mut wrong = self.misread.clone();
        check_text(&mut wrong, "text", &self.text, 1, 5_000, Lines::Many);
        wrong
    }
}

/// How often a rating was given.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RatingCount {
    /// 1 to 5.
    pub rating: i64,
    /// By how many.
    pub count: i64,
}

/// All ratings of an event, in short.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedbackSummary {
    /// How many there are.
    pub count: i64,
    /// Their mean, to two places; null where there are none.
    pub average: Option<f64>,
    /// Each rating from 1 to 5.
    pub distribution: Vec<RatingCount>,
}

impl FeedbackSummary {
    /// Of how often each rating was given.
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

/// The mean to two places.
pub(crate) fn mean(sum: i64, count: i64) -> Option<f64> {
    let hundredths = (count > 0).then(|| (sum * 200 + count) / (count * 2))?;
    i32::try_from(hundredths).ok().map(|hundredths| f64::from(hundredths) / 100.0)
}

/// A page of feedback on an event, below what all of it says in short.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedbackPage {
    /// All of it, in short.
    pub summary: FeedbackSummary,
    /// The page, newest first.
    #[serde(flatten)]
    pub page: Page<Feedback>,
}

/// What every query for feedback selects, from [`TABLES`].
pub(super) const COLUMNS: &str = "f.id, f.occurrence_id, f.event_id, f.user_id, u.username, u.display_name, f.rating, f.text, f.answer, f.answered_at, \
     f.created_at, f.updated_at, f.version";

/// The tables of [`COLUMNS`].
pub(super) const TABLES: &str = "feedback f JOIN users u ON u.id = f.user_id";

/// A row of `feedback`, with who gave it.
#[derive(Debug, Clone, FromRow)]
pub(super) struct FeedbackRow {
    pub(super) id: FeedbackId,
    occurrence_id: OccurrenceId,
    pub(super) event_id: EventId,
    user_id: UserId,
    username: String,
    display_name: String,
    rating: i64,
    text: String,
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
            text: self.text,
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
    fn ratings_in_short() {
        let summary = FeedbackSummary::of(&[(5, 2), (4, 1)]);
        assert_eq!((summary.count, summary.average), (3, Some(4.67)));
        let counts: Vec<i64> = summary.distribution.iter().map(|rating| rating.count).collect();
        assert_eq!(counts, [0, 0, 0, 1, 2]);
        assert_eq!((FeedbackSummary::of(&[]).average, mean(1, 2), mean(5, 1)), (None, Some(0.5), Some(5.0)));
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let input: FeedbackInput =
            serde_json::from_value(serde_json::json!({"rating": 6, "text": "a\u{0}", "stars": 1})).unwrap();
        assert_eq!(input.valid().unwrap_err().as_slice().len(), 3);
        assert_eq!(FeedbackInput { rating: Some(5), ..FeedbackInput::default() }.valid(), Ok(5));
        assert!(FeedbackInput::default().valid().unwrap_err().names("/rating"));
    }
}
