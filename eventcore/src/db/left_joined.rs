//! [`LeftJoined`]: a part of a row that a LEFT JOIN may not have found.

use sqlx::{ColumnIndex, FromRow, Row, ValueRef};

/// The part of a row that comes from a LEFT JOIN; `None` if it found nothing.
#[derive(Debug, Clone)]
pub(crate) struct LeftJoined<T>(pub(crate) Option<T>);

/// A type that a LEFT JOIN may find.
pub(crate) trait Joinable {
    /// A column that is null only if the join found nothing.
    const KEY: &'static str;
}

impl<'r, R: Row, T: Joinable + FromRow<'r, R>> FromRow<'r, R> for LeftJoined<T>
where
    &'static str: ColumnIndex<R>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let found = !row.try_get_raw(T::KEY)?.is_null();
        Ok(Self(found.then(|| T::from_row(row)).transpose()?))
    }
}
