//! Transactions of embedding programs: several operations, and statements of the program, as one.

use std::ops::Deref;
use std::pin::Pin;

use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Dialect, RETRIES, Tx, backoff, run_to_its_end};
use crate::error::{Error, Result};

/// What the work of [`Transaction::run`] returns.
pub type TransactionFuture<'t, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 't>>;

/// A transaction of operations and statements, which are stored together or not at all. Clones are the same
/// transaction, which fails all that is done in it after its end.
///
/// Operations and statements run one at a time. After one has failed, the others fail too, and nothing can be
/// committed: a failure that the program wants to survive belongs into another transaction. An operation
/// whose future is dropped runs to its end, as part of the transaction.
#[derive(Debug, Clone)]
pub struct Transaction {
    core: EventCore,
}

/// A [`Transaction`] that ends by a call, from [`EventCore::begin_transaction`]. Dropping it rolls it back.
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back"]
pub struct OpenTransaction(Transaction);

impl EventCore {
    /// Runs several operations, and statements of the embedding program, as one transaction: commits if
    /// `work` returns `Ok`, otherwise rolls back.
    ///
    /// `work` is run again, up to eight times, if PostgreSQL has aborted the transaction for a deadlock or a
    /// serialization failure. It must have no effects outside the transaction.
    ///
    /// The future is `Send` if those of `work` are, for handlers of web frameworks.
    ///
    /// While `work` runs, others cannot write: anything on SQLite, the same records on PostgreSQL. So it
    /// should not wait for anything else, such as a request over a network. `work` is dropped with the future
    /// of this call, and the transaction is rolled back then, and also when it has been idle for
    /// [`PoolSettings::idle_transaction_timeout`](crate::db::PoolSettings::idle_transaction_timeout).
    ///
    /// ```
    /// use eventcore::accounts::NewUser;
    /// use eventcore::changes::Change;
    /// use eventcore::db::{Queries, Sql};
    /// use eventcore::{Actor, Error, EventCore, UserId};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let core = EventCore::builder().temporary().open().await?;
    /// core.transact(async |tx| {
    ///     tx.run(|tx| {
    ///         Box::pin(async {
    ///             let table = "CREATE TABLE members (id TEXT PRIMARY KEY, plan TEXT NOT NULL)";
    ///             tx.query(Sql::portable(table)).execute().await?;
    ///             Ok(())
    ///         })
    ///     })
    ///     .await
    /// })
    /// .await?;
    ///
    /// let ada = NewUser::new("ada", "ada@example.org").password("correct horse 7");
    /// // The account and the row of the application exist together, or neither does.
    /// let ada: UserId = core
    ///     .transact(async |tx| {
    ///         let user = tx.core().create_user(&Actor::Anonymous, &ada).await?;
    ///         let id = user.id.to_string();
    ///         tx.run(|tx| {
    ///             Box::pin(async move {
    ///                 let insert = Sql::portable("INSERT INTO members (id, plan) VALUES ($1, 'free')");
    ///                 tx.query(insert).bind(id).execute().await?;
    ///                 Ok(())
    ///             })
    ///         })
    ///         .await?;
    ///         assert!(matches!(tx.changes().await?[..], [Change::AccountCreated { .. }]));
    ///         Ok::<_, Error>(user.id)
    ///     })
    ///     .await?;
    /// # let _ = ada;
    /// # core.close().await;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of `work`; `unavailable` if the database cannot be written or others keep it busy, if an
    /// operation has failed though `work` returned `Ok`, and if the transaction was idle for too long.
    pub async fn transact<T, E, W, F>(&self, work: W) -> Result<T, E>
    where
        W: Fn(Transaction) -> F,
        F: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        let mut retries = 0;
        loop {
            let transaction = self.begin_transaction().await?;
            let outcome = work(transaction.0.clone()).await;
            let lost = transaction.core().db().has_lost_contention();
            let outcome = match outcome {
                Ok(value) if !lost => return Ok(transaction.commit().await.map(|()| value)?),
                Ok(_) => Err(Error::Contended.into()),
                Err(error) => Err(error),
            };
            transaction.rollback().await?;
            if !lost || retries >= RETRIES {
                return outcome;
            }
            retries += 1;
            tokio::time::sleep(backoff(retries)).await;
        }
    }

    /// Begins a transaction for several operations, which ends by a call: [`EventCore::transact`] is simpler,
    /// and repeats what was aborted.
    ///
    /// While it is open, it keeps others from writing: from everything on SQLite, from the same records on
    /// PostgreSQL. It is rolled back if no operation runs in it for
    /// [`PoolSettings::idle_transaction_timeout`](crate::db::PoolSettings::idle_transaction_timeout).
    ///
    /// # Errors
    /// `unavailable` if the database cannot be written, or others keep it busy.
    pub async fn begin_transaction(&self) -> Result<OpenTransaction> {
        let core = self.with_db(self.db().with_one_transaction().await?);
        Ok(OpenTransaction(Transaction { core }))
    }
}

impl Transaction {
    /// The library, in this transaction: its operations write in it, and read what it has written.
    pub fn core(&self) -> &EventCore {
        &self.core
    }

    /// The SQL dialect of the database.
    pub fn dialect(&self) -> Dialect {
        self.core.db().dialect()
    }

    /// Runs statements of the embedding program in this transaction, in a task of the library. They must
    /// neither end the transaction nor change tables of the library.
    ///
    /// [`Queries::query`](crate::db::Queries::query) takes SQL for both databases. With the feature
    /// `sqlx-0_9`, `Tx::postgres` and `Tx::sqlite` give the connection of sqlx.
    ///
    /// # Errors
    /// Those of `work`, after which the transaction can only be rolled back.
    pub async fn run<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: for<'t> FnOnce(&'t mut Tx) -> TransactionFuture<'t, T> + Send + 'static,
    {
        let mut attempts = self.core.db().attempts();
        run_to_its_end(async move {
            let mut tx = attempts.begin().await?;
            let outcome = work(&mut tx).await;
            attempts.end(tx, outcome).await.unwrap_or(Err(Error::Contended))
        })
        .await
    }

    /// What the operations of this transaction have changed so far, in their order: also whom they have
    /// promoted from a waitlist. It is published after the commit.
    ///
    /// # Errors
    /// `unavailable` if an operation has failed, or does not end.
    pub async fn changes(&self) -> Result<Vec<Change>> {
        self.core.db().changes_so_far().await
    }
}

impl OpenTransaction {
    /// Commits. After `Ok` all changes survive a crash.
    ///
    /// # Errors
    /// `unavailable` if an operation has failed, or if the transaction was idle for too long: nothing is
    /// stored.
    pub async fn commit(self) -> Result<()> {
        self.core().db().commit().await
    }

    /// Rolls back, and returns when that is done.
    ///
    /// # Errors
    /// `unavailable` if the database has failed: then nothing is stored either.
    pub async fn rollback(self) -> Result<()> {
        self.core().db().rollback().await
    }
}

impl Deref for OpenTransaction {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.0
    }
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        self.core().db().abandon();
    }
}
