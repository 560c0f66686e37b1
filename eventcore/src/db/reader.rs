//! Connections for reads outside a transaction.
//!
//! A connection belongs to a task, which runs the statements of the reader one after another and gives the
//! connection back when the reader is dropped. A caller that stops polling in the middle of a read therefore
//! keeps no connection from others: the statement ends, in the database too, and after a time limit the
//! connection is given back. A further statement takes another one, which makes no difference: each statement
//! of a reader sees what is committed when it begins.
//!
//! Long reads, such as counts of many rows, share [places](crate::db::Db::read_long) of which there are fewer
//! than connections.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tracing::Instrument;

use super::backend::{Backend, PooledConnection};
use super::dialect::Dialect;
use super::held::HeldTx;
use super::pool_settings::ACQUIRE_TIMEOUT;
use super::statement::StatementJob;

/// How long the task keeps the connection for the next statement of its reader, which comes at once unless
/// its caller is not polled.
const IDLE_LIMIT: Duration = Duration::from_millis(10);

/// How long a statement goes on after its caller is gone, before it is interrupted. Most end by themselves.
const GRACE: Duration = Duration::from_millis(100);

/// Reads: each statement sees what is committed when it begins.
#[derive(Debug)]
pub struct Reader {
    source: ReadSource,
}

#[derive(Debug)]
enum ReadSource {
    Pool {
        backend: Arc<Backend>,
        /// The places that it needs one of, if its reads are long.
        places: Option<Arc<Semaphore>>,
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
    /// The reader is gone, and the statement runs.
    Interrupt,
}

impl Reader {
    pub(super) const fn from_pool(backend: Arc<Backend>, places: Option<Arc<Semaphore>>) -> Self {
        Self { source: ReadSource::Pool { backend, places, task: None } }
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
        let (backend, places, task) = match &mut self.source {
            ReadSource::Pool { backend, places, task } => (backend, places, task),
            ReadSource::Held(held) => return held.run(job).await,
        };
        let (answer, answered) = oneshot::channel();
        let task = task.get_or_insert_with(|| {
            let (sender, requests) = mpsc::unbounded_channel();
            tokio::spawn(serve(backend.clone(), places.clone(), requests).in_current_span());
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
            if answer.is_closed() {
                // It waited for a connection for too long.
                return Afterwards::GiveBack;
            }
            let connection = match connection.and_then(PooledConnection::connection) {
                Ok(connection) => connection,
                Err(error) => {
                    _ = answer.send(Err(error));
                    return Afterwards::GiveBack;
                }
            };
            let mut running = job.run(connection);
            let outcome = tokio::select! {
                biased;
                outcome = &mut running => outcome,
                () = answer.closed() => {
                    return match tokio::time::timeout(GRACE, running).await {
                        Ok(_) => Afterwards::GiveBack,
                        Err(_) => Afterwards::Interrupt,
                    };
                }
            };
            if answer.send(outcome).is_ok() { Afterwards::Keep } else { Afterwards::GiveBack }
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
async fn serve(
    backend: Arc<Backend>,
    places: Option<Arc<Semaphore>>,
    mut requests: mpsc::UnboundedReceiver<Request>,
) {
    while let Some(first) = requests.recv().await {
        let acquired = async {
            let place = place_of(places.clone()).await?;
            Ok((backend.acquire().await?, place))
        };
        match acquired.await {
            Ok((connection, _place)) => serve_on(connection, first, &mut requests).await,
            Err(error) => _ = first(Err(error)).await,
        }
    }
}

/// Takes one of the places, if there are any.
async fn place_of(places: Option<Arc<Semaphore>>) -> sqlx::Result<Option<OwnedSemaphorePermit>> {
    let Some(places) = places else { return Ok(None) };
    match tokio::time::timeout(ACQUIRE_TIMEOUT, places.acquire_owned()).await {
        Ok(Ok(place)) => Ok(Some(place)),
        Ok(Err(_)) | Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

/// Runs statements on one connection until none has come for a while.
async fn serve_on(
    mut connection: PooledConnection,
    mut request: Request,
    requests: &mut mpsc::UnboundedReceiver<Request>,
) {
    loop {
        match request(Ok(&mut connection)).await {
            Afterwards::Keep => {}
            Afterwards::GiveBack => return,
            Afterwards::Interrupt => return connection.interrupt().await,
        }
        match tokio::time::timeout(IDLE_LIMIT, requests.recv()).await {
            Ok(Some(next)) => request = next,
            Ok(None) | Err(_) => return,
        }
    }
}
