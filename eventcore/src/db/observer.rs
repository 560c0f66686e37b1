//! Observers of transactions, which see what they have changed before the commit.

use std::pin::Pin;

use super::transaction::Tx;
use crate::changes::Change;
use crate::error::Result;

/// What an [`Observer`] returns.
pub type ObserverFuture<'t> = Pin<Box<dyn Future<Output = Result<()>> + Send + 't>>;

/// Sees what each transaction has changed, in the transaction, before its commit: to store rows of the
/// embedding program together with it, or to refuse it. Set by
/// [`Builder::observer`](crate::Builder::observer).
///
/// ```
/// use std::sync::Arc;
///
/// use eventcore::accounts::NewUser;
/// use eventcore::changes::Change;
/// use eventcore::db::{Observer, ObserverFuture, Tx};
/// use eventcore::{Actor, Error, EventCore};
///
/// struct NoNewAccounts;
///
/// impl Observer for NoNewAccounts {
///     fn before_commit<'t>(&'t self, _: &'t mut Tx, changes: &'t [Change]) -> ObserverFuture<'t> {
///         Box::pin(async move {
///             if changes.iter().any(|change| matches!(change, Change::AccountCreated { .. })) {
///                 return Err(Error::refused("ask the office for an account"));
///             }
///             Ok(())
///         })
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let core = EventCore::builder().temporary().observer(Arc::new(NoNewAccounts)).open().await?;
/// let ada = NewUser::new("ada", "ada@example.org").password("correct horse 7");
/// let refused = core.create_user(&Actor::Anonymous, &ada).await.unwrap_err();
/// assert_eq!(refused.to_string(), "ask the office for an account");
/// # core.close().await;
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # What observers can rely on
///
/// - An observer is called for each transaction of the library that has changed something, also for those of
///   background jobs, and sees the rows that it has written. Within
///   [`EventCore::transact`](crate::EventCore::transact) it is called after each operation.
/// - Requests of several callers may share a transaction, as registrations do. If the observer refuses it,
///   each of them is run again in a transaction of its own.
/// - It may be called again for a transaction that is run again, and the commit may still fail: it must have
///   no effects outside the transaction.
/// - While it runs, the transaction holds its locks: it should not wait for anything else.
///
/// Changes of other processes are seen by the observers of those.
pub trait Observer: Send + Sync {
    /// Called with what the transaction has changed, in the order of the changes.
    ///
    /// # Errors
    /// Roll the transaction back; the operation fails with the error. Errors of sqlx are converted by `?`;
    /// [`Error::refused`](crate::Error::refused) makes one from a text or from another error.
    fn before_commit<'t>(&'t self, tx: &'t mut Tx, changes: &'t [Change]) -> ObserverFuture<'t>;
}
