//! The terminal: taken over on entering, given back whatever happens.

use std::io::{BufWriter, Stdout, Write, stdout};
use std::sync::Once;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Bytes of a frame that go out at once: more than any has, so that nobody sees half of one, and the terminal is woken once.
const FRAME: usize = 64 << 10;

/// The terminal while the program draws on it.
pub(crate) struct Screen(Terminal<CrosstermBackend<BufWriter<Stdout>>>);

impl Screen {
    /// Takes the terminal over; a panic gives it back before it says anything.
    pub(crate) fn enter() -> std::io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let say = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                leave();
                say(panic);
            }));
        });
        take()?;
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

    /// Takes the terminal over again after the program was suspended, or another one had it; all is drawn anew.
    pub(crate) fn resume(&mut self) -> std::io::Result<()> {
        take()?;
        // Clearing would ask the terminal where the cursor is, and whoever reads the keys would get the answer.
        self.0 = on_stdout()?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

fn on_stdout() -> std::io::Result<Terminal<CrosstermBackend<BufWriter<Stdout>>>> {
    Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(FRAME, stdout())))
}

fn take() -> std::io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste)
}

/// Gives the terminal back; where that fails there is no terminal any more.
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

/// Puts a text into the clipboard of whoever sits before the terminal (OSC 52), also over SSH.
pub(crate) fn copy(text: &str) -> std::io::Result<()> {
    let mut out = stdout();
    write!(out, "\x1b]52;c;{}\x07", STANDARD.encode(text))?;
    out.flush()
}

/// Stops the program until the shell lets it go on.
pub(crate) fn stop() -> std::io::Result<()> {
    signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)
}

/// What a signal tells the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    End,
    /// ^C, of a terminal that makes a signal of it: ours makes a key.
    Interrupt,
    Stop,
}

/// SIGTERM, SIGHUP, SIGINT and SIGTSTP: so that the terminal is given back then too.
pub(crate) struct Signals {
    term: Signal,
    hangup: Signal,
    interrupt: Signal,
    stop: Signal,
    /// Whether any told the program to end.
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

    /// Waits for one.
    pub(crate) async fn next(&mut self) -> Told {
        let told = tokio::select! {
            _ = self.term.recv() => Told::End,
            _ = self.hangup.recv() => Told::End,
            _ = self.interrupt.recv() => Told::Interrupt,
            _ = self.stop.recv() => Told::Stop,
        };
        self.ends |= told == Told::End;
        told
    }
}
