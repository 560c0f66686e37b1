//! Whether the daemon is ready: the schema is current, the time zones are those of the database, the
//! database can be written, and its disk has space.

use std::time::{Duration, Instant};

use eventcore::db::Schema;
use eventcore::error::Cause;
use eventcore::{Error, EventCore};
use tokio::sync::Mutex;

/// How long the outcome of a write holds. Probes come from several balancers, and each write costs the disk a
/// sync.
const WRITE_HOLDS: Duration = Duration::from_secs(2);

/// The readiness of the daemon, with the start and the outcome of the last checks.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Checks>);

#[derive(Default)]
struct Checks {
    /// Of schema and writes together.
    last: Option<Check>,
    write: Option<Check>,
}

struct Check {
    start: Instant,
    outcome: Result<(), Refusal>,
}

/// Why the daemon is not ready. Several probes share it.
#[derive(Debug, Clone)]
struct Refusal(Cause, String);

impl Refusal {
    fn of(error: &Error) -> Self {
        Self(error.cause().unwrap_or(Cause::Unreachable), error.to_string())
    }
}

impl Readiness {
    /// Checks the database. There is one check at a time, however many probes come: those that wait for it
    /// share the next one.
    pub(crate) async fn check(&self, core: &EventCore) -> Result<(), Error> {
        let asked = Instant::now();
        let mut checks = self.0.lock().await;
        let outcome = match checks.last.as_ref().filter(|check| check.start >= asked) {
            Some(check) => check.outcome.clone(),
            None => {
                let start = Instant::now();
                let outcome = check_now(core, &mut checks.write).await;
                checks.last = Some(Check { start, outcome: outcome.clone() });
                outcome
            }
        };
        outcome.map_err(|Refusal(cause, message)| Error::unavailable(cause, message))
    }
}

async fn check_now(core: &EventCore, last_write: &mut Option<Check>) -> Result<(), Refusal> {
    match core.schema().await.map_err(|error| Refusal::of(&error))? {
        Schema::Current => {
            core.follow_zone_edition().await.map_err(|error| Refusal::of(&error))?;
            check_write(core, last_write).await
        }
        other => Err(Refusal::of(&other.refusal())),
    }
}

async fn check_write(core: &EventCore, last: &mut Option<Check>) -> Result<(), Refusal> {
    if let Some(check) = last.as_ref().filter(|check| check.start.elapsed() < WRITE_HOLDS) {
        return check.outcome.clone();
    }
    let start = Instant::now();
    let outcome = core.db().must_have_space().await.map_err(|error| Refusal::of(&error));
    *last = Some(Check { start, outcome: outcome.clone() });
    outcome
}
