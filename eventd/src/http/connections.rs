//! The open connections: how many there are, whose they are, and when each of them is closed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::client_network::ClientNetwork;
use super::progress::{CloseReason, Deadlines, Progress};

/// How many connections may be open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionBounds {
    pub(crate) max: usize,
    pub(crate) max_per_network: usize,
}

/// All open connections.
pub(crate) struct Connections {
    bounds: ConnectionBounds,
    deadlines: Deadlines,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    last_id: u64,
    by_id: HashMap<u64, Entry>,
    /// The connections without requests, by when their last one ended.
    idle: BTreeSet<(Instant, u64)>,
    networks: HashMap<ClientNetwork, OfNetwork>,
}

#[derive(Default)]
struct OfNetwork {
    open: usize,
    idle: BTreeSet<(Instant, u64)>,
}

struct Entry {
    connection: Arc<Connection>,
    requests: usize,
    /// When the last request ended, or when the connection began.
    idle_since: Instant,
}

/// An open connection.
pub(crate) struct Connection {
    id: u64,
    pub(crate) network: ClientNetwork,
    all: Arc<Connections>,
    progress: Mutex<Progress>,
    close: Notify,
    reason: Mutex<Option<CloseReason>>,
}

/// A connection while its task runs: it counts until this is dropped.
pub(crate) struct OpenConnection(pub(crate) Arc<Connection>);

/// A request of a connection until its response was passed on.
pub(crate) struct OpenRequest {
    pub(crate) connection: Arc<Connection>,
}

impl Connections {
    pub(crate) fn new(bounds: ConnectionBounds, deadlines: Deadlines) -> Arc<Self> {
        Arc::new(Self { bounds, deadlines, open: Mutex::default() })
    }

    /// The number of open connections.
    pub(crate) fn count(&self) -> usize {
        self.lock().by_id.len()
    }

    /// Counts a new connection. At a limit it takes the place of the connection that has been idle for the
    /// longest time, of the same network if that is at its limit. `None` if there is no such connection.
    pub(crate) fn open(self: &Arc<Self>, network: ClientNetwork) -> Option<OpenConnection> {
        let mut open = self.lock();
        if open.networks.get(&network).is_some_and(|own| own.open >= self.bounds.max_per_network) {
            let (_, oldest) = *open.networks.get(&network)?.idle.first()?;
            open.replace(oldest);
        }
        if open.by_id.len() >= self.bounds.max {
            let (_, oldest) = *open.idle.first()?;
            open.replace(oldest);
        }
        open.last_id += 1;
        let connection = Arc::new(Connection {
            id: open.last_id,
            network,
            all: self.clone(),
            progress: Mutex::default(),
            close: Notify::new(),
            reason: Mutex::default(),
        });
        open.insert(connection.clone(), Instant::now());
        Some(OpenConnection(connection))
    }

    /// Closes the connection that has been idle for the longest time, so that its descriptor becomes free.
    pub(crate) fn close_oldest_idle(&self) {
        let mut open = self.lock();
        if let Some((_, oldest)) = open.idle.first().copied() {
            open.replace(oldest);
        }
    }

