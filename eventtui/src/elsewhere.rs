//! Other programs: the browser, which shows links.

use std::process::{Command, Stdio};

/// What opens addresses, unless `BROWSER` names it.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// A command as an environment variable has it: a program and what comes before its file.
fn named(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|command| !command.trim().is_empty())
}

fn command(line: &str, last: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).arg(last);
    command
}

/// Opens an address in the browser, and does not wait for it.
pub(crate) fn browse(url: &str) -> Result<(), String> {
    let browser = named("BROWSER").unwrap_or_else(|| OPENER.to_owned());
    let mut command = command(&browser, url);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command
        .spawn()
        .map_err(|_| format!("{browser} cannot be run: set BROWSER, or copy the link with y"))?;
    // Who has ended is fetched, so that it does not stay in the list of processes.
    std::thread::spawn(move || child.wait());
    Ok(())
}
