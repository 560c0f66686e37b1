//! Whether the daemon is ready: the schema is current, and the disk has space.

use std::time::Instant;

use eventcore::db::Schema;
use eventcore::{Error, EventCore};
use tokio::sync::Mutex;

/// The readiness of the daemon, with the start and the outcome of the last check.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, Result<(), String>)>>);

impl Readiness {
    /// Checks the database. There is one check at a time, however many probes come: those that wait for it
    /// share the next one.
    pub(crate) async fn check(&self, core: &EventCore) -> Result<(), Error> {
        let asked = Instant::now();
        let mut last = self.0.lock().await;
        let outcome = match last.as_ref().filter(|(start, _)| *start >= asked) {
            Some((_, outcome)) => outcome.clone(),
            None => {
                let start = Instant::now();
                let outcome = check_now(core).await.map_err(|error| error.to_string());
                *last = Some((start, outcome.clone()));
                outcome
            }
        };
        outcome.map_err(Error::Unavailable)
    }
}

async fn check_now(core: &EventCore) -> Result<(), Error> {
    match core.schema().await? {
        Schema::Current => core.db().must_have_space().await,
        other => Err(other.refusal()),
    }
}
