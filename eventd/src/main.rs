//! The event management daemon: an HTTP API over `eventcore`, which holds all rules of the domain.

mod cli;
mod commands;
mod config;
mod connection_settings;
mod descriptors;
mod failure;
mod http;
mod limit_settings;

use std::process::ExitCode;

/// mimalloc, because rows are allocated on the database's threads and freed on the server's. It frees
/// memory of other threads without locks.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("eventd: {error}");
            ExitCode::FAILURE
        }
    }
}
