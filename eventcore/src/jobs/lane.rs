//! [`Lane`].

/// Which jobs a worker takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// All jobs.
    All,
    /// Jobs that depend on this installation alone, and on its mail server.
    Inside,
    /// Jobs that wait for the servers of others.
    Outside,
}

impl Lane {
    /// The least and the greatest priority of its jobs.
    pub(super) const fn priorities(self) -> (i64, i64) {
        match self {
            Self::All => (0, 3),
            Self::Inside => (0, 2),
            Self::Outside => (3, 3),
        }
    }
}
