//! Checks the structure of a workspace. Prints one line per finding and exits with 1 if there is any.
//!
//! ```text
//! structure [--edges] [ROOT]
//! ```
//!
//! `ROOT` defaults to the closest directory with a `[workspace]` at or above `CARGO_MANIFEST_DIR`, or the
//! current directory. `--edges` lists every edge of each import circle below its finding.
//! Exit code 2 means that the check could not run.
//!
//! | rule | finding |
//! | --- | --- |
//! | circles | files of a crate import each other, see [`edges`] for what counts as an import |
//! | file length | a file has more than 500 lines |
//! | line length | a line has more than 110 columns, see [`lines`] for the one exception |
//! | type names | a crate defines two types of the same name, see [`types`] |
//!
//! Every `.rs` file below the root is read, except in `target` and in directories whose name begins with
//! a dot. Circles and type names are found per target: a library, a binary,
//! an example, a test or a benchmark.

mod check;
mod circles;
mod crates;
mod edges;
mod extract;
mod facts;
mod finding;
mod lexer;
mod lines;
mod resolve;
mod tokens;
mod tree;
mod types;
mod workspace;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            eprintln!("structure: {message}");
            ExitCode::from(2)
        }
    }
}

/// Whether the workspace has no findings.
fn run() -> Result<bool, String> {
    let mut root = None;
    let mut with_edges = false;
    for argument in std::env::args_os().skip(1) {
        if argument == "--edges" {
            with_edges = true;
        } else if argument.to_string_lossy().starts_with('-') || root.is_some() {
            return Err("usage: structure [--edges] [ROOT]".to_owned());
        } else {
            root = Some(PathBuf::from(argument));
        }
    }
    let root = match root {
        Some(root) => root,
        None => workspace::find_root()?,
    };
    let findings = check::check(&workspace::read(&root)?, with_edges)?;
    let mut out = std::io::stdout().lock();
    for finding in &findings {
        if writeln!(out, "{finding}").is_err() {
            break;
        }
    }
    if !findings.is_empty() {
        eprintln!("structure: {} findings", findings.len());
    }
    Ok(findings.is_empty())
}
