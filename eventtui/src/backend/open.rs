//! Opens the backend that the command line and the configuration name.

use std::sync::Arc;

use super::Backend;
use super::library::Library;
use crate::client::Client;
use crate::failure::Failure;
use crate::first_run;

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
