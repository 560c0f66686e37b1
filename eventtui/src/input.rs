//! Events of the terminal: keys, pastes, mouse and resizes. Reads only while [`Input::next`] is awaited, so
//! that an editor can have the terminal meanwhile.

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Result, Stdin, stdin};
use std::sync::mpsc;
use std::time::Duration;

use crossterm::event::{self, Event};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The terminal's event stream.
///
/// crossterm's own stream leaves a thread that reads when it is dropped, which would take the next key from
/// an editor. This one waits for the terminal to become readable without reading. Then a thread reads what
/// has arrived, since crossterm may block for the rest of an escape sequence, and reads no more until the
/// next request.
pub(crate) struct Input {
    terminal: AsyncFd<Stdin>,
    resized: Signal,
    ask: mpsc::Sender<()>,
    read: UnboundedReceiver<Result<Vec<Event>>>,
    /// Whether a request to the thread is open.
    asked: bool,
    arrived: VecDeque<Event>,
}

impl Input {
    pub(crate) fn listen() -> Result<Self> {
        let (ask, asks) = mpsc::channel();
        let (tell, read) = unbounded_channel();
        // Detached: it may block forever in an incomplete escape sequence.
        std::thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || while asks.recv().is_ok() && tell.send(read_all()).is_ok() {})?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe; here standard input stays open until the end, as it requires"
        )]
        let terminal = AsyncFd::with_interest(stdin(), Interest::READABLE)?;
        let resized = signal(SignalKind::window_change())?;
        Ok(Self { terminal, resized, ask, read, asked: false, arrived: VecDeque::new() })
    }

    /// The next event. Cancel safe: dropping the future loses no event.
    pub(crate) async fn next(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = self.arrived.pop_front() {
                return Ok(event);
            }
            if !self.asked {
                tokio::select! {
                    ready = self.terminal.readable() => {
                        let mut ready = ready?;
                        if ready.ready().is_read_closed() {
                            return Err(closed());
                        }
                        ready.clear_ready();
                    }
                    _ = self.resized.recv() => {}
                }
                self.ask.send(()).map_err(|_| closed())?;
                self.asked = true;
            }
            let read = self.read.recv().await.ok_or_else(closed)?;
            self.asked = false;
            self.arrived.extend(read?);
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::UnexpectedEof, "the terminal was closed")
}

/// All events that have arrived.
fn read_all() -> Result<Vec<Event>> {
    let mut events = Vec::new();
    while event::poll(Duration::ZERO)? {
        events.push(event::read()?);
    }
    Ok(events)
}
