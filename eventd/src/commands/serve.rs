//! `eventd serve`.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::config::{Config, Limits};
use crate::failure::Failure;
use crate::http::{self, Admission, RateLimits, Server};

/// Migrates the database, serves until a signal to stop, and closes the database.
pub(crate) async fn serve(config: &Config, demo: bool) -> Result<ExitCode, Failure> {
    let core = super::open(config).await?;
    core.db().must_be_writable().await?;
    if demo {
        super::demo::fill_if_empty(&core).await?;
    }
    let listener = listen(config.listen, "--listen").await?;
    let address = listener.local_addr()?;
    let public_url: Arc<str> =
        config.public_url.clone().unwrap_or_else(|| format!("http://{address}")).into();
    let rate_limits = (config.limits == Limits::On).then(|| RateLimits::new(config.rate_quotas));
    let admission = Arc::new(Admission::new(config.max_concurrent, rate_limits, http::path_count()));
    let server = Server {
        core: core.clone(),
        public_url,
        timeout: config.request_timeout,
        proxies: config.proxies,
        admission: admission.clone(),
        serves_metrics: config.metrics_listen.is_none(),
    };
    if let Some(address) = config.metrics_listen {
        let listener = listen(address, "--metrics-listen").await?;
        tokio::spawn(http::run_metrics(listener, core.clone(), admission));
    }
    let jobs = (config.workers > 0).then(|| tokio::spawn(super::jobs::run(core.clone())));
    let stop = stop_signal()?;
    println!("listening on http://{address}");
    std::io::stdout().flush()?;
    http::run(listener, server, stop).await;
    if let Some(jobs) = jobs {
        jobs.abort();
    }
    core.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn listen(address: SocketAddr, flag: &str) -> Result<TcpListener, Failure> {
    let refused =
        |error| format!("cannot listen on {address}: {error} (choose another address with {flag})").into();
    TcpListener::bind(address).await.map_err(refused)
}

/// Completes on SIGTERM or SIGINT.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        tracing::info!("stopping: no new connections; running requests finish");
    })
}
