//! The memory of responses that clients have not read yet.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::client_network::ClientNetwork;

/// How much the responses of one client network may take before its requests are refused, in bytes.
const NETWORK_LIMIT: usize = 8 << 20;
/// The same while all responses take more than `TOTAL_LIMIT`: clients that read stay below.
const STRICT_LIMIT: usize = 256 << 10;
const TOTAL_LIMIT: usize = 48 << 20;

/// The bytes of responses that exist and have not been sent.
#[derive(Default)]
pub(crate) struct Unsent(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    total: usize,
    networks: HashMap<ClientNetwork, usize>,
}

impl Unsent {
    /// Whether a client network must read responses before it gets more.
    pub(crate) fn is_exceeded(&self, network: ClientNetwork) -> bool {
        let counts = self.lock();
        let limit = if counts.total > TOTAL_LIMIT { STRICT_LIMIT } else { NETWORK_LIMIT };
        counts.networks.get(&network).is_some_and(|own| *own > limit)
    }

    /// The bytes of all responses.
    pub(crate) fn total(&self) -> usize {
        self.lock().total
    }

    /// Counts the bytes of a response until all of them were sent or dropped.
    pub(crate) fn count<B: Body>(self: &Arc<Self>, body: B, network: ClientNetwork) -> CountedBody<B> {
        let size = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        let charge = (size > 0).then(|| {
            let mut counts = self.lock();
            counts.total = counts.total.saturating_add(size);
            let own = counts.networks.entry(network).or_default();
            *own = own.saturating_add(size);
            drop(counts);
            Arc::new(Charge { unsent: self.clone(), network, size })
        });
        CountedBody { body, charge }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of one response.
struct Charge {
    unsent: Arc<Unsent>,
    network: ClientNetwork,
    size: usize,
}

impl Drop for Charge {
    fn drop(&mut self) {
        let mut counts = self.unsent.lock();
        counts.total = counts.total.saturating_sub(self.size);
        if let Some(own) = counts.networks.get_mut(&self.network) {
            *own = own.saturating_sub(self.size);
            if *own == 0 {
                counts.networks.remove(&self.network);
            }
        }
    }
}

/// Data that keeps the charge as long as any part of it exists.
struct CountedData {
    data: Bytes,
    _charge: Arc<Charge>,
}

impl AsRef<[u8]> for CountedData {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

/// A body whose bytes are counted.
pub(crate) struct CountedBody<B> {
    body: B,
    charge: Option<Arc<Charge>>,
}

impl<B: Body<Data = Bytes> + Unpin> Body for CountedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let charge = self.charge.clone();
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| {
                frame.map_data(|data| match charge {
                    Some(charge) => Bytes::from_owner(CountedData { data, _charge: charge }),
                    None => data,
                })
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use http_body_util::{BodyExt, Full};

    use super::*;

    fn network(last: u8) -> ClientNetwork {
        ClientNetwork::of([192, 0, 2, last].into())
    }

    fn body(size: usize) -> Full<Bytes> {
        Full::new(Bytes::from(vec![0; size]))
    }

    #[test]
    fn bytes_count_until_the_last_of_them_is_dropped() {
        let unsent = Arc::new(Unsent::default());
        let mut counted = unsent.count(body(100), network(1));
        assert_eq!((counted.size_hint().exact(), unsent.total()), (Some(100), 100));
        let data = counted.frame().now_or_never().unwrap().unwrap().unwrap().into_data().unwrap();
        drop(counted);
        let part = data.slice(90..);
        drop(data);
        assert_eq!((part.len(), unsent.total()), (10, 100));
        drop(part);
        assert_eq!(unsent.total(), 0);
        assert!(unsent.lock().networks.is_empty());
    }

    #[test]
    fn a_network_must_read_before_it_gets_more() {
        let unsent = Arc::new(Unsent::default());
        let small = unsent.count(body(STRICT_LIMIT + 1), network(1));
        let large = unsent.count(body(NETWORK_LIMIT + 1), network(2));
        assert!(!unsent.is_exceeded(network(1)) && unsent.is_exceeded(network(2)));
        let others: Vec<_> = (3..9).map(|last| unsent.count(body(NETWORK_LIMIT), network(last))).collect();
        assert!(unsent.is_exceeded(network(1)) && !unsent.is_exceeded(network(100)));
        drop((others, large));
        assert!(!unsent.is_exceeded(network(1)) && !unsent.is_exceeded(network(2)));
        drop(small);
    }
}
