//! Standard output and standard error, whose readers may be gone: `println!` and `eprintln!` would panic.

use std::fmt;
use std::io::{ErrorKind, Write};

use crate::failure::Failure;

/// The reader of standard output has closed the pipe, as `head` does. It ends the command, quietly.
#[derive(Debug)]
pub(crate) struct PipeClosed;

impl fmt::Display for PipeClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("standard output is closed")
    }
}

impl std::error::Error for PipeClosed {}

/// Prints a text to standard output.
///
/// # Errors
/// [`PipeClosed`], and a message for every other failure, such as a full disk.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(PipeClosed.into()),
        Err(error) => Err(format!("cannot write to standard output: {error}").into()),
    }
}

/// Prints a line to standard output.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_line(line: impl fmt::Display) -> Result<(), Failure> {
    print(&format!("{line}\n"))
}

/// Prints a line to standard error, if somebody reads it.
pub(crate) fn report(line: impl fmt::Display) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
