//! The event management daemon: HTTP over `eventcore`, and no rule of the domain.

mod cli;
mod commands;
mod config;
mod failure;
mod http;

use std::process::ExitCode;

/// Rows are made on the database's threads and freed on those that serve: this allocator does that without locks.
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
