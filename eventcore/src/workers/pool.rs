//! [`Workers`] of a process.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::core::EventCore;
use crate::error::Error;
use crate::jobs::Lane;

/// How long a worker without a job waits before it looks again. Looking is one index lookup.
const IDLE: Duration = Duration::from_millis(500);
/// How long a worker waits after the database has failed it.
const AFTER_ERROR: Duration = Duration::from_secs(5);
/// How often a process looks for newer time zones in the database.
const ZONES: Duration = Duration::from_mins(1);
/// How many jobs of the outside lane a process does at a time. They mostly wait.
const OUTSIDE: usize = 32;
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
    /// Starts `count` workers, and, unless that is 0 or the process neither sends to webhooks nor fetches
    /// calendars, those of the outside lane. With any count, time zones that another process brings to the
    /// database are [followed](EventCore::follow_zone_edition).
    pub fn start(core: &EventCore, count: u16) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for number in 0..count {
            tasks.spawn(work(core.clone(), stopped.clone(), number == 0));
        }
        tasks.spawn(follow_zones(core.clone(), stopped.clone()));
        let goes_outside = core.webhook_sender().get().is_some() || core.calendar_fetcher().get().is_some();
        if count > 0 && goes_outside {
            tasks.spawn(work_outside(core.clone(), stopped));
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

impl EventCore {
    /// Does jobs until `shutdown` is ready, then lets those end that have begun, for up to 10 seconds: for a
    /// program that does them in one task, which may be one beside its server.
    ///
    /// At least one process of a database must do jobs: they send mails, remind people, extend series and
    /// delete what is old. [`Workers`] has as many at a time as you like. A dropped call ends its job at
    /// once: another worker repeats it after its lease.
    ///
    /// ```
    /// use eventcore::EventCore;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let core = EventCore::builder().temporary().open().await?;
    /// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    /// let jobs = tokio::spawn({
    ///     let core = core.clone();
    ///     async move { core.run_jobs(stopped).await }
    /// });
    /// // The server runs here.
    /// drop(stop);
    /// jobs.await?;
    /// # core.close().await;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn run_jobs<T>(&self, shutdown: impl Future<Output = T>) {
        let workers = Workers::start(self, 1);
        drop(shutdown.await);
        workers.stop().await;
    }
}

/// Does jobs until it is told to stop. The first worker of a process ensures the recurring jobs.
async fn work(core: EventCore, mut stopped: watch::Receiver<bool>, mut ensures: bool) {
    loop {
        let worked = if ensures {
            core.ensure_jobs().await.map(|()| true)
        } else {
            core.run_due_job_of(Lane::Inside).await
        };
        let pause = match worked {
            Ok(true) => {
                ensures = false;
                Duration::ZERO
            }
            Ok(false) => IDLE,
            Err(error) => pause_after(&error),
        };
        if tokio::time::timeout(pause, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

/// Does jobs of the outside lane, many at a time, until it is told to stop.
async fn work_outside(core: EventCore, mut stopped: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(OUTSIDE));
    let mut running = JoinSet::new();
    loop {
        while running.try_join_next().is_some() {}
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place,
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        let pause = match core.take_due_job(Lane::Outside).await {
            Ok(Some(lease)) => {
                let core = core.clone();
                running.spawn(async move {
                    if let Err(error) = core.run_job(&lease).await {
                        pause_after(&error);
                    }
                    drop(place);
                });
                Duration::ZERO
            }
            Ok(None) => IDLE,
            Err(error) => pause_after(&error),
        };
        if tokio::time::timeout(pause, stopped.wait_for(|stop| *stop)).await.is_ok() {
            break;
        }
    }
    while running.join_next().await.is_some() {}
}

/// Follows the time zones of the database until it is told to stop.
async fn follow_zones(core: EventCore, mut stopped: watch::Receiver<bool>) {
    while tokio::time::timeout(ZONES, stopped.wait_for(|stop| *stop)).await.is_err() {
        if let Err(error) = core.follow_zone_edition().await {
            tracing::warn!(%error, "the time zones of the database cannot be followed");
        }
    }
}

/// Logs why a worker cannot go on; returns how long it waits.
fn pause_after(error: &Error) -> Duration {
    // Such as an SQLite database that another process keeps busy.
    if error.is_unavailable() {
        tracing::warn!(%error, "a worker cannot take a job yet");
    } else {
        tracing::error!(?error, "a worker cannot take a job");
    }
    AFTER_ERROR
}
