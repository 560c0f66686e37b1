//! The [`Actor`] of a call: who acts, with which credential, and the checks that every operation makes first.

use std::time::Duration;

use crate::db::text_enum;
use crate::error::{Error, Result};
use crate::id::{AccessTokenId, SessionId, UserId};
use crate::time::Timestamp;

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
        /// Lets a calendar program read the calendars of the user over CalDAV, and does nothing else.
        Calendar = "calendar",
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
    /// What they proved who they are with.
    pub credential: Credential,
}

/// What a signed-in user proved who they are with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An access token of a session.
    Session {
        /// The session.
        id: SessionId,
        /// When the user last gave the password in this session; `None` if that is not known.
        confirmed_at: Option<Timestamp>,
    },
    /// A personal access token. It never acts as admin, and never changes credentials.
    PersonalToken {
        /// The token.
        id: AccessTokenId,
        /// Its permissions.
        scope: Scope,
    },
    /// The word of an embedding program, which authenticates users itself.
    Embedded,
    /// A calendar that the user follows, whose events nobody else changes. Only the library acts with it.
    Subscription,
}

impl SignedIn {
    /// The session, if that is the credential.
    pub const fn session(&self) -> Option<SessionId> {
        match self.credential {
            Credential::Session { id, .. } => Some(id),
            Credential::PersonalToken { .. } | Credential::Embedded | Credential::Subscription => None,
        }
    }

    const fn has_token(&self) -> bool {
        matches!(self.credential, Credential::PersonalToken { .. })
    }
}

impl Actor {
    /// A user with all permissions of their role, for embedding programs that authenticate users themselves.
    pub const fn user(id: UserId, role: Role) -> Self {
        Self::User(SignedIn { id, role, credential: Credential::Embedded })
    }

    /// A user for whom the library changes the events of a calendar that they follow.
    pub(crate) const fn subscription(id: UserId, role: Role) -> Self {
        Self::User(SignedIn { id, role, credential: Credential::Subscription })
    }

    /// Whether the library changes the events of a calendar that the user follows.
    pub(crate) const fn is_subscription(&self) -> bool {
        matches!(self, Self::User(SignedIn { credential: Credential::Subscription, .. }))
    }

    /// The id of a signed-in user; `None` for anonymous callers and the system.
    pub const fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User(signed_in) => Some(signed_in.id),
            Self::Anonymous | Self::System => None,
        }
    }

    /// Whether this is an admin or the system. The personal access token of an admin is neither.
    pub const fn is_admin(&self) -> bool {
        match self {
            Self::System => true,
            Self::User(signed_in) => matches!(signed_in.role, Role::Admin) && !signed_in.has_token(),
            Self::Anonymous => false,
        }
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
            Self::User(SignedIn {
                credential: Credential::PersonalToken { scope: Scope::Read, .. }, ..
            }) => Err(Error::Forbidden("this token is read-only: it needs the scope write")),
            Self::User(_) => self.may_use_api(),
            Self::System => Ok(()),
            Self::Anonymous => Err(Error::Unauthenticated),
        }
    }

    /// Requires a credential that is not for calendar programs alone.
    pub(crate) fn may_use_api(&self) -> Result<()> {
        match self {
            Self::User(SignedIn {
                credential: Credential::PersonalToken { scope: Scope::Calendar, .. },
                ..
            }) => Err(Error::Forbidden(
                "this token is for calendar programs alone: make one with the scope read or write",
            )),
            _ => Ok(()),
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
            Self::User(SignedIn { role: Role::Admin, .. }) => Err(Error::Forbidden(
                "a personal access token cannot act as admin: sign in with your password",
            )),
            _ => Err(Error::Forbidden("only admins can do this")),
        }
    }

    /// How long after the password was given credentials can be changed.
    pub const CONFIRMATION_LIFETIME: Duration = Duration::from_mins(5);

    /// Requires a credential that may see to credentials at all, such as to revoke a token: any but a
    /// personal access token.
    ///
    /// # Errors
    /// `unauthenticated` for anonymous callers, `forbidden` for personal access tokens.
    pub fn may_manage_credentials(&self) -> Result<()> {
        self.may_write()?;
        match self {
            Self::User(signed_in) if signed_in.has_token() => Err(Error::Forbidden(
                "a personal access token cannot change credentials: sign in with your password",
            )),
            _ => Ok(()),
        }
    }

    /// Requires a credential that may change credentials: password, e-mail address, role, tokens and
    /// sessions, and the account as a whole. In a session the password must have been given in the last five
    /// minutes.
    ///
    /// This is the only place that decides it.
    ///
    /// # Errors
    /// `unauthenticated` for anonymous callers, `forbidden` for personal access tokens, `password_required`
    /// for a session in which the password was given too long ago.
    pub fn may_change_credentials(&self, now: Timestamp) -> Result<()> {
        self.may_manage_credentials()?;
        match self {
            Self::User(SignedIn { credential: Credential::Session { confirmed_at, .. }, .. }) => {
                let recent = confirmed_at.is_some_and(|at| now.since(at) < Self::CONFIRMATION_LIFETIME);
                if recent { Ok(()) } else { Err(Error::PasswordRequired) }
            }
            _ => Ok(()),
        }
    }

    /// This actor after they gave the right password at `now`.
    #[must_use]
    pub(crate) const fn confirmed(self, now: Timestamp) -> Self {
        match self {
            Self::User(SignedIn { id: user, role, credential: Credential::Session { id, .. } }) => {
                let credential = Credential::Session { id, confirmed_at: Some(now) };
                Self::User(SignedIn { id: user, role, credential })
            }
            other => other,
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
