//! The settings of schedules: how far ahead they are created, and by which time zones.

use std::path::PathBuf;

use clap::Args;
use eventcore::ZoneSource;

/// Settings from flags and the environment.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ScheduleFlags {
    /// Days ahead for which occurrences of recurring events are created [default: 730]
    #[arg(long, env = "HORIZON_DAYS", global = true, value_name = "NUMBER")]
    horizon_days: Option<String>,
    /// Folder with compiled time zones, used unless they are older than those that are built in [default:
    /// that of the system, if its zones are newer]
    #[arg(long, env = "ZONEINFO", global = true, value_name = "FOLDER")]
    zoneinfo: Option<String>,
}

impl ScheduleFlags {
    /// The names of the settings.
    pub(crate) const KEYS: [&str; 2] = ["horizon_days", "zoneinfo"];

    /// The settings that are given.
    pub(crate) fn values(&self) -> [(&'static str, &Option<String>); Self::KEYS.len()] {
        [("horizon_days", &self.horizon_days), ("zoneinfo", &self.zoneinfo)]
    }
}

/// Where time zones are looked for.
pub(crate) fn zones(folder: Option<String>) -> ZoneSource {
    folder.map_or(ZoneSource::System, |folder| ZoneSource::Folder(PathBuf::from(folder)))
}
