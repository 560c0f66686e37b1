//! The blocks of README.md run as they are pasted.
//!
//! `cargo` is a stub: it takes the built programs where the README builds them. Everything else is real: the
//! shell, curl, the daemon with its demo, and the client in a terminal.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tests::{Terminal, command, tui};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The address of the README. The server of the test has another one.
const ADDRESS: &str = "127.0.0.1:8080";
/// The longest wait for a block.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs the built program where the README builds it. It refuses whatever cargo would not find.
const CARGO: &str = r#"#!/usr/bin/env bash
set -euo pipefail
case "$1" in
run)
    [ "$2 $3" = "--release -p" ] || exit 90
    package=$4
    shift 4
    [ -f "$REPOSITORY/$package/Cargo.toml" ] || exit 91
    if [ "${1:-}" = --example ]; then
        [ -f "$REPOSITORY/$package/examples/$2.rs" ] || exit 92
        exit 0
    fi
    if [ $# -gt 0 ]; then [ "$1" = -- ] || exit 93; shift; fi
    exec "$PROGRAMS/$package" "$@"
    ;;
install)
    [ "$2 $3" = "--locked --path" ] && [ -f "$REPOSITORY/$4/Cargo.toml" ] || exit 94
    ;;
*) exit 95 ;;
esac
"#;

/// A fenced block of the README.
#[derive(Debug)]
struct Block {
    language: String,
    /// As pasted: for `console` the commands without their prompt and output.
    text: String,
    line: usize,
}

impl Block {
    fn runs(&self) -> bool {
        matches!(self.language.as_str(), "sh" | "console")
    }

    /// Starts the server, which does not end by itself.
    fn serves(&self) -> bool {
        self.text.trim_end().ends_with("serve --demo")
    }

    /// A picture of the client, which is not what the commands before it print.
    fn is_screen(&self) -> bool {
        self.text.starts_with(" eventtui ")
    }