    /// Closes connections at their deadlines. Never returns.
    pub(crate) async fn run_deadlines(self: Arc<Self>) {
        let Deadlines { head, idle, write } = self.deadlines;
        let shortest = head.min(idle).min(write.patience);
        let period = (shortest / 8).clamp(Duration::from_millis(10), Duration::from_secs(1));
        let mut interval = tokio::time::interval(period);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            self.close_overdue(Instant::now());
        }
    }

    fn close_overdue(&self, now: Instant) {
        for entry in self.lock().by_id.values() {
            let idle_since = (entry.requests == 0).then_some(entry.idle_since);
            let deadline = entry.connection.progress().deadline(idle_since, &self.deadlines);
            if let Some((at, reason)) = deadline
                && at <= now
            {
                entry.connection.close(reason);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn insert(&mut self, connection: Arc<Connection>, now: Instant) {
        let (id, network) = (connection.id, connection.network);
        let own = self.networks.entry(network).or_default();
        own.open += 1;
        own.idle.insert((now, id));
        self.idle.insert((now, id));
        self.by_id.insert(id, Entry { connection, requests: 0, idle_since: now });
    }

    fn remove(&mut self, id: u64) -> Option<Arc<Connection>> {
        let Entry { connection, idle_since, .. } = self.by_id.remove(&id)?;
        self.idle.remove(&(idle_since, id));
        if let Some(own) = self.networks.get_mut(&connection.network) {
            own.open -= 1;
            own.idle.remove(&(idle_since, id));
            if own.open == 0 {
                self.networks.remove(&connection.network);
            }
        }
        Some(connection)
    }

    fn replace(&mut self, id: u64) {
        if let Some(connection) = self.remove(id) {
            connection.close(CloseReason::Replaced);
        }
    }

    fn begin_request(&mut self, id: u64) {
        let Some(entry) = self.by_id.get_mut(&id) else { return };
        entry.requests += 1;
        if entry.requests == 1 {
            let key = (entry.idle_since, id);
            self.idle.remove(&key);
            if let Some(own) = self.networks.get_mut(&entry.connection.network) {
                own.idle.remove(&key);
            }
        }
    }

    fn end_request(&mut self, id: u64, now: Instant) {
        let Some(entry) = self.by_id.get_mut(&id) else { return };
        entry.requests = entry.requests.saturating_sub(1);
        if entry.requests == 0 {
            entry.idle_since = now;
            self.idle.insert((now, id));
            if let Some(own) = self.networks.get_mut(&entry.connection.network) {
                own.idle.insert((now, id));
            }
        }
    }
}

impl Connection {
    pub(crate) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request until its response is dropped.
    pub(crate) fn begin_request(self: &Arc<Self>) -> OpenRequest {
        self.all.lock().begin_request(self.id);
        let mut progress = self.progress();
        progress.end_head();
        progress.set_unread_body(false);
        drop(progress);
        OpenRequest { connection: self.clone() }
    }

    fn close(&self, reason: CloseReason) {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
        self.close.notify_one();
    }

    /// Completes when the connection is to be closed.
    pub(crate) async fn closed(&self) -> CloseReason {
        loop {
            self.close.notified().await;
            let reason = *self.reason.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(reason) = reason {
                return reason;
            }
        }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.all.lock().remove(self.0.id);
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.connection.progress().end_head();
        self.connection.all.lock().end_request(self.connection.id, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::http::pace::Pace;

    fn connections(max: usize, max_per_network: usize) -> Arc<Connections> {
        let write = Pace { patience: Duration::from_secs(30), rate: 1 };
        let deadlines = Deadlines { head: Duration::from_secs(10), idle: Duration::from_secs(75), write };
        Connections::new(ConnectionBounds { max, max_per_network }, deadlines)
    }

    fn network(last: u8) -> ClientNetwork {
        ClientNetwork::of([192, 0, 2, last].into())
    }

    fn reason(connection: &OpenConnection) -> Option<CloseReason> {
        connection.0.closed().now_or_never()
    }

    #[test]
    fn at_the_limit_the_oldest_idle_connection_makes_room() {
        let all = connections(2, 2);
        let first = all.open(network(1)).unwrap();
        let second = all.open(network(2)).unwrap();
        let request = first.0.begin_request();
        let third = all.open(network(3)).unwrap();
        assert_eq!((reason(&first), reason(&second)), (None, Some(CloseReason::Replaced)));
        let other = third.0.begin_request();
        assert!(all.open(network(4)).is_none());
        drop((request, other));
        assert!(all.open(network(4)).is_some());
        assert_eq!((reason(&first), reason(&third)), (Some(CloseReason::Replaced), None));
    }

    #[test]
    fn a_network_at_its_limit_replaces_its_own_connections() {
        let all = connections(10, 2);
        let other = all.open(network(2)).unwrap();
        let (first, second) = (all.open(network(1)).unwrap(), all.open(network(1)).unwrap());
        let _request = first.0.begin_request();
        let third = all.open(network(1)).unwrap();
        assert_eq!(reason(&second), Some(CloseReason::Replaced));
        let _requests = [third.0.begin_request(), third.0.begin_request()];
        assert!(all.open(network(1)).is_none());
        assert_eq!((reason(&other), reason(&first)), (None, None));
    }

    #[test]
    fn closed_connections_are_forgotten() {
        let all = connections(10, 10);
        let connection = all.open(network(1)).unwrap();
        let request = connection.0.begin_request();
        drop(connection);
        drop(request);
        let open = all.lock();
        assert!(open.by_id.is_empty() && open.idle.is_empty() && open.networks.is_empty());
    }

    #[test]
    fn overdue_connections_are_closed() {
        let all = connections(10, 10);
        let (silent, busy) = (all.open(network(1)).unwrap(), all.open(network(1)).unwrap());
        let _request = busy.0.begin_request();
        all.close_overdue(Instant::now());
        assert_eq!(reason(&silent), None);
        all.close_overdue(Instant::now() + Duration::from_secs(11));
        assert_eq!((reason(&silent), reason(&busy)), (Some(CloseReason::SlowHead), None));
    }
}
