//! Doing the work of a key, once.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::Instrument;
use uuid::Uuid;

use super::Key;
use crate::core::EventCore;
use crate::db::{Prelude, Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::time::Timestamp;

/// For how long an answer is kept.
const KEPT: Duration = Duration::from_hours(24);
/// How long a repeat waits for the answer to what has been committed already.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it looks.
const GLANCE: Duration = Duration::from_millis(20);

/// What is known of a key.
enum Known {
    /// No request with it has changed anything.
    Nothing,
    /// A request has, and its answer is not there yet.
    Done,
    /// The answer to it.
    Answer(Vec<u8>),
}

impl EventCore {
    /// Does `work` once for `key`, with the library that it is given, and keeps its answer for a day; a repeat gets that answer. What changed nothing
    /// is not kept, and can be tried again. The work goes on when the caller is dropped, because who has lost the connection asks again.
    ///
    /// The key is claimed by each transaction of the work, so that of any number of requests at once, in any number of processes, one takes effect.
    ///
    /// # Errors
    /// Those of the work; `idempotency_key_reused` where the key came with another request, or where the process ended between the work and its answer.
    pub async fn once<W, F, E>(&self, key: Key, work: W) -> Result<Vec<u8>, E>
    where
        W: FnOnce(Self) -> F,
        F: Future<Output = Result<Vec<u8>, E>> + Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match self.recall(&key).await? {
            Known::Answer(answer) => return Ok(answer),
            Known::Done => return Ok(self.wait_for_answer(&key).await?),
            Known::Nothing => {}
        }
        let claim = Arc::new(Claim::new(key, self.now()));
        let work = work(self.beginning_with(claim.clone()));
        let (core, mine) = (self.clone(), claim.clone());
        let to_the_end = async move {
            let answer = work.await?;
            if let Err(error) = core.keep(&mine, &answer).await {
                tracing::warn!(%error, "an answer could not be kept for its Idempotency-Key");
            }
            Ok(answer)
        };
        match tokio::spawn(to_the_end.in_current_span()).await {
            // The other may still be waiting for its COMMIT.
            Ok(Err(_)) if claim.came_second.load(Ordering::Relaxed) => {
                Ok(self.wait_for_answer(&claim.key).await?)
            }
            // Another attempt may have come first and so be why this one failed, before it could stake its claim.
            Ok(Err(error)) => match self.recall(&claim.key).await {
                Ok(Known::Answer(answer)) => Ok(answer),
                Ok(Known::Done) => Ok(self.wait_for_answer(&claim.key).await?),
                Ok(Known::Nothing) | Err(_) => Err(error),
            },
            Ok(outcome) => outcome,
            Err(panicked) => Err(Error::internal(panicked).into()),
        }
    }

    async fn recall(&self, key: &Key) -> Result<Known> {
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
            None => Ok(Known::Nothing),
            Some((request, ..)) if request != key.request() => Err(Error::IdempotencyKeyReused),
            Some((_, _, None)) => Ok(Known::Done),
            Some((_, attempt, Some(answer))) => Ok(Known::Answer(key.decrypt(attempt, &answer)?)),
        }
    }

    /// The answer to work that was committed: it follows in a moment, unless its process has ended.
    async fn wait_for_answer(&self, key: &Key) -> Result<Vec<u8>> {
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            if let Known::Answer(answer) = self.recall(key).await? {
                return Ok(answer);
            }
            tokio::time::sleep(GLANCE).await;
            waited += GLANCE;
        }
        Err(Error::IdempotencyKeyReused)
    }

    async fn keep(&self, claim: &Claim, answer: &[u8]) -> Result<()> {
        let hidden = claim.key.encrypt(claim.attempt, answer)?;
        let now = self.now();
        transaction!(self.db(), tx => {
            tx.query(sql!("UPDATE idempotency_keys SET answer = $3 WHERE id = $1 AND attempt = $2"))
                .bind(claim.key.id())
                .bind(claim.attempt)
                .bind(hidden.clone())
                .execute()
                .await?;
            forget_expired(tx, now).await
        })
    }
}

/// More at a time than is added, so that the table stays as long as a day.
async fn forget_expired(tx: &mut Tx, now: Timestamp) -> Result<()> {
    tx.query(sql!(
        sqlite "DELETE FROM idempotency_keys WHERE id IN (SELECT id FROM idempotency_keys WHERE expires_at <= $1 ORDER BY expires_at LIMIT 10)",
        postgres "DELETE FROM idempotency_keys WHERE id IN
            (SELECT id FROM idempotency_keys WHERE expires_at <= $1 ORDER BY expires_at LIMIT 10 FOR UPDATE SKIP LOCKED)"
    ))
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// The right of one attempt to do the work of a key.
struct Claim {
    key: Key,
    attempt: Uuid,
    now: Timestamp,
    /// Another attempt holds the key.
    came_second: AtomicBool,
}

impl Claim {
    fn new(key: Key, now: Timestamp) -> Self {
        Self { key, attempt: Uuid::new_v4(), now, came_second: AtomicBool::new(false) }
    }

    /// Whoever inserts the row first has it; on PostgreSQL the second waits here until the first has committed or rolled back.
    async fn stake(&self, tx: &mut Tx) -> Result<()> {
        let staked = tx
            .query(sql!(
                "INSERT INTO idempotency_keys (id, request, attempt, expires_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (id) DO UPDATE SET request = $2, attempt = $3, answer = NULL, expires_at = $4
                 WHERE idempotency_keys.attempt = $3 OR idempotency_keys.expires_at <= $5"
            ))
            .bind(self.key.id())
            .bind(self.key.request())
            .bind(self.attempt)
            .bind(self.now.plus(KEPT))
            .bind(self.now)
            .execute()
            .await?;
        if staked == 0 {
            self.came_second.store(true, Ordering::Relaxed);
            return Err(Error::IdempotencyKeyReused);
        }
        Ok(())
    }
}

impl Prelude for Claim {
    fn run<'t>(&'t self, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 't>> {
        Box::pin(self.stake(tx))
    }
}
