//! Other programs: the browser, which shows links, and the editor, which has the terminal for long texts.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::terminal::{self, Signals, Told};

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

/// The command of the editor that someone likes.
pub(crate) fn editor() -> Result<String, String> {
    let editor = named("VISUAL").or_else(|| named("EDITOR"));
    editor.ok_or_else(|| "set VISUAL or EDITOR to the editor that you like, such as EDITOR=nano".to_owned())
}

/// Has a text written in an editor; answers what became of it. The terminal must have been given back, and nobody else may read from it.
pub(crate) async fn write(editor: &str, text: &str, signals: &mut Signals) -> Result<String, String> {
    // What editors put beside a file, such as a swap file, is in the folder too, and nobody else's.
    let folder = tempfile::Builder::new().prefix("eventtui-").tempdir();
    let folder = folder.map_err(|error| format!("there is no place for a file to edit: {error}"))?;
    let path = folder.path().join("description.md");
    put(&path, text).map_err(|error| format!("there is no place for a file to edit: {error}"))?;
    let mut child = tokio::process::Command::from(command(editor, &path))
        .spawn()
        .map_err(|error| format!("{editor} cannot be run: {error}"))?;
    let ended = loop {
        tokio::select! {
            ended = child.wait() => break ended,
            told = signals.next() => match told {
                // The shell waits for all that it started in the foreground.
                Told::Stop => terminal::stop().map_err(|error| error.to_string())?,
                // ^C is the editor's, and what is being written is finished before the program ends.
                Told::Interrupt | Told::End => {}
            },
        }
    };
    let ended = ended.map_err(|error| format!("{editor} was lost: {error}"))?;
    if !ended.success() {
        return Err(format!("{editor} failed ({ended}): the description stays as it was"));
    }
    let written =
        std::fs::read(&path).map_err(|error| format!("what {editor} wrote cannot be read: {error}"))?;
    let written = String::from_utf8(written).map_err(|_| format!("what {editor} wrote is not UTF-8"))?;
    // Editors end the last line, and some end each in two characters.
    Ok(written.replace("\r\n", "\n").trim_end_matches('\n').to_owned())
}

fn put(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    if text.is_empty() { Ok(()) } else { file.write_all(b"\n") }
}
