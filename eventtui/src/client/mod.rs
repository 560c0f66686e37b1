//! The API over HTTP: a typed client of eventd's endpoints. It does not depend on the screens.

mod accounts;
mod bearer;
mod calendars;
mod categories;
mod comments;
mod connection;
mod error;
mod event_reader;
mod events;
mod feedback;
mod notifications;
mod occurrences;
mod query;
mod registrations;
mod stream;
mod subscriptions;
mod token_store;
mod tokens;
mod webhooks;

use crate::failure::Failure;
use connection::Connection;

/// A client of one server.
pub(crate) struct Client {
    http: Connection,
}

impl Client {
    /// Does not connect yet. `server` is an address with scheme, such as `https://events.example.org`.
    pub(crate) fn new(server: &str) -> Result<Self, Failure> {
        Ok(Self { http: Connection::open(server)? })
    }

    /// Whether the session has ended since the last call, unexpectedly.
    pub(crate) fn take_signed_out(&self) -> bool {
        self.http.take_signed_out()
    }

    /// The server's address without the scheme.
    pub(crate) fn host(&self) -> &str {
        let address = self.http.address();
        address.split_once("://").map_or(address, |(_, host)| host)
    }
}
