//! What comes from the terminal: read only when there is something, and only while someone listens, so that an editor can have it meanwhile.

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Result, Stdin, stdin};
use std::sync::mpsc;
use std::time::Duration;

use crossterm::event::{self, Event};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Keys, pastes, the mouse, and new sizes.
///
/// crossterm's own stream leaves a thread reading when it is dropped, which takes the next key from whoever has the terminal then. Here the terminal is watched
/// without reading; a thread reads what has come, since the rest of an escape sequence may be waited for, and then nothing until it is asked again.
pub(crate) struct Input {
    terminal: AsyncFd<Stdin>,
    resized: Signal,
    ask: mpsc::Sender<()>,
    read: UnboundedReceiver<Result<Vec<Event>>>,
    /// Whether the thread reads.
    asked: bool,
    come: VecDeque<Event>,
}

impl Input {
    pub(crate) fn listen() -> Result<Self> {
        let (ask, asks) = mpsc::channel();
        let (tell, read) = unbounded_channel();
        // It ends with the program, also where the rest of an escape sequence never comes.
        std::thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || while asks.recv().is_ok() && tell.send(read_all()).is_ok() {})?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe, to ask for what holds here: standard input stays open until the end"
        )]
        let terminal = AsyncFd::with_interest(stdin(), Interest::READABLE)?;
        let resized = signal(SignalKind::window_change())?;
        Ok(Self { terminal, resized, ask, read, asked: false, come: VecDeque::new() })
    }

    /// The next event. Who stops waiting loses none.
    pub(crate) async fn next(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = self.come.pop_front() {
                return Ok(event);
            }
            if !self.asked {
                tokio::select! {
                    ready = self.terminal.readable() => {
                        let mut ready = ready?;
                        if ready.ready().is_read_closed() {
                            return Err(gone());
                        }
                        ready.clear_ready();
                    }
                    _ = self.resized.recv() => {}
                }
                self.ask.send(()).map_err(|_| gone())?;
                self.asked = true;
            }
            let read = self.read.recv().await.ok_or_else(gone)?;
            self.asked = false;
            self.come.extend(read?);
        }
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::UnexpectedEof, "the terminal is gone")
}

/// All that has come.
fn read_all() -> Result<Vec<Event>> {
    let mut events = Vec::new();
    while event::poll(Duration::ZERO)? {
        events.push(event::read()?);
    }
    Ok(events)
}
