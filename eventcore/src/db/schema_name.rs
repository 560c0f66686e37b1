//! The name of a schema on PostgreSQL.

use std::fmt;

use crate::error::{Cause, Error, Result};

/// The greatest length in bytes. The name is the end of an identifier with [`CHANNEL`] in front, and those
/// have up to 63 bytes.
const MAX: usize = 45;
/// The channel of notifications of a database without a chosen schema.
const CHANNEL: &str = "eventcore_changes";

/// The name of a schema on PostgreSQL: an identifier that needs no escapes in quotes. Displayed in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaName(String);

impl SchemaName {
    /// # Errors
    /// `unavailable` unless the name begins with a letter or `_`, goes on with letters, digits and `_`, has
    /// up to 45 characters, all of them ASCII, and is not reserved by PostgreSQL.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let is_reserved = name.starts_with("pg_") || name == "information_schema";
        if !(is_word && starts) || name.len() > MAX || is_reserved {
            return Err(Error::unavailable(
                Cause::WrongSetting,
                format!(
                    "{name:?} cannot be the name of a schema: take up to {MAX} ASCII letters, digits and \
                 underscores, none of the digits first, and no name that begins with pg_"
                ),
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name without quotes.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// The channel on which the processes of a schema notify each other. Channels belong to the whole database.
pub(super) fn notification_channel(schema: Option<&SchemaName>) -> String {
    match schema {
        None => CHANNEL.to_owned(),
        Some(schema) => format!("{CHANNEL}_{}", schema.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_identifiers_are_names() {
        let longest = "x".repeat(MAX);
        for name in ["events", "_events", "Tenant_7", "x", &longest] {
            let name = SchemaName::new(name).unwrap();
            assert_eq!(name.to_string(), format!("\"{}\"", name.as_str()));
            assert!(notification_channel(Some(&name)).len() <= 63);
        }
        let longer = "x".repeat(MAX + 1);
        for name in
            ["", "7th", "a b", "a\"; DROP", "ä", "a.b", "a,b", "pg_events", "information_schema", &longer]
        {
            let refused = SchemaName::new(name).unwrap_err().to_string();
            assert!(refused.contains("cannot be the name of a schema"), "{name}: {refused}");
        }
    }
}
