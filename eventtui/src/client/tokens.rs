//! `/tokens`.

use eventcore::accounts::{AccessToken, NewSecret};
use eventcore::{AccessTokenId, Page, Scope, Timestamp};
use serde_json::json;

use super::Client;
use super::connection::Call;
use crate::api::{Result, TokensApi};

impl TokensApi for Client {
    async fn access_tokens(&self) -> Result<Vec<AccessToken>> {
        let page: Page<AccessToken> = self.http.get("/tokens").await?;
        Ok(page.items)
    }

    async fn create_access_token(
        &self,
        name: &str,
        scope: Scope,
        expires_at: Option<Timestamp>,
    ) -> Result<NewSecret> {
        let token = json!({"name": name, "scope": scope, "expires_at": expires_at});
        Ok(self.http.call(Call::post("/tokens").json(token)).await?)
    }

    async fn revoke_access_token(&self, token: AccessTokenId) -> Result<()> {
        self.http.send(Call::delete(&format!("/tokens/{token}"))).await?;
        Ok(())
    }
}
