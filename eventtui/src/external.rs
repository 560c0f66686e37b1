//! External programs: the browser for links, and the editor for long texts.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::terminal::{self, ProcessSignal, Signals};

/// The program that opens links, unless `$BROWSER` is set.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// A command from an environment variable: a program and its first arguments.
fn from_environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|command| !command.trim().is_empty())
}

/// Splits the line at white space and appends the last argument.
fn command(line: &str, last: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).arg(last);
    command
}

/// Opens a link in the browser, without waiting for it.
pub(crate) fn browse(url: &str) -> Result<(), String> {
    let browser = from_environment("BROWSER").unwrap_or_else(|| OPENER.to_owned());
    let mut command = command(&browser, url);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command
        .spawn()
        .map_err(|_| format!("{browser} cannot be run: set BROWSER, or copy the link with y"))?;
    // Reaps the process, which would otherwise stay as a zombie.
    std::thread::spawn(move || child.wait());
    Ok(())
}

/// The user's editor.
pub(crate) fn editor() -> Result<String, String> {
    let editor = from_environment("VISUAL").or_else(|| from_environment("EDITOR"));
    editor.ok_or_else(|| "set VISUAL or EDITOR to your editor, for example EDITOR=nano".to_owned())
}

/// Edits a text in the editor and returns the result. The caller must have restored the terminal, and must
/// not read from it meanwhile.
pub(crate) async fn edit(editor: &str, text: &str, signals: &mut Signals) -> Result<String, String> {
    // A folder of its own, so that the editor's swap and backup files are private and removed, too.
    let folder = tempfile::Builder::new().prefix("eventtui-").tempdir();
    let folder = folder.map_err(|error| format!("no temporary file can be created: {error}"))?;
    let path = folder.path().join("description.md");
    create(&path, text).map_err(|error| format!("no temporary file can be created: {error}"))?;
    let mut child = tokio::process::Command::from(command(editor, &path))
        .spawn()
        .map_err(|error| format!("{editor} cannot be run: {error}"))?;
    let ended = loop {
        tokio::select! {
            ended = child.wait() => break ended,
            signal = signals.next() => match signal {
                // The shell waits until all processes of the foreground job have stopped.
                ProcessSignal::Suspend => terminal::stop().map_err(|error| error.to_string())?,
                // ^C is for the editor. A request to end is followed once the editor has ended.
                ProcessSignal::Interrupt | ProcessSignal::Terminate => {}
            },
        }
    };
    let ended = ended.map_err(|error| format!("{editor} cannot be waited for: {error}"))?;
    if !ended.success() {
        return Err(format!("{editor} failed ({ended}): the description is unchanged"));
    }
    let written =
        std::fs::read(&path).map_err(|error| format!("the text from {editor} cannot be read: {error}"))?;
    let written = String::from_utf8(written).map_err(|_| format!("the text from {editor} is not UTF-8"))?;
    // Editors add a final newline, and some write CRLF.
    Ok(written.replace("\r\n", "\n").trim_end_matches('\n').to_owned())
}

/// Creates a file that only its owner can read.
fn create(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    if text.is_empty() { Ok(()) } else { file.write_all(b"\n") }
}
