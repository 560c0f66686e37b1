//! How requests become batches, and what becomes of requests that wait, panic or lose their callers.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::sync::{Notify, Semaphore, mpsc};

use super::*;

type Numbers = Batcher<char, u32, u32>;

/// Longer than a test takes.
const WAIT: Duration = Duration::from_mins(5);

fn batcher(size: usize, running: usize) -> Numbers {
    Batcher::new(BatchLimits { size, running, wait: WAIT })
}

/// Submits a request on a task of its own, and waits until it is in the queue or runs.
async fn submit<F: Future<Output = ()> + Send + 'static>(
    batcher: &Numbers,
    key: char,
    request: u32,
    work: impl Fn(Batch<char, u32, u32>) -> F + Send + Sync + 'static,
) -> tokio::task::JoinHandle<Result<u32, NoAnswer>> {
    let (own, (begun, mut has_begun)) = (batcher.clone(), mpsc::channel::<()>(1));
    let task = tokio::spawn(async move {
        let mut answer = Box::pin(own.submit(key, request, work));
        let first = poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await;
        drop(begun);
        match first {
            Poll::Ready(answer) => answer,
            Poll::Pending => answer.await,
        }
    });
    assert_eq!(has_begun.recv().await, None);
    task
}

/// Work that reports its batches, and answers each request by itself once it has a permit.
#[derive(Clone)]
struct Recorder {
    batches: Arc<Mutex<Vec<Vec<u32>>>>,
    permits: Arc<Semaphore>,
    begun: Arc<Notify>,
}

impl Recorder {
    fn new(permits: usize) -> Self {
        let permits = Arc::new(Semaphore::new(permits));
        Self { batches: Arc::default(), permits, begun: Arc::default() }
    }

    fn work(&self) -> impl Fn(Batch<char, u32, u32>) -> Pin<Box<dyn Future<Output = ()> + Send>> + use<> {
        let own = self.clone();
        move |mut batch| {
            let own = own.clone();
            Box::pin(async move {
                let requests: Vec<u32> = batch.requests().copied().collect();
                own.batches.lock().unwrap().push(requests.clone());
                own.begun.notify_one();
                own.permits.acquire().await.unwrap().forget();
                batch.answer(requests.into_iter().map(Some));
            })
        }
    }

