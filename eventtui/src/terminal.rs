//! The terminal: raw mode and the alternate screen, restored on every exit, and process signals.

mod whole_rows;

use std::io::{BufWriter, Stdout, Write, stdout};
use std::sync::Once;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::{Frame, Terminal};
use tokio::signal::unix::{Signal, SignalKind, signal};
use whole_rows::WholeRows;

/// The size of the output buffer, in bytes. Larger than any frame, so that each is written at once and never
/// seen in part.
const OUTPUT_BUFFER: usize = 64 << 10;

/// The terminal in raw mode, on the alternate screen. Dropping it restores the terminal.
pub(crate) struct FullScreen(Terminal<WholeRows<BufWriter<Stdout>>>);

impl FullScreen {
    /// Enters the alternate screen. A panic restores the terminal before its message is printed.
    pub(crate) fn enter() -> std::io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let print = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                leave();
                print(panic);
            }));
        });
        enter()?;
        Ok(Self(on_stdout()?))
    }

    /// Draws a frame.
    pub(crate) fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> std::io::Result<()> {
        self.0.draw(render).map(drop)
    }

    /// Columns and rows.
    pub(crate) fn size(&self) -> std::io::Result<(u16, u16)> {
        self.0.size().map(|size| (size.width, size.height))
    }

    /// Enters again after [`leave`]; the next frame is drawn in full.
    pub(crate) fn resume(&mut self) -> std::io::Result<()> {
        enter()?;
        // A new one, because clearing would query the cursor position, and the answer would be read as keys.
        self.0 = on_stdout()?;
        Ok(())
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        leave();
    }
}

fn on_stdout() -> std::io::Result<Terminal<WholeRows<BufWriter<Stdout>>>> {
    Terminal::new(WholeRows::new(BufWriter::with_capacity(OUTPUT_BUFFER, stdout())))
}

fn enter() -> std::io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste)
}

/// Restores the terminal. Errors are ignored: there is no terminal to restore then.
pub(crate) fn leave() {
    let _ = execute!(
        stdout(),
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        crossterm::cursor::Show
    );
    let _ = disable_raw_mode();
}

/// Copies a text to the clipboard of the user's terminal, also over SSH (OSC 52).
pub(crate) fn copy(text: &str) -> std::io::Result<()> {
    send(&format!("\x1b]52;c;{}\x07", STANDARD.encode(text)))
}

/// Sends a sequence that draws nothing.
pub(crate) fn send(sequence: &str) -> std::io::Result<()> {
    let mut out = stdout();
    out.write_all(sequence.as_bytes())?;
    out.flush()
}

/// Stops the process until it gets SIGCONT.
pub(crate) fn stop() -> std::io::Result<()> {
    signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)
}

/// A signal to the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProcessSignal {
    /// SIGTERM or SIGHUP.
    Terminate,
    /// SIGINT. In raw mode ^C is a key and sends no signal.
    Interrupt,
    /// SIGTSTP.
    Suspend,
}

/// SIGTERM, SIGHUP, SIGINT and SIGTSTP, caught so that the terminal is restored.
pub(crate) struct Signals {
    term: Signal,
    hangup: Signal,
    interrupt: Signal,
    stop: Signal,
    /// Whether SIGTERM or SIGHUP has arrived.
    pub(crate) ends: bool,
}

impl Signals {
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(signal_hook::consts::SIGTSTP))?,
            ends: false,
        })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> ProcessSignal {
        let signal = tokio::select! {
            _ = self.term.recv() => ProcessSignal::Terminate,
            _ = self.hangup.recv() => ProcessSignal::Terminate,
            _ = self.interrupt.recv() => ProcessSignal::Interrupt,
            _ = self.stop.recv() => ProcessSignal::Suspend,
        };
        self.ends |= signal == ProcessSignal::Terminate;
        signal
    }
}
