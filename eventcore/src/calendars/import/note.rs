//! [`ImportNote`]: a remark about a component, with its place in the file.

use std::borrow::Cow;

/// Where something is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The physical line, counted from 1.
    pub(super) line: u32,
}

/// A remark about a component: why it is skipped, or what was filled in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportNote {
    /// A stable code, such as `past` or `location_filled`.
    pub code: Cow<'static, str>,
    /// A message for the user.
    pub message: String,
    /// The line of the file, counted from 1.
    pub line: u32,
}

impl ImportNote {
    pub(super) fn new(code: impl Into<Cow<'static, str>>, line: u32, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), line }
    }

    pub(super) fn at(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self::new(code, place.line, message)
    }
}

/// The first characters of a text, without control characters.
pub(super) fn shortened(text: &str, characters: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(characters).collect()
}
