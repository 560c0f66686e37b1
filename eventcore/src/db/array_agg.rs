//! The values of a column aggregated into one list: an array on PostgreSQL, text on SQLite, which has no
//! arrays.

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::sqlite::{SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Postgres, Sqlite, Type};

use super::Dialect;

/// The result of [`array_agg`]: one `T` per row, in no particular order. A group without rows gives NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArrayAgg<T>(pub(crate) Vec<T>);

/// The SQL of an aggregate of `column` that is read as [`ArrayAgg`]. The column holds integers or instants
/// and no NULL.
pub(crate) fn array_agg(dialect: Dialect, column: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("string_agg({column}, ',')"),
        Dialect::Postgres => format!("array_agg({column})"),
    }
}

/// An element of an [`ArrayAgg`]. Results have hundreds of thousands of them, so each is decoded from an
/// integer rather than through sqlx, which looks up the type of every element.
pub(crate) trait ArrayElement: Sized {
    /// From the integer that SQLite stores.
    fn from_sqlite(number: i64) -> Self;

    /// From the 64 bits of PostgreSQL's binary format.
    fn from_postgres(bits: i64) -> Self;
}

impl ArrayElement for i64 {
    fn from_sqlite(number: i64) -> Self {
        number
    }

    fn from_postgres(bits: i64) -> Self {
        bits
    }
}

impl<T> Type<Sqlite> for ArrayAgg<T> {
    fn type_info() -> SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }

    fn compatible(ty: &SqliteTypeInfo) -> bool {
        <str as Type<Sqlite>>::compatible(ty)
    }
}

impl<'r, T: ArrayElement> Decode<'r, Sqlite> for ArrayAgg<T> {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        let text = <&str as Decode<'r, Sqlite>>::decode(value)?;
        let numbers = text.split(',').map(|number| Ok(T::from_sqlite(number.parse()?)));
        numbers.collect::<Result<_, BoxDynError>>().map(Self)
    }
}

impl<T: PgHasArrayType> Type<Postgres> for ArrayAgg<T> {
    fn type_info() -> PgTypeInfo {
        <Vec<T> as Type<Postgres>>::type_info()
    }

    fn compatible(ty: &PgTypeInfo) -> bool {
        <Vec<T> as Type<Postgres>>::compatible(ty)
    }
}

impl<'r, T: ArrayElement> Decode<'r, Postgres> for ArrayAgg<T> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.format() != PgValueFormat::Binary {
            return Err("expected an array in binary format".into());
        }
        elements(value.as_bytes()?).map(Self)
    }
}

/// Decodes a one-dimensional array in PostgreSQL's binary format (`array_send`), of big-endian 32-bit
/// integers: number of dimensions, whether there are NULLs, element type, then length and first index of the
/// dimension. Each element follows after its length in bytes.
fn elements<T: ArrayElement>(bytes: &[u8]) -> Result<Vec<T>, BoxDynError> {
    const HEADER: usize = 20;
    const ELEMENT: usize = 12;
    let dimensions = bytes.first_chunk().map(|first| i32::from_be_bytes(*first));
    if dimensions == Some(0) {
        return Ok(Vec::new());
    }
    let list = bytes.get(HEADER..).filter(|_| dimensions == Some(1)).map(<[u8]>::as_chunks::<ELEMENT>);
    let Some((elements, [])) = list else {
        return Err("expected a one-dimensional array of 64-bit elements".into());
    };
    elements
        .iter()
        .map(|element| match element {
            [0, 0, 0, 8, bits @ ..] => Ok(T::from_postgres(i64::from_be_bytes(*bits))),
            _ => Err("expected an element of 64 bits".into()),
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
    fn binary_arrays_are_decoded() {
        let two = array(1, &[&7_i64.to_be_bytes(), &(-1_i64).to_be_bytes()]);
        assert_eq!(elements::<i64>(&two).unwrap(), [7, -1]);
        assert!(elements::<i64>(&[0; 12]).unwrap().is_empty());
    }

    #[test]
    fn malformed_arrays_are_refused() {
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
