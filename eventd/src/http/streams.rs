//! The open live streams, of which no client network and no account has too many.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eventcore::UserId;

use super::client_network::ClientNetwork;
use super::problem::Problem;
use super::problem_kind::Kind;

/// How long a client waits that has too many streams.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// How many streams may be open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamBounds {
    pub(crate) max: usize,
    pub(crate) per_network: usize,
    pub(crate) per_account: usize,
}

impl StreamBounds {
    /// Without the limits per client and account.
    pub(crate) const fn without_limits(self) -> Self {
        Self { per_network: usize::MAX, per_account: usize::MAX, ..self }
    }
}

/// The open streams.
pub(crate) struct Streams {
    bounds: StreamBounds,
    open: Mutex<StreamCounts>,
}

#[derive(Default)]
struct StreamCounts {
    all: usize,
    networks: HashMap<ClientNetwork, usize>,
    accounts: HashMap<UserId, usize>,
}

/// A stream until this is dropped.
pub(crate) struct OpenStream {
    streams: Arc<Streams>,
    network: ClientNetwork,
    account: Option<UserId>,
}

impl Streams {
    pub(crate) fn new(bounds: StreamBounds) -> Arc<Self> {
        Arc::new(Self { bounds, open: Mutex::default() })
    }

    /// The number of open streams.
    pub(crate) fn count(&self) -> usize {
        self.lock().all
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// 429 if the network or the account has too many, 503 if there are too many in all.
    pub(crate) fn open(
        self: &Arc<Self>,
        network: ClientNetwork,
        account: Option<UserId>,
    ) -> Result<OpenStream, Problem> {
        let mut open = self.lock();
        let of = |count: Option<&usize>| count.copied().unwrap_or(0);
        if of(open.networks.get(&network)) >= self.bounds.per_network {
            return Err(too_many(Kind::RateLimited, "your network has too many open streams: close some"));
        }
        if account.is_some_and(|account| of(open.accounts.get(&account)) >= self.bounds.per_account) {
            return Err(too_many(Kind::RateLimited, "your account has too many open streams: close some"));
        }
        if open.all >= self.bounds.max {
            return Err(too_many(Kind::Unavailable, "the server has too many open streams: try again later"));
        }
        open.all += 1;
        *open.networks.entry(network).or_default() += 1;
        if let Some(account) = account {
            *open.accounts.entry(account).or_default() += 1;
        }
        Ok(OpenStream { streams: self.clone(), network, account })
    }

    fn lock(&self) -> MutexGuard<'_, StreamCounts> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_many(kind: Kind, detail: &str) -> Problem {
    let mut problem = Problem::new(kind, detail);
    problem.retry_after = Some(RETRY_AFTER);
    problem
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        open.all = open.all.saturating_sub(1);
        subtract(&mut open.networks, &self.network);
        if let Some(account) = self.account {
            subtract(&mut open.accounts, &account);
        }
    }
}

fn subtract<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(last: u8) -> ClientNetwork {
        ClientNetwork::of([192, 0, 2, last].into())
    }

    fn account(number: u128) -> UserId {
        uuid::Uuid::from_u128(number).into()
    }

    #[test]
    fn streams_are_bounded_for_networks_accounts_and_all() {
        let streams = Streams::new(StreamBounds { max: 4, per_network: 2, per_account: 2 });
        let refusal = |network, account| streams.open(network, account).map(drop).unwrap_err().kind;
        let first = streams.open(network(1), Some(account(1))).unwrap();
        let second = streams.open(network(1), None).unwrap();
        assert_eq!(refusal(network(1), None), Kind::RateLimited);
        let third = streams.open(network(2), Some(account(1))).unwrap();
        assert_eq!(refusal(network(2), Some(account(1))), Kind::RateLimited);
        let fourth = streams.open(network(2), Some(account(2))).unwrap();
        assert_eq!(refusal(network(3), None), Kind::Unavailable);
        drop((second, fourth));
        assert!(streams.open(network(1), Some(account(3))).is_ok());
        drop((first, third));
        let open = streams.lock();
        assert!(open.all == 0 && open.networks.is_empty() && open.accounts.is_empty());
    }
}