    /// Opens the client on the whole terminal.
    fn is_interactive(&self) -> bool {
        self.text.contains("-p eventtui -- --server")
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn blocks() -> Vec<Block> {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in readme.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some("")) => blocks.extend(open.take()),
            (None, Some(language)) => {
                open = Some(Block { language: language.to_owned(), text: String::new(), line: number + 1 });
            }
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block does not end");
    for block in blocks.iter_mut().filter(|block| block.language == "console") {
        block.text = commands_of(&block.text);
    }
    blocks
}

/// The commands of a console session: what follows a prompt, with its continuation lines.
fn commands_of(session: &str) -> String {
    let mut commands = String::new();
    let mut continues = false;
    for line in session.lines() {
        let command = line.strip_prefix("$ ").or(continues.then_some(line));
        if let Some(command) = command {
            commands.push_str(command);
            commands.push('\n');
            continues = command.ends_with('\\');
        }
    }
    commands
}

/// Whether a text is what the README shows, where `…` stands for anything.
fn is_as_shown(text: &str, shown: &str) -> bool {
    let mut rest = text;
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    for part in parts {
        let part = part.trim();
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    shown.ends_with('…') || rest.trim().is_empty()
}

/// A folder like the repository, with stubs in place of what builds and tests.
struct Workspace {
    folder: Arc<TempDir>,
    path: std::ffi::OsString,
}

impl Workspace {
    fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let script = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        };
        script("bin/cargo", CARGO);
        for name in ["tests/run", ".ci/run"] {
            assert!(repository().join(name).is_file(), "{name}");
            script(name, "#!/bin/sh\n");
        }
        // As `cargo install` does.
        for built in [command(&[]), tui(&[])] {
            let program = built.as_std().get_args().last().unwrap();
            let name = Path::new(program).file_name().unwrap();
            std::os::unix::fs::symlink(program, folder.path().join("bin").join(name)).unwrap();
        }
        let mut path = folder.path().join("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        Self { folder, path }
    }

    fn bash(&self, script: &str) -> Command {
        let mut bash = Command::new("setpriv");
        bash.args(["--pdeathsig", "KILL", "bash", "-euo", "pipefail", "-c", script])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", self.folder.path())
            .env("REPOSITORY", repository())
            .env("PROGRAMS", self.folder.path().join("bin"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        bash
    }

    /// Starts the server of a block on a free port. Returns it, what it printed, and its address.
    async fn serve(&self, block: &Block) -> (Child, String, String) {
        // Another program may use the port of the README.
        let mut child = self.bash(&block.text).env("LISTEN", "127.0.0.1:0").spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut printed = String::new();
        loop {
            let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it starts").unwrap();
            let line = line.unwrap_or_else(|| panic!("the server of line {} ended: {printed}", block.line));
            printed.push_str(&line);
            printed.push('\n');
            if let Some(address) = line.strip_prefix("listening on http://") {
                return (child, printed.clone(), address.to_owned());
            }
        }
    }

    /// Runs blocks one after another in one shell, as a user who pastes them. Returns the output of each.
    async fn run(&self, blocks: &[(&Block, String)]) -> Vec<String> {
        let end = "==== end of block ====";
        let marker = format!("printf '\\n%s\\n' '{end}'\n");
        let texts: Vec<&str> = blocks.iter().flat_map(|(_, text)| [text.as_str(), &marker]).collect();
        let script = texts.concat();
        let output =
            tokio::time::timeout(PATIENCE, self.bash(&script).output()).await.expect("it ends").unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{text}\n{said}", output.status);
        let outputs: Vec<String> = text.split(end).map(str::to_owned).collect();
        assert_eq!(outputs.len(), blocks.len() + 1, "{text}");
        outputs.into_iter().take(blocks.len()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_blocks_of_the_readme_run_as_they_are_pasted() {
    let blocks = blocks();
    let workspace = Workspace::new();
    let serving = blocks.iter().find(|block| block.serves()).expect("a block that serves the demo");
    let (mut server, printed, address) = workspace.serve(serving).await;
    let password = printed.rsplit_once("with the password: ").expect("how to sign in").1;
    let password = password.lines().next().unwrap();

    let pasted: Vec<(&Block, String)> = blocks
        .iter()
        .filter(|block| block.runs() && !block.serves() && !block.is_interactive())
        .map(|block| (block, block.text.replace(ADDRESS, &address)))
        .collect();
    assert!(pasted.len() > 4, "{pasted:?}");
    let outputs = workspace.run(&pasted).await;

    // A block of text that follows a block of commands is what they print.
    let mut compared = 0;
    for pair in blocks.windows(2) {
        let [commands, shown] = pair else { continue };
        if shown.language != "text" || shown.is_screen() || !commands.runs() {
            continue;
        }
        let printed = match pasted.iter().position(|(block, _)| block.line == commands.line) {
            Some(number) => outputs[number].clone(),
            None if commands.serves() => printed.clone(),
            None => continue,
        };
        let printed = printed.replace(&address, ADDRESS);
        assert!(is_as_shown(printed.trim(), shown.text.trim()), "line {}: {printed}", shown.line);
        compared += 1;
    }
    assert!(compared > 3, "the README shows what its commands print");

    let interactive =
        blocks.iter().find(|block| block.is_interactive()).expect("a block that opens the client");
    let arguments = interactive.text.split_once(" -- ").unwrap().1.replace(ADDRESS, &address);
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let mut terminal = Terminal::start(&arguments);
    terminal.shows("Rust evening").await;
    terminal.types("A").await.shows("Sign in").await;
    terminal.types(&format!("ada\t{password}\r")).await.shows("Hello, Ada").await;
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
    server.kill().await.unwrap();
}

/// Years pass: an event on a date that is written out would be in the past some day.
#[test]
fn no_block_has_a_year_in_it() {
    for block in blocks() {
        assert!(["sh", "console", "text"].contains(&block.language.as_str()), "line {}", block.line);
        let numbers = block.text.split(|c: char| !c.is_ascii_digit());
        let has_year = numbers.into_iter().any(|number| number.len() == 4 && number.starts_with("20"));
        assert!(!block.runs() || !has_year, "line {}", block.line);
    }
}

#[test]
fn what_is_shown_may_leave_parts_out() {
    assert!(is_as_shown("{\"id\":\"1\",\"title\":\"x\"}", "{\"id\":\"…\",\"title\":\"x\"}"));
    assert!(is_as_shown("created 16 users\nlistening", "created … users\nlistening"));
    assert!(is_as_shown("a b c", "a …"));
    for (text, shown) in [("a b", "b"), ("a b", "a"), ("a b c", "a … d"), ("a b c", "a … b")] {
        assert!(!is_as_shown(text, shown), "{text} {shown}");
    }
    assert_eq!(commands_of("$ a \\\n  b\nout\n$ c\n"), "a \\\n  b\nc\n");
}
