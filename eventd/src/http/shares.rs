//! An amount that all requests share, of which no client network can take all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::client_network::ClientNetwork;

/// An amount of something, such as bytes, with a limit for each client network. What is not free is waited
/// for, in the order of arrival within a network, and then in that of all.
pub(crate) struct Shares {
    size: usize,
    per_network: usize,
    all: Arc<Semaphore>,
    /// The networks that hold shares or wait for them, with what is free for each.
    networks: Mutex<HashMap<ClientNetwork, Arc<Semaphore>>>,
}

/// A part of the amount, returned on drop. The order of the fields is that of their return.
pub(crate) struct Share {
    _all: Option<OwnedSemaphorePermit>,
    _network: Option<OwnedSemaphorePermit>,
    _member: Member,
}

/// A network while it holds a share or waits for one.
struct Member {
    shares: Arc<Shares>,
    network: ClientNetwork,
    /// `None` only while it is dropped.
    free: Option<Arc<Semaphore>>,
}

impl Shares {
    /// Shares of `size` in all, and of `per_network` for each network.
    pub(crate) fn new(size: usize, per_network: usize) -> Arc<Self> {
        let per_network = per_network.clamp(1, size.max(1));
        let all = Arc::new(Semaphore::new(size));
        Arc::new(Self { size, per_network, all, networks: Mutex::default() })
    }

    /// Takes a share, and waits for it if necessary. No share is larger than the limit of a network.
    pub(crate) async fn take(self: &Arc<Self>, network: ClientNetwork, amount: usize) -> Share {
        let amount = u32::try_from(amount.min(self.per_network)).unwrap_or(u32::MAX);
        let (member, free) = self.member(network);
        // The semaphores are never closed, so that neither can fail.
        let of_network = free.acquire_many_owned(amount).await.ok();
        let of_all = self.all.clone().acquire_many_owned(amount).await.ok();
        Share { _all: of_all, _network: of_network, _member: member }
    }

    /// The amount that is taken.
    pub(crate) fn taken(&self) -> usize {
        self.size.saturating_sub(self.all.available_permits())
    }

    fn member(self: &Arc<Self>, network: ClientNetwork) -> (Member, Arc<Semaphore>) {
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Semaphore::new(self.per_network));
        let free = networks.entry(network).or_insert_with(new).clone();
        (Member { shares: self.clone(), network, free: Some(free.clone()) }, free)
    }
}

impl Drop for Member {
    /// Forgets the network with its last member.
    fn drop(&mut self) {
        let mut networks = self.shares.networks.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.free.take());
        if networks.get(&self.network).is_some_and(|free| Arc::strong_count(free) == 1) {
            networks.remove(&self.network);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn network(last: u8) -> ClientNetwork {
        ClientNetwork::of([192, 0, 2, last].into())
    }

    #[test]
    fn one_network_cannot_take_all() {
        let shares = Shares::new(4, 3);
        let first = shares.take(network(1), 2).now_or_never().unwrap();
        assert!(shares.take(network(1), 2).now_or_never().is_none());
        let other = shares.take(network(2), 2).now_or_never().unwrap();
        assert_eq!(shares.taken(), 4);
        assert!(shares.take(network(3), 1).now_or_never().is_none());
        drop(first);
        assert!(shares.take(network(1), 2).now_or_never().is_some());
        drop(other);
        assert_eq!(shares.taken(), 0);
    }

    #[test]
    fn a_share_is_never_larger_than_the_limit_of_a_network() {
        let shares = Shares::new(4, 3);
        let all_it_can = shares.take(network(1), 100).now_or_never().unwrap();
        assert_eq!(shares.taken(), 3);
        drop(all_it_can);
        assert_eq!(shares.taken(), 0);
    }

    #[test]
    fn networks_without_shares_are_forgotten() {
        let shares = Shares::new(1, 1);
        let held = shares.take(network(1), 1).now_or_never().unwrap();
        for last in 2..20 {
            assert!(shares.take(network(last), 1).now_or_never().is_none());
        }
        assert_eq!(shares.networks.lock().unwrap().len(), 1);
        drop(held);
        assert_eq!(shares.networks.lock().unwrap().len(), 0);
    }
}
