//! Background jobs of a serving process.

use std::time::Duration;

use eventcore::EventCore;

/// How often to look for recurring events whose horizon has moved. The query is one index scan, and each
/// event is extended once a day.
const PERIOD: Duration = Duration::from_hours(1);

/// Updates occurrences to the current tz database, then extends recurring events to the horizon at
/// intervals. Several processes may run this at the same time. Never returns.
pub(super) async fn run(core: EventCore) {
    match core.recompute_occurrence_times().await {
        Ok(0) => {}
        Ok(moved) => tracing::info!(moved, "occurrences were moved to the new tz database"),
        Err(error) => tracing::error!(?error, "cannot move occurrences to the new tz database"),
    }
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        ticks.tick().await;
        match core.extend_schedules().await {
            Ok(0) => {}
            Ok(made) => tracing::info!(made, "occurrences were created up to the horizon"),
            // The next tick tries again.
            Err(error) => tracing::error!(?error, "cannot create occurrences up to the horizon"),
        }
    }
}
