//! `eventd serve`.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::cli::Failure;
use crate::config::Config;
use crate::http::{self, Server};

/// Migrates, serves until it is told to stop, and closes the database.
pub(crate) async fn serve(config: &Config, demo: bool) -> Result<ExitCode, Failure> {
    let core = super::open(config).await?;
    if demo {
        super::demo::fill_if_empty(&core).await?;
    }
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        format!("cannot listen on {}: {error} (choose another with --listen)", config.listen)
    })?;
    let address = listener.local_addr()?;
    let public_url: Arc<str> =
        config.public_url.clone().unwrap_or_else(|| format!("http://{address}")).into();
    let server = Server {
        core: core.clone(),
        public_url,
        timeout: config.request_timeout,
        max_concurrent: config.max_concurrent,
    };
    let stop = signal()?;
    println!("listening on http://{address}");
    std::io::stdout().flush()?;
    http::server::run(listener, server, stop).await;
    core.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Comes when the operator wants the program to end: SIGTERM or SIGINT.
fn signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        tracing::info!("stopping: no new connections, finishing what runs");
    })
}
