//! Who acts: every operation that needs to know takes an [`Actor`] and checks first.

use crate::db::text_enum;
use crate::error::{Error, Result};
use crate::id::{AccessTokenId, SessionId, UserId};

text_enum! {
    /// What a user may do everywhere.
    pub enum Role {
        /// Anyone who signed up.
        User = "user",
        /// Curates categories and users, and may do what organizers may.
        Admin = "admin",
    }
}

text_enum! {
    /// What the credentials at hand allow.
    pub enum Scope {
        /// Look, change nothing.
        Read = "read",
        /// All that the user may.
        Write = "write",
    }
}

/// Who acts in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Nobody in particular.
    Anonymous,
    /// A signed-in user.
    User(SignedIn),
    /// The program itself: jobs, and the operator at the command line. May do everything.
    System,
}

/// A user together with how they signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub id: UserId,
    /// Their role as it is now, not as it was when the token was made.
    pub role: Role,
    /// The session that the credentials belong to; none for personal access tokens and for embedded programs.
    pub session: Option<SessionId>,
    /// The personal access token that was shown, if it was one.
    pub token: Option<AccessTokenId>,
    /// What the credentials allow.
    pub scope: Scope,
}

impl Actor {
    /// A user with full rights of their role: what embedding programs use that know their users themselves.
    pub const fn user(id: UserId, role: Role) -> Self {
        Self::User(SignedIn { id, role, session: None, token: None, scope: Scope::Write })
    }

    /// The user who acts, if it is one.
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

    /// The user who acts, or [`Error::Unauthenticated`].
    pub fn signed_in(&self) -> Result<SignedIn> {
        match self {
            Self::User(signed_in) => Ok(*signed_in),
            Self::Anonymous => Err(Error::Unauthenticated),
            Self::System => Err(Error::Forbidden("only a user can do this, not the system")),
        }
    }

    /// Passes everyone but the anonymous.
    pub fn must_be_someone(&self) -> Result<()> {
        if *self == Self::Anonymous { Err(Error::Unauthenticated) } else { Ok(()) }
    }

    /// Passes everyone who may change anything at all: neither the anonymous nor a read-only token.
    pub fn may_write(&self) -> Result<()> {
        match self {
            Self::System | Self::User(SignedIn { scope: Scope::Write, .. }) => Ok(()),
            Self::User(_) => Err(Error::Forbidden("the token may only read")),
            Self::Anonymous => Err(Error::Unauthenticated),
        }
    }

    /// The user who acts, if they may change things.
    pub fn writer(&self) -> Result<SignedIn> {
        self.may_write()?;
        self.signed_in()
    }

    /// Passes admins and the system.
    pub fn must_be_admin(&self) -> Result<()> {
        match self {
            Self::Anonymous => Err(Error::Unauthenticated),
            _ if self.is_admin() => Ok(()),
            _ => Err(Error::Forbidden("only admins can do this")),
        }
    }
}
