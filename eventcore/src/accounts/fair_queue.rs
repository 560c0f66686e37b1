//! A bounded queue for work that occupies a processor, fair between clients.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// How many calls of one client may wait.
const CLIENT_LIMIT: usize = 16;
/// How many calls may wait in all.
const TOTAL_LIMIT: usize = 1_024;

/// The queue. It serves clients round robin, one call each, so that a client with many calls delays others no
/// more than one with a few does. The calls of one client are served in their order. Clones share the queue.
#[derive(Debug, Clone)]
pub(super) struct FairQueue(Arc<Mutex<State>>);

/// Whose calls wait together: a client network, or the program itself.
pub(super) type Client = Option<IpAddr>;

#[derive(Debug)]
struct State {
    /// How many more calls may run.
    free: usize,
    /// The number of waiting calls.
    waiting: usize,
    /// The waiting calls of each client that has any.
    queues: HashMap<Client, VecDeque<oneshot::Sender<WorkPermit>>>,
    /// The clients with waiting calls, the next one first.
    order: VecDeque<Client>,
    /// Whether a client may have more than [`CLIENT_LIMIT`] waiting calls.
    limits_clients: bool,
}

/// Why a call may not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// The client has too many waiting calls.
    ForClient,
    /// There are too many waiting calls in all.
    ForAll,
}

/// Permission to work. Dropping it admits the next call.
#[derive(Debug)]
#[must_use = "dropping the permit gives it back"]
pub(super) struct WorkPermit(Option<FairQueue>);

impl Drop for WorkPermit {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            queue.release();
        }
    }
}

impl FairQueue {
    /// A queue that lets `concurrent` calls work at once.
    pub(super) fn new(concurrent: usize, limits_clients: bool) -> Self {
        let (queues, order) = (HashMap::new(), VecDeque::new());
        Self(Arc::new(Mutex::new(State { free: concurrent, waiting: 0, queues, order, limits_clients })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until this call may work.
    pub(super) async fn acquire(&self, client: Client) -> Result<WorkPermit, Full> {
        let served = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                return Ok(WorkPermit(Some(self.clone())));
            }
            state.join(client)?
        };
        // The sender is dropped when the call gives way to one of a client that waits for less.
        served.await.map_err(|_| Full::ForAll)
    }

    /// Gives the permit of a finished call to the next one that still waits.
    fn release(&self) {
        loop {
            let Some(next) = self.state().pop() else { return };
            match next.send(WorkPermit(Some(self.clone()))) {
                Ok(()) => return,
                // The caller is gone. Its permit must not be released twice.
                Err(mut permit) => permit.0 = None,
            }
        }
    }
}

impl State {
    /// Adds a call to the queue of its client.
    fn join(&mut self, client: Client) -> Result<oneshot::Receiver<WorkPermit>, Full> {
        // Callers that are gone keep their place until it is needed.
        let length = self.queues.get_mut(&client).map_or(0, |queue| {
            if queue.len() >= CLIENT_LIMIT {
                let before = queue.len();
                queue.retain(|call| !call.is_closed());
                self.waiting -= before - queue.len();
            }
            queue.len()
        });
        if self.limits_clients && length >= CLIENT_LIMIT {
            return Err(Full::ForClient);
        }
        if self.waiting >= TOTAL_LIMIT {
            self.make_room(length)?;
        }
        let (sender, receiver) = oneshot::channel();
        let queue = self.queues.entry(client).or_insert_with(|| {
            self.order.push_back(client);
            VecDeque::new()
        });
        queue.push_back(sender);
        self.waiting += 1;
        Ok(receiver)
    }

    /// Removes the last call of the longest queue, unless one of `length` calls would become as long.
    fn make_room(&mut self, length: usize) -> Result<(), Full> {
        let longest = self.queues.values_mut().max_by_key(|queue| queue.len()).ok_or(Full::ForAll)?;
        if longest.len() <= length + 1 {
            return Err(Full::ForAll);
        }
        longest.pop_back();
        self.waiting -= 1;
        Ok(())
    }

