//! What a statement does about rows that other transactions have locked.

/// What a statement does about rows that other transactions have locked. SQLite has one writer, and locks no
/// rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locking {
    /// Waits for them.
    Wait,
    /// Leaves them out.
    Skip,
}

impl Locking {
    /// What follows the strength of a lock, on PostgreSQL.
    pub(crate) const fn clause(self) -> &'static str {
        match self {
            Self::Wait => "",
            Self::Skip => " SKIP LOCKED",
        }
    }
}
