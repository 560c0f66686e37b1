//! The event management daemon: HTTP over `eventcore`, and no rule of the domain.

mod cli;
mod commands;
mod config;
mod http;

use std::process::ExitCode;

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
