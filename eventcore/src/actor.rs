//! The [`Actor`] of a call: who acts, and the checks that every operation makes first.

use crate::db::text_enum;
use crate::error::{Error, Result};
use crate::id::{AccessTokenId, SessionId, UserId};

text_enum! {
    /// The permissions of a user everywhere.
    pub enum Role {
        /// Every account by default.
        User = "user",
        /// Manages categories and users, and has the permissions of an organizer on every event.
        Admin = "admin",
    }
}

text_enum! {
    /// The permissions of a credential.
    pub enum Scope {
        /// Reads only.
        Read = "read",
        /// Reads and writes, as far as the user may.
        Write = "write",
    }
}

/// Who acts in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Not signed in.
    Anonymous,
    /// A signed-in user.
    User(SignedIn),
    /// The program itself: jobs, and the operator on the command line. It has every permission.
    System,
}

/// A signed-in user and the credential that they used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    /// The user.
    pub id: UserId,
    /// Their current role, read at each authentication.
    pub role: Role,
    /// The session of an access token; `None` for a personal access token and for embedding programs.
    pub session: Option<SessionId>,
    /// The personal access token, if that was the credential.
    pub token: Option<AccessTokenId>,
    /// The permissions of the credential.
    pub scope: Scope,
}

impl Actor {
    /// A user with all permissions of their role, for embedding programs that authenticate users themselves.
    pub const fn user(id: UserId, role: Role) -> Self {
        Self::User(SignedIn { id, role, session: None, token: None, scope: Scope::Write })
    }

    /// The id of a signed-in user; `None` for anonymous callers and the system.
    pub const fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User(signed_in) => Some(signed_in.id),
            Self::Anonymous | Self::System => None,
        }
    }

    /// Whether this is an admin or the system.
    pub const fn is_admin(&self) -> bool {
        matches!(self, Self::System | Self::User(SignedIn { role: Role::Admin, .. }))
    }

    /// Whether this is the user `id`.
    pub fn is(&self, id: UserId) -> bool {
        self.user_id() == Some(id)
    }

    /// The signed-in user.
    ///
    /// # Errors
    /// `unauthenticated` for anonymous callers, `forbidden` for the system.
    pub fn signed_in(&self) -> Result<SignedIn> {
        match self {
            Self::User(signed_in) => Ok(*signed_in),
            Self::Anonymous => Err(Error::Unauthenticated),
            Self::System => Err(Error::Forbidden("only a user can do this, not the system")),
        }
    }

    /// Requires a signed-in user or the system.
    ///
    /// # Errors
    /// `unauthenticated` for anonymous callers.
    pub fn must_be_signed_in(&self) -> Result<()> {
        if *self == Self::Anonymous { Err(Error::Unauthenticated) } else { Ok(()) }
    }

    /// Requires a credential that may write: the system, or a user with the scope `write`.
    ///
    /// # Errors
    /// `unauthenticated` for anonymous callers, `forbidden` for a read-only token.
    pub fn may_write(&self) -> Result<()> {
        match self {
            Self::System | Self::User(SignedIn { scope: Scope::Write, .. }) => Ok(()),
            Self::User(_) => Err(Error::Forbidden("this token is read-only: it needs the scope write")),
            Self::Anonymous => Err(Error::Unauthenticated),
        }
    }

    /// The signed-in user, if their credential may write.
    ///
    /// # Errors
    /// `unauthenticated` for anonymous callers, `forbidden` for a read-only token and for the system.
    pub fn writer(&self) -> Result<SignedIn> {
        self.may_write()?;
        self.signed_in()
    }

    /// Requires an admin or the system.
    ///
    /// # Errors
    /// `unauthenticated` for anonymous callers, `forbidden` for other users.
    pub fn must_be_admin(&self) -> Result<()> {
        match self {
            Self::Anonymous => Err(Error::Unauthenticated),
            _ if self.is_admin() => Ok(()),
            _ => Err(Error::Forbidden("only admins can do this")),
        }
    }

    /// Requires the system.
    pub(crate) fn must_be_system(&self) -> Result<()> {
        if *self == Self::System { Ok(()) } else { Err(Error::Forbidden("only the operator can do this")) }
    }

    /// Requires an admin or the system, with a credential that may write.
    pub(crate) fn must_write_as_admin(&self) -> Result<()> {
        self.may_write()?;
        self.must_be_admin()
    }
}
