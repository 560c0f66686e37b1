//! Composing a statement at run time: its text, with numbered placeholders, and their values.

use uuid::Uuid;

use super::{Dialect, Queries, Query, Sql};
use crate::time::Timestamp;

/// A value of a composed statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SqlValue {
    Text(String),
    At(Timestamp),
    Id(Uuid),
}

impl From<String> for SqlValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for SqlValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Timestamp> for SqlValue {
    fn from(at: Timestamp) -> Self {
        Self::At(at)
    }
}

impl From<Uuid> for SqlValue {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

/// How PostgreSQL plans a composed statement. SQLite does not plan by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planning {
    /// Prepared and cached. PostgreSQL decides between a generic plan and plans for the values.
    Cached,
    /// For the values of each execution. The statement is not cached.
    ByValue,
    /// Once for any values. Each placeholder is written as a subquery, whose value the planner cannot see:
    /// otherwise PostgreSQL replans a prepared statement while its values promise a cheaper plan than
    /// average, which bounds of upcoming occurrences always do.
    Generic,
}

/// Writes a statement. Placeholders are numbered in the order in which their values are written.
#[derive(Debug)]
pub(crate) struct SqlWriter {
    dialect: Dialect,
    planning: Planning,
    text: String,
    values: Vec<SqlValue>,
}

impl SqlWriter {
    pub(crate) const fn new(dialect: Dialect, planning: Planning) -> Self {
        Self { dialect, planning, text: String::new(), values: Vec::new() }
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Writes SQL. Values go through [`SqlWriter::value`]: user input in the text would be an SQL injection.
    pub(crate) fn push(&mut self, sql: &str) -> &mut Self {
        self.text.push_str(sql);
        self
    }

    /// Writes the placeholder of a value.
    pub(crate) fn value(&mut self, value: impl Into<SqlValue>) -> &mut Self {
        self.values.push(value.into());
        let number = self.values.len().to_string();
        match (self.planning, self.dialect) {
            (Planning::Generic, Dialect::Postgres) => self.push("(SELECT $").push(&number).push(")"),
            _ => self.push("$").push(&number),
        };
        self
    }

    /// Writes items with a separator between them.
    pub(crate) fn separated<T>(
        &mut self,
        separator: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (n, item) in items.into_iter().enumerate() {
            if n > 0 {
                self.push(separator);
            }
            write(self, item);
        }
        self
    }

    /// The statement with its values bound.
    pub(crate) fn query(self, db: &mut impl Queries) -> Query<'_> {
        let mut query = db.query(Sql::dynamic(self.text));
        for value in self.values {
            query = match value {
                SqlValue::Text(text) => query.bind(text),
                SqlValue::At(at) => query.bind(at),
                SqlValue::Id(id) => query.bind(id),
            };
        }
        match self.planning {
            Planning::ByValue => query.without_cached_plan(),
            Planning::Cached | Planning::Generic => query,
        }
    }

    /// The text and the values, for tests.
    #[cfg(test)]
    pub(crate) fn written(self) -> (String, Vec<SqlValue>) {
        (self.text, self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_in_the_order_of_their_values() {
        let write = |dialect, planning| {
            let mut sql = SqlWriter::new(dialect, planning);
            sql.push("a = ").value("x").push(" AND b IN (");
            sql.separated(", ", ["y", "z"], |sql, text| _ = sql.value(text)).push(")");
            sql.written()
        };
        let (text, values) = write(Dialect::Sqlite, Planning::Generic);
        assert_eq!(text, "a = $1 AND b IN ($2, $3)");
        assert_eq!(values, ["x", "y", "z"].map(SqlValue::from));
        let (text, _) = write(Dialect::Postgres, Planning::Generic);
        assert_eq!(text, "a = (SELECT $1) AND b IN ((SELECT $2), (SELECT $3))");
        let (text, _) = write(Dialect::Postgres, Planning::ByValue);
        assert_eq!(text, "a = $1 AND b IN ($2, $3)");
    }
}
