//! Connecting to a receiver: only to addresses that the policy allows.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use eventcore::webhooks::{SendError, WebhookPolicy};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

use crate::failure::{Failure, describe};

/// How long the look-up of a name, and how long connecting to one address may take, with TLS.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many addresses of a name are tried.
const MOST_ADDRESSES: usize = 3;

/// The future of a look-up.
pub(crate) type LookUp<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Looks names up.
pub(crate) trait Resolver: Send + Sync {
    fn look_up<'a>(&'a self, name: &'a str, port: u16) -> LookUp<'a>;
}

/// The resolver of the operating system.
pub(crate) struct SystemResolver;

impl Resolver for SystemResolver {
    fn look_up<'a>(&'a self, name: &'a str, port: u16) -> LookUp<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
    }
}

/// Makes connections.
pub(crate) struct Connector {
    resolver: Arc<dyn Resolver>,
    tls: TlsConnector,
    max_read: usize,
}

/// A connection, of which so much is read at most.
pub(crate) struct Stream {
    socket: Socket,
    left: usize,
}

enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    const fn new(socket: Socket, max_read: usize) -> Self {
        Self { socket, left: max_read }
    }
}

impl Connector {
    /// `max_read` is about how many bytes are read on a connection. More than the longest head and body: it
    /// bounds what comes around them, such as interim answers without end.
    pub(crate) fn new(resolver: Arc<dyn Resolver>, max_read: usize) -> Result<Self, Failure> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { resolver, tls: TlsConnector::from(Arc::new(config)), max_read })
    }

    /// The addresses of a receiver that may be connected to, a few at most.
    ///
    /// # Errors
    /// If there is none. The message does not tell what the name leads to: it may be one of the operator's
    /// own network.
    pub(crate) async fn addresses(
        &self,
        url: &Url,
        policy: &WebhookPolicy,
    ) -> Result<Vec<SocketAddr>, SendError> {
        let failure = |reason: &str| SendError::Failed(reason.to_owned());
        let port = url.port_or_known_default().ok_or_else(|| failure("the URL has no port"))?;
        let found = match url.host().ok_or_else(|| failure("the URL has no host"))? {
            Host::Ipv4(address) => vec![(address, port).into()],
            Host::Ipv6(address) => vec![(address, port).into()],
            Host::Domain(name) => match timeout(PATIENCE, self.resolver.look_up(name, port)).await {
                Ok(Ok(found)) => found,
                Ok(Err(_)) => return Err(failure("the name of the host cannot be looked up")),
                Err(_) => return Err(failure("the name of the host was not found within 5 seconds")),
            },
        };
        let has_tls = url.scheme() == "https";
        let allowed = found.into_iter().filter(|address| policy.allows(address.ip(), has_tls));
        let allowed: Vec<SocketAddr> = allowed.take(MOST_ADDRESSES).collect();
        if allowed.is_empty() {
            return Err(failure(
                "the host has no public address, and none in a network that the operator allows",
            ));
        }
        Ok(allowed)
    }

    /// Connects to one of these addresses, and to no other.
    pub(crate) async fn connect(&self, url: &Url, addresses: &[SocketAddr]) -> Result<Stream, SendError> {
        let mut outcome = Err(SendError::Failed("the host has no address".to_owned()));
        for address in addresses {
            outcome = match timeout(PATIENCE, self.connect_to(url, *address)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(SendError::Failed("no connection within 5 seconds".to_owned())),
            };
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    async fn connect_to(&self, url: &Url, address: SocketAddr) -> Result<Stream, SendError> {
        let stream = TcpStream::connect(address).await.map_err(|error| failed(&error))?;
        if url.scheme() != "https" {
            return Ok(Stream::new(Socket::Plain(stream), self.max_read));
        }
        let name = match url.host() {
            Some(Host::Domain(name)) => {
                ServerName::try_from(name.to_owned()).map_err(|error| failed(&error))?
            }
            _ => ServerName::from(address.ip()),
        };
        let stream = self.tls.connect(name, stream).await.map_err(|error| failed(&error))?;
        Ok(Stream::new(Socket::Tls(Box::new(stream)), self.max_read))
    }
}

/// The error that a failure is reported as.
pub(crate) fn failed(error: &(dyn std::error::Error + 'static)) -> SendError {
    SendError::Failed(describe(error))
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(Err(io::Error::other("the answer is too long")));
        }
        let before = buffer.filled().len();
        let outcome = match &mut this.socket {
            Socket::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Socket::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        };
        this.left = this.left.saturating_sub(buffer.filled().len() - before);
        outcome
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().socket {
            Socket::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Socket::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Socket::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Socket::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
