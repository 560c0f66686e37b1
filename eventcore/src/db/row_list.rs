//! Many rows as few arguments of one statement: an array for each column on PostgreSQL, one JSON text on
//! SQLite, which has no arrays.
//!
//! The text of the statement does not depend on the number of rows, so it is prepared once.

use serde_json::{Value, json};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo};
use sqlx::{Encode, Postgres, Sqlite, Type};
use uuid::Uuid;

use crate::time::Timestamp;

/// Rows for [`SqlWriter::rows`](super::SqlWriter::rows), by column. All columns have the same length.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowList(Vec<(&'static str, Column)>);

/// The values of a column. `None` is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Column {
    Id(Vec<Option<Uuid>>),
    At(Vec<Option<Timestamp>>),
    Text(Vec<Option<String>>),
    Integer(Vec<Option<i64>>),
    Boolean(Vec<bool>),
}

impl RowList {
    /// Adds a column.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, column: Column) -> Self {
        debug_assert!(self.0.first().is_none_or(|(_, first)| first.len() == column.len()), "{name}");
        self.0.push((name, column));
        self
    }

    /// Adds a column of ids.
    #[must_use]
    pub(crate) fn ids<T: Into<Option<Uuid>>>(
        self,
        name: &'static str,
        ids: impl IntoIterator<Item = T>,
    ) -> Self {
        self.with(name, Column::Id(ids.into_iter().map(Into::into).collect()))
    }

    /// Adds a column of instants.
    #[must_use]
    pub(crate) fn instants<T: Into<Option<Timestamp>>>(
        self,
        name: &'static str,
        instants: impl IntoIterator<Item = T>,
    ) -> Self {
        self.with(name, Column::At(instants.into_iter().map(Into::into).collect()))
    }

    /// Adds a column of texts.
    #[must_use]
    pub(crate) fn texts<T: Into<Option<String>>>(
        self,
        name: &'static str,
        texts: impl IntoIterator<Item = T>,
    ) -> Self {
        self.with(name, Column::Text(texts.into_iter().map(Into::into).collect()))
    }

    /// Adds a column of integers.
    #[must_use]
    pub(crate) fn integers<T: Into<Option<i64>>>(
        self,
        name: &'static str,
        integers: impl IntoIterator<Item = T>,
    ) -> Self {
        self.with(name, Column::Integer(integers.into_iter().map(Into::into).collect()))
    }

    /// Adds a column of booleans.
    #[must_use]
    pub(crate) fn booleans(self, name: &'static str, values: impl IntoIterator<Item = bool>) -> Self {
        self.with(name, Column::Boolean(values.into_iter().collect()))
    }

    /// The names of the columns: `id, starts_at, …`.
    pub(super) fn names(&self) -> String {
        self.0.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn into_columns(self) -> impl Iterator<Item = Column> {
        self.0.into_iter().map(|(_, column)| column)
    }

    /// The columns of a row `r` of SQLite's `json_each`, which reads [`RowList::json`].
    pub(super) fn json_columns(&self) -> String {
        let columns = self.0.iter().enumerate().map(|(n, (name, column))| match column {
            Column::Id(_) => format!("unhex(r.value ->> {n}) AS {name}"),
            _ => format!("r.value ->> {n} AS {name}"),
        });
        columns.collect::<Vec<_>>().join(", ")
    }

    /// A JSON array of the rows, each an array of its values.
    pub(super) fn json(&self) -> String {
        let rows = self.0.first().map_or(0, |(_, column)| column.len());
        let row = |n| self.0.iter().map(|(_, column)| column.json(n)).collect();
        Value::Array((0..rows).map(|n| Value::Array(row(n))).collect()).to_string()
    }
}

impl Column {
    const fn len(&self) -> usize {
        match self {
            Self::Id(ids) => ids.len(),
            Self::At(instants) => instants.len(),
            Self::Text(texts) => texts.len(),
            Self::Integer(integers) => integers.len(),
            Self::Boolean(values) => values.len(),
        }
    }

    /// The value of a row in the form that SQLite stores, except ids, which are hexadecimal digits.
    fn json(&self, row: usize) -> Value {
        match self {
            Self::Id(ids) => json!(ids[row].map(|id| id.simple().to_string())),
            Self::At(instants) => json!(instants[row].map(Timestamp::as_micros)),
            Self::Text(texts) => json!(texts[row]),
            Self::Integer(integers) => json!(integers[row]),
            Self::Boolean(values) => json!(values[row]),
        }
    }
}

impl Type<Postgres> for Column {
    fn type_info() -> PgTypeInfo {
        // `produces` gives the type of each column.
        <Vec<Option<String>> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Column {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match self {
            Self::Id(ids) => ids.encode_by_ref(buffer),
            Self::At(instants) => instants.encode_by_ref(buffer),
            Self::Text(texts) => texts.encode_by_ref(buffer),
            Self::Integer(integers) => integers.encode_by_ref(buffer),
            Self::Boolean(values) => values.encode_by_ref(buffer),
        }
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(match self {
            Self::Id(_) => <Vec<Option<Uuid>> as Type<Postgres>>::type_info(),
            Self::At(_) => <Vec<Option<Timestamp>> as Type<Postgres>>::type_info(),
            Self::Text(_) => <Vec<Option<String>> as Type<Postgres>>::type_info(),
            Self::Integer(_) => <Vec<Option<i64>> as Type<Postgres>>::type_info(),
            Self::Boolean(_) => <Vec<bool> as Type<Postgres>>::type_info(),
        })
    }
}

impl Type<Sqlite> for Column {
    fn type_info() -> SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for Column {
    fn encode_by_ref(&self, _: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        Err("SQLite has no arrays: bind the rows as JSON".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Dialect, SqlValue, SqlWriter};

    fn rows() -> RowList {
        RowList::default()
            .ids("id", [Uuid::from_u128(1), Uuid::from_u128(2)])
            .instants("starts_at", [Some(Timestamp::from_micros(7)), None])
            .texts("title", [None, Some("\"O'Neill\"".to_owned())])
            .booleans("moved", [true, false])
    }

    #[test]
    fn rows_are_one_json_text_or_an_array_for_each_column() {
        let write = |dialect| {
            let mut sql = SqlWriter::new(dialect);
            sql.push("SELECT * FROM ").rows("v", rows());
            sql.written()
        };
        let (text, values) = write(Dialect::Sqlite);
        assert_eq!(
            text,
            "SELECT * FROM (SELECT unhex(r.value ->> 0) AS id, r.value ->> 1 AS starts_at, \
             r.value ->> 2 AS title, r.value ->> 3 AS moved FROM json_each($1) r) AS v"
        );
        let json = r#"[["00000000000000000000000000000001",7,null,true],
            ["00000000000000000000000000000002",null,"\"O'Neill\"",false]]"#;
        assert_eq!(values, [SqlValue::from(json.replace("\n            ", ""))]);
        let (text, values) = write(Dialect::Postgres);
        assert_eq!(text, "SELECT * FROM unnest($1, $2, $3, $4) AS v(id, starts_at, title, moved)");
        assert_eq!(values.len(), 4);
    }
}
