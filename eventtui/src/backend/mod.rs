//! Requests of the screens, answered by a database or a server.

mod conversations;
mod days;
mod detail;
mod dispatch;
mod library;
mod request;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::client::Client;
use crate::failure::Failure;
use crate::first_run;

pub(crate) use crate::api::{Cause, Days, PAGE, Refusal};
use dispatch::run;
use library::Library;
pub(crate) use request::{Answer, Detail, Request, held, nonsense};

/// How many occurrences a week shows at most.
pub(crate) const MOST: usize = 2_000;

/// A running request.
pub(crate) type Work<'a> = Pin<Box<dyn Future<Output = Result<Answer, Refusal>> + Send + 'a>>;

type Closing<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A database or a server.
pub(crate) trait Backend: Send + Sync {
    /// Its name on the screen.
    fn name(&self) -> &str;

    /// Starts a request. Dropping it may leave a change made or not made.
    fn run(&self, request: Request) -> Work<'_>;

    /// Closes all connections.
    fn close(&self) -> Closing<'_>;
}

impl Backend for Client {
    fn name(&self) -> &str {
        self.host()
    }

    fn run(&self, request: Request) -> Work<'_> {
        Box::pin(run(self, request))
    }

    fn close(&self) -> Closing<'_> {
        Box::pin(async {})
    }
}

/// The backend that the command line and the configuration name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source<'a> {
    /// The URL of a database.
    pub(crate) database: Option<&'a str>,
    /// The address of a server.
    pub(crate) server: Option<&'a str>,
    /// The user of the database to act as, without a password.
    pub(crate) user: Option<&'a str>,
}

impl Source<'_> {
    /// Whether nothing is named and the current folder has no `events.db`.
    pub(crate) fn is_nothing(&self) -> bool {
        self.server.is_none() && self.database.is_none() && !std::path::Path::new("events.db").exists()
    }
}

/// Opens the named backend, by default `./events.db`.
pub(crate) async fn open(source: &Source<'_>) -> Result<Arc<dyn Backend>, Failure> {
    if let Some(server) = source.server {
        return Ok(Arc::new(Client::new(server)?));
    }
    let url = match source.database {
        Some(url) => url,
        None if !source.is_nothing() => first_run::DATABASE,
        None => {
            return Err(
                "there is no events.db in this folder: name a database with --database, or a server with \
                 --server, or create a demo database with `eventd demo`"
                    .into(),
            );
        }
    };
    Ok(Arc::new(Library::open(url, source.user).await?))
}
