//! Why something that an operation needs is unavailable.

/// Why the database, or something else that an operation needs, is unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The URL of the database is wrong, or does not lead to a database of its kind.
    WrongUrl,
    /// Another setting is wrong.
    WrongSetting,
    /// A file is missing, in the way, or cannot be opened, read or written.
    File,
    /// The server refuses the connection or lacks a privilege for it.
    Refused,
    /// The server does not answer, or ends connections.
    Unreachable,
    /// Another process has locked the database, or a part of it.
    Locked,
    /// Others of this process are in front, and it took too long.
    Busy,
    /// A statement took too long.
    TooSlow,
    /// The transaction has ended already: another one must be begun.
    TransactionEnded,
    /// This library is closed, or its process ends.
    Closed,
    /// The disk is full.
    Full,
    /// The database cannot be written.
    ReadOnly,
    /// The database is damaged.
    Damaged,
    /// The database has no tables of this library.
    Unmigrated,
    /// The schema lacks migrations.
    OlderSchema,
    /// A newer version has migrated the schema.
    NewerSchema,
    /// The database is that of another program, or of a version that cannot be upgraded.
    Foreign,
    /// Another program has a table or an index with a name that this library needs.
    NameTaken,
    /// Another program has changed the tables of this library.
    ChangedSchema,
    /// The database needs newer time zones than this process has.
    OlderTimeZones,
    /// This process has nothing that does this, such as a mailer.
    NotOffered,
    /// Somebody else did not take what was sent, such as a mail server.
    NotDelivered,
}

impl Cause {
    /// Whether it passes by itself, so that it is worth trying again. The others last until an operator, or
    /// the program, does something else.
    pub const fn is_transient(self) -> bool {
        match self {
            Self::Unreachable
            | Self::Locked
            | Self::Busy
            | Self::TooSlow
            | Self::Closed
            | Self::NotDelivered => true,
            Self::WrongUrl
            | Self::WrongSetting
            | Self::File
            | Self::Refused
            | Self::TransactionEnded
            | Self::Full
            | Self::ReadOnly
            | Self::Damaged
            | Self::Unmigrated
            | Self::OlderSchema
            | Self::NewerSchema
            | Self::Foreign
            | Self::NameTaken
            | Self::ChangedSchema
            | Self::OlderTimeZones
            | Self::NotOffered => false,
        }
    }
}
