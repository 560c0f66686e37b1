//! What the commands share: the source, and printing.

use std::io::Write;
use std::sync::Arc;

use crate::backend::{self, ApiError, Backend, Request, Response, Source};
use crate::failure::Failure;

pub(super) fn failure(error: ApiError) -> Failure {
    let fields = error
        .fields
        .iter()
        .map(|violation| format!("{}: {}", violation.pointer.trim_start_matches('/'), violation.message));
    let fields: Vec<String> = fields.collect();
    if fields.is_empty() { error.message.into() } else { fields.join("; ").into() }
}

/// Opens the source.
pub(super) async fn connect(source: &Source<'_>) -> Result<Arc<dyn Backend>, Failure> {
    backend::open(source).await
}

/// Runs a request. Says on standard error if the session has ended and the request went on without it.
pub(super) async fn run(backend: &Arc<dyn Backend>, request: Request) -> Result<Response, Failure> {
    let outcome = backend.run(request).await;
    if backend.take_signed_out() && outcome.is_ok() {
        eprintln!("eventtui: you were signed out: sign in with `eventtui login`");
    }
    outcome.map_err(failure)
}

/// Prints a line. Ends the program if the reader has closed the pipe, as `head` does.
pub(super) fn print_line(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        outcome => Ok(outcome?),
    }
}
