//! The category and its input.

use sqlx::FromRow;

use crate::error::Violations;
use crate::id::CategoryId;
use crate::input::{Fields, Lines, check_text, deserialize_by_fields};
use crate::time::Timestamp;

/// A category: the kind of an event, such as concert or workshop.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Category {
    /// The id.
    pub id: CategoryId,
    /// The name in URLs: 1–50 lower-case letters, digits and hyphens. Former slugs remain valid.
    pub slug: String,
    /// 1–50 characters.
    pub name: String,
    /// Up to 500 characters.
    pub description: String,
    /// `#rrggbb`.
    pub colour: String,
    /// The number of public events with an upcoming occurrence.
    pub upcoming_events: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Increases with every change.
    pub version: i64,
}

/// A category to create, or the new fields of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = NewCategory))]
pub struct CategoryInput {
    /// 1–50 lower-case letters, digits and hyphens.
    #[cfg_attr(
        feature = "openapi",
        schema(min_length = 1, max_length = 50, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")
    )]
    pub slug: String,
    /// 1–50 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 50))]
    pub name: String,
    /// Up to 500 characters.
    #[cfg_attr(feature = "openapi", schema(required = false, max_length = 500))]
    pub description: String,
    /// `#rrggbb`. Default: grey.
    #[cfg_attr(feature = "openapi", schema(required = false, pattern = "^#[0-9a-fA-F]{6}$"))]
    pub colour: Option<String>,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(CategoryInput);

impl CategoryInput {
    /// The default colour.
    const GREY: &str = "#616a6b";

    fn take(fields: &mut Fields) -> Self {
        Self {
            slug: fields.string("slug").unwrap_or_default(),
            name: fields.string("name").unwrap_or_default(),
            description: fields.string("description").unwrap_or_default(),
            colour: fields.string("colour"),
            parse_errors: Violations::default(),
        }
    }

    /// The violations of all fields.
    pub(super) fn violations(&self) -> Violations {
        let mut violations = self.parse_errors.clone();
        if !is_slug(&self.slug) {
            violations.add(
                "/slug",
                "invalid",
                "must be 1 to 50 characters: lower-case letters, digits, and single hyphens between them",
            );
        }
        check_text(&mut violations, "name", &self.name, 1, 50, Lines::One);
        check_text(&mut violations, "description", &self.description, 0, 500, Lines::Many);
        let is_colour = |text: &str| {
            text.strip_prefix('#')
                .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        if self.colour.as_deref().is_some_and(|colour| !is_colour(colour)) {
            violations.add("/colour", "invalid", "must be a colour such as #3366cc");
        }
        violations
    }

    /// The colour to store, in lower case.
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
    fn slugs_have_letters_digits_and_single_hyphens() {
        for slug in ["a", "open-air", "c64", &"x".repeat(50)] {
            assert!(is_slug(slug), "{slug}");
        }
        for slug in ["", "-", "a-", "-a", "a--b", "A", "é", "a b", "a/b", "..", &"x".repeat(51)] {
            assert!(!is_slug(slug), "{slug}");
        }
    }

    #[test]
    fn all_invalid_fields_are_reported() {
        let input: CategoryInput =
            serde_json::from_value(json!({"slug": "No", "name": " ", "colour": "red", "x": 1})).unwrap();
        let violations = input.violations();
        let reported: Vec<_> =
            violations.as_slice().iter().map(|v| (v.pointer.as_str(), v.code.as_ref())).collect();
        assert_eq!(
            reported,
            [("/x", "unknown_field"), ("/slug", "invalid"), ("/name", "required"), ("/colour", "invalid")]
        );
    }
}
