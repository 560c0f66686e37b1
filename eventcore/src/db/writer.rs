//! Composing a statement at run time: its text, with numbered placeholders, and their values.

use uuid::Uuid;

use super::insert_hook::RowInsert;
use super::row_list::{Column, RowList};
use super::{Dialect, Queries, Query, Sql};
use crate::time::Timestamp;

/// A value of a composed statement. `None` is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SqlValue {
    Text(Option<String>),
    At(Option<Timestamp>),
    Id(Option<Uuid>),
    Integer(Option<i64>),
    Boolean(bool),
    /// One argument of PostgreSQL: the values of a column.
    Column(Column),
}

impl SqlValue {
    /// The type that a parameter with this value has on PostgreSQL.
    pub(crate) const fn postgres_type(&self) -> &'static str {
        match self {
            Self::Text(_) => "TEXT",
            Self::At(_) => "TIMESTAMPTZ",
            Self::Id(_) => "UUID",
            Self::Integer(_) => "BIGINT",
            Self::Boolean(_) => "BOOLEAN",
            Self::Column(Column::Id(_)) => "UUID[]",
            Self::Column(Column::At(_)) => "TIMESTAMPTZ[]",
            Self::Column(Column::Text(_)) => "TEXT[]",
            Self::Column(Column::Integer(_)) => "BIGINT[]",
            Self::Column(Column::Boolean(_)) => "BOOLEAN[]",
        }
    }
}

