//! The stream, the requests and the responses of a connection, which record its progress.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connections::{Connection, OpenRequest};

/// A response is passed on in parts of this size, in bytes, so that each part that the client reads counts as
/// progress.
const PART: usize = 16 << 10;
/// How much of a refused body is read and dropped before the connection is closed, in bytes.
const LINGER_LIMIT: usize = 4 << 20;

/// The stream of a connection.
pub(crate) struct WatchedStream<S> {
    stream: S,
    connection: Arc<Connection>,
    /// The bytes that were dropped after the shutdown.
    dropped: usize,
}

impl<S> WatchedStream<S> {
    pub(crate) fn new(stream: S, connection: Arc<Connection>) -> Self {
        Self { stream, connection, dropped: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let bytes = buffer.filled().get(before..).unwrap_or_default();
        self.connection.progress().receive(bytes, Instant::now());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + AsyncRead + Unpin> WatchedStream<S> {
    fn record(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Pending => self.connection.progress().block_write(Instant::now()),
            Poll::Ready(Ok(bytes)) => self.connection.progress().write(*bytes, Instant::now()),
            Poll::Ready(Err(_)) => {}
        }
        written
    }

    /// Reads and drops what the client still sends. Otherwise the system would reset the connection, and the
    /// client would lose the response that refuses its body.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut space = [0; 4096];
        while self.dropped < LINGER_LIMIT {
            let mut buffer = ReadBuf::new(&mut space);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            self.dropped += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + AsyncRead + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.record(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        self.record(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes when the socket has taken all that it wrote.
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.connection.progress().flush();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        let mut progress = self.connection.progress();
        if !progress.has_unread_body() {
            return Poll::Ready(Ok(()));
        }
        progress.shut_down(Instant::now());
        drop(progress);
        self.poll_linger(cx)
    }
}

/// The body of a request.
pub(crate) struct WatchedRequest<B: Body> {
    body: B,
    has_ended: bool,
    connection: Arc<Connection>,
}

impl<B: Body> WatchedRequest<B> {
    pub(crate) fn new(body: B, connection: Arc<Connection>) -> Self {
        Self { body, has_ended: false, connection }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for WatchedRequest<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.has_ended |= frame.is_none();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: Body> Drop for WatchedRequest<B> {
    fn drop(&mut self) {
        if !self.has_ended && !self.body.is_end_stream() {
            self.connection.progress().set_unread_body(true);
        }
    }
}

/// The body of a response. The request ends when it is dropped.
pub(crate) struct WatchedResponse<B> {
    body: Pin<Box<B>>,
    /// What is left of a chunk of the body.
    rest: Bytes,
    /// The size of the last part that was passed on.
    last: usize,
    number: u64,
    request: OpenRequest,
}

impl<B> WatchedResponse<B> {
    pub(crate) fn new(body: B, request: OpenRequest) -> Self {
        let number = request.connection.progress().begin_response();
        Self { body: Box::pin(body), rest: Bytes::new(), last: 0, number, request }
    }

    fn next_part(&mut self) -> Bytes {
        let part = self.rest.split_to(self.rest.len().min(PART));
        // hyper asks for a part when it has passed on the one before.
        let sent = std::mem::replace(&mut self.last, part.len());
        self.request.connection.progress().offer(self.number, sent, Instant::now());
        part
    }
}

impl<B: Body<Data = Bytes>> Body for WatchedResponse<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(self.next_part()))));
        }
        let frame = match self.body.as_mut().poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => frame,
            other => {
                // The client is not to blame for the time until the next part.
                self.request.connection.progress().end_offer(self.number);
                self.last = 0;
                return other;
            }
        };
        Poll::Ready(Some(Ok(match frame.into_data() {
            Ok(data) => {
                self.rest = data;
                Frame::data(self.next_part())
            }
            Err(frame) => frame,
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, inner) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(rest));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}

impl<B> Drop for WatchedResponse<B> {
    fn drop(&mut self) {
        self.request.connection.progress().end_offer(self.number);
    }
}
