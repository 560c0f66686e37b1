//! Sending to webhooks: one HTTP/1.1 request on a connection of its own.
//!
//! The name of a receiver is looked up once, and the connection is made to an address of the answer that the
//! policy allows: no second look-up can lead elsewhere. Redirects are not followed.

pub(crate) mod connect;
pub(crate) mod receivers;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eventcore::webhooks::{SendError, Sending, SignedMessage, WebhookAnswer, WebhookSender};
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;

use crate::failure::Failure;
use connect::{Connector, Resolver, Stream, SystemResolver, failed};
use receivers::Receivers;

/// How long a message may take in all, with its answer. Much less than a lease.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long the body of an answer may take. Its status counts already.
const BODY_PATIENCE: Duration = Duration::from_secs(5);
/// The most bytes that are read of the body of an answer.
const MAX_BODY: usize = 4 * 1024;
/// The longest head of an answer, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// The most bytes that are read on a connection.
const MAX_READ: usize = 64 * 1024;
/// What this program calls itself.
const USER_AGENT: &str = concat!("eventd/", env!("CARGO_PKG_VERSION"), " (webhooks)");

/// Sends to webhooks.
pub(crate) struct WebhookClient {
    connector: Connector,
    receivers: Receivers,
}

impl WebhookClient {
    /// # Errors
    /// If TLS cannot be set up.
    pub(crate) fn new() -> Result<Self, Failure> {
        Self::with_resolver(Arc::new(SystemResolver))
    }

    fn with_resolver(resolver: Arc<dyn Resolver>) -> Result<Self, Failure> {
        Ok(Self { connector: Connector::new(resolver, MAX_READ)?, receivers: Receivers::default() })
    }

    async fn exchange(&self, message: &SignedMessage) -> Result<WebhookAnswer, SendError> {
        let url = Url::parse(&message.url).map_err(|error| failed(&error))?;
        let request = request(&url, message)?;
        let addresses = self.connector.addresses(&url, &message.policy).await?;
        // Whatever names lead to one address count as one receiver.
        let _place = self.receivers.enter(addresses.first().map(SocketAddr::ip)).ok_or(SendError::Busy)?;
        let stream = self.connector.connect(&url, &addresses).await?;
        let mut tasks = JoinSet::new();
        let response = begin(stream, request, &mut tasks).await?;
        let status = response.status().as_u16();
        // The task of the connection ends with this function.
        Ok(WebhookAnswer { status, body: beginning(response.into_body()).await })
    }
}

impl WebhookSender for WebhookClient {
    fn send<'a>(&'a self, message: &'a SignedMessage) -> Sending<'a> {
        Box::pin(async {
            let answer = timeout(PATIENCE, self.exchange(message)).await;
            answer.unwrap_or_else(|_| Err(SendError::Failed("no answer within 15 seconds".to_owned())))
        })
    }
}

/// The request, with its target in origin form (RFC 9112 3.2.1).
fn request(url: &Url, message: &SignedMessage) -> Result<Request<Full<Bytes>>, SendError> {
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    Request::post(target)
        .header(header::HOST, host)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "*/*")
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", message.id.to_string())
        .header("webhook-timestamp", message.timestamp)
        .header("webhook-signature", &message.signature)
        .body(Full::from(message.body.clone()))
        .map_err(|error| failed(&error))
}

/// Sends a request; returns the answer once its head has come. `tasks` drives the connection.
async fn begin(
    stream: Stream,
    request: Request<Full<Bytes>>,
    tasks: &mut JoinSet<()>,
) -> Result<Response<Incoming>, SendError> {
    let mut builder = http1::Builder::new();
    builder.max_header_size(MAX_HEAD).max_headers(100);
    let (mut sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(|error| failed(&error))?;
    tasks.spawn(async {
        // What breaks the connection is reported by the request.
        drop(connection.await);
    });
    sender.send_request(request).await.map_err(|error| failed(&error))
}

/// The beginning of the body of an answer, as far as it comes in time.
async fn beginning(mut body: Incoming) -> String {
    let mut bytes = Vec::new();
    let read = async {
        while bytes.len() < MAX_BODY
            && let Some(Ok(frame)) = body.frame().await
        {
            if let Some(data) = frame.data_ref() {
                bytes.extend_from_slice(&data[..data.len().min(MAX_BODY - bytes.len())]);
            }
        }
    };
    // What has come until then is kept.
    drop(timeout(BODY_PATIENCE, read).await);
    String::from_utf8_lossy(&bytes).into_owned()
}
