//! Personal access tokens, on a database.

use eventcore::accounts::{AccessToken, NewAccessToken, NewSecret};
use eventcore::{AccessTokenId, Scope, Timestamp};

use super::Library;
use crate::api::{Result, TokensApi};

impl TokensApi for Library {
    async fn access_tokens(&self) -> Result<Vec<AccessToken>> {
        Ok(self.core.access_tokens(&self.actor()).await?)
    }

    async fn create_access_token(
        &self,
        name: &str,
        scope: Scope,
        expires_at: Option<Timestamp>,
    ) -> Result<NewSecret> {
        let token = NewAccessToken {
            name: name.to_owned(),
            scope: Some(scope),
            expires_at,
            ..NewAccessToken::default()
        };
        Ok(self.core.create_access_token(&self.actor(), &token).await?)
    }

    async fn revoke_access_token(&self, token: AccessTokenId) -> Result<()> {
        Ok(self.core.delete_access_token(&self.actor(), token).await?)
    }
}