    fn batches(&self) -> Vec<Vec<u32>> {
        self.batches.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn requests_that_come_while_a_batch_runs_form_the_next_one() {
    let (batcher, recorder) = (batcher(3, 1), Recorder::new(0));
    let mut tasks = vec![submit(&batcher, 'a', 0, recorder.work()).await];
    recorder.begun.notified().await;
    for (key, request) in [('b', 1), ('a', 2), ('c', 3), ('b', 4)] {
        tasks.push(submit(&batcher, key, request, recorder.work()).await);
    }
    recorder.permits.add_permits(9);
    for (task, request) in tasks.into_iter().zip(0..) {
        assert_eq!(task.await.unwrap(), Ok(request));
    }
    assert_eq!(recorder.batches(), [vec![0], vec![1, 2, 3], vec![4]]);
    let state = batcher.lock();
    assert!(state.ready.is_empty() && state.busy.is_empty() && state.running == 0, "all is over");
}

#[tokio::test]
async fn a_key_is_in_one_batch_at_a_time() {
    let (batcher, recorder) = (batcher(8, 2), Recorder::new(0));
    let mut tasks = vec![submit(&batcher, 'a', 0, recorder.work()).await];
    recorder.begun.notified().await;
    for (key, request) in [('a', 1), ('b', 2), ('a', 3)] {
        tasks.push(submit(&batcher, key, request, recorder.work()).await);
    }
    recorder.begun.notified().await;
    assert_eq!(recorder.batches(), [vec![0], vec![2]], "the others wait for the first");
    recorder.permits.add_permits(9);
    for task in tasks {
        assert!(task.await.unwrap().is_ok());
    }
    assert_eq!(recorder.batches(), [vec![0], vec![2], vec![1, 3]]);
}

#[tokio::test]
async fn what_waits_delays_only_requests_with_its_keys() {
    let (batcher, open) = (batcher(8, 1), Arc::new(Semaphore::new(0)));
    let gate = open.clone();
    // Answers even requests at once; the odd ones wait on a task of their own.
    let work = move |mut batch: Batch<char, u32, u32>| {
        let gate = gate.clone();
        async move {
            let even: Vec<_> = batch.requests().map(|one| one.is_multiple_of(2).then_some(*one)).collect();
            batch.answer(even);
            for mut part in batch.into_parts() {
                let gate = gate.clone();
                tokio::spawn(async move {
                    gate.acquire().await.unwrap().forget();
                    let all: Vec<_> = part.requests().copied().map(Some).collect();
                    part.answer(all);
                });
            }
        }
    };
    let odd = submit(&batcher, 'a', 1, work.clone()).await;
    let behind = submit(&batcher, 'a', 2, work.clone()).await;
    assert_eq!(submit(&batcher, 'b', 4, work).await.await.unwrap(), Ok(4), "another key");
    assert!(!odd.is_finished() && !behind.is_finished());
    open.add_permits(1);
    assert_eq!((odd.await.unwrap(), behind.await.unwrap()), (Ok(1), Ok(2)));
}

#[tokio::test]
async fn requests_of_dropped_callers_run_all_the_same() {
    let (batcher, recorder) = (batcher(8, 1), Recorder::new(0));
    let first = submit(&batcher, 'a', 0, recorder.work()).await;
    recorder.begun.notified().await;
    let dropped = submit(&batcher, 'a', 1, recorder.work()).await;
    let stays = submit(&batcher, 'a', 2, recorder.work()).await;
    dropped.abort();
    assert!(dropped.await.unwrap_err().is_cancelled());
    recorder.permits.add_permits(9);
    assert_eq!((first.await.unwrap(), stays.await.unwrap()), (Ok(0), Ok(2)));
    assert_eq!(recorder.batches(), [vec![0], vec![1, 2]]);
}

#[tokio::test]
async fn a_batch_that_panics_ends_alone() {
    let (batcher, count) = (batcher(8, 1), Arc::new(AtomicUsize::new(0)));
    let work = move |mut batch: Batch<char, u32, u32>| {
        let nth = count.fetch_add(1, Ordering::SeqCst);
        async move {
            tokio::task::yield_now().await;
            assert!(nth != 0, "the first batch fails");
            let all: Vec<_> = batch.requests().copied().map(Some).collect();
            batch.answer(all);
        }
    };
    let first = submit(&batcher, 'a', 0, work.clone()).await;
    let second = submit(&batcher, 'a', 1, work).await;
    assert_eq!(first.await.unwrap(), Err(NoAnswer::Lost));
    assert_eq!(second.await.unwrap(), Ok(1));
}

/// Begins a request and returns its future, which is not polled any more.
async fn begin<'b, F: Future<Output = ()> + Send + 'static>(
    batcher: &'b Numbers,
    key: char,
    request: u32,
    work: impl Fn(Batch<char, u32, u32>) -> F + Send + Sync + 'b + 'static,
) -> Pin<Box<dyn Future<Output = Result<u32, NoAnswer>> + 'b>> {
    let mut call = Box::pin(batcher.submit(key, request, work));
    let first = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
    assert!(first.is_pending());
    call
}

#[tokio::test]
async fn a_caller_that_is_not_polled_delays_nobody() {
    let (batcher, recorder) = (batcher(8, 1), Recorder::new(9));
    let unpolled = begin(&batcher, 'a', 0, recorder.work()).await;
    for request in 1..4 {
        let task = submit(&batcher, 'a', request, recorder.work()).await;
        assert_eq!(task.await.unwrap(), Ok(request));
    }
    assert_eq!(unpolled.await, Ok(0), "the answer waits for its caller");
}

#[tokio::test]
async fn a_request_that_waits_too_long_never_runs() {
    let wait = Duration::from_millis(20);
    let (batcher, recorder) = (Batcher::new(BatchLimits { size: 8, running: 1, wait }), Recorder::new(0));
    let first = submit(&batcher, 'a', 0, recorder.work()).await;
    recorder.begun.notified().await;
    let late = [('a', 1), ('b', 2)];
    let unpolled = begin(&batcher, 'c', 3, recorder.work()).await;
    for (key, request) in late {
        let task = submit(&batcher, key, request, recorder.work()).await;
        assert_eq!(task.await.unwrap(), Err(NoAnswer::TooLate));
    }
    recorder.permits.add_permits(9);
    assert_eq!(first.await.unwrap(), Ok(0), "what runs is not interrupted");
    // Again, in case that this task sleeps longer than the time limit.
    while submit(&batcher, 'a', 4, recorder.work()).await.await.unwrap() == Err(NoAnswer::TooLate) {}
    assert_eq!(unpolled.await, Err(NoAnswer::TooLate));
    assert_eq!(recorder.batches(), [vec![0], vec![4]]);
}

#[tokio::test]
async fn requests_that_wait_for_a_key_run_in_the_order_of_arrival() {
    let (batcher, recorder) = (batcher(2, 1), Recorder::new(0));
    let mut tasks = vec![submit(&batcher, 'a', 0, recorder.work()).await];
    recorder.begun.notified().await;
    for (key, request) in [('b', 1), ('a', 2), ('a', 3), ('b', 4), ('a', 5)] {
        tasks.push(submit(&batcher, key, request, recorder.work()).await);
    }
    recorder.permits.add_permits(9);
    for task in tasks {
        assert!(task.await.unwrap().is_ok());
    }
    assert_eq!(recorder.batches(), [vec![0], vec![1, 2], vec![3, 4], vec![5]]);
}
