//! Requests of the screens, sent to a database or a server.

mod boxed;
mod categories;
mod co_organizers;
mod conversations;
mod csv;
mod days;
mod detail;
mod dispatch;
mod find;
mod grouped;
mod import;
mod import_request;
mod library;
mod notifications;
mod open;
mod organized;
mod own_account;
mod request;
mod server;
mod subscriptions;
mod tokens;
mod webhooks;

use std::future::Future;
use std::pin::Pin;

use eventcore::live::Followed;

pub(crate) use crate::api::{ApiError, Days, ErrorKind, LiveFuture, PAGE, Updates};
pub(crate) use grouped::{
    CategoryRequest, CoOrganizersRequest, CsvRequest, NotificationsRequest, SubscriptionsRequest, TokenInput,
    TokensRequest, WebhooksRequest,
};
pub(crate) use import_request::{CalendarFile, ImportRequest, ImportedFile};
pub(crate) use open::{Source, open};
#[cfg(test)]
pub(crate) use request::{Notices, ReminderTimes};
pub(crate) use request::{OccurrenceDetail, Request, Response, WebhookSecret, unexpected_response};

/// Maximum number of occurrences in a week.
pub(crate) const MAX_IN_WEEK: usize = 2_000;

/// A running request.
pub(crate) type Work<'a> = Pin<Box<dyn Future<Output = Result<Response, ApiError>> + Send + 'a>>;

pub(crate) type Closing<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A database or a server.
pub(crate) trait Backend: Send + Sync {
    /// Its name on the screen.
    fn name(&self) -> &str;

    /// Starts a request. Dropping it may leave a change made or not made.
    fn run(&self, request: Request) -> Work<'_>;

    /// Follows what changes: of these, and the notifications of the signed-in user. With the id of a message
    /// of an earlier stream, from there on.
    fn follow<'a>(
        &'a self,
        wanted: &'a Followed,
        resume: Option<&'a str>,
    ) -> LiveFuture<'a, Result<Box<dyn Updates>, ApiError>>;

    /// Whether the session has ended since the last call, unexpectedly. What is public can still be read.
    fn take_signed_out(&self) -> bool {
        false
    }

    /// Closes all connections.
    fn close(&self) -> Closing<'_>;
}
