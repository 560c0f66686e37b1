//! Accounts.
use crate::id::UserId;
/// What everyone may know of a user.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicProfile {
    /// Names the user.
    pub id: UserId,
    /// Unique.
    pub username: String,
    /// What they want to be called.
    pub display_name: String,
}