/// Conversions to a value, also from an `Option` of the type.
macro_rules! sql_values {
    ($($type:ty => $variant:ident($convert:expr);)+) => {$(
        impl From<$type> for SqlValue {
            fn from(value: $type) -> Self {
                Self::$variant(Some($convert(value)))
            }
        }

        impl From<Option<$type>> for SqlValue {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )+};
}

sql_values! {
    String => Text(std::convert::identity);
    &str => Text(str::to_owned);
    Timestamp => At(std::convert::identity);
    Uuid => Id(std::convert::identity);
    i64 => Integer(std::convert::identity);
}

impl From<bool> for SqlValue {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl RowList {
    /// Rows of named values. All rows have the same columns.
    pub(crate) fn of(rows: impl IntoIterator<Item = Vec<(&'static str, SqlValue)>>) -> Self {
        let mut columns: Vec<(&'static str, Column)> = Vec::new();
        for row in rows {
            for (at, (name, value)) in row.into_iter().enumerate() {
                match columns.get_mut(at) {
                    Some((_, column)) => value.add_to(column),
                    None => columns.push((name, value.into_column())),
                }
            }
        }
        columns.into_iter().fold(Self::default(), |rows, (name, column)| rows.with(name, column))
    }
}

impl SqlValue {
    /// A column with this value.
    fn into_column(self) -> Column {
        match self {
            Self::Text(text) => Column::Text(vec![text]),
            Self::At(at) => Column::At(vec![at]),
            Self::Id(id) => Column::Id(vec![id]),
            Self::Integer(number) => Column::Integer(vec![number]),
            Self::Boolean(value) => Column::Boolean(vec![value]),
            Self::Column(column) => column,
        }
    }

    /// Adds this value to a column of its type.
    fn add_to(self, column: &mut Column) {
        match (self, column) {
            (Self::Text(text), Column::Text(texts)) => texts.push(text),
            (Self::At(at), Column::At(instants)) => instants.push(at),
            (Self::Id(id), Column::Id(ids)) => ids.push(id),
            (Self::Integer(number), Column::Integer(numbers)) => numbers.push(number),
            (Self::Boolean(value), Column::Boolean(values)) => values.push(value),
            (value, column) => debug_assert!(false, "{value:?} in a column with {column:?}"),
        }
    }
}

/// Writes a statement. Placeholders are numbered in the order in which their values are written.
#[derive(Debug)]
pub(crate) struct SqlWriter {
    dialect: Dialect,
    text: String,
    values: Vec<SqlValue>,
}

impl SqlWriter {
    pub(crate) const fn new(dialect: Dialect) -> Self {
        Self { dialect, text: String::new(), values: Vec::new() }
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Writes SQL. Values go through [`SqlWriter::value`]: user input in the text would be an SQL injection.
    pub(crate) fn push(&mut self, sql: &str) -> &mut Self {
        self.text.push_str(sql);
        self
    }

    /// Writes SQL for PostgreSQL only, such as a row lock: SQLite has one writer and needs none.
    pub(crate) fn push_for_postgres(&mut self, sql: &str) -> &mut Self {
        match self.dialect {
            Dialect::Sqlite => self,
            Dialect::Postgres => self.push(sql),
        }
    }

    /// Writes the placeholder of a value.
    pub(crate) fn value(&mut self, value: impl Into<SqlValue>) -> &mut Self {
        let placeholder = self.placeholder(value);
        self.push(&placeholder)
    }

    /// The placeholder of a value, for SQL that has it several times.
    pub(crate) fn placeholder(&mut self, value: impl Into<SqlValue>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// Writes the placeholder of a list of ids, for `= ANY (…)` of PostgreSQL.
    pub(crate) fn ids(&mut self, ids: Vec<Uuid>) -> &mut Self {
        let ids = Column::Id(ids.into_iter().map(Some).collect());
        self.value(SqlValue::Column(ids))
    }

    /// Writes a list of rows as the table `alias`, for FROM.
    pub(crate) fn rows(&mut self, alias: &str, rows: RowList) -> &mut Self {
        match self.dialect {
            Dialect::Sqlite => {
                self.push("(SELECT ").push(&rows.json_columns()).push(" FROM json_each(");
                self.value(rows.json()).push(") r) AS ").push(alias)
            }
            Dialect::Postgres => {
                let names = rows.names();
                self.push("unnest(");
                self.separated(", ", rows.into_columns(), |sql, column| {
                    _ = sql.value(SqlValue::Column(column));
                });
                self.push(") AS ").push(alias).push("(").push(&names).push(")")
            }
        }
    }

    /// Writes an INSERT of rows.
    pub(crate) fn insert(&mut self, insert: RowInsert) -> &mut Self {
        self.push(insert.select).rows("v", insert.rows).push(insert.rest)
    }

    /// Writes INSERTs as one statement.
    pub(crate) fn insert_all(&mut self, inserts: Vec<RowInsert>) -> &mut Self {
        let last = inserts.len().saturating_sub(1);
        for (n, insert) in inserts.into_iter().enumerate() {
            match (self.dialect, n == last) {
                (Dialect::Postgres, false) => {
                    self.push(if n == 0 { "WITH " } else { ", " });
                    self.named_insert(n, insert)
                }
                (Dialect::Postgres, true) => self.push(" ").insert(insert),
                (Dialect::Sqlite, true) => self.insert(insert),
                // SQLite runs several statements as one command.
                (Dialect::Sqlite, false) => self.insert(insert).push("; "),
            };
        }
        self
    }

    /// Writes an INSERT for WITH, on PostgreSQL.
    pub(crate) fn named_insert(&mut self, number: usize, insert: RowInsert) -> &mut Self {
        self.push("inserted").push(&number.to_string()).push(" AS (").insert(insert).push(")")
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
                SqlValue::Integer(number) => query.bind(number),
                SqlValue::Boolean(value) => query.bind(value),
                SqlValue::Column(column) => query.bind(column),
            };
        }
        query
    }

    /// The text and the values.
    pub(crate) fn written(self) -> (String, Vec<SqlValue>) {
        (self.text, self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_named_values_become_columns() {
        let row = |title: Option<&str>, moved: bool| {
            vec![("title", title.into()), ("seats", 7_i64.into()), ("moved", moved.into())]
        };
        let mut sql = SqlWriter::new(Dialect::Sqlite);
        sql.push("SELECT * FROM ").rows("v", RowList::of([row(Some("Jazz"), true), row(None, false)]));
        let (text, values) = sql.written();
        assert_eq!(
            text,
            "SELECT * FROM (SELECT r.value ->> 0 AS title, r.value ->> 1 AS seats, r.value ->> 2 AS moved \
             FROM json_each($1) r) AS v"
        );
        assert_eq!(values, [SqlValue::from(r#"[["Jazz",7,true],[null,7,false]]"#)]);
    }

    #[test]
    fn placeholders_are_numbered_in_the_order_of_their_values() {
        let mut sql = SqlWriter::new(Dialect::Sqlite);
        sql.push("a = ").value("x").push(" AND b IN (");
        sql.separated(", ", ["y", "z"], |sql, text| _ = sql.value(text)).push(")");
        let (text, values) = sql.written();
        assert_eq!(text, "a = $1 AND b IN ($2, $3)");
        assert_eq!(values, ["x", "y", "z"].map(SqlValue::from));
    }
}
