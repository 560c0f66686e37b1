//! Personal access tokens.

use super::boxed::Boxed;
use super::grouped::{TokenInput, TokensRequest};
use super::request::Response;
use crate::api::{Api, Result};

pub(super) fn run(api: &impl Api, request: TokensRequest) -> Boxed<impl Future<Output = Result<Response>>> {
    Box::pin(async move {
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
    })
}
