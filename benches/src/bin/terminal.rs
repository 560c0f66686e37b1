//! Measures the terminal client in a pseudo-terminal, from outside: `terminal PROGRAM DATABASE-URL`. The database has more dates than one scrolls through.

use std::path::Path;
use std::time::{Duration, Instant};

use pty_process::{Command, OwnedReadPty, OwnedWritePty, Size};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const ROWS: u16 = 40;
const COLUMNS: u16 = 120;
/// Starts, of which the median and the slowest count.
const STARTS: usize = 20;
/// How long the client is left alone: it loads anew what is on the screen every 15 s.
const IDLE: Duration = Duration::from_secs(32);
/// What comes without such a pause is one frame.
const PAUSE: Duration = Duration::from_millis(2);
/// A screen that takes so long is none.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client at work.
struct Terminal {
    child: Child,
    output: OwnedReadPty,
    input: OwnedWritePty,
    screen: vt100::Parser,
}

impl Terminal {
    fn start(program: &Path, url: &str, home: &Path) -> Result<Self, Failure> {
        let (pty, pts) = pty_process::open()?;
        pty.resize(Size::new(ROWS, COLUMNS))?;
        let child = Command::new(program)
            .args(["--database", url])
            .env_clear()
            .env("HOME", home)
            .env("TERM", "xterm-256color")
            .env("TZ", "Europe/Berlin")
            .current_dir(home)
            .kill_on_drop(true)
            .spawn(pts)?;
        let (output, input) = pty.into_split();
        let rows = ROWS.try_into()?;
        let columns = COLUMNS.try_into()?;
        Ok(Self { child, output, input, screen: vt100::Parser::new(rows, columns, 0) })
    }

    /// Reads until the screen is as wanted; answers when that came, whatever came behind it: to make a screen of it takes longer than to draw it.
    async fn until(&mut self, wanted: impl Fn(&vt100::Screen) -> bool) -> Result<Instant, Failure> {
        let mut bytes = vec![0; 65_536];
        loop {
            let (mut pieces, mut patience) = (Vec::new(), PATIENCE);
            while let Ok(read) = tokio::time::timeout(patience, self.output.read(&mut bytes)).await {
                pieces.push((Instant::now(), bytes[..read?].to_vec()));
                patience = PAUSE;
            }
            if pieces.is_empty() {
                return Err(format!("it stays at:\n{}", self.screen.screen().contents()).into());
            }
            let mut held = None;
            for (came, piece) in pieces {
                self.screen.process(&piece);
                held = held.or_else(|| wanted(self.screen.screen()).then_some(came));
            }
            if let Some(came) = held {
                return Ok(came);
            }
        }
    }

    /// Presses a key; answers how long it took until the screen was as wanted.
    async fn press(
        &mut self,
        key: &str,
        wanted: impl Fn(&vt100::Screen) -> bool,
    ) -> Result<Duration, Failure> {
        let begun = Instant::now();
        self.input.write_all(key.as_bytes()).await?;
        Ok(self.until(wanted).await? - begun)
    }

    fn id(&self) -> Result<u32, Failure> {
        self.child.id().ok_or_else(|| "it has ended".into())
    }

    /// Nanoseconds that its threads have been running.
    fn ran(&self) -> Result<u64, Failure> {
        let mut ran = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.id()?))? {
            let figures = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            ran += figures.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(ran)
    }

    /// A line of its status, in MiB.
    fn memory(&self, name: &str) -> Result<u64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        Ok(digits.parse::<u64>()?.div_ceil(1_024))
    }
}

/// The row of the agenda that is selected, and its words.
fn selected(screen: &vt100::Screen) -> Option<String> {
    screen.rows(0, COLUMNS / 2).find(|row| row.starts_with('▌'))
}

/// A first screen with nothing left to come: the list is full, and the date beside it is there.
fn is_full(screen: &vt100::Screen) -> bool {
    let dates = screen.rows(0, COLUMNS).filter(|row| row.contains("Evening ")).count();
    dates > usize::from(ROWS) / 2 && selected(screen).is_some() && screen.contents().contains("quit")
}

fn say(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at =
        |part: usize| times.get((times.len() * part / 100).min(times.len() - 1)).copied().unwrap_or_default();
    println!(
        "{what:<44} median {:.2} ms, p99 {:.2} ms, slowest {:.2} ms ({} of them)",
        at(50).as_secs_f64() * 1e3,
        at(99).as_secs_f64() * 1e3,
        at(100).as_secs_f64() * 1e3,
        times.len()
    );
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, program, url] = arguments.as_slice() else { return Err("terminal PROGRAM DATABASE-URL".into()) };
    let program = &std::path::absolute(program)?;
    let home = tempfile::tempdir()?;

    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let mut terminal = Terminal::start(program, url, home.path())?;
        starts.push(terminal.until(is_full).await? - begun);
        terminal.input.write_all(b"q").await?;
        terminal.child.wait().await?;
    }
    say("start to the first full screen", starts);

    let mut terminal = Terminal::start(program, url, home.path())?;
    terminal.until(is_full).await?;
    let (down, up, page) = (["j"; 500].repeat(3), ["k"; 500].to_vec(), ["\x1b[6~"; 200].to_vec());
    for (what, keys) in [("one down", down), ("one up", up), ("a page down", page)] {
        let mut took = Vec::new();
        for key in keys {
            let before = selected(terminal.screen.screen());
            let moved = |screen: &vt100::Screen| selected(screen).is_some_and(|now| Some(now) != before);
            took.push(terminal.press(key, moved).await?);
        }
        say(&format!("a key to the new frame: {what}"), took);
    }
    for (what, key, shown, back) in [
        ("a date", "\r", "Esc back", "quit"),
        ("help", "?", "Keys · Agenda", "quit"),
        ("the month", "2", "Mo   Tu", "Evening"),
    ] {
        let (mut there, mut again) = (Vec::new(), Vec::new());
        for _ in 0..100 {
            there.push(terminal.press(key, |screen| screen.contents().contains(shown)).await?);
            again.push(
                terminal
                    .press("\x1b", |screen| {
                        !screen.contents().contains(shown) && screen.contents().contains(back)
                    })
                    .await?,
            );
        }
        say(&format!("a key to the new frame: {what}"), there);
        say(&format!("a key to the new frame: {what}, back"), again);
    }

    let before = terminal.ran()?;
    tokio::time::sleep(IDLE).await;
    let ran = Duration::from_nanos(terminal.ran()? - before);
    println!(
        "{:<44} {:.2} ms in {} s",
        "running while nobody does anything",
        ran.as_secs_f64() * 1e3,
        IDLE.as_secs()
    );
    println!(
        "{:<44} {} MiB, peak {} MiB",
        "resident",
        terminal.memory("VmRSS:")?,
        terminal.memory("VmHWM:")?
    );
    terminal.input.write_all(b"q").await?;
    terminal.child.wait().await?;
    Ok(())
}
