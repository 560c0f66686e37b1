//! Sign-in, account and sessions, on a database.

use eventcore::accounts::{Confirmation, Credentials, NewPassword, NewUser, Session, User};
use eventcore::{Actor, PageRequest, Precondition, SessionId, UserId};
use serde_json::Value;

use super::Library;
use crate::api::{AccountsApi, Result, written};
use crate::user_agent::user_agent;

impl AccountsApi for Library {
    async fn me(&self) -> Result<Option<User>> {
        let actor = self.actor();
        match actor.user_id() {
            Some(id) => Ok(Some(self.core.user(&actor, id).await?)),
            None => Ok(None),
        }
    }

    async fn sign_in(&self, login: &str, password: &str) -> Result<()> {
        let credentials =
            Credentials { login: login.to_owned(), password: password.to_owned(), ..Credentials::default() };
        let pair = self.core.sign_in(&credentials, Some(&user_agent())).await?;
        self.act_as(self.core.authenticate(&pair.access_token).await?);
        Ok(())
    }

    async fn create_user(&self, username: &str, email: &str, password: &str, timezone: &str) -> Result<()> {
        let user = NewUser {
            username: username.to_owned(),
            email: email.to_owned(),
            password: Some(password.to_owned()),
            timezone: Some(timezone.to_owned()),
            ..NewUser::default()
        };
        self.core.create_user(&Actor::Anonymous, &user).await?;
        Ok(())
    }

    async fn sign_out(&self) -> Result<()> {
        let actor = self.actor();
        // `--as` acts without a session.
        if let Actor::User(user) = actor
            && let Some(session) = user.session()
        {
            self.core.end_session(&actor, session).await?;
        }
        self.act_as(Actor::Anonymous);
        Ok(())
    }

    async fn confirm_password(&self, password: &str) -> Result<()> {
        let input = Confirmation { password: password.to_owned(), ..Confirmation::default() };
        self.act_as(self.core.confirm_password(&self.actor(), &input).await?);
        Ok(())
    }

    async fn change_user(&self, user: UserId, version: i64, patch: &Value) -> Result<User> {
        Ok(self.core.change_user(&self.actor(), user, patch, Some(&Precondition::version(version))).await?)
    }

    async fn change_password(&self, current: &str, new: &str) -> Result<()> {
        let input = NewPassword {
            current_password: current.to_owned(),
            new_password: new.to_owned(),
            ..NewPassword::default()
        };
        Ok(self.core.change_password(&self.actor(), &input).await?)
    }

    async fn sessions(&self) -> Result<Vec<Session>> {
        let (actor, mut request) = (self.actor(), PageRequest::first(PageRequest::MAX_LIMIT));
        let mut sessions = Vec::new();
        loop {
            let page = self.core.sessions(&actor, &request).await?;
            sessions.extend(page.items);
            match page.next {
                Some(next) => request.cursor = Some(next),
                None => return Ok(sessions),
            }
        }
    }

    async fn end_session(&self, session: SessionId) -> Result<()> {
        Ok(self.core.end_session(&self.actor(), session).await?)
    }

    async fn export(&self) -> Result<String> {
        let actor = self.actor();
        written(&self.core.export_user(&actor, actor.signed_in()?.id).await?)
    }

    async fn delete_account(&self, user: UserId, version: i64) -> Result<()> {
        self.core.delete_user(&self.actor(), user, Some(&Precondition::version(version))).await?;
        self.act_as(Actor::Anonymous);
        Ok(())
    }
}
