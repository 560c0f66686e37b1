//! [`Workers`] of a process.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::core::EventCore;

/// How long a worker without a job waits before it looks again. Looking is one index lookup.
const IDLE: Duration = Duration::from_millis(500);
/// How long a worker waits after the database has failed it.
const AFTER_ERROR: Duration = Duration::from_secs(5);
/// How long [`Workers::stop`] waits for the jobs that are being done.
const PATIENCE: Duration = Duration::from_secs(10);

/// The workers of a process. Dropping them ends their jobs at once: other workers repeat these after their
/// leases.
#[derive(Debug)]
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Workers {
    /// Starts `count` workers.
    pub fn start(core: &EventCore, count: u16) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for number in 0..count {
            tasks.spawn(work(core.clone(), stopped.clone(), number == 0));
        }
        Self { stop, tasks }
    }

    /// Lets each worker end the job that it does, for up to 10 seconds.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let all_ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, all_ended).await.is_err() {
            tracing::warn!("jobs that did not end in time will be done by other workers");
        }
    }
}

/// Does jobs until it is told to stop. The first worker of a process ensures the recurring jobs.
async fn work(core: EventCore, mut stopped: watch::Receiver<bool>, mut ensures: bool) {
    loop {
        let worked = if ensures { core.ensure_jobs().await.map(|()| true) } else { core.run_due_job().await };
        let pause = match worked {
            Ok(true) => {
                ensures = false;
                Duration::ZERO
            }
            Ok(false) => IDLE,
            // Such as an SQLite database that another process keeps busy.
            Err(error) if error.is_unavailable() => {
                tracing::warn!(%error, "a worker cannot take a job yet");
                AFTER_ERROR
            }
            Err(error) => {
                tracing::error!(?error, "a worker cannot take a job");
                AFTER_ERROR
            }
        };
        if tokio::time::timeout(pause, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}
