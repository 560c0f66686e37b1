//! `eventd serve`.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use eventcore::workers::Workers;

use crate::calendar_client::CalendarClient;
use crate::config::{Config, Limits};
use crate::descriptors;
use crate::failure::Failure;
use crate::http::{
    self, Admission, Bounds, ConnectionBounds, Deadlines, MetricsAccess, Pace, RateLimits, Server,
};
use crate::mail::Post;
use crate::output::print_line;
use crate::webhooks::WebhookClient;

/// The least rate at which a client must read a response, in bytes per second.
const WRITE_RATE: u32 = 1024;
/// The number of the signal on Linux and macOS.
const SIGXFSZ: i32 = 25;

/// Migrates the database, serves until a signal to stop, and closes the database.
pub(crate) async fn serve(config: &Config, demo: bool) -> Result<ExitCode, Failure> {
    let core = super::open(config).await?;
    core.db().must_be_writable().await?;
    if demo {
        print_line(super::demo::create(config, &core).await?)?;
    }
    let listener = config.listen.listen("--listen").await?;
    let address = listener.local_addr()?;
    let public_url: Arc<str> =
        config.public_url.clone().unwrap_or_else(|| format!("http://{address}")).into();
    core.deliver_mails_by(Arc::new(Post::new(&config.mail, &public_url)?));
    core.deliver_webhooks_by(Arc::new(WebhookClient::new()?));
    core.fetch_calendars_by(Arc::new(CalendarClient::new()?));
    let rate_limits = (config.limits == Limits::On).then(|| RateLimits::new(config.rate_quotas));
    let deadlines = Deadlines {
        head: config.head_timeout,
        idle: config.idle_timeout,
        write: Pace { patience: config.write_timeout, rate: WRITE_RATE },
    };
    let bounds = Bounds {
        max_concurrent: config.max_concurrent,
        max_concurrent_per_network: config.max_concurrent_per_network,
        connections: connection_bounds(config),
        deadlines,
        body_timeout: config.body_timeout,
        body_rate: config.body_rate,
        streams: match config.limits {
            Limits::On => config.stream_bounds,
            Limits::Off => config.stream_bounds.without_limits(),
        },
    };
    let admission = Arc::new(Admission::new(bounds, rate_limits, http::path_count()));
    let server = Server {
        core: core.clone(),
        public_url,
        timeout: config.request_timeout,
        proxies: config.proxies,
        admission: admission.clone(),
        metrics_access: match (&config.metrics_listen, config.metrics_public) {
            (Some(_), _) => MetricsAccess::Nobody,
            (None, true) => MetricsAccess::Everyone,
            (None, false) => MetricsAccess::Loopback,
        },
    };
    if let Some(address) = &config.metrics_listen {
        let listener = address.listen("--metrics-listen").await?;
        tokio::spawn(http::run_metrics(listener, core.clone(), admission, deadlines));
    }
    core.reach_other_processes(config.database_listen_url.as_deref())?;
    let workers = Workers::start(&core, config.workers);
    survive_file_size_limit()?;
    let stop = stop_signal()?;
    print_line(format!("listening on http://{address}"))?;
    let streams = core.clone();
    let stop = async move {
        stop.await;
        streams.end_live_streams();
    };
    http::run(listener, server, stop).await;
    workers.stop().await;
    core.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Behind a proxy, all connections are of the network of the proxy.
fn connection_bounds(config: &Config) -> ConnectionBounds {
    let max = descriptors::make_room(config.max_connections.map(NonZeroUsize::get));
    let default = if config.proxies.hops > 0 { max } else { max.div_ceil(4) };
    ConnectionBounds {
        max,
        max_per_network: config.max_connections_per_network.map_or(default, NonZeroUsize::get),
    }
}

/// Handles SIGXFSZ, which by default ends a process that writes beyond its limit of file sizes. The write
/// then fails, as it does on a full disk.
fn survive_file_size_limit() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    // The handler stays when the stream of signals is dropped.
    signal(SignalKind::from_raw(SIGXFSZ)).map(drop)
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
