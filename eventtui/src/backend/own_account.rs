//! The own account: the state of it, and its deletion.

use eventcore::UserId;

use super::boxed::Boxed;
use super::request::Response;
use crate::api::{Api, ApiError, ErrorKind, Result};

pub(super) fn load(api: &impl Api) -> Boxed<impl Future<Output = Result<Response>>> {
    Box::pin(async move {
        let (me, sessions) = tokio::try_join!(api.me(), api.sessions())?;
        let signed_out =
            || ApiError { kind: ErrorKind::SignedOut, ..ApiError::other("you are not signed in") };
        Ok(Response::Account { user: Box::new(me.ok_or_else(signed_out)?), sessions })
    })
}

pub(super) fn export(api: &impl Api) -> Boxed<impl Future<Output = Result<Response>>> {
    Box::pin(async move { Ok(Response::File(api.export().await?)) })
}

/// Deletes the account once the password is right. Nobody is signed in afterwards.
pub(super) fn delete(
    api: &impl Api,
    user: UserId,
    version: i64,
    password: String,
) -> Boxed<impl Future<Output = Result<Response>>> {
    Box::pin(async move {
        api.confirm_password(&password).await?;
        api.delete_account(user, version).await?;
        Ok(Response::CurrentUser(None))
    })
}
