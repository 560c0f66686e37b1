//! `/auth`, `/users` and `/sessions`.

use eventcore::accounts::{Session, User};
use eventcore::{Page, SessionId, UserId};
use serde_json::{Value, json};

use super::Client;
use super::connection::Call;
use crate::api::{AccountsApi, Result};

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
}
