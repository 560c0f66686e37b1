//! Lists that an aggregate gathers: an array on PostgreSQL, and on SQLite, which has none, text.

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgHasArrayType, PgTypeInfo, PgValueRef};
use sqlx::sqlite::{SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Postgres, Sqlite, Type};
use uuid::Uuid;

use super::Dialect;

/// What [`gathered`] gives: `T` for each row, in no order. A group without rows gives null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gathered<T>(pub(crate) Vec<T>);

/// SQL for the [`Gathered`] values of a column of whole numbers or instants; for that of ids see [`gathered_ids`].
pub(crate) fn gathered(dialect: Dialect, column: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("string_agg({column}, ',')"),
        Dialect::Postgres => format!("array_agg({column})"),
    }
}

/// The same for a column of ids, or of nothing where there is none.
pub(crate) fn gathered_ids(dialect: Dialect, column: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("string_agg(hex({column}), ',')"),
        Dialect::Postgres => format!("array_agg({column})"),
    }
}

/// A value as SQLite writes it into text.
pub(crate) trait Written: Sized {
    fn read(text: &str) -> Result<Self, BoxDynError>;
}

impl Written for i64 {
    fn read(text: &str) -> Result<Self, BoxDynError> {
        Ok(text.parse()?)
    }
}

impl Written for Option<Uuid> {
    fn read(text: &str) -> Result<Self, BoxDynError> {
        if text.is_empty() { Ok(None) } else { Ok(Some(Uuid::try_parse(text)?)) }
    }
}

impl<T> Type<Sqlite> for Gathered<T> {
    fn type_info() -> SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }

    fn compatible(ty: &SqliteTypeInfo) -> bool {
        <str as Type<Sqlite>>::compatible(ty)
    }
}

impl<'r, T: Written> Decode<'r, Sqlite> for Gathered<T> {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        let text = <&str as Decode<'r, Sqlite>>::decode(value)?;
        text.split(',').map(T::read).collect::<Result<_, _>>().map(Self)
    }
}

impl<T: PgHasArrayType> Type<Postgres> for Gathered<T> {
    fn type_info() -> PgTypeInfo {
        <Vec<T> as Type<Postgres>>::type_info()
    }

    fn compatible(ty: &PgTypeInfo) -> bool {
        <Vec<T> as Type<Postgres>>::compatible(ty)
    }
}

impl<'r, T> Decode<'r, Postgres> for Gathered<T>
where
    Vec<T>: Decode<'r, Postgres>,
{
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        <Vec<T> as Decode<'r, Postgres>>::decode(value).map(Self)
    }
}