    /// Removes the next call. Without one, another call may run.
    fn pop(&mut self) -> Option<oneshot::Sender<WorkPermit>> {
        while let Some(client) = self.order.pop_front() {
            let Some(queue) = self.queues.get_mut(&client) else { continue };
            let next = queue.pop_front();
            if queue.is_empty() {
                self.queues.remove(&client);
            } else {
                self.order.push_back(client);
            }
            if let Some(next) = next {
                self.waiting -= 1;
                return Some(next);
            }
        }
        self.free += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    type Waiting = Pin<Box<dyn Future<Output = Result<WorkPermit, Full>>>>;

    fn client(number: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, number])
    }

    fn poll(call: &mut Waiting) -> Poll<Result<WorkPermit, Full>> {
        call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    /// A call that has joined the queue.
    fn waiting(queue: &FairQueue, of: IpAddr) -> Waiting {
        let queue = queue.clone();
        let mut call: Waiting = Box::pin(async move { queue.acquire(Some(of)).await });
        assert!(poll(&mut call).is_pending());
        call
    }

    fn permit(queue: &FairQueue) -> WorkPermit {
        let queue = queue.clone();
        let mut call: Waiting = Box::pin(async move { queue.acquire(Some(client(9))).await });
        let Poll::Ready(Ok(permit)) = poll(&mut call) else { panic!("the queue is busy") };
        permit
    }

    #[test]
    fn clients_are_served_round_robin() {
        let queue = FairQueue::new(1, true);
        let mut held = permit(&queue);
        let mut calls: Vec<_> =
            [1, 1, 1, 2, 2, 3].into_iter().map(|n| (n, waiting(&queue, client(n)))).collect();
        let mut served = Vec::new();
        while !calls.is_empty() {
            drop(held);
            let ready = calls.iter_mut().enumerate().find_map(|(at, (_, call))| match poll(call) {
                Poll::Ready(Ok(permit)) => Some((at, permit)),
                _ => None,
            });
            let (at, next) = ready.expect("one call is served");
            held = next;
            served.push(calls.remove(at).0);
        }
        assert_eq!(served, [1, 2, 3, 1, 2, 1]);
        drop(held);
        drop(permit(&queue));
    }

    #[test]
    fn a_client_waits_with_few_calls_and_hinders_nobody_else() {
        let queue = FairQueue::new(1, true);
        let held = permit(&queue);
        let mut calls: Vec<_> = (0..CLIENT_LIMIT).map(|_| waiting(&queue, client(1))).collect();
        let refused = |of| {
            let mut call: Waiting = {
                let queue = queue.clone();
                Box::pin(async move { queue.acquire(Some(of)).await })
            };
            match poll(&mut call) {
                Poll::Ready(Err(full)) => Some(full),
                _ => None,
            }
        };
        assert_eq!(refused(client(1)), Some(Full::ForClient));
        let mut honest = waiting(&queue, client(2));
        // A caller that leaves makes room.
        calls.pop();
        let mut last = waiting(&queue, client(1));
        drop(held);
        let Poll::Ready(Ok(first)) = poll(&mut calls[0]) else { panic!("it came first") };
        drop(first);
        assert!(poll(&mut honest).is_ready());
        assert!(poll(&mut last).is_pending());
    }

    #[test]
    fn the_longest_queue_gives_way_when_the_queue_is_full() {
        let queue = FairQueue::new(1, false);
        let _held = permit(&queue);
        let mut calls: Vec<_> = (0..TOTAL_LIMIT).map(|_| waiting(&queue, client(1))).collect();
        let _honest = waiting(&queue, client(2));
        let Poll::Ready(Err(full)) = poll(calls.last_mut().unwrap()) else { panic!("it gave way") };
        assert_eq!(full, Full::ForAll);
        assert!(poll(&mut calls[TOTAL_LIMIT - 2]).is_pending());
    }

    #[test]
    fn callers_that_leave_are_passed_over() {
        let queue = FairQueue::new(1, true);
        let held = permit(&queue);
        drop(waiting(&queue, client(1)));
        let mut stays = waiting(&queue, client(2));
        drop(held);
        let Poll::Ready(Ok(taken)) = poll(&mut stays) else { panic!("it is next") };
        // A call that was served and left gives its permit back.
        drop(waiting(&queue, client(3)));
        drop(taken);
        drop(permit(&queue));
    }
}
