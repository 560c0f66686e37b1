//! What a category is, and the rules that it must keep.

use sqlx::FromRow;

use crate::error::Violations;
use crate::id::CategoryId;
use crate::input::{Fields, Lines, check_text};
use crate::time::Timestamp;

/// What kind of event it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Category {
    /// Names it for good.
    pub id: CategoryId,
    /// Names it in links: lower-case letters, digits and hyphens, 1 to 50. Former slugs go on working.
    pub slug: String,
    /// 1 to 50 characters.
    pub name: String,
    /// Up to 500 characters.
    pub description: String,
    /// `#rrggbb`.
    pub colour: String,
    /// How many events with it everyone may find that have a date ahead.
    pub upcoming_events: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Rises with every change.
    pub version: i64,
}

/// A category as an admin wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = NewCategory))]
pub struct CategoryInput {
    /// Lower-case letters, digits and hyphens, 1 to 50.
    #[cfg_attr(
        feature = "openapi",
        schema(min_length = 1, max_length = 50, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")
    )]
    pub slug: String,
    /// 1 to 50 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 50))]
    pub name: String,
    /// Up to 500 characters.
    #[cfg_attr(feature = "openapi", schema(required = false, max_length = 500))]
    pub description: String,
    /// `#rrggbb`; grey when nothing is said.
    #[cfg_attr(feature = "openapi", schema(required = false, pattern = "^#[0-9a-fA-F]{6}$"))]
    pub colour: Option<String>,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

impl<'de> serde::Deserialize<'de> for CategoryInput {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields::of(serde_json::Value::deserialize(deserializer)?);
        let mut input = Self {
            slug: fields.text("slug").unwrap_or_default(),
            name: fields.text("name").unwrap_or_default(),
            description: fields.text("description").unwrap_or_default(),
            colour: fields.text("colour"),
            misread: Violations::default(),
        };
        input.misread = fields.finish();
        Ok(input)
    }
}

impl CategoryInput {
    /// The colour of categories that have none of their own.
    const GREY: &str = "#616a6b";

    /// Everything that is wrong with it.
    pub(super) fn wrong(&self) -> Violations {
        let mut wrong = self.misread.clone();
        if !is_slug(&self.slug) {
            wrong.add(
                "/slug",
                "invalid",
                "must be 1 to 50 lower-case letters, digits and single hyphens between them",
            );
        }
        check_text(&mut wrong, "name", &self.name, 1, 50, Lines::One);
        check_text(&mut wrong, "description", &self.description, 0, 500, Lines::Many);
        let is_colour = |text: &str| {
            text.strip_prefix('#')
                .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        if self.colour.as_deref().is_some_and(|colour| !is_colour(colour)) {
            wrong.add("/colour", "invalid", "must be a colour such as #3366cc");
        }
        wrong
    }

    pub(super) fn stored_colour(&self) -> String {
        self.colour.as_deref().unwrap_or(Self::GREY).to_ascii_lowercase()
    }
}

fn is_slug(text: &str) -> bool {
    text.len() <= 50
        && text.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn slugs_are_plain() {
        for slug in ["a", "open-air", "c64", &"x".repeat(50)] {
            assert!(is_slug(slug), "{slug}");
        }
        for slug in ["", "-", "a-", "-a", "a--b", "A", "é", "a b", "a/b", "..", &"x".repeat(51)] {
            assert!(!is_slug(slug), "{slug}");
        }
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let input: CategoryInput =
            serde_json::from_value(json!({"slug": "No", "name": " ", "colour": "red", "x": 1})).unwrap();
        let wrong = input.wrong();
        let named: Vec<_> = wrong.as_slice().iter().map(|v| (v.pointer.as_str(), v.code.as_ref())).collect();
        assert_eq!(
            named,
            [("/x", "unknown_field"), ("/slug", "invalid"), ("/name", "required"), ("/colour", "invalid")]
        );
    }
}
