//! Enums that are words: in SQL, in JSON and in query strings alike.

/// Defines an enum whose variants each have one word, stored as `TEXT`.
macro_rules! text_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:tt,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("must be one of: {}", [$($word),+].join(", "))),
                }
            }
        }

        $crate::db::text_enum!(@database $name, sqlx::Sqlite, sqlx::sqlite::SqliteTypeInfo, sqlx::sqlite::SqliteArgumentsBuffer, sqlx::sqlite::SqliteValueRef<'r>);
        $crate::db::text_enum!(@database $name, sqlx::Postgres, sqlx::postgres::PgTypeInfo, sqlx::postgres::PgArgumentBuffer, sqlx::postgres::PgValueRef<'r>);
    };
    (@database $name:ident, $db:ty, $info:ty, $buffer:ty, $value:ty) => {
        impl sqlx::Type<$db> for $name {
            fn type_info() -> $info {
                <str as sqlx::Type<$db>>::type_info()
            }

            fn compatible(ty: &$info) -> bool {
                <str as sqlx::Type<$db>>::compatible(ty)
            }
        }

        impl<'q> sqlx::Encode<'q, $db> for $name {
            fn encode_by_ref(&self, buf: &mut $buffer) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                <&str as sqlx::Encode<'_, $db>>::encode(self.as_str(), buf)
            }
        }

        impl<'r> sqlx::Decode<'r, $db> for $name {
            fn decode(value: $value) -> Result<Self, sqlx::error::BoxDynError> {
                Ok(<&str as sqlx::Decode<'r, $db>>::decode(value)?.parse()?)
            }
        }
    };
}
pub(crate) use text_enum;
