//! Measures the terminal client in a pseudo-terminal: time to the first screen, latency of keys, CPU time
//! while idle, and memory.
//!
//! `terminal PROGRAM DATABASE-URL`. The database must have the events of `seed_events`, at least 10,000 of
//! them, so that the end of the list is never reached.

use std::path::Path;
use std::time::{Duration, Instant};

use benches::Latencies;
use pty_process::{Command, OwnedReadPty, OwnedWritePty, Size};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const ROWS: u16 = 40;
const COLUMNS: u16 = 120;
/// The number of starts that are measured.
const STARTS: usize = 20;
/// How long the client gets no input. It reloads the shown occurrences every 15 seconds.
const IDLE: Duration = Duration::from_secs(32);
/// A frame has ended when no output follows for this long.
const PAUSE: Duration = Duration::from_millis(2);
/// An expected screen that has not appeared by then is an error.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A running client.
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

    /// Reads output until the screen is as expected. Returns when the bytes that completed it arrived.
    async fn read_until(&mut self, expected: impl Fn(&vt100::Screen) -> bool) -> Result<Instant, Failure> {
        let mut bytes = vec![0; 65_536];
        loop {
            // Parsing the output takes longer than the client takes to write it. A frame is therefore read
            // whole, with the time of each piece, and parsed afterwards.
            let (mut pieces, mut timeout) = (Vec::new(), TIMEOUT);
            while let Ok(read) = tokio::time::timeout(timeout, self.output.read(&mut bytes)).await {
                pieces.push((Instant::now(), bytes[..read?].to_vec()));
                timeout = PAUSE;
            }
            if pieces.is_empty() {
                return Err(format!(
                    "the expected screen did not come; the last one was:\n{}",
                    self.screen.screen().contents()
                )
                .into());
            }
            let mut shown_at = None;
            for (received_at, piece) in pieces {
                self.screen.process(&piece);
                shown_at = shown_at.or_else(|| expected(self.screen.screen()).then_some(received_at));
            }
            if let Some(shown_at) = shown_at {
                return Ok(shown_at);
            }
        }
    }

    /// Presses a key. Returns the time until the screen was as expected.
    async fn press(
        &mut self,
        key: &str,
        expected: impl Fn(&vt100::Screen) -> bool,
    ) -> Result<Duration, Failure> {
        let begun = Instant::now();
        self.input.write_all(key.as_bytes()).await?;
        Ok(self.read_until(expected).await? - begun)
    }

    fn process_id(&self) -> Result<u32, Failure> {
        self.child.id().ok_or_else(|| "the client has ended".into())
    }

    /// The CPU time of all threads, in nanoseconds.
    fn cpu_time(&self) -> Result<u64, Failure> {
        let mut nanoseconds = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.process_id()?))? {
            let figures = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            nanoseconds += figures.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(nanoseconds)
    }

    /// A line of `/proc/PID/status`, such as `VmRSS:`, in MiB.
    fn memory(&self, name: &str) -> Result<u64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process_id()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        Ok(digits.parse::<u64>()?.div_ceil(1_024))
    }
}

/// The text of the selected row of the list.
fn selected(screen: &vt100::Screen) -> Option<String> {
    screen.rows(0, COLUMNS / 2).find(|row| row.starts_with('▌'))
}

/// Whether everything is loaded: the list fills the screen, a row is selected, and the keys are shown.
fn is_full(screen: &vt100::Screen) -> bool {
    let rows = screen.rows(0, COLUMNS).filter(|row| row.contains("Evening ")).count();
    rows > usize::from(ROWS) / 2 && selected(screen).is_some() && screen.contents().contains("quit")
}

fn print_latencies(what: &str, latencies: Vec<Duration>) {
    let latencies = Latencies::new(latencies);
    println!(
        "{what:<44} median {:.2} ms, p99 {:.2} ms, slowest {:.2} ms ({} times)",
        latencies.percentile_ms(50),
        latencies.percentile_ms(99),
        latencies.percentile_ms(100),
        latencies.count()
    );
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, program, url] = arguments.as_slice() else {
        return Err("usage: terminal PROGRAM DATABASE-URL".into());
    };
    let program = &std::path::absolute(program)?;
    let home = tempfile::tempdir()?;

    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let mut terminal = Terminal::start(program, url, home.path())?;
        starts.push(terminal.read_until(is_full).await? - begun);
        terminal.input.write_all(b"q").await?;
        terminal.child.wait().await?;
    }
    print_latencies("start to the first full screen", starts);

    let mut terminal = Terminal::start(program, url, home.path())?;
    terminal.read_until(is_full).await?;
    let (down, up, page) = (["j"; 500].repeat(3), ["k"; 500].to_vec(), ["\x1b[6~"; 200].to_vec());
    for (what, keys) in [("one down", down), ("one up", up), ("a page down", page)] {
        let mut latencies = Vec::new();
        for key in keys {
            let before = selected(terminal.screen.screen());
            let moved = |screen: &vt100::Screen| selected(screen).is_some_and(|now| Some(now) != before);
            latencies.push(terminal.press(key, moved).await?);
        }
        print_latencies(&format!("a key to the new frame: {what}"), latencies);
    }
    for (what, key, shown, back) in [
        ("an occurrence", "\r", "Esc back", "quit"),
        ("help", "?", "Keys · Agenda", "quit"),
        ("the month", "2", "Mo   Tu", "Evening"),
    ] {
        let (mut opening, mut leaving) = (Vec::new(), Vec::new());
        for _ in 0..100 {
            opening.push(terminal.press(key, |screen| screen.contents().contains(shown)).await?);
            leaving.push(
                terminal
                    .press("\x1b", |screen| {
                        !screen.contents().contains(shown) && screen.contents().contains(back)
                    })
                    .await?,
            );
        }
        print_latencies(&format!("a key to the new frame: {what}"), opening);
        print_latencies(&format!("a key to the new frame: {what}, back"), leaving);
    }

    let before = terminal.cpu_time()?;
    tokio::time::sleep(IDLE).await;
    let cpu_time = Duration::from_nanos(terminal.cpu_time()? - before);
    println!("{:<44} {:.2} ms in {} s", "CPU time while idle", cpu_time.as_secs_f64() * 1e3, IDLE.as_secs());
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
