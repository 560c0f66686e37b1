//! Accepts connections within their limits, and drives each of them until it ends or is closed.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper_util::server::graceful::GracefulConnection;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::client_network::ClientNetwork;
use super::connections::{Connections, OpenConnection};
use super::progress::CloseReason;

/// How long to wait after an error of the system before the next connection is accepted.
const ERROR_PAUSE: Duration = Duration::from_millis(50);
/// How long a connection may take to end by itself once it is asked to.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A listener with the connections that it has accepted.
pub(crate) struct Listener {
    socket: TcpListener,
    connections: Arc<Connections>,
    errors: Episode,
    refusals: Episode,
}

/// A new connection.
pub(crate) struct Accepted {
    pub(crate) stream: TcpStream,
    pub(crate) peer: IpAddr,
    pub(crate) open: OpenConnection,
}

impl Listener {
    pub(crate) fn new(socket: TcpListener, connections: Arc<Connections>) -> Self {
        let (errors, refusals) = (Episode::default(), Episode::default());
        Self { socket, connections, errors, refusals }
    }

    /// The next connection that is within the limits.
    pub(crate) async fn accept(&mut self) -> Accepted {
        loop {
            let (stream, peer) = match self.socket.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Usually too many open files.
                    if let Some(before) = self.errors.note(Instant::now()) {
                        let hint = "raise the limit of open files, or lower max_connections";
                        tracing::warn!(%error, before, hint, "cannot accept connections");
                    }
                    self.connections.close_oldest_idle();
                    tokio::time::sleep(ERROR_PAUSE).await;
                    continue;
                }
            };
            let network = ClientNetwork::of(peer.ip());
            let Some(open) = self.connections.open(network) else {
                if let Some(before) = self.refusals.note(Instant::now()) {
                    let message = "too many connections: none is idle, so new ones are closed";
                    tracing::warn!(%network, before, "{message}");
                }
                continue;
            };
            // Responses are small and written at once: Nagle's algorithm would only delay them.
            let _ = stream.set_nodelay(true);
            return Accepted { stream, peer: peer.ip(), open };
        }
    }
}

/// A series of similar events, logged once a minute at most.
#[derive(Debug, Default)]
struct Episode {
    logged: Option<Instant>,
    /// The events since then.
    silent: u64,
}

impl Episode {
    const PERIOD: Duration = Duration::from_mins(1);

    /// Counts an event. If it is to be logged, returns how many were not logged before it.
    fn note(&mut self, now: Instant) -> Option<u64> {
        if self.logged.is_some_and(|logged| now.duration_since(logged) < Self::PERIOD) {
            self.silent += 1;
            return None;
        }
        self.logged = Some(now);
        Some(std::mem::take(&mut self.silent))
    }
}

/// Drives a connection to its end. Asks it to end when the server stops, or when it is closed as idle; then
/// hyper lets requests finish and tells HTTP/2 clients which ones it has not seen.
///
/// The connection is boxed because a future has room for its arguments and for its variables: unboxed, each
/// connection would take its 2 KiB twice.
pub(crate) async fn drive<C>(mut connection: Pin<Box<C>>, open: OpenConnection, mut stop: watch::Receiver<()>)
where
    C: GracefulConnection<Error: std::fmt::Display>,
{
    let mut stopping = false;
    let reason = loop {
        tokio::select! {
            ended = connection.as_mut() => return log_end(ended),
            _ = stop.changed(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            reason = open.0.closed() => break reason,
        }
    };
    tracing::debug!(?reason, network = %open.0.network, "a connection is closed");
    if matches!(reason, CloseReason::Idle | CloseReason::Replaced) {
        end_gracefully(connection.as_mut()).await;
    }
}

async fn end_gracefully<C>(mut connection: Pin<&mut C>)
where
    C: GracefulConnection<Error: std::fmt::Display>,
{
    connection.as_mut().graceful_shutdown();
    if let Ok(ended) = tokio::time::timeout(CLOSE_TIMEOUT, connection).await {
        log_end(ended);
    }
}

fn log_end(ended: Result<(), impl std::fmt::Display>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection failed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_episode_is_logged_once_a_minute_with_the_number_of_its_events() {
        let start = Instant::now();
        let mut episode = Episode::default();
        assert_eq!(episode.note(start), Some(0));
        for second in 1..60 {
            assert_eq!(episode.note(start + Duration::from_secs(second)), None);
        }
        assert_eq!(episode.note(start + Duration::from_mins(1)), Some(59));
    }
}
