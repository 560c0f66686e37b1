//! [`Caller`]: who calls an operation that itself finds out whether they are still signed in.

use crate::actor::{Actor, Credential, Role, SignedIn};
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::time::Timestamp;

/// Who calls: an actor, or the bearer of an access token whose session has not been looked up yet.
///
/// Operations that take a caller look the session up together with what they decide on, which saves a
/// statement. For them too, signing out and disabling or deleting the user take effect immediately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(Known);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    Actor(Actor),
    Session(SessionClaim),
}

/// What an access token with a valid signature says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionClaim {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    /// The id of the key that signed the token, which the operator can remove; `None` if it is configured.
    pub(crate) key: Option<String>,
    pub(crate) expires_at: Timestamp,
}

/// What is stored about a valid session: the role of its user, and when they last gave the password.
pub(crate) type FoundSession = (Role, Option<Timestamp>);

impl From<Actor> for Caller {
    fn from(actor: Actor) -> Self {
        Self(Known::Actor(actor))
    }
}

impl From<&Actor> for Caller {
    fn from(actor: &Actor) -> Self {
        Self::from(*actor)
    }
}

impl From<&Caller> for Caller {
    fn from(caller: &Caller) -> Self {
        caller.clone()
    }
}

impl Caller {
    /// The bearer of a token with a valid signature.
    pub(super) const fn of_session(claim: SessionClaim) -> Self {
        Self(Known::Session(claim))
    }

    /// The actor, if they were authenticated before.
    pub(super) const fn known(&self) -> Option<Actor> {
        match &self.0 {
            Known::Actor(actor) => Some(*actor),
            Known::Session(_) => None,
        }
    }

    /// Requires a credential that may write, as far as that is known: see [`Actor::may_write`].
    ///
    /// # Errors
    /// `unauthenticated` for anonymous callers, `forbidden` for a read-only token.
    pub fn may_write(&self) -> Result<()> {
        match &self.0 {
            Known::Actor(actor) => actor.may_write(),
            Known::Session(_) => Ok(()),
        }
    }

    /// The id of the user, if their credential may write: see [`Actor::writer`].
    pub(crate) fn writer(&self) -> Result<UserId> {
        match &self.0 {
            Known::Actor(actor) => Ok(actor.writer()?.id),
            Known::Session(claim) => Ok(claim.user),
        }
    }

    /// The id of the user; `None` for anonymous callers and the system.
    pub(crate) const fn user_id(&self) -> Option<UserId> {
        match &self.0 {
            Known::Actor(actor) => actor.user_id(),
            Known::Session(claim) => Some(claim.user),
        }
    }

    /// The session to look up, with the condition of `valid_session`.
    pub(crate) const fn session(&self) -> Option<&SessionClaim> {
        match &self.0 {
            Known::Actor(_) => None,
            Known::Session(claim) => Some(claim),
        }
    }

    /// The actor, given what was found of the session.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] if there is a session to find and it was not.
    pub(crate) fn actor(&self, found: Option<FoundSession>) -> Result<Actor> {
        match &self.0 {
            Known::Actor(actor) => Ok(*actor),
            Known::Session(claim) => {
                let (role, confirmed_at) = found.ok_or(Error::InvalidToken)?;
                let credential = Credential::Session { id: claim.session, confirmed_at };
                Ok(Actor::User(SignedIn { id: claim.user, role, credential }))
            }
        }
    }
}
