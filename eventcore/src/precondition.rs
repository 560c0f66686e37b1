//! [`Precondition`]: what a change expects of the stored record.

use crate::error::{Error, Result};

/// What the caller of a change expects of the stored record, as `If-Match` says it (RFC 9110 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// The record exists, in whatever version.
    Exists,
    /// The record exists in one of these versions.
    VersionIn(Vec<i64>),
}

impl Precondition {
    /// The record exists in this version.
    pub fn version(version: i64) -> Self {
        Self::VersionIn(vec![version])
    }

    fn accepts(&self, stored: i64) -> bool {
        match self {
            Self::Exists => true,
            Self::VersionIn(versions) => versions.contains(&stored),
        }
    }
}

/// Requires that the version of a stored record is one that the caller expects, if they expect any.
pub(crate) fn must_be_version(stored: i64, expected: Option<&Precondition>) -> Result<()> {
    match expected {
        Some(expected) if !expected.accepts(stored) => Err(Error::VersionMismatch { current: stored }),
        _ => Ok(()),
    }
}

/// Requires that the caller does not expect a record that does not exist.
pub(crate) const fn must_expect_none(expected: Option<&Precondition>) -> Result<()> {
    match expected {
        Some(_) => Err(Error::VersionMismatch { current: 0 }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_the_expected_versions_is_accepted() {
        let either = Precondition::VersionIn(vec![2, 3]);
        for (stored, expected, accepted) in [
            (3, None, true),
            (3, Some(&either), true),
            (4, Some(&either), false),
            (4, Some(&Precondition::Exists), true),
            (4, Some(&Precondition::VersionIn(Vec::new())), false),
        ] {
            assert_eq!(must_be_version(stored, expected).is_ok(), accepted, "{stored} {expected:?}");
        }
        assert!(must_expect_none(None).is_ok());
        assert!(must_expect_none(Some(&Precondition::Exists)).is_err());
    }
}
