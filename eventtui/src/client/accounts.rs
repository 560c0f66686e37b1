//! `/auth`, `/users` and `/sessions`.

use eventcore::accounts::{NewSecret, Session, User};
use eventcore::privacy::Export;
use eventcore::{Page, SessionId, Timestamp, UserId};
use serde_json::{Value, json};

use super::Client;
use super::connection::{Call, read};
use crate::api::{AccountsApi, Result, written};

impl Client {
    /// The name by which the user signed in.
    pub(crate) async fn login(&self) -> Option<String> {
        self.http.login().await
    }

    /// Creates a personal access token and returns its secret. The password is given for it alone: what
    /// concerns credentials wants one that was given just now.
    pub(crate) async fn create_token(
        &self,
        login: &str,
        password: &str,
        name: &str,
        scope: &str,
        expires_at: Timestamp,
    ) -> Result<String> {
        let token = json!({"name": name, "scope": scope, "expires_at": expires_at});
        let body = self.http.send_with_password(login, password, Call::post("/tokens").json(token)).await?;
        let created: NewSecret = read(&body)?;
        Ok(created.secret)
    }
}

impl AccountsApi for Client {
    async fn me(&self) -> Result<Option<User>> {
        if !self.http.is_signed_in().await? {
            return Ok(None);
        }
        Ok(Some(self.http.get("/users/me").await?))
    }

    async fn sign_in(&self, login: &str, password: &str) -> Result<()> {
        Ok(self.http.sign_in(login, password).await?)
    }

    async fn create_user(&self, username: &str, email: &str, password: &str, timezone: &str) -> Result<()> {
        let user = json!({"username": username, "email": email, "password": password, "timezone": timezone});
        self.http.send(Call::post("/users").json(user)).await?;
        Ok(())
    }

    async fn sign_out(&self) -> Result<()> {
        Ok(self.http.sign_out().await?)
    }

    async fn confirm_password(&self, password: &str) -> Result<()> {
        self.http.send(Call::post("/auth/confirm").json(json!({"password": password}))).await?;
        Ok(())
    }

    async fn change_user(&self, user: UserId, version: i64, changes: &Value) -> Result<User> {
        let path = format!("/users/{user}");
        Ok(self.http.call(Call::patch(&path).json(changes.clone()).if_match(version)).await?)
    }

    async fn change_password(&self, current: &str, new: &str) -> Result<()> {
        let passwords = json!({"current_password": current, "new_password": new});
        self.http.send(Call::put("/users/me/password").json(passwords)).await?;
        Ok(())
    }

    async fn sessions(&self) -> Result<Vec<Session>> {
        let mut sessions = Vec::new();
        let mut path = "/sessions?limit=100".to_owned();
        loop {
            let page: Page<Session> = self.http.get(&path).await?;
            sessions.extend(page.items);
            match page.next {
                Some(next) => path = format!("/sessions?limit=100&cursor={}", next.as_str()),
                None => return Ok(sessions),
            }
        }
    }

    async fn end_session(&self, session: SessionId) -> Result<()> {
        self.http.send(Call::delete(&format!("/sessions/{session}"))).await?;
        Ok(())
    }

    async fn export(&self) -> Result<String> {
        written(&self.http.get::<Export>("/users/me/export").await?)
    }

    async fn delete_account(&self, user: UserId, version: i64) -> Result<()> {
        self.http.send(Call::delete(&format!("/users/{user}")).if_match(version)).await?;
        // The session has ended with the account: only the stored tokens remain.
        drop(self.http.sign_out().await);
        Ok(())
    }
}
