//! Personal access tokens.

use eventcore::{AccessTokenId, Scope, Timestamp};

use super::Response;
use crate::api::{Api, Result};

/// A request about my personal access tokens.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokensRequest {
    List,
    Create(TokenInput),
    Revoke(AccessTokenId),
}

/// The token to create.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TokenInput {
    pub(crate) name: String,
    pub(crate) scope: Scope,
    /// `None`: never.
    pub(crate) expires_at: Option<Timestamp>,
}

pub(super) async fn run(api: &impl Api, request: TokensRequest) -> Result<Response> {
    Ok(match request {
        TokensRequest::List => Response::Tokens(api.access_tokens().await?),
        TokensRequest::Create(TokenInput { name, scope, expires_at }) => {
            Response::NewToken(Box::new(api.create_access_token(&name, scope, expires_at).await?))
        }
        TokensRequest::Revoke(token) => {
            api.revoke_access_token(token).await?;
            Response::Done
        }
    })
}
