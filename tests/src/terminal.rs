//! The real terminal client in a pseudo-terminal, and the screen that a user sees.

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
/// The longest wait for a screen. No screen takes that long unless the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// An `eventtui` that draws on a screen of 100 columns and 30 rows.
pub struct Terminal {
    child: Child,
    input: pty_process::OwnedWritePty,
    screen: Arc<Mutex<vt100::Parser>>,
    drawn: Arc<Notify>,
    /// Reads the output; ends when the program has closed it.
    reading: tokio::task::JoinHandle<()>,
    /// Its home directory, with credentials and preferences.
    pub home: Arc<TempDir>,
}

impl Terminal {
    /// Starts it in a new home directory.
    pub fn start(arguments: &[&str]) -> Self {
        Self::at_home(&Arc::new(tempfile::tempdir().expect("a folder")), arguments)
    }

    /// Starts it in an existing home directory.
    pub fn at_home(home: &Arc<TempDir>, arguments: &[&str]) -> Self {
        Self::with(home, &[], arguments)
    }

    /// Starts it in an existing home directory with additional environment variables. A shell around it
    /// records the modes of the terminal before and after.
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

    /// The text of the screen.
    pub fn text(&self) -> String {
        self.screen.lock().expect("a lock").screen().contents()
    }

    /// Whether it draws on the alternate screen, as full-screen programs do.
    pub fn is_taken(&self) -> bool {
        self.screen.lock().expect("a lock").screen().alternate_screen()
    }

    /// Waits until the screen contains a text.
    pub async fn shows(&self, text: &str) -> &Self {
        self.shows_that(text, |screen| screen.contains(text)).await
    }

    /// Waits until the screen does not contain a text.
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

    /// Types a text: `\r` is Enter, `\t` Tab, `\x13` Ctrl-S.
    pub async fn types(&mut self, text: &str) -> &mut Self {
        self.input.write_all(text.as_bytes()).await.expect("an open terminal");
        self
    }

    /// The processes started by the shell around it.
    fn programs(&self) -> Vec<String> {
        let shell = self.child.id().expect("a process");
        let children =
            std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).expect("children");
        children.split_whitespace().map(str::to_owned).collect()
    }

    /// Sends a signal to the program, not to the shell around it.
    pub async fn signal(&self, signal: &str) {
        let status = tokio::process::Command::new("kill").args(["-s", signal]).args(self.programs()).status();
        assert!(status.await.expect("kill runs").success());
    }

    /// Waits until the program is suspended. An earlier SIGCONT would be lost.
    pub async fn stops(&self) -> &Self {
        // The state follows the name, which is in parentheses.
        let is_stopped = |program: &String| {
            let stat = std::fs::read_to_string(format!("/proc/{program}/stat")).unwrap_or_default();
            stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
        };
        let wait = async {
            while !self.programs().iter().all(is_stopped) {
                // Only the parent, the shell, is notified.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "still running:\n{}", self.text());
        self
    }

    /// Waits for the exit and returns the status. Asserts that the terminal is restored.
    pub async fn ends(mut self) -> i32 {
        let over = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        assert!(over.is_ok(), "still running:\n{}", self.text());
        let read = tokio::time::timeout(PATIENCE, &mut self.reading).await;
        assert!(read.is_ok(), "something holds its output:\n{}", self.text());
        let note = |name: &str| std::fs::read_to_string(self.home.path().join(name)).expect(name);
        assert_eq!(note("before"), note("after"), "the modes of the terminal");
        assert!(!self.is_taken(), "the alternate screen is left");
        assert!(!self.screen.lock().expect("a lock").screen().hide_cursor(), "the cursor is shown");
        note("status").trim().parse().expect("a number")
    }
}

/// A command of the terminal client without a terminal and without the settings of the environment.
pub fn tui(arguments: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(binary("eventtui")).args(arguments);
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).kill_on_drop(true);
    command
}
