//! What a serving process does by itself, beside answering requests.

use std::time::Duration;

use eventcore::EventCore;

/// How often it is asked whether dates are due: a look at an index, and each event is written once a day.
const PERIOD: Duration = Duration::from_hours(1);

/// Follows the tz database, then moves the horizon of recurring events for as long as the process serves. Any number of processes may do so.
pub(super) async fn run(core: EventCore) {
    match core.recompute_occurrence_times().await {
        Ok(0) => {}
        Ok(moved) => tracing::info!(moved, "dates follow the new tz database"),
        Err(error) => tracing::error!(?error, "dates could not follow the tz database"),
    }
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        ticks.tick().await;
        match core.extend_schedules().await {
            Ok(0) => {}
            Ok(made) => tracing::info!(made, "dates were made up to the horizon"),
            // The next look makes up for this one.
            Err(error) => tracing::error!(?error, "dates could not be made"),
        }
    }
}
