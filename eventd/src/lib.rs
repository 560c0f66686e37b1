//! The event management daemon: an HTTP API over `eventcore`, which holds all rules of the domain.
//!
//! It is a library so that fuzz targets reach its parsers. The program is [`main`].

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

/// Runs the command that the arguments of the process name, and reports its failure to standard error.
pub fn main() -> ExitCode {
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

/// Panics if the body of a CalDAV request is handled wrongly.
#[cfg(fuzzing)]
pub fn check_dav_body(body: &[u8]) {
    http::check_dav_body(body);
}
