//! The event management daemon: an HTTP API over `eventcore`, which holds all rules of the domain.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod cli;
mod commands;
mod config;
mod connection_settings;
mod descriptors;
mod failure;
mod http;
mod limit_settings;
mod listen_address;
mod output;

use std::process::ExitCode;

/// mimalloc, because rows are allocated on the database's threads and freed on the server's. It frees
/// memory of other threads without locks.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run().await {
        Ok(code) => code,
        Err(error) if error.is::<output::PipeClosed>() => ExitCode::SUCCESS,
        Err(error) => {
            output::report(format_args!("eventd: {}", failure::describe(error.as_ref())));
            ExitCode::FAILURE
        }
    }
}
