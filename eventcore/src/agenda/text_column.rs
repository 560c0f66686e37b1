//! The columns of documents that filters find substrings in.

/// A column of `search_documents` with folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextColumn {
    Title,
    Location,
}

impl TextColumn {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Location => "location",
        }
    }
}
