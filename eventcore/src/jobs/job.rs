//! [`Job`]: what is to be done.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::retry::Retries;
use crate::db::text_enum;
use crate::error::{Error, Result};

/// What is to be done. Stored as JSON: change a variant so that stored ones can still be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Job {
    /// Daily: create the occurrences of unbounded rules up to the horizon.
    ExtendSchedules,
    /// After a start: recompute the times of future occurrences if the tz database is another version.
    RecomputeTimes,
    /// Daily: delete jobs that finished long ago.
    PruneJobs,
}

text_enum! {
    /// The kind of a [`Job`].
    pub enum JobKind {
        /// [`Job::ExtendSchedules`].
        ExtendSchedules = "extend_schedules",
        /// [`Job::RecomputeTimes`].
        RecomputeTimes = "recompute_times",
        /// [`Job::PruneJobs`].
        PruneJobs = "prune_jobs",
    }
}

impl Job {
    /// The kind.
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::ExtendSchedules => JobKind::ExtendSchedules,
            Self::RecomputeTimes => JobKind::RecomputeTimes,
            Self::PruneJobs => JobKind::PruneJobs,
        }
    }

    /// The jobs that a process with workers adds when it starts.
    pub(crate) const AT_START: [Self; 3] = [Self::ExtendSchedules, Self::PruneJobs, Self::RecomputeTimes];

    pub(super) fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }
}

impl JobKind {
    /// Smaller numbers go first: 0 for what people wait for, 1 for deliveries in bulk, 2 for upkeep.
    pub(super) const fn priority(self) -> i64 {
        match self {
            Self::ExtendSchedules | Self::RecomputeTimes | Self::PruneJobs => 2,
        }
    }

    /// Whether there is at most one unfinished job of this kind.
    pub(super) const fn is_single(self) -> bool {
        match self {
            Self::ExtendSchedules | Self::RecomputeTimes | Self::PruneJobs => true,
        }
    }

    /// How long after a success the job is due again; `None` for jobs that do not recur.
    pub(crate) const fn period(self) -> Option<Duration> {
        match self {
            // One index scan, and each event is extended once a day.
            Self::ExtendSchedules | Self::PruneJobs => Some(Duration::from_hours(1)),
            Self::RecomputeTimes => None,
        }
    }

    /// How failed attempts are repeated. Jobs that recur are never set aside.
    pub(super) const fn retries(self) -> Retries {
        match self {
            Self::ExtendSchedules | Self::RecomputeTimes | Self::PruneJobs => Retries::UPKEEP,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_json_names_the_kind() {
        for job in [Job::ExtendSchedules, Job::RecomputeTimes, Job::PruneJobs] {
            let json = job.to_json().unwrap();
            let stored: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(stored["kind"], job.kind().as_str());
            assert_eq!(serde_json::from_str::<Job>(&json).unwrap(), job);
        }
    }
}
