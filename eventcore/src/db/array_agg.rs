//! Lists that an aggregate gathers: an array on PostgreSQL, and on SQLite, which has none, text.

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::sqlite::{SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Postgres, Sqlite, Type};

use super::Dialect;

/// What [`gathered`] gives: `T` for each row, in no order. A group without rows gives null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gathered<T>(pub(crate) Vec<T>);

/// SQL for the [`Gathered`] values of a column of whole numbers or instants, none of which is null.
pub(crate) fn gathered(dialect: Dialect, column: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("string_agg({column}, ',')"),
        Dialect::Postgres => format!("array_agg({column})"),
    }
}

/// A value that comes by the hundred thousand, so that each is read with nothing around it.
pub(crate) trait Element: Sized {
    /// Of what SQLite writes as text.
    fn of_sqlite(number: i64) -> Self;

    /// Of the 64 bits in which PostgreSQL sends it.
    fn of_postgres(bits: i64) -> Self;
}

impl Element for i64 {
    fn of_sqlite(number: i64) -> Self {
        number
    }

    fn of_postgres(bits: i64) -> Self {
        bits
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

impl<'r, T: Element> Decode<'r, Sqlite> for Gathered<T> {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        let text = <&str as Decode<'r, Sqlite>>::decode(value)?;
        let numbers = text.split(',').map(|number| Ok(T::of_sqlite(number.parse()?)));
        numbers.collect::<Result<_, BoxDynError>>().map(Self)
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

impl<'r, T: Element> Decode<'r, Postgres> for Gathered<T> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.format() != PgValueFormat::Binary {
            return Err("an array that is not binary".into());
        }
        elements(value.as_bytes()?).map(Self)
    }
}

/// The elements of an array of one dimension as PostgreSQL sends it (`array_send`): dimensions, whether there are nulls, the type, and of each
/// dimension its length and first index; then each element behind its length in bytes.
fn elements<T: Element>(bytes: &[u8]) -> Result<Vec<T>, BoxDynError> {
    const HEAD: usize = 20;
    const ELEMENT: usize = 12;
    let dimensions = bytes.first_chunk().map(|first| i32::from_be_bytes(*first));
    if dimensions == Some(0) {
        return Ok(Vec::new());
    }
    let list = bytes.get(HEAD..).filter(|_| dimensions == Some(1)).map(<[u8]>::as_chunks::<ELEMENT>);
    let Some((elements, [])) = list else {
        return Err("an array that is not a list of 64-bit values".into());
    };
    elements
        .iter()
        .map(|element| match element {
            [0, 0, 0, 8, bits @ ..] => Ok(T::of_postgres(i64::from_be_bytes(*bits))),
            _ => Err("an element that has not 64 bits".into()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(dimensions: u8, elements: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, dimensions, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 2, 0, 0, 0, 1];
        for element in elements {
            bytes.extend(u32::try_from(element.len()).unwrap().to_be_bytes());
            bytes.extend(*element);
        }
        bytes
    }

    #[test]
    fn arrays_are_read_as_they_are_sent() {
        let two = array(1, &[&7_i64.to_be_bytes(), &(-1_i64).to_be_bytes()]);
        assert_eq!(elements::<i64>(&two).unwrap(), [7, -1]);
        assert!(elements::<i64>(&[0; 12]).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_list_of_numbers_is_refused() {
        let one = array(1, &[&[0; 8]]);
        for bytes in [
            &[][..],
            &[0, 0, 0, 1],
            &one[..19],
            &one[..25],
            &array(2, &[&[0; 8]]),
            &array(1, &[&[0; 4], &[0; 12]]),
        ] {
            assert!(elements::<i64>(bytes).is_err(), "{bytes:?}");
        }
    }
}
