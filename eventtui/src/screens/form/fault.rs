//! How a field was understood, or what is wrong with it.

use crate::natural_dates::DateFault;

/// How a field was understood, or what is wrong with it.
pub(super) type Understood = Result<String, FieldFault>;

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FieldFault {
    /// It is not filled in, or not yet understood.
    Unclear(String),
    /// It is understood, but cannot be.
    Impossible(String),
}

impl FieldFault {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Unclear(text) | Self::Impossible(text) => text,
        }
    }
}

impl From<&str> for FieldFault {
    fn from(text: &str) -> Self {
        Self::Unclear(text.to_owned())
    }
}

impl From<String> for FieldFault {
    fn from(text: String) -> Self {
        Self::Unclear(text)
    }
}

impl From<DateFault> for FieldFault {
    fn from(fault: DateFault) -> Self {
        match fault {
            DateFault::Impossible(text) => Self::Impossible(text),
            fault => Self::Unclear(fault.to_string()),
        }
    }
}
