//! The event management daemon: an HTTP API over `eventcore`, which holds all rules of the domain.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod calendar_client;
mod cli;
mod commands;
mod config;
mod connection_settings;
mod descriptors;
mod failure;
mod http;
mod limit_settings;
mod listen_address;
mod live_settings;
mod mail;
mod mail_settings;
mod output;
mod schedule_settings;
mod templates;
mod webhook_settings;
mod webhooks;
mod words;

use std::process::ExitCode;

/// mimalloc, because rows are allocated on the database's threads and freed on the server's. It frees
/// memory of other threads without locks.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    leave_out_huge_pages();
    match run() {
        Ok(code) => code,
        Err(error) if error.is::<output::PipeClosed>() => ExitCode::SUCCESS,
        Err(error) => {
            output::report(format_args!("eventd: {}", failure::describe(error.as_ref())));
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run() -> Result<ExitCode, failure::Failure> {
    cli::run().await
}

/// Asks Linux for pages of 4 KiB only. mimalloc allows huge ones, so that a heap of 12 MiB took 39 MiB of
/// memory, and the buffers of 5,000 connections 150 MiB instead of 90. Without an effect where the kernel
/// refuses.
fn leave_out_huge_pages() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
