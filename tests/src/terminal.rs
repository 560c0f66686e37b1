//! The real terminal client in a pseudo-terminal, and the screen that a person would see.

use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;
use tokio::sync::Notify;

use crate::daemon::binary;

const ROWS: NonZeroU16 = NonZeroU16::new(30).expect("more than none");
const COLUMNS: NonZeroU16 = NonZeroU16::new(100).expect("more than none");
/// How long a screen may take to show what is waited for: far longer than any does.
const PATIENCE: Duration = Duration::from_secs(30);

/// An `eventtui` that draws on a screen of 100 columns and 30 rows.
pub struct Terminal {
    child: Child,
    input: pty_process::OwnedWritePty,
    screen: Arc<Mutex<vt100::Parser>>,
    drawn: Arc<Notify>,
    /// Ends with the last that the program wrote.
    reading: tokio::task::JoinHandle<()>,
    /// Its home, where it keeps its sign-in and its preferences.
    pub home: Arc<TempDir>,
}

impl Terminal {
    /// Starts it in a new home.
    pub fn start(arguments: &[&str]) -> Self {
        Self::at_home(&Arc::new(tempfile::tempdir().expect("a folder")), arguments)
    }

    /// Starts it in a home. A shell around it notes the modes of the terminal before and after.
    pub fn at_home(home: &Arc<TempDir>, arguments: &[&str]) -> Self {
        Self::with(home, &[], arguments)
    }

    /// Starts it in a home, with something more in its environment.
    pub fn with(home: &Arc<TempDir>, environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let home = home.clone();
        let (pty, pts) = pty_process::open().expect("a pseudo-terminal");
        pty.resize(pty_process::Size::new(ROWS.get(), COLUMNS.get())).expect("a size");
        let script = r#"stty -g >"$HOME/before"; "$@"; echo $? >"$HOME/status"; stty -g >"$HOME/after""#;
        let child = pty_process::Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "sh", "-c", script, "sh"])
            .arg(binary("eventtui"))
            .args(arguments)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", home.path())
            .current_dir(home.path())
            .env("TERM", "xterm-256color")
            .env("TZ", "Europe/Berlin")
            .envs(environment.iter().copied())
            .kill_on_drop(true)
            .spawn(pts)
            .expect("eventtui starts");
        let (mut output, input) = pty.into_split();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)));
        let drawn = Arc::new(Notify::new());
        let (kept, told) = (screen.clone(), drawn.clone());
        let reading = tokio::spawn(async move {
            let mut bytes = [0; 4_096];
            while let Ok(read @ 1..) = output.read(&mut bytes).await {
                kept.lock().expect("a lock").process(&bytes[..read]);
                told.notify_one();
            }
        });
        Self { child, input, screen, drawn, reading, home }
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        self.screen.lock().expect("a lock").screen().contents()
    }

    /// Whether it draws on the alternate screen, as full-screen programs do.
    pub fn is_taken(&self) -> bool {
        self.screen.lock().expect("a lock").screen().alternate_screen()
    }

    /// Waits until the screen shows a text.
    pub async fn shows(&self, text: &str) -> &Self {
        self.shows_that(text, |screen| screen.contains(text)).await
    }

    /// Waits until the screen no longer shows a text.
    pub async fn hides(&self, text: &str) -> &Self {
        self.shows_that(text, |screen| !screen.contains(text)).await
    }

    async fn shows_that(&self, what: &str, holds: impl Fn(&str) -> bool) -> &Self {
        let wait = async {
            while !holds(&self.text()) {
                self.drawn.notified().await;
            }
        };
        let shown = tokio::time::timeout(PATIENCE, wait).await.is_ok();
        assert!(shown, "waited for {what:?} on:\n{}", self.text());
        self
    }

    /// Types a text, as someone at a keyboard does: `\r` is Enter, `\t` Tab, `\x13` Ctrl-S.
    pub async fn types(&mut self, text: &str) -> &mut Self {
        self.input.write_all(text.as_bytes()).await.expect("it listens");
        self
    }

    /// The processes that the shell around it has started.
    fn programs(&self) -> Vec<String> {
        let shell = self.child.id().expect("a process");
        let children =
            std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).expect("children");
        children.split_whitespace().map(str::to_owned).collect()
    }

    /// Sends the program, not the shell around it, a signal.
    pub async fn signal(&self, signal: &str) {
        let status = tokio::process::Command::new("kill").args(["-s", signal]).args(self.programs()).status();
        assert!(status.await.expect("kill runs").success());
    }

    /// Waits until the program has stopped: a signal to go on that comes earlier is lost.
    pub async fn stops(&self) -> &Self {
        // The state stands behind the name, which is in parentheses.
        let is_stopped = |program: &String| {
            let stat = std::fs::read_to_string(format!("/proc/{program}/stat")).unwrap_or_default();
            stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
        };
        let wait = async {
            while !self.programs().iter().all(is_stopped) {
                // Only its parent is told, and that is the shell.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "it goes on:\n{}", self.text());
        self
    }

    /// Waits for its end; answers its exit status. The terminal is as it was before.
    pub async fn ends(mut self) -> i32 {
        let over = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        assert!(over.is_ok(), "it goes on:\n{}", self.text());
        let read = tokio::time::timeout(PATIENCE, &mut self.reading).await;
        assert!(read.is_ok(), "something holds its output:\n{}", self.text());
        let note = |name: &str| std::fs::read_to_string(self.home.path().join(name)).expect(name);
        assert_eq!(note("before"), note("after"), "the modes of the terminal");
        assert!(!self.is_taken(), "the screen is given back");
        assert!(!self.screen.lock().expect("a lock").screen().hide_cursor(), "the cursor is shown");
        note("status").trim().parse().expect("a number")
    }
}

/// A command of the terminal client without a terminal, free of the environment's settings.
pub fn tui(arguments: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(binary("eventtui")).args(arguments);
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).kill_on_drop(true);
    command
}
