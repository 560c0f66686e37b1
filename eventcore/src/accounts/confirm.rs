//! Giving the password again, which changes of credentials want.

use super::input::Confirmation;
use super::session;
use super::user::{self, UserRow};
use crate::actor::{Actor, SignedIn};
use crate::core::EventCore;
use crate::db::transaction;
use crate::error::{Error, Result};

impl EventCore {
    /// Takes the password of the actor and records in the session that it was given. For five minutes the
    /// session may then change credentials; see [`Actor::may_change_credentials`]. Returns the actor of the
    /// session from now on.
    ///
    /// # Errors
    /// `invalid_input` at `/password` if it is wrong, `rate_limited` after too many wrong ones; `forbidden`
    /// for personal access tokens.
    pub async fn confirm_password(&self, actor: &Actor, input: &Confirmation) -> Result<Actor> {
        actor.may_manage_credentials()?;
        let signed_in = actor.signed_in()?;
        input.parse_errors.clone().into_result()?;
        self.must_be_password_of(actor, &input.password, "/password").await?;
        let now = self.now();
        if let Some(session) = signed_in.session() {
            transaction!(self.db(), |tx| session::confirm(tx, session, now))?;
        }
        Ok(actor.confirmed(now))
    }

    /// The actor, confirmed if the request carries their current password.
    ///
    /// # Errors
    /// `invalid_input` at `/current_password` if it is wrong; `forbidden` for personal access tokens.
    pub(super) async fn confirmed_by(&self, actor: &Actor, current_password: Option<&str>) -> Result<Actor> {
        let Some(password) = current_password else { return Ok(*actor) };
        actor.may_manage_credentials()?;
        self.must_be_password_of(actor, password, "/current_password").await?;
        Ok(actor.confirmed(self.now()))
    }

    async fn must_be_password_of(&self, actor: &Actor, password: &str, pointer: &'static str) -> Result<()> {
        let signed_in = actor.signed_in()?;
        let found = user::find(&mut self.db().read().await?, signed_in.id).await?;
        self.must_be_password(signed_in, &found.ok_or(Error::Unauthenticated)?, password, pointer).await
    }

    /// Requires the current password of a signed-in user, whose row is `row`, given in the field at
    /// `pointer`.
    pub(super) async fn must_be_password(
        &self,
        signed_in: SignedIn,
        row: &UserRow,
        password: &str,
        pointer: &'static str,
    ) -> Result<()> {
        let attempt = self.begin_attempt(signed_in.session(), row.id)?;
        let verified = self.passwords().verify(password.to_owned(), row.password_hash.clone()).await?;
        attempt.end(verified, self.now());
        if verified { Ok(()) } else { Err(wrong_password(pointer)) }
    }
}

/// The error for a wrong password in the field at `pointer`. The caller is signed in: their credential is
/// valid.
pub(super) fn wrong_password(pointer: &'static str) -> Error {
    Error::invalid(pointer, "wrong_password", "is not your password")
}
