//! Running the work of a request once per idempotency key.
//!
//! The row of a key is inserted by the transactions of the work itself, so that the key and the changes are
//! committed together. The answer follows in a transaction of its own:
//!
//! 1. no row: no request with the key has changed anything;
//! 2. a row without an answer: the changes are committed, and the answer is about to be stored;
//! 3. a row with an answer: a repeat gets that answer.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::Instrument;
use uuid::Uuid;

use super::IdempotencyKey;
use crate::core::EventCore;
use crate::db::{BeginHook, Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::time::Timestamp;

/// How long an answer is stored.
const RETENTION: Duration = Duration::from_hours(24);
/// How long a repeat waits for the answer of committed work.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// How often a waiting repeat looks for the answer.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The state of a key.
enum KeyState {
    /// No request with the key has changed anything.
    Unused,
    /// A request has committed changes, and its answer is not stored yet.
    Committed,
    /// The stored answer.
    Answered(Vec<u8>),
}

impl EventCore {
    /// Runs `work` once for `key` and stores its answer for 24 hours. A repeat gets the stored answer.
    ///
    /// `work` gets the library to use, whose transactions claim the key. Of any number of concurrent requests
    /// in any number of processes, one takes effect; the others wait for its answer. Work that changes
    /// nothing, or that fails, leaves no answer and can be tried again.
    ///
    /// The work runs in a task of its own and continues when this future is dropped, because a client that
    /// lost its connection repeats the request.
    ///
    /// # Errors
    /// Those of the work. `idempotency_key_reused` if the key belongs to another request, or if the process
    /// that ran the work ended before it stored the answer.
    pub async fn run_idempotent<W, F, E>(&self, key: IdempotencyKey, work: W) -> Result<Vec<u8>, E>
    where
        W: FnOnce(Self) -> F,
        F: Future<Output = Result<Vec<u8>, E>> + Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match self.find_answer(&key).await? {
            KeyState::Answered(answer) => return Ok(answer),
            KeyState::Committed => return Ok(self.wait_for_answer(&key).await?),
            KeyState::Unused => {}
        }
        let claim = Arc::new(Claim::new(key, self.now()));
        let work = work(self.with_begin_hook(claim.clone()));
        let (core, own_claim) = (self.clone(), claim.clone());
        let work_and_store = async move {
            let answer = work.await?;
            if let Err(error) = core.store_answer(&own_claim, &answer).await {
                tracing::warn!(%error, "cannot store the answer to a request with an Idempotency-Key");
            }
            Ok(answer)
        };
        match tokio::spawn(work_and_store.in_current_span()).await {
            // The other attempt may still be waiting for its COMMIT, when `find_answer` finds nothing.
            Ok(Err(_)) if claim.lost.load(Ordering::Relaxed) => Ok(self.wait_for_answer(&claim.key).await?),
            // This attempt may have failed because of the changes of another one, before it could claim the
            // key.
            Ok(Err(error)) => match self.find_answer(&claim.key).await {
                Ok(KeyState::Answered(answer)) => Ok(answer),
                Ok(KeyState::Committed) => Ok(self.wait_for_answer(&claim.key).await?),
                Ok(KeyState::Unused) | Err(_) => Err(error),
            },
            Ok(outcome) => outcome,
            Err(panicked) => Err(Error::internal(panicked).into()),
        }
    }

    async fn find_answer(&self, key: &IdempotencyKey) -> Result<KeyState> {
        let mut db = self.db().read().await?;
        let row: Option<(Vec<u8>, Uuid, Option<Vec<u8>>)> = db
            .query(sql!(
                "SELECT request, attempt, answer FROM idempotency_keys WHERE id = $1 AND expires_at > $2"
            ))
            .bind(key.id())
            .bind(self.now())
            .optional()
            .await?;
        match row {
            None => Ok(KeyState::Unused),
            Some((request, ..)) if request != key.request() => Err(Error::IdempotencyKeyReused),
            Some((_, _, None)) => Ok(KeyState::Committed),
            Some((_, attempt, Some(answer))) => Ok(KeyState::Answered(key.decrypt(attempt, &answer)?)),
        }
    }

    /// Waits for the answer of committed work. Times out if the process that ran the work has ended.
    async fn wait_for_answer(&self, key: &IdempotencyKey) -> Result<Vec<u8>> {
        let mut waited = Duration::ZERO;
        while waited < ANSWER_TIMEOUT {
            if let KeyState::Answered(answer) = self.find_answer(key).await? {
                return Ok(answer);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
            waited += POLL_INTERVAL;
        }
        Err(Error::IdempotencyKeyReused)
    }

    async fn store_answer(&self, claim: &Arc<Claim>, answer: &[u8]) -> Result<()> {
        let encrypted = claim.key.encrypt(claim.attempt, answer)?;
        let now = self.now();
        transaction!(self.db(), |tx| update_answer(tx, claim, &encrypted, now))
    }
}

/// Stores the encrypted answer of a claim. Does nothing if the work changed nothing, as the key then has no
/// row.
async fn update_answer(tx: &mut Tx, claim: &Claim, encrypted: &[u8], now: Timestamp) -> Result<()> {
    tx.query(sql!("UPDATE idempotency_keys SET answer = $3 WHERE id = $1 AND attempt = $2"))
        .bind(claim.key.id())
        .bind(claim.attempt)
        .bind(encrypted.to_vec())
        .execute()
        .await?;
    delete_expired(tx, now).await
}

/// Deletes up to 10 expired keys. One key is added per call, so the table never holds much more than a day's
/// keys.
async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<()> {
    tx.query(sql!(
        sqlite "DELETE FROM idempotency_keys WHERE id IN
            (SELECT id FROM idempotency_keys WHERE expires_at <= $1 ORDER BY expires_at LIMIT 10)",
        postgres "DELETE FROM idempotency_keys WHERE id IN
            (SELECT id FROM idempotency_keys WHERE expires_at <= $1 ORDER BY expires_at LIMIT 10
             FOR UPDATE SKIP LOCKED)"
    ))
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// The claim of one attempt on a key.
struct Claim {
    key: IdempotencyKey,
    attempt: Uuid,
    now: Timestamp,
    /// Whether another attempt has the key.
    lost: AtomicBool,
}

impl Claim {
    fn new(key: IdempotencyKey, now: Timestamp) -> Self {
        Self { key, attempt: Uuid::new_v4(), now, lost: AtomicBool::new(false) }
    }

    /// Inserts the row of the key, or takes over an expired one.
    ///
    /// The first transaction to insert the row has the key. On PostgreSQL a second one waits here until the
    /// first commits or rolls back.
    async fn claim(&self, tx: &mut Tx) -> Result<()> {
        let claimed = tx
            .query(sql!(
                "INSERT INTO idempotency_keys (id, request, attempt, expires_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (id) DO UPDATE SET request = $2, attempt = $3, answer = NULL, expires_at = $4
                 WHERE idempotency_keys.attempt = $3 OR idempotency_keys.expires_at <= $5"
            ))
            .bind(self.key.id())
            .bind(self.key.request())
            .bind(self.attempt)
            .bind(self.now.plus(RETENTION))
            .bind(self.now)
            .execute()
            .await?;
        if claimed == 0 {
            self.lost.store(true, Ordering::Relaxed);
            return Err(Error::IdempotencyKeyReused);
        }
        Ok(())
    }
}

impl BeginHook for Claim {
    fn after_begin<'t>(&'t self, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 't>> {
        Box::pin(self.claim(tx))
    }
}
