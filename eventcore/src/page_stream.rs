//! [`ItemStream`]: a long list as a stream, read page by page.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::actor::Actor;
use crate::agenda::AgendaFilter;
use crate::core::EventCore;
use crate::error::Result;
use crate::events::Occurrence;
use crate::id::OccurrenceId;
use crate::page::{Page, PageRequest};
use crate::registrations::{Registration, RegistrationStatus};

type PageFuture<T> = Pin<Box<dyn Future<Output = Result<Page<T>>> + Send>>;
type ReadPage<T> = Box<dyn Fn(PageRequest) -> PageFuture<T> + Send>;

/// The items of a long list, one after another. A [`Stream`], with [`ItemStream::next`] for programs that use
/// no other streams.
///
/// Pages of 100 items are read as they are needed, each in its own statement: as with cursors, what others
/// insert or delete meanwhile makes no item be skipped or repeated. After an error the stream ends.
#[must_use = "nothing is read before the stream is polled"]
pub struct ItemStream<T> {
    read: ReadPage<T>,
    items: VecDeque<T>,
    /// The page that is being read.
    reading: Option<PageFuture<T>>,
    /// The page after `items`.
    next: Option<PageRequest>,
}

impl<T> ItemStream<T> {
    fn new(read: impl Fn(PageRequest) -> PageFuture<T> + Send + 'static) -> Self {
        let next = Some(PageRequest::first(PageRequest::MAX_LIMIT));
        Self { read: Box::new(read), items: VecDeque::new(), reading: None, next }
    }
}

impl<T: Unpin> ItemStream<T> {
    /// The next item; `None` after the last. No item is lost if the future is dropped.
    ///
    /// # Errors
    /// Those of the list. The stream has ended then.
    pub async fn next(&mut self) -> Option<Result<T>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T: Unpin> Stream for ItemStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let this = &mut *self;
        loop {
            if let Some(item) = this.items.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            if let Some(reading) = &mut this.reading {
                let read = ready!(reading.as_mut().poll(cx));
                this.reading = None;
                match read {
                    Ok(page) => {
                        this.items = page.items.into();
                        this.next = page
                            .next
                            .map(|cursor| PageRequest::first(PageRequest::MAX_LIMIT).at(Some(cursor)));
                    }
                    Err(error) => return Poll::Ready(Some(Err(error))),
                }
            } else {
                let Some(request) = this.next.take() else { return Poll::Ready(None) };
                this.reading = Some((this.read)(request));
            }
        }
    }
}

impl<T> std::fmt::Debug for ItemStream<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ItemStream").field("read", &self.items.len()).finish_non_exhaustive()
    }
}

impl EventCore {
    /// All items of [`EventCore::occurrences`], as a stream.
    ///
    /// ```
    /// use eventcore::agenda::AgendaFilter;
    /// use eventcore::{Actor, EventCore};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let core = EventCore::builder().temporary().open().await?;
    /// let mut upcoming = core.occurrence_stream(Actor::Anonymous, AgendaFilter::default());
    /// while let Some(occurrence) = upcoming.next().await {
    ///     println!("{}", occurrence?.title);
    /// }
    /// # core.close().await;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn occurrence_stream(&self, actor: Actor, filter: AgendaFilter) -> ItemStream<Occurrence> {
        let core = self.clone();
        ItemStream::new(move |page| {
            let (core, filter) = (core.clone(), filter.clone());
            Box::pin(async move { core.occurrences(&actor, &filter, &page).await })
        })
    }

    /// All items of [`EventCore::registrations`], as a stream.
    pub fn registration_stream(
        &self,
        actor: Actor,
        occurrence: OccurrenceId,
        status: Option<RegistrationStatus>,
    ) -> ItemStream<Registration> {
        let core = self.clone();
        ItemStream::new(move |page| {
            let core = core.clone();
            Box::pin(async move { core.registrations(&actor, occurrence, status, &page).await })
        })
    }
}
