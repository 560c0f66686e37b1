//! Connections for reads outside a transaction.
//!
//! A connection belongs to a task, which runs the statements of the reader one after another and gives the
//! connection back when the reader is dropped. A caller that stops polling in the middle of a read therefore
//! keeps no connection from others: the statement ends, and after a time limit the connection is given back.
//! A further statement takes another one, which makes no difference: each statement of a reader sees what is
//! committed when it begins.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tracing::Instrument;

use super::backend::{Backend, PooledConnection};
use super::dialect::Dialect;
use super::held::HeldTx;
use super::statement::StatementJob;

/// How long the task keeps the connection for the next statement of its reader, which comes at once unless
/// its caller is not polled.
const IDLE_LIMIT: Duration = Duration::from_millis(10);

/// Reads: each statement sees what is committed when it begins.
#[derive(Debug)]
pub struct Reader {
    source: ReadSource,
}

#[derive(Debug)]
enum ReadSource {
    Pool {
        backend: Arc<Backend>,
        /// Sends statements to the task that has the connection.
        task: Option<mpsc::UnboundedSender<Request>>,
    },
    /// The transaction that several operations share: reads see what they wrote.
    Held(HeldTx),
}

type RequestFuture<'c> = Pin<Box<dyn Future<Output = Afterwards> + Send + 'c>>;
/// Runs a statement and sends its outcome to the reader.
type Request = Box<dyn for<'c> FnOnce(sqlx::Result<&'c mut PooledConnection>) -> RequestFuture<'c> + Send>;

/// What becomes of the connection after a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Afterwards {
    Keep,
    /// The reader is gone, or there is no connection.
    GiveBack,
}

impl Reader {
    pub(super) const fn from_pool(backend: Arc<Backend>) -> Self {
        Self { source: ReadSource::Pool { backend, task: None } }
    }

    pub(super) const fn in_transaction(held: HeldTx) -> Self {
        Self { source: ReadSource::Held(held) }
    }

    pub(super) fn dialect(&self) -> Dialect {
        match &self.source {
            ReadSource::Pool { backend, .. } => backend.dialect(),
            ReadSource::Held(held) => held.dialect(),
        }
    }

    pub(super) fn caches_statements(&self) -> bool {
        match &self.source {
            ReadSource::Pool { backend, .. } => backend.keeps_sessions(),
            ReadSource::Held(held) => held.caches_statements(),
        }
    }

    /// Runs a statement. If the reader is dropped meanwhile, the statement ends early.
    pub(super) async fn run<T: Send + 'static>(&mut self, job: StatementJob<T>) -> sqlx::Result<T> {
        let (backend, task) = match &mut self.source {
            ReadSource::Pool { backend, task } => (backend, task),
            ReadSource::Held(held) => return held.run(job).await,
        };
        let (answer, answered) = oneshot::channel();
        let task = task.get_or_insert_with(|| {
            let (sender, requests) = mpsc::unbounded_channel();
            tokio::spawn(serve(backend.clone(), requests).in_current_span());
            sender
        });
        // Without the task the runtime is shutting down.
        task.send(request(job, answer)).map_err(|_| sqlx::Error::WorkerCrashed)?;
        answered.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

fn request<T: Send + 'static>(job: StatementJob<T>, mut answer: oneshot::Sender<sqlx::Result<T>>) -> Request {
    boxed(move |connection| {
        Box::pin(async move {
            let (outcome, afterwards) = match connection {
                Err(error) => (Err(error), Afterwards::GiveBack),
                Ok(connection) => tokio::select! {
                    biased;
                    outcome = job.run(connection.connection()) => (outcome, Afterwards::Keep),
                    () = answer.closed() => return Afterwards::GiveBack,
                },
            };
            if answer.send(outcome).is_ok() { afterwards } else { Afterwards::GiveBack }
        })
    })
}

/// Helps the compiler to find the lifetimes of a closure.
fn boxed<R>(request: R) -> Request
where
    R: for<'c> FnOnce(sqlx::Result<&'c mut PooledConnection>) -> RequestFuture<'c> + Send + 'static,
{
    Box::new(request)
}

/// Runs the statements of one reader until it is dropped.
async fn serve(backend: Arc<Backend>, mut requests: mpsc::UnboundedReceiver<Request>) {
    while let Some(first) = requests.recv().await {
        match backend.acquire().await {
            Ok(connection) => serve_on(connection, first, &mut requests).await,
            Err(error) => _ = first(Err(error)).await,
        }
    }
}

/// Runs statements on one connection until none has come for a while.
async fn serve_on(
    mut connection: PooledConnection,
    mut request: Request,
    requests: &mut mpsc::UnboundedReceiver<Request>,
) {
    while request(Ok(&mut connection)).await == Afterwards::Keep {
        match tokio::time::timeout(IDLE_LIMIT, requests.recv()).await {
            Ok(Some(next)) => request = next,
            Ok(None) | Err(_) => return,
        }
    }
}
