//! External programs: the browser for links, and the editor for long texts.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::terminal::{self, ProcessSignal, Signals};

/// The program that opens links, unless `$BROWSER` is set.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// The editors to use unless `$VISUAL` or `$EDITOR` is set: the one chosen on Debian, and the one of POSIX.
const USUAL_EDITORS: [&str; 2] = ["editor", "vi"];

/// The first of the usual editors that is installed.
fn usual_editor(path: &OsStr) -> Option<&'static str> {
    USUAL_EDITORS.into_iter().find(|editor| is_program(editor, path))
}

/// Whether one of the folders of a search path has a program of this name.
fn is_program(name: &str, path: &OsStr) -> bool {
    std::env::split_paths(path).map(|folder| folder.join(name)).any(|file| {
        std::fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

/// A command from an environment variable: a program and its first arguments.
fn from_environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|command| !command.trim().is_empty())
}

/// Splits the line at white space and appends the last argument.
fn command(line: &str, last: impl AsRef<OsStr>) -> Command {
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
    let named = from_environment("VISUAL").or_else(|| from_environment("EDITOR"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    named
        .or_else(|| usual_editor(&path).map(str::to_owned))
        .ok_or_else(|| "set VISUAL or EDITOR to your editor, for example EDITOR=nano".to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_editors_are_looked_for_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = std::env::join_paths([Path::new("/nowhere"), folder.path()]).unwrap();
        let put = |name: &str, mode: u32| {
            let file = folder.path().join(name);
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        };
        assert_eq!(usual_editor(&path), None);
        put("editor", 0o600);
        put("vi", 0o700);
        assert_eq!(usual_editor(&path), Some("vi"), "the other cannot be run");
        put("editor", 0o700);
        assert_eq!(usual_editor(&path), Some("editor"));
    }
}
